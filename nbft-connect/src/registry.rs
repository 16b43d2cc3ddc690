//! The registry of controllers under /run that nvme-cli keeps: `nvme disconnect-all` spares controllers with an owner.

use std::fs;
use std::io;

use nbft_common::command::log::warn;
use nbft_common::command::root;

const REGISTRY: &str = "/run/nvme/registry";

/// Enters a new controller as ours. A failure is worth a warning only: the disk exists all the same.
pub fn enter(controller: &str) {
    if let Err(error) = write(controller) {
        warn(format_args!(
            "warning: {REGISTRY}/{controller}: {error}; nvme disconnect-all may take this disk away"
        ));
    }
}

/// The entry appears whole or not at all. An old entry of a controller that is gone is replaced.
fn write(controller: &str) -> io::Result<()> {
    let entry = root::path(&format!("{REGISTRY}/{controller}"));
    let new = root::path(&format!("{REGISTRY}/.{controller}.{}", std::process::id()));
    fs::create_dir_all(&new)?;
    fs::write(new.join("owner"), "nbft")?;
    // Distinguishes later events of this controller from events of an earlier controller with the same name.
    let seqnum = fs::read_to_string(root::path("/sys/kernel/uevent_seqnum")).unwrap_or_else(|_| "0\n".to_owned());
    fs::write(new.join("seqnum"), seqnum.trim_end())?;
    match fs::remove_dir_all(&entry) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            let _ = fs::remove_dir_all(&new);
            Err(error)
        }
        _ => fs::rename(&new, &entry),
    }
}
