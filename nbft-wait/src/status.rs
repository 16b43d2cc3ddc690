//! Telling whoever looks that something is being waited for: a line on a terminal, the status of a systemd unit.

use std::io::{IsTerminal, Write};

use nbft_common::command::{log, notify, printable};

/// Where the status goes.
pub struct Status {
    terminal: bool,
    unit: notify::Status,
}

impl Status {
    /// Finds out who looks.
    pub fn new() -> Self {
        Self {
            terminal: std::io::stderr().is_terminal(),
            unit: notify::Status::default(),
        }
    }

    /// Whether someone sees seconds go by.
    pub fn is_live(&self) -> bool {
        self.terminal
    }

    /// Shows what is missing, what exists instead, and for how many seconds that has been so.
    pub fn show(&mut self, waiting: &str, seconds: u64) {
        if self.terminal {
            self.line(&format!("{}: {seconds} s: {}", log::command(), printable(waiting)));
        }
        self.unit.set(waiting.to_owned());
    }

    /// Takes the line off the terminal.
    pub fn clear(&self) {
        if self.terminal {
            self.line("");
        }
    }

    fn line(&self, text: &str) {
        // One line of an 80-column terminal: a wrapped line cannot be taken back.
        let text: String = text.chars().take(79).collect();
        let _ = std::io::stderr().write_all(format!("\r{text}\x1b[K").as_bytes());
    }
}
