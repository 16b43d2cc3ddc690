//! Fills in the keys that a description leaves out.
//!
//! The defaults are filled in before the keys become a table of the model: in the model no key is absent.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use nbft_common::table::{Hfi, Ssns, Table};
use serde_json::{Value, json};

use super::description::{Keys, LISTS};
use super::duid;
use super::quirks::{DiscoveryReference, Quirks, SsnsReference};

/// A heap reference has 16 bits for a length, which may have to count a NUL.
const LONGEST: usize = 0xfffe;
const HOST_ID: &str = "f8131bac-cdef-4165-866b-5998c1e67890";
/// Keys of descriptors whose empty list or text differs from an absent key. An empty value under another key is the
/// same as no key: the table has no heap object for it, or the zero address.
const MAY_BE_EMPTY: [&str; 2] = ["hfis", "trsvcid"];

/// Gives the table's part of a description every key that the model of the table needs.
pub(crate) fn fill(description: &mut Value, quirks: &Quirks) -> Result<(), String> {
    plain(description);
    let mut nothing = Keys::new();
    let table = description.as_object_mut().unwrap_or(&mut nothing);
    table.remove("warnings");
    set(table, "oem_id", "NVME");
    set(table, "oem_table_id", "NBFTTEST");
    set(table, "oem_revision", 1);
    set(table, "creator_id", u32::from_le_bytes(*b"NBFT"));
    set(table, "creator_revision", 1);
    if let Some(path) = table.get_mut("driver_device_path") {
        *path = hex::encode(unhex("driver_device_path", path)?).into();
    }
    if let Some(host) = table.entry("host").or_insert_with(|| json!({})).as_object_mut() {
        set(host, "nqn", format!("nqn.2014-08.org.nvmexpress:uuid:{HOST_ID}"));
        set(host, "id", HOST_ID);
        set(host, "host_id_configured", 1);
        set(host, "host_nqn_configured", 1);
        short(host).map_err(|why| format!("host: {why}"))?;
    }
    let first_hfi = table.get("hfi").and_then(|list| list.get(0)?.get("index").cloned());
    let first_hfi = first_hfi.unwrap_or_else(|| 1.into());
    for list in LISTS {
        let items = table.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
        for (at, item) in items.enumerate() {
            let Some(keys) = item.as_object_mut() else { continue };
            keys.retain(|key, value| MAY_BE_EMPTY.contains(&key.as_str()) || *value != "" && *value != json!([]));
            set(keys, "index", at + 1);
            match list {
                "hfi" => hfi(keys),
                "subsystem" => subsystem(keys, &first_hfi, &quirks.subsystem[at].without),
                "discovery" => discovery(keys, &first_hfi, &quirks.discovery[at].without),
                _ => Ok(()),
            }
            .and_then(|()| short(keys))
            .map_err(|why| format!("{list} {}: {why}", at + 1))?;
        }
    }
    short(table)
}

/// Removes keys that are null, and makes false and true the 0 and 1 of nbft-dump's JSON.
fn plain(value: &mut Value) {
    match value {
        Value::Bool(flag) => *value = u8::from(*flag).into(),
        Value::Array(items) => items.iter_mut().for_each(plain),
        Value::Object(keys) => {
            keys.retain(|_, value| !value.is_null());
            keys.values_mut().for_each(plain);
        }
        _ => {}
    }
}

/// Gives an absent key a value.
fn set(keys: &mut Keys, key: &str, value: impl Into<Value>) {
    keys.entry(key).or_insert(value.into());
}

/// Refuses texts and lists that are too long for the heap.
fn short(keys: &Keys) -> Result<(), String> {
    let long = |value: &Value| match value {
        Value::String(text) => text.len() > LONGEST,
        Value::Array(list) => list.len() > LONGEST,
        _ => false,
    };
    match keys.iter().find(|(_, value)| long(value)) {
        Some((key, _)) => Err(format!("{key}: longer than {LONGEST}")),
        None => Ok(()),
    }
}

fn hfi(keys: &mut Keys) -> Result<(), String> {
    let leased = keys.get("dhcp_override").is_some_and(|flag| *flag == 1);
    duid::spell_out(keys)?;
    let origin = match keys.get("ipaddr_autoconf") {
        _ if leased || keys.contains_key("dhcp_duid") => 3,
        Some(flag) if *flag == 1 => 4,
        _ => 1,
    };
    set(keys, "ip_origin", origin);
    let index = keys["index"].as_u64().unwrap_or_default();
    set(keys, "mac_addr", format!("52:54:00:00:00:{:02x}", index as u8));
    set(keys, "route_metric", 500);

    let family = address(keys, "ipaddr")?.unwrap_or(Ipv4Addr::UNSPECIFIED.into());
    let (prefix, zero) = match family {
        IpAddr::V4(_) => (24, IpAddr::from(Ipv4Addr::UNSPECIFIED)),
        IpAddr::V6(_) => (64, Ipv6Addr::UNSPECIFIED.into()),
    };
    set(keys, "subnet_mask_prefix", prefix);
    for key in [
        "ipaddr",
        "gateway_ipaddr",
        "primary_dns_ipaddr",
        "secondary_dns_ipaddr",
        "dhcp_server_ipaddr",
    ] {
        address(keys, key)?;
        if leased || key != "dhcp_server_ipaddr" {
            set(keys, key, zero.to_string());
        }
    }

    let text = keys.get("pcidev").and_then(Value::as_str).unwrap_or("0:0:0.0");
    let [mut segment, bus, device, function] =
        pci(text).ok_or_else(|| format!("pcidev: `{text}` is not segment:bus:device.function"))?;
    // A dump shows the segment in both keys, wherever the table has it.
    if segment == 0 {
        segment = keys.get("pcie_seg_num").and_then(Value::as_u64).unwrap_or_default() as u16;
    }
    keys.insert(
        "pcidev".into(),
        format!("{segment:x}:{bus:x}:{device:x}.{function:x}").into(),
    );
    Ok(())
}

