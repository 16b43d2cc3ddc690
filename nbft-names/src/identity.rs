//! The identity that a DHCP client gives: the firmware's where the table has one, else one made of the MAC address, so
//! that the initramfs and the real root get the same lease.

use std::fmt::Write;

use nbft_common::table::addr::{Hex, MacAddr};

use crate::facts::Facts;

/// Longest DUID: two bytes of type and 128 bytes (RFC 8415, section 11.1).
const LONGEST_DUID: usize = 130;

/// The identity of an interface.
#[derive(Debug)]
pub struct Identity {
    /// Identity association id.
    pub iaid: u32,
    /// Unique identifier, its type included.
    pub duid: Vec<u8>,
    /// Client identifier of DHCPv4 (option 61).
    pub client_id: Vec<u8>,
    /// The source of the client identifier: `duid` or `mac`.
    pub client_id_type: &'static str,
}

impl Identity {
    /// The identity of an interface that has these HFIs: of the first one that has a DUID.
    pub fn new(mac: MacAddr, hfis: &[Facts]) -> Self {
        let [a, b, c, d, e, f] = mac.0;
        let firmware = hfis.iter().find_map(|facts| Some((facts, facts.duid.clone()?)));
        let iaid = firmware.as_ref().and_then(|(facts, _)| facts.hfi.dhcp_iaid);
        let iaid = iaid
            .or_else(|| hfis.iter().find_map(|facts| facts.hfi.dhcp_iaid))
            .unwrap_or(u32::from_be_bytes([c, d, e, f]));
        match firmware {
            // RFC 4361, section 6.1.
            Some((_, duid)) => Self {
                iaid,
                client_id: [&[255], iaid.to_be_bytes().as_slice(), &duid].concat(),
                client_id_type: "duid",
                duid,
            },
            // A DUID-LL of Ethernet (RFC 8415, section 11.4).
            None => Self {
                iaid,
                client_id: vec![1, a, b, c, d, e, f],
                client_id_type: "mac",
                duid: vec![0, 3, 0, 1, a, b, c, d, e, f],
            },
        }
    }

    /// The type of the DUID in systemd's words, and the bytes after its type.
    pub fn duid_parts(&self) -> (Option<&'static str>, &[u8]) {
        match self.duid.as_slice() {
            [0, 1, raw @ ..] => (Some("link-layer-time"), raw),
            [0, 2, raw @ ..] => (Some("vendor"), raw),
            [0, 3, raw @ ..] => (Some("link-layer"), raw),
            [0, 4, raw @ ..] => (Some("uuid"), raw),
            [_, _, raw @ ..] | raw => (None, raw),
        }
    }
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
    (3..=LONGEST_DUID).contains(&bytes.len()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes() {
        assert_eq!(colons(&[0, 0xab, 3]), "00:ab:03");
        assert_eq!(duid("0003000A").as_deref(), Some(&[0, 3, 0, 10][..]));
        for bad in ["", "0", "0003", "00030", "0003zz", "000é", &"00".repeat(131)] {
            assert_eq!(duid(bad), None, "{bad}");
        }
    }
}
