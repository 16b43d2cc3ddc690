//! Discovery descriptors.

use alloc::format;

use super::fault::{Fault, Notes};
use super::heap::Indexes;
use super::list::{Entry, Indexed};
use crate::table::Discovery;

impl Indexed for Discovery {
    fn index(&self) -> u16 {
        self.index.into()
    }
}

/// Reads a discovery descriptor (figure 26), the only descriptor with its flags before its index.
pub fn discovery(entry: &Entry<'_>, hfis: &Indexes, profiles: &Indexes, notes: &mut Notes) -> Result<Discovery, Fault> {
    let fields = &entry.fields;
    let id = fields.u8(0);
    if id != 6 {
        return Err(entry.fault(0, format!("structure id {id}, not 6")));
    }
    if fields.u8(1) & 1 == 0 {
        return Err(entry.fault(1, "not marked valid"));
    }
    let (hfi, security) = (fields.u8(3), fields.u8(4));
    let uri = entry.heap.text(fields.reference(6), "URI")?;
    let nqn = entry
        .heap
        .text_or_none(fields.reference(12), "discovery NQN")?
        .filter(|nqn| !nqn.is_empty());
    if !hfis.contains(hfi) {
        return Err(entry.fault(3, format!("HFI {hfi} does not exist")));
    }
    if security != 0 && !profiles.contains(security) {
        return Err(entry.fault(4, format!("security profile {security} does not exist")));
    }
    Ok(Discovery {
        index: fields.u8(2),
        security,
        hfi,
        uri: uri.noted(notes, entry.place),
        nqn: nqn.map(|nqn| nqn.noted(notes, entry.place)),
    })
}
