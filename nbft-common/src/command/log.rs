//! Messages for early boot: plain lines on a terminal, lines with a priority for systemd, and the kernel's log when
//! standard error was closed at start-up.

use std::fmt;
use std::fs::File;
use std::io::Write;
use std::os::linux::fs::MetadataExt;
use std::sync::OnceLock;

use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;
use nix::unistd::dup2_stderr;

use super::printable::printable;
use super::root;
use super::stream::was_closed;

/// Priorities of syslog(3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Something failed.
    Error = 3,
    /// Something is odd, but the program continues.
    Warning = 4,
    /// A step of the work.
    Debug = 7,
}

/// Most bytes of a message in one record of the kernel's log, which refuses a record of more than 976 bytes (1024 in newer
/// kernels) as a whole.
const PIECE: usize = 900;

/// The name at the start of every message.
static COMMAND: OnceLock<&str> = OnceLock::new();

/// Called when a program begins: sets the name for messages; the first call counts.
pub(super) fn begin(name: &'static str) {
    // A second name would be a bug of the program; messages keep the first name.
    let _ = COMMAND.set(name);
    // A program that goes on in the real root no longer finds /dev below its own root. The descriptor of standard error is
    // free, and a child process that closes all others keeps this one.
    if was_closed(2)
        && let Ok(devices) = File::open(root::path("/dev"))
    {
        let _ = dup2_stderr(devices);
    }
}

/// The kernel's log, opened for each record: of one opened file the kernel takes ten records in five seconds.
fn kernel() -> nix::Result<File> {
    let flags = OFlag::O_WRONLY | OFlag::O_CLOEXEC;
    openat(std::io::stderr(), "kmsg", flags, Mode::empty()).map(File::from)
}

/// The name under which this process prints its messages.
#[must_use]
pub fn command() -> &'static str {
    COMMAND.get().copied().unwrap_or("nbft")
}

/// Prints `COMMAND: message` with control characters made visible. A message that cannot be delivered is no failure.
pub fn log(level: Level, message: impl fmt::Display) {
    let text = message.to_string();
    let text = printable(&text);
    let line = |text: &str| format!("{}: {text}\n", command());
    let marked = |text: &str| format!("<{}>{}", level as u8, line(text));
    if was_closed(2) {
        for piece in pieces(&text) {
            let _ = kernel().map(|mut log| log.write_all(marked(piece).as_bytes()));
        }
        return;
    }
    let line = if is_journal() { marked(&text) } else { line(&text) };
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// A message in pieces that the kernel's log takes.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        if text.len() <= PIECE {
            return Some(text);
        }
        let end = (0..=PIECE).rev().find(|&end| text.is_char_boundary(end))?;
        let (piece, more) = text.split_at(end);
        rest = Some(more);
        Some(piece)
    })
}

/// Prints a warning, or a failure that does not end the command; see [`log`].
pub fn warn(message: impl fmt::Display) {
    log(Level::Warning, message);
}

/// Whether standard error is the stream that systemd announced: systemd reads a priority at the start of each line.
fn is_journal() -> bool {
    let Some(announced) = std::env::var("JOURNAL_STREAM").ok() else {
        return false;
    };
    std::fs::metadata("/proc/self/fd/2")
        .is_ok_and(|stream| announced == format!("{}:{}", stream.st_dev(), stream.st_ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_come_in_pieces() {
        // One byte, then characters of two: a cut at an even number of bytes would divide one of them.
        for (text, number) in [
            (String::new(), 1),
            ("x".repeat(PIECE), 1),
            ("x".repeat(PIECE + 1), 2),
            (format!("x{}", "é".repeat(PIECE)), 3),
        ] {
            let pieces: Vec<&str> = pieces(&text).collect();
            assert_eq!((pieces.len(), pieces.concat()), (number, text.clone()));
            assert!(pieces.iter().all(|piece| piece.len() <= PIECE));
        }
    }
}
