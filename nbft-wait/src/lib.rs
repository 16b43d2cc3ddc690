//! `nbft-wait`: one block device, there.

mod device;
mod status;
mod uevent;
mod wait;

use std::process::ExitCode;
use std::time::Duration;

use lexopt::prelude::*;
use nbft_common::command::failure::{Failure, finish};
use nbft_common::command::find::Reference;
use nbft_common::command::output;

use wait::{Options, Wanted};

const HELP: &str = include_str!("help.txt");
const VERSION: &str = concat!("nbft-wait ", env!("CARGO_PKG_VERSION"), "\n");

/// Runs the command with the arguments of the process.
pub fn main() -> ExitCode {
    finish("nbft-wait", run())
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
            Short('s') | Long("ssns") => {
                let text = parser.value().map_err(Failure::usage)?;
                options
                    .wanted
                    .push(Wanted::Ssns(Reference::from_argument("--ssns", &text)?));
            }
            Long("nid") => {
                let text = parser.value().and_then(|v| v.string()).map_err(Failure::usage)?;
                options.wanted.push(Wanted::Nid(device::nid(&text)?));
            }
            Short('a') | Long("all") => options.all = true,
            Short('p') | Long("partition") => {
                let number: std::num::NonZeroU32 = parser.value().and_then(|v| v.parse()).map_err(Failure::usage)?;
                options.partition = Some(number.get());
            }
            Short('T') | Long("table") => options.tables.push(parser.value().map_err(Failure::usage)?),
            Short('t') | Long("timeout") => {
                let text = parser.value().and_then(|v| v.string()).map_err(Failure::usage)?;
                options.timeout = nbft_common::command::seconds::parse(&text).map_err(Failure::usage)?;
            }
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
