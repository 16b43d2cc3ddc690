//! Assembles the initramfs of each machine.

use std::collections::hash_map::DefaultHasher;
use std::ffi::OsString;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::cpio::Archive;
use super::modules::{BUSYBOX, Kernel};
use super::run::Setting;
use super::scenario::{Root, Scenario};
use super::{Result, at};

/// Modules each machine needs; those built into a kernel are skipped.
const COMMON: [&str; 3] = ["virtio_pci", "virtio_console", "virtio_net"];
const HOST: [&str; 2] = ["nvme-fabrics", "nvme-tcp"];
const TARGET: [&str; 3] = ["loop", "nvmet", "nvmet-tcp"];
const ROOT: [&str; 2] = ["virtio_blk", "ext4"];
/// What a kernel encrypts with; nothing here would load these on demand. Sid's kernel has GHASH as a part of gcm.
const TLS: [&str; 3] = ["ctr", "gcm", "tls"];
const GHASH: &str = "ghash-generic";

const MACHINE_ID: &str = "5f0f3a1e00014a6e8c6b8a430fa5d0a1\n";

/// The initramfs of the host: the first stage if the host has a root file system, otherwise the whole system.
pub fn host(scenario: &Scenario, setting: &Setting) -> Result<Vec<u8>> {
    let (kernel, bin_dir) = (setting.kernel, setting.bin_dir);
    let settings = &scenario.settings;
    let mut own = HOST.to_vec();
    let mut archive = match settings.root {
        Root::Busybox => {
            let mut archive = machine("host", kernel)?;
            tls_programs(&mut archive, scenario, setting)?;
            host_files(&mut archive, "", scenario, bin_dir)?;
            if settings.tables_in_initramfs {
                for (name, content) in &scenario.tables {
                    archive.file(&format!("/kernel/firmware/acpi/{name}.aml"), 0o644, content.clone());
                }
            }
            archive
        }
        Root::Systemd => {
            own.extend(ROOT);
            // systemd asks for it.
            own.push("autofs4");
            let mut archive = machine("root", kernel)?;
            archive.file("/etc/root-init", 0o644, include_str!("../../vm/root-init"));
            payload(&mut archive, scenario, bin_dir)?;
            archive
        }
        Root::Initrd => {
            let mut initrd = made(scenario, setting)?;
            if settings.local_disk {
                initrd.resize(initrd.len().next_multiple_of(4), 0);
                initrd.extend(furnishing(scenario, bin_dir)?);
            }
            return Ok(initrd);
        }
    };
    if settings.tls {
        own.extend(tls_modules(kernel));
    }
    add_modules(&mut archive, &own, &settings.modules, kernel, &settings.hide)?;
    Ok(archive.to_bytes())
}

/// The target: the words for describing it, and its description.
pub fn target(scenario: &Scenario, setting: &Setting) -> Result<Vec<u8>> {
    let mut archive = machine("target", setting.target_kernel)?;
    let mut own = TARGET.to_vec();
    if scenario.settings.root == Root::Initrd && !scenario.settings.local_disk {
        own.extend(ROOT);
        payload(&mut archive, scenario, setting.bin_dir)?;
        if scenario.settings.whole {
            let kernel = &setting.kernel.dir;
            let version = at(kernel, fs::read_to_string(kernel.join("version")))?;
            let version = version.trim();
            let modules = format!("/payload/usr/lib/modules/{version}");
            copy(&mut archive, &kernel.join("modules"), &modules)?;
            let initrd = format!("/payload/boot/initrd.img-{version}");
            archive.file(&initrd, 0o600, made(scenario, setting)?);
            packages(&mut archive, "/payload", setting.bin_dir)?;
        }
    }
    archive.file("/etc/target-init", 0o644, include_str!("../../vm/target-init"));
    archive.file("/etc/target-lib", 0o644, include_str!("../../vm/target-lib"));
    archive.file("/etc/scenario", 0o644, scenario.target.as_str());
    // The word `faulty` starts it.
    let faulty = setting.bin_dir.join("nbft-target");
    if faulty.is_file() {
        archive.file("/usr/bin/nbft-target", 0o755, at(&faulty, fs::read(&faulty))?);
    }
    shared(&mut archive, "");
    tls_programs(&mut archive, scenario, setting)?;
    if scenario.settings.tls {
        own.extend(tls_modules(setting.target_kernel));
    }
    add_modules(
        &mut archive,
        &own,
        &scenario.settings.modules,
        setting.target_kernel,
        &[],
    )?;
    Ok(archive.to_bytes())
}

/// The common part of all machines: busybox and the first process.
fn machine(role: &str, kernel: &Kernel) -> Result<Archive> {
    let mut archive = Archive::default();
    for dir in ["dev", "proc", "sys", "run", "tmp", "mnt", "usr/sbin", "sbin"] {
        archive.directory(dir);
    }
    archive.file("/init", 0o755, include_str!("../../vm/init"));
    archive.file("/etc/role", 0o644, role);
    let missing = "busybox-static has to be installed";
    let busybox = fs::read(&kernel.busybox).map_err(|e| format!("{}: {e}; {missing}", kernel.busybox.display()))?;
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

/// The connection to the harness, and the words that both machines have.
fn shared(archive: &mut Archive, root: &str) {
    archive.file(&format!("{root}/etc/ports"), 0o644, include_str!("../../vm/ports"));
    let words = include_str!("../../vm/common-lib");
    archive.file(&format!("{root}/etc/common-lib"), 0o644, words);
}

fn tls_modules(kernel: &Kernel) -> impl Iterator<Item = &'static str> {
    kernel.has(GHASH).then_some(GHASH).into_iter().chain(TLS)
}

