//! Boots two machines, a host with an NBFT and a target, and compares what the host prints.
//!
//! How a scenario is written is told in `tests/vm/README.md`; `nbft-vm` runs them.

pub mod architecture;
pub mod compare;
pub mod cpio;
pub mod initramfs;
pub mod machine;
pub mod modules;
pub mod run;
pub mod scenario;
pub mod wire;

/// An error is one line for the person at the terminal: what, where, why.
pub type Result<T> = std::result::Result<T, String>;

/// Says which file a file operation failed on.
fn at<T>(path: &std::path::Path, result: std::io::Result<T>) -> Result<T> {
    result.map_err(|error| format!("{}: {error}", path.display()))
}
