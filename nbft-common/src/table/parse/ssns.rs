//! Subsystem namespace descriptors, with the structures they point to.

use nom::bytes::complete::take;
use nom::number::complete::{le_u8, le_u16, le_u32};

use super::fault::{Fault, Notes};
use super::fields::{Ref, array, fields, ip, reference};
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

/// Reads an SSNS descriptor (figures 15 to 17).
pub fn ssns(entry: &Entry<'_>, known: &Known<'_>, notes: &mut Notes) -> Result<Ssns, Fault> {
    let at = entry.offset;
    let head = (le_u8, le_u16, le_u16, le_u8, le_u16, le_u8, take(1_usize));
    let address = (reference(at + 10), reference(at + 16), le_u16);
    let namespace = (le_u32, le_u8, array);
    let tail = (
        le_u8,
        le_u8,
        take(1_usize),
        reference(at + 48),
        reference(at + 54),
        reference(at + 60),
    );
    let (head, address, (nsid, nidt, nid), tail) = fields(entry.bytes, at, (head, address, namespace, tail))?;
    let (id, index, flags, trtype, trflags, discovery_index, _) = head;
    let (traddr, trsvcid, subsys_port_id) = address;
    let (profile, primary_hfi, _, secondary_hfis, nqn, ext) = tail;
    if id != 4 {
        return Err(entry.fault(0, format!("structure id {id}, not 4")));
    }
    if flags & 1 == 0 {
        return Err(entry.fault(3, "not marked valid"));
    }
    if trtype != 3 {
        return Err(entry.fault(5, format!("transport type {trtype} is not TCP (3)")));
    }
    let traddr = fields(entry.heap.bytes(traddr, "transport address", 16)?, at + 10, ip)?;
    let trsvcid = entry.heap.text(trsvcid, "transport service id")?;
    let subsys_nqn = entry.heap.text(nqn, "subsystem NQN")?;
    // The index is reserved unless the use-security flag is set.
    let security_index = (flags & 1 << 2 != 0).then_some(profile);
    if let Some(missing) = security_index.filter(|&index| !known.profiles.contains(index)) {
        return Err(entry.fault(45, format!("demands security profile {missing}, which does not exist")));
    }
    if !known.hfis.contains(primary_hfi) {
        return Err(entry.fault(46, format!("HFI {primary_hfi} does not exist")));
    }
    // An empty list is legal: the primary HFI is then the only HFI.
    let secondary = entry
        .heap
        .bytes_or_none(secondary_hfis, "secondary HFI list")?
        .unwrap_or_default();
    let hfis = all_hfis(entry, primary_hfi, secondary, known.hfis, notes);

    for odd in [trsvcid.odd, subsys_nqn.odd].into_iter().flatten() {
        notes.add(entry.place, odd);
    }
    if discovery_index != 0 && !known.controllers.contains(discovery_index) {
        entry.note(
            notes,
            8,
            format!("discovery controller {discovery_index} does not exist"),
        );
    }
    let (nid_type, nid) = identifier(nidt, nid);
    if nid_type.is_none() && (nidt != 0 || nsid == 0) {
        entry.note(notes, 28, format!("namespace identifier type {nidt} is not defined"));
    }
    let availability = Availability::from_bits(flags >> 7);
    if availability == Availability::Reserved {
        entry.note(notes, 3, "the availability field has the reserved value 3");
    }
    if trflags & 1 == 0 && trflags & 6 != 0 {
        entry.note(
            notes,
            6,
            "digests are demanded, but the transport flags are not marked valid; ignored",
        );
    }
    let digest = |bit: u16| trflags & 1 != 0 && trflags & 1 << bit != 0;
    let mut ssns = Ssns {
        index,
        num_hfis: hfis.len(),
        hfis,
        transport: Transport::Tcp,
        traddr,
        trsvcid: trsvcid.value,
        subsys_port_id,
        nsid,
        nid_type,
        nid,
        subsys_nqn: subsys_nqn.value,
        controller_id: 0,
        asqsz: 0,
        dhcp_root_path_string: None,
        pdu_header_digest_required: digest(1),
        data_digest_required: digest(2),
        discovered: flags & 1 << 6 != 0,
        unavailable: availability == Availability::Unavailable,
        naed: 0,
        cipeec: 0,
        connection_timeout: None,
        nceec: 0,
        availability,
        non_bootable: flags & 1 << 1 != 0,
        dhcp_root_path_override: flags & 1 << 3 != 0,
        separate_discovery_controller: flags & 1 << 5 != 0,
        discovery_index,
        security_index,
        nid_type_code: if nid_type.is_none() { nidt } else { 0 },
    };
    if flags & 1 << 4 != 0
        && let Err(fault) = extended(entry, &mut ssns, ext, notes)
    {
        notes.add(entry.place, fault);
    }
    Ok(ssns)
}

