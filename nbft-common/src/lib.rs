//! Shared parts of the nbft commands: the NBFT's parser, its JSON, finding tables, exit codes.
//!
//! The NBFT (NVMe Boot Firmware Table) is the ACPI table in which firmware that booted over a network
//! says which interfaces, subsystems and namespaces it used. Figures named in this crate are those of the
//! NVM Express Boot Specification 1.3, whose table is revision 1.1.
//!
//! Three wings: [`table`] is the NBFT (model, parser, addresses, code words) and needs neither of the others; `jq` is the
//! filter language; `command` is the frame around a command's one job (failures, messages, finding tables). Each of
//! the latter two is a feature, on by default. Without both, the crate needs `alloc` alone and no standard library.
//! A third feature, `capi`, is [`table`] for C programs; a fourth, `kdf`, the key derivation of TLS 1.3.

#![cfg_attr(not(feature = "std"), no_std)]
// The interface to C cannot do without, nor can the look at standard streams before main.
#![cfg_attr(not(any(feature = "capi", feature = "command")), forbid(unsafe_code))]

extern crate alloc;

#[cfg(feature = "capi")]
pub mod capi;
#[cfg(feature = "command")]
pub mod command;
#[cfg(feature = "jq")]
pub mod jq;
#[cfg(feature = "kdf")]
pub mod kdf;
pub mod table;
