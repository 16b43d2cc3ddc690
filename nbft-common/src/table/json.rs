//! Where the JSON of a table differs from serde's default for the types.

use core::net::{IpAddr, Ipv6Addr};

pub fn is_false(value: &bool) -> bool {
    !value
}

pub fn is_zero<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

pub fn unspecified() -> IpAddr {
    Ipv6Addr::UNSPECIFIED.into()
}

/// Flags are 0 or 1 in JSON.
pub mod zero_one {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(value: &bool, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u8(u8::from(*value))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
        match u8::deserialize(from)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(D::Error::custom(format_args!("a flag is 0 or 1, not {other}"))),
        }
    }
}

/// An optional address; an absent address is an empty string in JSON.
pub mod maybe_addr {
    use alloc::string::String;
    use core::net::IpAddr;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(value: &Option<IpAddr>, to: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(addr) => to.collect_str(addr),
            None => to.serialize_str(""),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<IpAddr>, D::Error> {
        let text = String::deserialize(from)?;
        if text.is_empty() {
            Ok(None)
        } else {
            text.parse().map(Some).map_err(D::Error::custom)
        }
    }
}
