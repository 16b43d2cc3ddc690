//! The model that every format reads: `--to json` prints an array of interfaces. nbft-json(5) documents the keys.
//!
//! All its texts are safe in any file: names, host names and table names consist of ASCII letters, digits and `.`, `_`,
//! `-`; the other texts are made of numbers. The one exception is `rejected_hostname`, which no format uses.

use std::net::IpAddr;

use nbft_common::table::addr::{Colons, MacAddr, Uuid};
use serde::Serialize;

use crate::hfi_ref::HfiRef;

/// The means by which an interface gets its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Naming {
    /// The interface is renamed.
    #[default]
    Rename,
    /// The interface gets the name as an alternative name.
    AltName,
    /// The interface keeps the system's name; formats identify it by its MAC address.
    None,
}

/// An interface: all HFIs with one MAC address and one VLAN, or a NIC that only carries VLANs.
#[derive(Debug, Serialize)]
pub struct Interface {
    /// Unique name of at most 15 characters. A VLAN device has it in every mode of naming.
    pub name: String,
    /// The means by which it gets that name.
    pub naming: Naming,
    /// MAC address of the NIC.
    pub mac: MacAddr,
    /// VLAN id; 0 for a NIC.
    pub vlan: u16,
    /// Name of the NIC below a VLAN device.
    pub parent: Option<String>,
    /// Name of a VLAN device in the form NIC.VID, for consumers that read the VLAN id out of the name.
    pub tagged_name: Option<String>,
    /// Names of the VLAN devices on a NIC.
    pub vlans: Vec<String>,
    /// The running kernel's name for the interface; null if the interface does not exist (yet).
    pub device: Option<String>,
    /// The running kernel's index of the interface.
    pub ifindex: Option<u32>,
    /// Whether udev has processed the interface, so that `device` stays. Before that it may be a name like `eth0`.
    pub named: bool,
    /// The name to use on a command line now: the new name if it will be renamed, otherwise the kernel's current name;
    /// null if it cannot be known yet.
    pub ifname: Option<String>,
    /// `ifname` of the NIC below a VLAN device.
    pub parent_ifname: Option<String>,
    /// `ifindex` of that NIC.
    pub parent_ifindex: Option<u32>,
    /// `named` of that NIC.
    pub parent_named: bool,
    /// Identity of its connection profile, made of MAC address and VLAN: every run gives the same.
    pub uuid: Uuid,
    /// `uuid` of the NIC below a VLAN device.
    pub parent_uuid: Option<Uuid>,
    /// Its HFIs; none for a NIC that only carries VLANs.
    pub hfis: Vec<HfiRef>,
    /// Whether it has an address, fixed or given.
    pub addressed: bool,
    /// Its addresses; a leased or autoconfigured one is the firmware's.
    pub addresses: Vec<Address>,
    /// Whether a DHCP server gives an IPv4 address.
    pub dhcp4: bool,
    /// Whether a DHCP server gives an IPv6 address.
    pub dhcp6: bool,
    /// Whether a router advertisement gives an IPv6 address.
    pub slaac: bool,
    /// Whether router advertisements are used: beside DHCPv6, for an address, or only for the default route of a static
    /// address.
    pub accept_ra: bool,
    /// IPv4 gateway.
    pub gateway4: Option<IpAddr>,
    /// IPv6 gateway.
    pub gateway6: Option<IpAddr>,
    /// Whether the IPv4 default route may go over it.
    pub default4: bool,
    /// Whether the IPv6 default route may go over it.
    pub default6: bool,
    /// Metric of its IPv4 routes that are not in `routes`: those of leases; null for the system's default.
    pub metric4: Option<u32>,
    /// Metric of its IPv6 routes that are not in `routes`: those of leases and routers; null for the system's default.
    pub metric6: Option<u32>,
    /// Routes to set. A default route that a lease or a router advertises is not among them.
    pub routes: Vec<Route>,
    /// Name servers.
    pub dns: Vec<IpAddr>,
    /// Host name, valid by RFC 1123, of at most 64 characters.
    pub hostname: Option<String>,
    /// A host name that is not valid: any text at all.
    pub rejected_hostname: Option<String>,
    /// DHCP identity association id: the firmware's, otherwise the last four bytes of the MAC address.
    pub iaid: u32,
    /// DHCP unique identifier, hexadecimal with colons: the firmware's, otherwise one made of the MAC address.
    pub duid: Colons,
    /// Type of the DUID: `link-layer-time`, `vendor`, `link-layer` or `uuid`; null for any other.
    pub duid_type: Option<&'static str>,
    /// Bytes of the DUID after its type, hexadecimal with colons.
    pub duid_raw: Colons,
    /// DHCPv4 client identifier (option 61), hexadecimal with colons.
    pub client_id: Colons,
    /// Source of the client identifier: `duid` for the firmware's DUID with the IAID (RFC 4361), otherwise `mac`.
    pub client_id_type: &'static str,
    /// Addresses of the subsystems and discovery controllers reached over it.
    pub targets: Vec<IpAddr>,
    /// Number of interfaces that have addresses: one for each path.
    pub paths: usize,
    /// `degraded` for the only path, otherwise `no`: a dead path must not delay a boot over another one.
    pub required_for_online: &'static str,
}

/// Source of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// The table.
    Static,
    /// A DHCP server.
    Dhcp,
    /// A router advertisement.
    Slaac,
}

/// An address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Address {
    /// 4 or 6.
    pub family: u8,
    /// The address.
    pub address: IpAddr,
    /// Prefix length; never 0.
    pub prefix: u8,
    /// Source of the address.
    pub method: Method,
    /// Gateway of the HFI that has the address.
    pub gateway: Option<IpAddr>,
    /// Whether that HFI may have the default route.
    pub default: bool,
    /// Metric that the table gives for that HFI; null for the system's default.
    pub metric: Option<u32>,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Route {
    /// 4 or 6.
    pub family: u8,
    /// Address of the destination.
    pub destination: IpAddr,
    /// Prefix length of the destination.
    pub prefix: u8,
    /// Gateway; null if the destination is on the link or, with `dynamic`, if the table names no gateway.
    pub gateway: Option<IpAddr>,
    /// Whether the gateway is outside the address's prefix.
    pub onlink: bool,
    /// Metric, which no other route to this destination has; null for the system's default.
    pub metric: Option<u32>,
    /// Whether this is the default route.
    pub default: bool,
    /// Whether the DHCP server or the router advertises the gateway; `gateway` is then the firmware's.
    pub dynamic: bool,
}
