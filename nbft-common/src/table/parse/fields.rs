//! Reading the fields of a structure by the specification's offsets.

use alloc::string::String;
use core::net::{IpAddr, Ipv6Addr};

use nom::Parser;
use nom::error::Error;
use nom::number::complete::{le_u8, le_u16, le_u32};

use super::fault::Fault;

/// A heap object reference: offset from the start of the table, length in bytes; length 0 means none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ref {
    /// Offset of the reference itself, for messages.
    pub at: usize,
    pub offset: u32,
    pub length: u16,
}

/// A structure of the table. Its length is checked where it is made, so every field of it can be read without a failure;
/// beyond its end all bytes are zero.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    bytes: &'a [u8],
    /// Offset of the structure in the table.
    pub at: usize,
}

impl<'a> Fields<'a> {
    /// The structure of `length` bytes at byte `at` of the table; `None` when the table ends before it does.
    pub fn new(table: &'a [u8], at: usize, length: usize) -> Option<Self> {
        let bytes = table.get(at..at.checked_add(length)?)?;
        Some(Self { bytes, at })
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    fn read<T: Default>(
        &self,
        offset: usize,
        mut parser: impl Parser<&'a [u8], Output = T, Error = Error<&'a [u8]>>,
    ) -> T {
        let field = self.bytes.get(offset..).unwrap_or_default();
        parser.parse(field).map(|(_, value)| value).unwrap_or_default()
    }

    pub fn u8(&self, offset: usize) -> u8 {
        self.read(offset, le_u8)
    }

    pub fn u16(&self, offset: usize) -> u16 {
        self.read(offset, le_u16)
    }

    pub fn u32(&self, offset: usize) -> u32 {
        self.read(offset, le_u32)
    }

    /// A number of four bytes that counts bytes or is an offset.
    pub fn size(&self, offset: usize) -> usize {
        usize::try_from(self.u32(offset)).unwrap_or(usize::MAX)
    }

    pub fn array<const N: usize>(&self, offset: usize) -> [u8; N] {
        let field = self.bytes.get(offset..).unwrap_or_default();
        field.first_chunk().copied().unwrap_or([0; N])
    }

    /// An address in sixteen bytes: IPv4 when IPv4-mapped, else IPv6.
    pub fn ip(&self, offset: usize) -> IpAddr {
        let v6 = Ipv6Addr::from(self.array::<16>(offset));
        v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), IpAddr::V4)
    }

    pub fn reference(&self, offset: usize) -> Ref {
        Ref {
            at: self.at + offset,
            offset: self.u32(offset),
            length: self.u16(offset + 4),
        }
    }

    /// A fault at `offset` bytes from the start of this structure.
    pub fn fault(&self, offset: usize, message: impl Into<String>) -> Fault {
        Fault::new(self.at + offset, message)
    }
}
