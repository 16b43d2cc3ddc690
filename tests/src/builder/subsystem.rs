//! The keys of one element of `subsystem`.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::text::{bit, ip, is_default, optional_bit, service};
use super::words::{Availability, NidType, SecondaryHfis, Transport};

/// A subsystem namespace (SSNS) descriptor with its extended information.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Subsystem {
    /// Absent: the position in the list, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u16>,
    /// Follows from `hfis`: ignored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_hfis: Option<usize>,
    /// Primary first. Absent: the table's first HFI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hfis: Option<Vec<u8>>,
    pub transport: Transport,
    #[serde(with = "ip", skip_serializing_if = "Option::is_none")]
    pub traddr: Option<IpAddr>,
    #[serde(deserialize_with = "service")]
    pub trsvcid: String,
    pub subsys_port_id: u16,
    pub nsid: u32,
    /// Absent: told by the form of `nid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nid_type: Option<NidType>,
    pub nid: String,
    pub subsys_nqn: String,
    pub controller_id: u16,
    /// Sets the administrative flag when it is not 0.
    pub asqsz: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dhcp_root_path_string: Option<String>,
    #[serde(with = "bit")]
    pub pdu_header_digest_required: bool,
    #[serde(with = "bit")]
    pub data_digest_required: bool,
    #[serde(with = "bit")]
    pub discovered: bool,
    /// Gives way to `availability`.
    #[serde(with = "optional_bit", skip_serializing_if = "Option::is_none")]
    pub unavailable: Option<bool>,
    #[serde(skip_serializing_if = "is_default")]
    pub naed: u8,
    #[serde(skip_serializing_if = "is_default")]
    pub cipeec: u8,
    /// Seconds. Absent: FFFFh in a 1.1 table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_timeout: Option<u16>,
    #[serde(skip_serializing_if = "is_default")]
    pub nceec: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability: Option<Availability>,
    #[serde(with = "bit")]
    pub non_bootable: bool,
    /// Absent: set if there is a root path.
    #[serde(with = "optional_bit", skip_serializing_if = "Option::is_none")]
    pub dhcp_root_path_override: Option<bool>,
    #[serde(with = "bit")]
    pub separate_discovery_controller: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discovery_index: Option<u8>,
    /// Sets the use-security flag unless `use_security` says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_index: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nid_type_code: Option<u8>,

    /// Builder only: the valid bit is clear.
    #[serde(skip_serializing_if = "is_default")]
    pub invalid: bool,
    /// Builder only: the use-security flag, whatever `security_index` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_security: Option<bool>,
    /// Builder only: "none", "primary" or a list. Absent: all of `hfis` but the first, or the
    /// primary once more where there is no other, as EDK2 writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secondary_hfis: Option<SecondaryHfis>,
    /// Builder only: no extended information (and nothing that would be in there).
    #[serde(skip_serializing_if = "is_default")]
    pub no_ext_info: bool,
    /// Builder only: keys whose heap reference stays empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
}

impl Default for Subsystem {
    fn default() -> Self {
        Self {
            index: None,
            num_hfis: None,
            hfis: None,
            transport: Transport::Tcp,
            traddr: None,
            trsvcid: "4420".into(),
            subsys_port_id: 0,
            nsid: 1,
            nid_type: None,
            nid: String::new(),
            subsys_nqn: String::new(),
            controller_id: 0,
            asqsz: 0,
            dhcp_root_path_string: None,
            pdu_header_digest_required: false,
            data_digest_required: false,
            discovered: false,
            unavailable: None,
            naed: 0,
            cipeec: 0,
            connection_timeout: None,
            nceec: 0,
            availability: None,
            non_bootable: false,
            dhcp_root_path_override: None,
            separate_discovery_controller: false,
            discovery_index: None,
            security_index: None,
            nid_type_code: None,
            invalid: false,
            use_security: None,
            secondary_hfis: None,
            no_ext_info: false,
            without: Vec::new(),
        }
    }
}
