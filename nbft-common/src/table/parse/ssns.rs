//! Subsystem namespace descriptors, with the structures they point to.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use super::fault::{Fault, Notes};
use super::fields::Ref;
use super::heap::Indexes;
use super::list::{Entry, Indexed};
use crate::table::addr::{Nid, Uuid};
use crate::table::{Availability, NidType, Ssns, Transport};

/// Bytes of the extended information in revision 1.0, and in 1.1.
const EXT_1_0: usize = 18;
const EXT_1_1: usize = 23;

impl Indexed for Ssns {
    fn index(&self) -> u16 {
        self.index
    }
}

/// Indexes that a subsystem namespace may refer to.
pub struct Known<'a> {
    pub hfis: &'a Indexes,
    pub profiles: &'a Indexes,
    pub controllers: &'a Indexes,
}

/// Reads an SSNS descriptor (figures 17 to 19).
pub fn ssns(entry: &Entry<'_>, known: &Known<'_>, notes: &mut Notes) -> Result<Ssns, Fault> {
    let (fields, heap) = (&entry.fields, entry.heap);
    let id = fields.u8(0);
    if id != 4 {
        return Err(entry.fault(0, format!("structure id {id}, not 4")));
    }
    let (flags, transport_flags) = (fields.u16(3), fields.u16(6));
    if flags & 1 == 0 {
        return Err(entry.fault(3, "not marked valid"));
    }
    let transport = fields.u8(5);
    if transport != 3 {
        return Err(entry.fault(5, format!("transport type {transport} is not TCP (3)")));
    }
    let traddr = heap.structure(fields.reference(10), "transport address", 16)?.ip(0);
    let trsvcid = heap.text(fields.reference(16), "transport service id")?;
    let subsys_nqn = heap.text(fields.reference(54), "subsystem NQN")?;
    let hfis = hfis(entry, known.hfis, notes)?;
    let bit = |bit: u16| flags & 1 << bit != 0;
    let digest = |bit: u16| transport_flags & 1 != 0 && transport_flags & 1 << bit != 0;
    let (nsid, nidt) = (fields.u32(24), fields.u8(28));
    let (nid_type, nid) = identifier(nidt, fields.array(29));
    let availability = Availability::from_bits(flags >> 7);
    let ssns = Ssns {
        index: fields.u16(1),
        num_hfis: hfis.len(),
        hfis,
        transport: Transport::Tcp,
        traddr,
        trsvcid: trsvcid.noted(notes, entry.place),
        subsys_port_id: fields.u16(22),
        nsid,
        nid_type,
        nid,
        subsys_nqn: subsys_nqn.noted(notes, entry.place),
        controller_id: 0,
        asqsz: 0,
        dhcp_root_path_string: None,
        pdu_header_digest_required: digest(1),
        data_digest_required: digest(2),
        discovered: bit(6),
        unavailable: availability == Availability::Unavailable,
        naed: 0,
        cipeec: 0,
        connection_timeout: None,
        nceec: 0,
        availability,
        non_bootable: bit(1),
        dhcp_root_path_override: bit(3),
        separate_discovery_controller: bit(5),
        discovery_index: fields.u8(8),
        // The index is reserved unless the use-security flag is set.
        security_index: bit(2).then(|| fields.u8(45)),
        nid_type_code: if nid_type.is_none() { nidt } else { 0 },
    };

    let mut odd = |at: usize, message: String| entry.odd(notes, at, message);
    if let Some(index) = ssns.security_index.filter(|&index| !known.profiles.contains(index)) {
        // Kept: a demand that cannot be met must be refused by name, not vanish with its descriptor.
        odd(45, format!("demands security profile {index}, which does not exist"));
    }
    if ssns.discovery_index != 0 && !known.controllers.contains(ssns.discovery_index) {
        odd(
            8,
            format!("discovery controller {} does not exist", ssns.discovery_index),
        );
    }
    if nid_type.is_none() && (nidt != 0 || nsid == 0) {
        odd(28, format!("namespace identifier type {nidt} is not defined"));
    }
    if availability == Availability::Reserved {
        odd(3, "the availability field has the reserved value 3".to_owned());
    }
    if transport_flags & 1 == 0 && transport_flags & 6 != 0 {
        let message = "digests are demanded, but the transport flags are not marked valid; ignored";
        odd(6, message.to_owned());
    }
    if !bit(4) {
        return Ok(ssns);
    }
    Ok(extended(entry, ssns, fields.reference(60), notes))
}

