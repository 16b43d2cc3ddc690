//! What a command needs around its one job: how it begins and ends, what it says, where it finds tables, what it asks the
//! kernel.

pub mod arguments;
pub mod failure;
pub mod log;
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
