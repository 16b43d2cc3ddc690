//! The keys of a description that only the builder knows: deviations of the bytes from a faultless table.

use serde::{Deserialize, Serialize};

/// Every quirk of one table. The four lists have an element for each descriptor, in the table's order; where an element
/// is missing, the descriptor has no quirk.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quirks {
    /// Whether string lengths count the NUL.
    pub layout: Layout,
    /// The major revision in header and control descriptor, whatever the table's revision says.
    pub major: Option<u8>,
    /// The minor revision, likewise.
    pub minor: Option<u8>,
    /// This many zero bytes follow the header's length.
    pub padding: usize,
    /// Every list entry is this much longer than its descriptor.
    pub descriptor_stride_extra: u16,
    /// Four characters instead of NBFT.
    pub signature: Option<String>,
    pub checksum: Checksum,
    /// Bytes to overwrite before the checksum is computed.
    pub patch: Vec<Patch>,
    pub host: PlainQuirks,
    pub subsystem: Vec<SsnsQuirks>,
    pub hfi: Vec<HfiQuirks>,
    pub discovery: Vec<DiscoveryQuirks>,
    pub security: Vec<PlainQuirks>,
}

/// Quirks of the host descriptor and of security profiles.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlainQuirks {
    /// The valid bit is clear.
    pub invalid: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HfiQuirks {
    /// The valid bit is clear.
    pub invalid: bool,
    pub transport: Option<OtherTransport>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SsnsQuirks {
    /// The valid bit is clear.
    pub invalid: bool,
    pub transport: Option<OtherTransport>,
    /// The use-security flag. Absent: set if the SSNS has a security index.
    pub use_security: Option<bool>,
    /// Absent: all HFIs but the first, or the primary once more where no other exists, as EDK2 writes it.
    pub secondary_hfis: Option<Vec<u8>>,
    /// No extended information, nor anything that belongs there.
    pub no_ext_info: bool,
    /// Heap references that stay empty.
    pub without: Vec<SsnsReference>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DiscoveryQuirks {
    /// The valid bit is clear.
    pub invalid: bool,
    /// Heap references that stay empty.
    pub without: Vec<DiscoveryReference>,
}

/// How a string's length is declared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// The length leaves out the NUL that follows the string, as the specification has it.
    #[default]
    NulAfterLength,
    /// The length counts the NUL, as some firmware has it.
    NulInLength,
}

/// The state of the header's checksum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Checksum {
    /// All bytes add up to zero.
    #[default]
    Good,
    /// All bytes add up to one.
    Bad,
}

/// Bytes at an offset of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patch {
    pub offset: usize,
    #[serde(with = "hex::serde")]
    pub bytes: Vec<u8>,
}

/// A transport that the model of the table does not have: readers drop its descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OtherTransport {
    Rdma = 1,
    Fc = 2,
}

/// Heap references of an SSNS, under the names of their keys.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SsnsReference {
    Traddr,
    Trsvcid,
    SubsysNqn,
    DhcpRootPathString,
    ExtInfo,
}

/// Heap references of a discovery descriptor, under the names of their keys.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiscoveryReference {
    Uri,
    Nqn,
}