/// The handshake agent and the programs for keys, if the scenario wants them.
fn tls_programs(archive: &mut Archive, scenario: &Scenario, setting: &Setting) -> Result<()> {
    if !scenario.settings.tls {
        return Ok(());
    }
    let programs = setting.cache.join("tlshd");
    if !programs.join("version").exists() {
        return Err(format!(
            "no tlshd in {}: run tests/fetch-tlshd first",
            programs.display()
        ));
    }
    copy(archive, &programs, "/tlshd")
}

/// The commands under test, the scenario's script and a copy of what is injected.
fn host_files(archive: &mut Archive, root: &str, scenario: &Scenario, bin_dir: &Path) -> Result<()> {
    shared(archive, root);
    let mut file = |path: &str, mode, content: &str| archive.file(&format!("{root}{path}"), mode, content);
    file("/etc/host-init", 0o644, include_str!("../../vm/host-init"));
    file("/etc/host-lib", 0o644, include_str!("../../vm/host-lib"));
    file("/etc/scenario", 0o644, &scenario.host);
    file("/usr/bin/target", 0o755, include_str!("../../vm/target-command"));
    let script = include_str!("../../vm/udhcpc-script");
    file("/etc/udhcpc/default.script", 0o755, script);
    if scenario.settings.far {
        file("/etc/far-links", 0o644, include_str!("../../vm/far-links"));
    }
    for (name, content) in &scenario.tables {
        archive.file(&format!("{root}/etc/injected/{name}"), 0o644, content.clone());
    }
    for (name, content) in &scenario.loose_tables {
        archive.file(&format!("{root}/etc/tables/{name}"), 0o644, content.clone());
    }
    commands(archive, root, bin_dir)?;
    for (to, from) in &scenario.settings.files {
        copy(archive, &scenario.dir.join(from), &format!("{root}{to}"))?;
    }
    Ok(())
}

/// The files that the first to mount a root file system adds to it, and the words for that.
fn payload(archive: &mut Archive, scenario: &Scenario, bin_dir: &Path) -> Result<()> {
    archive.file("/etc/furnish", 0o644, include_str!("../../vm/furnish"));
    host_files(archive, "/payload", scenario, bin_dir)?;
    let unit = include_str!("../../vm/scenario.service");
    archive.file("/payload/usr/lib/systemd/system/scenario.service", 0o644, unit);
    // Known, so that nothing that is derived from it differs from boot to boot.
    archive.file("/payload/etc/machine-id", 0o444, MACHINE_ID);
    Ok(())
}

/// An archive that the kernel unpacks over an initrd with systemd, so that the initrd furnishes the root file system.
fn furnishing(scenario: &Scenario, bin_dir: &Path) -> Result<Vec<u8>> {
    const UNITS: &str = "/usr/lib/systemd/system";
    let mut archive = Archive::default();
    payload(&mut archive, scenario, bin_dir)?;
    archive.file("/usr/bin/busybox", 0o755, at(Path::new(BUSYBOX), fs::read(BUSYBOX))?);
    let unit = include_str!("../../vm/furnish.service");
    archive.file(&format!("{UNITS}/furnish.service"), 0o644, unit);
    archive.link(
        &format!("{UNITS}/initrd.target.wants/furnish.service"),
        "../furnish.service",
    );
    Ok(archive.to_bytes())
}

