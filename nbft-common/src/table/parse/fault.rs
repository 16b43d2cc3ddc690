//! Faults of a table, and their places.

use std::fmt;

use crate::table::Warning;

/// A fault and its place: the reason why a whole table or one descriptor cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
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

impl std::error::Error for Fault {}

/// The descriptor that a warning concerns.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub descriptor: &'static str,
    pub index: Option<u16>,
}

impl Place {
    /// A descriptor that exists once.
    pub const fn only(descriptor: &'static str) -> Self {
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
    pub fn add(&mut self, place: Place, fault: Fault) {
        self.0.push(Warning {
            descriptor: place.descriptor.to_owned(),
            index: place.index,
            offset: fault.offset,
            message: fault.message,
        });
    }
}
