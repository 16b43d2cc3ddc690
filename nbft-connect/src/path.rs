//! One path to a subsystem: a transport address, as seen from one HFI.

use std::net::IpAddr;

use nbft_common::command::failure::{Exit, Failure};
use nbft_common::table::Hfi;
use nbft_common::table::addr::MacAddr;
use nbft_common::table::nqn::MAX_NQN;

use crate::fabrics::Supported;
use crate::identity::Identity;
use crate::interface::{self, Interface};
use crate::line::{Field, Line};
use crate::probe::Way;

/// Longest address text that the kernel reads, scope included.
const MAX_ADDRESS: usize = 48;

/// A path, from the table alone.
#[derive(Clone, Debug)]
pub struct Path {
    pub hfi: u8,
    pub mac: MacAddr,
    pub vlan: u16,
    /// The HFI's address, when it can be the source for this target.
    pub source: Option<IpAddr>,
    /// The address was leased or formed by autoconfiguration, and may have changed since.
    pub leased: bool,
    pub traddr: IpAddr,
    pub trsvcid: u16,
    pub nqn: String,
    pub identity: Identity,
    /// Flags and options that the table or the user demands.
    pub demands: Vec<Field>,
}

impl Path {
    /// The path over an HFI to a subsystem at an address.
    pub fn new(hfi: &Hfi, (traddr, trsvcid): (IpAddr, &str), nqn: &str, identity: &Identity) -> Result<Self, Failure> {
        let port = trsvcid.parse().ok().filter(|&port: &u16| port != 0);
        let digits = trsvcid.bytes().all(|c| c.is_ascii_digit());
        let trsvcid = port.filter(|_| digits).ok_or_else(|| {
            Failure::new(
                Exit::Data,
                format!("transport service id '{trsvcid}' is not a TCP port (1 to 65535)"),
            )
        })?;
        for (what, nqn) in [("subsystem", nqn), ("host", &identity.nqn)] {
            if nqn.len() > MAX_NQN {
                let message = format!("{what} NQN of {} bytes is longer than {MAX_NQN}", nqn.len());
                return Err(Failure::new(Exit::Data, message));
            }
        }
        let same_family = hfi.ipaddr.is_ipv4() == traddr.is_ipv4();
        Ok(Self {
            hfi: hfi.index,
            mac: hfi.mac_addr,
            vlan: hfi.vlan,
            source: Some(hfi.ipaddr).filter(|addr| !addr.is_unspecified() && same_family),
            leased: hfi.is_dhcp() || hfi.is_autoconf(),
            traddr,
            trsvcid,
            nqn: nqn.to_owned(),
            identity: identity.clone(),
            demands: Vec::new(),
        })
    }

    /// The interface this path leaves by.
    ///
    /// # Errors
    /// No interface has the path's MAC address and VLAN, yet.
    pub fn interface(&self) -> Result<Interface, Failure> {
        interface::find(self.mac, self.vlan, self.source).ok_or_else(|| {
            let vlan = if self.vlan == 0 {
                String::new()
            } else {
                format!(" and VLAN {}", self.vlan)
            };
            let message = format!("no network interface has MAC address {}{vlan} (yet)", self.mac);
            Failure::new(Exit::TryAgain, message)
        })
    }

    /// The option line, over `interface` if the interface exists. Options that only narrow the path are left out when
    /// the kernel does not know them; demands of the table or the user are never left out.
    pub fn line(&self, interface: Option<&Interface>, kernel: &Supported) -> Result<Line, Failure> {
        let mut line = Line::default();
        line.push("nqn", &self.nqn)?;
        line.push("transport", "tcp")?;
        line.push("traddr", scoped(self.traddr, interface))?;
        line.push("trsvcid", self.trsvcid)?;
        if let Some(source) = self.source.filter(|_| kernel.has("host_traddr")) {
            line.push("host_traddr", scoped(source, interface))?;
        }
        if let Some(interface) = interface.filter(|_| kernel.has("host_iface")) {
            line.push("host_iface", &interface.name)?;
        }
        line.push("hostnqn", &self.identity.nqn)?;
        line.push("hostid", self.identity.id)?;
        self.demands.iter().for_each(|field| line.set(field));
        match line.unsupported(kernel) {
            None => Ok(line),
            Some(key) => {
                let message = format!("this kernel's NVMe over fabrics does not know the option {key}");
                Err(Failure::new(Exit::Unsupported, message))
            }
        }
    }

    /// The network path that `line` describes, for a probe; the user may have changed any part of the line.
    pub fn way(&self, interface: Interface, line: &Line) -> Way {
        // The scope of a link-local address is the interface's.
        let address = |key| {
            line.get(key)
                .and_then(|text: &str| text.split('%').next()?.parse().ok())
        };
        Way {
            target: address("traddr").unwrap_or(self.traddr),
            port: line
                .get("trsvcid")
                .and_then(|port| port.parse().ok())
                .unwrap_or(self.trsvcid),
            source: address("host_traddr"),
            interface: match line.get("host_iface") {
                Some(name) if name != interface.name => interface::named(name).unwrap_or(interface),
                _ => interface,
            },
            tls: line.has("tls"),
        }
    }

    /// A failure on this path, with its HFI's name.
    pub fn failed(&self, failure: Failure) -> Failure {
        failure.at(format_args!("HFI {}", self.hfi))
    }
}

/// The text of an address; a link-local address means nothing without its interface.
fn scoped(address: IpAddr, interface: Option<&Interface>) -> String {
    match (address, interface) {
        (IpAddr::V6(v6), Some(interface)) if v6.is_unicast_link_local() => {
            let named = format!("{v6}%{}", interface.name);
            if named.len() <= MAX_ADDRESS {
                named
            } else {
                format!("{v6}%{}", interface.index)
            }
        }
        _ => address.to_string(),
    }
}
