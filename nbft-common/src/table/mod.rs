//! The NBFT as decoded values. Field names are the JSON's keys, in the JSON's order (nbft-json(5)).
//!
//! Keys that `nvme nbft show -o json` also prints keep that command's names, order and formats, so that existing jq
//! programs work. Keys that the command lacks follow, under the names of the specification.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use serde::{Deserialize, Serialize};

pub mod addr;
pub mod codes;
mod duid;
mod file;
mod json;
pub mod nqn;
pub mod parse;
pub mod uri;
mod warning;

use addr::{Bytes, MacAddr, Nid, Uuid};
pub use codes::{Availability, Demand, IpOrigin, NidType, Policy, PrimaryAdmin, Transport};
pub use duid::{Duid, MAX_DUID};
pub use file::TableFile;
use json::{is_false, is_zero, maybe_addr, unspecified, zero_one};
pub use warning::{Descriptor, Warning};

/// One NBFT (the ACPI header, the control descriptor and the structures that the two point to).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Table {
    /// Host identity that the firmware used.
    pub host: Host,
    /// Subsystem namespaces (SSNS), in the table's order.
    #[serde(default)]
    pub subsystem: Vec<Ssns>,
    /// Host fabric interfaces (HFI), in the table's order.
    #[serde(default)]
    pub hfi: Vec<Hfi>,
    /// Discovery controllers, in the table's order.
    #[serde(default)]
    pub discovery: Vec<Discovery>,
    /// Security profiles, in the table's order.
    #[serde(default)]
    pub security: Vec<Security>,
    /// Revision of the table, `major.minor`: `1.0` or `1.1`.
    #[serde(default)]
    pub revision: String,
    /// ACPI header: OEM id, up to 6 characters.
    #[serde(default)]
    pub oem_id: String,
    /// ACPI header: OEM table id, up to 8 characters.
    #[serde(default)]
    pub oem_table_id: String,
    /// ACPI header: OEM revision.
    #[serde(default)]
    pub oem_revision: u32,
    /// ACPI header: id of the utility that made the table.
    #[serde(default)]
    pub creator_id: u32,
    /// ACPI header: revision of that utility.
    #[serde(default)]
    pub creator_revision: u32,
    /// UEFI device path of the driver that made the table; absent when the table has none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub driver_device_path: Bytes,
    /// Control descriptor, flags bit 1 (set by EDK2): the firmware failed over to another boot path.
    #[serde(default, skip_serializing_if = "is_false", with = "zero_one")]
    pub boot_failover: bool,
    /// Oddities and dropped descriptors, each with its place.
    #[serde(default)]
    pub warnings: Vec<Warning>,
}

/// Host descriptor (figure 10).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Host {
    /// Host NQN.
    pub nqn: String,
    /// Host identifier; bytes in the table's order.
    pub id: Uuid,
    /// The host identifier was set by an administrator (else it is the driver's default).
    #[serde(default, with = "zero_one")]
    pub host_id_configured: bool,
    /// The host NQN was set by an administrator (else it is the driver's default).
    #[serde(default, with = "zero_one")]
    pub host_nqn_configured: bool,
    /// Whether to prefer this table's host identity among several tables.
    #[serde(default)]
    pub primary_admin_host_flag: PrimaryAdmin,
}

