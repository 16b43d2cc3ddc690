//! The identity that a DHCP client gives: the firmware's where the table has one, else one made of the MAC address, so
//! that the initramfs and the real root get the same lease.

use nbft_common::table::addr::MacAddr;

use crate::facts::Facts;

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
