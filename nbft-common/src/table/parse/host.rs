//! The host descriptor.

use nom::bytes::complete::take;
use nom::number::complete::le_u8;

use super::fault::{Fault, Notes, Place};
use super::fields::{Ref, array, fields, reference};
use super::heap::Heap;
use crate::table::addr::Uuid;
use crate::table::{Host, PrimaryAdmin};

const PLACE: Place = Place::only("host");

/// Reads the host descriptor (figure 9), which lies outside the heap.
pub fn host(heap: &Heap<'_>, place: Ref, notes: &mut Notes) -> Result<Host, Fault> {
    let offset = usize::try_from(place.offset).unwrap_or(usize::MAX);
    // The ACPI header fills the first 32 bytes; no descriptor can begin inside the header.
    let bytes = heap
        .table
        .get(offset..)
        .filter(|bytes| offset >= 32 && bytes.len() >= 32)
        .ok_or_else(|| {
            Fault::new(
                place.at,
                format!("the host descriptor, at byte {}, is outside the table", place.offset),
            )
        })?;
    let (id, flags, host_id, nqn, _) = fields(
        bytes,
        offset,
        (le_u8, le_u8, array, reference(offset + 18), take(8_usize)),
    )?;
    if id != 2 {
        return Err(Fault::new(
            offset,
            format!("structure id {id} where the host descriptor (2) should be"),
        ));
    }
    if flags & 1 == 0 {
        return Err(Fault::new(offset + 1, "the host descriptor is not marked valid"));
    }
    let nqn = heap.text(nqn, "host NQN")?;
    if let Some(odd) = nqn.odd {
        notes.add(PLACE, odd);
    }
    if host_id == [0; 16] {
        notes.add(PLACE, Fault::new(offset + 2, "the host identifier is zero"));
    }
    Ok(Host {
        nqn: nqn.value,
        id: Uuid(host_id),
        host_id_configured: flags & 2 != 0,
        host_nqn_configured: flags & 4 != 0,
        primary_admin_host_flag: PrimaryAdmin::from_bits(u16::from(flags >> 3)),
    })
}
