//! An NVMe/TCP target in user space that can misbehave at any step and counts what it sees.
//!
//! The Linux kernel connects to it, mounts file systems from it and reads its discovery log. Its words are those of
//! `nbft-target --help`, see [`WORDS`].
//!
//! ```
//! use nbft_tests::target::Target;
//!
//! let target = Target::start(
//!     "subsystem nqn.2026-01.example:disk any
//!      namespace nqn.2026-01.example:disk 1 0fa5d0a1-9a6e-4c6b-8a43-5f0f3a1e0001
//!      port 1 127.0.0.1 0 nqn.2026-01.example:disk
//!      fault connect close times=1",
//! )?;
//! let address = target.address(1)?;
//! std::net::TcpStream::connect(address).unwrap();
//! target.tell("clear")?;
//! assert_eq!(target.counts().connects, 0);
//! # Ok::<(), String>(())
//! ```

mod admin;
mod command;
mod control;
mod counts;
mod disk;
mod fabrics;
mod fault;
mod identify;
mod io;
mod link;
mod pdu;
mod port;
mod record;
mod session;
mod state;
mod status;
mod strike;
#[cfg(test)]
mod tests;
mod words;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

pub use control::ask;
pub use counts::{ConnectSeen, ControllerEnds, Counts, Ends, Level};
pub use words::WORDS;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use state::State;

/// Lets this process open as many connections as its hard limit allows; each needs a descriptor.
pub fn raise_limit() {
    // A limit that cannot be raised is enough for most tests.
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

/// A target that runs until it is dropped.
#[derive(Debug)]
pub struct Target {
    state: Arc<State>,
}

impl Target {
    /// Starts a target that is described by these lines. Its ports listen once this returns.
    pub fn start(description: &str) -> Result<Self, String> {
        let target = Self {
            state: Arc::new(State::new()),
        };
        for (number, line) in description.lines().enumerate() {
            target
                .tell(line)
                .map_err(|error| format!("line {}: {error}", number + 1))?;
        }
        Ok(target)
    }

    /// Carries out one line of words; the answer is empty for most of them.
    pub fn tell(&self, line: &str) -> Result<String, String> {
        words::carry_out(&self.state, line)
    }

    /// Where a port listens.
    pub fn address(&self, port: u16) -> Result<SocketAddr, String> {
        words::address(&self.state.lock(), port)
    }

    /// Everything the target has seen.
    pub fn counts(&self) -> Counts {
        self.state.counts()
    }

    /// Waits until the counts are as they should be; the error holds those seen last.
    pub fn wait_for(&self, limit: Duration, seen: impl Fn(&Counts) -> bool) -> Result<Counts, String> {
        let end = Instant::now() + limit;
        loop {
            let counts = self.counts();
            if seen(&counts) {
                return Ok(counts);
            }
            if Instant::now() > end {
                return Err(format!("not within {limit:?}: {counts:?}"));
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Takes words over a Unix socket, too.
    pub fn control(&self, path: &Path) -> Result<(), String> {
        control::serve(&self.state, path).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Waits for the word `quit`.
    pub fn wait_for_quit(&self) {
        self.state.wait_for_stop();
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.state.stop();
    }
}
