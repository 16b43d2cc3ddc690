//! The lists of descriptors.

use std::collections::BTreeSet;

use super::fault::{Fault, Notes, Place};
use super::heap::Heap;

/// Place of a descriptor list.
pub(super) struct List {
    pub descriptor: &'static str,
    /// Reads the index of a descriptor of this list.
    pub index_of: fn(&[u8]) -> Option<u16>,
    pub offset: usize,
    /// Bytes from one descriptor to the next.
    pub stride: usize,
    pub count: u8,
}

impl List {
    /// A non-empty list must lie inside the table, with entries no shorter than their structure.
    pub fn check(&self, table: usize, at: usize, least: u16) -> Result<(), Fault> {
        if self.count == 0 {
            return Ok(());
        }
        let Self {
            descriptor,
            offset,
            stride,
            count,
            ..
        } = self;
        if *stride < usize::from(least) {
            return Err(Fault::new(
                at + 4,
                format!("{descriptor} entries of {stride} bytes, not {least}"),
            ));
        }
        let end = stride
            .checked_mul(usize::from(*count))
            .and_then(|bytes| bytes.checked_add(*offset));
        if *offset == 0 || end.is_none_or(|end| end > table) {
            return Err(Fault::new(
                at,
                format!("{descriptor} list ({count} entries of {stride} bytes at byte {offset}) is outside the table"),
            ));
        }
        Ok(())
    }
}

/// One descriptor of a list.
pub(super) struct Entry<'a> {
    pub heap: &'a Heap<'a>,
    /// The descriptor's bytes, at least as many as its structure has.
    pub bytes: &'a [u8],
    /// The descriptor's offset in the table.
    pub offset: usize,
    /// Kind and index of the descriptor.
    pub place: Place,
}

impl Entry<'_> {
    /// A fault at `field` bytes from the start of this descriptor.
    pub fn fault(&self, field: usize, message: impl Into<String>) -> Fault {
        Fault::new(self.offset + field, message)
    }

    pub fn note(&self, notes: &mut Notes, field: usize, message: impl Into<String>) {
        notes.add(self.place, self.fault(field, message));
    }
}

/// Reads each descriptor of a list; a descriptor that fails becomes a warning.
pub(super) fn read<'a, T: Indexed>(
    heap: &'a Heap<'a>,
    list: &List,
    notes: &mut Notes,
    mut read: impl FnMut(&Entry<'a>, &mut Notes) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut found = Vec::with_capacity(usize::from(list.count));
    let mut seen = BTreeSet::new();
    for nth in 0..usize::from(list.count) {
        let offset = list.offset + nth * list.stride;
        let Some(bytes) = heap.table.get(offset..offset + list.stride) else {
            return Err(Fault::new(offset, format!("{} list leaves the table", list.descriptor)));
        };
        let index = (list.index_of)(bytes);
        let entry = Entry {
            heap,
            bytes,
            offset,
            place: Place {
                descriptor: list.descriptor,
                index,
            },
        };
        match read(&entry, notes) {
            Ok(item) => {
                if !seen.insert(item.index()) {
                    entry.note(notes, 0, "an earlier descriptor has the same index");
                }
                found.push(item);
            }
            Err(mut fault) => {
                fault.message.insert_str(0, "dropped: ");
                notes.add(entry.place, fault);
            }
        }
    }
    Ok(found)
}

/// A descriptor that other descriptors refer to by index.
pub(super) trait Indexed {
    fn index(&self) -> u16;
}
