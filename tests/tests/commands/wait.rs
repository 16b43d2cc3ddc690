//! nbft-wait on machines made of folders: which device is the one, and what is said while it waits.

use std::os::unix::net::UnixDatagram;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Folder, Ran, busy_manager, command, notice, run};
use nbft_tests::builder::Description;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const NQN: &str = "nqn.2026-01.example:disk";
const UUID: &str = "0fa5d0a1-9a6e-4c6b-8a43-5f0f3a1e0001";

/// A machine with a table of one SSNS, with these keys besides the usual ones.
fn machine(ssns: &str) -> Folder {
    let machine = Folder::new();
    let text = format!(
        "[[hfi]]\nipaddr = \"192.0.2.2\"\n[[subsystem]]\ntraddr = \"192.0.2.1\"\nsubsys_nqn = \"{NQN}\"\n{ssns}\n"
    );
    let table = Description::from_toml(&text).expect("description").build();
    machine.file("/sys/firmware/acpi/tables/NBFT", table);
    machine
}

/// A namespace that can be opened.
fn disk(machine: &Folder, name: &str, nqn: &str, attributes: &[(&str, &str)]) {
    unready_disk(machine, name, nqn, attributes);
    machine.file(&format!("/sys/block/{name}/bdi/uevent"), "");
}

/// A namespace in sysfs, with a node, while the kernel is still making the device.
fn unready_disk(machine: &Folder, name: &str, nqn: &str, attributes: &[(&str, &str)]) {
    machine.file(&format!("/sys/block/{name}/device/subsysnqn"), format!("{nqn}\n"));
    for (attribute, value) in attributes {
        machine.file(&format!("/sys/block/{name}/{attribute}"), format!("{value}\n"));
    }
    machine.file(&format!("/dev/{name}"), "");
}

fn wait(machine: &Folder, arguments: &[&str]) -> Ran {
    run(command("nbft-wait")
        .args(["--timeout", "0"])
        .args(arguments)
        .env("NBFT_ROOT", machine.path()))
}

#[track_caller]
fn finds(machine: &Folder, arguments: &[&str], devices: &str) {
    let ran = wait(machine, arguments);
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (Some(0), devices, ""),
        "{arguments:?}"
    );
}

#[track_caller]
fn misses(machine: &Folder, arguments: &[&str], words: &[&str]) {
    let ran = wait(machine, arguments);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(75), ""), "{ran:?}");
    words
        .iter()
        .for_each(|word| assert!(ran.stderr.contains(word), "{word} in {ran:?}"));
}

#[test]
fn the_number_in_the_name_is_not_the_nsid() {
    let machine = machine("nsid = 7\nnid = \"\"");
    disk(&machine, "nvme0n7", NQN, &[("nsid", "1")]);
    misses(
        &machine,
        &["--ssns", "1"],
        &["no disk of SSNS 1", "/dev/nvme0n7 (nsid 1,"],
    );
    disk(&machine, "nvme0n1", NQN, &[("nsid", "7")]);
    finds(&machine, &["--ssns", "1"], "/dev/nvme0n1\n");
}

#[test]
fn another_subsystem_with_the_same_nsid_is_not_meant() {
    let machine = machine("nsid = 1\nnid = \"\"");
    disk(&machine, "nvme0n1", "nqn.2026-01.example:other", &[("nsid", "1")]);
    misses(&machine, &["--ssns", "1"], &["nqn.2026-01.example:other"]);
}

#[test]
fn identifiers_decide() {
    for (kind, id, attribute, shown) in [
        ("uuid", UUID, "uuid", UUID),
        (
            "nguid",
            "00112233445566778899aabbccddeeff",
            "nguid",
            "00112233-4455-6677-8899-aabbccddeeff",
        ),
        ("eui", "0011223344556677", "eui", "00 11 22 33 44 55 66 77"),
    ] {
        let machine = machine(&format!("nsid = 1\nnid = \"{id}\""));
        disk(
            &machine,
            "nvme0n1",
            NQN,
            &[("nsid", "1"), (attribute, &shown.replace(['1', 'f'], "2"))],
        );
        misses(&machine, &["--ssns", "1"], &["nvme0n1"]);
        disk(&machine, "nvme0n2", NQN, &[("nsid", "9"), (attribute, shown)]);
        finds(&machine, &["--ssns", "1"], "/dev/nvme0n2\n");
        finds(&machine, &["--nid", &format!("{kind}.{id}")], "/dev/nvme0n2\n");
    }
}

