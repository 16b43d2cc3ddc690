//! Sleeping until a file descriptor is ready.

use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollTimeout, poll};

/// Pause after a failed poll(2), before the caller looks for itself.
const AFTER_ERROR: Duration = Duration::from_millis(200);

/// Sleeps until a descriptor is ready, or for `time`; returns whether the caller should look. A signal does not end the
/// sleep. When poll(2) fails (`ENOMEM`), the caller looks after a pause, which is better than spinning and better than
/// never looking.
pub fn wait(waiting: &mut [PollFd<'_>], time: Duration) -> bool {
    let begun = Instant::now();
    loop {
        let left = time.saturating_sub(begun.elapsed());
        // Rounded up, so that the loop does not spin through the last millisecond. A time beyond poll's range is cut: no
        // caller notices, because each caller looks at its own clock.
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
