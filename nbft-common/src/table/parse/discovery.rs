//! Discovery descriptors.

use nom::bytes::complete::take;
use nom::number::complete::le_u8;

use super::fault::{Fault, Notes};
use super::fields::{fields, reference};
use super::heap::Indexes;
use super::list::{Entry, Indexed};
use crate::table::Discovery;

impl Indexed for Discovery {
    fn index(&self) -> u16 {
        self.index.into()
    }
}

/// Reads a discovery descriptor (figure 24), the only descriptor with its flags before its index.
pub fn discovery(entry: &Entry<'_>, hfis: &Indexes, profiles: &Indexes, notes: &mut Notes) -> Result<Discovery, Fault> {
    let at = entry.offset;
    let parser = (
        le_u8,
        le_u8,
        le_u8,
        le_u8,
        le_u8,
        take(1_usize),
        reference(at + 6),
        reference(at + 12),
    );
    let (id, flags, index, hfi, security, _, uri, nqn) = fields(entry.bytes, at, parser)?;
    if id != 6 {
        return Err(entry.fault(0, format!("structure id {id}, not 6")));
    }
    if flags & 1 == 0 {
        return Err(entry.fault(1, "not marked valid"));
    }
    let uri = entry.heap.text(uri, "URI")?;
    let nqn = entry
        .heap
        .text_or_none(nqn, "discovery NQN")?
        .filter(|nqn| !nqn.value.is_empty());
    if !hfis.contains(hfi) {
        return Err(entry.fault(3, format!("HFI {hfi} does not exist")));
    }
    if security != 0 && !profiles.contains(security) {
        return Err(entry.fault(4, format!("security profile {security} does not exist")));
    }
    for odd in [uri.odd, nqn.as_ref().and_then(|nqn| nqn.odd.clone())]
        .into_iter()
        .flatten()
    {
        notes.add(entry.place, odd);
    }
    Ok(Discovery {
        index,
        security,
        hfi,
        uri: uri.value,
        nqn: nqn.map(|nqn| nqn.value),
    })
}
