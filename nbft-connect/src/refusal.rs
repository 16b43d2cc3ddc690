//! The kernel's errno, explained to the administrator who has to solve the problem.

use std::io;

use nbft_common::command::failure::{Exit, Failure};
use nbft_common::command::root;
use nix::errno::Errno;

use crate::line::Line;

/// A failure at the target that `line` names.
pub fn at(line: &Line, failure: Failure) -> Failure {
    let part = |key| line.get(key).unwrap_or("?");
    let target = format!("{} at {} port {}", part("nqn"), part("traddr"), part("trsvcid"));
    Failure::new(failure.exit, format!("{target}: {}", failure.message))
}

/// Turns an error of the kernel or of a probe into a failure: what, why, and where to look.
pub fn explain(error: &io::Error, line: &Line) -> Failure {
    let Some(errno) = error.raw_os_error().map(Errno::from_raw) else {
        return at(line, Failure::new(Exit::TryAgain, error.to_string()));
    };
    let source = line.get("host_traddr").unwrap_or("the source address");
    let interface = line.get("host_iface").unwrap_or("the interface");
    let (exit, why) = match errno {
        Errno::ECONNREFUSED => (
            Exit::TryAgain,
            "connection refused: nothing listens there (yet)".to_owned(),
        ),
        Errno::ENETUNREACH => (Exit::TryAgain, "network unreachable: no route (yet)".to_owned()),
        Errno::EHOSTUNREACH => (
            Exit::TryAgain,
            "host unreachable: it does not answer on this network".to_owned(),
        ),
        Errno::ETIMEDOUT => (Exit::TryAgain, "timed out: no answer to the TCP connection".to_owned()),
        Errno::EAGAIN => (
            Exit::TryAgain,
            "timed out: TCP is accepted, but no NVMe/TCP answer comes".to_owned(),
        ),
        Errno::ECONNRESET | Errno::EPIPE => (Exit::TryAgain, "the target closed the connection".to_owned()),
        Errno::EADDRNOTAVAIL if line.get("host_traddr").is_none() => {
            (Exit::TryAgain, format!("{interface} has no address for this target (yet)"))
        }
        Errno::EADDRNOTAVAIL => (
            Exit::TryAgain,
            format!("{source} is not an address of this machine (yet)"),
        ),
        Errno::ENODEV => (
            Exit::TryAgain,
            format!("{interface} is gone, or the target offers no I/O queues"),
        ),
        Errno::EBUSY | Errno::ENOMEM | Errno::EINTR => (Exit::TryAgain, errno.desc().to_lowercase()),
        Errno::EIO => (
            Exit::Refused,
            "the target refuses, and does not say why; it may not know this NQN, or not allow this host (the kernel's log \
             has the status)"
                .to_owned(),
        ),
        Errno::ENOKEY => (Exit::Refused, missing_key(line)),
        Errno::EKEYREJECTED => (Exit::Refused, "authentication failed: the key is wrong".to_owned()),
        Errno::EPERM | Errno::EACCES => (Exit::Refused, "not permitted; be root".to_owned()),
        Errno::EOPNOTSUPP => (Exit::Config, "the target demands a secure channel".to_owned()),
        Errno::EAFNOSUPPORT => (
            Exit::Config,
            format!("{source} and the target are not both IPv4 or both IPv6"),
        ),
        Errno::EINVAL if !root::path("/sys/module/nvme_tcp").exists() => (
            Exit::Unsupported,
            "this kernel has no NVMe/TCP: its module nvme-tcp is missing".to_owned(),
        ),
        Errno::EINVAL => (
            Exit::Config,
            "the kernel rejects these options: one is malformed, or a live controller has the same host NQN with \
             another host ID (the kernel's log says which)"
                .to_owned(),
        ),
        other => (Exit::TryAgain, format!("{} ({other:?})", other.desc().to_lowercase())),
    };
    at(line, Failure::new(exit, why))
}

fn missing_key(line: &Line) -> String {
    if line.has("tls") {
        "the kernel's keyring has no TLS key for this host and subsystem".to_owned()
    } else {
        "the target demands authentication (DH-HMAC-CHAP), but no secret was found; see --dhchap-secret-file".to_owned()
    }
}

/// Whether leaving out the source address may help: a leased address may have changed since the firmware ran.
pub fn source_is_gone(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::EADDRNOTAVAIL as i32)
}

/// Whether the same connection exists already.
pub fn is_already(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::EALREADY as i32)
}

/// Whether the error hides an NVMe status: the kernel turns every status into EIO.
pub fn is_any_status(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::EIO as i32)
}
