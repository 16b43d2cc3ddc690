//! Security profile descriptors.

use alloc::format;

use super::fault::{Fault, Notes};
use super::list::{Entry, Indexed};
use crate::table::{Demand, Policy, Security};

impl Indexed for Security {
    fn index(&self) -> u16 {
        self.index.into()
    }
}

/// Reads a security profile descriptor (figures 23 and 24).
pub fn security(entry: &Entry<'_>, notes: &mut Notes) -> Result<Security, Fault> {
    let fields = &entry.fields;
    let id = fields.u8(0);
    if id != 5 {
        return Err(entry.fault(0, format!("structure id {id}, not 5")));
    }
    let flags = fields.u16(2);
    if flags & 1 == 0 {
        return Err(entry.fault(2, "not marked valid"));
    }
    let bit = |bit: u16| flags & 1 << bit != 0;
    let auth_policy = Policy::from_bits(flags >> 3);
    let channel_policy = Policy::from_bits(flags >> 7);
    // A list whose flag is clear is reserved: the list's reference has no meaning.
    let mut list = |enabled: bool, at: usize, name: &str| {
        let list = || entry.heap.list(fields.reference(at), name);
        let list = enabled.then(|| entry.usable(notes, list())).flatten();
        list.map(<[u8]>::to_vec)
    };
    Ok(Security {
        index: fields.u8(1),
        in_band_auth: Demand::from_bits(flags >> 1),
        auth_policy,
        secure_channel: Demand::from_bits(flags >> 5),
        channel_policy,
        cipher_suites_restricted: bit(9),
        dh_groups_restricted: bit(10),
        hash_functions_restricted: bit(11),
        secret_type: fields.u8(4),
        secure_channel_algorithms: list(
            channel_policy != Policy::NotSupported,
            6,
            "secure channel algorithm list",
        ),
        auth_protocols: list(auth_policy != Policy::NotSupported, 12, "authentication protocol list"),
        cipher_suites: list(bit(9), 18, "cipher suite list"),
        dh_groups: list(bit(10), 24, "DH group list"),
        hash_functions: list(bit(11), 30, "hash function list"),
        secret_keypath: entry
            .usable(notes, entry.heap.text_or_none(fields.reference(36), "secret key path"))
            .map(|path| path.noted(notes, entry.place)),
    })
}
