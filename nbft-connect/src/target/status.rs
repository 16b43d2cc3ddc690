//! The target's answer to Connect, in words for the side that has to act.

use nbft_common::command::failure::{Exit, Failure};

use super::Question;
use super::error::ProbeError;
use super::response::Completion;

/// "Do not retry" (DNR): the same command will fail again.
const DNR: u16 = 0x4000;

/// AUTHREQ in the result of a successful Connect (figure 549): authentication (ATR), authentication and then a secure
/// channel (ASCR).
const ATR: u32 = 1 << 17;
const ASCR: u32 = 1 << 18;

/// A Connect command that the target refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Code in bits 7:0, code type in 10:8, DNR in 14.
    pub status: u16,
    /// Dword 0 of the completion: for 182h the offset of the parameter in bits 15:0, in the data if bit 16 is set.
    pub result: u32,
    /// The subsystem that was asked for.
    pub subsysnqn: String,
    /// The host that asked.
    pub hostnqn: String,
}

/// Whether the kernel's Connect will pass.
pub fn judge(completion: Completion, question: &Question) -> Result<(), ProbeError> {
    let Completion { status, result } = completion;
    match status & 0x7ff {
        0 if result & (ATR | ASCR) != 0 && !question.secret => Err(ProbeError::SecretMissing),
        0 => Ok(()),
        _ => Err(ProbeError::Refused(Refusal {
            status,
            result,
            subsysnqn: question.subsysnqn.clone(),
            hostnqn: question.hostnqn.clone(),
        })),
    }
}

impl Refusal {
    /// The reason, and whether the failure can pass: only a refusal with DNR is final.
    pub fn failure(&self) -> Failure {
        let Self { subsysnqn, hostnqn, .. } = self;
        let (exit, why) = match (self.status & 0x7ff, self.result & 0x1_ffff) {
            (0x180, _) => (
                Exit::Config,
                "the target does not know this format of the Connect command".to_owned(),
            ),
            (0x181, _) => (Exit::TryAgain, "the target's controller is busy".to_owned()),
            (0x182, 0x1_0100) => (
                Exit::Config,
                format!(
                    "the target has no subsystem {subsysnqn}: check the NBFT's subsystem NQN and the target's configuration"
                ),
            ),
            (0x182, 0x1_0200) => (
                Exit::Refused,
                format!("the target rejects the host NQN {hostnqn}: check the target's configuration"),
            ),
            (0x182, place) => (Exit::Config, format!("the target rejects {}", parameter(place))),
            (0x183, _) => (
                Exit::TryAgain,
                "the target asks this host to repeat the discovery".to_owned(),
            ),
            (0x184, _) => (
                Exit::Refused,
                format!(
                    "the target does not allow host {hostnqn}: add it to the subsystem's hosts in the target's configuration"
                ),
            ),
            (0x191, _) => (
                Exit::Refused,
                format!("the target demands authentication of host {hostnqn}"),
            ),
            (0x286, _) => (Exit::Refused, format!("the target denies access to host {hostnqn}")),
            (status, _) => (
                Exit::Refused,
                format!("the target refuses with NVMe status {status:#05x}"),
            ),
        };
        let exit = if self.status & DNR == 0 { Exit::TryAgain } else { exit };
        Failure::new(exit, why)
    }
}

/// The parameter of the Connect command at an offset: in the data (figure 547) if bit 16 is set, else in the command
/// (figure 546).
fn parameter(place: u32) -> String {
    let offset = place & 0xffff;
    let name = match (place >> 16, offset) {
        (1, 0..16) => "the host identifier",
        (1, 16 | 17) => "the controller id",
        (1, 256..512) => "the subsystem NQN",
        (1, 512..768) => "the host NQN",
        (0, 40 | 41) => "the record format",
        (0, 42 | 43) => "the queue id",
        (0, 44 | 45) => "the queue size",
        (0, 48..52) => "the keep-alive timeout",
        (part, _) => {
            let part = if part == 1 { "data" } else { "command" };
            return format!("a parameter of the Connect command (byte {offset} of its {part})");
        }
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_have_names_and_codes() {
        for (status, result, exit, words) in [
            (0x4180, 0, Exit::Config, "does not know this format"),
            (0x4181, 0, Exit::TryAgain, "busy"),
            (0x0181, 0, Exit::TryAgain, "busy"),
            (0x4182, 0x1_0100, Exit::Config, "no subsystem nqn.sub:"),
            (0x0182, 0x1_0100, Exit::TryAgain, "no subsystem nqn.sub:"),
            (0x4182, 0x1_0200, Exit::Refused, "rejects the host NQN nqn.host:"),
            (0x4182, 0x2c, Exit::Config, "the queue size"),
            (0x4182, 0x30, Exit::Config, "the keep-alive timeout"),
            (0x4182, 0x1_0000, Exit::Config, "the host identifier"),
            (0x4182, 0x1_0010, Exit::Config, "the controller id"),
            (0x4182, 0x1_0300, Exit::Config, "(byte 768 of its data)"),
            (0x4182, 0x4, Exit::Config, "(byte 4 of its command)"),
            (0x4183, 0, Exit::TryAgain, "repeat the discovery"),
            (0x4184, 0x1_0200, Exit::Refused, "does not allow host nqn.host:"),
            (0x0184, 0x1_0200, Exit::TryAgain, "does not allow host nqn.host:"),
            (0x4191, 0, Exit::Refused, "demands authentication of host nqn.host"),
            (0x4286, 0, Exit::Refused, "denies access to host nqn.host"),
            (0x0286, 0, Exit::TryAgain, "denies access to host nqn.host"),
            (0x0006, 0, Exit::TryAgain, "NVMe status 0x006"),
            (0x4006, 0, Exit::Refused, "NVMe status 0x006"),
            (0x47ff, !0, Exit::Refused, "NVMe status 0x7ff"),
        ] {
            let (subsysnqn, hostnqn) = ("nqn.sub".to_owned(), "nqn.host".to_owned());
            let refusal = Refusal {
                status,
                result,
                subsysnqn,
                hostnqn,
            };
            let failure = refusal.failure();
            assert_eq!(failure.exit, exit, "{status:#x}");
            assert!(failure.message.contains(words), "{failure}");
        }
    }
}
