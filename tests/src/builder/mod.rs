//! Builds byte-exact NBFTs (NVMe Boot Firmware Tables) from descriptions that people can write.
//!
//! A [`Description`] has the keys of nbft-dump's JSON, so that a dump is a description, plus a few
//! that only the builder knows. Nothing here uses the parser of this workspace: an error in one
//! must not cancel out an error in the other.
//!
//! ```
//! use nbft_tests::builder::Description;
//!
//! let text = r#"
//!     [[hfi]]
//!     ipaddr = "192.0.2.20"
//!     [[subsystem]]
//!     traddr = "192.0.2.1"
//!     subsys_nqn = "nqn.2014-08.org.example:disk"
//! "#;
//! let table = Description::from_toml(text).unwrap().build();
//! assert_eq!(&table[..4], b"NBFT");
//! ```

mod complete;
mod description;
mod duid;
mod encode;
mod encode_hfi;
mod encode_ssns;
mod heap;
mod hfi;
mod kinds;
mod mutate;
mod random;
mod references;
mod rng;
mod subsystem;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_descriptions;
mod text;
mod validate;
mod words;

pub use description::{Description, Discovery, Host, Patch, Security};
pub use hfi::Hfi;
pub use kinds::{kind, kinds};
pub use mutate::{mutant, mutants, repair_checksum};
pub use random::random;
pub use references::heap_references;
pub use subsystem::Subsystem;
pub use text::{Hex, Lladdr, Mac, Pci, Uuid};
pub use words::*;

impl Description {
    /// Reads a description in TOML. The error is one line that names the key.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        let description: Self = toml::from_str(text).map_err(|error| {
            let message = brief(error.message());
            let before = error.span().and_then(|span| text.get(..span.start));
            match before {
                Some(before) => format!("line {}: {message}", before.matches('\n').count() + 1),
                None => message,
            }
        })?;
        description.validated()
    }

    /// Reads a description in JSON: one table, or nbft-dump's array with one table in it.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let refused = |error: serde_json::Error| brief(&error.to_string());
        if !text.trim_start().starts_with('[') {
            let description: Self = serde_json::from_str(text).map_err(refused)?;
            return description.validated();
        }
        let mut tables: Vec<Self> = serde_json::from_str(text).map_err(refused)?;
        match (tables.pop(), tables.len()) {
            (Some(description), 0) => description.validated(),
            (None, _) => Err("no table, where one is needed".into()),
            (_, others) => Err(format!("{} tables, where one is needed", others + 1)),
        }
    }

    /// The description as JSON, on several lines.
    pub fn to_json(&self) -> String {
        // Only maps with keys that are no strings, or writers that fail, could make this one fail.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

/// A message without the list of all keys there are, which buries the one that is wrong.
fn brief(message: &str) -> String {
    match message.split_once(", expected one of ") {
        Some((field, keys)) if field.starts_with("unknown field") => {
            let place = keys.split_once("` at line ");
            place.map_or_else(|| field.to_owned(), |(_, place)| format!("{field} at line {place}"))
        }
        _ => message.replace('\n', " "),
    }
}