/// The initrd that the scenario's script makes, with the commands under test, their packages and its files at hand.
fn made(scenario: &Scenario, setting: &Setting) -> Result<Vec<u8>> {
    let mut archive = Archive::default();
    commands(&mut archive, "", setting.bin_dir)?;
    packages(&mut archive, "", setting.bin_dir)?;
    for (to, from) in &scenario.settings.files {
        copy(&mut archive, &scenario.dir.join(from), to)?;
    }
    let builder_name = scenario.settings.builder(setting.debian);
    let builder = setting.cache.join(&builder_name);
    let script = scenario.dir.join("make-initrd");
    let script = at(&script, script.canonicalize())?;
    let in_root = Path::new(env!("CARGO_MANIFEST_DIR")).join("vm/in-root");
    let archive = archive.to_bytes();

    // Making one takes longer than booting it. The same ingredients give the same.
    let mut hasher = DefaultHasher::new();
    archive.hash(&mut hasher);
    for path in [
        &script,
        &in_root,
        &builder.join("version"),
        &setting.kernel.dir.join("version"),
    ] {
        at(path, fs::read(path))?.hash(&mut hasher);
    }
    let command_line = scenario.settings.command_line();
    if scenario.settings.uki {
        command_line.hash(&mut hasher);
    }
    let mut files_hasher = DefaultHasher::new();
    scenario.settings.files.hash(&mut files_hasher);
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let kept = setting.cache.join("initrds");
    let prefix = format!(
        "{builder_name}-{}-{}-{:08x}-",
        name(&script),
        name(&setting.kernel.dir),
        files_hasher.finish() as u32
    );
    let kept_path = kept.join(format!("{prefix}{:016x}", hasher.finish()));
    if let Ok(initrd) = fs::read(&kept_path) {
        return Ok(initrd);
    }

    let (files, initrd, log) = (
        setting.dir.join("files"),
        setting.dir.join("initrd"),
        setting.dir.join("make-initrd"),
    );
    at(&files, fs::write(&files, archive))?;
    let output = Command::new("unshare")
        .args(["--mount", "--fork", "--pid", "--kill-child"])
        .arg(in_root)
        .env("COMMAND_LINE", command_line)
        .args([&builder.join("tree"), &setting.kernel.dir, &files, &script, &initrd])
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("unshare (of util-linux) did not start: {e}"))?;
    let said = [output.stdout, output.stderr].concat();
    at(&log, fs::write(&log, &said))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&said);
        return Err(format!("make-initrd: {}:\n{}", output.status, said.trim_end()));
    }
    let made = at(&initrd, fs::read(&initrd))?;
    keep(&kept, &prefix, &kept_path, &made)?;
    Ok(made)
}

/// Keeps an image in the place of those before it, whose names have the same prefix. Images are made side by side, so each is
/// written into a file of its own.
fn keep(folder: &Path, prefix: &str, path: &Path, made: &[u8]) -> Result<()> {
    at(folder, fs::create_dir_all(folder))?;
    for entry in at(folder, fs::read_dir(folder))?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            let _ = fs::remove_file(entry.path());
        }
    }
    let mut half = at(folder, tempfile::Builder::new().prefix(".").tempfile_in(folder))?;
    at(folder, half.write_all(made))?;
    at(path, half.persist(path).map_err(io::Error::from))?;
    Ok(())
}

fn add_modules(archive: &mut Archive, own: &[&str], more: &[String], kernel: &Kernel, hidden: &[String]) -> Result<()> {
    let mut names: Vec<String> = COMMON.iter().chain(own).map(|&n| n.to_owned()).collect();
    names.extend(more.iter().cloned());
    let mut list = String::new();
    for module in kernel.load_order(&names, hidden)? {
        let path = format!("/lib/modules/{}.ko", module.name);
        list.push_str(&format!("{path}\n"));
        archive.file(&path, 0o644, module.content);
    }
    archive.file("/etc/modules", 0o644, list);
    Ok(())
}

/// The commands, if there are any, as initramfs/install leaves them: one file, and the links to it. Other programs that happen to lie there (the
/// test programs do) would only make the archive big.
fn commands(archive: &mut Archive, root: &str, bin_dir: &Path) -> Result<()> {
    const ALL: &str = "nbft";
    let file = bin_dir.join(ALL);
    if !file.is_file() {
        return Ok(());
    }
    archive.file(&format!("{root}/usr/bin/{ALL}"), 0o755, at(&file, fs::read(&file))?);
    for name in names(bin_dir)? {
        if fs::read_link(bin_dir.join(&name)).is_ok_and(|target| target == Path::new(ALL)) {
            archive.link(&format!("{root}/usr/bin/{}", name.to_string_lossy()), ALL);
        }
    }
    Ok(())
}

/// The Debian packages of the commands, if there are any.
fn packages(archive: &mut Archive, root: &str, bin_dir: &Path) -> Result<()> {
    let packages = bin_dir.join("debs");
    if packages.is_dir() {
        copy(archive, &packages, &format!("{root}/src/debs"))?;
    }
    Ok(())
}

/// What is in a folder, in an order of its own: the same files make the same archive.
fn names(dir: &Path) -> Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in at(dir, fs::read_dir(dir))? {
        names.push(at(dir, entry)?.file_name());
    }
    names.sort();
    Ok(names)
}

fn copy(archive: &mut Archive, from: &Path, to: &str) -> Result<()> {
    if from.is_dir() {
        for name in names(from)? {
            let to = format!("{to}/{}", name.to_string_lossy());
            copy(archive, &from.join(&name), &to)?;
        }
        return Ok(());
    }
    let mode = at(from, fs::metadata(from))?.permissions().mode() & 0o777;
    archive.file(to, mode, at(from, fs::read(from))?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Images that are kept at the same time do not take each other's place.
    #[test]
    fn images_are_kept_side_by_side() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        std::thread::scope(|scope| {
            for image in 0..4 {
                let folder = folder.path();
                scope.spawn(move || {
                    let (prefix, made) = (format!("image-{image}-"), vec![image; 1 << 20]);
                    for round in 0..10 {
                        let path = folder.join(format!("{prefix}{round}"));
                        keep(folder, &prefix, &path, &made).expect("kept");
                        assert!(fs::read(&path).is_ok_and(|kept| kept == made), "{}", path.display());
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(folder.path())?.count(), 4);
        Ok(())
    }
}