/// A disk has an NGUID and no UUID: the kernel shows the NGUID as `uuid`, too, and only `wwid` tells which one it is.
#[test]
fn a_uuid_and_an_nguid_with_the_same_digits() {
    let digits = UUID.replace('-', "");
    let nguid = [("nguid", UUID), ("uuid", UUID), ("wwid", &format!("eui.{digits}"))];
    let uuid = [("uuid", UUID), ("wwid", &format!("uuid.{UUID}"))];
    for (id, attributes) in [
        (UUID, &nguid[..]),
        (UUID, &nguid[2..]),
        (&digits, &uuid),
        (&digits, &uuid[1..]),
    ] {
        let machine = machine(&format!("nsid = 1\nnid = \"{id}\""));
        disk(&machine, "nvme0n1", NQN, &[&[("nsid", "9")], attributes].concat());
        finds(&machine, &["--ssns", "1"], "/dev/nvme0n1\n");
        let kind = if id == UUID { "uuid" } else { "nguid" };
        finds(&machine, &["--nid", &format!("{kind}.{id}")], "/dev/nvme0n1\n");
    }
}

/// An identifier of another kind says nothing.
#[test]
fn without_an_identifier_of_the_kind_the_nsid_decides() {
    let digits = "00112233445566778899aabbccddeeff";
    let dashed = "00112233-4455-6677-8899-aabbccddeeff";
    let nguid = [("nguid", dashed), ("uuid", dashed), ("wwid", &format!("eui.{digits}"))];
    let uuid = [("uuid", dashed), ("wwid", &format!("uuid.{dashed}"))];
    let eui = [("eui", "00 11 22 33 44 55 66 77"), ("wwid", "eui.0011223344556677")];
    let none = [("wwid", "nvme.1b36-6e626674-51454d55-00000001")];
    for (id, attributes) in [
        (UUID, &nguid[..]),
        (UUID, &eui),
        (UUID, &none),
        ("0fa5d0a19a6e4c6b8a435f0f3a1e0001", &uuid),
        ("0fa5d0a19a6e4c6b8a435f0f3a1e0001", &eui),
        ("8899aabbccddeeff", &nguid),
        ("8899aabbccddeeff", &none),
    ] {
        let machine = machine(&format!("nsid = 2\nnid = \"{id}\""));
        disk(&machine, "nvme0n1", NQN, &[&[("nsid", "1")], attributes].concat());
        misses(&machine, &["--ssns", "1"], &["nvme0n1"]);
        disk(&machine, "nvme0n2", NQN, &[&[("nsid", "2")], attributes].concat());
        finds(&machine, &["--ssns", "1"], "/dev/nvme0n2\n");
    }
}

#[test]
fn hidden_paths_of_a_multipath_device_are_no_disks() {
    let machine = machine(&format!("nsid = 1\nnid = \"{UUID}\""));
    disk(
        &machine,
        "nvme0c0n1",
        NQN,
        &[("nsid", "1"), ("uuid", UUID), ("hidden", "1")],
    );
    misses(&machine, &["--ssns", "1"], &["NVMe disks: none"]);
    disk(
        &machine,
        "nvme0n1",
        NQN,
        &[("nsid", "1"), ("uuid", UUID), ("hidden", "0")],
    );
    finds(&machine, &["--ssns", "1"], "/dev/nvme0n1\n");
}

#[test]
fn a_device_without_node_is_not_there() {
    let machine = machine(&format!("nsid = 1\nnid = \"{UUID}\""));
    disk(&machine, "nvme0n1", NQN, &[("nsid", "1"), ("uuid", UUID)]);
    std::fs::remove_file(machine.join("dev/nvme0n1")).expect("node");
    misses(&machine, &["--ssns", "1"], &["/dev/nvme0n1"]);
}

/// The kernel shows a disk and its node before the disk can be opened.
#[test]
fn a_disk_in_the_making_is_waited_for() {
    let machine = machine(&format!("nsid = 1\nnid = \"{UUID}\""));
    let attributes = [("nsid", "1"), ("uuid", UUID)];
    unready_disk(&machine, "nvme0n1", NQN, &attributes);
    misses(&machine, &["--ssns", "1"], &["no disk of SSNS 1"]);
    disk(&machine, "nvme0n1", NQN, &attributes);
    finds(&machine, &["--ssns", "1"], "/dev/nvme0n1\n");
}

