//! Controllers that exist already.

use std::net::IpAddr;

use nbft_common::command::{root, sysfs};

use crate::endpoint::Endpoint;
use crate::host::interface;

const CLASS: &str = "/sys/class/nvme";

/// A controller that an endpoint's connection would duplicate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Existing {
    /// The controller is live, or was and is being reconnected by the kernel.
    Connected(String),
    /// The controller is in its first connect, which may fail.
    Connecting(String),
}

/// Finds the controller that `endpoint` would duplicate, whichever options the controller was given in whatever order:
/// same subsystem, host and target address, and no attribute that shows another path.
pub fn find(endpoint: &Endpoint) -> Option<Existing> {
    let found = search(endpoint, |address| same_path(address, endpoint));
    // A connected controller counts for more than another one that is not.
    let (connected, connecting): (Vec<_>, Vec<_>) = found.partition(|name| was_live(name));
    let connected = connected.into_iter().next().map(Existing::Connected);
    connected.or_else(|| connecting.into_iter().next().map(Existing::Connecting))
}

/// Finds a controller to the same target over any path, for when the kernel says that a connection exists.
pub fn find_any(endpoint: &Endpoint) -> Option<String> {
    search(endpoint, |address| same_target(address, endpoint)).next()
}

/// Whether the kernel is reconnecting a controller of the same subsystem over whichever path.
pub fn reconnects(endpoint: &Endpoint) -> bool {
    search(endpoint, |_| true).any(|name| {
        let state = sysfs::attribute(&format!("{CLASS}/{name}/state"));
        matches!(state.as_deref(), Some("connecting" | "resetting"))
    })
}

fn search(endpoint: &Endpoint, same: impl Fn(&str) -> bool) -> impl Iterator<Item = String> {
    sysfs::names(CLASS).into_iter().filter(move |name| {
        let read = |attribute: &str| sysfs::attribute(&format!("{CLASS}/{name}/{attribute}"));
        let alike = |attribute: &str, value: &str| read(attribute).as_deref() == Some(value);
        let gone = matches!(read("state").as_deref(), Some("deleting" | "deleting (no IO)" | "dead"));
        !gone
            && alike("transport", "tcp")
            && alike("subsysnqn", &endpoint.nqn)
            && alike("hostnqn", &endpoint.identity.nqn)
            && alike("hostid", &endpoint.identity.id.to_string())
            && read("address").is_some_and(|address| same(&address))
    })
}

/// Whether a controller is connected at this moment.
pub fn is_live(name: &str) -> bool {
    sysfs::attribute(&format!("{CLASS}/{name}/state")).as_deref() == Some("live")
}

/// Whether a controller has been live: the kernel links a controller to its subsystem when it has identified it.
fn was_live(name: &str) -> bool {
    match sysfs::attribute(&format!("{CLASS}/{name}/state")).as_deref() {
        Some("live") => true,
        Some("new") => false,
        _ => sysfs::names("/sys/class/nvme-subsystem")
            .iter()
            .any(|subsystem| root::path(&format!("/sys/class/nvme-subsystem/{subsystem}/{name}")).exists()),
    }
}

/// One part of sysfs' `traddr=…,trsvcid=…[,host_traddr=…][,host_iface=…][,src_addr=…]`.
fn part<'a>(address: &'a str, key: &str) -> Option<&'a str> {
    address
        .split(',')
        .find_map(|field| field.strip_prefix(key)?.strip_prefix('='))
}

fn same_target(address: &str, endpoint: &Endpoint) -> bool {
    part(address, "traddr").is_some_and(|target| is_address(target, endpoint.traddr))
        && part(address, "trsvcid") == Some(&endpoint.trsvcid.to_string())
}

fn same_path(address: &str, endpoint: &Endpoint) -> bool {
    // Where the controller was given no source, the real source address of the connection decides. The kernel shows the
    // latter without a link-local scope.
    let source = part(address, "host_traddr").or_else(|| part(address, "src_addr"));
    let same_source = match (source, endpoint.host_traddr) {
        (Some(here), Some(there)) => Some(is_address(here, there)),
        _ => None,
    };
    // An interface that was renamed since says nothing.
    let named = part(address, "host_iface").filter(|name| source.is_none() || interface::named(name).is_some());
    let same_interface = match (named, &endpoint.interface) {
        (Some(here), Some(there)) => Some(here == there.name),
        _ => None,
    };
    same_target(address, endpoint)
        && match (same_source, same_interface) {
            (Some(source), Some(interface)) => source && interface,
            (Some(same), None) | (None, Some(same)) => same,
            (None, None) => false,
        }
}

/// Whether a text of sysfs is this address, with or without a scope.
fn is_address(text: &str, address: IpAddr) -> bool {
    let text = text.split('%').next().unwrap_or(text);
    text.trim_matches(['[', ']']).parse() == Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::identity::Identity;
    use crate::host::interface::Interface;
    use nbft_common::table::addr::Uuid;

    #[test]
    fn the_path_decides() {
        let endpoint = Endpoint {
            nqn: "nqn.x".to_owned(),
            traddr: "192.168.1.1".parse().expect("address"),
            trsvcid: 4420,
            host_traddr: "192.168.1.2".parse().ok(),
            interface: Some(Interface {
                name: "eth0".to_owned(),
                index: 2,
            }),
            names_interface: false,
            identity: Identity {
                nqn: "nqn.h".to_owned(),
                id: Uuid([0; 16]),
            },
            options: Vec::new(),
            tls_key: None,
        };
        let target = "traddr=192.168.1.1,trsvcid=4420";
        for (rest, same) in [
            ("host_traddr=192.168.1.2,host_iface=eth0,src_addr=192.168.1.2", true),
            ("host_iface=eth0,src_addr=192.168.1.2", true),
            ("host_iface=eth0,src_addr=192.168.1.3", false),
            ("src_addr=192.168.1.2", true),
            ("src_addr=192.168.1.3", false),
            ("host_iface=lo,src_addr=192.168.1.2", false),
            ("", false),
        ] {
            assert_eq!(same_path(&format!("{target},{rest}"), &endpoint), same, "{rest}");
        }
        assert!(!same_path(
            "traddr=192.168.1.1,trsvcid=4421,src_addr=192.168.1.2",
            &endpoint
        ));
        let leased = Endpoint {
            host_traddr: None,
            ..endpoint
        };
        assert!(same_path(
            &format!("{target},host_iface=eth0,src_addr=192.168.1.9"),
            &leased
        ));
        assert!(!same_path(
            &format!("{target},host_iface=lo,src_addr=192.168.1.9"),
            &leased
        ));
    }
}
