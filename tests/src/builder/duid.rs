//! DHCP unique identifiers (DUID) in their three forms: in DHCP's order, in parts, in a table.
//!
//! DHCP sends a DUID in network byte order, the order of `dhcp_duid` in a dump. A table holds the same fields in the
//! same places, but each field that is a number is little endian: the type, and the numbers of [`parts`]. The string of
//! bytes that ends a DUID keeps its order in both.

use nbft_common::table::{Duid, Hfi};
use serde_json::Value;

use super::defaults::unhex;
use super::description::Keys;

const NAMES: [(u16, &str); 4] = [(1, "DUID-LLT"), (2, "DUID-EN"), (3, "DUID-LL"), (4, "DUID-UUID")];

/// The fields of a DUID after its type: numbers with their width, and the string of bytes at the end.
fn parts(kind: u16) -> (&'static [(&'static str, usize)], &'static str) {
    match kind {
        1 => (&[("dhcp_duid_hwtype", 2), ("dhcp_duid_time", 4)], "dhcp_duid_lladdr"),
        2 => (&[("dhcp_duid_enterprise", 4)], "dhcp_duid_id"),
        3 => (&[("dhcp_duid_hwtype", 2)], "dhcp_duid_lladdr"),
        4 => (&[], "dhcp_duid_uuid"),
        _ => (&[], "dhcp_duid_raw"),
    }
}

/// The type of a DUID in DHCP's order.
fn kind(wire: &[u8]) -> u16 {
    wire.first_chunk().copied().map_or(0, u16::from_be_bytes)
}

/// The bytes that a table holds for the DUID of an HFI; empty without a DUID.
pub(crate) fn stored(hfi: &Hfi) -> Vec<u8> {
    let mut bytes = hfi.dhcp_duid.as_ref().map(Duid::to_wire).unwrap_or_default();
    let numbers = parts(kind(&bytes)).0.iter().map(|(_, width)| *width);
    let mut at = 0;
    for width in [2].into_iter().chain(numbers) {
        if let Some(field) = bytes.get_mut(at..at + width) {
            field.reverse();
        }
        at += width;
    }
    bytes
}

/// Gives an HFI the one key for its DUID that says everything.
pub(crate) fn spell_out(keys: &mut Keys) -> Result<(), String> {
    let wire = wire(keys)?;
    keys.retain(|key, _| !key.starts_with("dhcp_duid"));
    if !wire.is_empty() {
        keys.entry("dhcp_iaid").or_insert_with(|| 0.into());
        keys.insert("dhcp_duid".into(), hex::encode(&wire).into());
    }
    Ok(())
}

/// The DUID in DHCP's order: as given, else put together from its parts. An absent hardware type is 1; any other absent
/// part is zero or empty.
fn wire(keys: &Keys) -> Result<Vec<u8>, String> {
    if let Some(given) = keys.get("dhcp_duid") {
        return unhex("dhcp_duid", given);
    }
    let Some(name) = keys.get("dhcp_duid_type") else {
        return Ok(Vec::new());
    };
    let known = NAMES.iter().find(|(_, known)| name == known).map(|(kind, _)| *kind);
    let unknown = || name.as_str()?.strip_prefix("unknown(")?.strip_suffix(')')?.parse().ok();
    let kind = known.or_else(unknown);
    let kind = kind.ok_or_else(|| format!("dhcp_duid_type: {name} is not a DUID type"))?;
    let (numbers, last) = parts(kind);
    let mut wire = kind.to_be_bytes().to_vec();
    for (key, width) in numbers {
        let absent = u32::from(*key == "dhcp_duid_hwtype");
        let number = keys.get(*key).map_or(Some(absent.into()), Value::as_u64);
        let number = number.filter(|number| number >> (8 * width) == 0);
        let number = number.ok_or_else(|| format!("{key}: not a number of {width} bytes"))?;
        wire.extend(&number.to_be_bytes()[8 - width..]);
    }
    if let Some(bytes) = keys.get(last) {
        let bytes = unhex(last, bytes)?;
        // The raw bytes are those of a table, and begin with the type.
        let skipped = if last == "dhcp_duid_raw" { 2 } else { 0 };
        wire.extend(bytes.get(skipped..).unwrap_or_default());
    }
    Ok(wire)
}
