//! One path to a subsystem: a transport address, as seen from one HFI.

use std::net::IpAddr;

use nbft_common::addr::MacAddr;
use nbft_common::failure::{Exit, Failure};
use nbft_common::table::{Hfi, Ssns, Table};

use crate::fabrics::Supported;
use crate::interface::{self, Interface};
use crate::line::{Field, Line};

/// Longest NQN in bytes (NVMe base specification, section 4.7).
const MAX_NQN: usize = 223;

/// NQN of every discovery controller that has none of its own.
const DISCOVERY_NQN: &str = "nqn.2014-08.org.nvmexpress.discovery";

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
    /// The address was leased, and may be another one by now.
    pub leased: bool,
    pub traddr: IpAddr,
    pub trsvcid: u16,
    pub nqn: String,
    pub hostnqn: String,
    pub hostid: String,
    pub header_digest: bool,
    pub data_digest: bool,
}

impl Path {
    /// The path of an SSNS over one of its HFIs.
    pub fn new(table: &Table, ssns: &Ssns, hfi: &Hfi) -> Result<Self, Failure> {
        let bad = |what: &str| Failure::new(Exit::Data, format!("SSNS {}: {what}", ssns.index));
        let port = ssns.trsvcid.parse().ok().filter(|&port: &u16| port != 0);
        let digits = ssns.trsvcid.bytes().all(|c| c.is_ascii_digit());
        let trsvcid = port.filter(|_| digits).ok_or_else(|| {
            bad(&format!(
                "transport service id '{}' is not a TCP port (1 to 65535)",
                ssns.trsvcid
            ))
        })?;
        for (what, nqn) in [("subsystem", &ssns.subsys_nqn), ("host", &table.host.nqn)] {
            if nqn.len() > MAX_NQN {
                return Err(bad(&format!(
                    "{what} NQN of {} bytes is longer than {MAX_NQN}",
                    nqn.len()
                )));
            }
        }
        if ssns.subsys_nqn == DISCOVERY_NQN {
            return Err(bad("is a discovery controller, not a subsystem with disks"));
        }
        let same_family = hfi.ipaddr.is_ipv4() == ssns.traddr.is_ipv4();
        Ok(Self {
            hfi: hfi.index,
            mac: hfi.mac_addr,
            vlan: hfi.vlan,
            source: Some(hfi.ipaddr).filter(|addr| !addr.is_unspecified() && same_family),
            leased: hfi.is_dhcp(),
            traddr: ssns.traddr,
            trsvcid,
            nqn: ssns.subsys_nqn.clone(),
            hostnqn: table.host.nqn.clone(),
            hostid: table.host.id.to_string(),
            header_digest: ssns.pdu_header_digest_required,
            data_digest: ssns.data_digest_required,
        })
    }

    /// The interface this path leaves by.
    pub fn interface(&self) -> Option<Interface> {
        interface::find(self.mac, self.vlan, self.source)
    }

    /// The option line, over `interface` as far as there is one. Options that only narrow the path are left out when the
    /// kernel does not know them; what the table or the user demands is not.
    pub fn line(&self, interface: Option<&Interface>, kernel: &Supported, extra: &[Field]) -> Result<Line, Failure> {
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
        line.push("hostnqn", &self.hostnqn)?;
        line.push("hostid", &self.hostid)?;
        if self.header_digest {
            line.flag("hdr_digest");
        }
        if self.data_digest {
            line.flag("data_digest");
        }
        extra.iter().for_each(|field| line.set(field));
        match line.unsupported(kernel) {
            None => Ok(line),
            Some(key) => {
                let message = format!("this kernel's NVMe over fabrics does not know the option {key}");
                Err(Failure::new(Exit::Unsupported, message))
            }
        }
    }
}

/// The text of an address; a link-local one means nothing without its interface.
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
