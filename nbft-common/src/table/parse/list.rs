//! The lists of descriptors.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::fault::{Fault, Notes, Place};
use super::fields::{Fields, Ref};
use super::heap::Heap;
use crate::table::Descriptor;

/// Place of a descriptor's own index.
#[derive(Clone, Copy)]
pub(super) enum IndexAt {
    /// One byte at this offset.
    Byte(usize),
    /// Two bytes at this offset.
    Word(usize),
}

/// Place of a descriptor list.
pub(super) struct List {
    pub descriptor: Descriptor,
    pub index: IndexAt,
    pub offset: usize,
    /// Bytes from one descriptor to the next.
    pub stride: usize,
    pub count: u8,
}

impl List {
    /// Checks that the list lies inside the table, with descriptors of at least `least` bytes. The control descriptor has
    /// the list's place at byte `at`.
    pub fn check(&self, table: usize, control: &Fields<'_>, at: usize, least: usize) -> Result<(), Fault> {
        let Self {
            descriptor,
            offset,
            stride,
            count,
            ..
        } = self;
        if *stride < least {
            return Err(control.fault(at + 4, format!("{descriptor} entries of {stride} bytes, not {least}")));
        }
        let end = stride
            .checked_mul(usize::from(*count))
            .and_then(|bytes| bytes.checked_add(*offset));
        if *offset == 0 || end.is_none_or(|end| end > table) {
            return Err(control.fault(
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
    pub fields: Fields<'a>,
    /// Kind and index of the descriptor.
    pub place: Place,
}

impl<'a> Entry<'a> {
    /// A fault at `offset` bytes from the start of this descriptor.
    pub fn fault(&self, offset: usize, message: impl Into<String>) -> Fault {
        self.fields.fault(offset, message)
    }

    /// Something odd at `offset` bytes from the start of this descriptor.
    pub fn odd(&self, notes: &mut Notes, offset: usize, message: impl Into<String>) {
        notes.odd(self.place, self.fault(offset, message));
    }

    /// The value of a field that may be missing or, with a warning, unusable.
    pub fn usable<T>(&self, notes: &mut Notes, field: Result<Option<T>, Fault>) -> Option<T> {
        field.unwrap_or_else(|fault| {
            notes.odd(self.place, fault);
            None
        })
    }

    /// The descriptor's extended information of at least `least` bytes and with this structure id, if it can be used.
    pub fn extended(&self, notes: &mut Notes, info: Ref, least: usize, structure: u8) -> Option<Fields<'a>> {
        let name = "extended information";
        let info = self.usable(notes, self.heap.structure(info, name, least).map(Some))?;
        let (id, version, flags) = (info.u8(0), info.u8(1), info.u32(4));
        let (at, why) = if id != structure || version != 1 {
            let why = format!("has id {id} and version {version}, not {structure} and 1");
            (0, why)
        } else if flags & 1 == 0 {
            (4, "is not marked valid".to_owned())
        } else {
            return Some(info);
        };
        notes.odd(self.place, info.fault(at, format!("{name} {why}; ignored")));
        None
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
        let fields = Fields::new(heap.table, offset, list.stride)
            .ok_or_else(|| Fault::new(offset, format!("{} list leaves the table", list.descriptor)))?;
        let index = match list.index {
            IndexAt::Byte(at) => fields.u8(at).into(),
            IndexAt::Word(at) => fields.u16(at),
        };
        let entry = Entry {
            heap,
            fields,
            place: Place {
                descriptor: list.descriptor,
                index: Some(index),
            },
        };
        match read(&entry, notes) {
            Ok(item) => {
                if !seen.insert(item.index()) {
                    entry.odd(notes, 0, "an earlier descriptor has the same index");
                }
                found.push(item);
            }
            Err(fault) => notes.dropped(entry.place, fault),
        }
    }
    Ok(found)
}

/// A descriptor that other descriptors refer to by index.
pub(super) trait Indexed {
    fn index(&self) -> u16;
}
