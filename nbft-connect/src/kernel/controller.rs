//! One controller, as sysfs shows it.

use std::fs::File;
use std::io::Read;
use std::net::IpAddr;

use nbft_common::command::{root, sysfs};

use crate::endpoint::Endpoint;

pub const CLASS: &str = "/sys/class/nvme";

/// A controller that a path came up with. The kernel gives the name of a controller that it removed to another one, so the
/// name alone does not tell whether the controller still exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controller {
    name: String,
    /// The attributes that stay the same: subsystem, host, and the address as it was given.
    attributes: [Option<String>; 4],
}

impl Controller {
    /// Takes note of a controller.
    pub fn note(name: String) -> Self {
        let attributes = ["subsysnqn", "hostnqn", "hostid"].map(|it| attribute(&name, it));
        let [subsystem, host, id] = attributes;
        let address = attribute(&name, "address").map(|address| {
            let given = address.split(',').filter(|field| !field.starts_with("src_addr="));
            given.collect::<Vec<_>>().join(",")
        });
        Self {
            name,
            attributes: [subsystem, host, id, address],
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the controller still exists, and is not going away.
    pub fn exists(&self) -> bool {
        state(&self.name).is_some() && !is_going(&self.name) && *self == Self::note(self.name.clone())
    }

    /// The source address that the controller was given. The kernel reconnects it from no other.
    pub fn source(&self) -> Option<IpAddr> {
        let [.., address] = &self.attributes;
        part(address.as_ref()?, "host_traddr").and_then(address_of)
    }
}

/// An attribute of a controller.
pub fn attribute(name: &str, attribute: &str) -> Option<String> {
    sysfs::attribute(&format!("{CLASS}/{name}/{attribute}"))
}

fn state(name: &str) -> Option<String> {
    attribute(name, "state")
}

/// Whether a controller is connected at this moment.
pub fn is_live(name: &str) -> bool {
    state(name).as_deref() == Some("live")
}

/// Whether the kernel is removing a controller.
pub fn is_going(name: &str) -> bool {
    matches!(state(name).as_deref(), Some("deleting" | "deleting (no IO)" | "dead"))
}

/// Whether the kernel is reconnecting a controller.
pub fn is_reconnecting(name: &str) -> bool {
    matches!(state(name).as_deref(), Some("connecting" | "resetting"))
}

/// Whether a controller has been live: the kernel links a controller to its subsystem when it has identified it.
pub fn was_live(name: &str) -> bool {
    match state(name).as_deref() {
        Some("live") => true,
        Some("new") => false,
        _ => sysfs::names("/sys/class/nvme-subsystem")
            .iter()
            .any(|subsystem| root::path(&format!("/sys/class/nvme-subsystem/{subsystem}/{name}")).exists()),
    }
}

/// The security that an endpoint demands and a controller lacks, in words.
pub fn lacks(name: &str, endpoint: &Endpoint) -> Option<&'static str> {
    if ["tls", "concat"].into_iter().any(|key| endpoint.demands(key)) && !is_over_tls(name) {
        Some("without TLS")
    } else if endpoint.demands("dhchap_secret") && !has_secret(name, "dhchap_secret") {
        Some("without authentication of this host")
    } else if endpoint.demands("dhchap_ctrl_secret") && !has_secret(name, "dhchap_ctrl_secret") {
        Some("without authentication of the target")
    } else {
        None
    }
}

/// Since Linux 6.12 a controller without TLS has no such attribute, before it has an empty one. A kernel that knows secure
/// concatenation empties the attribute until it has reconnected the controller, and reconnects over TLS alone.
fn is_over_tls(name: &str) -> bool {
    attribute(name, "tls_key").is_some_and(|key| !key.is_empty() || !is_live(name))
}

/// The kernel shows `none` where no secret was given, and otherwise the secret, which is not to be read.
fn has_secret(name: &str, attribute: &str) -> bool {
    let mut start = [0; 5];
    let file = File::open(root::path(&format!("{CLASS}/{name}/{attribute}")));
    file.and_then(|mut file| file.read_exact(&mut start)).is_ok() && &start == b"DHHC-"
}

/// One part of sysfs' `traddr=…,trsvcid=…[,host_traddr=…][,host_iface=…][,src_addr=…]`.
pub fn part<'a>(address: &'a str, key: &str) -> Option<&'a str> {
    address
        .split(',')
        .find_map(|field| field.strip_prefix(key)?.strip_prefix('='))
}

/// An address of sysfs, with or without a scope.
pub fn address_of(text: &str) -> Option<IpAddr> {
    let text = text.split('%').next().unwrap_or(text);
    text.trim_matches(['[', ']']).parse().ok()
}
