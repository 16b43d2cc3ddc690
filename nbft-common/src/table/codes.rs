//! Coded fields of a table, and the words for their values.

use serde::{Deserialize, Serialize};

/// A two-bit field, a word in JSON; the first word stands for value 0.
macro_rules! two_bits {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name {
            #[default]
            $($(#[$vdoc])* #[serde(rename = $word)] $variant),*
        }

        impl $name {
            /// The meaning of the low two bits of `field`.
            #[must_use]
            pub fn from_bits(field: u16) -> Self {
                let mut rest = field & 3;
                $(if rest == 0 { return Self::$variant; } rest = rest.wrapping_sub(1);)*
                let _ = rest;
                Self::Reserved
            }

            /// The word that JSON and text output show.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }
    };
}

two_bits!(
    /// Host descriptor flags, bits 4:3 (figure 10).
    PrimaryAdmin {
        /// 0h: no hint.
        NotIndicated = "not indicated",
        /// 1h: do not prefer this table.
        Unselected = "unselected",
        /// 2h: prefer this table.
        Selected = "selected",
        /// 3h.
        Reserved = "reserved"
    }
);

two_bits!(
    /// SSNS flags, bits 8:7 (figure 18).
    Availability {
        /// 0h: no information.
        NotIndicated = "not indicated",
        /// 1h: the firmware had access to the namespace.
        Available = "available",
        /// 2h: the firmware did not reach the namespace, or did not try.
        Unavailable = "unavailable",
        /// 3h.
        Reserved = "reserved"
    }
);

two_bits!(
    /// Whether the subsystem supports or requires a security feature (figure 24).
    Demand {
        /// 0h.
        NotSupported = "not supported",
        /// 1h: supported and not required.
        NotRequired = "not required",
        /// 2h.
        Required = "required",
        /// 3h.
        Reserved = "reserved"
    }
);

two_bits!(
    /// Who set a list of a security profile (figure 24).
    Policy {
        /// 0h: no list exists.
        NotSupported = "not supported",
        /// 1h: the driver's default.
        Driver = "driver",
        /// 2h: an administrator.
        Administrator = "administrator",
        /// 3h.
        Reserved = "reserved"
    }
);

/// Transport type (figure 8); a descriptor of any other type is dropped with a warning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Transport {
    /// 3h: NVMe/TCP.
    #[default]
    Tcp,
}

/// Namespace identifier type (NIDT).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum NidType {
    /// 1h.
    Eui64,
    /// 2h.
    Nguid,
    /// 3h.
    Uuid,
}

/// IP origin (`NL_PREFIX_ORIGIN` of Windows, figure 14): the source of an address. JSON shows the number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "u8", into = "u8")]
#[non_exhaustive]
pub enum IpOrigin {
    /// 0.
    #[default]
    Other,
    /// 1.
    Manual,
    /// 2.
    WellKnown,
    /// 3.
    Dhcp,
    /// 4: IPv6 autoconfiguration.
    RouterAdvertisement,
    /// 16.
    Unchanged,
    /// Any other number.
    Undefined(u8),
}

/// Every origin that the specification defines: number, name in the model, name for people.
const IP_ORIGINS: [(u8, IpOrigin, &str); 6] = [
    (0, IpOrigin::Other, "other"),
    (1, IpOrigin::Manual, "manual"),
    (2, IpOrigin::WellKnown, "well-known"),
    (3, IpOrigin::Dhcp, "DHCP"),
    (4, IpOrigin::RouterAdvertisement, "router advertisement"),
    (16, IpOrigin::Unchanged, "unchanged"),
];

impl From<u8> for IpOrigin {
    fn from(code: u8) -> Self {
        let defined = IP_ORIGINS.iter().find(|(number, ..)| *number == code);
        defined.map_or(Self::Undefined(code), |(_, origin, _)| *origin)
    }
}

impl From<IpOrigin> for u8 {
    fn from(origin: IpOrigin) -> Self {
        match origin {
            IpOrigin::Undefined(code) => code,
            defined => IP_ORIGINS
                .iter()
                .find(|(_, origin, _)| *origin == defined)
                .map_or(0, |(number, ..)| *number),
        }
    }
}

impl IpOrigin {
    /// The origin in words; `None` when the specification does not define it.
    #[must_use]
    pub fn word(self) -> Option<&'static str> {
        IP_ORIGINS
            .iter()
            .find(|(_, origin, _)| *origin == self)
            .map(|(.., word)| *word)
    }
}

/// Namespace availability enhanced diagnostic (NAED, revision 1.1): why the firmware could not reach a namespace.
#[must_use]
pub fn naed(code: u8) -> Option<&'static str> {
    Some(match code {
        0x00 => "no error",
        0x01 => "network error",
        0x02 => "connection error",
        0x03 => "the target rejected the connect parameters",
        0x04 => "the target does not allow this host",
        0x05 => "timed out",
        0x06 => "timed out reading the discovery log",
        0x07 => "the namespace does not exist",
        0x08 => "the namespace is not ready",
        0x09 => "Redfish error",
        0x10 => "the secure channel could not be set up",
        0x11 => "authentication failed",
        0x12 => "the target requires authentication",
        0x13 => "DHCP failed",
        0x14 => "the DHCP root path is bad",
        _ => return None,
    })
}

/// Connect invalid parameters extended error codes (CIPEEC, revision 1.1).
#[must_use]
pub fn cipeec(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "no error",
        1 => "general error",
        2 => "invalid connect attributes",
        3 => "Diffie-Hellman mismatch",
        4 => "invalid controller id",
        5 => "I/O controller disabled",
        _ => return None,
    })
}

/// Network and connection extended error codes (NCEEC, revision 1.1).
#[must_use]
pub fn nceec(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "no error",
        1 => "no link",
        2 => "no carrier",
        3 => "connection refused by the target",
        4 => "no route to the target",
        5 => "packets were fragmented",
        6 => "MTU mismatch",
        7 => "name resolution failed",
        _ => return None,
    })
}
