//! One path, as the table describes it: a subsystem at a transport address, seen from one HFI. The machine's present
//! state turns a path into an endpoint.

use std::net::IpAddr;

use nbft_common::command::failure::{Exit, Failure};
use nbft_common::table::Hfi;
use nbft_common::table::addr::MacAddr;

use crate::endpoint::Endpoint;
use crate::host::identity::Identity;
use crate::host::interface::{self, Interface};
use crate::host::rtnetlink;
use crate::options::{self, ConnectOption, Options};
use crate::secret::tls_key::TlsKey;
use crate::security::{self, Security};

/// A path.
#[derive(Clone, Debug)]
pub struct Path {
    /// Index of the HFI.
    pub hfi: u8,
    mac: MacAddr,
    vlan: u16,
    /// The HFI's address, when it can be the source for this target.
    source: Option<IpAddr>,
    /// The address was leased or formed by autoconfiguration, and may have changed since.
    leased: bool,
    /// Another HFI leads to the target as well, so the address alone may not choose the interface.
    rivals: bool,
    traddr: IpAddr,
    trsvcid: u16,
    nqn: String,
    identity: Identity,
    /// Options that the descriptor demands.
    pub demands: Vec<ConnectOption>,
    /// How secure the path has to be.
    pub security: Security,
    /// The administrator's options, which come last.
    options: Options,
    /// The security options of the latest endpoint.
    secure: Option<(Vec<ConnectOption>, Option<TlsKey>)>,
    /// The path was connected once.
    was_up: bool,
}

impl Path {
    /// The path over `hfi` to a subsystem at an address. `all` are the HFIs of the machine.
    ///
    /// # Errors
    /// [`Exit::Data`] for a port or an NQN that the kernel would not take.
    pub fn new<'a>(
        hfi: &Hfi,
        all: impl Iterator<Item = &'a Hfi>,
        (traddr, trsvcid): (IpAddr, &str),
        nqn: &str,
        identity: &Identity,
    ) -> Result<Self, Failure> {
        let bad = |message| Failure::new(Exit::Data, message);
        let trsvcid = options::port(trsvcid).ok_or_else(|| {
            bad(format!(
                "transport service id '{trsvcid}' is not a TCP port (1 to 65535)"
            ))
        })?;
        let nqn = options::nqn(nqn).map_err(|why| bad(format!("subsystem: {why}")))?;
        options::nqn(&identity.nqn).map_err(|why| bad(format!("host: {why}")))?;
        let same_family = hfi.ipaddr.is_ipv4() == traddr.is_ipv4();
        let same_nic = |other: &Hfi| (other.mac_addr, other.vlan) == (hfi.mac_addr, hfi.vlan);
        Ok(Self {
            hfi: hfi.index,
            mac: hfi.mac_addr,
            vlan: hfi.vlan,
            source: Some(hfi.ipaddr).filter(|addr| !addr.is_unspecified() && same_family),
            leased: hfi.is_dhcp() || hfi.is_autoconf(),
            rivals: all
                .filter(|other| !same_nic(other))
                .any(|other| rivals(other, hfi, traddr)),
            traddr,
            trsvcid,
            nqn,
            identity: identity.clone(),
            demands: Vec::new(),
            security: Security::default(),
            options: Options::default(),
            secure: None,
            was_up: false,
        })
    }

    /// Takes the administrator's options over.
    pub fn set_options(&mut self, options: &Options) {
        let has = |key: &str| options.rest.iter().any(|option| option.key == key);
        self.security.tls = has("tls");
        self.security.tls_key = has("tls_key");
        self.security.concat = has("concat");
        self.options = options.clone();
    }

    /// The path is connected, or its log is read: its secrets are right, and are not read again. Their files may lie on the
    /// very disk that has to be reconnected.
    pub fn came_up(&mut self) {
        self.was_up = true;
    }

    /// Whether the source was leased, and may change.
    pub fn is_leased(&self) -> bool {
        self.leased && self.options.host_traddr.is_none()
    }

    /// The interface this path leaves by.
    ///
    /// # Errors
    /// No interface has the path's MAC address and VLAN, yet.
    pub fn interface(&self) -> Result<Interface, Failure> {
        let named = |name: &String| {
            interface::named(name).ok_or_else(|| format!("no network interface has the name {name} (yet)"))
        };
        let found = match &self.options.host_iface {
            Some(name) => named(name),
            None => interface::find(self.mac, self.vlan, self.source).ok_or_else(|| {
                let vlan = match self.vlan {
                    0 => String::new(),
                    vlan => format!(" and VLAN {vlan}"),
                };
                format!("no network interface has MAC address {}{vlan} (yet)", self.mac)
            }),
        };
        found.map_err(|message| Failure::new(Exit::TryAgain, message))
    }

    /// The endpoint over an interface, as the machine is now. A leased address may have changed since the firmware ran;
    /// then the interface alone chooses the source.
    ///
    /// # Errors
    /// As for [`Self::planned`]; [`Exit::TryAgain`] when the interface has no address for this target.
    pub fn endpoint(&mut self, interface: Interface) -> Result<Endpoint, Failure> {
        let mut endpoint = self.planned(Some(interface.clone()))?;
        if endpoint
            .host_traddr
            .is_some_and(|source| endpoint.leased && !interface::is_local(source))
        {
            endpoint.host_traddr = None;
            endpoint.names_interface = true;
        }
        // A packet sent without a local address can do harm: while no other interface is up, the kernel caches the
        // target as a broadcast route and never reaches the target again.
        if endpoint.host_traddr.is_none() && !interface::has_address_for(&interface.name, endpoint.traddr) {
            let message = format!("{} has no address for this target (yet)", interface.name);
            return Err(endpoint.failed(Failure::new(Exit::TryAgain, message)));
        }
        Ok(endpoint)
    }

    /// The endpoint over an interface, which the machine may not have yet, with the addresses of the table.
    ///
    /// # Errors
    /// [`Exit::Config`] when a security profile cannot be met.
    pub fn planned(&mut self, interface: Option<Interface>) -> Result<Endpoint, Failure> {
        let given = &self.options;
        let nqn = given.nqn.clone().unwrap_or_else(|| self.nqn.clone());
        let mut options = self.demands.clone();
        let secure = match &self.secure {
            Some(secure) if self.was_up => secure.clone(),
            _ => security::demands(&self.security, &self.identity.nqn, &nqn)?,
        };
        self.secure = Some(secure.clone());
        let (secure, tls_key) = secure;
        options.extend(secure);
        given
            .rest
            .iter()
            .for_each(|option| options::set(&mut options, option.clone()));
        let mut endpoint = Endpoint {
            nqn,
            traddr: given.traddr.unwrap_or(self.traddr),
            trsvcid: given.trsvcid.unwrap_or(self.trsvcid),
            host_traddr: given.host_traddr.or(self.source),
            leased: self.is_leased(),
            interface,
            names_interface: given.host_iface.is_some(),
            identity: self.identity.clone(),
            options,
            tls_key,
        };
        endpoint.names_interface |= self.needs_interface(&endpoint);
        Ok(endpoint)
    }

    /// Whether the source address does not choose the interface by itself. A name in the option line is a risk: after
    /// the interface is renamed, the kernel cannot reconnect.
    fn needs_interface(&self, endpoint: &Endpoint) -> bool {
        let Some(source) = endpoint.host_traddr else {
            return true;
        };
        let scoped = |address: IpAddr| matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local());
        if self.rivals || scoped(source) || scoped(endpoint.traddr) {
            return true;
        }
        let Some(interface) = &endpoint.interface else {
            return false;
        };
        match rtnetlink::interface_for(source, endpoint.traddr) {
            Some(index) => index != interface.index,
            // Without a route of its own the path may have one over the interface, as inside a VRF.
            None => interface::is_local(source),
        }
    }

    /// A failure on this path, with its HFI's name.
    pub fn failed(&self, failure: Failure) -> Failure {
        failure.at(format_args!("HFI {}", self.hfi))
    }
}

