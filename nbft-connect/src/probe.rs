//! Asking the network first whether an NVMe/TCP target answers on a path. No kernel lock is held meanwhile.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, SocketAddrV6, TcpStream};
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use nbft_common::command::poll;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use nix::sys::socket::sockopt::BindToDevice;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrStorage, bind, connect, setsockopt, socket};

use crate::interface::Interface;
use crate::pdu::{self, IcResponse};

/// Destination and source of a probe.
#[derive(Clone, Debug)]
pub struct Way {
    pub target: IpAddr,
    pub port: u16,
    pub source: Option<IpAddr>,
    pub interface: Interface,
    /// The target expects TLS first: the probe can only ask for a TCP connection.
    pub tls: bool,
}

/// A probe in progress.
pub struct Probe {
    stream: TcpStream,
    tls: bool,
    state: State,
}

enum State {
    Connecting,
    /// Bytes of the answer so far.
    Asked(Vec<u8>),
}

/// The state of a probe.
pub enum Progress {
    Pending,
    /// The peer is a target.
    Answered,
    Failed(io::Error),
}

impl Probe {
    /// Sends the first packet; errors are those of the source address and the interface, and of routing.
    pub fn start(way: &Way) -> io::Result<Self> {
        let family = if way.target.is_ipv4() {
            AddressFamily::Inet
        } else {
            AddressFamily::Inet6
        };
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let socket = socket(family, SockType::Stream, flags, None)?;
        setsockopt(&socket, BindToDevice, &way.interface.name.clone().into())?;
        if let Some(source) = way.source {
            bind(socket.as_raw_fd(), &way.address(source, 0))?;
        }
        match connect(socket.as_raw_fd(), &way.address(way.target, way.port)) {
            Ok(()) | Err(Errno::EINPROGRESS) => {}
            Err(errno) => return Err(errno.into()),
        }
        Ok(Self {
            stream: socket.into(),
            tls: way.tls,
            state: State::Connecting,
        })
    }

    /// The event to wait for.
    pub fn poll_fd(&self) -> PollFd<'_> {
        let events = match self.state {
            State::Connecting => PollFlags::POLLOUT,
            State::Asked(_) => PollFlags::POLLIN,
        };
        PollFd::new(self.stream.as_fd(), events)
    }

    /// Whether TCP is connected: then silence means that the peer is no target, not that no peer exists.
    pub fn is_connected(&self) -> bool {
        matches!(self.state, State::Asked(_))
    }

    /// Continues after an event on the connection.
    pub fn advance(&mut self) -> Progress {
        match self.step() {
            Ok(true) => Progress::Answered,
            Ok(false) => Progress::Pending,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Progress::Pending,
            Err(error) => Progress::Failed(error),
        }
    }

    /// One step; returns whether the probe is answered.
    fn step(&mut self) -> io::Result<bool> {
        if let State::Connecting = self.state {
            if let Some(error) = self.stream.take_error()? {
                return Err(error);
            }
            if self.tls {
                return Ok(true);
            }
            // The socket's buffer is empty, so one write takes the whole request.
            self.stream.write_all(&pdu::ic_request())?;
            self.state = State::Asked(Vec::new());
        }
        let State::Asked(answer) = &mut self.state else {
            return Ok(false);
        };
        let mut buffer = [0; pdu::IC];
        let room = pdu::IC - answer.len();
        match self.stream.read(buffer.get_mut(..room).unwrap_or_default())? {
            0 => return Err(ErrorKind::ConnectionReset.into()),
            length => answer.extend_from_slice(buffer.get(..length).unwrap_or_default()),
        }
        match pdu::ic_response(answer) {
            IcResponse::Good { .. } => Ok(true),
            // The rest of a good answer is still to come.
            IcResponse::Other if answer.len() < pdu::IC && answer.first() == Some(&1) => Ok(false),
            IcResponse::Refused(status) => Err(io::Error::other(format!(
                "the target ends the connection (error {status})"
            ))),
            IcResponse::Other => Err(io::Error::other(
                "something listens there, but it does not speak NVMe/TCP",
            )),
        }
    }

    /// The connection, ready for commands, and the target's first answer.
    pub fn into_parts(self) -> (TcpStream, Vec<u8>) {
        match self.state {
            State::Asked(answer) => (self.stream, answer),
            State::Connecting => (self.stream, Vec::new()),
        }
    }
}

impl Way {
    fn address(&self, address: IpAddr, port: u16) -> SockaddrStorage {
        match address {
            IpAddr::V4(_) => SocketAddr::new(address, port).into(),
            IpAddr::V6(v6) => {
                let scope = if v6.is_unicast_link_local() {
                    self.interface.index
                } else {
                    0
                };
                SocketAddrV6::new(v6, port, 0, scope).into()
            }
        }
    }
}

/// Sleeps until an event on a connection, or for `time`; returns which connections had an event.
pub fn wait(waiting: &mut [PollFd<'_>], time: Duration) -> Vec<bool> {
    poll::wait(waiting, time);
    waiting.iter().map(|fd| fd.any().unwrap_or(true)).collect()
}
