//! The network interface that an HFI is on this machine now.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};

use nbft_common::command::{root, sysfs};
use nbft_common::table::addr::MacAddr;

const CLASS: &str = "/sys/class/net";

/// A port, for the question which source leads to an address.
const ANY_PORT: u16 = 4420;

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    pub name: String,
    pub index: u32,
}

/// An interface that has the right MAC address and VLAN.
struct Candidate {
    interface: Interface,
    /// The interface holds the HFI's address.
    holds: bool,
    /// The interface is a port of a bond or a bridge, which then has the address.
    enslaved: bool,
    /// The interface has hardware of its own.
    hardware: bool,
}

/// Finds the interface with this MAC address and VLAN (0: untagged). Bonds, bridges, macvlans and VLAN devices share
/// the MAC of the interface below them. The interface that holds the HFI's address therefore wins, then an interface
/// that is nobody's port, then hardware. When no interface has the MAC (a bond may have changed the MAC), the holder of
/// the address is taken.
pub fn find(mac: MacAddr, vlan: u16, address: Option<IpAddr>) -> Option<Interface> {
    let holders = address.map(holders_of).unwrap_or_default();
    let all = sysfs::names(CLASS);
    let same_mac = all
        .iter()
        .filter(|name| attribute(name, "address") == Some(mac.to_string()));
    let mut candidates: Vec<Candidate> = same_mac
        .filter(|name| sysfs::vlan_id(name).unwrap_or(0) == vlan)
        .filter_map(|name| {
            Some(Candidate {
                interface: named(name)?,
                holds: holders.contains(name),
                enslaved: exists(name, "master"),
                hardware: exists(name, "device"),
            })
        })
        .collect();
    candidates.sort_by_key(|it| (!it.holds, it.enslaved, !it.hardware, it.interface.index));
    let found = candidates.into_iter().next().map(|candidate| candidate.interface);
    found.or_else(|| holders.iter().find_map(|name| named(name)))
}

fn attribute(name: &str, attribute: &str) -> Option<String> {
    sysfs::attribute(&format!("{CLASS}/{name}/{attribute}"))
}

fn exists(name: &str, attribute: &str) -> bool {
    root::path(&format!("{CLASS}/{name}/{attribute}")).exists()
}

/// The interface with this name.
pub fn named(name: &str) -> Option<Interface> {
    Some(Interface {
        name: name.to_owned(),
        index: attribute(name, "ifindex")?.parse().ok()?,
    })
}

/// Whether an interface has a source address for packets to `target`.
pub fn has_address_for(name: &str, target: IpAddr) -> bool {
    match target {
        IpAddr::V4(_) => nix::ifaddrs::getifaddrs().is_ok_and(|mut all| {
            all.any(|entry| {
                entry.interface_name == name
                    && entry
                        .address
                        .as_ref()
                        .is_some_and(|socket| socket.as_sockaddr_in().is_some())
            })
        }),
        IpAddr::V6(target) => {
            fs::read_to_string("/proc/net/if_inet6").is_ok_and(|list| has_address_in(&list, name, target))
        }
    }
}

/// Unlike getifaddrs(3), `/proc/net/if_inet6` tells whether duplicate address detection has passed for an address. Until
/// then the kernel would take the link-local address as the source, from which a target elsewhere must not be reached.
fn has_address_in(list: &str, name: &str, target: Ipv6Addr) -> bool {
    const LINK: u32 = 0x20;
    const TENTATIVE_OR_FAILED: u32 = 0x48;
    list.lines().any(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, _, _, scope, flags, interface] = fields[..] else {
            return false;
        };
        let number = |text| u32::from_str_radix(text, 16);
        interface == name
            && number(flags).is_ok_and(|flags| flags & TENTATIVE_OR_FAILED == 0)
            && (target.is_unicast_link_local() || number(scope) != Ok(LINK))
    })
}

/// Whether this machine has an address.
pub fn is_local(address: IpAddr) -> bool {
    !holders_of(address).is_empty()
}

/// Whether an interface has an address.
pub fn holds(name: &str, address: IpAddr) -> bool {
    holders_of(address).contains(name)
}

/// The source address that the kernel would choose for packets to `target`; `None` without a route. `scope` is the interface
/// of a link-local target. No packet is sent.
pub fn source_for(target: IpAddr, scope: u32) -> Option<IpAddr> {
    let (any, target): (IpAddr, SocketAddr) = match target {
        IpAddr::V4(v4) => (Ipv4Addr::UNSPECIFIED.into(), (v4, ANY_PORT).into()),
        IpAddr::V6(v6) => (
            Ipv6Addr::UNSPECIFIED.into(),
            SocketAddrV6::new(v6, ANY_PORT, 0, if v6.is_unicast_link_local() { scope } else { 0 }).into(),
        ),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect(target).ok()?;
    Some(socket.local_addr().ok()?.ip())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_leads_to_the_target() {
        let far = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
        let near = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
        let link_local = "fe80000000000000505400fffe000100 02 40 20 80     eth0\n";
        let tentative = "20010db800000000505400fffe000100 02 40 00 40     eth0\n";
        let usable = tentative.replace(" 40     eth0", " 00     eth0");
        for (list, target, leads) in [
            (String::new(), far, false),
            (link_local.to_owned(), far, false),
            (link_local.to_owned(), near, true),
            (format!("{link_local}{tentative}"), far, false),
            (format!("{link_local}{usable}"), far, true),
            (usable.replace("eth0", "eth1"), far, false),
        ] {
            assert_eq!(has_address_in(&list, "eth0", target), leads, "{list}");
        }
    }
}
