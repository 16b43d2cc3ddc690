//! One handshake: a connection of the kernel, from the request to the keys.

use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use nix::sys::socket::{MsgFlags, SockaddrStorage, getpeername, recv, send};

use crate::handshake::fault::Fault;
use crate::handshake::{Client, suite_name};
use crate::kernel::Wanted;
use crate::{keyring, ktls};

/// A handshake in progress.
pub struct Task {
    wanted: Wanted,
    /// The key in use.
    key: i32,
    /// Subsystem and address of the target, for messages.
    place: String,
    client: Client,
    output: Vec<u8>,
    /// Whether the target has answered.
    answered: bool,
    deadline: Instant,
}

/// Why there is no secure connection.
pub struct Unable {
    /// The error for whoever wanted the connection.
    pub errno: Errno,
    /// The reason, in words.
    pub why: String,
}

impl Unable {
    /// This machine is at fault.
    fn here(why: impl Into<String>) -> Self {
        Self {
            errno: Errno::EIO,
            why: why.into(),
        }
    }

    /// The target is at fault, or the keys differ.
    fn there(why: impl Into<String>) -> Self {
        Self {
            errno: Errno::EACCES,
            why: why.into(),
        }
    }
}

impl From<Fault> for Unable {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Internal => Self::here(fault.to_string()),
            _ => Self::there(fault.to_string()),
        }
    }
}

/// Random bytes of the kernel; whether there are any.
fn random(bytes: &mut [u8]) -> bool {
    getrandom::fill(bytes).is_ok()
}

impl Task {
    /// Begins the handshake that a connection wants.
    ///
    /// # Errors
    /// The connection, and why it gets none.
    pub fn begin(wanted: Wanted) -> Result<Self, (Wanted, Unable)> {
        match prepare(&wanted) {
            Ok((key, place, mut client)) => Ok(Self {
                // Before the kernel gives up, which would look like the end of the connection.
                deadline: Instant::now() + wanted.timeout.mul_f32(0.9),
                wanted,
                key,
                place,
                output: client.take_output(),
                client,
                answered: false,
            }),
            Err(unable) => Err((wanted, unable)),
        }
    }

    /// The event to wait for.
    pub fn poll_fd(&self) -> PollFd<'_> {
        let events = match self.output.is_empty() {
            true => PollFlags::POLLIN,
            false => PollFlags::POLLOUT,
        };
        PollFd::new(self.wanted.socket.as_fd(), events)
    }

    /// How long to wait at most.
    pub fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Goes on as far as possible without waiting. `None`: the handshake is not over.
    pub fn step(&mut self) -> Option<Result<String, Unable>> {
        match self.advance() {
            Ok(true) => Some(self.hand_over()),
            Ok(false) if self.left().is_zero() => Some(Err(self.late())),
            Ok(false) => None,
            Err(unable) => {
                // The alert. If it has no room, the end of the connection tells as much.
                let _ = self.flush();
                Some(Err(unable))
            }
        }
    }

    /// The descriptor, the key and the place of this task.
    pub fn identity(&self) -> (i32, i32, &str) {
        (self.wanted.socket.as_raw_fd(), self.key, &self.place)
    }

    /// Sends and receives; whether the handshake is done.
    fn advance(&mut self) -> Result<bool, Unable> {
        loop {
            if !self.flush().map_err(|errno| self.broken(errno))? {
                return Ok(false);
            }
            let wanted = self.client.wanted();
            if wanted == 0 {
                return Ok(true);
            }
            let mut buffer = vec![0; wanted];
            match recv(self.wanted.socket.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT) {
                Ok(0) => return Err(self.closed()),
                Ok(length) => {
                    self.answered = true;
                    self.client.receive(buffer.get(..length).unwrap_or_default())?;
                }
                Err(Errno::EAGAIN) => return Ok(false),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(self.broken(errno)),
            }
        }
    }

    /// Sends what is to be sent; whether all of it is.
    fn flush(&mut self) -> nix::Result<bool> {
        self.output.extend(self.client.take_output());
        while !self.output.is_empty() {
            let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
            match send(self.wanted.socket.as_raw_fd(), &self.output, flags) {
                Ok(length) => drop(self.output.drain(..length)),
                Err(Errno::EAGAIN) => return Ok(false),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(true)
    }

    /// Gives the keys to the kernel; returns what was agreed on.
    fn hand_over(&self) -> Result<String, Unable> {
        let keys = self.client.keys().ok_or_else(|| Unable::from(Fault::Internal))?;
        ktls::start(&self.wanted.socket, keys).map_err(Unable::here)?;
        Ok(format!("{}, {}", suite_name(keys.hash), keys.group))
    }

    fn late(&self) -> Unable {
        let when = if self.answered {
            "in the midst of the handshake"
        } else {
            "at all"
        };
        let why = format!(
            "timed out: the target did not answer {when} in the kernel's time of {} s",
            self.wanted.timeout.as_secs()
        );
        Unable {
            errno: Errno::ETIMEDOUT,
            why,
        }
    }

    fn closed(&self) -> Unable {
        Unable::there(match self.answered {
            true => "the target closed the connection in the midst of the handshake",
            false => {
                "the target closed the connection without an answer: it has no key for this host and subsystem, another key, \
                 or expects no TLS on this port"
            }
        })
    }

    fn broken(&self, errno: Errno) -> Unable {
        match errno {
            Errno::ECONNRESET | Errno::EPIPE => self.closed(),
            _ => Unable::there(format!("the connection failed: {}", errno.desc())),
        }
    }
}

/// The key for a connection, the words for messages, and the beginning of the handshake.
fn prepare(wanted: &Wanted) -> Result<(i32, String, Client), Unable> {
    if !wanted.possible {
        let why =
            "the kernel wants a handshake with certificates, or the side of a server: tlshd (ktls-utils) does these";
        return Err(Unable {
            errno: Errno::EOPNOTSUPP,
            why: why.to_owned(),
        });
    }
    // NVMe's host names one key.
    let Some(&key) = wanted.keys.first() else {
        return Err(Unable {
            errno: Errno::ENOKEY,
            why: "the kernel names no key".to_owned(),
        });
    };
    keyring::link();
    let psk = keyring::psk(key).map_err(Unable::here)?;
    let place = format!("{} at {}", keyring::subsystem(&psk.identity), peer(wanted));
    Ok((key, place, Client::new(psk, random)?))
}

/// The address of the other side.
pub fn peer(wanted: &Wanted) -> String {
    let Ok(address) = getpeername::<SockaddrStorage>(wanted.socket.as_raw_fd()) else {
        return "an unknown address".to_owned();
    };
    if let Some(v4) = address.as_sockaddr_in() {
        return format!("{} port {}", v4.ip(), v4.port());
    }
    match address.as_sockaddr_in6() {
        Some(v6) => format!("{} port {}", v6.ip(), v6.port()),
        None => "an address that is none of IP".to_owned(),
    }
}
