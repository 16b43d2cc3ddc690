//! The beginning and the end of every command.

use std::process::{ExitCode, Termination};

use super::failure::{Exit, Failure};
use super::log::{self, Level, log};

/// Runs a command under its name. Only this function prints a command's error and turns the error into an exit code.
#[must_use]
pub fn main<T: Termination>(name: &'static str, run: impl FnOnce() -> Result<T, Failure>) -> ExitCode {
    log::begin(name);
    let failure = match run() {
        Ok(done) => return done.report(),
        Err(failure) => failure,
    };
    if failure.exit == Exit::Usage {
        log(Level::Error, format_args!("{failure} (see {name} --help)"));
    } else {
        log(Level::Error, &failure);
    }
    ExitCode::from(failure.exit as u8)
}
