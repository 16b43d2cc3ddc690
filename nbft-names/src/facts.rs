//! One HFI, read with care: addresses that a host can have, prefixes of a valid length, names that are names.

use std::collections::BTreeSet;
use std::net::IpAddr;

use nbft_common::table::{Hfi, Table};

use crate::address::usable;
use crate::hfi_ref::HfiRef;
use crate::host_name::is_host_name;
use crate::identity;
use crate::interface::Method;

/// An HFI and what follows from its table.
#[derive(Debug)]
pub struct Facts<'a> {
    pub hfi: &'a Hfi,
    pub reference: HfiRef,
    /// X in `nbftXhY`.
    pub number: u32,
    pub is_v6: bool,
    /// The source of the address.
    pub method: Method,
    pub address: Option<IpAddr>,
    /// Prefix length of the address; never 0.
    pub prefix: u8,
    /// Whether the table gives no prefix length and none can be assumed.
    pub prefix_unknown: bool,
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

impl<'a> Facts<'a> {
    /// Reads an HFI; `warn` is called for each value that is not used.
    pub fn new(
        table: &Table,
        number: u32,
        hfi: &'a Hfi,
        targets: &BTreeSet<IpAddr>,
        always_default: bool,
        warn: &mut dyn FnMut(String),
    ) -> Self {
        let reference = HfiRef::new(table, hfi.index);
        let mut unused = |what: String| warn(format!("{reference}: {what}, not used"));
        let mut read = |address: IpAddr, what: &str| {
            let read = usable(address);
            if read.is_none() && !address.to_canonical().is_unspecified() {
                unused(format!("{what} {address} is not valid for a host"));
            }
            read
        };
        let address = read(hfi.ipaddr, "address");
        let gateway = read(hfi.gateway_ipaddr, "gateway");
        let dns: Vec<IpAddr> = [hfi.primary_dns_ipaddr, hfi.secondary_dns_ipaddr]
            .into_iter()
            .filter_map(|server| read(server, "name server"))
            .collect();
        // Not all firmware writes the zero address as IPv4: without an address, the addresses beside it tell the family.
        let is_v6 = address
            .or_else(|| hfi.dhcp_server_ipaddr.and_then(usable))
            .or(gateway)
            .or(dns.first().copied())
            .or(targets.first().copied())
            .unwrap_or(hfi.ipaddr)
            .is_ipv6();
        let gateway = gateway.filter(|gateway| {
            let fits = gateway.is_ipv6() == is_v6;
            if !fits {
                unused(format!("gateway {gateway} is of another family than the address"));
            }
            fits
        });
        let (host_name, rejected_host_name) = match hfi.host_name.as_deref() {
            Some(name) if !is_host_name(name) => {
                let shown: String = name.chars().take(80).collect();
                unused(format!("host name '{shown}' is not valid (RFC 1123)"));
                (None, Some(name))
            }
            valid => (valid, None),
        };
        let duid = hfi.dhcp_duid.as_deref().and_then(|text| {
            let duid = identity::duid(text);
            if duid.is_none() {
                unused("the DHCP unique identifier is not valid".to_owned());
            }
            duid
        });
        let widest = if is_v6 { 128 } else { 32 };
        let stated = Some(hfi.subnet_mask_prefix).filter(|prefix| (1..=widest).contains(prefix));
        Self {
            number,
            is_v6,
            method: method(hfi, is_v6),
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
            host_name,
            rejected_host_name,
            duid,
            reference,
            hfi,
        }
    }

    /// Whether a server or a router gives the address.
    pub fn is_dynamic(&self) -> bool {
        self.method != Method::Static
    }

    /// Whether it brings its interface an address.
    pub fn is_addressed(&self) -> bool {
        self.is_dynamic() || self.address.is_some()
    }

    /// Metric of its routes.
    pub fn metric(&self) -> Option<u16> {
        Some(self.hfi.route_metric).filter(|metric| *metric != 0)
    }
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
