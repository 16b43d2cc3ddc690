//! Nom parsers for the fields of the specification's structures.

use std::net::{IpAddr, Ipv6Addr};

use nom::error::{Error, ErrorKind};
use nom::number::complete::{le_u16, le_u32};
use nom::{IResult, Parser};

use super::fault::Fault;

/// Result of a nom parser over part of a table.
pub(super) type Raw<'a, T> = IResult<&'a [u8], T>;

/// Runs a nom parser over a structure. The caller has checked the structure's length, so a short read is the caller's
/// bug; the short read is still reported, not assumed away.
pub(super) fn fields<'a, T>(
    bytes: &'a [u8],
    offset: usize,
    mut parser: impl Parser<&'a [u8], Output = T, Error = Error<&'a [u8]>>,
) -> Result<T, Fault> {
    match parser.parse(bytes) {
        Ok((_, value)) => Ok(value),
        Err(_) => Err(Fault::new(offset, "shorter than its structure")),
    }
}

/// A heap object reference (figure 5): offset from the start of the table, length in bytes; length 0 means none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ref {
    /// Offset of the reference itself, for messages.
    pub at: usize,
    pub offset: u32,
    pub length: u16,
}

/// Reads a reference that stands at byte `at` of the table.
pub(super) fn reference<'a>(at: usize) -> impl Parser<&'a [u8], Output = Ref, Error = Error<&'a [u8]>> {
    (le_u32, le_u16).map(move |(offset, length)| Ref { at, offset, length })
}

/// An array of `N` bytes.
pub(super) fn array<const N: usize>(input: &[u8]) -> Raw<'_, [u8; N]> {
    match input.split_first_chunk::<N>() {
        Some((bytes, rest)) => Ok((rest, *bytes)),
        None => Err(nom::Err::Error(Error::new(input, ErrorKind::Eof))),
    }
}

/// An address in sixteen bytes: IPv4 when IPv4-mapped, else IPv6.
pub(super) fn ip(input: &[u8]) -> Raw<'_, IpAddr> {
    let address = |bytes: [u8; 16]| {
        let v6 = Ipv6Addr::from(bytes);
        v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), IpAddr::V4)
    };
    array.map(address).parse(input)
}
