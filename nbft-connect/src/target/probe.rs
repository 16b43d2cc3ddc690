//! A probe: a state machine on a socket that never blocks.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, SocketAddrV6, TcpStream};
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use nix::sys::socket::sockopt::BindToDevice;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrStorage, bind, connect, setsockopt, socket};

use super::error::{ProbeError, Step, Violation};
use super::pdu::LIMIT;
use super::status::judge;
use super::{Depth, Destination, Question};

/// How long the target may take to let go of an association, so that the kernel finds a free controller.
const CLOSING: Duration = Duration::from_millis(200);

/// A probe in progress. Dropping a probe closes its connection.
#[derive(Debug)]
pub struct Probe {
    stream: TcpStream,
    question: Question,
    state: State,
}

#[derive(Debug)]
enum State {
    Connecting,
    /// Bytes that are still to be written.
    Sending(Expected, Vec<u8>),
    /// Bytes that have come so far, at most [`LIMIT`].
    Receiving(Expected, Vec<u8>),
    /// The answer was good. The target has until then to close its end as well.
    Closing(Instant),
}

/// The PDU that answers a PDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    IcResp,
    CapsuleResp,
    /// None: a PDU came before its request, and only a C2HTermReq may do so.
    Unasked,
}

/// The state of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Wait for the event of [`Probe::poll_fd`], at most until [`Probe::deadline`].
    Pending,
    /// The target gave every answer that was asked for.
    Answered,
    /// The target or the system did not.
    Failed(ProbeError),
}

