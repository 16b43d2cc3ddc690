//! The end of a probe without an answer, in words for the administrator who has to solve the problem.

use std::net::IpAddr;

use nbft_common::command::failure::{Exit, Failure};
use nix::errno::Errno;

use super::Destination;
use super::status::Refusal;

/// Why a probe failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbeError {
    /// The system's own error: no socket, no address, no route, no answer to TCP, connection refused.
    System(Errno),
    /// The target did not answer this step in time.
    Silent(Step),
    /// The target closed or reset the connection after this step.
    Closed(Step),
    /// The peer speaks another protocol.
    NotNvme,
    /// The target's ICResp is none that the kernel accepts.
    IcResp(IcRespFault),
    /// The target ended the connection with a C2HTermReq of this fatal error status (FES).
    Terminated(u16),
    /// The target's answer to Connect does not follow the protocol.
    Violation(Violation),
    /// The target refused Connect.
    Refused(Refusal),
    /// The target accepted Connect, demands authentication after it, and the option line has no secret.
    SecretMissing,
}

/// The latest step of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The TCP connection was asked for.
    Tcp,
    /// TCP is connected and ICReq is on its way; no answer has come.
    IcReq,
    /// A part of the ICResp has come.
    IcResp,
    /// The Connect command is on its way.
    Connect,
}

/// A field of an ICResp that the kernel does not accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IcRespFault {
    /// HLEN or PLEN is not 128 bytes.
    Length {
        /// Bytes of the header.
        hlen: u8,
        /// Bytes of the PDU.
        plen: u32,
    },
    /// The PDU format version (PFV) is not 0.
    Version(u16),
    /// The target demands data at multiples of more than four bytes (CPDA: dwords, 0's based).
    Alignment(u8),
    /// Header digests were asked for and not given, or not asked for and given.
    HeaderDigest {
        /// Whether they were asked for.
        asked: bool,
    },
    /// Data digests were asked for and not given, or not asked for and given.
    DataDigest {
        /// Whether they were asked for.
        asked: bool,
    },
    /// MAXH2CDATA, in bytes, is no multiple of 4 or below 4096.
    MaxH2cData(u32),
}

/// An answer to Connect that does not follow the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A PDU came before the Connect command was sent.
    Early,
    /// The answer is a PDU of this type, not a CapsuleResp.
    PduType(u8),
    /// The CapsuleResp has a wrong HLEN or PLEN.
    Length {
        /// Bytes of the header.
        hlen: u8,
        /// Bytes of the PDU.
        plen: u32,
    },
    /// The header digest of the CapsuleResp is missing or wrong.
    HeaderDigest,
    /// The CapsuleResp is for a command with this identifier, which was not sent.
    CommandId(u16),
}

impl From<Errno> for ProbeError {
    fn from(errno: Errno) -> Self {
        Self::System(errno)
    }
}

impl From<Violation> for ProbeError {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

impl ProbeError {
    /// Whether leaving out the source address may help: a leased address may have changed since the firmware ran.
    pub fn source_is_gone(&self) -> bool {
        *self == Self::System(Errno::EADDRNOTAVAIL)
    }

