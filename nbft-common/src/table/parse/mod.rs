//! The parser turns any byte string into a [`Table`] or a [`Fault`].
//!
//! Faults of the header, the control descriptor or the host descriptor make the whole table useless. Any other unusable
//! descriptor is left out, and a [`Warning`](super::Warning) gives the descriptor, the place and the reason. Parsing
//! time and memory are linear in the size of the table.

use alloc::format;

mod control;
mod discovery;
mod fault;
mod fields;
mod header;
mod heap;
mod hfi;
mod host;
mod list;
mod security;
mod ssns;

use super::addr::Bytes;
use super::{Descriptor, Table};
pub use fault::Fault;
use fault::{Notes, Place};
pub use header::announced_length;
use heap::{Heap, Indexes, padded_text};

/// Place of a warning about the table as a whole.
const TABLE: Place = Place::only(Descriptor::Table);

/// Decodes one table. Bytes after the header's length are ignored.
///
/// # Errors
/// When the header, control descriptor, host descriptor or the place of a descriptor list is unusable.
pub fn parse(bytes: &[u8]) -> Result<Table, Fault> {
    let header = header::header(bytes)?;
    // header::header has checked that the file has the whole length.
    let bytes = bytes.get(..header.length).unwrap_or(bytes);
    let mut notes = Notes::default();
    let control = control::control(bytes, &mut notes)?;
    let heap = Heap::new(bytes, &header)?;

    if header.minor > 1 {
        let message = format!("revision 1.{} is newer than 1.1; read as 1.1", header.minor);
        notes.odd(TABLE, Fault::new(50, message));
    }
    let path = heap.object_or_none(header.driver_device_path, "driver device path");
    let driver_device_path = path.unwrap_or_else(|fault| {
        notes.odd(TABLE, fault);
        None
    });
    let host = host::host(&heap, control.host, &mut notes)?;
    let hfi = list::read(&heap, &control.hfi, &mut notes, hfi::hfi)?;
    let known_hfis = Indexes::of(hfi.iter().map(|hfi| hfi.index));
    let security = list::read(&heap, &control.security, &mut notes, security::security)?;
    let known_profiles = Indexes::of(security.iter().map(|profile| profile.index));
    let discovery = list::read(&heap, &control.discovery, &mut notes, |entry, notes| {
        discovery::discovery(entry, &known_hfis, &known_profiles, notes)
    })?;
    let known_controllers = Indexes::of(discovery.iter().map(|controller| controller.index));
    let subsystem = list::read(&heap, &control.ssns, &mut notes, |entry, notes| {
        let known = ssns::Known {
            hfis: &known_hfis,
            profiles: &known_profiles,
            controllers: &known_controllers,
        };
        ssns::ssns(entry, &known, notes)
    })?;

    Ok(Table {
        host,
        subsystem,
        hfi,
        discovery,
        security,
        revision: format!("{}.{}", header.major, header.minor),
        oem_id: padded_text(&header.oem_id),
        oem_table_id: padded_text(&header.oem_table_id),
        oem_revision: header.oem_revision,
        creator_id: header.creator_id,
        creator_revision: header.creator_revision,
        driver_device_path: Bytes(driver_device_path.map(|path| path.bytes().to_vec()).unwrap_or_default()),
        boot_failover: control.boot_failover,
        warnings: notes.0,
    })
}
