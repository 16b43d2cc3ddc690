//! The two parts of a table: records of fixed size, and the heap that they refer to.

use std::net::IpAddr;

use super::quirks::Layout;

/// A reference to a heap object: its offset in the table and its length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reference {
    pub offset: u32,
    pub length: u16,
}

/// A structure of fixed size, zero where nothing was set.
pub(crate) struct Record(pub Vec<u8>);

impl Record {
    pub fn new(size: usize) -> Self {
        Self(vec![0; size])
    }

    pub fn bytes(&mut self, offset: usize, bytes: &[u8]) -> &mut Self {
        self.0[offset..offset + bytes.len()].copy_from_slice(bytes);
        self
    }

    pub fn u8(&mut self, offset: usize, value: u8) -> &mut Self {
        self.bytes(offset, &[value])
    }

    pub fn u16(&mut self, offset: usize, value: u16) -> &mut Self {
        self.bytes(offset, &value.to_le_bytes())
    }

    pub fn u32(&mut self, offset: usize, value: u32) -> &mut Self {
        self.bytes(offset, &value.to_le_bytes())
    }

    pub fn reference(&mut self, offset: usize, to: Reference) -> &mut Self {
        self.u32(offset, to.offset).u16(offset + 4, to.length)
    }

    pub fn address(&mut self, offset: usize, address: IpAddr) -> &mut Self {
        self.bytes(offset, &address_bytes(address))
    }
}

/// Addresses take 16 bytes; an IPv4 one is mapped.
pub(crate) fn address_bytes(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}

/// Flag bits: each one that is set, at its place.
pub(crate) fn flags<const N: usize>(bits: [(u32, bool); N]) -> u32 {
    bits.iter().fold(0, |sum, (bit, set)| sum | u32::from(*set) << bit)
}

/// The number of a two-bit code: its place among all of them. The numbers are written down here and in the parser, so
/// that neither hides an error of the other.
pub(crate) fn number<T: PartialEq>(code: T, all: [T; 4]) -> u16 {
    all.iter().position(|one| *one == code).unwrap_or_default() as u16
}

/// The objects at the end of a table.
pub(crate) struct Heap {
    /// Where the heap begins in the table.
    pub base: usize,
    pub bytes: Vec<u8>,
    layout: Layout,
    /// Whether the structures are those of revision 1.1.
    pub newer: bool,
}

impl Heap {
    pub fn new(base: usize, layout: Layout, newer: bool) -> Self {
        Self {
            base,
            bytes: Vec::new(),
            layout,
            newer,
        }
    }

    /// Adds an object. Nothing to add gives an empty reference.
    pub fn object(&mut self, bytes: &[u8]) -> Reference {
        self.add(bytes, bytes.len())
    }

    /// Adds a text with a NUL; the layout decides whether the length counts the NUL.
    pub fn text(&mut self, text: &str) -> Reference {
        if text.is_empty() {
            return Reference::default();
        }
        let mut bytes = text.as_bytes().to_vec();
        bytes.push(0);
        let length = match self.layout {
            Layout::NulAfterLength => text.len(),
            Layout::NulInLength => bytes.len(),
        };
        self.add(&bytes, length)
    }

    fn add(&mut self, bytes: &[u8], length: usize) -> Reference {
        if bytes.is_empty() {
            return Reference::default();
        }
        let offset = (self.base + self.bytes.len()) as u32;
        self.bytes.extend(bytes);
        // Reading a description refuses longer objects; a description made in Rust gets the longest possible length.
        let length = u16::try_from(length).unwrap_or(u16::MAX);
        Reference { offset, length }
    }
}
