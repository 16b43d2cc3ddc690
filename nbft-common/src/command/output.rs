//! Standard output, checked.

use std::io::{ErrorKind, Write};

use crate::command::failure::{Exit, Failure};

/// Writes a finished result to standard output. A reader that went away (`| head -1`) is not a failure.
///
/// # Errors
/// [`Exit::Output`] when it cannot be written, for example on a full disk.
pub fn write(bytes: &[u8]) -> Result<(), Failure> {
    let failed = |why: &dyn std::fmt::Display| Failure::new(Exit::Output, format!("standard output: {why}"));
    if was_closed(1) {
        return Err(failed(&"it is closed"));
    }
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(failed(&error)),
        _ => Ok(()),
    }
}

/// Whether this standard stream was closed when the program began. Rust's start-up code then opens `/dev/null` there,
/// for reading and writing, so a result would vanish without an error; a shell's `>/dev/null` is open for writing only.
pub(crate) fn was_closed(fd: u8) -> bool {
    let flags = |info: &str| {
        info.lines()
            .find_map(|line| line.strip_prefix("flags:").map(|f| f.trim().to_owned()))
    };
    std::fs::read_link(format!("/proc/self/fd/{fd}")).is_ok_and(|target| target.as_os_str() == "/dev/null")
        && std::fs::read_to_string(format!("/proc/self/fdinfo/{fd}"))
            .ok()
            .and_then(|info| flags(&info))
            .and_then(|flags| u32::from_str_radix(&flags, 8).ok())
            .is_some_and(|flags| flags & 3 == 2)
}
