//! Security profile descriptors.

use nom::bytes::complete::take;
use nom::number::complete::{le_u8, le_u16};

use super::fault::{Fault, Notes};
use super::fields::{Ref, fields, reference};
use super::list::{Entry, Indexed};
use crate::table::{Demand, Policy, Security};

impl Indexed for Security {
    fn index(&self) -> u16 {
        self.index.into()
    }
}

/// Reads a security profile descriptor (figures 21 and 22).
pub fn security(entry: &Entry<'_>, notes: &mut Notes) -> Result<Security, Fault> {
    let at = entry.offset;
    let lists = (
        reference(at + 6),
        reference(at + 12),
        reference(at + 18),
        reference(at + 24),
        reference(at + 30),
    );
    let parser = (le_u8, le_u8, le_u16, le_u8, take(1_usize), lists, reference(at + 36));
    let (id, index, flags, secret_type, _, lists, keypath) = fields(entry.bytes, at, parser)?;
    if id != 5 {
        return Err(entry.fault(0, format!("structure id {id}, not 5")));
    }
    if flags & 1 == 0 {
        return Err(entry.fault(2, "not marked valid"));
    }
    let auth_policy = Policy::from_bits(flags >> 3);
    let channel_policy = Policy::from_bits(flags >> 7);
    let cipher_suites_restricted = flags & 1 << 9 != 0;
    let dh_groups_restricted = flags & 1 << 10 != 0;
    let hash_functions_restricted = flags & 1 << 11 != 0;
    let (algorithms, protocols, ciphers, groups, hashes) = lists;
    // A list whose flag is clear is reserved: the list's reference has no meaning.
    let list = |enabled: bool, object: Ref, name: &str| match enabled {
        true => Ok(entry.heap.bytes_or_none(object, name)?.map(<[u8]>::to_vec)),
        false => Ok::<_, Fault>(None),
    };
    let secret_keypath = entry.heap.text_or_none(keypath, "secret key path")?;
    let profile = Security {
        index,
        in_band_auth: Demand::from_bits(flags >> 1),
        auth_policy,
        secure_channel: Demand::from_bits(flags >> 5),
        channel_policy,
        cipher_suites_restricted,
        dh_groups_restricted,
        hash_functions_restricted,
        secret_type,
        secure_channel_algorithms: list(
            channel_policy != Policy::NotSupported,
            algorithms,
            "secure channel algorithm list",
        )?,
        auth_protocols: list(
            auth_policy != Policy::NotSupported,
            protocols,
            "authentication protocol list",
        )?,
        cipher_suites: list(cipher_suites_restricted, ciphers, "cipher suite list")?,
        dh_groups: list(dh_groups_restricted, groups, "DH group list")?,
        hash_functions: list(hash_functions_restricted, hashes, "hash function list")?,
        secret_keypath: secret_keypath.as_ref().map(|text| text.value.clone()),
    };
    if let Some(odd) = secret_keypath.and_then(|text| text.odd) {
        notes.add(entry.place, odd);
    }
    Ok(profile)
}
