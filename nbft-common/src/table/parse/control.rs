//! The control descriptor.

use nom::bytes::complete::take;
use nom::number::complete::{le_u8, le_u16, le_u32};

use super::fault::Fault;
use super::fields::{Ref, fields, reference};
use super::list::List;

/// Byte at which the control descriptor begins.
const CONTROL: usize = 64;

/// Control descriptor (figure 7).
pub struct Control {
    pub host: Ref,
    pub hfi: List,
    pub ssns: List,
    pub security: List,
    pub discovery: List,
    pub boot_failover: bool,
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
