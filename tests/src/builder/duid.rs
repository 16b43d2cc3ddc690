//! DHCP unique identifiers, in the three forms that they come in.
//!
//! DHCP sends a DUID in network byte order; `dhcp_duid` in a dump is that. A table holds the same
//! fields in the same places, but each field that is a number is little endian: the type (2 bytes),
//! the hardware type (2, in LLT and LL), the time (4, in LLT) and the enterprise number (4, in EN).
//! What is a string of bytes keeps its order in both: the link-layer address, the vendor's
//! identifier, the UUID and everything in types this does not know. The IAID is a number of 4 bytes.

use std::ops::Range;

use super::hfi::Hfi;
use super::text::{Hex, Lladdr, Uuid};

const LLT: u16 = 1;
const EN: u16 = 2;
const LL: u16 = 3;
const UUID: u16 = 4;

/// How wide the numbers are that a DUID of this type begins with.
fn numbers(kind: u16) -> &'static [usize] {
    match kind {
        LLT => &[2, 2, 4],
        EN => &[2, 4],
        LL => &[2, 2],
        _ => &[2],
    }
}

/// The bytes that a table holds for a DUID in DHCP's order. A number that is cut off stays as it is.
pub(crate) fn stored(wire: &[u8]) -> Vec<u8> {
    let mut bytes = wire.to_vec();
    let mut at = 0;
    for width in numbers(number(wire, 0..2) as u16) {
        if let Some(field) = bytes.get_mut(at..at + width) {
            field.reverse();
        }
        at += width;
    }
    bytes
}

/// A big-endian number, 0 where there are no such bytes.
fn number(wire: &[u8], range: Range<usize>) -> u32 {
    let bytes = wire.get(range).unwrap_or_default();
    bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

/// Whether the description speaks of a DUID at all.
pub(crate) fn given(hfi: &Hfi) -> bool {
    hfi.dhcp_duid.is_some() || hfi.dhcp_duid_type.is_some()
}

/// The number that a `dhcp_duid_type` stands for.
fn code(name: &str) -> Result<u16, String> {
    let unknown = name.strip_prefix("unknown(").and_then(|rest| {
        let digits = rest.strip_suffix(')')?;
        digits.parse().ok()
    });
    match name {
        "DUID-LLT" => Ok(LLT),
        "DUID-EN" => Ok(EN),
        "DUID-LL" => Ok(LL),
        "DUID-UUID" => Ok(UUID),
        _ => unknown.ok_or_else(|| format!("`{name}` is not a DUID type")),
    }
}

/// The DUID in DHCP's order: as given, else put together from its parts.
pub(crate) fn wire(hfi: &Hfi) -> Result<Vec<u8>, String> {
    if let Some(Hex(bytes)) = &hfi.dhcp_duid {
        return Ok(bytes.clone());
    }
    let Some(name) = &hfi.dhcp_duid_type else {
        return Ok(Vec::new());
    };
    let kind = code(name)?;
    let mut bytes = kind.to_be_bytes().to_vec();
    let hwtype = hfi.dhcp_duid_hwtype.unwrap_or(1).to_be_bytes();
    let lladdr = || hfi.dhcp_duid_lladdr.clone().unwrap_or_default().0;
    match kind {
        LLT => {
            bytes.extend(hwtype);
            bytes.extend(hfi.dhcp_duid_time.unwrap_or_default().to_be_bytes());
            bytes.extend(lladdr());
        }
        EN => {
            bytes.extend(hfi.dhcp_duid_enterprise.unwrap_or_default().to_be_bytes());
            bytes.extend(hfi.dhcp_duid_id.clone().unwrap_or_default().0);
        }
        LL => {
            bytes.extend(hwtype);
            bytes.extend(lladdr());
        }
        UUID => bytes.extend(hfi.dhcp_duid_uuid.unwrap_or_default().0),
        _ => bytes.extend(hfi.dhcp_duid_raw.clone().unwrap_or_default().0),
    }
    Ok(bytes)
}

/// Sets every DUID key of `hfi` to what the bytes in DHCP's order say.
pub(crate) fn spell_out(hfi: &mut Hfi, wire: &[u8]) {
    let kind = number(wire, 0..2) as u16;
    let rest = |from: usize| wire.get(from..).unwrap_or_default().to_vec();
    hfi.dhcp_duid = Some(Hex(wire.to_vec()));
    hfi.dhcp_duid_type = Some(match kind {
        LLT => "DUID-LLT".into(),
        EN => "DUID-EN".into(),
        LL => "DUID-LL".into(),
        UUID => "DUID-UUID".into(),
        other => format!("unknown({other})"),
    });
    let has_hardware = matches!(kind, LLT | LL);
    hfi.dhcp_duid_hwtype = has_hardware.then(|| number(wire, 2..4) as u16);
    hfi.dhcp_duid_time = (kind == LLT).then(|| number(wire, 4..8));
    hfi.dhcp_duid_lladdr = has_hardware.then(|| Lladdr(rest(if kind == LLT { 8 } else { 4 })));
    hfi.dhcp_duid_enterprise = (kind == EN).then(|| number(wire, 2..6));
    hfi.dhcp_duid_id = (kind == EN).then(|| Hex(rest(6)));
    hfi.dhcp_duid_uuid = (kind == UUID).then(|| rest(2).try_into().map(Uuid).ok()).flatten();
    hfi.dhcp_duid_raw = (!matches!(kind, LLT | EN | LL | UUID)).then(|| Hex(rest(2)));
}
