//! `nbft-dump`: the NBFT as JSON or as text.

mod connections;
mod dump;
mod filter;
mod page;
mod pretty;
mod text;

use std::process::ExitCode;

use lexopt::prelude::*;
use nbft_common::command::arguments::{parsed, value};
use nbft_common::command::failure::Failure;
use nbft_common::command::{output, program};

use dump::{Format, Options};
use filter::Code;

const HELP: &str = include_str!("help.txt");
const VERSION: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), "\n");

/// Runs the command with the arguments of the process.
pub fn main() -> ExitCode {
    program::main(env!("CARGO_PKG_NAME"), run)
}

fn run() -> Result<ExitCode, Failure> {
    let mut options = Options::default();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next().map_err(Failure::usage)? {
        match argument {
            Short('h') | Long("help") => return print(HELP),
            Short('V') | Long("version") => return print(VERSION),
            Short('t') | Long("text") => options.format = Format::Text,
            Short('C') | Long("connections") => options.format = Format::Connections,
            Short('q') | Long("jq") => options.query.set(Code::Text(parsed(&mut parser)?))?,
            Short('f') | Long("from-file") => options.query.set(Code::File(value(&mut parser)?))?,
            Short('r') | Long("raw-output") => options.query.style.raw = true,
            Short('c') | Long("compact") => options.query.style.compact = true,
            Short('e') | Long("exit-status") => options.query.status = true,
            Long("arg") => {
                let (name, value) = (parsed(&mut parser)?, parsed(&mut parser)?);
                options.query.arguments.push((name, value));
            }
            Long("strict") => options.strict = true,
            Value(file) => options.files.push(file),
            other => return Err(Failure::usage(other.unexpected())),
        }
    }
    let filtered = options.query.code.is_some();
    match options.format {
        Format::Text if filtered => return Err(Failure::usage("--text leaves no JSON to filter")),
        Format::Connections if filtered => return Err(Failure::usage("--connections leaves no JSON to filter")),
        _ => {}
    }
    dump::dump(&options).map(ExitCode::from)
}

fn print(text: &str) -> Result<ExitCode, Failure> {
    output::write(text.as_bytes()).map(|()| ExitCode::SUCCESS)
}
