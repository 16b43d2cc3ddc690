//! The control descriptor.

use alloc::format;
use alloc::string::String;

use super::fault::{Fault, Notes, Place};
use super::fields::{Fields, Ref};
use super::list::{IndexAt, List};
use crate::table::Descriptor;

/// Byte at which the control descriptor begins, and its length.
const CONTROL: usize = 64;

/// The only version that the specification gives each kind of descriptor.
const VERSION: u8 = 1;

/// Control descriptor (figure 9).
pub struct Control {
    pub host: Ref,
    pub hfi: List,
    pub ssns: List,
    pub security: List,
    pub discovery: List,
    pub boot_failover: bool,
}

/// Reads and checks the control descriptor.
pub fn control(table: &[u8], notes: &mut Notes) -> Result<Control, Fault> {
    let fields = Fields::new(table, CONTROL, CONTROL).ok_or_else(|| Fault::new(CONTROL, "no control descriptor"))?;
    let id = fields.u8(0);
    if id != 1 {
        let message = format!("structure id {id} where the control descriptor (1) should be");
        return Err(fields.fault(0, message));
    }
    let flags = fields.u8(6);
    if flags & 1 == 0 {
        return Err(fields.fault(6, "the control descriptor is not marked valid"));
    }
    let mut odd = |at: usize, message: String| notes.odd(Place::only(Descriptor::Table), fields.fault(at, message));
    if fields.u16(4) != 64 {
        odd(
            4,
            format!("the control descriptor gives its length as {}, not 64", fields.u16(4)),
        );
    }
    if fields.u8(14) != VERSION {
        odd(
            14,
            format!(
                "version {} of the host descriptor is not known; read as 1",
                fields.u8(14)
            ),
        );
    }
    let mut list = |descriptor, at: usize, least: usize, index: IndexAt| {
        let list = List {
            descriptor,
            index,
            offset: fields.size(at),
            stride: usize::from(fields.u16(at + 4)),
            count: fields.u8(at + 7),
        };
        if list.count != 0 {
            list.check(table.len(), &fields, at, least)?;
            let version = fields.u8(at + 6);
            if version != VERSION {
                odd(
                    at + 6,
                    format!("version {version} of the {descriptor} descriptors is not known; read as 1"),
                );
            }
            if list.stride != least {
                odd(
                    at + 4,
                    format!("{descriptor} descriptors have {} bytes, not {least}", list.stride),
                );
            }
        }
        Ok::<_, Fault>(list)
    };
    Ok(Control {
        host: fields.reference(8),
        hfi: list(Descriptor::Hfi, 16, 32, IndexAt::Byte(1))?,
        ssns: list(Descriptor::Ssns, 24, 128, IndexAt::Word(1))?,
        security: list(Descriptor::Security, 32, 64, IndexAt::Byte(1))?,
        discovery: list(Descriptor::Discovery, 40, 32, IndexAt::Byte(2))?,
        boot_failover: flags & 2 != 0,
    })
}
