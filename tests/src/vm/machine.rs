//! One virtual machine: QEMU with a serial console into a log file and ports to the harness.

use std::fs;
use std::fs::File;
use std::io::Write;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::architecture::Architecture;
use super::{Result, at};

/// The parts of a machine.
pub struct Hardware<'a> {
    /// The program that emulates it.
    pub qemu: &'a Path,
    /// Its processor and board.
    pub architecture: Architecture,
    /// `host` or `target`: names its files.
    pub role: &'a str,
    /// The uncompressed kernel; none if `initramfs` is a unified kernel image (UKI), which UEFI has to start.
    pub kernel: Option<&'a Path>,
    /// The uncompressed cpio archive, or the UKI.
    pub initramfs: &'a [u8],
    /// The kernel command line, which a UKI has inside.
    pub cmdline: &'a str,
    /// UEFI, instead of QEMU's own firmware.
    pub firmware: Option<&'a Path>,
    /// ACPI tables, by the name of the file they are written to.
    pub tables: &'a [(String, Vec<u8>)],
    /// The network interfaces.
    pub nics: Vec<Nic>,
    /// An image of a disk, of which the machine gets a throw-away copy.
    pub disk: Option<&'a Path>,
    /// Empty disks after it: the megabytes of each.
    pub empty_disks: &'a [u64],
    /// Whether QEMU writes all that goes over the first interface into the file `ROLE-wire`.
    pub capture: bool,
    /// Megabytes.
    pub memory: u32,
    /// Whether a reboot starts it again; otherwise it ends the machine.
    pub reboots: bool,
}

/// A network interface.
pub struct Nic {
    /// Its MAC address.
    pub mac: String,
    /// The other end of its cable.
    pub cable: Cable,
}

/// The other end of a cable.
#[derive(Clone, Copy)]
pub enum Cable {
    /// The interface of this number of the other machine.
    Peer(usize),
    /// Another interface of this machine, which has the same number here.
    Hub(usize),
}

/// A running machine; dropping it ends it.
pub struct Machine {
    /// The port the host script's output comes through.
    pub output: UnixStream,
    /// The port for lines between the machine's first process and the harness.
    pub control: UnixStream,
    monitor: UnixStream,
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
        command.args(["--pdeathsig", "KILL"]).arg(hardware.qemu);
        command.args(hardware.architecture.board());
        command.args(["-nodefaults", "-no-user-config", "-m"]);
        command.arg(hardware.memory.to_string());
        command.args(["-display", "none"]);
        if !hardware.reboots {
            command.arg("-no-reboot");
        }
        command.arg("-serial").arg(format!("file:{}", log.display()));
        if let Some(firmware) = hardware.firmware {
            command.arg("-bios").arg(firmware);
        }
        if let Some(kernel) = hardware.kernel {
            command.arg("-kernel").arg(kernel);
            command.arg("-initrd").arg(&initramfs);
            command.arg("-append").arg(hardware.cmdline);
        } else {
            command.arg("-kernel").arg(&initramfs);
        }
        for (name, content) in hardware.tables {
            let table = dir.join(name);
            at(&table, fs::write(&table, content))?;
            command.arg("-acpitable").arg(format!("file={}", table.display()));
        }
        for (number, nic) in hardware.nics.iter().enumerate() {
            command.args(network(role, number, nic, dir));
        }
        if hardware.capture {
            let file = path("wire").display().to_string().replace(',', ",,");
            command.args(["-object", &format!("filter-dump,id=wire,netdev=nic0,file={file}")]);
        }
        if let Some(disk) = hardware.disk {
            // A comma in a value is written as two.
            let file = disk.display().to_string().replace(',', ",,");
            let drive = format!("if=none,id=disk,format=raw,snapshot=on,cache=unsafe,file={file}");
            command.args(["-drive", &drive, "-device", "virtio-blk-pci,drive=disk"]);
        }
        for (number, megabytes) in hardware.empty_disks.iter().enumerate() {
            let image = path(&format!("disk{number}"));
            let file = at(&image, File::create(&image))?;
            at(&image, file.set_len(megabytes << 20))?;
            let name = image.display().to_string().replace(',', ",,");
            let drive = format!("if=none,id=disk{number},format=raw,cache=unsafe,discard=unmap,file={name}");
            let device = format!("virtio-blk-pci,drive=disk{number}");
            command.args(["-drive", &drive, "-device", &device]);
        }
        command.args(["-device", "virtio-serial-pci"]);
        let mut listeners = Vec::new();
        for port in ["output", "control", "monitor"] {
            let socket = path(port);
            let listener = at(&socket, UnixListener::bind(&socket))?;
            at(&socket, listener.set_nonblocking(true))?;
            listeners.push(listener);
            command
                .arg("-chardev")
                .arg(format!("socket,id={port},path={}", socket.display()));
            match port {
                "monitor" => command.args(["-mon", "chardev=monitor,mode=readline"]),
                _ => command
                    .arg("-device")
                    .arg(format!("virtserialport,chardev={port},name={port}")),
            };
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
        let (Some(qemu), Some(monitor), Some(control), Some(output)) =
            (guard.0.take(), streams.pop(), streams.pop(), streams.pop())
        else {
            return Err(format!("{role}: a port of the machine is missing"));
        };
        Ok(Self {
            output,
            control,
            monitor,
            qemu,
            log,
        })
    }