#[test]
fn partitions_paths_any_and_all() {
    let machine = machine(&format!("nsid = 1\nnid = \"{UUID}\""));
    disk(&machine, "nvme0n1", NQN, &[("nsid", "1"), ("uuid", UUID)]);
    misses(
        &machine,
        &["--ssns", "1", "--partition", "2"],
        &["no partition 2 on the disk of SSNS 1"],
    );
    machine.file("/dev/nvme0n1p2", "");
    misses(&machine, &["--ssns", "1", "--partition", "2"], &["no partition 2"]);
    machine.file("/sys/block/nvme0n1/nvme0n1p2/holders/none", "");
    finds(&machine, &["--ssns", "1", "--partition", "2"], "/dev/nvme0n1p2\n");
    finds(&machine, &["/dev/none", "--ssns", "1"], "/dev/nvme0n1\n");
    misses(
        &machine,
        &["--all", "/dev/none", "--ssns", "1"],
        &["timed out after 0 s: no /dev/none;"],
    );
    finds(
        &machine,
        &["--all", "/dev/nvme0n1p2", "--ssns", "1"],
        "/dev/nvme0n1p2\n/dev/nvme0n1\n",
    );
    finds(&machine, &["/dev/nvme0n1p2", "--ssns", "1"], "/dev/nvme0n1p2\n");
}

#[test]
fn wrong_calls() {
    let machine = machine("nsid = 1");
    for (arguments, code) in [
        (&[][..], 64),
        (&["--nid", "uuid.x"], 64),
        (&["--nid", "eui.00112233445566778899aabbccddeeff"], 64),
        (&["--ssns", "2"], 66),
        (&["--ssns", "1", "--timeout", "-1"], 64),
        (&["--ssns", "1", "--partition", "0"], 64),
    ] {
        let ran = wait(&machine, arguments);
        assert_eq!(
            (ran.code, ran.stderr.lines().count()),
            (Some(code), 1),
            "{arguments:?}: {ran:?}"
        );
    }
}

/// systemd is told what is waited for, and a signal ends it at once, with nothing on standard output.
#[test]
fn status_and_signal() {
    let machine = machine(&format!("nsid = 1\nnid = \"{UUID}\""));
    let path = machine.join("notify");
    let socket = UnixDatagram::bind(&path).expect("socket");
    let begun = Instant::now();
    let child = command("nbft-wait")
        .args(["--ssns", "1", "--timeout", "600"])
        .env("NBFT_ROOT", machine.path())
        .env("NOTIFY_SOCKET", &path)
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let status = notice(&socket);
    assert!(
        status.starts_with("STATUS=no disk of SSNS 1; NVMe controllers: none"),
        "{status}"
    );
    let process = Pid::from_raw(child.id().try_into().expect("a process"));
    kill(process, Signal::SIGTERM).expect("signalled");
    let output = child.wait_with_output().expect("ends");
    assert_eq!(output.status.signal(), Some(15));
    assert!(output.stdout.is_empty() && begun.elapsed() < Duration::from_secs(300));
}

/// systemd may wait for the very disk that is waited for, and take no notices: the wait ends in time all the same.
#[test]
fn a_busy_systemd_holds_up_nothing() {
    let machine = Folder::new();
    let path = machine.join("notify");
    let socket = busy_manager(&path);
    let begin = |timeout: &str| {
        let mut command = command("nbft-wait");
        command
            .args(["--timeout", timeout, "/none"])
            .env("NOTIFY_SOCKET", &path);
        command.stderr(Stdio::piped()).spawn().expect("starts")
    };
    let mut child = begin("0.1");
    let begun = Instant::now();
    while child.try_wait().expect("a child").is_none() {
        if begun.elapsed() > Duration::from_secs(30) {
            child.kill().expect("killed");
            panic!("held up");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(child.wait().expect("ended").code(), Some(75));
    // What systemd has missed comes once systemd reads again, although nothing has happened since.
    let mut child = begin("600");
    let status = notice(&socket);
    child.kill().expect("killed");
    child.wait().expect("ended");
    assert!(status.starts_with("STATUS=no /none; NVMe controllers: "), "{status}");
}
