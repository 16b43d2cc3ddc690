//! `nbft-dump`: the NBFT as JSON or as text.

mod dump;
mod text;

use std::process::ExitCode;

use lexopt::prelude::*;
use nbft_common::failure::{Failure, finish};
use nbft_common::output;

use dump::{Format, Options};

const HELP: &str = include_str!("help.txt");
const VERSION: &str = concat!("nbft-dump ", env!("CARGO_PKG_VERSION"), "\n");

fn main() -> ExitCode {
    finish("nbft-dump", run())
}

fn run() -> Result<(), Failure> {
    let mut options = Options::default();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next().map_err(Failure::usage)? {
        match argument {
            Short('h') | Long("help") => return output::write(HELP.as_bytes()),
            Short('V') | Long("version") => return output::write(VERSION.as_bytes()),
            Short('t') | Long("text") => options.format = Format::Text,
            Short('c') | Long("compact") => options.compact = true,
            Long("strict") => options.strict = true,
            Value(file) => options.files.push(file),
            other => return Err(Failure::usage(other.unexpected())),
        }
    }
    dump::dump(&options)
}
