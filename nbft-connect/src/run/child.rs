//! Work in a child process: the kernel holds whoever connects, up to a minute, and lets no signal end the wait. The child
//! waits in place of the command, which meanwhile serves the other paths, and can end.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::marker::PhantomData;
use std::os::fd::AsFd;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags};
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, pipe2};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::raw;

/// A child process that answers with a `T`.
pub struct Child<T> {
    pid: Pid,
    pipe: File,
    answer: Vec<u8>,
    kind: PhantomData<T>,
}

impl<T: Serialize + DeserializeOwned> Child<T> {
    /// Starts a child that does `work`.
    pub fn start(work: impl FnOnce() -> T) -> io::Result<Self> {
        let (read, write) = pipe2(OFlag::O_CLOEXEC)?;
        fcntl(&read, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        let mut write = File::from(write);
        let pid = raw::start_child(|| {
            raw::close_all_but(write.as_fd());
            // Where the command is killed, a child that still waits has nobody to answer.
            let _ = prctl::set_pdeathsig(Signal::SIGTERM);
            let answer = serde_json::to_vec(&work()).unwrap_or_default();
            let _ = write.write_all(&answer);
        })?;
        Ok(Self {
            pid,
            pipe: File::from(read),
            answer: Vec::new(),
            kind: PhantomData,
        })
    }

    /// The event to wait for.
    pub fn poll_fd(&self) -> PollFd<'_> {
        PollFd::new(self.pipe.as_fd(), PollFlags::POLLIN)
    }

    /// Continues after an event: `None` while the child works, `Some(None)` if the child ended without an answer.
    pub fn advance(&mut self) -> Option<Option<T>> {
        let mut buffer = [0; 4096];
        loop {
            match self.pipe.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => self.answer.extend_from_slice(buffer.get(..length).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                Err(_) => break,
            }
        }
        // The child has closed the pipe, so it is about to end.
        let _ = waitpid(self.pid, None);
        Some(serde_json::from_slice(&self.answer).ok())
    }

    /// Asks the child to end. A child that the kernel holds ends when the kernel lets it go.
    pub fn stop(&self) {
        let _ = kill(self.pid, Signal::SIGTERM);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nbft_common::command::poll;
    use std::time::Duration;

    fn answer<T: Serialize + DeserializeOwned>(mut child: Child<T>) -> Option<T> {
        loop {
            poll::wait(&mut [child.poll_fd()], Duration::from_secs(10));
            if let Some(answer) = child.advance() {
                return answer;
            }
        }
    }

    #[test]
    fn children_answer() -> io::Result<()> {
        // More than a pipe holds.
        let long = "x".repeat(200_000);
        assert_eq!(answer(Child::start(|| long.clone())?), Some(long));
        let stopped = Child::start(|| {
            loop {
                std::thread::park();
            }
        })?;
        stopped.stop();
        assert_eq!(answer::<u8>(stopped), None);
        Ok(())
    }
}
