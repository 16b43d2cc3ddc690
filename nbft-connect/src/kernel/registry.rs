//! The registry of controllers under /run that nvme-cli keeps: `nvme disconnect-all` spares controllers with an owner.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use nbft_common::command::log::warn;
use nbft_common::command::{root, sysfs};

const REGISTRY: &str = "/run/nvme/registry";
const OWNER: &str = "nbft";

/// Who made a controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// This process, just now.
    New,
    /// Somebody before.
    Old,
}

/// Enters a controller as ours: a new one, or one that somebody connected before. A failure is worth a warning only: the
/// disk exists all the same.
pub fn enter(controller: &str, age: Age) {
    let entry = root::path(&format!("{REGISTRY}/{controller}"));
    // The entry of a new controller's name belongs to an earlier controller.
    if age == Age::Old && is_ours(&entry) {
        return;
    }
    if let Err(error) = write(controller, &entry) {
        warn(format_args!(
            "warning: {REGISTRY}/{controller}: {error}; nvme disconnect-all may take this disk away"
        ));
    }
    forget_the_gone();
}

/// The entry appears whole or not at all, and replaces an older one.
fn write(controller: &str, entry: &Path) -> io::Result<()> {
    let registry = root::path(REGISTRY);
    fs::create_dir_all(&registry)?;
    for folder in registry.ancestors().take(2) {
        mode(folder, 0o755)?;
    }
    let new = registry.join(format!(".{controller}.{}", std::process::id()));
    fs::create_dir(&new)?;
    mode(&new, 0o755)?;
    // Distinguishes later events of this controller from events of an earlier controller with the same name.
    let seqnum = fs::read_to_string(root::path("/sys/kernel/uevent_seqnum")).unwrap_or_else(|_| "0\n".to_owned());
    for (name, text) in [("owner", OWNER), ("seqnum", seqnum.trim_end())] {
        fs::write(new.join(name), text)?;
        mode(&new.join(name), 0o644)?;
    }
    match fs::remove_dir_all(entry) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            let _ = fs::remove_dir_all(&new);
            Err(error)
        }
        _ => fs::rename(&new, entry),
    }
}

/// Other tools read the registry, whatever the umask of this command.
fn mode(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))
}

/// Removes our entries of controllers that no longer exist: the kernel gives their names to others.
fn forget_the_gone() {
    for name in sysfs::names(REGISTRY) {
        let entry = root::path(&format!("{REGISTRY}/{name}"));
        if is_ours(&entry) && !name.starts_with('.') && !root::path(&format!("/sys/class/nvme/{name}")).exists() {
            let _ = fs::remove_dir_all(entry);
        }
    }
}

fn is_ours(entry: &Path) -> bool {
    fs::read_to_string(entry.join("owner")).is_ok_and(|owner| owner == OWNER)
}
