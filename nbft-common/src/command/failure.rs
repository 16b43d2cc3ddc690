//! How a command ends: exit codes that a script or a systemd unit can act on, and one line that says why.

use std::fmt;
use std::process::ExitCode;

use crate::command::log::{Level, log};

/// Exit codes, those of sysexits(3). 0 is success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// The command line is wrong.
    Usage = 64,
    /// A bad table, or bad JSON.
    Data = 65,
    /// No such table, subsystem namespace or interface record; a file that is not there or cannot be read.
    NoInput = 66,
    /// The kernel lacks what is needed.
    Unsupported = 69,
    /// Output could not be written.
    Output = 74,
    /// Not now, try again: unreachable, refused, address not there yet, timed out.
    TryAgain = 75,
    /// Refused for good: authentication, host not allowed.
    Refused = 77,
    /// Configuration: the kernel rejects the parameters, or a security profile cannot be met.
    Config = 78,
}

/// Why a command failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The exit code it leads to.
    pub exit: Exit,
    /// What failed, where, and why; without the command's name.
    pub message: String,
}

impl Failure {
    /// A failure with this exit code.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
        }
    }

    /// A wrong command line.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, message.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Reports a failure or a warning of a command; see [`log`].
pub fn say(command: &str, message: impl fmt::Display) {
    log(Level::Warning, command, message);
}

/// The end of every command's `main`: the one place that prints its error.
#[must_use]
pub fn finish(command: &str, result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if failure.exit == Exit::Usage {
                log(Level::Error, command, format_args!("{failure} (see {command} --help)"));
            } else {
                log(Level::Error, command, &failure);
            }
            failure.exit.into()
        }
    }
}
