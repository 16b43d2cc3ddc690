//! What the four nbft commands share: the NBFT's parser, its JSON, finding tables, exit codes.
//!
//! The NBFT (NVMe Boot Firmware Table) is the ACPI table in which firmware that booted over a network
//! says which interfaces, subsystems and namespaces it used. Figures named in this crate are those of the
//! NVM Express Boot Specification, revision 1.0 and 1.1.
//!
//! Three wings: [`table`] is the NBFT (model, parser, addresses, code words), and needs neither of the others; [`jq`] is
//! the filter language; [`command`] is what a command needs around its one job (failures, messages, finding tables).

#![forbid(unsafe_code)]

pub mod command;
pub mod jq;
pub mod table;
