//! The kernel's keyring for TLS keys of NVMe.

use std::fs;

use nbft_common::command::failure::{Exit, Failure, io_words};
use nbft_common::command::root;

use crate::raw;
use crate::secret::tls_key::TlsKey;

/// The keyring, and the type of its keys.
const KEYRING: &str = ".nvme";
const TYPE: &str = "psk";

/// One line of /proc/keys, see keyrings(7).
struct Entry {
    serial: i32,
    kind: String,
    /// The description; the kernel adds a colon and more to it.
    description: String,
}

fn entries() -> Vec<Entry> {
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

/// Whether the keyring has a key for a host and a subsystem. A key that the two agreed on (secure concatenation) is for one
/// controller alone, and does not count.
pub fn has_key(hostnqn: &str, subsysnqn: &str) -> bool {
    entries().iter().any(|entry| {
        let mut words = entry.description.split(' ');
        entry.kind == TYPE
            && words.next().is_some_and(|word| word.starts_with("NVMe0R") || word.starts_with("NVMe1R"))
            && words.next() == Some(hostnqn)
            // An identity of version 0 ends here.
            && words.next().is_some_and(|word| word.trim_end_matches(':') == subsysnqn)
    })
}

/// Puts a key into the keyring, unless the keyring has it; returns its serial number. The identity holds a digest of the
/// key, so the same identity is the same key.
///
/// # Errors
/// [`Exit::Config`] without the keyring, or when the kernel does not take the key.
pub fn insert(key: &TlsKey) -> Result<i32, Failure> {
    let entries = entries();
    let described = |entry: &&Entry, kind: &str, text: &str| {
        entry.kind == kind
            && entry
                .description
                .strip_prefix(text)
                .is_some_and(|rest| rest.starts_with(':'))
    };
    if let Some(entry) = entries.iter().find(|entry| described(entry, TYPE, &key.identity)) {
        return Ok(entry.serial);
    }
    let keyring = entries.iter().find(|entry| described(entry, "keyring", KEYRING)).ok_or_else(|| {
        let message = "the kernel has no keyring for TLS keys (.nvme): it offers no TLS for NVMe/TCP, or its module nvme-tcp \
                       is not loaded; try modprobe nvme-tcp";
        Failure::new(Exit::Config, message)
    })?;
    raw::add_key(TYPE, &key.identity, &key.key, keyring.serial).map_err(|error| {
        let message = format!("the kernel does not take the TLS key: {}", io_words(&error));
        Failure::new(Exit::Config, message)
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
        for line in ["", "x", "16b1f2ae I--Q---     1 perm 3f010000     0"] {
            assert!(super::entry(line).is_none(), "{line}");
        }
    }
}
