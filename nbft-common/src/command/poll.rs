//! Sleeping until there is something to read, or to write.

use std::time::Duration;

use nix::poll::{PollFd, PollTimeout, poll};

/// Sleeps until something happens on one of these, or for `time`; says on how many, 0 when the time passed.
///
/// # Errors
/// Those of poll(2): `EINTR` when a signal came, `ENOMEM`.
pub fn wait(waiting: &mut [PollFd<'_>], time: Duration) -> nix::Result<i32> {
    // Rounded up, so that the last millisecond is not spun through. More than poll can count is for ever, nearly.
    let timeout = PollTimeout::try_from(time.saturating_add(Duration::from_millis(1))).unwrap_or(PollTimeout::MAX);
    poll(waiting, timeout)
}
