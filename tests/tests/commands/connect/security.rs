//! Secrets, keys, and security profiles, on machines made of folders.

use super::lines::{NIC, dry_run, machine, one};
use crate::support::{Folder, Ran, command, decoded, fails, run, table};
use nbft_tests::builder::kind;

#[test]
fn security_profiles_are_never_ignored() {
    let table = table("security-required");
    let ran = dry_run(&machine(&table, &[("eth0", NIC, 0)]), &["--ssns", "1"]);
    fails(&ran, 78, "security profile 1 demands");
    // Not even profile 0, which some firmware demands and no table has.
    let table = one(|description| description.table.subsystem[0].security_index = Some(0));
    let ran = dry_run(&machine(&table, &[("eth0", NIC, 0)]), &["--ssns", "1"]);
    fails(&ran, 78, "SSNS 1: demands security profile 0, which does not exist");
}

/// A DH-HMAC-CHAP secret of 32 bytes.
pub const SECRET: &str = "DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:";

#[test]
fn secrets_are_used_and_never_shown() {
    let machine = machine(&one(|_| {}), &[("eth0", NIC, 0)]);
    let file = |name: &str, text: &str| {
        let path = machine.file(&format!("/run/{name}"), text);
        path.to_str().expect("UTF-8").to_owned()
    };
    let run = |option: &str, file: &str| dry_run(&machine, &["--ssns", "1", option, file]);
    let secret = file("secret", &format!("{SECRET}\n"));
    let ran = dry_run(
        &machine,
        &[
            "--ssns",
            "1",
            "--dhchap-secret-file",
            &secret,
            "--dhchap-ctrl-secret-file",
            &secret,
        ],
    );
    assert!(
        ran.stdout
            .ends_with(",dhchap_secret=(not shown),dhchap_ctrl_secret=(not shown)\n"),
        "{ran:?}"
    );
    let alone = run("--dhchap-ctrl-secret-file", &secret);
    fails(&alone, 78, "the controller's secret needs the host's secret as well");
    let fifo = machine.join("run/fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).expect("FIFO");
    for (path, code, words) in [
        ("/nowhere".to_owned(), 66, "/nowhere: No such file"),
        ("/dev/zero".to_owned(), 66, "/dev/zero: is not a regular file"),
        (fifo.to_str().expect("UTF-8").to_owned(), 66, "is not a regular file"),
        (machine.path().to_str().expect("UTF-8").to_owned(), 66, "is a directory"),
        (file("long", &"x".repeat(5000)), 78, "is too large for a secret"),
        (file("version", "DHHC-2:hidden"), 78, "it does not begin with DHHC-1:"),
        (
            file("short", "DHHC-1:00:aGlkZGVu:"),
            78,
            "its key has 2 bytes, not 32, 48, 64",
        ),
        (
            file("sum", &SECRET.replace("aQ2n", "aQ2o")),
            78,
            "its checksum is wrong",
        ),
        (file("half", &SECRET[..40]), 78, "no colon ends it"),
    ] {
        let ran = run("--dhchap-secret-file", &path);
        assert!(
            !ran.stderr.contains("hidden") && !ran.stderr.contains("aGlkZGVu"),
            "{ran:?}"
        );
        fails(&ran, code, words);
    }
}

/// The secret of a subsystem goes before the one for all; the table cannot name a file elsewhere.
#[test]
fn each_subsystem_may_have_a_secret() {
    let nqn = "nqn.2026-01.example:disk";
    let table = one(|description| description.table.subsystem[0].subsys_nqn = nqn.to_owned());
    let machine = machine(&table, &[("eth0", NIC, 0)]);
    let has_secret = |machine: &Folder| {
        dry_run(machine, &["--ssns", "1"])
            .stdout
            .contains("dhchap_secret=(not shown)")
    };
    assert!(!has_secret(&machine));
    let own = machine.file(&format!("/etc/nbft/dhchap/{nqn}/host-secret"), SECRET);
    assert!(has_secret(&machine));
    // The common one is not even read.
    machine.file("/etc/nbft/dhchap/host-secret", "nonsense");
    assert!(has_secret(&machine));
    std::fs::remove_file(own).expect("file");
    fails(
        &dry_run(&machine, &["--ssns", "1"]),
        78,
        "host-secret: is not a DH-HMAC-CHAP secret",
    );
    std::fs::remove_file(machine.join("etc/nbft/dhchap/host-secret")).expect("file");
    let table = one(|description| description.table.subsystem[0].subsys_nqn = "../../../run".to_owned());
    machine.file("/sys/firmware/acpi/tables/NBFT", table);
    machine.file("/run/host-secret", SECRET);
    assert!(!has_secret(&machine));
}

/// A TLS key for SHA-256.
pub const TLS_KEY: &str = "NVMeTLSkey-1:01:VRLbtnN9AQb2WXW3c9+wEf/DRLz0QuLdbYvEhwtdWwNf9LrZ:";

/// A machine whose table says this of a secure channel, and the NQNs of host and subsystem.
pub fn tls_machine(channel: Option<&str>) -> (Folder, String, String) {
    let mut description = kind("security-required").expect("kind");
    description.table.hfi[0].mac_addr = NIC.parse().expect("MAC address");
    match channel {
        None => description.table.subsystem[0].security_index = None,
        Some(word) => {
            let profile = &mut description.table.security[0];
            profile.in_band_auth = serde_json::from_value("not supported".into()).expect("word");
            profile.secure_channel = serde_json::from_value(word.into()).expect("word");
        }
    }
    let table = description.build();
    let decoded = decoded(&table).expect("a good table");
    let nqns = (decoded.host.nqn.clone(), decoded.subsystem[0].subsys_nqn.clone());
    (machine(&table, &[("eth0", NIC, 0)]), nqns.0, nqns.1)
}

fn uses_tls(ran: &Ran) -> bool {
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.stdout.trim_end().split(',').any(|field| field == "tls")
}

/// A profile that demands TLS is met with a key file, or where the kernel's keyring has the key for just this host and
/// subsystem.
#[test]
fn tls_needs_a_key() {
    let (machine, nqn, subsystem) = tls_machine(Some("required"));
    let run = || dry_run(&machine, &["--ssns", "1"]);
    fails(
        &run(),
        78,
        "demands a secure channel (TLS), but no key for this host and subsystem was found",
    );
    let key = format!("1b2c3d4e I--Q---     1 perm 3b010000     0     0 psk       NVMe1R01 {nqn} {subsystem} x: 32\n");
    // The keys of other subsystems, whose names only begin alike.
    let others = format!(
        "{}{}",
        key.replace(&subsystem, &format!("{subsystem}2")),
        key.replace(&nqn, &format!("{nqn}2"))
    );
    machine.file("/proc/keys", others);
    fails(&run(), 78, "no key for this host and subsystem was found");
    machine.file("/proc/keys", key);
    assert!(uses_tls(&run()));
    // The file comes first, and the key itself is never shown.
    let file = machine.file("/etc/nbft/tls/key", TLS_KEY);
    let ran = run();
    assert!(
        uses_tls(&ran) && ran.stdout.ends_with(",tls_key=(not shown)\n") && !ran.stdout.contains("VRLb"),
        "{ran:?}"
    );
    std::fs::write(&file, TLS_KEY.replace("Nf9LrZ", "Nf9LrA")).expect("file");
    fails(&run(), 78, "/etc/nbft/tls/key: is not a TLS key: its checksum is wrong");
}

/// The profile decides, a key alone does not.
#[test]
fn tls_where_the_profile_allows_it() {
    for (channel, common, own, named) in [
        (None, false, true, true),
        (Some("not supported"), false, false, true),
        (Some("not required"), true, true, true),
        (Some("required"), true, true, true),
    ] {
        let (machine, _, subsystem) = tls_machine(channel);
        if channel != Some("required") {
            assert!(
                !uses_tls(&dry_run(&machine, &["--ssns", "1"])),
                "{channel:?} without a key"
            );
        }
        let file = machine.file("/etc/nbft/tls/key", TLS_KEY);
        assert_eq!(uses_tls(&dry_run(&machine, &["--ssns", "1"])), common, "{channel:?}");
        std::fs::remove_file(file).expect("file");
        machine.file(&format!("/etc/nbft/tls/{subsystem}/key"), TLS_KEY);
        assert_eq!(uses_tls(&dry_run(&machine, &["--ssns", "1"])), own, "{channel:?}");
        let file = machine.file("/run/key", TLS_KEY);
        let file = file.to_str().expect("UTF-8");
        assert_eq!(
            uses_tls(&dry_run(&machine, &["--ssns", "1", "--tls-key-file", file])),
            named,
            "{channel:?}"
        );
    }
}

/// The administrator's option names a key of the keyring, and stands in place of the key in a file.
#[test]
fn the_option_tls_key() {
    for (channel, own) in [(Some("required"), false), (Some("not required"), false), (None, true)] {
        let (machine, _, subsystem) = tls_machine(channel);
        let folder = if own { format!("/{subsystem}") } else { String::new() };
        // The file is not even read.
        machine.file(&format!("/etc/nbft/tls{folder}/key"), "nonsense");
        let ran = dry_run(&machine, &["--ssns", "1", "-O", "tls_key=1234"]);
        assert!(uses_tls(&ran), "{channel:?}");
        let keys: Vec<_> = ran
            .stdout
            .trim_end()
            .split(',')
            .filter(|field| field.starts_with("tls_key"))
            .collect();
        assert_eq!(keys, ["tls_key=1234"], "{channel:?}");
    }
    let (machine, _, _) = tls_machine(None);
    assert!(!uses_tls(&dry_run(&machine, &["--ssns", "1", "-O", "tls_key=1234"])));
}

/// The fields of the line that ask for TLS, or for the agreement on its key.
fn channel(ran: &Ran) -> Vec<&str> {
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let fields = ran.stdout.trim_end().split(',');
    fields
        .filter(|field| matches!(*field, "tls" | "concat" | "tls_key=(not shown)"))
        .collect()
}

/// Without a key, a profile that demands TLS is met by secure concatenation, if host and target prove themselves.
#[test]
fn a_profile_is_met_by_concatenation() {
    let (machine, nqn, subsystem) = tls_machine(Some("required"));
    let run = || dry_run(&machine, &["--ssns", "1"]);
    let no_key = "demands a secure channel (TLS), but no key for this host and subsystem was found";
    machine.file("/etc/nbft/dhchap/host-secret", SECRET);
    fails(&run(), 78, no_key);
    machine.file("/etc/nbft/dhchap/ctrl-secret", SECRET);
    assert_eq!(channel(&run()), ["concat"]);
    // The kernel keeps the key that the two agreed on, for that controller alone.
    let key = |kind| {
        let key = format!(
            "1b2c3d4e I--Q---     1 perm 3b010000     0     0 psk       NVMe1{kind}01 {nqn} {subsystem} x: 32\n"
        );
        machine.file("/proc/keys", key);
    };
    key("G");
    assert_eq!(channel(&run()), ["concat"]);
    key("R");
    assert_eq!(channel(&run()), ["tls"]);
    key("G");
    // The administrator who asks for TLS itself has to have a key.
    fails(&dry_run(&machine, &["--ssns", "1", "-O", "tls"]), 78, no_key);
    machine.file("/etc/nbft/tls/key", TLS_KEY);
    assert_eq!(channel(&run()), ["tls", "tls_key=(not shown)"]);
    // No demand, no concatenation.
    let (machine, _, _) = tls_machine(Some("not required"));
    for file in ["host-secret", "ctrl-secret"] {
        machine.file(&format!("/etc/nbft/dhchap/{file}"), SECRET);
    }
    assert_eq!(channel(&dry_run(&machine, &["--ssns", "1"])), [""; 0]);
}

/// The administrator's option goes before a key that lies there.
#[test]
fn the_option_concat() {
    let machine = machine(&one(|_| {}), &[("eth0", NIC, 0)]);
    let concat = ["--ssns", "1", "-O", "concat"];
    fails(
        &dry_run(&machine, &concat),
        78,
        "the option concat needs a secret, and none was found: put it into /etc/nbft/dhchap/host-secret",
    );
    machine.file("/etc/nbft/dhchap/host-secret", SECRET);
    let key = machine.file("/etc/nbft/tls/key", TLS_KEY);
    assert_eq!(channel(&dry_run(&machine, &concat)), ["concat"]);
    let key = key.to_str().expect("UTF-8");
    for (more, rival) in [
        (["--tls-key-file", key], "--tls-key-file"),
        (["-O", "tls"], "tls"),
        (["-O", "tls_key=1234"], "tls_key"),
    ] {
        let ran = dry_run(&machine, &[concat.as_slice(), more.as_slice()].concat());
        let words = format!("the option concat makes a key of its own, and {rival} asks for another one");
        fails(&ran, 78, &words);
    }
}

/// systemd hands secrets over as credentials.
#[test]
fn credentials_are_secrets() {
    let machine = machine(&one(|_| {}), &[("eth0", NIC, 0)]);
    let credentials = machine.file("/run/credentials/nbft.dhchap-host-secret", SECRET);
    let ran = run(command("nbft-connect")
        .args(["--dry-run", "--ssns", "1"])
        .env("NBFT_ROOT", machine.path())
        .env("CREDENTIALS_DIRECTORY", credentials.parent().expect("folder")));
    assert!(ran.stdout.contains(",dhchap_secret=(not shown)"), "{ran:?}");
}
