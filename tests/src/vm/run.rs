//! Runs a scenario: starts both machines and carries lines between them until the host is done.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::architecture::Architecture;
use super::machine::{Cable, Hardware, Machine, Nic};
use super::modules::Kernel;
use super::scenario::{Root, Scenario, Settings};
use super::{Result, at, initramfs, wire};

/// The result of the host script.
pub struct Outcome {
    /// All it printed.
    pub output: String,
    /// Why the scenario failed whatever was printed, if it did.
    pub failure: Option<String>,
    /// The last lines of each machine's console.
    pub consoles: Vec<(&'static str, String)>,
    /// How a machine's kernel or first process crashed, if one did.
    pub crash: Option<String>,
}

/// Where things are, for every scenario of a run.
pub struct Setting<'a> {
    /// The kernel the host boots.
    pub kernel: &'a Kernel,
    /// The kernel the target boots, which is the same one unless the host is of another architecture.
    pub target_kernel: &'a Kernel,
    /// Where the commands under test lie.
    pub bin_dir: &'a Path,
    /// Where `tests/fetch-root` leaves root file systems.
    pub cache: &'a Path,
    /// The release of the Debian that hosts boot.
    pub debian: &'a str,
    /// A folder for the machines' files.
    pub dir: PathBuf,
    /// Whether the output is shown as it comes.
    pub show: bool,
}

