//! What a command needs around its one job: how it ends, what it says, where it finds tables, what it asks the kernel.

pub mod failure;
pub mod find;
pub mod log;
pub mod output;
pub mod poll;
mod printable;
pub mod root;
pub mod seconds;

pub use printable::printable;
