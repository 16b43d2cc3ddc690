//! The model that every format reads: an array of these is what `--to json` prints. nbft-json(5) documents its keys.
//!
//! All texts in it are safe to write anywhere: names, host names and table names hold nothing but ASCII letters, digits
//! and `.`, `_`, `-`; all else is made of numbers. The one exception is `rejected_hostname`, which no format uses.

use std::fmt;
use std::net::IpAddr;

use nbft_common::table::Table;
use nbft_common::table::addr::{MacAddr, Uuid};
use serde::Serialize;

/// How an interface comes to its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Naming {
    /// It is renamed.
    #[default]
    Rename,
    /// It gets the name as an alternative one.
    AltName,
    /// It keeps whatever name the system gives; everything goes by its MAC address.
    None,
}

/// An interface: what all HFIs with one MAC address and one VLAN have in common, or a NIC that only carries VLANs.
#[derive(Debug, Serialize)]
pub struct Interface {
    /// Its name: at most 15 characters, no two alike. A VLAN device has it in every mode of naming.
    pub name: String,
    /// How it comes to that name.
    pub naming: Naming,
    /// MAC address of the NIC.
    pub mac: MacAddr,
    /// VLAN id; 0: the NIC itself.
    pub vlan: u16,
    /// Name of the NIC that a VLAN device is on.
    pub parent: Option<String>,
    /// The VLAN device's name in the form NIC.VID, for consumers that read the id out of the name.
    pub tagged_name: Option<String>,
    /// Names of the VLAN devices on a NIC.
    pub vlans: Vec<String>,
    /// What the running kernel calls it; null when there is no such interface (yet).
    pub device: Option<String>,
    /// Index of that interface.
    pub ifindex: Option<u32>,
    /// udev is done with that interface: its name stays as it is. Until then it is the kernel's, like `eth0`.
    pub named: bool,
    /// What to call it in a command now: its name when it is renamed; else what the kernel calls it, or, when it is not
    /// there yet, its name if it will have that one too; null: nobody knows.
    pub ifname: Option<String>,
    /// The same of the NIC that a VLAN device is on.
    pub parent_ifname: Option<String>,
    /// Whether that NIC's name stays.
    pub parent_named: bool,
    /// Stable identity of its connection profile, made of MAC address and VLAN.
    pub uuid: Uuid,
    /// The same of the NIC that a VLAN device is on.
    pub parent_uuid: Option<Uuid>,
    /// The HFIs it stands for; none for a NIC that only carries VLANs.
    pub hfis: Vec<HfiRef>,
    /// Whether it gets an address in some way.
    pub addressed: bool,
    /// Its addresses; those leased or autoconfigured are what the firmware had.
    pub addresses: Vec<Address>,
    /// It has an IPv4 lease.
    pub dhcp4: bool,
    /// It has an IPv6 lease.
    pub dhcp6: bool,
    /// It has an address from a router advertisement.
    pub slaac: bool,
    /// IPv4 gateway.
    pub gateway4: Option<IpAddr>,
    /// IPv6 gateway.
    pub gateway6: Option<IpAddr>,
    /// Whether the IPv4 default route may go over it.
    pub default4: bool,
    /// Whether the IPv6 default route may go over it.
    pub default6: bool,
    /// Metric of its IPv4 routes; null: the system's default.
    pub metric4: Option<u16>,
    /// Metric of its IPv6 routes; null: the system's default.
    pub metric6: Option<u16>,
    /// Routes to set. A default route that a lease or a router advertises is not among them.
    pub routes: Vec<Route>,
    /// Name servers.
    pub dns: Vec<IpAddr>,
    /// Host name, valid as RFC 1123 has it and at most 64 characters.
    pub hostname: Option<String>,
    /// A host name that is not valid: any text at all.
    pub rejected_hostname: Option<String>,
    /// DHCP identity association id: the firmware's, or else the last four bytes of the MAC address.
    pub iaid: u32,
    /// DHCP unique identifier, hexadecimal with colons: the firmware's, or else the one made of the MAC address.
    pub duid: String,
    /// Type of the DUID: `link-layer-time`, `vendor`, `link-layer` or `uuid`; null: another one.
    pub duid_type: Option<&'static str>,
    /// Bytes of the DUID after its type, hexadecimal with colons.
    pub duid_raw: String,
    /// What the DHCPv4 client calls itself (option 61), hexadecimal with colons.
    pub client_id: String,
    /// What that is made of: `duid` when the firmware's is known (with the IAID, RFC 4361), else `mac`.
    pub client_id_type: &'static str,
    /// Addresses of the subsystems and discovery controllers reached over it.
    pub targets: Vec<IpAddr>,
    /// How many interfaces have addresses: one for each path.
    pub paths: usize,
    /// `degraded` when it is the only path, else `no`: a dead path must not delay a boot over another one.
    pub required_for_online: &'static str,
}

/// An HFI: `TABLE:index` names it on a command line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HfiRef {
    /// Name of its table.
    pub table: String,
    /// Index of its descriptor.
    pub index: u8,
}

impl HfiRef {
    /// The HFI of this index. The table's name gets characters that mean nothing to any file format.
    pub fn new(table: &Table, index: u8) -> Self {
        Self {
            table: plain(table.name()),
            index,
        }
    }
}

fn plain(text: &str) -> String {
    let plain = |c: char| match c {
        '.' | '_' | '-' => c,
        _ if c.is_ascii_alphanumeric() => c,
        _ => '_',
    };
    text.chars().map(plain).take(64).collect()
}

/// As messages name it.
impl fmt::Display for HfiRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: HFI {}", self.table, self.index)
    }
}

/// Where an address comes from.
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
    /// Where it comes from.
    pub method: Method,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Route {
    /// 4 or 6.
    pub family: u8,
    /// Where to.
    pub destination: IpAddr,
    /// Prefix length of the destination.
    pub prefix: u8,
    /// The gateway; null: the destination is on the link, or (with `dynamic`) the table does not say.
    pub gateway: Option<IpAddr>,
    /// The gateway is outside the address's prefix.
    pub onlink: bool,
    /// Metric; null: the system's default.
    pub metric: Option<u16>,
    /// It is the default route.
    pub default: bool,
    /// The gateway is whichever the DHCP server or the router advertises; `gateway` is what the firmware had.
    pub dynamic: bool,
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn names_of_tables() {
        assert_eq!(plain("NBFT1"), "NBFT1");
        assert_eq!(plain("a b\n[c]é$"), "a_b__c___");
    }
}
