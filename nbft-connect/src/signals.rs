//! The signals that end a command.

use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// Signals that end a command.
const ENDING: [Signal; 3] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP];

/// The signals that end a command, held back so that the command ends in order.
pub struct Signals {
    set: SigSet,
    fd: Option<SignalFd>,
}

impl Signals {
    /// Holds the signals back. A signal that is ignored stays ignored, as after nohup(1).
    pub fn hold() -> Self {
        let ignored = ignored();
        let heeded = ENDING
            .into_iter()
            .filter(|&signal| ignored >> (signal as u32 - 1) & 1 == 0);
        let set: SigSet = heeded.collect();
        let held = set.thread_block().is_ok();
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        let fd = SignalFd::with_flags(&set, flags).ok().filter(|_| held);
        Self { set, fd }
    }

    /// The event to wait for.
    pub fn poll_fd(&self) -> Option<PollFd<'_>> {
        Some(PollFd::new(self.fd.as_ref()?.as_fd(), PollFlags::POLLIN))
    }

    /// The signal that came meanwhile.
    pub fn arrived(&self) -> Option<Signal> {
        let info = self.fd.as_ref()?.read_signal().ok()??;
        Signal::try_from(i32::try_from(info.ssi_signo).ok()?).ok()
    }

    /// Holds the signals back again.
    pub fn block(&self) {
        let _ = self.set.thread_block();
    }

    /// Lets signals through again: a signal ends this process.
    pub fn release(&self) {
        let _ = self.set.thread_unblock();
    }
}

/// The signals that this process was started to ignore, a bit for each, see proc(5).
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or_default()
}
