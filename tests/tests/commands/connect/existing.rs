//! Controllers that exist already, on machines made of folders.

use super::lines::{NIC, machine, one};
use super::security::{SECRET, TLS_KEY, tls_machine};
use crate::support::{Folder, Ran, command, decoded, fails, run};

/// A live controller of the table's subsystem, connected over the table's HFI, with these further attributes.
fn controller(machine: &Folder, name: &str, attributes: &[(&str, &str)]) {
    let table = std::fs::read(machine.join("sys/firmware/acpi/tables/NBFT")).expect("table");
    let table = decoded(&table).expect("a good table");
    let (ssns, hfi) = (&table.subsystem[0], &table.hfi[0]);
    let address = format!(
        "traddr={},trsvcid={},host_traddr={}",
        ssns.traddr, ssns.trsvcid, hfi.ipaddr
    );
    let usual = [
        ("transport", "tcp"),
        ("state", "live"),
        ("subsysnqn", &ssns.subsys_nqn),
        ("hostnqn", &table.host.nqn),
        ("hostid", &table.host.id.to_string()),
        ("address", &address),
    ];
    for (attribute, value) in usual.iter().chain(attributes) {
        machine.file(&format!("/sys/class/nvme/{name}/{attribute}"), format!("{value}\n"));
    }
    // The kernel offers to connect, and is not asked.
    machine.file("/dev/nvme-fabrics", "");
}

fn connect(machine: &Folder, arguments: &[&str]) -> Ran {
    run(command("nbft-connect")
        .args(["--ssns", "1"])
        .args(arguments)
        .env("NBFT_ROOT", machine.path()))
}

fn up(ran: &Ran, name: &str) {
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (Some(0), &*format!("{name}\n"), ""),
        "{ran:?}"
    );
}

/// A demand for a secure channel is met by a controller over TLS alone.
#[test]
fn a_demand_for_tls_is_met_by_tls() {
    let key = |machine: &Folder| machine.file("/etc/nbft/tls/key", TLS_KEY);
    for (attributes, meets) in [
        (&[][..], false),
        // Kernels before Linux 6.12 have the attribute for every controller.
        (&[("tls_key", "")], false),
        (&[("tls_key", "1b2c3d4e")], true),
    ] {
        let (machine, ..) = tls_machine(Some("required"));
        key(&machine);
        controller(&machine, "nvme3", attributes);
        for arguments in [&[][..], &["--check"]] {
            let ran = connect(&machine, arguments);
            match (meets, arguments.is_empty()) {
                (false, _) => fails(&ran, 78, "nvme3 is connected already, without TLS"),
                (true, true) => up(&ran, "nvme3"),
                (true, false) => assert!(ran.stdout.ends_with(": connected as nvme3\n"), "{ran:?}"),
            }
        }
        assert_eq!(machine.join("run/nvme/registry/nvme3").exists(), meets);
    }
    // Later kernels forget the key until the controller is connected again.
    let (machine, ..) = tls_machine(Some("required"));
    key(&machine);
    controller(&machine, "nvme3", &[("state", "connecting"), ("tls_key", "")]);
    machine.file("/sys/class/nvme-subsystem/nvme-subsys3/nvme3/state", "connecting\n");
    up(&connect(&machine, &[]), "nvme3");
    // Nobody demands TLS.
    let (machine, ..) = tls_machine(Some("not required"));
    key(&machine);
    controller(&machine, "nvme3", &[]);
    up(&connect(&machine, &[]), "nvme3");
    fails(
        &connect(&machine, &["-O", "tls"]),
        78,
        "nvme3 is connected already, without TLS",
    );
}

/// The same with authentication. The kernel says "none" where a controller has no secret.
#[test]
fn a_demand_for_authentication_is_met_by_a_secret() {
    let machine = || {
        let machine = machine(&one(|_| {}), &[("eth0", NIC, 0)]);
        machine.file("/etc/nbft/dhchap/host-secret", SECRET);
        machine.file("/etc/nbft/dhchap/ctrl-secret", SECRET);
        machine
    };
    let demanding = |machine: &Folder, option: &str, file: &str| {
        let file = machine.join(format!("etc/nbft/dhchap/{file}"));
        connect(machine, &[option, file.to_str().expect("UTF-8")])
    };
    let options = [
        ("--dhchap-secret-file", "host-secret"),
        ("--dhchap-ctrl-secret-file", "ctrl-secret"),
    ];
    for (host, ctrl, lacks) in [
        (
            "none",
            "none",
            [
                "without authentication of this host",
                "without authentication of the target",
            ],
        ),
        (SECRET, "none", ["", "without authentication of the target"]),
        (SECRET, SECRET, ["", ""]),
    ] {
        let machine = machine();
        controller(
            &machine,
            "nvme3",
            &[("dhchap_secret", host), ("dhchap_ctrl_secret", ctrl)],
        );
        for ((option, file), lack) in options.into_iter().zip(lacks) {
            let ran = demanding(&machine, option, file);
            if lack.is_empty() {
                up(&ran, "nvme3");
            } else {
                fails(&ran, 78, &format!("nvme3 is connected already, {lack}"));
            }
        }
        // A secret that nobody asked for.
        up(&connect(&machine, &[]), "nvme3");
    }
    // A kernel without authentication has no such attribute.
    let machine = machine();
    controller(&machine, "nvme3", &[]);
    let ran = demanding(&machine, options[0].0, options[0].1);
    fails(
        &ran,
        78,
        "nvme3 is connected already, without authentication of this host",
    );
}

/// Of several controllers, a live one comes first.
#[test]
fn a_live_controller_comes_first() {
    let machine = machine(&one(|_| {}), &[("eth0", NIC, 0)]);
    controller(&machine, "nvme10", &[("state", "connecting")]);
    machine.file("/sys/class/nvme-subsystem/nvme-subsys0/nvme10/state", "connecting\n");
    controller(&machine, "nvme2", &[]);
    up(&connect(&machine, &[]), "nvme2");
}
