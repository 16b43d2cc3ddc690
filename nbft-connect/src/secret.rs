//! Secrets: read from files with care, checked before they are used, overwritten after.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::hint::black_box;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nbft_common::command::failure::{Exit, Failure, io_words};
use nix::fcntl::OFlag;

use crate::crc;

/// Largest secret file, in bytes.
const MAX_FILE: usize = 4096;

/// Text that is never shown, and that is overwritten when it goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text over.
    pub fn new(text: String) -> Self {
        Self(text)
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

impl Drop for Secret {
    fn drop(&mut self) {
        wipe(std::mem::take(&mut self.0).into_bytes());
    }
}

/// Overwrites bytes that held a secret.
pub fn wipe(mut bytes: Vec<u8>) {
    bytes.fill(0);
    // The compiler must not take the bytes for unused.
    black_box(&bytes);
}

/// Reads the DH-HMAC-CHAP secret in a file.
///
/// # Errors
/// [`Exit::NoInput`] if the file cannot be read, [`Exit::Config`] if the file holds no usable secret. The message never
/// repeats the content.
pub fn read(path: &Path) -> Result<Secret, Failure> {
    let wrong = |exit, why: &str| Failure::new(exit, format!("{}: {why}", path.display()));
    // Without O_NONBLOCK a FIFO without a writer would block for ever.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path);
    let file = file.map_err(|error| wrong(Exit::NoInput, &io_words(&error)))?;
    let kind = file
        .metadata()
        .map_err(|error| wrong(Exit::NoInput, &io_words(&error)))?
        .file_type();
    if kind.is_dir() {
        return Err(wrong(Exit::NoInput, "is a directory"));
    }
    if !kind.is_file() {
        return Err(wrong(Exit::NoInput, "is not a regular file"));
    }
    let bytes = contents(&file).map_err(|error| wrong(Exit::NoInput, &io_words(&error)))?;
    if bytes.len() > MAX_FILE {
        wipe(bytes);
        return Err(wrong(Exit::Config, "is too large for a secret"));
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => Secret(text),
        Err(error) => {
            wipe(error.into_bytes());
            return Err(wrong(Exit::Config, "is not a DH-HMAC-CHAP secret: it is not text"));
        }
    };
    let secret = Secret(text.expose().trim().to_owned());
    check(secret.expose()).map_err(|why| wrong(Exit::Config, &format!("is not a DH-HMAC-CHAP secret: {why}")))?;
    Ok(secret)
}

/// At most one byte more than a secret file may have. The buffer does not move, so that no copy is left behind.
fn contents(file: &File) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(MAX_FILE + 64);
    file.take(MAX_FILE as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
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
    let bytes = base64(key).ok_or("its key is not base64")?;
    let result = match bytes.split_last_chunk::<4>() {
        Some((key, sum)) if lengths.contains(&key.len()) => {
            if crc::crc(crc::CRC32, key) == u32::from_le_bytes(*sum) {
                Ok(())
            } else {
                Err("its checksum is wrong, so a character is".to_owned())
            }
        }
        _ => Err(format!(
            "its key has {} bytes, where hash {hash} takes {}",
            bytes.len().saturating_sub(4),
            lengths.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
        )),
    };
    wipe(bytes);
    result
}

/// Decodes base64 with its padding (RFC 4648, section 4).
fn base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    if !text.len().is_multiple_of(4) || text.len() - digits.len() > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut buffer, mut bits) = (0_u32, 0);
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        buffer = buffer << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits & 0xff) as u8);
        }
    }
    Some(bytes)
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
                Some("32 bytes, where hash 03 takes 64"),
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

    #[test]
    fn base64_has_one_form() {
        for (text, bytes) in [
            ("", Some(&b""[..])),
            ("Zg==", Some(b"f")),
            ("Zm8=", Some(b"fo")),
            ("Zm9v", Some(b"foo")),
            ("Zm9", None),
            ("Zg=", None),
            ("Z===", None),
            ("Zm 9", None),
        ] {
            assert_eq!(base64(text).as_deref(), bytes, "{text}");
        }
    }
}
