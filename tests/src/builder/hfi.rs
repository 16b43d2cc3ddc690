//! The keys of one element of `hfi`.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::text::{Hex, Lladdr, Mac, Pci, Uuid, bit, ip, is_default};
use super::words::Transport;

/// A host fabric interface (HFI) with its transport and extended information.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hfi {
    /// Absent: the position in the list, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u8>,
    pub transport: Transport,
    pub pcidev: Pci,
    /// Absent: 52:54:00:00:00 and the index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac_addr: Option<Mac>,
    pub vlan: u16,
    /// Absent: 3 with `dhcp_override` or a DUID, 4 with `ipaddr_autoconf`, else 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_origin: Option<u8>,
    /// Absent: 0.0.0.0.
    #[serde(with = "ip", skip_serializing_if = "Option::is_none")]
    pub ipaddr: Option<IpAddr>,
    /// Absent: 24 for IPv4, 64 for IPv6.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet_mask_prefix: Option<u8>,
    /// This address and the next two: absent is the zero address of `ipaddr`'s family.
    #[serde(with = "ip", skip_serializing_if = "Option::is_none")]
    pub gateway_ipaddr: Option<IpAddr>,
    pub route_metric: u16,
    #[serde(with = "ip", skip_serializing_if = "Option::is_none")]
    pub primary_dns_ipaddr: Option<IpAddr>,
    #[serde(with = "ip", skip_serializing_if = "Option::is_none")]
    pub secondary_dns_ipaddr: Option<IpAddr>,
    /// Empty: all zeros, which a dump shows as an address only with `dhcp_override`.
    #[serde(with = "ip")]
    pub dhcp_server_ipaddr: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_name: Option<String>,
    #[serde(with = "bit")]
    pub this_hfi_is_default_route: bool,
    #[serde(with = "bit")]
    pub dhcp_override: bool,
    #[serde(with = "bit")]
    pub ipaddr_autoconf: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub pcie_seg_num: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dhcp_iaid: Option<u32>,
    /// As sent by DHCP: type first, big endian. Wins over the parts that follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dhcp_duid: Option<Hex>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dhcp_duid_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dhcp_duid_hwtype: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dhcp_duid_time: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dhcp_duid_lladdr: Option<Lladdr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dhcp_duid_enterprise: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dhcp_duid_id: Option<Hex>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dhcp_duid_uuid: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dhcp_duid_raw: Option<Hex>,

    /// Builder only: the valid bit is clear.
    #[serde(skip_serializing_if = "is_default")]
    pub invalid: bool,
}

impl Default for Hfi {
    fn default() -> Self {
        Self {
            index: None,
            transport: Transport::Tcp,
            pcidev: Pci::default(),
            mac_addr: None,
            vlan: 0,
            ip_origin: None,
            ipaddr: None,
            subnet_mask_prefix: None,
            gateway_ipaddr: None,
            route_metric: 500,
            primary_dns_ipaddr: None,
            secondary_dns_ipaddr: None,
            dhcp_server_ipaddr: None,
            host_name: None,
            this_hfi_is_default_route: false,
            dhcp_override: false,
            ipaddr_autoconf: false,
            pcie_seg_num: 0,
            dhcp_iaid: None,
            dhcp_duid: None,
            dhcp_duid_type: None,
            dhcp_duid_hwtype: None,
            dhcp_duid_time: None,
            dhcp_duid_lladdr: None,
            dhcp_duid_enterprise: None,
            dhcp_duid_id: None,
            dhcp_duid_uuid: None,
            dhcp_duid_raw: None,
            invalid: false,
        }
    }
}
