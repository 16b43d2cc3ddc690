//! The failure of a command: an exit code that a script or a systemd unit can act on, and one line with the reason.

use std::{fmt, io};

use serde::{Deserialize, Serialize};

/// Exit codes, those of sysexits(3). 0 is success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum Exit {
    /// The command line is wrong.
    Usage = 64,
    /// A bad table, or bad JSON.
    Data = 65,
    /// No such table, subsystem namespace or interface record; a file that is missing or cannot be read.
    NoInput = 66,
    /// The kernel lacks a feature that the command needs.
    Unsupported = 69,
    /// Output could not be written.
    Output = 74,
    /// Temporary, try again: unreachable, refused, address not assigned yet, timed out.
    TryAgain = 75,
    /// Refused for good: authentication, host not allowed.
    Refused = 77,
    /// Configuration: the kernel rejects the parameters, or a security profile cannot be met.
    Config = 78,
}

/// Why a command failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The exit code of the command.
    pub exit: Exit,
    /// The failed action, its place and the reason; without the command's name.
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

    /// A file or device that could not be used: `WHERE: WHY`.
    pub fn io(exit: Exit, place: impl fmt::Display, error: &io::Error) -> Self {
        Self::new(exit, io_words(error)).at(place)
    }

    /// The same failure with its place in front: `WHERE: WHAT`.
    #[must_use]
    pub fn at(self, place: impl fmt::Display) -> Self {
        Self::new(self.exit, format!("{place}: {}", self.message))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// The system's words for an error, without the number that Rust adds.
#[must_use]
pub fn io_words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}
