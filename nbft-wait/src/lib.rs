//! `nbft-wait` waits for a block device.

mod device;
mod status;
mod uevent;
mod wait;

use std::num::NonZeroU32;
use std::process::ExitCode;
use std::time::Duration;

use lexopt::prelude::*;
use nbft_common::command::arguments::{duration, parsed, reference, value};
use nbft_common::command::failure::Failure;
use nbft_common::command::{output, program};

use wait::{Options, Wanted};

const HELP: &str = include_str!("help.txt");
const VERSION: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), "\n");

/// Runs the command with the arguments of the process.
pub fn main() -> ExitCode {
    program::main(env!("CARGO_PKG_NAME"), run)
}

fn run() -> Result<(), Failure> {
    let mut options = Options {
        timeout: Duration::from_secs(30),
        ..Options::default()
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next().map_err(Failure::usage)? {
        match argument {
            Short('h') | Long("help") => return output::write(HELP.as_bytes()),
            Short('V') | Long("version") => return output::write(VERSION.as_bytes()),
            Short('s') | Long("ssns") => options.wanted.push(Wanted::Ssns(reference(&mut parser, "--ssns")?)),
            Long("nid") => options
                .wanted
                .push(Wanted::Nid(device::nid(&parsed::<String>(&mut parser)?)?)),
            Short('a') | Long("all") => options.all = true,
            Short('p') | Long("partition") => options.partition = Some(parsed::<NonZeroU32>(&mut parser)?.get()),
            Short('T') | Long("table") => options.tables.push(value(&mut parser)?),
            Short('t') | Long("timeout") => options.timeout = duration(&mut parser)?,
            Short('v') | Long("verbose") => options.verbose = true,
            Value(path) => options.wanted.push(Wanted::Path(path.into())),
            other => return Err(Failure::usage(other.unexpected())),
        }
    }
    if options.wanted.is_empty() {
        return Err(Failure::usage(
            "name what to wait for: --ssns [TABLE:]N, --nid ID, or a device path",
        ));
    }
    wait::wait(&options)
}
