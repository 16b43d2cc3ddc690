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

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

/// The routes of an HFI: the default route if the HFI may have it, otherwise one to each target that is on no interface's
/// link. (A target on a link is reached directly; a host route over a gateway would divert its packets.)
pub fn of(facts: &Facts, links: &Links) -> Vec<Route> {
    let family = if facts.is_v6 { 6 } else { 4 };
    let onlink = facts.gateway.is_some_and(|gateway| {
        let near = facts
            .address
            .is_some_and(|own| network(own, facts.prefix) == network(gateway, facts.prefix));
        !near && !is_link_local(gateway)
    });
    let route = Route {
        family,
        destination: if facts.is_v6 {
            Ipv6Addr::UNSPECIFIED.into()
        } else {
            Ipv4Addr::UNSPECIFIED.into()
        },
        prefix: 0,
        gateway: facts.gateway,
        onlink,
        metric: facts.metric(),
        default: false,
        dynamic: facts.is_dynamic(),
    };
    let on_link = facts.gateway.is_none() && !facts.is_dynamic();
    // No gateway takes packets to a link-local address. An IPv6 link has their network of itself.
    let near = |target: IpAddr| links.reach(target) || is_link_local(target) && (facts.is_v6 || !on_link);
    let to_targets = |facts: &Facts| -> Vec<Route> {
        let far = facts.targets.iter().filter(|target| !near(**target));
        let to = |target: &IpAddr| Route {
            destination: *target,
            prefix: if facts.is_v6 { 128 } else { 32 },
            ..route.clone()
        };
        far.map(to).collect()
    };
    match (facts.default, facts.gateway, facts.is_dynamic()) {
        // The DHCP server or the router gives the default route.
        (true, _, true) => Vec::new(),
        (true, Some(_), false) => vec![Route { default: true, ..route }],
        (false, Some(_), false) | (false, _, true) => to_targets(facts),
        // Without a gateway and with an address alone in its network, the targets can only be on the link.
        (_, None, false) if facts.is_alone() => to_targets(facts),
        (_, None, false) => Vec::new(),
    }
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
