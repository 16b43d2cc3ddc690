//! The running kernel's interfaces: some consumers know an interface by its current name only.

use std::collections::HashMap;

use nbft_common::command::{root, sysfs};
use nbft_common::table::addr::MacAddr;

const CLASS: &str = "/sys/class/net";
/// udev's records. An interface has a file `nINDEX` as soon as udev has given its name.
const UDEV: &str = "/run/udev/data";
/// That of `lo`, an interface of every machine: udev has begun. At switch-root these records go away.
const UDEV_RUNS: &str = "/run/udev/data/n1";

/// An interface of the running kernel.
#[derive(Debug)]
pub struct Device {
    pub name: String,
    pub ifindex: u32,
    /// Whether udev has processed it, so that the name stays. Before that it may be a name like `eth0`.
    pub named: bool,
}

/// All Ethernet NICs (VLAN 0) and VLAN devices, by MAC address and VLAN. Bonds, bridges and other devices that share the
/// MAC address of a NIC below them are left out; of several that remain the oldest counts. A NIC that udev is about to name
/// is left out too: whatever uses its name now would soon use the name of no interface, or of another one.
pub fn all() -> HashMap<(MacAddr, u16), Device> {
    let mut found: HashMap<(MacAddr, u16), Device> = HashMap::new();
    for (key, device) in sysfs::names(CLASS).iter().filter_map(|name| read(name)) {
        if found.get(&key).is_none_or(|known| device.ifindex < known.ifindex) {
            found.insert(key, device);
        }
    }
    found
}

fn read(name: &str) -> Option<((MacAddr, u16), Device)> {
    // Neither the kernel nor udev gives a name that would be unsafe in a format.
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.starts_with('-') || !name.chars().all(plain) {
        return None;
    }
    let attribute = |what: &str| sysfs::attribute(&format!("{CLASS}/{name}/{what}"));
    let mac = attribute("address")?.parse().ok()?;
    let uevent = attribute("uevent").unwrap_or_default();
    let vlan = match uevent.lines().find_map(|line| line.strip_prefix("DEVTYPE=")) {
        None => 0,
        Some("vlan") => sysfs::vlan_id(name)?,
        Some(_) => return None,
    };
    let ifindex: u32 = attribute("ifindex")?.parse().ok()?;
    let named = root::path(&format!("{UDEV}/n{ifindex}")).exists();
    if vlan == 0 && !named && root::path(UDEV_RUNS).exists() {
        return None;
    }
    Some((
        (mac, vlan),
        Device {
            name: name.to_owned(),
            ifindex,
            named,
        },
    ))
}
