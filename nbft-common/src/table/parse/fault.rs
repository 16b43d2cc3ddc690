//! Faults of a table, and their places.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::table::{Descriptor, Warning};

/// A fault and its place: the reason why a whole table or one descriptor cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// Byte offset in the table.
    pub offset: usize,
    /// Description of the fault.
    pub message: String,
}

impl Fault {
    pub(super) fn new(offset: usize, message: impl Into<String>) -> Self {
        Self {
            offset,
            message: message.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: {}", self.offset, self.message)
    }
}

impl core::error::Error for Fault {}

/// The descriptor that a warning concerns.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub descriptor: Descriptor,
    pub index: Option<u16>,
}

impl Place {
    /// A descriptor that exists once.
    pub const fn only(descriptor: Descriptor) -> Self {
        Self {
            descriptor,
            index: None,
        }
    }
}

/// Collects warnings.
#[derive(Default)]
pub(super) struct Notes(pub Vec<Warning>);

impl Notes {
    /// Something is odd, and the descriptor is used.
    pub fn odd(&mut self, place: Place, fault: Fault) {
        self.add(place, fault, false);
    }

    /// The descriptor is left out.
    pub fn dropped(&mut self, place: Place, fault: Fault) {
        self.add(place, fault, true);
    }

    fn add(&mut self, place: Place, fault: Fault, dropped: bool) {
        self.0.push(Warning {
            descriptor: place.descriptor,
            index: place.index,
            offset: fault.offset,
            dropped,
            message: fault.message,
        });
    }
}
