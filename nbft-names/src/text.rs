//! Texts of the table made fit for configuration files, or refused.

use std::fmt::Write;

use nbft_common::table::addr::Hex;

/// Longest host name that Linux has room for.
const HOST_NAME_MAX: usize = 64;
/// Longest DUID: two bytes of type and 128 bytes (RFC 8415, section 11.1).
const DUID_MAX: usize = 130;

/// A table's name in characters that mean nothing to any file format.
pub fn word(text: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') {
            c
        } else {
            '_'
        }
    };
    text.chars().map(plain).take(64).collect()
}

/// Whether this is a host name as RFC 1123 has it: labels of letters, digits and hyphens, at most 63 characters each, no
/// hyphen at an end.
pub fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= HOST_NAME_MAX && text.split('.').all(label)
}

/// Bytes in hexadecimal with colons.
pub fn colons(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for (at, byte) in bytes.iter().enumerate() {
        let colon = if at == 0 { "" } else { ":" };
        // Writing to a String cannot fail.
        let _ = write!(text, "{colon}{}", Hex(&[*byte]));
    }
    text
}

/// The bytes of a DUID: its type and at least one more.
pub fn duid(text: &str) -> Option<Vec<u8>> {
    let mut digits = text.chars().map(|c| c.to_digit(16));
    let mut bytes = Vec::new();
    while let Some(high) = digits.next() {
        let low = digits.next()?;
        bytes.push(u8::try_from(high? * 16 + low?).ok()?);
    }
    (3..=DUID_MAX).contains(&bytes.len()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names() {
        for good in ["a", "boot-client", "a.b.example", "1", "x--y", &"a".repeat(63)] {
            assert!(is_host_name(good), "{good}");
        }
        let long = ["a".repeat(64), ["abcdefgh"; 9].join(".")];
        let odd = [
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "-a",
            "a-",
            "a_b",
            "a b",
            "$(reboot)",
            "a\nb",
            "é",
            "a;b",
            "[Match]",
            "a\0",
        ];
        for bad in long.iter().map(String::as_str).chain(odd) {
            assert!(!is_host_name(bad), "{bad:?}");
        }
    }

    #[test]
    fn bytes() {
        assert_eq!(colons(&[0, 0xab, 3]), "00:ab:03");
        assert_eq!(duid("0003000A").as_deref(), Some(&[0, 3, 0, 10][..]));
        for bad in ["", "0", "0003", "00030", "0003zz", "000é", &"00".repeat(131)] {
            assert_eq!(duid(bad), None, "{bad}");
        }
        assert_eq!(word("NBFT1"), "NBFT1");
        assert_eq!(word("a b\n[c]é$"), "a_b__c___");
    }
}
