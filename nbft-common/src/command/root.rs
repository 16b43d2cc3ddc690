//! Where the machine is: `NBFT_ROOT=DIR` lets a folder stand in for it.

use std::path::PathBuf;

/// The path to open for an absolute `path` of the machine; `NBFT_ROOT` goes before it.
#[must_use]
pub fn path(path: &str) -> PathBuf {
    match std::env::var_os("NBFT_ROOT") {
        Some(root) if !root.is_empty() => PathBuf::from(root).join(path.trim_start_matches('/')),
        _ => PathBuf::from(path),
    }
}
