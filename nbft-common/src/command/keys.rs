//! The keys in the kernel's keyrings, as far as this process may see them.

use std::fs;

use super::root;

/// One line of /proc/keys, see keyrings(7).
pub struct Entry {
    /// Serial number.
    pub serial: i32,
    /// Type.
    pub kind: String,
    /// The description; the kernel adds a colon and more to it.
    description: String,
}

/// The keyring for TLS keys of NVMe, and the type of its keys.
pub const NVME: &str = ".nvme";
/// The type of the keys in it.
pub const PSK: &str = "psk";

impl Entry {
    /// The words of the description, and of whatever the kernel adds to it.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.description.split(' ')
    }

    /// Whether the key has this type and description.
    #[must_use]
    pub fn is(&self, kind: &str, description: &str) -> bool {
        let rest = self.description.strip_prefix(description);
        self.kind == kind && rest.is_some_and(|rest| rest.starts_with(':'))
    }
}

/// All keys that this process may see.
#[must_use]
pub fn entries() -> Vec<Entry> {
    let text = fs::read_to_string(root::path("/proc/keys")).unwrap_or_default();
    text.lines().filter_map(entry).collect()
}

fn entry(line: &str) -> Option<Entry> {
    let mut words = line.split_whitespace();
    let serial = i32::from_str_radix(words.next()?, 16).ok()?;
    let kind = words.nth(6)?.to_owned();
    let description = words.collect::<Vec<_>>().join(" ");
    Some(Entry {
        serial,
        kind,
        description,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_proc_keys() {
        let line = "16b1f2ae I--Q---     1 perm 3f010000     0     0 psk       NVMe1R01 nqn.h nqn.s iSbj=: 32";
        let entry = entry(line).expect("a line");
        assert_eq!((entry.serial, entry.kind.as_str()), (0x16b1_f2ae, "psk"));
        assert_eq!(entry.description, "NVMe1R01 nqn.h nqn.s iSbj=: 32");
        assert!(entry.is(PSK, "NVMe1R01 nqn.h nqn.s iSbj="));
        assert!(!entry.is("user", "NVMe1R01 nqn.h nqn.s iSbj=") && !entry.is(PSK, "NVMe1R01 nqn.h"));
        for line in ["", "x", "16b1f2ae I--Q---     1 perm 3f010000     0"] {
            assert!(super::entry(line).is_none(), "{line}");
        }
    }
}
