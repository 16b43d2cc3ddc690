//! Keys out of the kernel's keyrings.

use std::io;

use nbft_common::command::failure::io_words;
use nbft_common::command::keys::{self, NVME, PSK};
use nbft_common::kdf::Hash;
use zeroize::Zeroizing;

use crate::handshake::Psk;
use crate::raw;

/// Longest description that a key for NVMe can have by far, in bytes, and longest key.
const MAX_DESCRIPTION: usize = 1024;
const MAX_KEY: usize = 64;

/// Links the keyring for TLS keys of NVMe into that of this process: only who possesses a key may read it. Linux links the
/// keyring of each request too, since 6.7. The module nvme-keyring, which makes the keyring, may be loaded later.
pub fn link() {
    let entries = keys::entries();
    if let Some(keyring) = entries.iter().find(|entry| entry.is("keyring", NVME)) {
        // Reading a key will fail, and say why.
        let _ = raw::link(keyring.serial);
    }
}

/// The key with this serial number.
///
/// # Errors
/// The reason why the key cannot be used.
pub fn psk(serial: i32) -> Result<Psk, String> {
    let system = |what: &str, error: io::Error| format!("cannot {what} the key {serial:#x}: {}", io_words(&error));
    let mut buffer = vec![0; MAX_DESCRIPTION];
    let length = raw::describe(serial, &mut buffer).map_err(|error| system("describe", error))?;
    buffer.truncate(length.saturating_sub(1));
    let described = String::from_utf8(buffer).unwrap_or_default();
    let (identity, hash) = identity(&described).ok_or_else(|| format!("the key {serial:#x} is none for NVMe/TCP"))?;

    let mut key = Zeroizing::new(vec![0; MAX_KEY]);
    let length = raw::read(serial, &mut key).map_err(|error| system("read", error))?;
    key.truncate(length);
    if key.len() != hash.length() {
        let (length, demanded) = (key.len(), hash.length());
        return Err(format!(
            "the key {serial:#x} has {length} bytes, and its name demands {demanded}"
        ));
    }
    Ok(Psk {
        identity: identity.as_bytes().to_vec(),
        key,
        hash,
    })
}

/// The identity in a description `TYPE;UID;GID;PERMISSIONS;IDENTITY`, and the hash that the identity names: `NVMe`, the
/// version, `R` or `G`, and `01` or `02`.
fn identity(described: &str) -> Option<(&str, Hash)> {
    let mut fields = described.splitn(5, ';');
    let kind = fields.next()?;
    let identity = fields.nth(3)?;
    let hash = match identity.strip_prefix("NVMe")?.split(' ').next()?.get(1..)? {
        "R01" | "G01" => Hash::Sha256,
        "R02" | "G02" => Hash::Sha384,
        _ => return None,
    };
    (kind == PSK).then_some((identity, hash))
}

/// The subsystem in an identity, for messages.
pub fn subsystem(identity: &[u8]) -> String {
    let identity = String::from_utf8_lossy(identity);
    identity.split(' ').nth(2).unwrap_or(&identity).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions() {
        for (described, expected) in [
            (
                "psk;0;0;3f010000;NVMe1R01 nqn.h nqn.s iSbj=",
                Some(("NVMe1R01 nqn.h nqn.s iSbj=", Hash::Sha256)),
            ),
            (
                "psk;0;0;3f010000;NVMe0G02 nqn.h nqn.s;x",
                Some(("NVMe0G02 nqn.h nqn.s;x", Hash::Sha384)),
            ),
            ("user;0;0;3f010000;NVMe1R01 nqn.h nqn.s iSbj=", None),
            ("psk;0;0;3f010000;NVMe1R03 nqn.h nqn.s iSbj=", None),
            ("psk;0;0;3f010000;NVMe", None),
            ("psk;0;0;3f010000", None),
            ("", None),
        ] {
            assert_eq!(identity(described), expected, "{described}");
        }
        assert_eq!(subsystem(b"NVMe1R01 nqn.h nqn.s iSbj="), "nqn.s");
    }
}
