//! Messages for early boot: plain lines on a terminal, lines with a priority for systemd, and the kernel's log when
//! standard error was closed at start-up.

use std::fmt;
use std::fs::File;
use std::io::Write;
use std::os::linux::fs::MetadataExt;
use std::sync::OnceLock;

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

/// The name at the start of every message.
static COMMAND: OnceLock<&str> = OnceLock::new();

/// The kernel's log, if standard error was closed and the log could be opened.
static KERNEL: OnceLock<Option<File>> = OnceLock::new();

/// Called when a program begins: sets the name for messages; the first call counts.
pub(super) fn begin(name: &'static str) {
    // A second name would be a bug of the program; messages keep the first name.
    let _ = COMMAND.set(name);
    if was_closed(2) {
        kernel();
    }
}

/// The kernel's log, opened once: a program that goes on in the real root no longer finds /dev below its own root.
fn kernel() -> Option<&'static File> {
    KERNEL
        .get_or_init(|| File::options().write(true).open(root::path("/dev/kmsg")).ok())
        .as_ref()
}

/// The name under which this process prints its messages.
#[must_use]
pub fn command() -> &'static str {
    COMMAND.get().copied().unwrap_or("nbft")
}

/// Prints `COMMAND: message` with control characters made visible. A message that cannot be delivered is no failure.
pub fn log(level: Level, message: impl fmt::Display) {
    let text = message.to_string();
    let line = format!("{}: {}\n", command(), printable(&text));
    let marked = || format!("<{}>{line}", level as u8);
    if was_closed(2) {
        if let Some(mut kernel) = kernel() {
            let _ = kernel.write_all(marked().as_bytes());
        }
        return;
    }
    let line = if is_journal() { marked() } else { line };
    let _ = std::io::stderr().write_all(line.as_bytes());
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
