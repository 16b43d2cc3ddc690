//! Everything around the one job of a command: start and end, messages, the search for tables, questions to the kernel.

pub mod arguments;
pub mod failure;
pub mod keys;
pub mod log;
pub mod memory;
pub mod netlink;
pub mod notify;
pub mod output;
pub mod poll;
mod printable;
pub mod program;
pub mod reference;
pub mod root;
pub mod seconds;
mod stream;
pub mod sysfs;
pub mod tables;

pub use printable::printable;
