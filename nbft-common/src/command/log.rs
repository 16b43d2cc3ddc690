//! Messages, fit for early boot: plain lines on a terminal, lines with a priority where systemd reads them, and the
//! kernel's log where there is no standard error at all.

use std::fmt;
use std::io::Write;
use std::os::linux::fs::MetadataExt;

use crate::command::output::was_closed;
use crate::command::printable;

/// Priorities of syslog(3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Something failed.
    Error = 3,
    /// Something is odd, and the program goes on.
    Warning = 4,
    /// Something that whoever reads should know.
    Notice = 5,
    /// What is being done.
    Debug = 7,
}

/// Says `COMMAND: message` with control characters made visible. A message that cannot be delivered is no failure.
pub fn log(level: Level, command: &str, message: impl fmt::Display) {
    let text = message.to_string();
    let line = format!("{command}: {}\n", printable(&text));
    let marked = || format!("<{}>{line}", level as u8);
    if was_closed(2) {
        if let Ok(mut kernel) = std::fs::OpenOptions::new()
            .write(true)
            .open(crate::command::root::path("/dev/kmsg"))
        {
            let _ = kernel.write_all(marked().as_bytes());
        }
        return;
    }
    let line = if is_journal() { marked() } else { line };
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// Whether standard error is the stream that systemd announced: it reads a priority at the start of each line.
fn is_journal() -> bool {
    let Some(announced) = std::env::var("JOURNAL_STREAM").ok() else {
        return false;
    };
    std::fs::metadata("/proc/self/fd/2")
        .is_ok_and(|stream| announced == format!("{}:{}", stream.st_dev(), stream.st_ino()))
}
