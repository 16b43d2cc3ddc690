//! The kernel's answers to an option line, explained to the administrator who has to solve the problem.

use nbft_common::command::failure::{Exit, Failure};
use nbft_common::command::root;
use nix::errno::Errno;

use super::existing;
use crate::endpoint::Endpoint;
use crate::options::{ConnectOption, Lack};
use crate::target::ProbeError;

/// Why the kernel did not connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The kernel's errno.
    Errno(Errno),
    /// The kernel does not know an option that is demanded.
    Unknown(ConnectOption),
    /// The option line has more bytes than the kernel takes.
    TooLong(usize),
    /// The kernel's reply names no controller.
    Reply(String),
    /// The key for TLS could not be put into the kernel's keyring.
    Key(Failure),
}

impl Refusal {
    /// Whether the kernel hides a reason: it turns every NVMe status, and its own time-outs, into EIO.
    pub fn is_untold(&self) -> bool {
        *self == Self::Errno(Errno::EIO)
    }

    /// Whether the target gave the controller an ID that another controller has, which the kernel is reconnecting. The kernel
    /// says so in its log alone.
    pub fn is_taken_id(&self, endpoint: &Endpoint) -> bool {
        *self == Self::Errno(Errno::EINVAL) && existing::reconnects(endpoint)
    }

    /// The refusal as a failure: what, why, and where to look.
    pub fn failure(&self, endpoint: &Endpoint) -> Failure {
        let (exit, why) = match self {
            Self::Errno(errno) => return explain(*errno, endpoint),
            Self::Unknown(option) if option.key == "tls" => (
                Exit::Config,
                "a secure channel (TLS) is demanded, but this kernel does not offer TLS for NVMe/TCP".to_owned(),
            ),
            Self::Unknown(option) => (
                match option.lack {
                    Lack::Unmet => Exit::Config,
                    _ => Exit::Unsupported,
                },
                format!(
                    "this kernel's NVMe over fabrics does not know the option {}",
                    option.key
                ),
            ),
            Self::TooLong(length) => (
                Exit::Config,
                format!("the option line of {length} bytes is longer than the kernel's limit of 4095"),
            ),
            Self::Reply(reply) => (
                Exit::Unsupported,
                format!("cannot read the kernel's reply '{reply}' on /dev/nvme-fabrics"),
            ),
            Self::Key(failure) => return failure.clone(),
        };
        Failure::new(exit, why)
    }
}

/// The errors that mean something else over TLS. The kernel passes on the error of the handshake agent, which does not tell
/// a wrong key from a target that has none yet, speaks no TLS, or goes down: so none of these is final.
fn explain_tls(errno: Errno, endpoint: &Endpoint) -> Option<(Exit, &'static str)> {
    let (exit, why) = match errno {
        Errno::ESRCH => (
            Exit::Config,
            "no TLS handshake agent runs on this machine: start nbft-tls or tlshd",
        ),
        Errno::ENOKEY | Errno::EOPNOTSUPP if endpoint.has("concat") => (
            Exit::Config,
            "the target agrees on no key for TLS: it demands no authentication of this host, or knows no secure \
             concatenation",
        ),
        Errno::ENOKEY if endpoint.tls_key.is_none() => (
            Exit::Config,
            "the kernel's keyring has no TLS key for this host and subsystem",
        ),
        Errno::ETIMEDOUT => (
            Exit::TryAgain,
            "the TLS handshake failed: the target closed the connection, or it or the agent was silent; the keys of host and \
             target may differ, the target may have no key for this host, or speak no TLS",
        ),
        Errno::EACCES => (
            Exit::TryAgain,
            "the TLS handshake failed: the keys of host and target differ, the target has no key for this host, or it speaks \
             no TLS",
        ),
        Errno::EIO if endpoint.has("dhchap_secret") => (
            Exit::TryAgain,
            "the kernel could not connect over TLS, and does not say why: the secrets of host and target differ, the target \
             refused this host or subsystem, or the handshake agent failed (the kernel's and the agent's logs say which)",
        ),
        Errno::EIO => (
            Exit::TryAgain,
            "the kernel could not connect over TLS, and does not say why: the target refused this host or subsystem, or the \
             handshake agent failed (the kernel's and the agent's logs say which)",
        ),
        _ => return None,
    };
    Some((exit, why))
}

/// Only what a retry cannot mend is final. An error that a probe can meet as well has the words of the probe.
fn explain(errno: Errno, endpoint: &Endpoint) -> Failure {
    let tls = endpoint.has("tls") || endpoint.has("concat");
    if let Some((exit, why)) = tls.then(|| explain_tls(errno, endpoint)).flatten() {
        return Failure::new(exit, why);
    }
    let again = |why: &str| Failure::new(Exit::TryAgain, why);
    let probe = |error: ProbeError| error.failure(&endpoint.destination());
    match errno {
        Errno::ETIMEDOUT => again("timed out: no answer to the kernel's TCP connection"),
        Errno::EAGAIN => again("timed out: the target did not answer the kernel"),
        Errno::ECONNRESET | Errno::EPIPE => again("the target closed the kernel's connection"),
        Errno::ENODEV => {
            let interface = endpoint.interface.as_ref();
            let interface = interface.map_or("the interface", |interface| &interface.name);
            again(&format!("{interface} is gone, or the target offers no I/O queues"))
        }
        Errno::EIO if endpoint.has("dhchap_secret") => again(
            "the kernel could not connect, and does not say why: the secrets of host and target differ, or the target failed \
             in the midst of the connect (the kernel's log says which)",
        ),
        Errno::EIO => again(
            "the kernel could not connect, and does not say why: the target failed in the midst of it, or refused what it had \
             allowed a moment before (the kernel's log has the status)",
        ),
        Errno::ENOKEY => probe(ProbeError::SecretMissing),
        Errno::EKEYREJECTED => Failure::new(
            Exit::Refused,
            "authentication failed: the secrets of host and target differ",
        ),
        Errno::EOPNOTSUPP => Failure::new(Exit::Config, "the target demands a secure channel"),
        Errno::EINVAL if !root::path("/sys/module/nvme_tcp").exists() => Failure::new(
            Exit::Unsupported,
            "this kernel has no NVMe/TCP: its module nvme-tcp is missing",
        ),
        Errno::EINVAL if existing::reconnects(endpoint) => again(
            "the kernel rejects the controller while another path to the subsystem is reconnecting: the target has given both \
             the same controller ID",
        ),
        Errno::EINVAL => Failure::new(
            Exit::Config,
            "the kernel rejects these options: one is malformed, or a live controller has the same host NQN with another host \
             ID (the kernel's log says which)",
        ),
        other => probe(other.into()),
    }
}
