//! One HFI, read with care: addresses that a host can have, prefixes of a valid length, names that are names.

use std::collections::BTreeSet;
use std::net::IpAddr;

use nbft_common::table::{Hfi, TableFile};

use crate::address::{self, usable};
use crate::hfi_ref::HfiRef;
use crate::host_name::is_host_name;
use crate::interface::Method;
use crate::routes::is_link_local;

/// An HFI and what follows from its table.
#[derive(Debug)]
pub struct Facts<'a> {
    pub hfi: &'a Hfi,
    pub reference: HfiRef,
    /// X in `nbftXhY`.
    pub number: u32,
    pub is_v6: bool,
    /// Whether nothing tells the family of a lease, so that it may be of either.
    pub any_family: bool,
    /// The source of the address.
    pub method: Method,
    pub address: Option<IpAddr>,
    /// Prefix length of the address; never 0.
    pub prefix: u8,
    pub gateway: Option<IpAddr>,
    pub dns: Vec<IpAddr>,
    /// Whether the HFI may have the default route.
    pub default: bool,
    /// Targets of its family.
    pub targets: Vec<IpAddr>,
    pub host_name: Option<&'a str>,
    /// A host name that is not valid: any text at all.
    pub rejected_host_name: Option<&'a str>,
    /// DHCP unique identifier.
    pub duid: Option<Vec<u8>>,
}

/// A table whose HFIs are read.
pub struct Source<'a> {
    table: &'a TableFile,
    /// X in `nbftXhY`.
    number: u32,
    /// Addresses that each HFI reaches, by its index.
    targets: Vec<BTreeSet<IpAddr>>,
    /// Every HFI may have the default route.
    always_default: bool,
}

impl<'a> Source<'a> {
    pub fn new(table: &'a TableFile, number: u32, always_default: bool) -> Self {
        Self {
            table,
            number,
            targets: address::targets(table),
            always_default,
        }
    }

    /// Reads an HFI; `warn` is called for each value that is not used.
    pub fn facts(&self, hfi: &'a Hfi, warn: &mut dyn FnMut(String)) -> Facts<'a> {
        let reference = HfiRef::new(self.table, hfi.index);
        let unused = &mut |what: String| warn(format!("{reference}: {what}, not used"));
        let targets = || self.targets.get(usize::from(hfi.index)).into_iter().flatten().copied();
        let address = host(hfi.ipaddr, "address", unused);
        let gateway = host(hfi.gateway_ipaddr, "gateway", unused);
        let dns: Vec<IpAddr> = [hfi.primary_dns_ipaddr, hfi.secondary_dns_ipaddr]
            .into_iter()
            .filter_map(|server| host(server, "name server", unused))
            .collect();
        // Not all firmware writes the zero address as IPv4: without an address, the addresses beside it tell the family.
        let told = address
            .or_else(|| hfi.dhcp_server_ipaddr.and_then(usable))
            .or(gateway)
            .or(dns.first().copied())
            .or_else(|| targets().next());
        let is_v6 = told.unwrap_or(hfi.ipaddr).is_ipv6();
        let gateway = gateway.filter(|gateway| {
            let fits = gateway.is_ipv6() == is_v6;
            if !fits {
                unused(format!("gateway {gateway} is of another family than the address"));
            }
            fits
        });
        let (host_name, rejected_host_name) = host_name(hfi, unused);
        let duid = duid(hfi, unused);
        let widest = if is_v6 { 128 } else { 32 };
        let stated = Some(hfi.subnet_mask_prefix).filter(|prefix| (1..=widest).contains(prefix));
        Facts {
            hfi,
            reference,
            number: self.number,
            is_v6,
            any_family: told.is_none() && hfi.is_dhcp(),
            method: method(hfi, is_v6),
            address,
            prefix: stated.unwrap_or(if is_v6 { 64 } else { 32 }),
            gateway,
            dns,
            default: self.always_default || hfi.this_hfi_is_default_route,
            targets: targets().filter(|target| target.is_ipv6() == is_v6).collect(),
            host_name,
            rejected_host_name,
            duid,
        }
    }
}

/// An address that a host can have; `unused` hears of any other but the zero address.
fn host(address: IpAddr, what: &str, unused: &mut dyn FnMut(String)) -> Option<IpAddr> {
    let read = usable(address);
    if read.is_none() && !address.to_canonical().is_unspecified() {
        unused(format!("{what} {address} is not valid for a host"));
    }
    read
}

/// The host name, as a valid or as a rejected one.
fn host_name<'a>(hfi: &'a Hfi, unused: &mut dyn FnMut(String)) -> (Option<&'a str>, Option<&'a str>) {
    match hfi.host_name.as_deref() {
        Some(name) if !is_host_name(name) => {
            let shown: String = name.chars().take(80).collect();
            unused(format!("host name '{shown}' is not valid (RFC 1123)"));
            (None, Some(name))
        }
        valid => (valid, None),
    }
}

/// The bytes of a DUID: its type and at least one more.
fn duid(hfi: &Hfi, unused: &mut dyn FnMut(String)) -> Option<Vec<u8>> {
    let wire = hfi.dhcp_duid.as_ref()?.to_wire();
    if wire.len() < 3 {
        unused("the DHCP unique identifier is empty".to_owned());
        return None;
    }
    Some(wire)
}

fn method(hfi: &Hfi, is_v6: bool) -> Method {
    if hfi.is_dhcp() {
        Method::Dhcp
    } else if is_v6 && hfi.is_autoconf() {
        Method::Slaac
    } else {
        Method::Static
    }
}

impl Facts<'_> {
    /// Whether a server or a router gives the address.
    pub fn is_dynamic(&self) -> bool {
        self.method != Method::Static
    }

    /// Whether its interface gets an address from it.
    pub fn is_addressed(&self) -> bool {
        self.is_dynamic() || self.address.is_some()
    }

    /// Whether it is of this family.
    pub fn is_of(&self, is_v6: bool) -> bool {
        self.any_family || self.is_v6 == is_v6
    }

    /// Whether its address is alone in its network, so that no other address is on the link unless a route says so.
    pub fn is_alone(&self) -> bool {
        self.address.is_some() && self.prefix == if self.is_v6 { 128 } else { 32 }
    }

    /// Whether its static address has its default route from a router: the firmware marks the HFI for that route, and names
    /// no gateway. Revision 1.0 of the table cannot tell an autoconfigured address from a static one.
    pub fn needs_router(&self) -> bool {
        let routed = |own: IpAddr| own.is_ipv6() && !is_link_local(own);
        self.hfi.this_hfi_is_default_route
            && self.gateway.is_none()
            && self.address.is_some_and(routed)
            && !self.is_dynamic()
            && !self.is_alone()
    }

    /// Metric of its routes.
    pub fn metric(&self) -> Option<u32> {
        Some(self.hfi.route_metric.into()).filter(|metric| *metric != 0)
    }
}
