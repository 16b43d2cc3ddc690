//! References to HFIs.

use std::fmt;

use nbft_common::table::TableFile;
use serde::Serialize;

/// An HFI, called `TABLE:index` on a command line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HfiRef {
    /// Name of its table, reduced to characters that mean nothing in any file format.
    pub table: String,
    /// Index of its descriptor.
    pub index: u8,
}

impl HfiRef {
    /// The HFI of this index.
    pub fn new(table: &TableFile, index: u8) -> Self {
        Self {
            table: plain(table.name()),
            index,
        }
    }
}

fn plain(text: &str) -> String {
    let plain = |c: char| match c {
        '.' | '_' | '-' => c,
        _ if c.is_ascii_alphanumeric() => c,
        _ => '_',
    };
    text.chars().map(plain).take(64).collect()
}

/// The HFI as messages name it.
impl fmt::Display for HfiRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: HFI {}", self.table, self.index)
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn names_of_tables() {
        assert_eq!(plain("NBFT1"), "NBFT1");
        assert_eq!(plain("a b\n[c]é$"), "a_b__c___");
    }
}
