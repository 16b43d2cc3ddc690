//! Attributes that the kernel shows as files, below [`root`].

use std::fs;

use super::root;

/// The text of an attribute without its newline; `None` when the attribute cannot be read.
#[must_use]
pub fn attribute(path: &str) -> Option<String> {
    Some(fs::read_to_string(root::path(path)).ok()?.trim_end().to_owned())
}

/// Names in a folder, sorted; empty when the folder does not exist. Names that are not UTF-8 are left out: the kernel
/// makes no such names.
#[must_use]
pub fn names(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root::path(folder)).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

/// The VLAN id of a network interface; `None` when the interface is no VLAN device.
#[must_use]
pub fn vlan_id(interface: &str) -> Option<u16> {
    let text = attribute(&format!("/proc/net/vlan/{interface}"))?;
    let (_, rest) = text.split_once("VID: ")?;
    rest.split_whitespace().next()?.parse().ok()
}
