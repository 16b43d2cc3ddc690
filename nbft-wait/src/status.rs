//! The progress of the wait: a line on a terminal, the status of a systemd unit.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use nbft_common::command::{log, notify, printable};

/// The places that show the status.
pub struct Status {
    terminal: bool,
    unit: notify::Status,
}

impl Status {
    /// Finds the places that show the status.
    pub fn new() -> Self {
        Self {
            terminal: std::io::stderr().is_terminal(),
            unit: notify::Status::find(),
        }
    }

    /// The time until the status has to be shown again, even if nothing happens: a terminal shows the passing seconds.
    pub fn again(&self) -> Option<Duration> {
        let seconds = self.terminal.then_some(Duration::from_secs(1));
        seconds.or_else(|| self.unit.again())
    }

    /// Shows the missing and the existing devices, and how many seconds the wait has lasted.
    pub fn show(&mut self, waiting: &str, seconds: u64) {
        if self.terminal {
            self.line(&format!("{}: {seconds} s: {}", log::command(), printable(waiting)));
        }
        self.unit.set(waiting.to_owned());
    }

    /// Removes the line from the terminal.
    pub fn clear(&self) {
        if self.terminal {
            self.line("");
        }
    }

    fn line(&self, text: &str) {
        // One line of an 80-column terminal: a wrapped line cannot be removed.
        let text: String = text.chars().take(79).collect();
        let _ = std::io::stderr().write_all(format!("\r{text}\x1b[K").as_bytes());
    }
}
