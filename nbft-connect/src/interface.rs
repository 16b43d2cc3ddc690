//! Which network interface an HFI is, on this machine, now.

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;

use nbft_common::addr::MacAddr;
use nbft_common::root;

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    pub name: String,
    pub index: u32,
}

/// What is known of an interface that has the right MAC address and VLAN.
struct Candidate {
    interface: Interface,
    /// It holds the HFI's address.
    holds: bool,
    /// It is a port of a bond or a bridge, which then has the address.
    enslaved: bool,
    /// There is hardware behind it.
    hardware: bool,
}

/// Finds the interface with this MAC address and VLAN (0: untagged). Bonds, bridges, macvlans and VLAN devices share
/// the MAC of what is below them, so the one that holds the HFI's address wins, then one that is nobody's port, then
/// hardware. When none has the MAC (a bond may have changed it), the holder of the address will do.
pub fn find(mac: MacAddr, vlan: u16, address: Option<IpAddr>) -> Option<Interface> {
    let holders = address.map(holders_of).unwrap_or_default();
    let all = root::names("/sys/class/net");
    let same_mac = all
        .iter()
        .filter(|name| attribute(name, "address") == Some(mac.to_string()));
    let mut candidates: Vec<Candidate> = same_mac
        .filter(|name| vlan_of(name) == vlan)
        .filter_map(|name| {
            Some(Candidate {
                interface: named(name)?,
                holds: holders.contains(name),
                enslaved: path(name, "master").exists(),
                hardware: path(name, "device").exists(),
            })
        })
        .collect();
    candidates.sort_by_key(|it| (!it.holds, it.enslaved, !it.hardware, it.interface.index));
    let found = candidates.into_iter().next().map(|candidate| candidate.interface);
    found.or_else(|| holders.iter().find_map(|name| named(name)))
}

fn path(name: &str, attribute: &str) -> std::path::PathBuf {
    root::path(&format!("/sys/class/net/{name}/{attribute}"))
}

fn attribute(name: &str, attribute: &str) -> Option<String> {
    Some(fs::read_to_string(path(name, attribute)).ok()?.trim_end().to_owned())
}

/// The interface with this name.
pub fn named(name: &str) -> Option<Interface> {
    Some(Interface {
        name: name.to_owned(),
        index: attribute(name, "ifindex")?.parse().ok()?,
    })
}

/// The VLAN id of an interface; 0 when it is no VLAN device.
fn vlan_of(name: &str) -> u16 {
    let text = fs::read_to_string(root::path(&format!("/proc/net/vlan/{name}"))).unwrap_or_default();
    let id = text
        .split_once("VID: ")
        .and_then(|(_, rest)| rest.split_whitespace().next());
    id.and_then(|id| id.parse().ok()).unwrap_or(0)
}

/// Whether an interface has any address of the family of `target`.
pub fn has_address_for(name: &str, target: IpAddr) -> bool {
    let Ok(all) = nix::ifaddrs::getifaddrs() else {
        return false;
    };
    let family = |socket: &nix::sys::socket::SockaddrStorage| match target {
        IpAddr::V4(_) => socket.as_sockaddr_in().is_some(),
        IpAddr::V6(_) => socket.as_sockaddr_in6().is_some(),
    };
    all.filter(|entry| entry.interface_name == name)
        .any(|entry| entry.address.as_ref().is_some_and(family))
}

/// Names of the interfaces that hold an address.
fn holders_of(address: IpAddr) -> BTreeSet<String> {
    let Ok(all) = nix::ifaddrs::getifaddrs() else {
        return BTreeSet::new();
    };
    all.filter_map(|entry| {
        let holds = entry.address.as_ref().is_some_and(|socket| match address {
            IpAddr::V4(v4) => socket.as_sockaddr_in().is_some_and(|it| it.ip() == v4),
            IpAddr::V6(v6) => socket.as_sockaddr_in6().is_some_and(|it| it.ip() == v6),
        });
        holds.then_some(entry.interface_name)
    })
    .collect()
}
