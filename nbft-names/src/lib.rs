//! `nbft-names`: names the interfaces of the NBFT, and writes their configuration for any network stack.

mod address;
mod describe;
mod device;
mod facts;
mod files;
mod format;
mod group;
mod hfi_ref;
mod host_name;
mod identity;
mod interface;
mod metrics;
mod names;
mod naming;
mod nics;
mod routes;

use std::process::ExitCode;

use lexopt::prelude::*;
use nbft_common::command::arguments::{parsed, value};
use nbft_common::command::failure::Failure;
use nbft_common::command::{output, program};

use group::Choices;
use interface::Naming;
use names::{Options, To};
use naming::Scheme;

/// `help.txt` with the names of the built-in formats, which `build.rs` adds.
const HELP: &str = include_str!(concat!(env!("OUT_DIR"), "/help.txt"));
const VERSION: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), "\n");

/// Runs the command with the arguments of the process.
pub fn main() -> ExitCode {
    program::main(env!("CARGO_PKG_NAME"), run)
}

fn run() -> Result<(), Failure> {
    let mut choices = Choices {
        scheme: Scheme::Hfi,
        prefix: "nbft".to_owned(),
        naming: Naming::Rename,
        always_default: false,
        omitted: Vec::new(),
    };
    let (mut to, mut arguments, mut directory, mut verbose) = (None, Vec::new(), None, false);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next().map_err(Failure::usage)? {
        match argument {
            Short('h') | Long("help") => return output::write(HELP.as_bytes()),
            Short('V') | Long("version") => return output::write(VERSION.as_bytes()),
            Short('s') | Long("scheme") => {
                choices.scheme = word(
                    &mut parser,
                    "--scheme",
                    &[("hfi", Scheme::Hfi), ("index", Scheme::Index)],
                )?;
            }
            Short('p') | Long("prefix") => choices.prefix = prefix(parsed(&mut parser)?)?,
            Short('n') | Long("naming") => {
                let modes = [
                    ("rename", Naming::Rename),
                    ("altname", Naming::AltName),
                    ("none", Naming::None),
                ];
                choices.naming = word(&mut parser, "--naming", &modes)?;
            }
            Short('r') | Long("default-route") => {
                choices.always_default = word(&mut parser, "--default-route", &[("auto", false), ("always", true)])?;
            }
            Long("omit") => choices.omitted.push(parsed(&mut parser)?),
            Short('t') | Long("to") => {
                let name: String = parsed(&mut parser)?;
                set(&mut to, if name == "json" { To::Json } else { To::Named(name) })?;
            }
            Short('f') | Long("from-file") => set(&mut to, To::File(value(&mut parser)?))?,
            Long("arg") => arguments.push((parsed(&mut parser)?, parsed(&mut parser)?)),
            Short('o') | Long("output-dir") => directory = Some(value(&mut parser)?),
            Short('v') | Long("verbose") => verbose = true,
            other => return Err(Failure::usage(other.unexpected())),
        }
    }
    let to = to.unwrap_or_else(|| To::Named("names".to_owned()));
    names::names(&Options {
        choices,
        to,
        arguments,
        directory,
        verbose,
    })
}

/// The value of an option that takes one of these words.
fn word<T: Copy>(parser: &mut lexopt::Parser, option: &str, words: &[(&str, T)]) -> Result<T, Failure> {
    let given: String = parsed(parser)?;
    match words.iter().find(|(word, _)| *word == given) {
        Some((_, value)) => Ok(*value),
        None => {
            let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            Err(Failure::usage(format_args!(
                "{option}: '{given}' is not one of {}",
                all.join(", ")
            )))
        }
    }
}

fn prefix(given: String) -> Result<String, Failure> {
    if naming::is_prefix(&given) {
        return Ok(given);
    }
    let rule = "is not a letter and up to 7 letters, digits, '-' or '_'";
    Err(Failure::usage(format_args!("--prefix: '{given}' {rule}")))
}

/// Sets the format, which may be given once.
fn set(to: &mut Option<To>, new: To) -> Result<(), Failure> {
    match to.replace(new) {
        None => Ok(()),
        Some(_) => Err(Failure::usage("only one format: --to or --from-file, once")),
    }
}
