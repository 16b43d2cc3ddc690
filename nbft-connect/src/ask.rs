//! Asking the target itself for its reason, because the kernel turns every NVMe status into EIO.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use nbft_common::command::failure::{Exit, Failure};
use nbft_common::table::addr::Uuid;

use crate::pdu::{self, Answer, IcResponse};
use crate::probe::{self, Probe, Progress, Way};

/// The host that asks, and the subsystem that the host wants.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    pub subsystem: &'a str,
    pub host: &'a str,
    pub hostid: Uuid,
}

/// Repeats the Connect command that the target refused to the kernel, and names the reason; `None` when the target does
/// not answer within `time`. On success the target creates a controller, which goes away with this connection.
pub fn why(way: &Way, question: &Question<'_>, time: Duration) -> Option<Failure> {
    let deadline = Instant::now() + time;
    let mut probe = Probe::start(way).ok()?;
    loop {
        let left = deadline.checked_duration_since(Instant::now())?;
        if probe::wait(&mut [probe.poll_fd()], left).first() == Some(&true) {
            match probe.advance() {
                Progress::Pending => {}
                Progress::Answered => break,
                Progress::Failed(_) => return None,
            }
        }
    }
    let (mut stream, greeting) = probe.into_parts();
    let IcResponse::Good { alignment } = pdu::ic_response(&greeting) else {
        return None;
    };
    stream.set_nonblocking(false).ok()?;
    stream.set_read_timeout(Some(time)).ok()?;
    stream.set_write_timeout(Some(time)).ok()?;
    let command = pdu::connect(question.hostid.0, question.subsystem, question.host, alignment);
    stream.write_all(&command).ok()?;
    let mut response = [0; pdu::RESPONSE];
    stream.read_exact(&mut response).ok()?;
    pdu::answer(&response).map(|answer| explain(answer, question))
}

/// The meaning of a status, the side that has to act, and whether the failure can pass.
fn explain(answer: Answer, question: &Question<'_>) -> Failure {
    let Question { subsystem, host, .. } = question;
    let (exit, why) = match (answer.status & 0x7ff, answer.result) {
        // The target demands authentication in bits 18:16 of the result.
        (0, result) if result >> 16 & 7 != 0 => (
            Exit::Refused,
            format!("the target demands authentication of host {host}; check the DH-HMAC-CHAP secrets on both sides"),
        ),
        (0, _) => (
            Exit::TryAgain,
            "the kernel could not connect, but the target lets this host in; the kernel's log may say more".to_owned(),
        ),
        (0x180, _) => (
            Exit::Config,
            "the target does not know this format of the Connect command".to_owned(),
        ),
        (0x181, _) => (Exit::TryAgain, "the target's controller is busy".to_owned()),
        (0x182, 0x1_0100) => (
            Exit::Config,
            format!(
                "the target has no subsystem {subsystem}: check the NBFT's subsystem NQN and the target's configuration"
            ),
        ),
        (0x182, 0x1_0200) => (
            Exit::Refused,
            format!("the target rejects the host NQN {host}: check the target's configuration"),
        ),
        (0x182, result) => (Exit::Config, format!("the target rejects {}", parameter(result))),
        (0x183, _) => (
            Exit::TryAgain,
            "the target asks this host to repeat the discovery".to_owned(),
        ),
        (0x184, _) => (
            Exit::Refused,
            format!(
                "the target does not allow host {host}: add it to the subsystem's hosts in the target's configuration"
            ),
        ),
        (0x191, _) => (
            Exit::Refused,
            format!("the target demands authentication of host {host}"),
        ),
        (0x286, _) => (Exit::Refused, format!("the target denies access to host {host}")),
        (status, _) => {
            let exit = if answer.status & 0x4000 == 0 {
                Exit::TryAgain
            } else {
                Exit::Refused
            };
            (exit, format!("the target refuses with NVMe status {status:#05x}"))
        }
    };
    Failure::new(exit, why)
}

/// The parameter of the Connect command that an invalid-parameter status points to.
fn parameter(result: u32) -> String {
    let offset = result & 0xffff;
    let name = match (result >> 16 & 1, offset) {
        (1, 0..16) => "the host identifier",
        (1, 16 | 17) => "the controller id",
        (1, 256..512) => "the subsystem NQN",
        (1, 512..768) => "the host NQN",
        (0, 40 | 41) => "the record format",
        (0, 42 | 43) => "the queue id",
        (0, 44 | 45) => "the queue size",
        (0, 48..52) => "the keep-alive timeout",
        (place, _) => {
            let place = if place == 1 { "data" } else { "command" };
            return format!("a parameter of the Connect command (byte {offset} of its {place})");
        }
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_have_names_and_codes() {
        let question = Question {
            subsystem: "nqn.sub",
            host: "nqn.host",
            hostid: Uuid([0; 16]),
        };
        for (status, result, exit, words) in [
            (0x4182, 0x1_0100, Exit::Config, "no subsystem nqn.sub"),
            (0x4184, 0x1_0200, Exit::Refused, "does not allow host nqn.host"),
            (0x0181, 0, Exit::TryAgain, "busy"),
            (0x4182, 0x2c, Exit::Config, "the queue size"),
            (0x4182, 0x1_0000, Exit::Config, "the host identifier"),
            (0x4191, 0, Exit::Refused, "demands authentication"),
            (0x0000, 0x5_0001, Exit::Refused, "demands authentication"),
            (0x0000, 1, Exit::TryAgain, "lets this host in"),
            (0x0006, 0, Exit::TryAgain, "status 0x006"),
            (0x4006, 0, Exit::Refused, "status 0x006"),
        ] {
            let failure = explain(Answer { status, result }, &question);
            assert_eq!(failure.exit, exit, "{status:#x}");
            assert!(failure.message.contains(words), "{failure}");
        }
    }
}
