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
    /// Holds the signals back.
    pub fn hold() -> Self {
        let set: SigSet = ENDING.into_iter().collect();
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
