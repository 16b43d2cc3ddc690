//! `nbft-tls` does the TLS handshakes of the kernel's NVMe/TCP host.
//!
//! The handshake is the crate's own: it is one ClientHello and one Finished, on primitives of RustCrypto and dalek, and costs an
//! image 0.13 MB. The one crate that could take its place is s2n-tls, which costs 2.5 to 3.5 MB, compiles C and assembler, and
//! gives keys to the kernel only through an unstable feature without a safe interface; rustls takes no key that was agreed on
//! before. `tests/figures.md` has the sizes.

mod agent;
pub mod handshake;
mod kernel;
mod keyring;
mod ktls;
mod raw;
mod task;

use std::process::ExitCode;

use lexopt::prelude::*;
use nbft_common::command::failure::Failure;
use nbft_common::command::{memory, output, program};

const HELP: &str = include_str!("help.txt");
const VERSION: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), "\n");

/// Runs the command with the arguments of the process.
pub fn main() -> ExitCode {
    program::main(env!("CARGO_PKG_NAME"), run)
}

fn run() -> Result<(), Failure> {
    memory::conceal();
    let mut verbose = false;
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next().map_err(Failure::usage)? {
        match argument {
            Short('h') | Long("help") => return output::write(HELP.as_bytes()),
            Short('V') | Long("version") => return output::write(VERSION.as_bytes()),
            Short('v') | Long("verbose") => verbose = true,
            other => return Err(Failure::usage(other.unexpected())),
        }
    }
    memory::stay();
    agent::serve(verbose)
}
