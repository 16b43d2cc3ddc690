//! DHCP unique identifiers (RFC 8415, section 11) as the firmware used them.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::addr::{Bytes, Colons, Uuid};

/// Longest DUID, in bytes: a type of two bytes and 128 bytes (RFC 8415, section 11.1).
pub const MAX_DUID: usize = 130;

/// A DHCP unique identifier.
///
/// A table stores each number of it little endian, while DHCP sends them big endian; strings of bytes keep their order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Duid {
    /// Type 1, DUID-LLT.
    LinkLayerTime {
        /// Hardware type of ARP.
        hardware: u16,
        /// Seconds since 2000-01-01 00:00 UTC.
        time: u32,
        /// Link-layer address.
        address: Vec<u8>,
    },
    /// Type 2, DUID-EN.
    Enterprise {
        /// Private enterprise number, as IANA assigns it.
        number: u32,
        /// The vendor's own bytes.
        id: Vec<u8>,
    },
    /// Type 3, DUID-LL.
    LinkLayer {
        /// Hardware type of ARP.
        hardware: u16,
        /// Link-layer address.
        address: Vec<u8>,
    },
    /// Type 4, DUID-UUID.
    Uuid(Uuid),
    /// Any other type.
    Other {
        /// The type.
        kind: u16,
        /// All bytes after the type.
        rest: Vec<u8>,
    },
}

/// The order of the bytes of a number.
#[derive(Clone, Copy)]
enum Order {
    /// As tables store it.
    Little,
    /// As DHCP sends it.
    Big,
}

impl Order {
    /// Splits a number of two bytes off.
    fn u16(self, bytes: &[u8]) -> Option<(u16, &[u8])> {
        let (&number, rest) = bytes.split_first_chunk()?;
        let number = match self {
            Self::Little => u16::from_le_bytes(number),
            Self::Big => u16::from_be_bytes(number),
        };
        Some((number, rest))
    }

    /// Splits a number of four bytes off.
    fn u32(self, bytes: &[u8]) -> Option<(u32, &[u8])> {
        let (&number, rest) = bytes.split_first_chunk()?;
        let number = match self {
            Self::Little => u32::from_le_bytes(number),
            Self::Big => u32::from_be_bytes(number),
        };
        Some((number, rest))
    }

    /// Reads a DUID; `None` when it is shorter than its type demands, or longer than any.
    fn read(self, bytes: &[u8]) -> Option<Duid> {
        if bytes.len() > MAX_DUID {
            return None;
        }
        let (kind, rest) = self.u16(bytes)?;
        Some(match kind {
            1 => {
                let (hardware, rest) = self.u16(rest)?;
                let (time, address) = self.u32(rest)?;
                let address = address.to_vec();
                Duid::LinkLayerTime {
                    hardware,
                    time,
                    address,
                }
            }
            2 => {
                let (number, id) = self.u32(rest)?;
                Duid::Enterprise {
                    number,
                    id: id.to_vec(),
                }
            }
            3 => {
                let (hardware, address) = self.u16(rest)?;
                let address = address.to_vec();
                Duid::LinkLayer { hardware, address }
            }
            4 => Duid::Uuid(Uuid(*rest.first_chunk()?)),
            kind => Duid::Other {
                kind,
                rest: rest.to_vec(),
            },
        })
    }
}

impl Duid {
    /// Reads the bytes that a table holds; `None` when they are fewer than the type demands, or more than [`MAX_DUID`].
    #[must_use]
    pub fn from_table(bytes: &[u8]) -> Option<Self> {
        Order::Little.read(bytes)
    }

    /// Reads the bytes that DHCP sends; `None` as for [`Self::from_table`].
    #[must_use]
    pub fn from_wire(bytes: &[u8]) -> Option<Self> {
        Order::Big.read(bytes)
    }

    /// The bytes that DHCP sends.
    #[must_use]
    pub fn to_wire(&self) -> Vec<u8> {
        let mut wire = self.kind().to_be_bytes().to_vec();
        match self {
            Self::LinkLayerTime {
                hardware,
                time,
                address,
            } => {
                wire.extend(hardware.to_be_bytes());
                wire.extend(time.to_be_bytes());
                wire.extend(address);
            }
            Self::Enterprise { number, id } => {
                wire.extend(number.to_be_bytes());
                wire.extend(id);
            }
            Self::LinkLayer { hardware, address } => {
                wire.extend(hardware.to_be_bytes());
                wire.extend(address);
            }
            Self::Uuid(uuid) => wire.extend(uuid.0),
            Self::Other { rest, .. } => wire.extend(rest),
        }
        wire
    }