    /// Pulls out the cable of an interface, or plugs it in: `0 off`, `0 on`.
    pub fn cable(&self, what: &str) -> Result<()> {
        (&self.monitor)
            .write_all(format!("set_link nic{what}\n").as_bytes())
            .map_err(|e| format!("QEMU's monitor does not take a line: {e}"))
    }

    /// The lines of the console that contain one of the words, from there on.
    pub fn console_lines(&self, words: &[String]) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log).replace('\r', "");
        let mut lines = String::new();
        for line in log.lines() {
            if let Some(start) = words.iter().filter_map(|word| line.find(word.as_str())).min() {
                lines.push_str(&line[start..]);
                lines.push('\n');
            }
        }
        lines
    }

    /// How the kernel or its first process crashed, if one did.
    pub fn crash(&self) -> Option<String> {
        let log = fs::read(&self.log).unwrap_or_default();
        crash(&String::from_utf8_lossy(&log))
    }

    /// The end of the console, in a few lines; of a crash the whole, from what led to it.
    pub fn console(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log).replace('\r', "");
        let lines: Vec<&str> = log.lines().collect();
        let panic = lines.iter().position(|line| line.contains("Kernel panic"));
        let (start, end) = match panic {
            Some(panic) => {
                let fault = ["BUG: ", "Oops: ", "cut here", "general protection", "stack segment"];
                let begins = |line: &&str| fault.iter().any(|word| line.contains(word));
                let start = lines.iter().position(begins).unwrap_or(panic).min(panic);
                (start.saturating_sub(5), (panic + 3).min(lines.len()))
            }
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

/// A cable to the other machine is a pair of sockets for datagrams: that needs no privilege, and it
/// does not matter which machine starts first. A cable within the machine is a hub of QEMU's.
fn network(role: &str, number: usize, nic: &Nic, dir: &Path) -> [String; 4] {
    let backend = match nic.cable {
        Cable::Peer(peer) => {
            let end = |role: &str| dir.join(format!("{role}-nic{peer}")).display().to_string();
            let other = if role == "host" { "target" } else { "host" };
            format!(
                "dgram,id=nic{number},local.type=unix,local.path={},remote.type=unix,remote.path={}",
                end(role),
                end(other)
            )
        }
        Cable::Hub(hub) => format!("hubport,id=nic{number},hubid={hub}"),
    };
    [
        "-netdev".to_owned(),
        backend,
        "-device".to_owned(),
        // Without a boot ROM: the firmware would spend time on it.
        format!("virtio-net-pci,netdev=nic{number},mac={},romfile=", nic.mac),
    ]
}

/// A fault in the kernel, or a signal that ended the first process. No program in these machines can cause either, but
/// QEMU 7.2 does: now and then it leaves rubbish in the processor's flags when an interrupt comes. An init that exits, or
/// a missing root file system, is no crash.
fn crash(console: &str) -> Option<String> {
    let (_, panic) = console.split_once("Kernel panic - not syncing: ")?;
    let panic = panic.lines().next()?.trim_end();
    let by_signal = |code: &str| u32::from_str_radix(code, 16).is_ok_and(|code| code & 0x7f != 0);
    let killed = panic
        .split_once("Attempted to kill init! exitcode=0x")
        .is_some_and(|(_, code)| by_signal(code));
    (killed || panic.starts_with("Fatal exception")).then(|| panic.to_owned())
}

#[cfg(test)]
mod tests {
    use super::crash;

    #[test]
    fn crashes() {
        let console =
            |what| format!("[ 1.2] EFLAGS: 3f74c483\n[ 1.3] Kernel panic - not syncing: {what}\r\n[ 1.4] more\n");
        for what in [
            "Fatal exception in interrupt",
            "Attempted to kill init! exitcode=0x0000000b",
        ] {
            assert_eq!(crash(&console(what)).as_deref(), Some(what));
        }
        for what in [
            "Attempted to kill init! exitcode=0x00000100",
            "VFS: Unable to mount root fs on unknown-block(0,0)",
        ] {
            assert_eq!(crash(&console(what)), None, "{what}");
        }
        assert_eq!(crash("Fatal exception"), None);
    }
}
