//! The parser: any byte string gives a [`Table`] or a [`ParseError`].
//!
//! Faults of the header, the control descriptor or the host descriptor make the whole table useless. Any other
//! descriptor that cannot be used is left out, and a [`Warning`] says which one, where and why. Time is linear in the
//! size of the table and of the heap objects its descriptors name.

mod control;
mod discovery;
mod heap;
mod hfi;
mod host;
mod security;
mod ssns;

use std::fmt;

use nom::{IResult, Parser};

use crate::table::{Table, Warning};
pub use control::announced_length;
use heap::{Fault, Heap};

/// Bytes of the ACPI header and of the control descriptor: the least a table can be (figures 6 and 7).
pub const MIN_TABLE: usize = 128;

/// Largest table that is accepted, in bytes; real ones have a few thousand.
pub const MAX_TABLE: usize = 16 << 20;

/// Why a whole table cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Byte offset of the fault.
    pub offset: usize,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: {}", self.offset, self.message)
    }
}

impl std::error::Error for ParseError {}

impl From<Fault> for ParseError {
    fn from(fault: Fault) -> Self {
        Self {
            offset: fault.offset,
            message: fault.message,
        }
    }
}

/// Result of a nom parser over part of a table.
type Raw<'a, T> = IResult<&'a [u8], T>;

/// Decodes one table; `filename` goes into it unchanged. Bytes after the header's length are ignored.
///
/// # Errors
/// When the header, control descriptor, host descriptor or the place of a descriptor list is unusable.
pub fn parse(bytes: &[u8], filename: &str) -> Result<Table, ParseError> {
    let header = control::header(bytes)?;
    // control::header has checked that the length is not beyond the file.
    let bytes = bytes.get(..header.length).unwrap_or(bytes);
    let control = control::control(bytes)?;
    let heap = Heap::new(bytes, header.heap_offset, header.heap_length)?;
    let mut notes = Notes::default();

    if header.minor > 1 {
        notes.add(
            Place {
                descriptor: "table",
                index: None,
            },
            Fault::new(
                50,
                format!("revision 1.{} is newer than 1.1; read as 1.1", header.minor),
            ),
        );
    }
    let driver_device_path = heap
        .bytes_or_none(header.driver_device_path, "driver device path")
        .map(|path| {
            path.map(|path| crate::table::addr::Hex(path).to_string())
                .unwrap_or_default()
        })
        .unwrap_or_else(|fault| {
            notes.add(
                Place {
                    descriptor: "table",
                    index: None,
                },
                fault,
            );
            String::new()
        });
    let host = host::host(&heap, control.host, &mut notes)?;
    let hfi = list(&heap, &control.hfi, &mut notes, hfi::hfi)?;
    let known_hfis = heap::Indexes::of(hfi.iter().map(|hfi| hfi.index));
    let security = list(&heap, &control.security, &mut notes, security::security)?;
    let known_profiles = heap::Indexes::of(security.iter().map(|profile| profile.index));
    let discovery = list(&heap, &control.discovery, &mut notes, |entry, notes| {
        discovery::discovery(entry, &known_hfis, &known_profiles, notes)
    })?;
    let known_controllers = heap::Indexes::of(discovery.iter().map(|controller| controller.index));
    let subsystem = list(&heap, &control.ssns, &mut notes, |entry, notes| {
        let known = ssns::Known {
            hfis: &known_hfis,
            profiles: &known_profiles,
            controllers: &known_controllers,
        };
        ssns::ssns(entry, &known, notes)
    })?;

    Ok(Table {
        filename: filename.to_owned(),
        host,
        subsystem,
        hfi,
        discovery,
        security,
        revision: format!("{}.{}", header.major, header.minor),
        oem_id: heap::padded_text(&header.oem_id),
        oem_table_id: heap::padded_text(&header.oem_table_id),
        oem_revision: header.oem_revision,
        creator_id: header.creator_id,
        creator_revision: header.creator_revision,
        driver_device_path,
        boot_failover: control.boot_failover,
        warnings: notes.0,
    })
}

/// One descriptor of a list.
struct Entry<'a> {
    heap: &'a Heap<'a>,
    /// Its bytes, at least as many as its structure has.
    bytes: &'a [u8],
    /// Its offset in the table.
    offset: usize,
    /// What the list is of, and the index this descriptor gives itself.
    place: Place,
}

#[derive(Clone, Copy)]
struct Place {
    descriptor: &'static str,
    index: Option<u16>,
}

/// Collects warnings.
#[derive(Default)]
struct Notes(Vec<Warning>);

impl Notes {
    fn add(&mut self, place: Place, fault: Fault) {
        self.0.push(Warning {
            descriptor: place.descriptor.to_owned(),
            index: place.index,
            offset: fault.offset,
            message: fault.message,
        });
    }
}

impl Entry<'_> {
    /// A fault at `field` bytes from the start of this descriptor.
    fn fault(&self, field: usize, message: impl Into<String>) -> Fault {
        Fault::new(self.offset + field, message)
    }

    fn note(&self, notes: &mut Notes, field: usize, message: impl Into<String>) {
        notes.add(self.place, self.fault(field, message));
    }
}

/// Reads each descriptor of a list; those that fail become warnings.
fn list<'a, T: Indexed>(
    heap: &'a Heap<'a>,
    list: &control::List,
    notes: &mut Notes,
    mut read: impl FnMut(&Entry<'a>, &mut Notes) -> Result<T, Fault>,
) -> Result<Vec<T>, ParseError> {
    let mut found = Vec::with_capacity(usize::from(list.count));
    let mut seen = std::collections::BTreeSet::new();
    for nth in 0..usize::from(list.count) {
        let offset = list.offset + nth * list.stride;
        let Some(bytes) = heap.table.get(offset..offset + list.stride) else {
            return Err(ParseError {
                offset,
                message: format!("{} list leaves the table", list.descriptor),
            });
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
                    entry.note(notes, 0, "another descriptor before it has the same index");
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

/// A descriptor that others refer to by its index.
trait Indexed {
    fn index(&self) -> u16;
}

/// Runs a nom parser over a descriptor. The list has checked the descriptor's length, so a short read is a fault of its
/// caller; it is reported, not assumed away.
fn fields<'a, T>(
    bytes: &'a [u8],
    offset: usize,
    mut parser: impl Parser<&'a [u8], Output = T, Error = nom::error::Error<&'a [u8]>>,
) -> Result<T, Fault> {
    match parser.parse(bytes) {
        Ok((_, value)) => Ok(value),
        Err(_) => Err(Fault::new(offset, "shorter than its structure")),
    }
}