enum Event {
    /// Bytes of the host script's output.
    Output(Vec<u8>),
    /// A line from the host's or the target's first process.
    Host(String),
    Target(String),
    /// A machine's port closed: QEMU ended.
    Closed(&'static str),
}

/// Boots the machines and returns what the host printed. An error is a fault of the set-up.
pub fn run(scenario: &Scenario, setting: &Setting) -> Result<Outcome> {
    let dir = &setting.dir;
    at(dir, fs::create_dir_all(dir))?;
    let settings = &scenario.settings;
    let (sender, events) = channel();
    // The root file system, and whose disk it is.
    let debian = settings.debian.as_deref().unwrap_or(setting.debian);
    let root = setting.cache.join(format!("root-{debian}"));
    let image = root.join("root.ext4");
    // By the file that is written last.
    if settings.root != Root::Busybox && !root.join("version").exists() {
        let place = root.display();
        return Err(format!("no root file system in {place}: run tests/fetch-root first"));
    }
    let (own_disk, far_disk) = match settings.root {
        Root::Busybox => (None, None),
        Root::Initrd if !settings.local_disk => (None, Some(image.as_path())),
        _ => (Some(image.as_path()), None),
    };
    let initramfs = initramfs::host(scenario, setting)?;
    let (own, other) = (settings.architecture, Architecture::X86_64);
    let target = match settings.target {
        true => Some(Machine::start(
            &Hardware {
                qemu: &other.qemu(setting.cache),
                architecture: other,
                role: "target",
                kernel: Some(&setting.target_kernel.image),
                initramfs: &initramfs::target(scenario, setting)?,
                cmdline: &other.command_line(""),
                firmware: other.firmware(),
                tables: &[],
                nics: target_nics(settings),
                disk: far_disk,
                empty_disks: &settings.disks,
                capture: false,
                // The host's initrd and modules take a part.
                memory: if settings.whole { 1024 } else { 512 },
                reboots: false,
            },
            dir,
        )?),
        false => None,
    };
    if let Some(target) = &target {
        read_lines("target", &target.control, sender.clone(), Event::Target)?;
    }
    let memory = match settings.root {
        Root::Busybox => 512,
        _ if settings.uki => 2048,
        _ => 1024,
    };
    let firmware = setting.cache.join("ovmf/OVMF.fd");
    if settings.uki && !firmware.exists() {
        return Err(format!("no {}: run tests/fetch-ovmf first", firmware.display()));
    }
    let host = Machine::start(
        &Hardware {
            qemu: &own.qemu(setting.cache),
            architecture: own,
            role: "host",
            kernel: (!settings.uki).then_some(&setting.kernel.image),
            initramfs: &initramfs,
            cmdline: &settings.command_line(),
            firmware: if settings.uki { Some(&firmware) } else { own.firmware() },
            tables: if settings.tables_in_initramfs {
                &[]
            } else {
                &scenario.tables
            },
            nics: host_nics(settings),
            disk: own_disk,
            empty_disks: &[],
            capture: settings.tls || settings.capture,
            memory,
            reboots: settings.reboots,
        },
        dir,
    )?;
    read_lines("host", &host.control, sender.clone(), Event::Host)?;
    read_output(&host.output, sender)?;

    let mut conversation = Conversation {
        host: &host,
        target: target.as_ref(),
        wire: dir.join("host-wire"),
        host_up: false,
        host_ended: false,
        target_ready: target.is_none(),
        output: Vec::new(),
        shown: if setting.show { Some(0) } else { None },
    };
    let limit = Duration::from_secs(settings.timeout);
    let failure = match conversation.carry(&events, limit) {
        _ if conversation.host_ended && !settings.console.is_empty() => {
            conversation.output = host.console_lines(&settings.console).into_bytes();
            None
        }
        Ok(_) if !settings.console.is_empty() => Some("the host script ran".to_owned()),
        _ if conversation.host_ended && settings.powers_off => None,
        Ok(_) if settings.powers_off => Some("the host script ended before the machine".to_owned()),
        Ok(code) if code == settings.exit => None,
        Ok(code) => Some(format!(
            "the host script ended with exit code {code}, not {}",
            settings.exit
        )),
        Err(why) => Some(why),
    };
    let output = String::from_utf8_lossy(&conversation.output).into_owned();
    at(dir, fs::write(dir.join("output"), &output))?;
    let mut consoles = vec![("host", host.console())];
    if let Some(target) = &target {
        consoles.push(("target", target.console()));
    }
    let crash = host.crash().or_else(|| target.as_ref().and_then(Machine::crash));
    Ok(Outcome {
        output,
        failure,
        consoles,
        crash,
    })
}

/// The host's interfaces, and after them those in its namespace `far`.
fn host_nics(settings: &Settings) -> Vec<Nic> {
    let count = settings.nics();
    let own = (0..count).map(|number| Nic {
        mac: settings.macs.get(number).cloned().unwrap_or_else(|| mac(1, number)),
        cable: match settings.far {
            true => Cable::Hub(number),
            false => Cable::Peer(number),
        },
    });
    let far = (0..if settings.far { count } else { 0 }).map(|number| Nic {
        mac: mac(3, number),
        cable: Cable::Hub(number),
    });
    own.chain(far).collect()
}

/// The target's interfaces, each cabled to the host's of the same number.
fn target_nics(settings: &Settings) -> Vec<Nic> {
    let count = if settings.far { 0 } else { settings.nics() };
    let nic = |number| Nic {
        mac: mac(2, number),
        cable: Cable::Peer(number),
    };
    (0..count).map(nic).collect()
}

fn mac(group: u8, number: usize) -> String {
    format!("52:54:00:00:{group:02x}:{number:02x}")
}

struct Conversation<'a> {
    host: &'a Machine,
    target: Option<&'a Machine>,
    /// What went over the host's first interface.
    wire: PathBuf,
    host_up: bool,
    host_ended: bool,
    target_ready: bool,
    output: Vec<u8>,
    /// How many bytes of the output have been shown, if it is to be shown.
    shown: Option<usize>,
}

