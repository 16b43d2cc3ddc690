//! What the running kernel calls the interfaces: some consumers know them by no other name.

use std::collections::HashMap;
use std::fs;

use nbft_common::command::root;
use nbft_common::table::addr::MacAddr;

const CLASS: &str = "/sys/class/net";
/// What udev has found out: of an interface, in a file `nINDEX`. It is there once udev has given the name.
const UDEV: &str = "/run/udev/data";

/// An interface of the running kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    pub name: String,
    pub ifindex: u32,
    /// udev is done with it: this name stays. Before that it is the kernel's, like `eth0`.
    pub named: bool,
}

/// All Ethernet NICs (VLAN 0) and VLAN devices there are, by MAC address and VLAN. Bonds, bridges and the like share the
/// MAC address of what is below them: they are left out, and of several that are left the oldest one counts.
pub fn all() -> HashMap<(MacAddr, u16), Device> {
    let mut found: HashMap<(MacAddr, u16), Device> = HashMap::new();
    for entry in fs::read_dir(root::path(CLASS)).into_iter().flatten().flatten() {
        let Some((key, device)) = entry.file_name().to_str().and_then(read) else {
            continue;
        };
        let known = found.entry(key).or_insert_with(|| device.clone());
        if device.ifindex < known.ifindex {
            *known = device;
        }
    }
    found
}

fn read(name: &str) -> Option<((MacAddr, u16), Device)> {
    // A name that would not be safe everywhere is nobody's default.
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.starts_with('-') || !name.chars().all(plain) {
        return None;
    }
    let attribute = |what: &str| fs::read_to_string(root::path(&format!("{CLASS}/{name}/{what}"))).ok();
    let mac = attribute("address")?.trim_end().parse().ok()?;
    let uevent = attribute("uevent").unwrap_or_default();
    let vlan = match uevent.lines().find_map(|line| line.strip_prefix("DEVTYPE=")) {
        None => 0,
        Some("vlan") => vlan_id(name)?,
        Some(_) => return None,
    };
    let ifindex: u32 = attribute("ifindex")?.trim_end().parse().ok()?;
    Some((
        (mac, vlan),
        Device {
            name: name.to_owned(),
            ifindex,
            named: root::path(&format!("{UDEV}/n{ifindex}")).exists(),
        },
    ))
}

fn vlan_id(name: &str) -> Option<u16> {
    let text = fs::read_to_string(root::path(&format!("/proc/net/vlan/{name}"))).ok()?;
    let (_, rest) = text.split_once("VID: ")?;
    rest.split_whitespace().next()?.parse().ok()
}
