//! `nbft-dump`: the NBFT as JSON or as text.

mod dump;
mod filter;
mod page;
mod pretty;
mod text;

use std::process::ExitCode;

use lexopt::prelude::*;
use nbft_common::command::failure::{Failure, finish};
use nbft_common::command::output;

use dump::{Format, Options};
use filter::Code;

const HELP: &str = include_str!("help.txt");
const VERSION: &str = concat!("nbft-dump ", env!("CARGO_PKG_VERSION"), "\n");

/// Runs the command with the arguments of the process.
pub fn main() -> ExitCode {
    match run() {
        Ok(status) => status.into(),
        Err(failure) => finish("nbft-dump", Err(failure)),
    }
}

fn run() -> Result<u8, Failure> {
    let mut options = Options::default();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next().map_err(Failure::usage)? {
        match argument {
            Short('h') | Long("help") => return print(HELP),
            Short('V') | Long("version") => return print(VERSION),
            Short('t') | Long("text") => options.format = Format::Text,
            Short('q') | Long("jq") => options.query.set(Code::Text(text(&mut parser)?))?,
            Short('f') | Long("from-file") => {
                let path = parser.value().map_err(Failure::usage)?;
                options.query.set(Code::File(path))?;
            }
            Short('r') | Long("raw-output") => options.query.style.raw = true,
            Short('c') | Long("compact") => options.query.style.compact = true,
            Short('e') | Long("exit-status") => options.query.status = true,
            Long("arg") => {
                let (name, value) = (text(&mut parser)?, text(&mut parser)?);
                options.query.arguments.push((name, value));
            }
            Long("strict") => options.strict = true,
            Value(file) => options.files.push(file),
            other => return Err(Failure::usage(other.unexpected())),
        }
    }
    if options.format == Format::Text && options.query.code.is_some() {
        return Err(Failure::usage("--text leaves no JSON to filter"));
    }
    dump::dump(&options)
}

/// The next argument, which is text.
fn text(parser: &mut lexopt::Parser) -> Result<String, Failure> {
    parser.value().and_then(|value| value.string()).map_err(Failure::usage)
}

fn print(text: &str) -> Result<u8, Failure> {
    output::write(text.as_bytes()).map(|()| 0)
}
