//! The root of the machine's files: with `NBFT_ROOT=DIR` a folder stands in for the machine.

use std::path::PathBuf;

/// The path to open for an absolute `path` of the machine, with `NBFT_ROOT` in front.
#[must_use]
pub fn path(path: &str) -> PathBuf {
    match std::env::var_os("NBFT_ROOT") {
        Some(root) if !root.is_empty() => PathBuf::from(root).join(path.trim_start_matches('/')),
        _ => PathBuf::from(path),
    }
}
