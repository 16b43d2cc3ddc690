//! Tests of the target: a tiny client asks it what the Linux kernel asks, and sees each fault.

mod client;
mod controls;
mod discovery;
mod faults;
mod serves;

use super::Target;

const NQN: &str = "nqn.2026-01.example:disk";
const HOST: &str = "nqn.2014-08.org.nvmexpress:uuid:f8131bac-cdef-4165-866b-5998c1e67890";

/// A target with a disk of 1 MiB at port 1, and these lines.
fn target(more: &str) -> Target {
    let lines = format!(
        "subsystem {NQN} allow {HOST}\n\
         namespace {NQN} 1 0fa5d0a1-9a6e-4c6b-8a43-5f0f3a1e0001\n\
         port 1 127.0.0.1 0 {NQN}\n{more}"
    );
    Target::start(&lines).expect("a target")
}
