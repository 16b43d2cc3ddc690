//! The structures of `nbft.h`, member by member. Texts and lists belong to the table that the structures come from.
//!
//! Members have the names and the order of the header. A later version may append members to a structure that the library
//! allocates; [`Bytes`], [`Address`] and [`Error`] are parts of others or belong to the caller and stay as they are.

use std::ffi::{c_char, c_uint};

/// `struct nbft_error`: why a table cannot be used.
#[repr(C)]
pub struct Error {
    pub offset: usize,
    pub message: [c_char; 256],
}

/// `struct nbft_bytes`.
#[repr(C)]
pub struct Bytes {
    /// NULL: the table has none.
    pub data: *const u8,
    pub length: usize,
}

/// `struct nbft_address`.
#[repr(C)]
pub struct Address {
    pub text: *const c_char,
    /// 0: none; 4 or 6.
    pub family: c_uint,
    /// Network byte order; IPv4 has the first four.
    pub bytes: [u8; 16],
}

/// `struct nbft_info`.
#[repr(C)]
pub struct Info {
    pub revision: *const c_char,
    pub oem_id: *const c_char,
    pub oem_table_id: *const c_char,
    pub oem_revision: u32,
    pub creator_id: u32,
    pub creator_revision: u32,
    pub boot_failover: bool,
    pub driver_device_path: Bytes,
}

/// `struct nbft_host`.
#[repr(C)]
pub struct Host {
    pub nqn: *const c_char,
    pub id: *const c_char,
    pub id_bytes: [u8; 16],
    pub host_id_configured: bool,
    pub host_nqn_configured: bool,
    pub primary_admin_host_flag: c_uint,
}

/// `struct nbft_ssns`.
#[repr(C)]
pub struct Ssns {
    pub index: u16,
    pub subsys_port_id: u16,
    pub hfis: Bytes,
    pub transport: c_uint,
    pub traddr: Address,
    pub trsvcid: *const c_char,
    pub subsys_nqn: *const c_char,
    pub nsid: u32,
    pub nid_type: c_uint,
    pub nid: *const c_char,
    pub nid_bytes: [u8; 16],
    pub nid_type_code: u8,
    pub discovery_index: u8,
    pub controller_id: u16,
    pub asqsz: u16,
    pub has_connection_timeout: bool,
    pub connection_timeout: u16,
    pub has_security_index: bool,
    pub security_index: u8,
    pub dhcp_root_path_string: *const c_char,
    pub pdu_header_digest_required: bool,
    pub data_digest_required: bool,
    pub discovered: bool,
    pub unavailable: bool,
    pub non_bootable: bool,
    pub dhcp_root_path_override: bool,
    pub separate_discovery_controller: bool,
    pub availability: c_uint,
    pub naed: u8,
    pub cipeec: u8,
    pub nceec: u8,
}

/// `struct nbft_hfi`.
#[repr(C)]
pub struct Hfi {
    pub index: u8,
    pub transport: c_uint,
    pub pcidev: *const c_char,
    pub pcie_seg_num: u8,
    pub mac_addr_bytes: [u8; 6],
    pub mac_addr: *const c_char,
    pub vlan: u16,
    pub ip_origin: u8,
    pub subnet_mask_prefix: u8,
    pub ipaddr: Address,
    pub gateway_ipaddr: Address,
    pub route_metric: u16,
    pub primary_dns_ipaddr: Address,
    pub secondary_dns_ipaddr: Address,
    pub dhcp_server_ipaddr: Address,
    pub host_name: *const c_char,
    pub this_hfi_is_default_route: bool,
    pub dhcp_override: bool,
    pub ipaddr_autoconf: bool,
    pub has_dhcp_iaid: bool,
    pub dhcp_iaid: u32,
    pub dhcp_duid: Bytes,
}

/// `struct nbft_discovery`.
#[repr(C)]
pub struct Discovery {
    pub index: u8,
    pub security: u8,
    pub hfi: u8,
    pub uri: *const c_char,
    pub nqn: *const c_char,
    pub traddr: Address,
    pub trsvcid: *const c_char,
}

/// `struct nbft_security`.
#[repr(C)]
pub struct Security {
    pub index: u8,
    pub secret_type: u8,
    pub cipher_suites_restricted: bool,
    pub dh_groups_restricted: bool,
    pub hash_functions_restricted: bool,
    pub in_band_auth: c_uint,
    pub auth_policy: c_uint,
    pub secure_channel: c_uint,
    pub channel_policy: c_uint,
    pub secure_channel_algorithms: Bytes,
    pub auth_protocols: Bytes,
    pub cipher_suites: Bytes,
    pub dh_groups: Bytes,
    pub hash_functions: Bytes,
    pub secret_keypath: *const c_char,
}

/// `struct nbft_warning`.
#[repr(C)]
pub struct Warning {
    pub descriptor: c_uint,
    pub has_index: bool,
    pub dropped: bool,
    pub index: u16,
    pub offset: usize,
    pub message: *const c_char,
}
