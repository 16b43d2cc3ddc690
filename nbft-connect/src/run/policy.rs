//! How a command tries.

use std::time::{Duration, Instant};

use nbft_common::command::log::{Level, log};

use crate::run::attempt::Persistence;
use crate::target::Depth;

/// Options of the command line that say how to try.
#[derive(Clone, Debug)]
pub struct Policy {
    /// How far the target is asked before the kernel is; none: not at all.
    pub probe: Option<Depth>,
    /// Time limit of a probe at first, from the TCP connection to the answer to Connect.
    pub probe_timeout: Duration,
    /// How long to retry; zero: a single attempt.
    pub retry: Duration,
    /// Stay, and keep connected what was connected.
    pub stay: bool,
    /// The target is asked only once, however long its interface may take to appear.
    pub once: bool,
    /// Every path has to come up.
    pub all: bool,
    /// Report each attempt.
    pub verbose: bool,
}

impl Policy {
    /// What counts as final for a command that begins now.
    pub fn persistence(&self, now: Instant) -> Persistence {
        match (self.stay, self.once) {
            (true, _) => Persistence::Stay,
            (false, true) => Persistence::Once(now + self.retry),
            (false, false) => Persistence::Until(now + self.retry),
        }
    }

    /// Logs a step of the work, in verbose mode only.
    pub fn note(&self, message: impl std::fmt::Display) {
        if self.verbose {
            log(Level::Debug, message);
        }
    }
}
