//! The words that stand for small numbers in a description.

use serde::{Deserialize, Serialize};

/// Host descriptor flags, bits 4:3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AdminHost {
    /// 0
    #[default]
    #[serde(rename = "not indicated")]
    NotIndicated = 0,
    /// 1
    Unselected = 1,
    /// 2
    Selected = 2,
    /// 3
    Reserved = 3,
}

/// SSNS flags, bits 8:7.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Availability {
    /// 0
    #[default]
    #[serde(rename = "not indicated")]
    NotIndicated = 0,
    /// 1
    Available = 1,
    /// 2
    Unavailable = 2,
    /// 3
    Reserved = 3,
}

/// How far a security mechanism is needed: two bits of the security flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Need {
    /// 0
    #[default]
    #[serde(rename = "not supported")]
    NotSupported = 0,
    /// 1
    #[serde(rename = "not required")]
    NotRequired = 1,
    /// 2
    Required = 2,
    /// 3
    Reserved = 3,
}

/// Who chose the list of a security mechanism: two bits of the security flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// 0
    #[default]
    #[serde(rename = "not supported")]
    NotSupported = 0,
    /// 1
    Driver = 1,
    /// 2
    Administrator = 2,
    /// 3
    Reserved = 3,
}

/// Transport type. Dumps only show tcp; the others make descriptors that a reader has to drop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// 1
    Rdma = 1,
    /// 2
    Fc = 2,
    /// 3
    #[default]
    Tcp = 3,
}

/// The namespace identifier types that have a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NidType {
    /// 8 bytes
    Eui64 = 1,
    /// 16 bytes
    Nguid = 2,
    /// 16 bytes, in UUID notation
    Uuid = 3,
}

/// How a string's length is declared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// The length leaves out the NUL that follows the string: the specification's way.
    #[default]
    NulAfterLength,
    /// The length counts the NUL, as some firmware has it.
    NulInLength,
}

/// What to do with the header's checksum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Checksum {
    /// All bytes add up to zero.
    #[default]
    Good,
    /// They add up to something else.
    Bad,
}

/// The list of secondary HFIs of an SSNS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SecondaryHfis {
    /// `"none"` or `"primary"`.
    Word(SecondaryWord),
    /// Exactly these indexes.
    List(Vec<u8>),
}

/// Lists of secondary HFIs that have a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecondaryWord {
    /// No list at all: length 0.
    None,
    /// One byte that repeats the primary HFI's index.
    Primary,
}
