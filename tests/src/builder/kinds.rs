//! Tables of every kind that firmware writes, by name. Their descriptions are files under
//! `tests/fixtures/tables`, which serve as examples too.

use serde_json::{Value, json};

use super::description::Description;

macro_rules! files {
    ($($name:literal)*) => {
        [$(($name, include_str!(concat!("../../fixtures/tables/", $name, ".toml")))),*]
    };
}

const FILES: [(&str, &str); 24] = files![
    "static-ipv4"
    "static-ipv6"
    "link-local-ipv6"
    "dhcp-ipv4"
    "dhcp-ipv6"
    "slaac"
    "vlan"
    "multipath"
    "dual-stack"
    "two-namespaces"
    "discovery-own-nqn"
    "discovery-well-known"
    "security-required"
    "digests"
    "unavailable"
    "dhcp-ids"
    "root-path"
    "namespace-ids"
    "non-bootable"
    "no-secondary-list"
    "nul-in-length"
    "empty"
    "multi-1"
    "multi-2"
];

/// Every kind: its name and its description.
pub fn kinds() -> Vec<(&'static str, Description)> {
    let files = FILES
        .into_iter()
        .map(|(name, text)| (name, Description::from_toml(text)));
    let all = files.chain([("huge", Description::from_value(huge()))]);
    let read = |(name, description)| match description {
        Ok(description) => (name, description),
        // The files are part of the program.
        Err(error) => unreachable!("{name}: {error}"),
    };
    all.map(read).collect()
}

/// The description of one kind.
pub fn kind(name: &str) -> Option<Description> {
    kinds()
        .into_iter()
        .find(|(kind, _)| *kind == name)
        .map(|(_, description)| description)
}

/// The largest table: 255 HFIs, and 255 SSNS that are reached through each of them.
fn huge() -> Value {
    let hfi = |index: u8| json!({"ipaddr": format!("10.0.{index}.20"), "host_name": format!("host-{index}")});
    let subsystem = |index: u8| {
        let mut hfis: Vec<u8> = (1..=255).collect();
        hfis.rotate_left(usize::from(index) - 1);
        json!({
            "hfis": hfis,
            "traddr": format!("10.0.{index}.1"),
            "subsys_nqn": format!("nqn.2014-08.org.example:disk-{index}"),
            "nsid": index,
            "nid": format!("df669a88-bd6f-4dd6-8a50-5f97eb55c8{index:02x}"),
        })
    };
    json!({
        "hfi": (1..=255).map(hfi).collect::<Vec<_>>(),
        "subsystem": (1..=255).map(subsystem).collect::<Vec<_>>(),
    })
}
