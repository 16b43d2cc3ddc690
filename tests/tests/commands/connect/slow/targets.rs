//! nbft-connect against targets that misbehave, on this machine's loopback interface: each failure has its exit status and
//! its words, and none takes longer than its time limits.
//!
//! The kernel's device is a file that answers every option line with a controller: these tests are about all that comes
//! before the kernel. The scenarios `bad-target`, `bad-discovery` and `stay` ask a real kernel.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Folder, Ran, busy_manager, command, notice, run};
use nbft_tests::builder::Description;
use nbft_tests::target::Target;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

pub const NQN: &str = "nqn.2026-01.example:disk";
const HOST: &str = "nqn.2014-08.org.nvmexpress:uuid:f8131bac-cdef-4165-866b-5998c1e67890";

/// A target with one subsystem at port 1, and these lines.
pub fn target(lines: &str) -> Target {
    let description = format!("subsystem {NQN} allow {HOST}\nnamespace {NQN} 1 0fa5d0a1-9a6e-4c6b-8a43-5f0f3a1e0001\n");
    Target::start(&format!("{description}port 1 127.0.0.1 0 {NQN}\n{lines}")).expect("a target")
}

/// A machine whose NBFT names this target, over the loopback interface.
pub fn machine(target: &Target, more: &str) -> Folder {
    let port = target.address(1).expect("address").port();
    let table = format!(
        r#"
        [host]
        nqn = "{HOST}"
        id = "f8131bac-cdef-4165-866b-5998c1e67890"
        [[hfi]]
        mac_addr = "00:00:00:00:00:00"
        ipaddr = "127.0.0.1"
        subnet_mask_prefix = 8
        [[subsystem]]
        traddr = "127.0.0.1"
        trsvcid = "{port}"
        subsys_nqn = "{NQN}"
        {more}
        [[discovery]]
        hfi = 1
        uri = "nvme+tcp://127.0.0.1:{port}/"
        "#
    );
    let machine = Folder::new();
    let table = Description::from_toml(&table).expect("description").build();
    machine.file("/sys/firmware/acpi/tables/NBFT", table);
    machine.file("/sys/class/net/lo/address", "00:00:00:00:00:00\n");
    machine.file("/sys/class/net/lo/ifindex", "1\n");
    // Whatever the length of the line, the rest of the file is an answer.
    machine.file("/dev/nvme-fabrics", ",instance=0".repeat(372));
    // The registry forgets controllers that do not exist.
    machine.file("/sys/class/nvme/nvme0/state", "live\n");
    machine
}

pub fn connect(machine: &Folder, arguments: &[&str]) -> Command {
    let mut command = command("nbft-connect");
    command.args(arguments).env("NBFT_ROOT", machine.path());
    command
}

/// Runs a command that has to end within a time.
fn within(seconds: u64, command: &mut Command) -> Ran {
    let begun = Instant::now();
    let ran = run(command);
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(seconds), "{took:?}: {ran:?}");
    ran
}

#[test]
fn each_fault_has_its_status() {
    // The shortest time limit that a busy machine keeps.
    let arguments = ["--ssns", "1", "--probe-timeout", "0.7"];
    for (fault, code, words) in [
        ("", 0, ""),
        ("accept hang", 75, "TCP is accepted, but no NVMe/TCP answer comes"),
        ("accept close", 75, "the target closed the connection after TCP"),
        ("accept dribble 100", 75, "timed out: TCP is accepted"),
        ("icresp hang", 75, "TCP is accepted, but no NVMe/TCP answer comes"),
        ("icresp garbage", 75, "does not speak NVMe/TCP"),
        ("icresp cut 7", 75, "timed out"),
        ("icresp terminate 6", 75, "Unsupported Parameter (fatal error status 6)"),
        ("connect hang", 75, "speaks NVMe/TCP, but does not answer Connect"),
        ("connect lose", 75, "does not answer Connect"),
        (
            "connect close",
            75,
            "the target closed the connection instead of answering Connect",
        ),
        (
            "connect reset",
            75,
            "the target closed the connection instead of answering Connect",
        ),
        ("connect cut 23", 75, "does not answer Connect"),
        ("connect garbage", 75, "does not follow the protocol"),
        ("connect terminate", 75, "the target ends the connection"),
        ("connect refuse 0x181", 75, "busy"),
        ("connect refuse 0x4181", 75, "busy"),
        ("connect refuse 0x6", 75, "NVMe status 0x006"),
        ("connect refuse 0x4006", 77, "NVMe status 0x006"),
        ("connect refuse 0x184", 75, "does not allow host"),
        ("connect refuse 0x4184", 77, "does not allow host"),
        ("connect refuse 0x182 result=0x10100", 75, "has no subsystem"),
        ("connect refuse 0x4182 result=0x10100", 78, "has no subsystem"),
    ] {
        let line = if fault.is_empty() {
            String::new()
        } else {
            format!("fault {fault}")
        };
        let target = target(&line);
        let ran = within(10, &mut connect(&machine(&target, ""), &arguments));
        assert_eq!(ran.code, Some(code), "{fault}: {ran:?}");
        assert!(
            ran.stderr.contains(words) && ran.stderr.lines().count() == usize::from(code != 0),
            "{fault}: {ran:?}"
        );
    }
}

