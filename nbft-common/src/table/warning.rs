//! Oddities: deviations of a table from the specification.

use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

use super::json::{is_false, zero_one};

/// A kind of descriptor. JSON and messages show it in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Descriptor {
    /// The table as a whole: its header and its control descriptor.
    Table,
    /// The host descriptor.
    Host,
    /// A host fabric interface.
    Hfi,
    /// A subsystem namespace.
    Ssns,
    /// A discovery controller.
    Discovery,
    /// A security profile.
    Security,
}

impl fmt::Display for Descriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Table => "table",
            Self::Host => "host",
            Self::Hfi => "hfi",
            Self::Ssns => "ssns",
            Self::Discovery => "discovery",
            Self::Security => "security",
        })
    }
}

/// Something in a table that is not as the specification demands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Warning {
    /// The kind of descriptor.
    pub descriptor: Descriptor,
    /// Index of the descriptor, as the table gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u16>,
    /// Byte offset in the table.
    pub offset: usize,
    /// The descriptor was left out; absent when it was not.
    #[serde(default, skip_serializing_if = "is_false", with = "zero_one")]
    pub dropped: bool,
    /// One clear sentence.
    pub message: String,
}

/// `DESCRIPTOR INDEX: byte OFFSET: MESSAGE`.
impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.descriptor)?;
        if let Some(index) = self.index {
            write!(f, " {index}")?;
        }
        let dropped = if self.dropped { "dropped: " } else { "" };
        write!(f, ": byte {}: {dropped}{}", self.offset, self.message)
    }
}
