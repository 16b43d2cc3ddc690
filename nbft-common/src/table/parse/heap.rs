//! The heap.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use core::cell::Cell;

use super::fault::{Fault, Notes, Place};
use super::fields::{Fields, Ref};
use super::header::Header;

/// Longest accepted text of the heap, in bytes. NQNs have at most 223, URIs and host names at most 255.
const MAX_TEXT: usize = 4096;

/// Longest list, in bytes: as many as there are values, twice, for lists of two bytes an item.
const MAX_LIST: usize = 512;

/// How many times its own length a table may take from its heap. Objects need not overlap, so once is enough; a hostile
/// table whose references all name one large object would otherwise become gigabytes.
const MAX_SHARING: usize = 4;

/// A set of one-byte descriptor indexes.
pub struct Indexes([bool; 256]);

impl Indexes {
    pub fn of(indexes: impl Iterator<Item = u8>) -> Self {
        let mut set = Self([false; 256]);
        indexes.for_each(|index| {
            set.insert(index);
        });
        set
    }

    pub fn contains(&self, index: u8) -> bool {
        self.0.get(usize::from(index)).copied().unwrap_or(false)
    }

    /// Adds an index; returns whether the index is new.
    pub fn insert(&mut self, index: u8) -> bool {
        self.0
            .get_mut(usize::from(index))
            .is_some_and(|slot| !core::mem::replace(slot, true))
    }
}

/// The table with the bounds of its heap.
pub struct Heap<'a> {
    /// The whole table, up to the header's length.
    pub table: &'a [u8],
    start: usize,
    end: usize,
    /// Bytes that may still be taken.
    left: Cell<usize>,
    /// Whether structures have the fields that revision 1.1 added. The header's minor revision alone decides: the bytes
    /// are reserved in 1.0, and firmware leaves garbage there, so no version or length of a structure outweighs the header.
    pub has_1_1: bool,
}

impl<'a> Heap<'a> {
    pub fn new(table: &'a [u8], header: &Header) -> Result<Self, Fault> {
        let (offset, length) = (header.heap_offset, header.heap_length);
        match offset.checked_add(length) {
            Some(end) if end <= table.len() => Ok(Self {
                table,
                start: offset,
                end,
                left: Cell::new(table.len().saturating_mul(MAX_SHARING)),
                has_1_1: header.minor >= 1,
            }),
            _ => Err(Fault::new(
                36,
                format!(
                    "heap of {length} bytes at byte {offset} leaves the table of {} bytes",
                    table.len()
                ),
            )),
        }
    }

    /// The object; `None` when the reference is empty.
    pub fn object_or_none(&self, object: Ref, name: &str) -> Result<Option<Fields<'a>>, Fault> {
        if object.length == 0 {
            return Ok(None);
        }
        let length = usize::from(object.length);
        let start = usize::try_from(object.offset).unwrap_or(usize::MAX);
        let inside = start >= self.start && start.checked_add(length).is_some_and(|end| end <= self.end);
        let Some(fields) = Fields::new(self.table, start, length).filter(|_| inside) else {
            let message = format!(
                "{name} ({length} bytes at byte {}) is outside the heap (bytes {} to {})",
                object.offset, self.start, self.end
            );
            return Err(Fault::new(object.at, message));
        };
        match self.left.get().checked_sub(length) {
            Some(left) => {
                self.left.set(left);
                Ok(Some(fields))
            }
            None => {
                let message = format!("{name}: the table's heap objects are {MAX_SHARING} times as long as the table");
                Err(Fault::new(object.at, message))
            }
        }
    }

    /// A structure of at least `least` bytes.
    pub fn structure(&self, object: Ref, name: &str, least: usize) -> Result<Fields<'a>, Fault> {
        match self.object_or_none(object, name)? {
            None => Err(Fault::new(object.at, format!("{name} is missing"))),
            Some(fields) if fields.len() < least => {
                let message = format!("{name} has {} bytes, not {least}", fields.len());
                Err(Fault::new(object.at, message))
            }
            Some(fields) => Ok(fields),
        }
    }

    /// The bytes of an object of at most `most` bytes; `None` when the reference is empty.
    pub fn bytes(&self, object: Ref, name: &str, most: usize) -> Result<Option<&'a [u8]>, Fault> {
        if usize::from(object.length) > most {
            let message = format!("{name} has {} bytes, more than {most}", object.length);
            return Err(Fault::new(object.at, message));
        }
        Ok(self.object_or_none(object, name)?.map(|fields| fields.bytes()))
    }

    /// A list of codes or indexes of one byte each; `None` when the reference is empty.
    pub fn list(&self, object: Ref, name: &str) -> Result<Option<&'a [u8]>, Fault> {
        self.bytes(object, name, MAX_LIST)
    }

    /// A text; `None` when the reference is empty.
    ///
    /// The declared length normally excludes the NUL that must follow; some firmware includes the NUL. Without a NUL at
    /// either place the length is wrong and may cut off the text (the end of an NQN, say): a fault.
    pub fn text_or_none(&self, object: Ref, name: &str) -> Result<Option<Text>, Fault> {
        let Some(fields) = self.object_or_none(object, name)? else {
            return Ok(None);
        };
        let declared = fields.bytes();
        let after = self.table.get(fields.at + declared.len());
        let text = declared.split(|&byte| byte == 0).next().unwrap_or_default();
        if text.len() == declared.len() && after != Some(&0) {
            return Err(Fault::new(object.at, format!("{name} is not terminated by a NUL")));
        }
        if text.len() > MAX_TEXT {
            let message = format!("{name} has {} bytes, more than {MAX_TEXT}", text.len());
            return Err(Fault::new(object.at, message));
        }
        let rest = declared.get(text.len()..).unwrap_or_default();
        let odd = if rest.iter().any(|&byte| byte != 0) {
            Some("contains a NUL; the text after the NUL was cut off")
        } else if core::str::from_utf8(text).is_err() {
            Some("is not UTF-8; bad bytes became U+FFFD")
        } else {
            None
        };
        Ok(Some(Text {
            value: String::from_utf8_lossy(text).into_owned(),
            odd: odd.map(|why| Fault::new(object.at, format!("{name} {why}"))),
        }))
    }

    /// A mandatory text.
    pub fn text(&self, object: Ref, name: &str) -> Result<Text, Fault> {
        match self.text_or_none(object, name)? {
            Some(text) if !text.value.is_empty() => Ok(text),
            _ => Err(Fault::new(object.at, format!("{name} is missing"))),
        }
    }
}

/// A text from the heap.
pub struct Text {
    value: String,
    /// The oddity to warn about.
    odd: Option<Fault>,
}

impl Text {
    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.value.is_empty()
    }

    /// The text of a descriptor that is used; what is odd about it becomes a warning.
    pub fn noted(self, notes: &mut Notes, place: Place) -> String {
        if let Some(odd) = self.odd {
            notes.odd(place, odd);
        }
        self.value
    }
}

/// ASCII text of fixed width, padded with NULs or spaces.
pub fn padded_text(bytes: &[u8]) -> String {
    let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).trim_end().to_owned()
}
