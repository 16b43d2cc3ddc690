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

/// Names in a folder of the machine, sorted; none when it is not there. Names that are not UTF-8 are left out: the kernel
/// makes none.
#[must_use]
pub fn names(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(path(folder)).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}
