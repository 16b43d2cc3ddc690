//! Unique names, short enough for the kernel.

use std::collections::{HashMap, HashSet};

use nbft_common::table::TableFile;

/// The kernel's limit (IFNAMSIZ less the NUL).
const LONGEST: usize = 15;
/// With the usual prefix of 4 characters all names fit; with the longest prefix, those of the first ten tables.
const LONGEST_PREFIX: usize = 8;

/// The form of names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    /// `nbftXhY`: table and HFI.
    #[default]
    Hfi,
    /// `nbft0`, `nbft1`, …: one number per MAC address.
    Index,
}

/// Whether names may begin with this.
#[must_use]
pub fn is_prefix(text: &str) -> bool {
    let rest = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    text.len() <= LONGEST_PREFIX && text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(rest)
}

/// The X of `nbftXhY` for each table: the number in the table's name (`NBFT` is 0, `NBFT1` is 1). A table without a
/// number, or with the number of an earlier table, gets the lowest free one.
#[must_use]
pub fn table_numbers(tables: &[TableFile]) -> Vec<u32> {
    let mut taken = HashSet::new();
    let own: Vec<Option<u32>> = tables
        .iter()
        .map(|table| number_of(table.name()).filter(|number| taken.insert(*number)))
        .collect();
    let mut free = 0..;
    own.into_iter()
        .map(|number| {
            number
                .or_else(|| free.by_ref().find(|number| taken.insert(*number)))
                .unwrap_or_default()
        })
        .collect()
}

fn number_of(name: &str) -> Option<u32> {
    match name.strip_prefix("NBFT")? {
        "" => Some(0),
        digits if digits.bytes().all(|c| c.is_ascii_digit()) => digits.parse().ok(),
        _ => None,
    }
}

/// The names given so far.
#[derive(Debug, Default)]
pub struct Names {
    taken: HashSet<String>,
    /// By the beginning of a name that was taken or too long: the number to try next.
    next: HashMap<String, u32>,
}

impl Names {
    /// Gives the name `head` + `tail` if it fits and is free, otherwise one with a shorter head and a number between them.
    /// The tail, of at most 5 characters, is never shortened.
    pub fn give(&mut self, head: &str, tail: &str) -> String {
        let wanted = format!("{head}{tail}");
        if wanted.len() <= LONGEST && self.taken.insert(wanted.clone()) {
            return wanted;
        }
        // Names with the same beginning share a counter: ten thousand of them would otherwise retry each other's numbers.
        let start = wanted.get(..LONGEST - 6).unwrap_or(&wanted).to_owned();
        let next = self.next.entry(start).or_insert(2);
        loop {
            let end = format!("_{next}{tail}");
            *next += 1;
            // Heads are ASCII: they can be cut at any byte.
            let room = LONGEST.saturating_sub(end.len()).min(head.len());
            let name = format!("{}{end}", head.get(..room).unwrap_or_default());
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(names: &[&str]) -> Vec<TableFile> {
        let host = r#"{"nqn":"n","id":"00000000-0000-0000-0000-000000000000"}"#;
        let one =
            |name: &&str| serde_json::from_str(&format!(r#"{{"filename":"/sys/{name}","host":{host}}}"#)).unwrap();
        names.iter().map(one).collect()
    }

    #[test]
    fn numbers_of_tables() {
        assert_eq!(table_numbers(&tables(&["NBFT"])), [0]);
        assert_eq!(table_numbers(&tables(&["NBFT1", "NBFT2", "NBFT10"])), [1, 2, 10]);
        assert_eq!(
            table_numbers(&tables(&["dump.bin", "NBFT", "NBFT", "NBFT2", "NBFTx"])),
            [1, 0, 3, 2, 4]
        );
        assert_eq!(table_numbers(&tables(&["NBFT99999999999"])), [0]);
    }

    #[test]
    fn names_fit_and_differ() {
        let mut names = Names::default();
        assert_eq!(names.give("nbft0h1", ""), "nbft0h1");
        assert_eq!(names.give("nbft0h1", ""), "nbft0h1_2");
        assert_eq!(names.give("nbft0h1", ""), "nbft0h1_3");
        assert_eq!(names.give("nbft4294967295h255", "p"), "nbft42949672_2p");
        assert_eq!(names.give("nbft4294967295h254", "p"), "nbft42949672_3p");
        assert_eq!(names.give("nbft0", ".4094"), "nbft0.4094");
        assert_eq!(names.give("nbft255h255", ".4094"), "nbft255h_2.4094");
    }

    #[test]
    fn prefixes() {
        for good in ["nbft", "n", "boot-net", "a_1"] {
            assert!(is_prefix(good), "{good}");
        }
        for bad in ["", "0nbft", "nine_long", "a.b", "a b", "a/b", "é", "-a", "$(x)"] {
            assert!(!is_prefix(bad), "{bad}");
        }
    }
}
