//! Metrics that tell routes to one destination apart: of routes with one metric IPv6 makes a multipath route, and wicked
//! drops all but one.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::interface::Interface;

/// The kernel's metric of IPv6 routes for which none is given; that of IPv4 routes is 0.
const USUAL_V6: u32 = 1024;
/// The metric of routes from leases and routers for which none is given, in systemd-networkd.
const USUAL_DYNAMIC: u32 = 1024;

/// The metrics given so far.
#[derive(Debug, Default)]
struct Metrics {
    taken: HashSet<(IpAddr, u8, u32)>,
    /// The metric to try next, by one that was taken: thousands of routes would otherwise retry each other's metrics.
    next: HashMap<(IpAddr, u8, u32), u32>,
}

impl Metrics {
    /// Gives a route its metric if no earlier route to the destination has it, otherwise the next higher one that is free.
    /// No metric means the usual one.
    fn give(&mut self, destination: IpAddr, prefix: u8, metric: &mut Option<u32>, usual: u32) {
        let wanted = metric.unwrap_or(usual);
        let next = self.next.entry((destination, prefix, wanted)).or_insert(wanted);
        let mut given = *next;
        while !self.taken.insert((destination, prefix, given)) {
            given += 1;
        }
        *next = given + 1;
        if given != wanted {
            *metric = Some(given);
        }
    }
}

/// Makes the metrics of all routes to one destination differ, those of default routes from leases and routers included.
/// A router's metric is that of its network, too: of several NICs in one network, systemd-networkd 257 gives one no route.
pub fn distinguish(interfaces: &mut [Interface]) {
    let mut metrics = Metrics::default();
    for interface in interfaces {
        if interface.dhcp4 && interface.default4 {
            metrics.give(Ipv4Addr::UNSPECIFIED.into(), 0, &mut interface.metric4, USUAL_DYNAMIC);
        }
        if interface.accept_ra {
            metrics.give(Ipv6Addr::UNSPECIFIED.into(), 0, &mut interface.metric6, USUAL_DYNAMIC);
        }
        for route in &mut interface.routes {
            let usual = if route.family == 6 { USUAL_V6 } else { 0 };
            metrics.give(route.destination, route.prefix, &mut route.metric, usual);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_of_one_destination() {
        let mut metrics = Metrics::default();
        let mut give = |prefix: u8, wanted: Option<u32>| {
            let mut metric = wanted;
            metrics.give(Ipv6Addr::UNSPECIFIED.into(), prefix, &mut metric, 1024);
            metric
        };
        assert_eq!(give(0, None), None);
        assert_eq!(give(0, None), Some(1025));
        assert_eq!(give(0, Some(1024)), Some(1026));
        assert_eq!(give(0, Some(1025)), Some(1027));
        assert_eq!(give(0, Some(500)), Some(500));
        assert_eq!(give(64, None), None);
    }
}