/// Whether packets to `target` may leave by `other` instead of `hfi`: the target is on the other's network, or behind the
/// gateways of both.
fn rivals(other: &Hfi, hfi: &Hfi, target: IpAddr) -> bool {
    let on_link = |hfi: &Hfi| in_network(hfi.ipaddr, hfi.subnet_mask_prefix, target);
    let behind_gateway = !other.gateway_ipaddr.is_unspecified() || other.is_dhcp() || other.is_autoconf();
    other.ipaddr.is_ipv4() == target.is_ipv4() && (on_link(other) || behind_gateway && !on_link(hfi))
}

/// Whether two addresses share a network; a prefix of 0 means that none is stated.
fn in_network(one: IpAddr, prefix: u8, other: IpAddr) -> bool {
    let (differing, bits) = match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (u128::from(one.to_bits() ^ other.to_bits()) << 96, 32),
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits() ^ other.to_bits(), 128),
        _ => return false,
    };
    prefix != 0 && differing.leading_zeros() >= u32::from(prefix.min(bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        for (one, prefix, other, shared) in [
            ("192.168.1.20", 24, "192.168.1.1", true),
            ("192.168.1.20", 24, "192.168.2.1", false),
            ("192.168.1.20", 32, "192.168.1.20", true),
            ("192.168.1.20", 0, "192.168.1.1", false),
            ("2001:db8::1", 64, "2001:db8::2", true),
            ("2001:db8::1", 128, "2001:db8::2", false),
            ("2001:db8::1", 64, "192.168.1.1", false),
        ] {
            let address = |text: &str| text.parse().expect("address");
            assert_eq!(
                in_network(address(one), prefix, address(other)),
                shared,
                "{one}/{prefix} {other}"
            );
        }
    }
}
