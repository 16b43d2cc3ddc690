//! Controllers that exist already.

use nbft_common::command::sysfs;

use super::controller::{CLASS, address_of, attribute, is_going, is_live, is_reconnecting, lacks, part, was_live};
use crate::endpoint::Endpoint;
use crate::host::interface;

/// A controller that an endpoint's connection would duplicate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Existing {
    /// The controller is live, or was and is being reconnected by the kernel.
    Connected(String),
    /// The same, but the controller lacks a security that the endpoint demands.
    Unfit(String, &'static str),
    /// The controller is in its first connect, which may fail.
    Connecting(String),
}

/// Finds the controller that `endpoint` would duplicate, whichever options the controller was given in whatever order:
/// same subsystem, host and target address, and no attribute that shows another path.
pub fn find(endpoint: &Endpoint) -> Option<Existing> {
    best(search(endpoint, |address| same_path(address, endpoint)), endpoint)
}

/// The same for when the kernel says that a connection exists: if no attribute tells, over whichever path.
pub fn find_any(endpoint: &Endpoint) -> Option<Existing> {
    find(endpoint).or_else(|| best(search(endpoint, |address| same_target(address, endpoint)), endpoint))
}

/// Whether the kernel is reconnecting a controller of the same subsystem over whichever path.
pub fn reconnects(endpoint: &Endpoint) -> bool {
    search(endpoint, |_| true).any(|name| is_reconnecting(&name))
}

/// A live controller counts for more than one that is being reconnected, which counts for more than one that never was live.
fn best(found: impl Iterator<Item = String>, endpoint: &Endpoint) -> Option<Existing> {
    let name = found.min_by_key(|name| (!is_live(name), !was_live(name)))?;
    if !was_live(&name) {
        return Some(Existing::Connecting(name));
    }
    Some(match lacks(&name, endpoint) {
        Some(lack) => Existing::Unfit(name, lack),
        None => Existing::Connected(name),
    })
}

fn search(endpoint: &Endpoint, same: impl Fn(&str) -> bool) -> impl Iterator<Item = String> {
    sysfs::names(CLASS).into_iter().filter(move |name| {
        let alike = |key: &str, value: &str| attribute(name, key).as_deref() == Some(value);
        !is_going(name)
            && alike("transport", "tcp")
            && alike("subsysnqn", &endpoint.nqn)
            && alike("hostnqn", &endpoint.identity.nqn)
            && alike("hostid", &endpoint.identity.id.to_string())
            && attribute(name, "address").is_some_and(|address| same(&address))
    })
}

fn same_target(address: &str, endpoint: &Endpoint) -> bool {
    part(address, "traddr").and_then(address_of) == Some(endpoint.traddr)
        && part(address, "trsvcid") == Some(&endpoint.trsvcid.to_string())
}

/// Whether a controller leaves this machine as the endpoint does.
fn same_path(address: &str, endpoint: &Endpoint) -> bool {
    if !same_target(address, endpoint) {
        return false;
    }
    let given = part(address, "host_traddr").and_then(address_of);
    let interface = endpoint.interface.as_ref();
    let scope = interface.map_or(0, |interface| interface.index);
    let named = part(address, "host_iface");
    // Where the controller was given no source, the real source of the connection decides; while the kernel is reconnecting,
    // the source that the route leads to.
    let source = given.or_else(|| part(address, "src_addr").and_then(address_of));
    let source = source.or_else(|| match named {
        None => interface::source_for(endpoint.traddr, scope),
        Some(_) => None,
    });
    // An interface that was renamed since says nothing.
    let named = named.filter(|name| source.is_none() || interface::named(name).is_some());
    let same_interface = match (named, interface) {
        (Some(here), Some(there)) => Some(here == there.name),
        _ => None,
    };
    let same_source = source.and_then(|here| match endpoint.host_traddr {
        Some(there) if here == there => Some(true),
        Some(_) if !endpoint.leased => Some(false),
        // The kernel reconnects over the named interface, from whichever address the interface has by then.
        _ if given.is_none() && named.is_some() => None,
        _ => interface.map(|interface| interface::holds(&interface.name, here)),
    });
    match (same_source, same_interface) {
        (Some(source), Some(interface)) => source && interface,
        (Some(same), None) | (None, Some(same)) => same,
        (None, None) => false,
    }
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
            leased: false,
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
        // The source of a lease may change; the interface stays. No interface of this machine has the address 192.168.1.9.
        let leased = Endpoint {
            leased: true,
            interface: interface::named("lo"),
            ..endpoint
        };
        let moved = Endpoint {
            host_traddr: None,
            ..leased.clone()
        };
        for (rest, same) in [
            ("host_iface=lo,src_addr=192.168.1.9", [true, true]),
            ("host_iface=lo", [true, true]),
            ("host_iface=other,src_addr=192.168.1.9", [false, false]),
            ("src_addr=192.168.1.9", [false, false]),
            ("host_traddr=192.168.1.2", [true, false]),
            // The kernel reconnects such a controller from its given source alone.
            ("host_traddr=192.168.1.9,host_iface=lo", [false, false]),
            ("host_traddr=192.168.1.9", [false, false]),
            ("", [false, false]),
        ] {
            let address = format!("{target},{rest}");
            let found = [&leased, &moved].map(|endpoint| same_path(&address, endpoint));
            assert_eq!(found, same, "{rest}");
        }
        let at_home = |rest: &str, host_traddr: Option<&str>| {
            let endpoint = Endpoint {
                traddr: "127.0.0.1".parse().expect("address"),
                host_traddr: host_traddr.map(|text| text.parse().expect("address")),
                ..leased.clone()
            };
            same_path(&format!("traddr=127.0.0.1,trsvcid=4420{rest}"), &endpoint)
        };
        for host_traddr in [Some("127.0.0.9"), None] {
            assert!(at_home(",src_addr=127.0.0.1", host_traddr));
            assert!(at_home(",host_traddr=127.0.0.1", host_traddr));
            // Nothing was given, and the kernel is reconnecting: the route tells.
            assert!(at_home("", host_traddr));
        }
    }
}