fn subsystem(keys: &mut Keys, first_hfi: &Value, without: &[SsnsReference]) -> Result<(), String> {
    set(keys, "hfis", json!([first_hfi]));
    let hfis = keys["hfis"].as_array().map_or(0, Vec::len);
    keys.insert("num_hfis".into(), hfis.into());
    address(keys, "traddr")?;
    for (key, reference, unused) in [
        ("traddr", SsnsReference::Traddr, "0.0.0.0"),
        ("subsys_nqn", SsnsReference::SubsysNqn, ""),
    ] {
        needed(keys, key, without.contains(&reference).then_some(unused))?;
    }
    // The table has a text here, but people write port numbers.
    if let Some(number) = keys.get("trsvcid").and_then(Value::as_u64) {
        keys.insert("trsvcid".into(), number.to_string().into());
    }
    set(keys, "trsvcid", "4420");
    set(keys, "nsid", 1);
    let unavailable = keys.remove("unavailable").is_some_and(|flag| flag == 1);
    let availability = if unavailable { "unavailable" } else { "not indicated" };
    set(keys, "availability", availability);
    let unavailable = keys["availability"] == "unavailable";
    keys.insert("unavailable".into(), u8::from(unavailable).into());
    let root_path = keys.contains_key("dhcp_root_path_string");
    set(keys, "dhcp_root_path_override", u8::from(root_path));
    // FFFFh in a table means that it gives no timeout.
    keys.retain(|key, value| key != "connection_timeout" || *value != 0xffff);
    nid(keys)
}

/// Derives the type of the namespace identifier from the identifier's form.
fn nid(keys: &mut Keys) -> Result<(), String> {
    let nid = keys.get("nid").and_then(Value::as_str).unwrap_or_default();
    let form = match nid.len() {
        0 => None,
        16 => Some("eui64"),
        32 => Some("nguid"),
        36 => Some("uuid"),
        _ => return Err(format!("nid: `{nid}` is no EUI64, NGUID or UUID")),
    };
    match (keys.get("nid_type").and_then(Value::as_str), form) {
        (stated @ Some(_), form) if stated != form => Err(format!("nid: `{nid}` does not fit nid_type")),
        (None, Some(form)) if !keys.contains_key("nid_type_code") => {
            keys.insert("nid_type".into(), form.into());
            Ok(())
        }
        _ => Ok(()),
    }
}

fn discovery(keys: &mut Keys, first_hfi: &Value, without: &[DiscoveryReference]) -> Result<(), String> {
    set(keys, "hfi", first_hfi.clone());
    needed(keys, "uri", without.contains(&DiscoveryReference::Uri).then_some(""))
}

/// Refuses a descriptor without a key that has no default; where the table leaves the key out, it becomes `unused`.
fn needed(keys: &mut Keys, key: &str, unused: Option<&str>) -> Result<(), String> {
    match (keys.get(key).is_none_or(|value| *value == ""), unused) {
        (false, _) => Ok(()),
        (true, Some(unused)) => {
            keys.insert(key.into(), unused.into());
            Ok(())
        }
        (true, None) => Err(format!("{key}: missing")),
    }
}

/// Reads an address. A mapped IPv4 address becomes the plain one: a table has the same bytes for both.
fn address(keys: &mut Keys, key: &str) -> Result<Option<IpAddr>, String> {
    let Some(text) = keys.get(key).and_then(Value::as_str) else {
        return Ok(None);
    };
    let address: IpAddr = text
        .parse()
        .map_err(|_| format!("{key}: `{text}` is not an IP address"))?;
    keys.insert(key.into(), address.to_canonical().to_string().into());
    Ok(Some(address.to_canonical()))
}

/// The bytes of hexadecimal digits; colons and dashes between them are accepted.
pub(crate) fn unhex(key: &str, value: &Value) -> Result<Vec<u8>, String> {
    let text = value.as_str().ok_or_else(|| format!("{key}: not a text"))?;
    hex::decode(text.replace([':', '-'], "")).map_err(|why| format!("{key}: `{text}`: {why}"))
}

/// Segment, bus, device and function of a PCI address.
pub(crate) fn pci(text: &str) -> Option<[u16; 4]> {
    let parts: Option<Vec<u16>> = text
        .split([':', '.'])
        .map(|part| u16::from_str_radix(part, 16).ok())
        .collect();
    let parts: [u16; 4] = parts?.try_into().ok()?;
    matches!(parts, [_, ..=0xff, ..=0x1f, ..=7]).then_some(parts)
}

/// Whether the table says something for which revision 1.0 has no place.
pub(crate) fn is_newer(table: &Table) -> bool {
    table.hfi.iter().any(is_newer_hfi) || table.subsystem.iter().any(is_newer_ssns)
}

pub(crate) fn is_newer_hfi(hfi: &Hfi) -> bool {
    hfi.dhcp_iaid.is_some() || hfi.dhcp_duid.is_some() || hfi.pcie_seg_num != 0 || hfi.ipaddr_autoconf
}

pub(crate) fn is_newer_ssns(ssns: &Ssns) -> bool {
    ssns.naed != 0 || ssns.cipeec != 0 || ssns.nceec != 0 || ssns.connection_timeout.is_some()
}
