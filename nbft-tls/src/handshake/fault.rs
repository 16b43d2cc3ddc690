//! Why a handshake failed.

use std::fmt;

/// The alerts that this side sends (RFC 8446, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Alert {
    /// A message came out of order.
    UnexpectedMessage = 10,
    /// A record does not decrypt.
    BadRecordMac = 20,
    /// A record is too long.
    RecordOverflow = 22,
    /// No acceptable parameters.
    HandshakeFailure = 40,
    /// A field has a forbidden value.
    IllegalParameter = 47,
    /// A message cannot be read.
    DecodeError = 50,
    /// The Finished message is wrong.
    DecryptError = 51,
    /// The other side speaks no TLS 1.3.
    ProtocolVersion = 70,
    /// This side is at fault.
    InternalError = 80,
    /// An extension is missing.
    MissingExtension = 109,
    /// An extension that nobody asked for.
    UnsupportedExtension = 110,
}

/// Why a handshake failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The target ended the handshake with this alert.
    Received(u8),
    /// The answer has the form of no TLS record.
    NotTls,
    /// The target answered without the key that it was offered.
    KeyNotTaken,
    /// The target broke the protocol: the alert for it, and the violation in words.
    Violation(Alert, &'static str),
    /// This side is at fault, which is a bug, or the lack of random numbers.
    Internal,
}

impl Fault {
    /// The alert that tells the target, if one does.
    #[must_use]
    pub fn alert(&self) -> Option<Alert> {
        match self {
            Self::Received(_) | Self::NotTls => None,
            Self::KeyNotTaken => Some(Alert::HandshakeFailure),
            Self::Violation(alert, _) => Some(*alert),
            Self::Internal => Some(Alert::InternalError),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Received(code) => match meaning(*code) {
                Some((name, words)) => write!(f, "the target ended the handshake with the alert {name}: {words}"),
                None => write!(f, "the target ended the handshake with the alert {code}"),
            },
            Self::NotTls => f.write_str("the answer is no TLS: the target expects none on this port"),
            Self::KeyNotTaken => f.write_str(
                "the target answered without taking the key: it has no key for this host and subsystem, or another one",
            ),
            Self::Violation(_, words) => write!(f, "the target does not follow TLS 1.3: {words}"),
            Self::Internal => f.write_str("a fault of this command, or no random numbers"),
        }
    }
}

impl std::error::Error for Fault {}

/// Name and meaning of an alert, for a handshake that offers one key.
fn meaning(code: u8) -> Option<(&'static str, &'static str)> {
    const KEYS: &str = "the keys of host and target differ, or the target has no key for this host and subsystem";
    const OURS: &str = "it finds a fault in this command's messages";
    Some(match code {
        0 => ("close_notify", KEYS),
        10 => ("unexpected_message", OURS),
        20 => ("bad_record_mac", OURS),
        22 => ("record_overflow", OURS),
        40 => (
            "handshake_failure",
            "it has no key for this host and subsystem, another one, or accepts neither cipher nor group",
        ),
        42 => ("bad_certificate", KEYS),
        47 => ("illegal_parameter", KEYS),
        49 => ("access_denied", KEYS),
        50 => ("decode_error", OURS),
        51 => ("decrypt_error", "the keys of host and target differ"),
        70 => ("protocol_version", "it speaks no TLS 1.3"),
        71 => ("insufficient_security", "it demands a stronger cipher or group"),
        80 => ("internal_error", "the target's own log says why"),
        90 => ("user_canceled", "the target's own log says why"),
        109 => (
            "missing_extension",
            "it has no key for this host and subsystem, and would use certificates",
        ),
        110 => ("unsupported_extension", OURS),
        115 => ("unknown_psk_identity", "it has no key for this host and subsystem"),
        116 => ("certificate_required", "it demands a certificate"),
        _ => return None,
    })
}
