//! Standard output, with every error reported.

use std::io::{ErrorKind, Write};

use super::failure::{Exit, Failure};
use super::stream::was_closed;

/// Writes a finished result to standard output. A reader that has gone (`| head -1`) is not a failure.
///
/// # Errors
/// [`Exit::Output`] when the result cannot be written, for example on a full disk.
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
