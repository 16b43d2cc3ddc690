//! The ACPI header.

use alloc::format;

use super::fault::Fault;
use super::fields::{Fields, Ref};

/// Bytes of the ACPI header and of the control descriptor: the smallest possible table.
const MIN_TABLE: usize = 128;

/// Largest accepted table, in bytes; real tables have a few thousand.
const MAX_TABLE: usize = 16 << 20;

/// Header.
pub struct Header {
    pub length: usize,
    pub major: u8,
    pub minor: u8,
    pub oem_id: [u8; 6],
    pub oem_table_id: [u8; 8],
    pub oem_revision: u32,
    pub creator_id: u32,
    pub creator_revision: u32,
    pub heap_offset: usize,
    pub heap_length: usize,
    pub driver_device_path: Ref,
}

/// The length that the first eight bytes of an NBFT announce, before the rest is read.
///
/// # Errors
/// When the signature is another, or no NBFT can have that length.
pub fn announced_length(start: &[u8]) -> Result<usize, Fault> {
    if start.is_empty() {
        return Err(Fault::new(0, "empty"));
    }
    let Some((signature, rest)) = start.split_first_chunk::<4>() else {
        return Err(Fault::new(
            0,
            format!("{} bytes are too short for a table", start.len()),
        ));
    };
    if signature != b"NBFT" {
        return Err(Fault::new(0, "the signature is not NBFT"));
    }
    let Some(length) = rest.first_chunk::<4>() else {
        return Err(Fault::new(
            4,
            format!("{} bytes are too short for a table", start.len()),
        ));
    };
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    match length {
        0..MIN_TABLE => Err(Fault::new(
            4,
            format!("length {length} in the header is below {MIN_TABLE}"),
        )),
        MIN_TABLE..=MAX_TABLE => Ok(length),
        _ => Err(Fault::new(
            4,
            format!("length {length} in the header is above {MAX_TABLE}"),
        )),
    }
}

/// Reads and checks the header.
pub fn header(bytes: &[u8]) -> Result<Header, Fault> {
    let length = announced_length(bytes)?;
    let Some(table) = bytes.get(..length) else {
        return Err(Fault::new(
            4,
            format!("length {length} in the header, but only {} bytes exist", bytes.len()),
        ));
    };
    let sum = table.iter().fold(0_u8, |sum, &byte| sum.wrapping_add(byte));
    if sum != 0 {
        return Err(Fault::new(9, format!("checksum is off by {sum:#04x}")));
    }
    let fields = Fields::new(table, 0, length).ok_or_else(|| Fault::new(4, "the header leaves the table"))?;
    let (major, minor) = (fields.u8(8), fields.u8(50));
    if major != 1 {
        return Err(fields.fault(8, format!("revision {major}.{minor} is not supported (only 1.x is)")));
    }
    Ok(Header {
        length,
        major,
        minor,
        oem_id: fields.array(10),
        oem_table_id: fields.array(16),
        oem_revision: fields.u32(24),
        creator_id: fields.u32(28),
        creator_revision: fields.u32(32),
        heap_offset: fields.size(36),
        heap_length: fields.size(40),
        driver_device_path: fields.reference(44),
    })
}
