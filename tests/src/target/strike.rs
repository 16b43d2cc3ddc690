//! Lets faults strike a connection.

use super::fault::{Action, Place, Step};
use super::link::{End, Ending};
use super::pdu;
use super::session::Session;
use super::status::Status;

/// The rest of a step at which faults may have struck.
#[derive(Debug)]
pub enum Met {
    /// Nothing is wrong, or the answer will be slow or cut.
    GoOn,
    /// The command fails.
    Refuse(Status),
    /// The command has no answer.
    Lose,
    /// The controller does not become ready.
    Stall,
    /// The log changes after the read.
    Change,
}

impl Session {
    /// Lets the faults of a step strike that has no queue yet.
    pub fn meet(&mut self, step: Step) -> Result<(), End> {
        self.meet_at(step, None).map(|_| ())
    }

    /// Lets the faults of a step strike; the queue, the subsystem's and the host's NQN are for their limits.
    pub fn meet_at(&mut self, step: Step, queue: Option<(u16, &str, &str)>) -> Result<Met, End> {
        let port = self.port;
        for action in self.state.strikes(&Place { step, port, queue }) {
            match action {
                Action::Delay(time) | Action::Turn(time) => self.link.pause(time)?,
                Action::Dribble(pace) => self.link.next_pace = Some(pace),
                Action::Cut(length) => self.link.next_cut = Some(length),
                Action::Hang => return Err(self.link.silence()),
                Action::Close => return Err(self.link.end(Ending::Close)),
                Action::Reset => return Err(self.link.end(Ending::Reset)),
                Action::Garbage(bytes) => {
                    self.link.send(&bytes)?;
                    return Err(self.link.silence());
                }
                Action::Terminate(status) => return Err(self.terminate(status, &[])),
                Action::Refuse(status) => return Ok(Met::Refuse(status)),
                Action::Lose => return Ok(Met::Lose),
                Action::Stall => return Ok(Met::Stall),
                Action::Change => return Ok(Met::Change),
            }
        }
        Ok(Met::GoOn)
    }

    /// Terminates the connection because of the PDU with this header.
    pub fn terminate(&mut self, status: u16, about: &[u8]) -> End {
        // The host may be gone.
        let _ = self.link.send(&pdu::terminate(status, about));
        self.link.end(Ending::Close)
    }
}
