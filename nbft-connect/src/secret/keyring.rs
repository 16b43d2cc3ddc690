//! The kernel's keyring for TLS keys of NVMe.

use nbft_common::command::failure::{Exit, Failure, io_words};
use nbft_common::command::keys::{NVME, PSK, entries};

use crate::raw;
use crate::secret::tls_key::TlsKey;

/// Whether the keyring has a key for a host and a subsystem. A key that the two agreed on (secure concatenation) is for one
/// controller alone, and does not count.
pub fn has_key(hostnqn: &str, subsysnqn: &str) -> bool {
    entries().iter().any(|entry| {
        let mut words = entry.words();
        entry.kind == PSK
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
    if let Some(entry) = entries.iter().find(|entry| entry.is(PSK, &key.identity)) {
        return Ok(entry.serial);
    }
    let keyring = entries.iter().find(|entry| entry.is("keyring", NVME)).ok_or_else(|| {
        let message = "the kernel has no keyring for TLS keys (.nvme): it offers no TLS for NVMe/TCP, or its module nvme-tcp \
                       is not loaded; try modprobe nvme-tcp";
        Failure::new(Exit::Config, message)
    })?;
    raw::add_key(PSK, &key.identity, &key.key, keyring.serial).map_err(|error| {
        let message = format!("the kernel does not take the TLS key: {}", io_words(&error));
        Failure::new(Exit::Config, message)
    })
}
