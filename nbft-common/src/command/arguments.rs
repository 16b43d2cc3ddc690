//! Reading the values of options from a command line.

use std::error::Error;
use std::ffi::OsString;
use std::str::FromStr;
use std::time::Duration;

use lexopt::{Parser, ValueExt};

use super::failure::Failure;
use super::reference::Reference;
use super::seconds;

/// The value of the option just read, which may be any bytes: a path.
///
/// # Errors
/// [`Exit::Usage`](super::failure::Exit::Usage) when the command line ends here.
pub fn value(parser: &mut Parser) -> Result<OsString, Failure> {
    parser.value().map_err(Failure::usage)
}

/// The value of the option just read, parsed.
///
/// # Errors
/// [`Exit::Usage`](super::failure::Exit::Usage) when the command line ends here, or the text does not parse.
pub fn parsed<T: FromStr<Err: Into<Box<dyn Error + Send + Sync>>>>(parser: &mut Parser) -> Result<T, Failure> {
    parser.value().and_then(|value| value.parse()).map_err(Failure::usage)
}

/// A number of seconds, with or without decimals.
///
/// # Errors
/// As for [`parsed`].
pub fn duration(parser: &mut Parser) -> Result<Duration, Failure> {
    seconds::parse(&parsed::<String>(parser)?).map_err(Failure::usage)
}

/// A reference to a descriptor, the value of `option`.
///
/// # Errors
/// As for [`parsed`].
pub fn reference(parser: &mut Parser, option: &str) -> Result<Reference, Failure> {
    let text = value(parser)?;
    let read = text.to_string_lossy().parse();
    read.map_err(|why| Failure::usage(format_args!("{option}: {why}")))
}
