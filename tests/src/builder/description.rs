//! What an NBFT says, under the keys of nbft-dump's JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::hfi::Hfi;
use super::subsystem::Subsystem;
use super::text::{Hex, Uuid, bit, is_default};
use super::words::{AdminHost, Checksum, Layout, Need, Policy};

/// A whole table. The keys come in three groups: what a dump prints and a table holds, what a dump
/// prints about the table (read and ignored), and what only the builder knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Description {
    /// Where a dump found the table: ignored.
    #[serde(skip_serializing)]
    pub filename: String,
    pub host: Host,
    pub subsystem: Vec<Subsystem>,
    pub hfi: Vec<Hfi>,
    pub discovery: Vec<Discovery>,
    pub security: Vec<Security>,
    /// "1.0" or "1.1"; absent: 1.1 if some key needs it, else 1.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Up to 6 characters, padded with spaces.
    pub oem_id: String,
    /// Up to 8 characters, padded with spaces.
    pub oem_table_id: String,
    pub oem_revision: u32,
    pub creator_id: u32,
    pub creator_revision: u32,
    #[serde(skip_serializing_if = "is_default")]
    pub driver_device_path: Hex,
    #[serde(with = "bit", skip_serializing_if = "is_default")]
    pub boot_failover: bool,
    /// What a dump complained about: ignored.
    #[serde(skip_serializing)]
    pub warnings: Vec<Value>,

    /// Builder only: whether string lengths count the NUL.
    #[serde(skip_serializing_if = "is_default")]
    pub layout: Layout,
    /// Builder only: the header's major revision, whatever `revision` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub major: Option<u8>,
    /// Builder only: the header's minor revision, whatever `revision` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minor: Option<u8>,
    /// Builder only: this many zero bytes follow the header's length.
    #[serde(skip_serializing_if = "is_default")]
    pub padding: usize,
    /// Builder only: every list entry is this much longer than its descriptor.
    #[serde(skip_serializing_if = "is_default")]
    pub descriptor_stride_extra: u16,
    /// Builder only: four characters instead of NBFT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// Builder only: "good" or "bad".
    #[serde(skip_serializing_if = "is_default")]
    pub checksum: Checksum,
    /// Builder only: bytes to overwrite before the checksum is computed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub patch: Vec<Patch>,
}

impl Default for Description {
    fn default() -> Self {
        Self {
            filename: String::new(),
            host: Host::default(),
            subsystem: Vec::new(),
            hfi: Vec::new(),
            discovery: Vec::new(),
            security: Vec::new(),
            revision: None,
            oem_id: "NVME".into(),
            oem_table_id: "NBFTTEST".into(),
            oem_revision: 1,
            creator_id: u32::from_le_bytes(*b"NBFT"),
            creator_revision: 1,
            driver_device_path: Hex::default(),
            boot_failover: false,
            warnings: Vec::new(),
            layout: Layout::default(),
            major: None,
            minor: None,
            padding: 0,
            descriptor_stride_extra: 0,
            signature: None,
            checksum: Checksum::default(),
            patch: Vec::new(),
        }
    }
}

/// Bytes at an offset of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patch {
    pub offset: usize,
    pub bytes: Hex,
}

/// The host descriptor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Host {
    /// Empty: the table has none.
    pub nqn: String,
    pub id: Uuid,
    #[serde(with = "bit")]
    pub host_id_configured: bool,
    #[serde(with = "bit")]
    pub host_nqn_configured: bool,
    pub primary_admin_host_flag: AdminHost,
    /// Builder only: the valid bit is clear.
    #[serde(skip_serializing_if = "is_default")]
    pub invalid: bool,
}

impl Default for Host {
    fn default() -> Self {
        let uuid = [
            0xf8, 0x13, 0x1b, 0xac, 0xcd, 0xef, 0x41, 0x65, 0x86, 0x6b, 0x59, 0x98, 0xc1, 0xe6, 0x78, 0x90,
        ];
        Self {
            nqn: format!("nqn.2014-08.org.nvmexpress:uuid:{}", Uuid(uuid)),
            id: Uuid(uuid),
            host_id_configured: true,
            host_nqn_configured: true,
            primary_admin_host_flag: AdminHost::default(),
            invalid: false,
        }
    }
}

/// A discovery controller's descriptor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Discovery {
    /// Absent: the position in the list, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u8>,
    #[serde(skip_serializing_if = "is_default")]
    pub security: u8,
    /// Absent: the table's first HFI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hfi: Option<u8>,
    pub uri: String,
    /// Absent: the well-known name, which the table does not spell out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nqn: Option<String>,
    /// Builder only: the valid bit is clear.
    #[serde(skip_serializing_if = "is_default")]
    pub invalid: bool,
    /// Builder only: keys whose heap reference stays empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
}

/// A security profile's descriptor. A list that is empty has no heap object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Security {
    /// Absent: the position in the list, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u8>,
    pub in_band_auth: Need,
    pub auth_policy: Policy,
    pub secure_channel: Need,
    pub channel_policy: Policy,
    #[serde(with = "bit")]
    pub cipher_suites_restricted: bool,
    #[serde(with = "bit")]
    pub dh_groups_restricted: bool,
    #[serde(with = "bit")]
    pub hash_functions_restricted: bool,
    pub secret_type: u8,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secure_channel_algorithms: Vec<u8>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub auth_protocols: Vec<u8>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cipher_suites: Vec<u8>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dh_groups: Vec<u8>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hash_functions: Vec<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_keypath: Option<String>,
    /// Builder only: the valid bit is clear.
    #[serde(skip_serializing_if = "is_default")]
    pub invalid: bool,
}