/// Subsystem namespace descriptor (figure 17) with its extended information (figure 21).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Ssns {
    /// SSNS descriptor index.
    pub index: u16,
    /// Length of `hfis`.
    #[serde(default)]
    pub num_hfis: usize,
    /// HFI descriptor indexes, the primary HFI first; every index is unique and has its HFI.
    pub hfis: Vec<u8>,
    /// Transport.
    #[serde(default)]
    pub transport: Transport,
    /// Transport address of the subsystem.
    pub traddr: IpAddr,
    /// Transport service id: a decimal TCP port.
    pub trsvcid: String,
    /// Port of the subsystem.
    #[serde(default)]
    pub subsys_port_id: u16,
    /// Namespace id; 0: `nid` alone identifies the namespace.
    #[serde(default)]
    pub nsid: u32,
    /// Type of `nid`; absent when the table gives none of the three defined types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nid_type: Option<NidType>,
    /// Namespace identifier.
    #[serde(default)]
    pub nid: Nid,
    /// NQN of the subsystem.
    pub subsys_nqn: String,
    /// Controller id of the first controller the driver used; 0: not specified.
    #[serde(default)]
    pub controller_id: u16,
    /// Admin submission queue size; 0 unless an administrator set the size.
    #[serde(default)]
    pub asqsz: u16,
    /// DHCP root path from which the firmware made this descriptor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dhcp_root_path_string: Option<String>,
    /// Header digest demanded (HDGST, figure 19).
    #[serde(default, with = "zero_one")]
    pub pdu_header_digest_required: bool,
    /// Data digest demanded (DDGST, figure 19).
    #[serde(default, with = "zero_one")]
    pub data_digest_required: bool,
    /// The firmware found the namespace by discovery (otherwise it was configured explicitly).
    #[serde(default, with = "zero_one")]
    pub discovered: bool,
    /// The firmware could not reach the namespace, or did not try.
    #[serde(default, with = "zero_one")]
    pub unavailable: bool,
    /// Namespace availability enhanced diagnostic, see [`codes::naed`]; absent when 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub naed: u8,
    /// Connect invalid parameters extended error codes, see [`codes::cipeec`]; absent when 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cipeec: u8,
    /// Connection timeout in seconds; absent when the table gives none (all of revision 1.0).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_timeout: Option<u16>,
    /// Network and connection extended error codes, see [`codes::nceec`]; absent when 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub nceec: u8,
    /// The two-bit field behind `unavailable`.
    #[serde(default)]
    pub availability: Availability,
    /// The namespace is not for booting; the operating system may need it later.
    #[serde(default, with = "zero_one")]
    pub non_bootable: bool,
    /// The firmware made this descriptor from the DHCP root path.
    #[serde(default, with = "zero_one")]
    pub dhcp_root_path_override: bool,
    /// The discovery controller and the subsystem have different transport addresses.
    #[serde(default, with = "zero_one")]
    pub separate_discovery_controller: bool,
    /// Index of the discovery descriptor that led to this subsystem; absent when none did.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub discovery_index: u8,
    /// Index of the security profile; absent unless the use-security flag is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_index: Option<u8>,
    /// The table's code for the identifier type, when the code is undefined.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub nid_type_code: u8,
}

/// Host fabric interface: descriptor (figure 12), transport information (figure 14), extended information (figure 15, revision 1.1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Hfi {
    /// HFI descriptor index.
    pub index: u8,
    /// Transport.
    #[serde(default)]
    pub transport: Transport,
    /// PCI address `segment:bus:device.function`, hexadecimal without padding.
    #[serde(default)]
    pub pcidev: String,
    /// MAC address.
    pub mac_addr: MacAddr,
    /// VLAN id, 1 to 4094; 0: none.
    #[serde(default)]
    pub vlan: u16,
    /// Source of the address.
    #[serde(default)]
    pub ip_origin: IpOrigin,
    /// Address of the interface; unspecified (`0.0.0.0` or `::`): none.
    pub ipaddr: IpAddr,
    /// Prefix length, bits.
    #[serde(default)]
    pub subnet_mask_prefix: u8,
    /// Gateway; unspecified: none.
    #[serde(default = "unspecified")]
    pub gateway_ipaddr: IpAddr,
    /// Route metric; 0: not given.
    #[serde(default)]
    pub route_metric: u16,
    /// First name server; unspecified: none.
    #[serde(default = "unspecified")]
    pub primary_dns_ipaddr: IpAddr,
    /// Second name server; unspecified: none.
    #[serde(default = "unspecified")]
    pub secondary_dns_ipaddr: IpAddr,
    /// DHCP server; an empty string unless `dhcp_override`.
    #[serde(default, with = "maybe_addr")]
    pub dhcp_server_ipaddr: Option<IpAddr>,
    /// Host name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_name: Option<String>,
    /// The firmware's default route went over this interface.
    #[serde(default, with = "zero_one")]
    pub this_hfi_is_default_route: bool,
    /// The address was leased by DHCP.
    #[serde(default, with = "zero_one")]
    pub dhcp_override: bool,
    /// The address was formed by IPv6 autoconfiguration (revision 1.1).
    #[serde(default, with = "zero_one")]
    pub ipaddr_autoconf: bool,
    /// PCI segment; absent when 0 (revision 1.1).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub pcie_seg_num: u8,
    /// Identity association id of the firmware's DHCPv6 client (revision 1.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dhcp_iaid: Option<u32>,
    /// The firmware's DHCP unique identifier (revision 1.1).
    #[serde(flatten, with = "duid")]
    pub dhcp_duid: Option<Duid>,
}

