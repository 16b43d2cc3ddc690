//! One virtual machine: QEMU with a serial console into a log file and ports to the harness.

use std::fs;
use std::fs::File;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::{Result, at};

/// What a machine is made of.
pub struct Hardware<'a> {
    /// `host` or `target`: names its files.
    pub role: &'a str,
    /// The uncompressed kernel.
    pub kernel: &'a Path,
    /// The uncompressed cpio archive.
    pub initramfs: &'a [u8],
    /// More words for the kernel command line.
    pub cmdline: &'a str,
    /// ACPI tables, by the name of the file they are written to.
    pub tables: &'a [(String, Vec<u8>)],
    /// Number of network interfaces.
    pub nics: u8,
}

/// A running machine; dropping it ends it.
pub struct Machine {
    /// The port the host script's output comes through.
    pub output: UnixStream,
    /// The port for lines between the machine's first process and the harness.
    pub control: UnixStream,
    qemu: Child,
    log: PathBuf,
}

impl Machine {
    /// Starts a machine whose files, log and sockets lie in `dir`.
    pub fn start(hardware: &Hardware, dir: &Path) -> Result<Self> {
        let role = hardware.role;
        let path = |suffix: &str| dir.join(format!("{role}-{suffix}"));
        let (log, initramfs) = (path("console"), path("initramfs"));
        at(&initramfs, fs::write(&initramfs, hardware.initramfs))?;
        let errors = path("qemu-errors");
        let error_file = at(&errors, File::create(&errors))?;

        // If this process dies in a way that runs no destructor, the kernel ends the machine.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "qemu-system-x86_64"]);
        command.args(accelerator());
        command.args(["-M", "q35", "-m", "512", "-nodefaults", "-no-user-config"]);
        command.args(["-display", "none", "-no-reboot"]);
        command.arg("-serial").arg(format!("file:{}", log.display()));
        command.arg("-kernel").arg(hardware.kernel);
        command.arg("-initrd").arg(&initramfs);
        command.arg("-append").arg(format!(
            "console=ttyS0 quiet panic=-1 net.ifnames=0 no_timer_check mitigations=off {}",
            hardware.cmdline
        ));
        for (name, content) in hardware.tables {
            let table = dir.join(name);
            at(&table, fs::write(&table, content))?;
            command.arg("-acpitable").arg(format!("file={}", table.display()));
        }
        for nic in 0..hardware.nics {
            command.args(network(role, nic, dir));
        }
        command.args(["-device", "virtio-serial-pci"]);
        let mut listeners = Vec::new();
        for port in ["output", "control"] {
            let socket = path(port);
            let listener = at(&socket, UnixListener::bind(&socket))?;
            at(&socket, listener.set_nonblocking(true))?;
            listeners.push(listener);
            command
                .arg("-chardev")
                .arg(format!("socket,id={port},path={}", socket.display()));
            command
                .arg("-device")
                .arg(format!("virtserialport,chardev={port},name={port}"));
        }
        let qemu = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(error_file)
            .spawn()
            .map_err(|e| format!("setpriv (of util-linux) did not start: {e}"))?;
        let mut guard = Guard(Some(qemu));
        let mut streams = Vec::new();
        for listener in &listeners {
            streams.push(guard.accept(listener, role, &errors)?);
        }
        let (Some(qemu), Some(control), Some(output)) = (guard.0.take(), streams.pop(), streams.pop()) else {
            return Err(format!("{role}: a port of the machine is missing"));
        };
        Ok(Self {
            output,
            control,
            qemu,
            log,
        })
    }

    /// The end of the console, in a few lines; of a crash the beginning, which names the reason.
    pub fn console(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log).replace('\r', "");
        let lines: Vec<&str> = log.lines().collect();
        let crash = lines.iter().position(|line| line.contains("Kernel panic"));
        let (start, end) = match crash {
            Some(line) => (line.saturating_sub(5), (line + 3).min(lines.len())),
            None => (lines.len().saturating_sub(15), lines.len()),
        };
        match start < end {
            true => lines[start..end].join("\n"),
            false => "(nothing)".to_owned(),
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        end(&mut self.qemu);
    }
}

fn end(qemu: &mut Child) {
    // Errors mean that it has ended already.
    let _ = qemu.kill();
    let _ = qemu.wait();
}

/// Ends QEMU if the machine does not get as far as having its ports.
struct Guard(Option<Child>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(qemu) = &mut self.0 {
            end(qemu);
        }
    }
}

impl Guard {
    /// Waits for QEMU to connect a port, which it does before it starts the machine.
    fn accept(&mut self, listener: &UnixListener, role: &str, errors: &Path) -> Result<UnixStream> {
        loop {
            match listener.accept() {
                Ok((stream, _)) => {
                    stream
                        .set_nonblocking(false)
                        .map_err(|e| format!("{role}: port: {e}"))?;
                    return Ok(stream);
                }
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(e) => return Err(format!("{role}: port: {e}")),
            }
            if let Some(Ok(Some(status))) = self.0.as_mut().map(Child::try_wait) {
                let why = fs::read_to_string(errors).unwrap_or_default();
                return Err(format!("{role}: QEMU ended with {status}: {}", why.trim()));
            }
            sleep(Duration::from_millis(5));
        }
    }
}

/// Interface N of the host is connected to interface N of the target, by datagrams between two
/// sockets: that needs no privilege, and it does not matter which machine starts first.
fn network(role: &str, nic: u8, dir: &Path) -> [String; 4] {
    let end = |role: &str| dir.join(format!("{role}-nic{nic}")).display().to_string();
    let (peer, number) = match role {
        "host" => ("target", 1),
        _ => ("host", 2),
    };
    [
        "-netdev".to_owned(),
        format!(
            "dgram,id=nic{nic},local.type=unix,local.path={},remote.type=unix,remote.path={}",
            end(role),
            end(peer)
        ),
        "-device".to_owned(),
        // Without a boot ROM: the firmware would spend time on it.
        format!("virtio-net-pci,netdev=nic{nic},mac=52:54:00:00:{number:02x}:{nic:02x},romfile="),
    ]
}

/// KVM where it is sure to work, emulation otherwise. QEMU's own fallback is no help: without
/// the processor's support a present /dev/kvm makes it hang.
fn accelerator() -> [&'static str; 4] {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let able = info
        .lines()
        .filter(|line| line.starts_with("flags"))
        .any(|line| line.split(' ').any(|flag| flag == "vmx" || flag == "svm"));
    let opens = File::options().read(true).write(true).open("/dev/kvm");
    match able && opens.is_ok() {
        true => ["-accel", "kvm", "-cpu", "host"],
        false => ["-accel", "tcg", "-cpu", "max"],
    }
}
