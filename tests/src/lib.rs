//! What the tests of this workspace share: a builder of NBFTs and a harness that boots them.

pub mod builder;
pub mod vm;
