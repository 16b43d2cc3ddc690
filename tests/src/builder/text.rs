//! How values look in a description: the texts and 0/1 integers that nbft-dump prints.

use std::fmt::{self, Display, Formatter};
use std::net::IpAddr;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// For keys that are left out of the JSON where they say nothing.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Gives a type that has `Display` and `FromStr` its serde text form.
macro_rules! as_text {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                String::deserialize(input)?.parse().map_err(D::Error::custom)
            }
        }
    };
}

/// Bytes, as hexadecimal digits without separators (colons are accepted).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hex(pub Vec<u8>);

impl Display for Hex {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl FromStr for Hex {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not an even number of hexadecimal digits");
        let digits: Vec<u8> = text
            .chars()
            .filter(|c| *c != ':')
            .map(|c| c.to_digit(16).map(|digit| digit as u8).ok_or_else(wrong))
            .collect::<Result<_, _>>()?;
        if !digits.len().is_multiple_of(2) {
            return Err(wrong());
        }
        Ok(Self(digits.chunks(2).map(|d| d[0] << 4 | d[1]).collect()))
    }
}
as_text!(Hex);

/// A link-layer address of any length, as lower-case bytes with colons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lladdr(pub Vec<u8>);

impl Display for Lladdr {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let bytes: Vec<String> = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        out.write_str(&bytes.join(":"))
    }
}

impl FromStr for Lladdr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Self(text.parse::<Hex>()?.0))
    }
}
as_text!(Lladdr);

/// A MAC address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mac(pub [u8; 6]);

impl Display for Mac {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        Lladdr(self.0.to_vec()).fmt(out)
    }
}

impl FromStr for Mac {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = text.parse::<Hex>()?.0;
        let six = bytes.try_into();
        six.map(Self).map_err(|_| format!("`{text}` is not a MAC address"))
    }
}
as_text!(Mac);

/// Sixteen bytes in UUID notation, in the order in which the table holds them: no GUID swap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uuid(pub [u8; 16]);

impl Display for Uuid {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            let dash = if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" };
            write!(out, "{dash}{byte:02x}")?;
        }
        Ok(())
    }
}

impl FromStr for Uuid {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a UUID");
        let groups: Vec<usize> = text.split('-').map(str::len).collect();
        if groups != [8, 4, 4, 4, 12] || text.contains(':') {
            return Err(wrong());
        }
        let bytes = text.replace('-', "").parse::<Hex>().map_err(|_| wrong())?.0;
        bytes.try_into().map(Self).map_err(|_| wrong())
    }
}
as_text!(Uuid);

/// A PCI address as `segment:bus:device.function` in hexadecimal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pci {
    /// Segment, which a table holds in the upper half of its routing id.
    pub segment: u16,
    /// Bus number.
    pub bus: u8,
    /// Device number, five bits.
    pub device: u8,
    /// Function number, three bits.
    pub function: u8,
}

impl Pci {
    /// The 32 bits of the table.
    pub fn routing_id(self) -> u32 {
        u32::from(self.segment) << 16
            | u32::from(self.bus) << 8
            | u32::from(self.device & 0x1f) << 3
            | u32::from(self.function & 7)
    }
}

impl Display for Pci {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            segment,
            bus,
            device,
            function,
        } = self;
        write!(out, "{segment:x}:{bus:x}:{device:x}.{function:x}")
    }
}

impl FromStr for Pci {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<u16> = text
            .split([':', '.'])
            .map(|part| u16::from_str_radix(part, 16))
            .collect::<Result<_, _>>()
            .unwrap_or_default();
        match parts[..] {
            [segment, bus @ ..=0xff, device @ ..=0x1f, function @ ..=7] => Ok(Self {
                segment,
                bus: bus as u8,
                device: device as u8,
                function: function as u8,
            }),
            _ => Err(format!("`{text}` is not segment:bus:device.function")),
        }
    }
}
as_text!(Pci);

/// An address that may be missing, which is the empty text.
pub(crate) mod ip {
    use super::*;

    pub fn serialize<S: Serializer>(value: &Option<IpAddr>, out: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(address) => out.collect_str(address),
            None => out.serialize_str(""),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Option<IpAddr>, D::Error> {
        let text = String::deserialize(input)?;
        if text.is_empty() {
            return Ok(None);
        }
        let address: IpAddr = text
            .parse()
            .map_err(|_| D::Error::custom(format!("`{text}` is not an IP address")))?;
        // A mapped IPv4 address and the plain one are the same bytes in a table.
        Ok(Some(address.to_canonical()))
    }
}

/// A flag, written as 0 or 1 like in nbft-dump's JSON; false and true are read too.
pub(crate) mod bit {
    use super::*;

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Flag(bool),
        Number(u8),
    }

    pub fn serialize<S: Serializer>(value: &bool, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_u8(u8::from(*value))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<bool, D::Error> {
        match Either::deserialize(input) {
            Ok(Either::Flag(flag)) => Ok(flag),
            Ok(Either::Number(number @ 0..=1)) => Ok(number == 1),
            _ => Err(D::Error::custom("a flag is 0, 1, false or true")),
        }
    }
}

/// A flag that may be absent.
pub(crate) mod optional_bit {
    use super::*;

    pub fn serialize<S: Serializer>(value: &Option<bool>, out: S) -> Result<S::Ok, S::Error> {
        bit::serialize(&value.unwrap_or_default(), out)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Option<bool>, D::Error> {
        bit::deserialize(input).map(Some)
    }
}

/// A service id: text in the table, but people write port numbers.
pub(crate) fn service<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Text(String),
        Number(u16),
    }
    match Either::deserialize(input) {
        Ok(Either::Text(text)) => Ok(text),
        Ok(Either::Number(number)) => Ok(number.to_string()),
        Err(_) => Err(D::Error::custom("trsvcid is a text or a port number")),
    }
}