/// The firmware could not reach the SSNS either, so a connection that fails is no failure; whatever else goes wrong is.
#[test]
fn unavailable_excuses_no_other_failure() {
    let excuse = "SSNS 1: not connected; the firmware could not reach it either, so this is no failure\n";
    for (fault, arguments, code, words) in [
        ("", &[][..], 0, ""),
        ("unlisten 1", &[], 0, "connection refused"),
        ("fault connect refuse 0x4184", &[], 0, "does not allow host"),
        ("fault connect refuse 0x4182 result=0x10100", &[], 0, "has no subsystem"),
        ("unlisten 1", &["--all-paths"], 0, "connection refused"),
        ("unlisten 1", &["--check"], 0, "connection refused"),
        ("", &["--hfi", "9"], 66, "not reached over HFI 9"),
        ("", &["--tls-key-file", "/nonexistent"], 66, "/nonexistent: "),
    ] {
        let target = target(fault);
        let machine = machine(&target, "availability = \"unavailable\"");
        let ran = within(10, &mut connect(&machine, &[&["--ssns", "1"], arguments].concat()));
        assert_eq!(ran.code, Some(code), "{arguments:?}: {ran:?}");
        assert!(ran.stderr.contains(words), "{arguments:?}: {ran:?}");
        let excused = code == 0 && !words.is_empty();
        assert_eq!(ran.stderr.ends_with(excuse), excused, "{arguments:?}: {ran:?}");
    }
    // It is connected, and nobody can read how it is called.
    let target = target("");
    let machine = machine(&target, "availability = \"unavailable\"");
    let command = connect(&machine, &[]);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "exec \"$0\" --ssns 1 >&-"])
        .arg(command.get_program());
    let ran = within(10, shell.env("NBFT_ROOT", machine.path()));
    assert_eq!(ran.code, Some(74), "{ran:?}");
    assert!(
        machine.join("run/nvme/registry/nvme0/owner").exists() && !ran.stderr.contains(excuse),
        "{ran:?}"
    );
}

/// One faltering moment is no reason to give up, however the target falters.
#[test]
fn what_passes_is_retried() {
    for fault in [
        "accept close",
        "icresp hang",
        "connect close",
        "connect hang",
        "connect refuse 0x181",
    ] {
        let target = target(&format!("fault {fault} times=1"));
        let arguments = ["--ssns", "1", "--retry", "20", "--probe-timeout", "0.5"];
        let ran = within(20, &mut connect(&machine(&target, ""), &arguments));
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(0), "nvme0\n"),
            "{fault}: {ran:?}"
        );
    }
}

