//! Builds byte-exact NBFTs (NVMe Boot Firmware Tables) from descriptions that people can write.
//!
//! A [`Description`] has the keys of nbft-dump's JSON, so that a dump is a description, plus a few that only the
//! builder knows. Its types are those of the model of the table. Nothing here uses the parser: an error in one must not
//! cancel out an error in the other, so the encoder writes down offsets, bits and codes a second time.
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

mod defaults;
mod description;
mod duid;
mod encode;
mod encode_hfi;
mod encode_ssns;
mod errors;
mod heap;
mod kinds;
mod mutate;
mod quirks;
mod random;
mod references;
mod rng;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_descriptions;

pub use description::Description;
pub use kinds::{kind, kinds};
pub use mutate::{mutant, mutants, repair_checksum, sharing};
pub use quirks::*;
pub use random::random;
pub use references::heap_references;