/// The primary HFI, then the secondary HFIs, as far as they exist: one path is enough to boot. Firmware often repeats the
/// primary HFI in the list; the repetition has no meaning.
fn hfis(entry: &Entry<'_>, known: &Indexes, notes: &mut Notes) -> Result<Vec<u8>, Fault> {
    let primary = entry.fields.u8(46);
    // An empty list is legal: the primary HFI is then the only HFI.
    let list = entry.heap.list(entry.fields.reference(48), "secondary HFI list");
    let list = entry.usable(notes, list).unwrap_or_default();
    let (mut hfis, mut missing) = match known.contains(primary) {
        true => (vec![primary], Vec::new()),
        false => (Vec::new(), vec![primary.to_string()]),
    };
    let mut seen = Indexes::of([primary].into_iter());
    for &index in list {
        if !seen.insert(index) {
            continue;
        }
        if known.contains(index) {
            hfis.push(index);
        } else if index != 0 {
            // Some firmware pads the list with zeros.
            missing.push(index.to_string());
        }
    }
    let missing = missing.join(", ");
    if hfis.is_empty() {
        return Err(entry.fault(46, format!("HFI {missing} does not exist")));
    }
    if !missing.is_empty() {
        entry.odd(notes, 46, format!("names HFI {missing}, which does not exist"));
    }
    Ok(hfis)
}

/// The namespace identifier in sixteen bytes, read as its type demands.
fn identifier(nidt: u8, bytes: [u8; 16]) -> (Option<NidType>, Nid) {
    match nidt {
        1 => {
            let [a, b, c, d, e, f, g, h, ..] = bytes;
            (Some(NidType::Eui64), Nid::Eui64([a, b, c, d, e, f, g, h]))
        }
        2 => (Some(NidType::Nguid), Nid::Nguid(bytes)),
        3 => (Some(NidType::Uuid), Nid::Uuid(Uuid(bytes))),
        _ => (None, Nid::None),
    }
}

/// Reads the extended information (figure 21), to which revision 1.1 added fields.
fn extended(entry: &Entry<'_>, mut ssns: Ssns, ext: Ref, notes: &mut Notes) -> Ssns {
    let Some(ext) = entry.extended(notes, ext, EXT_1_0, 9) else {
        return ssns;
    };
    // No boot needs any of it.
    if ext.u16(2) != ssns.index {
        let message = format!("its extended information names SSNS {}; ignored", ext.u16(2));
        notes.odd(entry.place, ext.fault(2, message));
        return ssns;
    }
    let flags = ext.u32(4);
    ssns.controller_id = ext.u16(8);
    if flags & 2 != 0 {
        ssns.asqsz = ext.u16(10);
    }
    if entry.heap.has_1_1 && ext.len() >= EXT_1_1 {
        ssns.naed = ext.u8(18);
        ssns.cipeec = ext.u8(19);
        ssns.connection_timeout = Some(ext.u16(20)).filter(|&seconds| seconds != 0xffff);
        ssns.nceec = ext.u8(22);
    }
    // The root path is reserved unless the override flag is set.
    if ssns.dhcp_root_path_override {
        let path = entry.heap.text_or_none(ext.reference(12), "DHCP root path");
        ssns.dhcp_root_path_string = entry.usable(notes, path).map(|path| path.noted(notes, entry.place));
    }
    ssns
}
