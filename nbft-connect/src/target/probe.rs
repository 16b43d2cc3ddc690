//! A probe: a state machine on a socket that never blocks.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};

use super::error::{ProbeError, Step, Violation};
use super::response::LIMIT;
use super::status::judge;
use super::{Depth, Destination, Progress, Question};

/// How long the target may take to let go of an association. The kernel needs that controller, if the target has only one
/// for each host.
const CLOSING: Duration = Duration::from_millis(200);

/// A probe in progress. Dropping a probe closes its connection.
#[derive(Debug)]
pub struct Probe {
    stream: TcpStream,
    question: Question,
    state: State,
    keeps: bool,
}

#[derive(Debug)]
enum State {
    Connecting,
    /// Bytes that are still to be written.
    Sending(Expected, Vec<u8>),
    /// Bytes that have come so far, at most [`LIMIT`].
    Receiving(Expected, Vec<u8>),
    /// The answer was good, and the controller was told to shut down. The target has until then to do so.
    ShuttingDown(Instant),
    /// The target has until then to close its end as well.
    Closing(Instant),
    /// The answer was good, and the target keeps the controller.
    Kept,
}

/// The PDU that answers a PDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    IcResp,
    CapsuleResp,
    /// None: a PDU came before its request, and only a C2HTermReq may do so.
    Unasked,
}

impl Probe {
    /// Sends the first packet.
    ///
    /// # Errors
    /// [`ProbeError::System`]: the source address, the interface, or the route.
    pub fn start(destination: &Destination, question: Question) -> Result<Self, ProbeError> {
        Ok(Self {
            stream: destination.connect()?,
            question,
            state: State::Connecting,
            keeps: false,
        })
    }

    /// Keeps the target's controller, and so its ID, until the probe is dropped.
    pub fn keep(&mut self) {
        self.keeps = true;
    }

    /// The event to wait for.
    pub fn poll_fd(&self) -> PollFd<'_> {
        let events = match self.state {
            State::Connecting | State::Sending(..) => PollFlags::POLLOUT,
            State::Receiving(..) | State::ShuttingDown(_) | State::Closing(_) | State::Kept => PollFlags::POLLIN,
        };
        PollFd::new(self.stream.as_fd(), events)
    }

    /// When to stop waiting for the event, if the caller's own time limit is `limit`: a probe with its last answer waits
    /// at most 200 ms for the target to end the association.
    pub fn deadline(&self, limit: Instant) -> Instant {
        match self.state {
            State::ShuttingDown(until) | State::Closing(until) => until.min(limit),
            _ => limit,
        }
    }

    /// The outcome when no event has come by [`Self::deadline`].
    pub fn timed_out(&self) -> Progress {
        match self.state {
            State::ShuttingDown(_) | State::Closing(_) | State::Kept => Progress::Answered,
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
                                if self.keeps {
                                    self.state = State::Kept;
                                    return Ok(true);
                                }
                                // Where so few bytes cannot be written at once, the connection's end has to do.
                                let _ = self.stream.write(&self.question.shutdown());
                                State::ShuttingDown(Instant::now() + CLOSING)
                            }
                        },
                    }
                }
                State::Kept => return Ok(true),
                State::ShuttingDown(until) => {
                    let until = *until;
                    match self.stream.read(&mut [0; LIMIT]) {
                        Err(error) if is_pending(&error) => return Ok(Instant::now() >= until),
                        Ok(0) | Err(_) => return Ok(true),
                        // Whatever the answer is, the host goes now.
                        Ok(_) => {}
                    }
                    // Fails only when the connection is gone, which the next read tells.
                    let _ = self.stream.shutdown(Shutdown::Write);
                    State::Closing(until)
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
            State::Sending(..) | State::Receiving(..) | State::ShuttingDown(_) | State::Closing(_) | State::Kept => {
                Step::Connect
            }
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

/// A controller that was kept is shut down, as far as possible without waiting.
impl Drop for Probe {
    fn drop(&mut self) {
        if matches!(self.state, State::Kept) {
            let _ = self.stream.write(&self.question.shutdown());
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

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use nbft_common::command::poll;

    use super::super::tests::{destination, question};
    use super::*;

    #[test]
    fn partial_writes_continue() {
        const LENGTH: usize = 32 << 20;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let destination = destination(listener.local_addr().unwrap());
        let mut probe = Probe::start(&destination, question(Depth::Connect, 0)).unwrap();
        let sent: Vec<u8> = (0..LENGTH).map(|at| at.to_le_bytes()[2]).collect();
        probe.state = State::Sending(Expected::CapsuleResp, sent.clone());
        let target = std::thread::spawn(move || {
            let mut taken = vec![0; LENGTH];
            listener.accept().unwrap().0.read_exact(&mut taken).unwrap();
            taken
        });
        let mut rounds = 0;
        let end = loop {
            assert!(poll::wait(&mut [probe.poll_fd()], Duration::from_secs(10)));
            rounds += 1;
            match probe.advance() {
                Progress::Pending => {}
                end => break end,
            }
        };
        assert_eq!(end, Progress::Failed(ProbeError::Closed(Step::Connect)));
        assert!(rounds > 2 && target.join().unwrap() == sent);
    }
}
