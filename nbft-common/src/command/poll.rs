//! Sleeping until there is something to read, or to write.

use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollTimeout, poll};

/// Pause after a poll(2) that failed, before the caller looks for itself.
const AFTER_ERROR: Duration = Duration::from_millis(200);

/// Sleeps until something happens on one of these, or for `time`; says whether to look. A signal does not end the sleep.
/// When poll(2) fails (`ENOMEM`), the caller is told to look after a pause: that is better than spinning, and better than
/// never looking.
pub fn wait(waiting: &mut [PollFd<'_>], time: Duration) -> bool {
    let begun = Instant::now();
    loop {
        let left = time.saturating_sub(begun.elapsed());
        // Rounded up, so that the last millisecond is not spun through. A time beyond poll's range is cut, which no caller
        // notices: each looks at its own clock.
        let timeout = PollTimeout::try_from(left.saturating_add(Duration::from_millis(1))).unwrap_or(PollTimeout::MAX);
        match poll(waiting, timeout) {
            Ok(ready) => return ready > 0,
            Err(Errno::EINTR) => {}
            Err(_) => {
                std::thread::sleep(left.min(AFTER_ERROR));
                return true;
            }
        }
    }
}
