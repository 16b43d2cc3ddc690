//! The key derivation of TLS 1.3 (RFC 8446, section 7.1): for the handshake, and for the keys of NVMe/TCP that go into it.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use hkdf::{GenericHkdf, HmacImpl};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha384};
use zeroize::Zeroizing;

/// A secret, which is overwritten when it goes.
pub type Secret = Zeroizing<Vec<u8>>;

/// The hash that a key is for, and with the hash all of the derivation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
}

impl Hash {
    /// Bytes of a digest, and of each secret.
    #[must_use]
    pub const fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }

    /// The digest of some bytes.
    #[must_use]
    pub fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
        }
    }

    /// HMAC.
    #[must_use]
    pub fn hmac(self, key: &[u8], bytes: &[u8]) -> Secret {
        match self {
            Self::Sha256 => keyed::<Hmac<Sha256>>(key, bytes).map(code),
            Self::Sha384 => keyed::<Hmac<Sha384>>(key, bytes).map(code),
        }
        .unwrap_or_default()
    }

    /// Whether a code is the HMAC, in constant time.
    #[must_use]
    pub fn verify(self, key: &[u8], bytes: &[u8], code: &[u8]) -> bool {
        match self {
            Self::Sha256 => keyed::<Hmac<Sha256>>(key, bytes).is_some_and(|mac| mac.verify_slice(code).is_ok()),
            Self::Sha384 => keyed::<Hmac<Sha384>>(key, bytes).is_some_and(|mac| mac.verify_slice(code).is_ok()),
        }
    }

    /// HKDF-Extract.
    #[must_use]
    pub fn extract(self, salt: &[u8], secret: &[u8]) -> Secret {
        self.hmac(salt, secret)
    }

    /// HKDF-Expand-Label of a secret that HKDF-Extract gave. `None` if label or context are too long for it.
    #[must_use]
    pub fn expand_label(self, secret: &[u8], label: &str, context: &[u8], length: usize) -> Option<Secret> {
        match self {
            Self::Sha256 => expand::<Hmac<Sha256>>(secret, label, context, length),
            Self::Sha384 => expand::<Hmac<Sha384>>(secret, label, context, length),
        }
    }
}

fn keyed<M: Mac + KeyInit>(key: &[u8], bytes: &[u8]) -> Option<M> {
    // An HMAC takes a key of any length.
    let mut mac = <M as KeyInit>::new_from_slice(key).ok()?;
    mac.update(bytes);
    Some(mac)
}

fn code(mac: impl Mac) -> Secret {
    Zeroizing::new(mac.finalize().into_bytes().to_vec())
}

fn expand<H: HmacImpl>(secret: &[u8], label: &str, context: &[u8], length: usize) -> Option<Secret> {
    let label = format!("tls13 {label}");
    let mut output = Zeroizing::new(vec![0; length]);
    let info: [&[u8]; 5] = [
        &u16::try_from(length).ok()?.to_be_bytes(),
        &[u8::try_from(label.len()).ok()?],
        label.as_bytes(),
        &[u8::try_from(context.len()).ok()?],
        context,
    ];
    let kdf = GenericHkdf::<H>::from_prk(secret).ok()?;
    kdf.expand_multi_info(&info, &mut output).ok()?;
    Some(output)
}
