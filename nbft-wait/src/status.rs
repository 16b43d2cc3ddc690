//! Telling whoever looks that something is being waited for: a line on a terminal, the status of a systemd unit.

use std::io::{IsTerminal, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use nbft_common::command::printable;

/// Where the status goes.
pub struct Status {
    terminal: bool,
    systemd: Option<SocketAddr>,
    said: String,
}

impl Status {
    /// Finds out who looks.
    pub fn new() -> Self {
        let name = std::env::var("NOTIFY_SOCKET").unwrap_or_default();
        let systemd = match name.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name).ok(),
            None if name.starts_with('/') => SocketAddr::from_pathname(&name).ok(),
            None => None,
        };
        Self {
            terminal: std::io::stderr().is_terminal(),
            systemd,
            said: String::new(),
        }
    }

    /// Whether someone sees seconds go by.
    pub fn is_live(&self) -> bool {
        self.terminal
    }

    /// Shows what is waited for, what there is, and for how many seconds it has been.
    pub fn show(&mut self, waiting: &str, seconds: u64) {
        let waiting = printable(waiting);
        if self.terminal {
            self.line(&format!("nbft-wait: {seconds} s: {waiting}"));
        }
        if self.said != waiting
            && let Some(address) = &self.systemd
        {
            // Nobody listening is no reason to stop waiting.
            let send = || UnixDatagram::unbound()?.send_to_addr(format!("STATUS={waiting}\n").as_bytes(), address);
            let _ = send();
            self.said = waiting.into_owned();
        }
    }

    /// Takes the line off the terminal.
    pub fn clear(&self) {
        if self.terminal {
            self.line("");
        }
    }

    fn line(&self, text: &str) {
        // One line of an 80-column terminal: what wraps cannot be taken back.
        let text: String = text.chars().take(79).collect();
        let _ = std::io::stderr().write_all(format!("\r{text}\x1b[K").as_bytes());
    }
}
