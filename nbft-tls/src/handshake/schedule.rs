//! The key schedule (RFC 8446, section 7.1). `None` stands for a length that HKDF cannot do, which no call here has.

use nbft_common::kdf::{Hash, Secret};
use zeroize::Zeroizing;

/// The label of the binder for a key that no earlier handshake made.
pub const EXTERNAL: &str = "ext binder";

/// The early secret.
pub fn early(hash: Hash, key: &[u8]) -> Secret {
    hash.extract(&vec![0; hash.length()], key)
}

/// Derive-Secret, of a digest of messages.
pub fn derive(hash: Hash, secret: &[u8], label: &str, digest: &[u8]) -> Option<Secret> {
    hash.expand_label(secret, label, digest, hash.length())
}

/// The secret of the next stage: the handshake secret with the exchanged secret, the master secret with none.
pub fn next(hash: Hash, secret: &[u8], input: Option<&[u8]>) -> Option<Secret> {
    let salt = derive(hash, secret, "derived", &hash.digest(&[]))?;
    let none = vec![0; hash.length()];
    Some(hash.extract(&salt, input.unwrap_or(&none)))
}

/// The code in a binder: proof of the key, over a digest of the ClientHello up to its binders.
pub fn binder(hash: Hash, early: &[u8], label: &str, digest: &[u8]) -> Option<Secret> {
    let key = derive(hash, early, label, &hash.digest(&[]))?;
    finished(hash, &key, digest)
}

/// The code in a Finished message: proof of a traffic secret, over a digest of all messages before.
pub fn finished(hash: Hash, secret: &[u8], digest: &[u8]) -> Option<Secret> {
    Some(hash.hmac(&finished_key(hash, secret)?, digest))
}

/// The key of that code, to verify one.
pub fn finished_key(hash: Hash, secret: &[u8]) -> Option<Secret> {
    hash.expand_label(secret, "finished", &[], hash.length())
}

/// A key for records, and what their nonces are made of.
#[derive(Clone)]
pub struct TrafficKey {
    /// The key of AES-GCM.
    pub key: Secret,
    /// The initial value of the nonce.
    pub iv: Zeroizing<[u8; 12]>,
}

impl TrafficKey {
    /// The key of a traffic secret. SHA-256 goes with AES-128, SHA-384 with AES-256.
    pub fn of(hash: Hash, secret: &[u8]) -> Option<Self> {
        let length = match hash {
            Hash::Sha256 => 16,
            Hash::Sha384 => 32,
        };
        let iv = hash.expand_label(secret, "iv", &[], 12)?;
        Some(Self {
            key: hash.expand_label(secret, "key", &[], length)?,
            iv: Zeroizing::new(iv.as_slice().try_into().ok()?),
        })
    }
}