impl Conversation<'_> {
    /// Carries lines until the host script ends; returns its exit code.
    fn carry(&mut self, events: &Receiver<Event>, limit: Duration) -> Result<i32> {
        let deadline = Instant::now() + limit;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match events.recv_timeout(left) {
                Ok(Event::Output(bytes)) => {
                    self.output.extend(bytes);
                    let end = self.end();
                    self.show(end.map_or(self.output.len(), |(at, _)| at));
                    if let Some((at, code)) = end {
                        self.output.truncate(at);
                        return Ok(code);
                    }
                }
                Ok(Event::Host(line)) if line == "up" => {
                    self.host_up = true;
                    self.go()?;
                }
                Ok(Event::Host(line)) if line.starts_with("cable ") => {
                    self.host.cable(&line["cable ".len()..])?;
                    send(&self.host.control, "done", "host")?;
                }
                Ok(Event::Host(line)) => match (line.strip_prefix("wire "), self.target) {
                    (Some(text), _) => {
                        let seen = at(&self.wire, fs::read(&self.wire)).map(|all| wire::seen(&all, text.as_bytes()));
                        send(&self.host.control, &seen?, "host")?;
                    }
                    (None, Some(target)) => send(&target.control, &line, "target")?,
                    (None, None) => send(&self.host.control, "done 1", "host")?,
                },
                Ok(Event::Target(line)) => match line.strip_prefix("ready ") {
                    Some("0") => {
                        self.target_ready = true;
                        self.go()?;
                    }
                    Some(code) => {
                        return Err(format!("the target's description failed with {code}"));
                    }
                    None => send(&self.host.control, &line, "host")?,
                },
                Ok(Event::Closed(role)) => {
                    self.host_ended = role == "host";
                    return Err(format!("the {role} machine ended before the host script did"));
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    return Err(self.late(limit));
                }
            }
        }
    }

    /// Lets the host script start once both machines are ready for it.
    fn go(&self) -> Result<()> {
        match self.host_up && self.target_ready {
            true => send(&self.host.control, "go", "host"),
            false => Ok(()),
        }
    }

    fn late(&self, limit: Duration) -> String {
        let what = match (self.host_up, self.target_ready) {
            (true, true) => "the host script did not end",
            (false, _) => "the host machine did not come up",
            (_, false) => "the target machine was not ready",
        };
        format!("{what} within {} s", limit.as_secs())
    }

    /// The end mark in the output, if it is complete: where it begins, and the exit code in it.
    fn end(&self) -> Option<(usize, i32)> {
        const MARK: &[u8] = b"\x04exit ";
        let at = self.output.windows(MARK.len()).rposition(|window| window == MARK)?;
        let rest = String::from_utf8_lossy(&self.output[at + MARK.len()..]);
        rest.strip_suffix('\n')?.parse().ok().map(|code| (at, code))
    }

    fn show(&mut self, until: usize) {
        if let Some(shown) = &mut self.shown {
            // Up to the last whole line: the rest may be the beginning of the end mark.
            let until = match self.output[..until].iter().rposition(|&b| b == b'\n') {
                Some(newline) => newline + 1,
                None => return,
            };
            let mut stdout = std::io::stdout();
            // Nobody reading is no reason to stop: the result counts.
            let _ = stdout.write_all(&self.output[(*shown).min(until)..until]);
            let _ = stdout.flush();
            *shown = until;
        }
    }
}

fn send(mut port: &UnixStream, line: &str, role: &str) -> Result<()> {
    port.write_all(format!("{line}\n").as_bytes())
        .map_err(|e| format!("{role}: the machine does not take a line: {e}"))
}

fn read_lines(role: &'static str, port: &UnixStream, events: Sender<Event>, event: fn(String) -> Event) -> Result<()> {
    let port = port.try_clone().map_err(|e| format!("{role}: port: {e}"))?;
    thread::spawn(move || {
        for line in BufReader::new(port).lines().map_while(|line| line.ok()) {
            if events.send(event(line)).is_err() {
                return;
            }
        }
        let _ = events.send(Event::Closed(role));
    });
    Ok(())
}

fn read_output(port: &UnixStream, events: Sender<Event>) -> Result<()> {
    let mut port = port.try_clone().map_err(|e| format!("host: port: {e}"))?;
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = port.read(&mut buffer) {
            if events.send(Event::Output(buffer[..count].to_vec())).is_err() {
                return;
            }
        }
    });
    Ok(())
}
