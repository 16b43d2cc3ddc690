//! Shared parts of the tests of this workspace: a builder of NBFTs and a harness that boots them.

pub mod builder;
pub mod vm;
