//! The table's addresses, as far as a host can have them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use nbft_common::table::{Table, uri};

/// An address that an interface, a gateway or a server can have. An IPv4-mapped IPv6 address counts as IPv4.
pub fn usable(address: IpAddr) -> Option<IpAddr> {
    let address = address.to_canonical();
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast() || v4.octets().first() == Some(&0));
    let other = address.is_unspecified() || address.is_multicast() || address.is_loopback() || broadcast;
    (!other).then_some(address)
}

/// The addresses that each HFI of a table reaches, by its index: those of subsystems and of discovery controllers.
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

#[cfg(test)]
mod tests {
    use super::usable;

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