/// Discovery descriptor (figure 26).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Discovery {
    /// Discovery descriptor index.
    pub index: u8,
    /// Index of the security profile; absent when the controller has none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub security: u8,
    /// Index of the HFI through which the controller is reached.
    pub hfi: u8,
    /// URI of the discovery controller, `nvme+tcp://address:port/`.
    pub uri: String,
    /// NQN of the discovery controller; absent: the well-known discovery NQN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nqn: Option<String>,
}

/// Security profile descriptor (figures 23 and 24). DH-HMAC-CHAP is also called KX-HMAC-CHAP (TP4201).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Security {
    /// Security profile descriptor index.
    pub index: u8,
    /// In-band authentication (DH-HMAC-CHAP).
    #[serde(default)]
    pub in_band_auth: Demand,
    /// Who set `auth_protocols`.
    #[serde(default)]
    pub auth_policy: Policy,
    /// Secure channel (TLS).
    #[serde(default)]
    pub secure_channel: Demand,
    /// Who set `secure_channel_algorithms`.
    #[serde(default)]
    pub channel_policy: Policy,
    /// `cipher_suites` lists the only permitted suites.
    #[serde(default, with = "zero_one")]
    pub cipher_suites_restricted: bool,
    /// `dh_groups` lists the only permitted groups.
    #[serde(default, with = "zero_one")]
    pub dh_groups_restricted: bool,
    /// `hash_functions` lists the only permitted functions.
    #[serde(default, with = "zero_one")]
    pub hash_functions_restricted: bool,
    /// Secret type flags: bit 1, `secret_keypath` is a Redfish URI.
    #[serde(default)]
    pub secret_type: u8,
    /// SECTYPE values of the TCP transport specification: 1 TLS 1.2, 2 TLS 1.3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secure_channel_algorithms: Option<Vec<u8>>,
    /// Authentication protocol identifiers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_protocols: Option<Vec<u8>>,
    /// Cipher suites, the table's bytes unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cipher_suites: Option<Vec<u8>>,
    /// DH-HMAC-CHAP Diffie-Hellman group identifiers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dh_groups: Option<Vec<u8>>,
    /// DH-HMAC-CHAP hash function identifiers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash_functions: Option<Vec<u8>>,
    /// URI of the place where the secret is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_keypath: Option<String>,
}

impl Table {
    /// The HFI descriptor with this index.
    #[must_use]
    pub fn hfi(&self, index: u8) -> Option<&Hfi> {
        self.hfi.iter().find(|hfi| hfi.index == index)
    }

    /// The security profile with this index.
    #[must_use]
    pub fn security(&self, index: u8) -> Option<&Security> {
        self.security.iter().find(|profile| profile.index == index)
    }

    /// The discovery controller that an SSNS comes from. The SSNS has the index 0 if it comes from none, though a discovery
    /// descriptor may have that index.
    #[must_use]
    pub fn discovery_of(&self, ssns: &Ssns) -> Option<&Discovery> {
        let index = Some(ssns.discovery_index).filter(|index| *index != 0)?;
        self.discovery.iter().find(|discovery| discovery.index == index)
    }
}

impl Hfi {
    /// Whether the address is leased: the override flag, the origin or a DHCP server says so (NetworkManager's rule).
    #[must_use]
    pub fn is_dhcp(&self) -> bool {
        self.dhcp_override
            || self.ip_origin == IpOrigin::Dhcp
            || self.dhcp_server_ipaddr.is_some_and(|server| !server.is_unspecified())
    }

    /// Whether the address was formed by IPv6 autoconfiguration: the flag of revision 1.1 or the origin says so.
    #[must_use]
    pub fn is_autoconf(&self) -> bool {
        self.ipaddr_autoconf || self.ip_origin == IpOrigin::RouterAdvertisement
    }
}