impl Probe {
    /// Sends the first packet.
    ///
    /// # Errors
    /// [`ProbeError::System`]: the source address, the interface, or the route.
    pub fn start(destination: &Destination, question: Question) -> Result<Self, ProbeError> {
        let family = if destination.traddr.is_ipv4() {
            AddressFamily::Inet
        } else {
            AddressFamily::Inet6
        };
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let socket = socket(family, SockType::Stream, flags, None)?;
        // The kernel, too, binds to the address before the interface.
        if let Some(source) = destination.host_traddr {
            bind(socket.as_raw_fd(), &destination.socket_address(source, 0))?;
        }
        if let Some(device) = &destination.device {
            setsockopt(&socket, BindToDevice, &device.into())?;
        }
        let target = destination.socket_address(destination.traddr, destination.trsvcid);
        match connect(socket.as_raw_fd(), &target) {
            Ok(()) | Err(Errno::EINPROGRESS | Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        Ok(Self {
            stream: socket.into(),
            question,
            state: State::Connecting,
        })
    }

    /// The event to wait for.
    pub fn poll_fd(&self) -> PollFd<'_> {
        let events = match self.state {
            State::Connecting | State::Sending(..) => PollFlags::POLLOUT,
            State::Receiving(..) | State::Closing(_) => PollFlags::POLLIN,
        };
        PollFd::new(self.stream.as_fd(), events)
    }

    /// How long to wait for the event when the caller would wait until `limit`: an answered probe waits only briefly for
    /// the end of its connection.
    pub fn deadline(&self, limit: Instant) -> Instant {
        match self.state {
            State::Closing(until) => until.min(limit),
            _ => limit,
        }
    }

    /// The outcome when no event came before [`Self::deadline`].
    pub fn timed_out(&self) -> Progress {
        match self.state {
            State::Closing(_) => Progress::Answered,
            _ => Progress::Failed(ProbeError::Silent(self.step())),
        }
    }

    /// Continues after an event. Never blocks; a call without an event does no harm.
    pub fn advance(&mut self) -> Progress {
        match self.proceed() {
            Ok(true) => Progress::Answered,
            Ok(false) => Progress::Pending,
            Err(error) => Progress::Failed(error),
        }
    }

    /// Goes as far as the socket allows; returns whether the probe is answered.
    fn proceed(&mut self) -> Result<bool, ProbeError> {
        loop {
            let next = match &mut self.state {
                State::Connecting => {
                    if let Some(error) = self.stream.take_error().map_err(system)? {
                        return Err(self.failed(error));
                    }
                    match (self.stream.peer_addr(), self.question.depth) {
                        (Err(_), _) => return Ok(false),
                        (Ok(_), Depth::Tcp) => return Ok(true),
                        (Ok(_), _) => State::Sending(Expected::IcResp, self.question.icreq()),
                    }
                }
                State::Sending(expected, unsent) => match self.stream.write(unsent) {
                    Ok(length) if length < unsent.len() => {
                        unsent.drain(..length);
                        return Ok(false);
                    }
                    Err(error) if is_pending(&error) => return Ok(false),
                    // The target's reason for closing the connection may still be there to be read.
                    Err(error) if !is_closed(&error) => return Err(system(error)),
                    _ => State::Receiving(*expected, Vec::new()),
                },
                State::Receiving(expected, pdu) => {
                    let mut buffer = [0; LIMIT];
                    let room = buffer.get_mut(pdu.len()..).unwrap_or_default();
                    match self.stream.read(room) {
                        Ok(0) => return Err(ProbeError::Closed(self.step())),
                        Ok(length) => pdu.extend_from_slice(room.get(..length).unwrap_or_default()),
                        Err(error) if is_pending(&error) => return Ok(false),
                        Err(error) => return Err(self.failed(error)),
                    }
                    match expected {
                        Expected::IcResp => match self.question.icresp(pdu)? {
                            None => continue,
                            Some(_) if self.question.depth == Depth::IcResp => return Ok(true),
                            Some([]) => State::Sending(Expected::CapsuleResp, self.question.connect()),
                            Some(rest) => State::Receiving(Expected::Unasked, rest.to_vec()),
                        },
                        Expected::Unasked => match self.question.capsule_resp(pdu) {
                            Ok(None) => continue,
                            Err(error @ ProbeError::Terminated(_)) => return Err(error),
                            _ => return Err(Violation::Early.into()),
                        },
                        Expected::CapsuleResp => match self.question.capsule_resp(pdu)? {
                            None => continue,
                            Some(completion) => {
                                judge(completion, &self.question)?;
                                // Fails only when the connection is gone, which the next read tells.
                                let _ = self.stream.shutdown(Shutdown::Write);
                                State::Closing(Instant::now() + CLOSING)
                            }
                        },
                    }
                }
                State::Closing(until) => {
                    // One read at a time: a target that sends for ever does not hold the caller.
                    return match self.stream.read(&mut [0; 4096]) {
                        Err(error) if !is_pending(&error) => Ok(true),
                        Ok(0) => Ok(true),
                        _ => Ok(Instant::now() >= *until),
                    };
                }
            };
            self.state = next;
        }
    }

    fn step(&self) -> Step {
        match &self.state {
            State::Connecting => Step::Tcp,
            State::Sending(Expected::IcResp, _) => Step::IcReq,
            State::Receiving(Expected::IcResp, pdu) if pdu.is_empty() => Step::IcReq,
            State::Receiving(Expected::IcResp | Expected::Unasked, _) => Step::IcResp,
            State::Sending(..) | State::Receiving(..) | State::Closing(_) => Step::Connect,
        }
    }

    fn failed(&self, error: io::Error) -> ProbeError {
        if is_closed(&error) {
            ProbeError::Closed(self.step())
        } else {
            system(error)
        }
    }
}

fn is_pending(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

fn is_closed(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}

fn system(error: io::Error) -> ProbeError {
    ProbeError::System(Errno::from_raw(error.raw_os_error().unwrap_or_default()))
}

impl Destination {
    /// A socket address at this destination; only a link-local address has a scope.
    fn socket_address(&self, address: IpAddr, port: u16) -> SockaddrStorage {
        match address {
            IpAddr::V6(v6) if v6.is_unicast_link_local() => SocketAddrV6::new(v6, port, 0, self.scope).into(),
            _ => SocketAddr::new(address, port).into(),
        }
    }
}
