//! Cyclic redundancy checks of 32 bits. A few kilobytes at most are checked, so no table is worth its size.

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

/// CRC-32C (Castagnoli), bits reversed: the digests of NVMe/TCP PDUs.
pub const CRC32C: u32 = 0x82f6_3b78;

/// CRC-32 (RFC 1952), bits reversed: the checksum of DH-HMAC-CHAP secrets and of TLS keys as text.
pub const CRC32: u32 = 0xedb8_8320;

/// The CRC of `bytes` with this polynomial, whose bits are reversed.
pub fn crc(polynomial: u32, bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            crc >> 1 ^ if crc & 1 == 1 { polynomial } else { 0 }
        })
    })
}

/// The key in base64 text that ends in the key's CRC-32, as in the text forms of DH-HMAC-CHAP secrets and TLS keys.
///
/// # Errors
/// The reason why the text is no such key.
pub fn checked_key(text: &str, lengths: &[usize]) -> Result<Zeroizing<Vec<u8>>, String> {
    let bytes = Base64::decode_vec(text)
        .map(Zeroizing::new)
        .map_err(|_| "its key is not base64")?;
    match bytes.split_last_chunk::<4>() {
        Some((key, sum)) if lengths.contains(&key.len()) => {
            if crc(CRC32, key) == u32::from_le_bytes(*sum) {
                Ok(Zeroizing::new(key.to_vec()))
            } else {
                Err("its checksum is wrong, so a character is".to_owned())
            }
        }
        _ => {
            let lengths: Vec<String> = lengths.iter().map(usize::to_string).collect();
            let length = bytes.len().saturating_sub(4);
            Err(format!("its key has {length} bytes, not {}", lengths.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        for (polynomial, bytes, expected) in [
            (CRC32C, &b""[..], 0),
            (CRC32C, b"123456789", 0xe306_9283),
            // RFC 3720, appendix B.4.
            (CRC32C, &[0; 32], 0x8a91_36aa),
            (CRC32C, &[0xff; 32], 0x62a8_ab43),
            (CRC32, b"", 0),
            (CRC32, b"123456789", 0xcbf4_3926),
            (CRC32, b"The quick brown fox jumps over the lazy dog", 0x414f_a339),
        ] {
            assert_eq!(crc(polynomial, bytes), expected, "{polynomial:#x} {bytes:?}");
        }
    }
}
