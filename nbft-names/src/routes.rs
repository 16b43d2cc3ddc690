//! The addresses on a link, and the routes to all others.

use std::collections::{BTreeSet, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::facts::Facts;
use crate::interface::Route;

/// The networks of all interfaces.
#[derive(Debug, Default)]
pub struct Links {
    prefixes: BTreeSet<u8>,
    networks: HashSet<(IpAddr, u8)>,
}

impl Links {
    /// The networks of all HFIs.
    pub fn new<'a>(hfis: impl Iterator<Item = &'a Facts<'a>>) -> Self {
        let mut links = Self::default();
        for facts in hfis {
            if let Some(address) = facts.address {
                // DHCPv6 leases an address without a network: the prefix of the link is the router's, of 64 bits.
                let alone = facts.is_v6 && facts.is_dynamic() && facts.prefix == 128;
                let prefix = if alone { 64 } else { facts.prefix };
                links.prefixes.insert(prefix);
                links.networks.insert((network(address, prefix), prefix));
            }
        }
        links
    }

    /// Whether an address is in one of these networks.
    fn reach(&self, address: IpAddr) -> bool {
        self.prefixes
            .iter()
            .any(|prefix| self.networks.contains(&(network(address, *prefix), *prefix)))
    }
}

/// An address with all bits after the prefix cleared.
fn network(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(prefix.into())).unwrap_or(0);
            Ipv4Addr::from_bits(v4.to_bits() & mask).into()
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX
                .checked_shl(128_u32.saturating_sub(prefix.into()))
                .unwrap_or(0);
            Ipv6Addr::from_bits(v6.to_bits() & mask).into()
        }
    }
}

/// Whether an address is of one link only.
pub fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

/// The next hop of packets to addresses outside of an HFI's networks.
#[derive(PartialEq)]
enum Hop {
    /// The gateway that the table names.
    Gateway,
    /// The one that a lease or a router names.
    Advertised,
    /// None: they are on the link.
    Link,
}

/// The next hop; `None` if packets to such addresses have no path.
fn hop(facts: &Facts) -> Option<Hop> {
    if facts.is_dynamic() || facts.needs_router() {
        return Some(Hop::Advertised);
    }
    facts.address?;
    match facts.gateway {
        Some(_) => Some(Hop::Gateway),
        // The targets can only be on the link of an address that is alone in its network.
        None => facts.is_alone().then_some(Hop::Link),
    }
}

/// The routes of an HFI: the default route if the HFI may have it, otherwise one to each target that is on no interface's
/// link. (A target on a link is reached directly; a host route over a gateway would divert its packets.) An HFI
/// without an address has no routes: they would lead nowhere.
pub fn of(facts: &Facts, links: &Links) -> Vec<Route> {
    let Some(hop) = hop(facts) else { return Vec::new() };
    let (family, any, widest) = match facts.is_v6 {
        true => (6, IpAddr::from(Ipv6Addr::UNSPECIFIED), 128),
        false => (4, Ipv4Addr::UNSPECIFIED.into(), 32),
    };
    let route = Route {
        family,
        destination: any,
        prefix: 0,
        gateway: facts.gateway,
        onlink: facts.gateway.is_some_and(|gateway| is_outside(gateway, facts)),
        metric: facts.metric(),
        default: false,
        dynamic: hop == Hop::Advertised,
    };
    if facts.default && hop == Hop::Gateway {
        return vec![Route { default: true, ..route }];
    }
    // The DHCP server or the router gives the default route.
    if facts.default && facts.is_dynamic() {
        return Vec::new();
    }
    // No gateway takes packets to a link-local address. An IPv6 link has their network of itself.
    let local = |target: IpAddr| is_link_local(target) && (facts.is_v6 || hop != Hop::Link);
    let far = facts
        .targets
        .iter()
        .filter(|target| !links.reach(**target) && !local(**target));
    let to = |target: &IpAddr| Route {
        destination: *target,
        prefix: widest,
        ..route.clone()
    };
    far.map(to).collect()
}

/// Whether a gateway is outside of the network of an HFI's address.
fn is_outside(gateway: IpAddr, facts: &Facts) -> bool {
    let within = |own| network(own, facts.prefix) == network(gateway, facts.prefix);
    !facts.address.is_some_and(within) && !is_link_local(gateway)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        let cut = |address: &str, prefix| network(address.parse().unwrap(), prefix).to_string();
        assert_eq!(cut("192.0.2.20", 24), "192.0.2.0");
        assert_eq!(cut("192.0.2.20", 32), "192.0.2.20");
        assert_eq!(cut("192.0.2.20", 0), "0.0.0.0");
        assert_eq!(cut("192.0.2.20", 64), "192.0.2.20");
        assert_eq!(cut("2001:db8::20", 64), "2001:db8::");
        assert_eq!(cut("2001:db8::20", 0), "::");
        assert_eq!(cut("2001:db8::20", 128), "2001:db8::20");
    }
}