    /// The number of its type.
    #[must_use]
    pub fn kind(&self) -> u16 {
        match self {
            Self::LinkLayerTime { .. } => 1,
            Self::Enterprise { .. } => 2,
            Self::LinkLayer { .. } => 3,
            Self::Uuid(_) => 4,
            Self::Other { kind, .. } => *kind,
        }
    }

    /// The name of its type: `DUID-LLT`, `DUID-EN`, `DUID-LL`, `DUID-UUID` or `unknown(n)`.
    #[must_use]
    pub fn kind_name(&self) -> String {
        match self {
            Self::LinkLayerTime { .. } => "DUID-LLT".to_owned(),
            Self::Enterprise { .. } => "DUID-EN".to_owned(),
            Self::LinkLayer { .. } => "DUID-LL".to_owned(),
            Self::Uuid(_) => "DUID-UUID".to_owned(),
            Self::Other { kind, .. } => format!("unknown({kind})"),
        }
    }
}

/// A DUID in JSON: one key with what DHCP sends, then nvme-cli's keys for its type and parts.
#[derive(Default, Serialize, Deserialize)]
struct Keys {
    /// The bytes that DHCP sends, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dhcp_duid: Option<Bytes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dhcp_duid_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dhcp_duid_hwtype: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dhcp_duid_time: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dhcp_duid_lladdr: Option<Colons>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dhcp_duid_enterprise: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dhcp_duid_id: Option<Colons>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dhcp_duid_uuid: Option<Uuid>,
    /// All bytes as the table holds them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dhcp_duid_raw: Option<Colons>,
}

impl From<&Duid> for Keys {
    fn from(duid: &Duid) -> Self {
        let mut keys = Self {
            dhcp_duid: Some(Bytes(duid.to_wire())),
            dhcp_duid_type: Some(duid.kind_name()),
            ..Self::default()
        };
        match duid {
            Duid::LinkLayerTime {
                hardware,
                time,
                address,
            } => {
                keys.dhcp_duid_hwtype = Some(*hardware);
                keys.dhcp_duid_time = Some(*time);
                keys.dhcp_duid_lladdr = Some(Colons(address.clone()));
            }
            Duid::Enterprise { number, id } => {
                keys.dhcp_duid_enterprise = Some(*number);
                keys.dhcp_duid_id = Some(Colons(id.clone()));
            }
            Duid::LinkLayer { hardware, address } => {
                keys.dhcp_duid_hwtype = Some(*hardware);
                keys.dhcp_duid_lladdr = Some(Colons(address.clone()));
            }
            Duid::Uuid(uuid) => keys.dhcp_duid_uuid = Some(*uuid),
            Duid::Other { kind, rest } => {
                let stored = kind.to_le_bytes().into_iter().chain(rest.iter().copied());
                keys.dhcp_duid_raw = Some(Colons(stored.collect()));
            }
        }
        keys
    }
}

impl Keys {
    /// The DUID that the keys stand for, which nvme-cli's JSON gives by its parts alone; `None` when a part is missing.
    fn duid(self) -> Option<Duid> {
        if let Some(Bytes(wire)) = self.dhcp_duid {
            return Duid::from_wire(&wire);
        }
        match self.dhcp_duid_type.as_deref()? {
            "DUID-LLT" => Some(Duid::LinkLayerTime {
                hardware: self.dhcp_duid_hwtype?,
                time: self.dhcp_duid_time?,
                address: self.dhcp_duid_lladdr?.0,
            }),
            "DUID-EN" => Some(Duid::Enterprise {
                number: self.dhcp_duid_enterprise?,
                id: self.dhcp_duid_id?.0,
            }),
            "DUID-LL" => Some(Duid::LinkLayer {
                hardware: self.dhcp_duid_hwtype?,
                address: self.dhcp_duid_lladdr?.0,
            }),
            "DUID-UUID" => self.dhcp_duid_uuid.map(Duid::Uuid),
            _ => Duid::from_table(&self.dhcp_duid_raw?.0),
        }
    }
}

/// Serialises the keys of a DUID among those of their HFI.
pub(super) fn serialize<S: Serializer>(duid: &Option<Duid>, to: S) -> Result<S::Ok, S::Error> {
    duid.as_ref().map(Keys::from).unwrap_or_default().serialize(to)
}

/// Reads them back.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duid>, D::Error> {
    let keys = Keys::deserialize(from)?;
    if keys.dhcp_duid.is_none() && keys.dhcp_duid_type.is_none() {
        return Ok(None);
    }
    let wrong = "not a DUID (a type of two bytes, at most 128 more, as many as the type demands)";
    keys.duid().map(Some).ok_or_else(|| D::Error::custom(wrong))
}