/// The primary HFI, then the secondary HFIs. Firmware often repeats the primary HFI in the list; the repetition has no
/// meaning.
fn all_hfis(entry: &Entry<'_>, primary: u8, secondary: &[u8], known: &Indexes, notes: &mut Notes) -> Vec<u8> {
    let mut hfis = vec![primary];
    let mut seen = Indexes::of([primary].into_iter());
    for &index in secondary {
        if !seen.insert(index) {
            continue;
        }
        if known.contains(index) {
            hfis.push(index);
        } else if index != 0 {
            // Some firmware pads the list with zeros.
            entry.note(
                notes,
                48,
                format!("its secondary list names HFI {index}, which does not exist"),
            );
        }
    }
    hfis
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

/// Reads the extended information (figure 19), to which revision 1.1 added fields.
fn extended(entry: &Entry<'_>, ssns: &mut Ssns, ext: Ref, notes: &mut Notes) -> Result<(), Fault> {
    let bytes = entry.heap.bytes(ext, "extended information", EXT_1_0)?;
    let at = usize::try_from(ext.offset).unwrap_or(usize::MAX);
    let parser = (le_u8, le_u8, le_u16, le_u32, le_u16, le_u16, reference(at + 12));
    let (id, version, index, flags, controller_id, asqsz, root_path) = fields(bytes, at, parser)?;
    if id != 9 || version != 1 {
        let message = format!("extended information has id {id} and version {version}, not 9 and 1; ignored");
        return Err(Fault::new(at, message));
    }
    if index != ssns.index {
        return Err(Fault::new(
            at + 2,
            format!("its extended information names SSNS {index}; ignored"),
        ));
    }
    if flags & 1 == 0 {
        return Err(Fault::new(at + 4, "extended information is not marked valid; ignored"));
    }
    ssns.controller_id = controller_id;
    if flags & 2 != 0 {
        ssns.asqsz = asqsz;
    }
    if entry.heap.has_1_1 && bytes.len() >= EXT_1_1 {
        let rest: &Rest = &fields(
            bytes.get(EXT_1_0..).unwrap_or_default(),
            at + EXT_1_0,
            (le_u8, le_u8, le_u16, le_u8),
        )?;
        ssns.naed = rest.0;
        ssns.cipeec = rest.1;
        ssns.connection_timeout = Some(rest.2).filter(|&seconds| seconds != 0xffff);
        ssns.nceec = rest.3;
    }
    // The root path is reserved unless the override flag is set.
    if ssns.dhcp_root_path_override
        && let Some(text) = entry.heap.text_or_none(root_path, "DHCP root path")?
    {
        ssns.dhcp_root_path_string = Some(text.value);
        text.odd.into_iter().for_each(|odd| notes.add(entry.place, odd));
    }
    Ok(())
}

/// The fields that revision 1.1 added: NAED, CIPEEC, connection timeout, NCEEC.
type Rest = (u8, u8, u16, u8);
