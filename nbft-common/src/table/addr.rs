//! Identifiers that the standard library lacks: MAC addresses, UUIDs, namespace identifiers.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An EUI-48 address, printed `52:54:00:12:34:56`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddr(pub [u8; 6]);

/// Sixteen bytes, printed as a UUID in their stored order (no mixed-endian swap).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Uuid(pub [u8; 16]);

/// A namespace identifier (NID); the type (NIDT) decides the printed form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Nid {
    /// No identifier, or an identifier of an undefined type: printed as an empty string.
    #[default]
    None,
    /// NIDT 1h, eight bytes: 16 hexadecimal digits.
    Eui64([u8; 8]),
    /// NIDT 2h: 32 hexadecimal digits.
    Nguid([u8; 16]),
    /// NIDT 3h: a dashed UUID.
    Uuid(Uuid),
}

/// Text that does not parse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotOne(&'static str);

impl fmt::Display for NotOne {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not {}", self.0)
    }
}

impl core::error::Error for NotOne {}

/// Bytes as lower-case hexadecimal digits, without separators.
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Bytes that JSON shows as hexadecimal digits without a separator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Bytes(pub Vec<u8>);

/// Bytes that JSON shows as hexadecimal digits with colons, like a MAC address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Colons(pub Vec<u8>);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.0).fmt(f)
    }
}

impl FromStr for Bytes {
    type Err = NotOne;

    fn from_str(text: &str) -> Result<Self, NotOne> {
        let wrong = NotOne("bytes in hexadecimal");
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
            return Err(wrong);
        };
        let bytes = pairs.iter().map(|pair| Some(from_hex::<1>(pair.iter().copied())?[0]));
        bytes.collect::<Option<_>>().map(Self).ok_or(wrong)
    }
}

impl fmt::Display for Colons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            let colon = if at == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02x}")?;
        }
        Ok(())
    }
}

impl FromStr for Colons {
    type Err = NotOne;

    fn from_str(text: &str) -> Result<Self, NotOne> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let bytes = text.split(':').map(|pair| Some(from_hex::<1>(pair.bytes())?[0]));
        let bytes = bytes.collect::<Option<_>>();
        bytes.map(Self).ok_or(NotOne("bytes in hexadecimal with colons"))
    }
}

/// Reads `N` bytes from exactly `2N` hexadecimal digits.
fn from_hex<const N: usize>(text: impl Iterator<Item = u8>) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let mut digits = text.map(|c| char::from(c).to_digit(16));
    for byte in &mut bytes {
        let (high, low) = (digits.next()??, digits.next()??);
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    digits.next().is_none().then_some(bytes)
}

impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl FromStr for MacAddr {
    type Err = NotOne;

    fn from_str(text: &str) -> Result<Self, NotOne> {
        let wrong = NotOne("a MAC address like 52:54:00:12:34:56");
        let colons = text.bytes().enumerate().all(|(i, c)| (c == b':') == (i % 3 == 2));
        if text.len() != 17 || !colons {
            return Err(wrong);
        }
        from_hex(text.bytes().filter(|&c| c != b':')).map(Self).ok_or(wrong)
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.0.iter().enumerate() {
            let dash = if matches!(i, 4 | 6 | 8 | 10) { "-" } else { "" };
            write!(f, "{dash}{byte:02x}")?;
        }
        Ok(())
    }
}

impl FromStr for Uuid {
    type Err = NotOne;

    fn from_str(text: &str) -> Result<Self, NotOne> {
        let wrong = NotOne("a UUID like 12345678-1234-1234-1234-123456789abc");
        let dashes = text
            .bytes()
            .enumerate()
            .all(|(i, c)| (c == b'-') == matches!(i, 8 | 13 | 18 | 23));
        if text.len() != 36 || !dashes {
            return Err(wrong);
        }
        from_hex(text.bytes().filter(|&c| c != b'-')).map(Self).ok_or(wrong)
    }
}

impl fmt::Display for Nid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Eui64(id) => Hex(id).fmt(f),
            Self::Nguid(id) => Hex(id).fmt(f),
            Self::Uuid(id) => id.fmt(f),
        }
    }
}

impl FromStr for Nid {
    type Err = NotOne;

    fn from_str(text: &str) -> Result<Self, NotOne> {
        let wrong = NotOne("a namespace identifier (16 or 32 hexadecimal digits, or a UUID)");
        match text.len() {
            0 => Ok(Self::None),
            16 => from_hex(text.bytes()).map(Self::Eui64).ok_or(wrong),
            32 => from_hex(text.bytes()).map(Self::Nguid).ok_or(wrong),
            _ => text.parse().map(Self::Uuid).map_err(|_| wrong),
        }
    }
}

/// Serde through `Display` and `FromStr`: these types are strings in JSON.
macro_rules! as_string {
    ($($type:ty),*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from)?.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

as_string!(MacAddr, Uuid, Nid, Bytes, Colons);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_read_back() {
        for text in ["00:00:00:00:00:00", "52:54:00:aa:bb:0c"] {
            assert_eq!(text.parse::<MacAddr>().map(|m| m.to_string()), Ok(text.to_owned()));
        }
        for text in [
            "",
            "0011223344556677",
            "00112233445566778899aabbccddeeff",
            "00112233-4455-6677-8899-aabbccddeeff",
        ] {
            assert_eq!(text.parse::<Nid>().map(|n| n.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn bytes_read_back() {
        for text in ["", "00", "0102ff"] {
            assert_eq!(text.parse::<Bytes>().map(|it| it.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "00", "01:02:ff"] {
            assert_eq!(text.parse::<Colons>().map(|it| it.to_string()), Ok(text.to_owned()));
        }
        for text in ["0", "0x", "+1", "é"] {
            assert!(text.parse::<Bytes>().is_err(), "{text}");
            assert!(text.parse::<Colons>().is_err(), "{text}");
        }
        for text in [":", "01:", "0102", "01-02"] {
            assert!(text.parse::<Colons>().is_err(), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "52:54:00:aa:bb",
            "52-54-00-aa-bb-cc",
            "52:54:00:aa:bb:0c:",
            "5:254:00:aa:bb:cc",
            "+2:54:00:aa:bb:cc",
        ] {
            assert!(text.parse::<MacAddr>().is_err(), "{text}");
        }
        for text in [
            "0",
            "001122334455667x",
            "00112233-4455-6677-8899aabbccddeeff",
            "é0112233445566778899aabbccddee",
        ] {
            assert!(text.parse::<Nid>().is_err(), "{text}");
        }
    }
}
