//! The host descriptor.

use alloc::format;

use super::fault::{Fault, Notes, Place};
use super::fields::{Fields, Ref};
use super::heap::Heap;
use crate::table::addr::Uuid;
use crate::table::{Descriptor, Host, PrimaryAdmin};

const PLACE: Place = Place::only(Descriptor::Host);

/// Bytes of the ACPI header and of the control descriptor, in which no other descriptor can begin.
const FIRST: usize = 128;

/// Reads the host descriptor (figure 10), which lies outside the heap.
pub fn host(heap: &Heap<'_>, place: Ref, notes: &mut Notes) -> Result<Host, Fault> {
    let offset = usize::try_from(place.offset).unwrap_or(usize::MAX);
    let fields = Fields::new(heap.table, offset, 32)
        .filter(|_| offset >= FIRST)
        .ok_or_else(|| {
            let message = format!("the host descriptor, at byte {}, is outside the table", place.offset);
            Fault::new(place.at, message)
        })?;
    let id = fields.u8(0);
    if id != 2 {
        let message = format!("structure id {id} where the host descriptor (2) should be");
        return Err(fields.fault(0, message));
    }
    let flags = fields.u8(1);
    if flags & 1 == 0 {
        return Err(fields.fault(1, "the host descriptor is not marked valid"));
    }
    let nqn = heap.text(fields.reference(18), "host NQN")?.noted(notes, PLACE);
    let id = fields.array(2);
    if id == [0; 16] {
        notes.odd(PLACE, fields.fault(2, "the host identifier is zero"));
    }
    Ok(Host {
        nqn,
        id: Uuid(id),
        host_id_configured: flags & 2 != 0,
        host_nqn_configured: flags & 4 != 0,
        primary_admin_host_flag: PrimaryAdmin::from_bits(u16::from(flags >> 3)),
    })
}
