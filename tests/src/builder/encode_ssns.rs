//! An SSNS in the table: descriptor and extended information.

use nbft_common::table::addr::Nid;
use nbft_common::table::{Availability, Ssns};

use super::defaults::is_newer_ssns;
use super::heap::{Heap, Record, Reference, address_bytes, flags, number};
use super::quirks::{SsnsQuirks, SsnsReference};

/// The descriptor; the objects that it refers to go to the heap.
pub(crate) fn ssns(ssns: &Ssns, quirks: &SsnsQuirks, heap: &mut Heap) -> Record {
    use Availability::*;
    let secured = quirks.use_security.unwrap_or(ssns.security_index.is_some());
    let availability = number(ssns.availability, [NotIndicated, Available, Unavailable, Reserved]);
    let bits = flags([
        (0, !quirks.invalid),
        (1, ssns.non_bootable),
        (2, secured),
        (3, ssns.dhcp_root_path_override),
        (4, !quirks.no_ext_info),
        (5, ssns.separate_discovery_controller),
        (6, ssns.discovered),
    ]) as u16
        | availability << 7;
    let transport_bits = flags([
        (0, true),
        (1, ssns.pdu_header_digest_required),
        (2, ssns.data_digest_required),
    ]);
    let (nid_type, nid): (_, &[u8]) = match &ssns.nid {
        Nid::None => (0, &[]),
        Nid::Eui64(id) => (1, id),
        Nid::Nguid(id) => (2, id),
        Nid::Uuid(id) => (3, &id.0),
    };
    let nid_type = match ssns.nid_type_code {
        0 => nid_type,
        code => code,
    };
    let traddr = match quirks.without.contains(&SsnsReference::Traddr) {
        true => Reference::default(),
        false => heap.object(&address_bytes(ssns.traddr)),
    };
    let mut record = Record::new(128);
    record
        .u8(0, 4)
        .u16(1, ssns.index)
        .u16(3, bits)
        .u8(5, quirks.transport.map_or(3, |other| other as u8))
        .u16(6, transport_bits as u16)
        .u8(8, ssns.discovery_index)
        .reference(10, traddr)
        .reference(16, text(heap, quirks, SsnsReference::Trsvcid, &ssns.trsvcid))
        .u16(22, ssns.subsys_port_id)
        .u32(24, ssns.nsid)
        .u8(28, nid_type)
        .bytes(29, nid)
        .u8(45, ssns.security_index.unwrap_or_default())
        .u8(46, ssns.hfis.first().copied().unwrap_or_default())
        .reference(48, heap.object(&secondary(&ssns.hfis, quirks)))
        .reference(54, text(heap, quirks, SsnsReference::SubsysNqn, &ssns.subsys_nqn));
    if !quirks.no_ext_info {
        let extended = extended_information(ssns, quirks, heap);
        if !quirks.without.contains(&SsnsReference::ExtInfo) {
            record.reference(60, extended);
        }
    }
    record
}

fn text(heap: &mut Heap, quirks: &SsnsQuirks, reference: SsnsReference, text: &str) -> Reference {
    match quirks.without.contains(&reference) {
        true => Reference::default(),
        false => heap.text(text),
    }
}

fn secondary(hfis: &[u8], quirks: &SsnsQuirks) -> Vec<u8> {
    match (&quirks.secondary_hfis, hfis) {
        (Some(stated), _) => stated.clone(),
        (None, [_, others @ ..]) if !others.is_empty() => others.to_vec(),
        (None, primary) => primary.to_vec(),
    }
}

fn extended_information(ssns: &Ssns, quirks: &SsnsQuirks, heap: &mut Heap) -> Reference {
    let newer = heap.newer || is_newer_ssns(ssns);
    let path = ssns.dhcp_root_path_string.as_deref().unwrap_or_default();
    let mut record = Record::new(if newer { 23 } else { 18 });
    record
        .u8(0, 9)
        .u8(1, 1)
        .u16(2, ssns.index)
        .u32(4, flags([(0, true), (1, ssns.asqsz != 0)]))
        .u16(8, ssns.controller_id)
        .u16(10, ssns.asqsz)
        .reference(12, text(heap, quirks, SsnsReference::DhcpRootPathString, path));
    if newer {
        record
            .u8(18, ssns.naed)
            .u8(19, ssns.cipeec)
            .u16(20, ssns.connection_timeout.unwrap_or(0xffff))
            .u8(22, ssns.nceec);
    }
    heap.object(&record.0)
}
