//! The two things a table is made of: records of fixed size, and a heap that they refer to.

use std::net::IpAddr;

use super::words::Layout;

/// A reference to a heap object: where it is in the table, and how long.
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

    pub fn address(&mut self, offset: usize, address: Option<IpAddr>) -> &mut Self {
        self.bytes(offset, &address_bytes(address))
    }
}

/// Addresses take 16 bytes; an IPv4 one is mapped, and none at all is all zeros.
pub(crate) fn address_bytes(address: Option<IpAddr>) -> [u8; 16] {
    match address {
        Some(IpAddr::V4(v4)) => v4.to_ipv6_mapped().octets(),
        Some(IpAddr::V6(v6)) => v6.octets(),
        None => [0; 16],
    }
}

/// Flag bits: each one that is set, at its place.
pub(crate) fn flags<const N: usize>(bits: [(u32, bool); N]) -> u32 {
    bits.iter().fold(0, |sum, (bit, set)| sum | u32::from(*set) << bit)
}

/// The objects at the end of a table.
pub(crate) struct Heap {
    /// Where the heap begins in the table.
    pub base: usize,
    pub bytes: Vec<u8>,
    layout: Layout,
}

impl Heap {
    pub fn new(base: usize, layout: Layout) -> Self {
        Self {
            base,
            bytes: Vec::new(),
            layout,
        }
    }

    /// Adds an object. Nothing to add gives an empty reference.
    pub fn object(&mut self, bytes: &[u8]) -> Reference {
        self.add(bytes, bytes.len())
    }

    /// Adds a text with a NUL, which the layout decides whether to count.
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
        // Longer objects are refused before; a description made in Rust gets the longest possible.
        let length = u16::try_from(length).unwrap_or(u16::MAX);
        Reference { offset, length }
    }
}
