//! Why a probe ended without an answer. `words.rs` tells the administrator.

use nix::errno::Errno;

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

    /// Whether nothing but the answer to Connect is missing.
    pub fn is_late(&self) -> bool {
        *self == Self::Silent(Step::Connect)
    }

    /// Whether a target that accepted TCP was too slow.
    pub fn is_slow(&self) -> bool {
        matches!(self, Self::Silent(step) if *step != Step::Tcp)
    }
}
