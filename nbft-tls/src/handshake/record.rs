//! Records (RFC 8446, section 5), in the clear and encrypted.

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes128Gcm, Aes256Gcm, KeyInit};

use super::fault::{Alert, Fault};
use super::schedule::TrafficKey;

/// Bytes of a record's header.
pub const HEADER: usize = 5;

/// Most bytes in a record in the clear, and how many more in an encrypted one.
const MAX_PLAIN: usize = 1 << 14;
const MAX_EXPANSION: usize = 256;

/// What a record contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Content {
    /// Of TLS 1.2; has no effect.
    ChangeCipherSpec = 20,
    /// An alert.
    Alert = 21,
    /// Handshake messages.
    Handshake = 22,
    /// Data; an encrypted record of any content looks like data.
    Data = 23,
}

impl Content {
    fn from_code(code: u8) -> Option<Self> {
        let all = [Self::ChangeCipherSpec, Self::Alert, Self::Handshake, Self::Data];
        all.into_iter().find(|content| *content as u8 == code)
    }
}

/// What a header announces: the content, and how many bytes follow.
///
/// # Errors
/// A header that no record of a handshake has.
pub fn announced(header: [u8; HEADER]) -> Result<(Content, usize), Fault> {
    let [code, major, _, high, low] = header;
    let content = Content::from_code(code).filter(|_| major == 3).ok_or(Fault::NotTls)?;
    let length = usize::from(u16::from_be_bytes([high, low]));
    let most = match content {
        Content::Data => MAX_PLAIN + MAX_EXPANSION,
        _ => MAX_PLAIN,
    };
    if length == 0 {
        return Err(Fault::Violation(Alert::UnexpectedMessage, "a record is empty"));
    }
    if length > most {
        return Err(Fault::Violation(Alert::RecordOverflow, "a record is too long"));
    }
    Ok((content, length))
}

/// A record in the clear. `first`: of the first ClientHello, which has the version of TLS 1.0 for old servers.
pub fn plain(content: Content, first: bool, bytes: &[u8]) -> Vec<u8> {
    let mut record = header(content, bytes.len()).to_vec();
    if let Some(minor) = record.get_mut(2).filter(|_| first) {
        *minor = 1;
    }
    record.extend(bytes);
    record
}

/// The content is a message of this crate, which is short.
fn header(content: Content, length: usize) -> [u8; HEADER] {
    let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
    [content as u8, 3, 3, high, low]
}

/// One direction's encryption.
pub struct Cipher {
    aead: Aead,
    key: TrafficKey,
    /// The number of the next record.
    sequence: u64,
}

enum Aead {
    Aes128(Box<Aes128Gcm>),
    Aes256(Box<Aes256Gcm>),
}

impl Cipher {
    /// The encryption with a key, from its first record on; `None` for a key that is none of AES.
    #[must_use]
    pub fn new(key: TrafficKey) -> Option<Self> {
        let aead = match key.key.len() {
            16 => Aead::Aes128(Box::new(Aes128Gcm::new_from_slice(&key.key).ok()?)),
            _ => Aead::Aes256(Box::new(Aes256Gcm::new_from_slice(&key.key).ok()?)),
        };
        Some(Self { aead, key, sequence: 0 })
    }

    /// The nonce of the next record.
    fn nonce(&mut self) -> [u8; 12] {
        let mut nonce = *self.key.iv;
        let number = self.sequence.to_be_bytes();
        for (byte, number) in nonce.iter_mut().skip(4).zip(number) {
            *byte ^= number;
        }
        // A handshake has few records.
        self.sequence += 1;
        nonce
    }

    /// An encrypted record.
    ///
    /// # Errors
    /// [`Fault::Internal`] for a content that is too long for a record.
    pub fn seal(&mut self, content: Content, bytes: &[u8]) -> Result<Vec<u8>, Fault> {
        let nonce = self.nonce().into();
        let mut sealed = bytes.to_vec();
        sealed.push(content as u8);
        let header = header(Content::Data, sealed.len() + 16);
        let done = match &self.aead {
            Aead::Aes128(aead) => aead.encrypt_in_place(&nonce, &header, &mut sealed),
            Aead::Aes256(aead) => aead.encrypt_in_place(&nonce, &header, &mut sealed),
        };
        done.map_err(|_| Fault::Internal)?;
        Ok([&header[..], &sealed].concat())
    }

    /// The content of an encrypted record: of its header and the bytes that follow it.
    ///
    /// # Errors
    /// A record that another key encrypted, or that somebody changed.
    pub fn open(&mut self, header: [u8; HEADER], mut bytes: Vec<u8>) -> Result<(Content, Vec<u8>), Fault> {
        let nonce = self.nonce().into();
        let done = match &self.aead {
            Aead::Aes128(aead) => aead.decrypt_in_place(&nonce, &header, &mut bytes),
            Aead::Aes256(aead) => aead.decrypt_in_place(&nonce, &header, &mut bytes),
        };
        done.map_err(|_| Fault::Violation(Alert::BadRecordMac, "a record does not decrypt"))?;
        if bytes.len() > MAX_PLAIN + 1 {
            return Err(Fault::Violation(Alert::RecordOverflow, "a record is too long"));
        }
        // Zeros may pad the content; its type is the last byte that is none.
        let end = bytes.iter().rposition(|&byte| byte != 0);
        let content = end.and_then(|end| Content::from_code(*bytes.get(end)?));
        let (Some(end), Some(content)) = (end, content) else {
            return Err(Fault::Violation(
                Alert::UnexpectedMessage,
                "a record has no known content",
            ));
        };
        bytes.truncate(end);
        Ok((content, bytes))
    }
}
