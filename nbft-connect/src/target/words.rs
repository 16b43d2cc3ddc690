//! The errors of a probe, in words for the administrator who has to solve the problem.

use std::net::IpAddr;

use nbft_common::command::failure::{Exit, Failure};
use nix::errno::Errno;

use super::Destination;
use super::error::{IcRespFault, ProbeError, Step, Violation};

impl ProbeError {
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
                    Step::Tcp | Step::IcReq => {
                        "after TCP, without an NVMe/TCP answer; a target that expects TLS does so"
                    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_names_and_codes() {
        let source = "fe80::1".parse().ok();
        let here = |host_traddr, device: Option<&str>| Destination {
            traddr: "fe80::2".parse().unwrap(),
            trsvcid: 4420,
            host_traddr,
            scope: 2,
            device: device.map(str::to_owned),
        };
        let (bound, plain) = (here(source, Some("eth0")), here(None, None));
        let gone = || ProbeError::System(Errno::EADDRNOTAVAIL);
        for (error, at, exit, words) in [
            (
                gone(),
                &bound,
                75,
                "fe80::1%eth0 is not an address of this machine (yet)",
            ),
            (
                gone(),
                &here(source, None),
                75,
                "fe80::1 is not an address of this machine (yet)",
            ),
            (
                gone(),
                &here(None, Some("eth0")),
                75,
                "eth0 has no address for this target (yet)",
            ),
            (gone(), &plain, 75, "the interface has no address for this target (yet)"),
            (Errno::ENODEV.into(), &bound, 75, "eth0 is gone"),
            (Errno::EMFILE.into(), &bound, 75, "too many open files (EMFILE)"),
            (
                Errno::ETIMEDOUT.into(),
                &bound,
                75,
                "timed out: no answer to the TCP connection",
            ),
            (Errno::EPERM.into(), &bound, 77, "not permitted; be root"),
            (
                ProbeError::Silent(Step::Tcp),
                &plain,
                75,
                "timed out: no answer to the TCP connection",
            ),
            (
                ProbeError::Silent(Step::IcReq),
                &plain,
                75,
                "timed out: TCP is accepted, but no NVMe/TCP answer comes",
            ),
            (
                ProbeError::Terminated(6),
                &plain,
                75,
                "the target ends the connection: Unsupported Parameter (fatal error status 6)",
            ),
            (
                ProbeError::Terminated(7),
                &plain,
                75,
                "the target ends the connection: fatal error status 7",
            ),
            (
                ProbeError::IcResp(IcRespFault::HeaderDigest { asked: false }),
                &plain,
                78,
                "the kernel cannot use this target: it demands header digests; see --option hdr_digest",
            ),
            (
                Violation::PduType(9).into(),
                &plain,
                75,
                "the target does not follow the protocol: it answers Connect with a PDU of type 0x09",
            ),
            (
                ProbeError::SecretMissing,
                &plain,
                77,
                "the target demands authentication (DH-HMAC-CHAP), but no secret was found; see --dhchap-secret-file",
            ),
        ] {
            let failure = error.failure(at);
            assert_eq!((failure.exit as u8, failure.message.as_str()), (exit, words));
        }
    }
}
