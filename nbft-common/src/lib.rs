//! What the four nbft commands share: the NBFT's parser, its JSON, finding tables, exit codes.
//!
//! The NBFT (NVMe Boot Firmware Table) is the ACPI table in which firmware that booted over a network
//! says which interfaces, subsystems and namespaces it used. Figures named in this crate are those of the
//! NVM Express Boot Specification, revision 1.0 and 1.1.
//!
//! [`parse::parse`] turns bytes into a [`table::Table`] and never panics, whatever the bytes; the types of
//! [`table`] are at once the model and, through serde, the JSON that `nbft-dump` prints.

#![forbid(unsafe_code)]

pub mod addr;
pub mod failure;
pub mod find;
pub mod jq;
pub mod log;
pub mod output;
pub mod parse;
pub mod poll;
pub mod root;
pub mod seconds;
pub mod table;
pub mod words;
