//! The groups of the key exchange, and the keys of one exchange.

use nbft_common::kdf::Secret;
use p256::elliptic_curve::sec1::ToSec1Point;
use x25519_dalek::{X25519_BASEPOINT_BYTES, x25519};
use zeroize::Zeroizing;

/// A group of the key exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// X25519.
    X25519,
    /// The NIST curve P-256.
    Secp256r1,
    /// The NIST curve P-384.
    Secp384r1,
}

/// All groups, the preferred one first.
pub const ALL: [Group; 3] = [Group::X25519, Group::Secp256r1, Group::Secp384r1];

impl Group {
    /// The number of the group in messages.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::Secp256r1 => 23,
            Self::Secp384r1 => 24,
            Self::X25519 => 29,
        }
    }

    /// The group with this number.
    #[must_use]
    pub fn from_code(code: u16) -> Option<Self> {
        ALL.into_iter().find(|group| group.code() == code)
    }

    /// Bytes of a secret key.
    const fn secret_length(self) -> usize {
        match self {
            Self::X25519 | Self::Secp256r1 => 32,
            Self::Secp384r1 => 48,
        }
    }
}

impl std::fmt::Display for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::X25519 => "x25519",
            Self::Secp256r1 => "secp256r1",
            Self::Secp384r1 => "secp384r1",
        })
    }
}

/// This side's key of an exchange.
pub struct KeyShare {
    group: Group,
    key: Key,
}

enum Key {
    X25519(Zeroizing<[u8; 32]>),
    Secp256r1(p256::SecretKey),
    Secp384r1(p384::SecretKey),
}

impl KeyShare {
    /// A new key; `None` without random bytes, or if they are no key, which is less likely than a fault of the memory.
    #[must_use]
    pub fn generate(group: Group, random: fn(&mut [u8]) -> bool) -> Option<Self> {
        let mut bytes = Zeroizing::new(vec![0; group.secret_length()]);
        random(&mut bytes).then(|| Self::from_bytes(group, &bytes)).flatten()
    }

    /// The key with these bytes.
    #[must_use]
    pub fn from_bytes(group: Group, bytes: &[u8]) -> Option<Self> {
        let key = match group {
            Group::X25519 => Key::X25519(Zeroizing::new(bytes.try_into().ok()?)),
            Group::Secp256r1 => Key::Secp256r1(p256::SecretKey::from_slice(bytes).ok()?),
            Group::Secp384r1 => Key::Secp384r1(p384::SecretKey::from_slice(bytes).ok()?),
        };
        Some(Self { group, key })
    }

    /// The group of the key.
    #[must_use]
    pub fn group(&self) -> Group {
        self.group
    }

    /// The public key, for the other side.
    #[must_use]
    pub fn public(&self) -> Vec<u8> {
        match &self.key {
            Key::X25519(secret) => x25519(**secret, X25519_BASEPOINT_BYTES).to_vec(),
            Key::Secp256r1(secret) => secret.public_key().to_sec1_point(false).as_bytes().to_vec(),
            Key::Secp384r1(secret) => secret.public_key().to_sec1_point(false).as_bytes().to_vec(),
        }
    }

    /// The secret that both sides share; `None` if the other side's public key is none of the group, or one that would make
    /// the secret known.
    #[must_use]
    pub fn agree(&self, public: &[u8]) -> Option<Secret> {
        match &self.key {
            Key::X25519(secret) => {
                let shared = Zeroizing::new(x25519(**secret, public.try_into().ok()?));
                (*shared != [0; 32]).then(|| Zeroizing::new(shared.to_vec()))
            }
            Key::Secp256r1(secret) => {
                let public = p256::PublicKey::from_sec1_bytes(uncompressed(public)?).ok()?;
                let shared = p256::ecdh::diffie_hellman(secret.to_nonzero_scalar(), public.as_affine());
                Some(Zeroizing::new(shared.raw_secret_bytes().to_vec()))
            }
            Key::Secp384r1(secret) => {
                let public = p384::PublicKey::from_sec1_bytes(uncompressed(public)?).ok()?;
                let shared = p384::ecdh::diffie_hellman(secret.to_nonzero_scalar(), public.as_affine());
                Some(Zeroizing::new(shared.raw_secret_bytes().to_vec()))
            }
        }
    }
}

/// TLS 1.3 has no compressed points.
fn uncompressed(point: &[u8]) -> Option<&[u8]> {
    (point.first() == Some(&4)).then_some(point)
}