    /// The exit code and the reason, without the target's name.
    pub fn failure(&self, destination: &Destination) -> Failure {
        let (exit, why) = match self {
            Self::System(errno) => return system(*errno, destination),
            Self::Refused(refusal) => return refusal.failure(),
            Self::Silent(Step::Tcp) => (Exit::TryAgain, "timed out: no answer to the TCP connection".to_owned()),
            Self::Silent(Step::IcReq | Step::IcResp) => (
                Exit::TryAgain,
                "timed out: TCP is accepted, but no NVMe/TCP answer comes".to_owned(),
            ),
            Self::Silent(Step::Connect) => (
                Exit::TryAgain,
                "timed out: the target speaks NVMe/TCP, but does not answer Connect".to_owned(),
            ),
            Self::Closed(step) => {
                let when = match step {
                    Step::Tcp | Step::IcReq => "after TCP, without an NVMe/TCP answer",
                    Step::IcResp => "within its ICResp",
                    Step::Connect => "instead of answering Connect",
                };
                (Exit::TryAgain, format!("the target closed the connection {when}"))
            }
            Self::NotNvme => (
                Exit::TryAgain,
                "something listens there, but it does not speak NVMe/TCP".to_owned(),
            ),
            Self::IcResp(fault) => (
                Exit::Config,
                format!("the kernel cannot use this target: {}", fault.words()),
            ),
            Self::Terminated(fes) => (
                Exit::TryAgain,
                format!("the target ends the connection: {}", fatal_error(*fes)),
            ),
            Self::Violation(violation) => (
                Exit::TryAgain,
                format!("the target does not follow the protocol: {}", violation.words()),
            ),
            Self::SecretMissing => (
                Exit::Refused,
                "the target demands authentication (DH-HMAC-CHAP), but no secret was found; see --dhchap-secret-file"
                    .to_owned(),
            ),
        };
        Failure::new(exit, why)
    }
}

/// An error of the system, and the part of the destination that it concerns.
fn system(errno: Errno, destination: &Destination) -> Failure {
    let interface = destination.device.as_deref().unwrap_or("the interface");
    let source = match (destination.host_traddr, &destination.device) {
        (Some(IpAddr::V6(source)), Some(device)) if source.is_unicast_link_local() => format!("{source}%{device}"),
        (Some(source), _) => source.to_string(),
        (None, _) => "the source address".to_owned(),
    };
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
        Errno::ETIMEDOUT => return ProbeError::Silent(Step::Tcp).failure(destination),
        Errno::EADDRNOTAVAIL if destination.host_traddr.is_none() => (
            Exit::TryAgain,
            format!("{interface} has no address for this target (yet)"),
        ),
        Errno::EADDRNOTAVAIL => (
            Exit::TryAgain,
            format!("{source} is not an address of this machine (yet)"),
        ),
        Errno::ENODEV => (Exit::TryAgain, format!("{interface} is gone")),
        Errno::EPERM | Errno::EACCES => (Exit::Refused, "not permitted; be root".to_owned()),
        Errno::EAFNOSUPPORT => (
            Exit::Config,
            format!("{source} and the target are not both IPv4 or both IPv6"),
        ),
        other => (Exit::TryAgain, format!("{} ({other:?})", other.desc().to_lowercase())),
    };
    Failure::new(exit, why)
}

impl IcRespFault {
    fn words(self) -> String {
        match self {
            Self::Length { hlen, plen } => {
                format!("its ICResp has a header of {hlen} and a length of {plen} bytes, not 128")
            }
            Self::Version(pfv) => format!("its PDU format version is {pfv}, not 0"),
            Self::Alignment(cpda) => format!("it demands aligned data (CPDA {cpda})"),
            Self::HeaderDigest { asked: true } => "it does not use header digests (hdr_digest)".to_owned(),
            Self::HeaderDigest { asked: false } => "it demands header digests; see --option hdr_digest".to_owned(),
            Self::DataDigest { asked: true } => "it does not use data digests (data_digest)".to_owned(),
            Self::DataDigest { asked: false } => "it demands data digests; see --option data_digest".to_owned(),
            Self::MaxH2cData(bytes) => {
                format!("it takes {bytes} bytes of data at once (MAXH2CDATA), not a multiple of 4 from 4096 on")
            }
        }
    }
}

impl Violation {
    fn words(self) -> String {
        match self {
            Self::Early => "it sends more than its ICResp before any command".to_owned(),
            Self::PduType(kind) => format!("it answers Connect with a PDU of type {kind:#04x}"),
            Self::Length { hlen, plen } => {
                format!("its CapsuleResp has a header of {hlen} and a length of {plen} bytes")
            }
            Self::HeaderDigest => "the header digest of its CapsuleResp is wrong".to_owned(),
            Self::CommandId(id) => format!("its CapsuleResp is for command {id}, which was not sent"),
        }
    }
}

/// The specification's name of a fatal error status (figure 23).
fn fatal_error(fes: u16) -> String {
    let name = match fes {
        1 => "Invalid PDU Header Field",
        2 => "PDU Sequence Error",
        3 => "Header Digest Error",
        4 => "Data Transfer Out of Range",
        5 => "Data Transfer Limit Exceeded",
        6 => "Unsupported Parameter",
        _ => return format!("fatal error status {fes}"),
    };
    format!("{name} (fatal error status {fes})")
}
