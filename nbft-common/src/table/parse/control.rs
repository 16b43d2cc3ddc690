//! The ACPI header and the control descriptor.

use nom::bytes::complete::take;
use nom::number::complete::{le_u8, le_u16, le_u32};

use super::fault::Fault;
use super::fields::{Ref, array, fields, reference};
use super::list::List;

/// Bytes of the ACPI header and of the control descriptor: the least a table can be (figures 6 and 7).
const MIN_TABLE: usize = 128;

/// Largest table that is accepted, in bytes; real ones have a few thousand.
const MAX_TABLE: usize = 16 << 20;

/// Where the control descriptor begins.
const CONTROL: usize = 64;

/// Header (figure 6).
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

/// Control descriptor (figure 7).
pub struct Control {
    pub host: Ref,
    pub hfi: List,
    pub ssns: List,
    pub security: List,
    pub discovery: List,
    pub boot_failover: bool,
}

/// Says whether the first eight bytes can be those of an NBFT, and its length, before the rest is read.
///
/// # Errors
/// Another signature, or a length that no NBFT has.
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
            format!(
                "length {length} in the header, but there are only {} bytes",
                bytes.len()
            ),
        ));
    };
    let sum = table.iter().fold(0_u8, |sum, &byte| sum.wrapping_add(byte));
    if sum != 0 {
        return Err(Fault::new(9, format!("checksum is off by {sum:#04x}")));
    }
    let parser = (
        (take(8_usize), le_u8, le_u8, array, array, le_u32, le_u32, le_u32),
        (le_u32, le_u32, reference(44), le_u8),
    );
    let ((_, major, _, oem_id, oem_table_id, oem_revision, creator_id, creator_revision), rest) =
        fields(table, 0, parser)?;
    let (heap_offset, heap_length, driver_device_path, minor) = rest;
    if major != 1 {
        return Err(Fault::new(
            8,
            format!("revision {major}.{minor} is not one this program knows (1.x)"),
        ));
    }
    Ok(Header {
        length,
        major,
        minor,
        oem_id,
        oem_table_id,
        oem_revision,
        creator_id,
        creator_revision,
        heap_offset: usize::try_from(heap_offset).unwrap_or(usize::MAX),
        heap_length: usize::try_from(heap_length).unwrap_or(usize::MAX),
        driver_device_path,
    })
}

/// Reads and checks the control descriptor.
pub fn control(table: &[u8]) -> Result<Control, Fault> {
    let bytes = table.get(CONTROL..).unwrap_or_default();
    let place = || (le_u32, le_u16, le_u8, le_u8);
    let parser = (
        (
            le_u8,
            take(5_usize),
            le_u8,
            take(1_usize),
            reference(CONTROL + 8),
            take(2_usize),
        ),
        (place(), place(), place(), place()),
    );
    let ((id, _, flags, _, host, _), (hfi, ssns, security, discovery)) = fields(bytes, CONTROL, parser)?;
    if id != 1 {
        return Err(Fault::new(
            CONTROL,
            format!("structure id {id} where the control descriptor (1) should be"),
        ));
    }
    if flags & 1 == 0 {
        return Err(Fault::new(CONTROL + 6, "the control descriptor is not marked valid"));
    }
    let list = |descriptor, index_of, at: usize, least: u16, (offset, stride, _, count): (u32, u16, u8, u8)| {
        let list = List {
            descriptor,
            index_of,
            offset: usize::try_from(offset).unwrap_or(usize::MAX),
            stride: usize::from(stride),
            count,
        };
        list.check(table.len(), CONTROL + at, least)?;
        Ok::<_, Fault>(list)
    };
    Ok(Control {
        host,
        hfi: list("hfi", |b| byte_at(b, 1), 16, 32, hfi)?,
        ssns: list(
            "ssns",
            |b| b.get(1..3)?.try_into().ok().map(u16::from_le_bytes),
            24,
            128,
            ssns,
        )?,
        security: list("security", |b| byte_at(b, 1), 32, 64, security)?,
        discovery: list("discovery", |b| byte_at(b, 2), 40, 32, discovery)?,
        boot_failover: flags & 2 != 0,
    })
}

fn byte_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at).copied().map(u16::from)
}
