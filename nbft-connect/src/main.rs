//! `nbft-connect`: one subsystem namespace of the NBFT, connected.

mod connect;
mod existing;
mod fabrics;
mod interface;
mod line;
mod path;
mod refusal;

use std::process::ExitCode;

use lexopt::prelude::*;
use nbft_common::failure::{Failure, finish};
use nbft_common::find::Reference;
use nbft_common::output;

use connect::Options;

const HELP: &str = include_str!("help.txt");
const VERSION: &str = concat!("nbft-connect ", env!("CARGO_PKG_VERSION"), "\n");

fn main() -> ExitCode {
    finish("nbft-connect", run())
}

fn run() -> Result<(), Failure> {
    let mut options = Options::default();
    let mut ssns = None;
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next().map_err(Failure::usage)? {
        match argument {
            Short('h') | Long("help") => return output::write(HELP.as_bytes()),
            Short('V') | Long("version") => return output::write(VERSION.as_bytes()),
            Short('s') | Long("ssns") => {
                ssns = Some(Reference::from_argument(
                    "--ssns",
                    &parser.value().map_err(Failure::usage)?,
                )?);
            }
            Long("hfi") => options.hfi = Some(parser.value().and_then(|v| v.parse()).map_err(Failure::usage)?),
            Short('T') | Long("table") => options.tables.push(parser.value().map_err(Failure::usage)?),
            Short('O') | Long("option") => {
                let text = parser.value().and_then(|v| v.string()).map_err(Failure::usage)?;
                options.extra.push(line::extra(&text)?);
            }
            Short('n') | Long("dry-run") => options.dry_run = true,
            Short('v') | Long("verbose") => options.verbose = true,
            other => return Err(Failure::usage(other.unexpected())),
        }
    }
    let ssns = ssns.ok_or_else(|| Failure::usage("name a subsystem namespace: --ssns [TABLE:]N"))?;
    connect::connect(&ssns, &options)
}
