//! Assembles the initramfs of each machine.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::cpio::Archive;
use super::modules::Kernel;
use super::scenario::Scenario;
use super::{Result, at};

const BUSYBOX: &str = "/bin/busybox";

/// Modules each machine needs; those built into a kernel are skipped.
const COMMON: [&str; 3] = ["virtio_pci", "virtio_console", "virtio_net"];
const HOST: [&str; 2] = ["nvme-fabrics", "nvme-tcp"];
const TARGET: [&str; 3] = ["loop", "nvmet", "nvmet-tcp"];

/// The host: the commands under test, the scenario's script and a copy of what is injected.
pub fn host(scenario: &Scenario, kernel: &Kernel, bin_dir: &Path) -> Result<Vec<u8>> {
    let mut archive = machine("host", &scenario.host)?;
    archive.file("/etc/host-init", 0o644, include_str!("../../vm/host-init"));
    archive.file("/etc/host-lib", 0o644, include_str!("../../vm/host-lib"));
    let command = include_str!("../../vm/target-command");
    archive.file("/usr/bin/target", 0o755, command);
    let script = include_str!("../../vm/udhcpc-script");
    archive.file("/etc/udhcpc/default.script", 0o755, script);
    for (name, content) in &scenario.tables {
        archive.file(&format!("/etc/injected/{name}"), 0o644, content.clone());
    }
    if bin_dir.is_dir() {
        commands(&mut archive, bin_dir)?;
    }
    for (to, from) in &scenario.settings.files {
        copy(&mut archive, &scenario.dir.join(from), to)?;
    }
    add_modules(&mut archive, scenario, kernel, &HOST, &scenario.settings.hide)?;
    Ok(archive.to_bytes())
}

/// The target: the words for describing it, and its description.
pub fn target(scenario: &Scenario, kernel: &Kernel) -> Result<Vec<u8>> {
    let mut archive = machine("target", &scenario.target)?;
    let init = include_str!("../../vm/target-init");
    archive.file("/etc/target-init", 0o644, init);
    let library = include_str!("../../vm/target-lib");
    archive.file("/etc/target-lib", 0o644, library);
    add_modules(&mut archive, scenario, kernel, &TARGET, &[])?;
    Ok(archive.to_bytes())
}

/// What both machines have: busybox and the first process.
fn machine(role: &str, script: &str) -> Result<Archive> {
    let mut archive = Archive::default();
    for dir in ["dev", "proc", "sys", "run", "tmp", "mnt", "usr/sbin", "sbin"] {
        archive.directory(dir);
    }
    archive.file("/init", 0o755, include_str!("../../vm/init"));
    archive.file("/etc/role", 0o644, role);
    archive.file("/etc/common-lib", 0o644, include_str!("../../vm/common-lib"));
    archive.file("/etc/scenario", 0o644, script);
    let missing = "busybox-static has to be installed";
    let busybox = fs::read(BUSYBOX).map_err(|e| format!("{BUSYBOX}: {e}; {missing}"))?;
    archive.file(BUSYBOX, 0o755, busybox);
    let applets = Command::new(BUSYBOX)
        .arg("--list")
        .output()
        .map_err(|e| format!("{BUSYBOX} --list: {e}"))?;
    for applet in String::from_utf8_lossy(&applets.stdout).lines() {
        if applet != "busybox" {
            archive.link(&format!("/bin/{applet}"), "busybox");
        }
    }
    Ok(archive)
}

fn add_modules(
    archive: &mut Archive,
    scenario: &Scenario,
    kernel: &Kernel,
    own: &[&str],
    hidden: &[String],
) -> Result<()> {
    let mut names: Vec<String> = COMMON.iter().chain(own).map(|&n| n.to_owned()).collect();
    names.extend(scenario.settings.modules.iter().cloned());
    let mut list = String::new();
    for module in kernel.load_order(&names, hidden)? {
        let path = format!("/lib/modules/{}.ko", module.name);
        list.push_str(&format!("{path}\n"));
        archive.file(&path, 0o644, module.content);
    }
    archive.file("/etc/modules", 0o644, list);
    Ok(())
}

/// The commands of the workspace, as far as they are built. Other programs that happen to lie
/// there (the test programs do) would only make the archive big.
fn commands(archive: &mut Archive, bin_dir: &Path) -> Result<()> {
    for name in ["nbft-dump", "nbft-names", "nbft-connect", "nbft-wait"] {
        let path = bin_dir.join(name);
        if path.is_file() {
            let content = at(&path, fs::read(&path))?;
            archive.file(&format!("/usr/bin/{name}"), 0o755, content);
        }
    }
    Ok(())
}

fn copy(archive: &mut Archive, from: &Path, to: &str) -> Result<()> {
    if from.is_dir() {
        for entry in at(from, fs::read_dir(from))? {
            let name = at(from, entry)?.file_name();
            let to = format!("{to}/{}", name.to_string_lossy());
            copy(archive, &from.join(&name), &to)?;
        }
        return Ok(());
    }
    let mode = at(from, fs::metadata(from))?.permissions().mode() & 0o777;
    archive.file(to, mode, at(from, fs::read(from))?);
    Ok(())
}
