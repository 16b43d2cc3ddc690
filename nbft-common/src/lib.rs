//! Shared parts of the four nbft commands: the NBFT's parser, its JSON, finding tables, exit codes.
//!
//! The NBFT (NVMe Boot Firmware Table) is the ACPI table in which firmware that booted over a network
//! says which interfaces, subsystems and namespaces it used. Figures named in this crate are those of the NVM Express
//! Boot Specification, revision 1.0. The newest revision of the table is 1.1, also in revision 1.3 of the specification.
//!
//! Three wings: [`table`] is the NBFT (model, parser, addresses, code words), and needs neither of the others; [`jq`] is
//! the filter language; [`command`] is the frame around a command's one job (failures, messages, finding tables).

#![forbid(unsafe_code)]

pub mod command;
pub mod jq;
pub mod table;
