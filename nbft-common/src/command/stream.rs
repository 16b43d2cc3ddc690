//! Standard streams that were closed when the program began.
#![allow(unsafe_code, reason = "only code before main sees the streams as they were")]

use std::sync::atomic::{AtomicU8, Ordering};

use nix::libc;

/// One bit for each standard stream that was closed.
static CLOSED: AtomicU8 = AtomicU8::new(0);

/// Runs before main. Rust's start-up code, which comes later, opens `/dev/null` in the place of a closed stream, so that a
/// result would vanish without an error; afterwards such a stream looks like one that a caller has sent to `/dev/null`.
extern "C" fn look() {
    for fd in 0..=2 {
        // SAFETY: F_GETFD takes no pointer, and fails for a descriptor that is not open.
        if unsafe { libc::fcntl(fd, libc::F_GETFD) } == -1 {
            CLOSED.fetch_or(1 << fd, Ordering::Relaxed);
        }
    }
}

// SAFETY: the C library calls each function of this section once, before main and without another thread; `look` needs
// nothing that Rust's start-up code provides.
#[used]
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = look;

/// Whether this standard stream was closed when the program began.
pub(super) fn was_closed(fd: u8) -> bool {
    CLOSED.load(Ordering::Relaxed) & 1 << fd != 0
}