/// The target's controller for the probe goes before the kernel comes, and in order.
#[test]
fn a_probe_ends_in_order() {
    let target = target("");
    let ran = within(5, &mut connect(&machine(&target, ""), &["--ssns", "1"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let counts = target
        .wait_for(Duration::from_secs(5), |counts| counts.controllers.now == 0)
        .expect("no controller is left");
    assert_eq!((counts.connects, counts.ends.reset), (1, 0), "{counts:?}");
    // Targets may keep a controller that is lost.
    let ends = counts.controller_ends;
    assert_eq!((ends.shutdown, ends.lost), (1, 0), "{counts:?}");
    // Stopped at the greeting, no controller is made.
    let ran = within(
        5,
        &mut connect(&machine(&target, ""), &["--ssns", "1", "--probe", "icresp"]),
    );
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(target.counts().connects, 1);
}

/// The first and the second HFI are one interface here, so the paths differ in their target's address alone.
#[test]
fn a_dead_path_costs_a_healthy_one_nothing() {
    let target = target("fault connect hang");
    let machine = machine(&target, "");
    let healthy = self::target("");
    let port = healthy.address(1).expect("address").port();
    let option = format!("trsvcid={port}");
    let mut waiting = Waiting::start(&mut connect(&machine, &["--ssns", "1", "--stay"]));
    let ran = within(3, &mut connect(&machine, &["--ssns", "1", "-O", &option]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    target.tell("clear").expect("word");
    waiting.end(Signal::SIGTERM);
}

/// A command that runs until it is told to end.
pub struct Waiting(Child);

impl Waiting {
    pub fn start(command: &mut Command) -> Self {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.expect("command"))
    }

    /// Waits until the disk is connected.
    fn until_connected(&self, machine: &Folder) {
        let registry = machine.join("run/nvme/registry/nvme0/owner");
        let begun = Instant::now();
        while !registry.exists() {
            assert!(begun.elapsed() < Duration::from_secs(20), "not connected");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends a signal, which has to end the command within two seconds.
    pub fn end(&mut self, signal: Signal) {
        let begun = Instant::now();
        let pid = Pid::from_raw(i32::try_from(self.0.id()).expect("pid"));
        kill(pid, signal).expect("signal");
        let status = self.0.wait().expect("status");
        assert_eq!(
            std::os::unix::process::ExitStatusExt::signal(&status),
            Some(signal as i32)
        );
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Late export, late permission, late start: a command that stays gets there.
#[test]
fn staying_outlasts_what_is_late() {
    for lines in [
        format!("unexport 1 {NQN}\nexport 1 {NQN} late=1500"),
        format!("forbid {NQN} {HOST}\nallow {NQN} {HOST} late=1500"),
        "unlisten 1\nlisten 1 late=1500".to_owned(),
    ] {
        let target = target(&lines);
        let machine = machine(&target, "");
        let mut waiting = Waiting::start(&mut connect(&machine, &["--ssns", "1", "--stay"]));
        waiting.until_connected(&machine);
        waiting.end(Signal::SIGTERM);
    }
}

/// A systemd that takes no notices holds up no connection, and is told later that the unit has started.
#[test]
fn a_busy_systemd_holds_up_nothing() {
    let target = target("");
    let machine = machine(&target, "");
    let path = machine.join("notify");
    let socket = busy_manager(&path);
    let mut command = connect(&machine, &["--ssns", "1", "--stay"]);
    let mut waiting = Waiting::start(command.env("NOTIFY_SOCKET", &path));
    waiting.until_connected(&machine);
    assert_eq!(notice(&socket), "READY=1");
    waiting.end(Signal::SIGTERM);
}

/// Refusals are repeated less and less, and one that says nothing of the network does not hasten them.
#[test]
fn refusals_are_repeated_slowly() {
    let target = target("fault connect refuse 0x4184");
    let machine = machine(&target, "");
    let mut waiting = Waiting::start(&mut connect(&machine, &["--ssns", "1", "--stay"]));
    std::thread::sleep(Duration::from_secs(5));
    waiting.end(Signal::SIGTERM);
    let connects = target.counts().connects;
    assert!((2..=6).contains(&connects), "{connects} Connects in 5 s");
}

/// nohup(1) and a shell's background jobs start commands that ignore signals.
#[test]
fn ignored_signals_stay_ignored() {
    let target = target("unlisten 1");
    let machine = machine(&target, "");
    let command = connect(&machine, &["--ssns", "1", "--stay"]);
    let program = command.get_program().to_str().expect("UTF-8").to_owned();
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' HUP; exec \"$0\" --ssns 1 --stay", &program]);
    let mut waiting = Waiting::start(shell.env("NBFT_ROOT", machine.path()));
    std::thread::sleep(Duration::from_secs(1));
    let pid = Pid::from_raw(i32::try_from(waiting.0.id()).expect("pid"));
    kill(pid, Signal::SIGHUP).expect("signal");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(waiting.0.try_wait().expect("status"), None);
    waiting.end(Signal::SIGTERM);
}
