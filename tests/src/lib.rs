//! Shared parts of the tests of this workspace: a builder of NBFTs, a harness that boots them, and a target that can
//! misbehave.

pub mod builder;
pub mod picture;
pub mod target;
pub mod vm;
