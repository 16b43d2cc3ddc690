//! What one HFI says, read with care: addresses that mean something, prefixes that are one, where the address comes from.

use std::collections::BTreeSet;
use std::net::IpAddr;

use nbft_common::table::{Hfi, Table, uri};

use crate::interface::{HfiRef, Method};
use crate::text;

/// An HFI and what follows from its table.
#[derive(Debug)]
pub struct Facts<'a> {
    pub hfi: &'a Hfi,
    /// How it is referred to.
    pub reference: HfiRef,
    /// X in `nbftXhY`.
    pub number: u32,
    /// It is IPv6.
    pub is_v6: bool,
    /// Where the address comes from.
    pub method: Method,
    /// Its address, if it has one.
    pub address: Option<IpAddr>,
    /// Prefix length of the address; never 0.
    pub prefix: u8,
    /// The table does not say the prefix length, and none could be guessed.
    pub prefix_unknown: bool,
    pub gateway: Option<IpAddr>,
    pub dns: Vec<IpAddr>,
    /// Whether the default route may go over it.
    pub default: bool,
    /// Targets of its family.
    pub targets: Vec<IpAddr>,
}

/// Addresses that each HFI of a table reaches: of subsystems and of discovery controllers.
pub fn targets(table: &Table) -> Vec<BTreeSet<IpAddr>> {
    let mut targets = vec![BTreeSet::new(); 256];
    let mut add = |hfi: u8, address: IpAddr| {
        if let (Some(set), Some(address)) = (targets.get_mut(usize::from(hfi)), usable(address)) {
            set.insert(address);
        }
    };
    for ssns in &table.subsystem {
        ssns.hfis.iter().for_each(|hfi| add(*hfi, ssns.traddr));
    }
    for discovery in &table.discovery {
        if let Ok((address, _)) = uri::parse(&discovery.uri) {
            add(discovery.hfi, address);
        }
    }
    targets
}

/// An address that an interface, a gateway or a server can have; IPv4 in IPv6's clothing is IPv4.
fn usable(address: IpAddr) -> Option<IpAddr> {
    let address = address.to_canonical();
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast() || v4.octets().first() == Some(&0));
    let other = address.is_unspecified() || address.is_multicast() || address.is_loopback() || broadcast;
    (!other).then_some(address)
}

impl<'a> Facts<'a> {
    /// Reads an HFI; `warn` hears of what is not used.
    pub fn new(
        table: &Table,
        number: u32,
        hfi: &'a Hfi,
        targets: &BTreeSet<IpAddr>,
        always_default: bool,
        warn: &mut dyn FnMut(String),
    ) -> Self {
        let reference = HfiRef {
            table: text::word(table.name()),
            index: hfi.index,
        };
        let mut say = |what: &str| warn(format!("{}: HFI {}: {what}", reference.table, reference.index));
        let mut read = |address: IpAddr, what: &str| {
            let read = usable(address);
            if read.is_none() && !address.to_canonical().is_unspecified() {
                say(&format!("{what} {address} is not one a host can have, not used"));
            }
            read
        };
        let address = read(hfi.ipaddr, "address");
        let gateway = read(hfi.gateway_ipaddr, "gateway");
        let dns: Vec<IpAddr> = [hfi.primary_dns_ipaddr, hfi.secondary_dns_ipaddr]
            .into_iter()
            .filter_map(|server| read(server, "name server"))
            .collect();
        let server = hfi.dhcp_server_ipaddr.and_then(usable);
        // Without an address, its neighbours tell the family: not all firmware writes the zero address as IPv4.
        let known = address
            .or(server)
            .or(gateway)
            .or(dns.first().copied())
            .or(targets.first().copied());
        let is_v6 = known.unwrap_or(hfi.ipaddr).is_ipv6();
        let gateway = gateway.filter(|gateway| {
            let fits = gateway.is_ipv6() == is_v6;
            if !fits {
                say(&format!(
                    "gateway {gateway} is of another family than the address, not used"
                ));
            }
            fits
        });
        let widest = if is_v6 { 128 } else { 32 };
        let stated = Some(hfi.subnet_mask_prefix).filter(|prefix| (1..=widest).contains(prefix));
        let method = if hfi.is_dhcp() {
            Method::Dhcp
        } else if is_v6 && hfi.is_autoconf() {
            Method::Slaac
        } else {
            Method::Static
        };
        Self {
            number,
            is_v6,
            method,
            address,
            prefix: stated.unwrap_or(if is_v6 { 64 } else { 32 }),
            prefix_unknown: stated.is_none() && !is_v6,
            gateway,
            dns,
            default: always_default || hfi.this_hfi_is_default_route,
            targets: targets
                .iter()
                .copied()
                .filter(|target| target.is_ipv6() == is_v6)
                .collect(),
            reference,
            hfi,
        }
    }

    /// Whether the address is the server's or the router's to give.
    pub fn is_dynamic(&self) -> bool {
        self.method != Method::Static
    }

    /// Metric of its routes.
    pub fn metric(&self) -> Option<u16> {
        Some(self.hfi.route_metric).filter(|metric| *metric != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_hosts() {
        for good in ["192.0.2.1", "2001:db8::1", "fe80::1"] {
            assert_eq!(
                usable(good.parse().unwrap()).map(|it| it.to_string()).as_deref(),
                Some(good)
            );
        }
        assert_eq!(
            usable("::ffff:192.0.2.1".parse().unwrap()),
            Some("192.0.2.1".parse().unwrap())
        );
        for bad in [
            "0.0.0.0",
            "::",
            "0.1.2.3",
            "255.255.255.255",
            "224.0.0.1",
            "127.0.0.1",
            "::1",
            "ff02::1",
        ] {
            assert_eq!(usable(bad.parse().unwrap()), None, "{bad}");
        }
    }
}
