//! Secrets: read from files with care, checked before they are used, overwritten after.

pub mod keyring;
pub mod place;
pub mod tls_key;

use std::env;
use std::fmt;
use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nbft_common::command::failure::{Exit, Failure, io_words};
use nix::fcntl::OFlag;
use zeroize::Zeroizing;

use crate::crc;

/// Largest secret file, in bytes.
const MAX_FILE: usize = 4096;

/// Text that is never shown, and that is overwritten when it goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, for the kernel alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(not shown)")
    }
}

/// What kind of secret a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `DHHC-1:…`
    DhHmacChap,
    /// `NVMeTLSkey-1:…`, which [`TlsKey`](crate::secret::tls_key::TlsKey) checks.
    TlsKey,
}

/// The file of a credential of systemd, if systemd handed over a folder of them.
pub fn credential(name: &str) -> Option<PathBuf> {
    env::var_os("CREDENTIALS_DIRECTORY").map(|folder| PathBuf::from(folder).join(name))
}

/// Reads the secret in a file.
///
/// # Errors
/// [`Exit::NoInput`] if the file cannot be read, [`Exit::Config`] if the file holds no usable secret. The message never
/// repeats the content.
pub fn read(path: &Path, kind: Kind) -> Result<Secret, Failure> {
    let wrong = |exit, why: &str| Failure::new(exit, format!("{}: {why}", path.display()));
    let io = |error: &std::io::Error| wrong(Exit::NoInput, &io_words(error));
    // Without O_NONBLOCK a FIFO without a writer would block for ever.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path);
    let file = file.map_err(|error| io(&error))?;
    let file_type = file.metadata().map_err(|error| io(&error))?.file_type();
    if file_type.is_dir() {
        return Err(wrong(Exit::NoInput, "is a directory"));
    }
    if !file_type.is_file() {
        return Err(wrong(Exit::NoInput, "is not a regular file"));
    }
    // Room for one byte more than a secret may have: the buffer does not move, so no copy is left behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE + 64));
    file.take(MAX_FILE as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| io(&error))?;
    if bytes.len() > MAX_FILE {
        return Err(wrong(Exit::Config, "is too large for a secret"));
    }
    let what = match kind {
        Kind::DhHmacChap => "is not a DH-HMAC-CHAP secret",
        Kind::TlsKey => "is not a TLS key",
    };
    let text = std::str::from_utf8(&bytes).map_err(|_| wrong(Exit::Config, &format!("{what}: it is not text")))?;
    let secret = Secret::new(text.trim().to_owned());
    if kind == Kind::DhHmacChap {
        check(secret.expose()).map_err(|why| wrong(Exit::Config, &format!("{what}: {why}")))?;
    }
    Ok(secret)
}

/// Checks the representation of a DH-HMAC-CHAP secret (NVMe base specification 2.1, section 8.3.5.5.7): `DHHC-1:`, the
/// hash (`00` none, `01` SHA-256, `02` SHA-384, `03` SHA-512), the key and its CRC-32 in base64, and a final colon.
fn check(text: &str) -> Result<(), String> {
    let rest = text.strip_prefix("DHHC-1:").ok_or("it does not begin with DHHC-1:")?;
    let (hash, rest) = rest.split_once(':').ok_or("no colon ends its hash identifier")?;
    let key = rest.strip_suffix(':').ok_or("no colon ends it")?;
    let lengths: &[usize] = match hash {
        "00" => &[32, 48, 64],
        "01" => &[32],
        "02" => &[48],
        "03" => &[64],
        _ => return Err("its hash identifier is none of 00, 01, 02 and 03".to_owned()),
    };
    crc::checked_key(key, lengths).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_checked() {
        // nvme gen-dhchap-key of libnvme made these; the checksum of the last one was changed.
        for (secret, why) in [
            ("DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:", None),
            ("DHHC-1:01:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:", None),
            (
                "DHHC-1:03:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:",
                Some("32 bytes, not 64"),
            ),
            (
                "DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2o:",
                Some("checksum"),
            ),
            (
                "DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n",
                Some("no colon ends it"),
            ),
            (
                "DHHC-1:04:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:",
                Some("00, 01, 02 and 03"),
            ),
            ("DHHC-1:00:not base64:", Some("not base64")),
            ("DHHC-1:00:c2VjcmV0:", Some("2 bytes")),
            ("DHHC-1:", Some("no colon ends its hash")),
            ("NVMeTLSkey-1:01:x:", Some("begin with DHHC-1:")),
        ] {
            let result = check(secret);
            match why {
                None => assert_eq!(result, Ok(()), "{secret}"),
                Some(why) => assert!(result.is_err_and(|message| message.contains(why)), "{secret}"),
            }
        }
    }
}
