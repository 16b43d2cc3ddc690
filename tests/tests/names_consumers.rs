//! What the consumers say of the files: each reads those of every kind of table, and has nothing to complain about.
//! They run in a network namespace of their own; a consumer that this machine lacks is skipped.

mod common;
mod names;

use std::path::Path;
use std::process::Command;

use common::{Folder, Ran, feed, peer_tables, run};
use names::{dump, dump_kind, good, names};
use nbft_tests::builder::{Description, kinds};

/// The description that has everything in it.
fn everything() -> Description {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/names/everything/table.toml");
    Description::from_toml(&std::fs::read_to_string(path).expect("table.toml")).expect("a description")
}

/// JSON of all tables there are, but for the one with 255 interfaces.
fn tables() -> Vec<(String, String)> {
    let few = kinds().into_iter().filter(|(name, _)| *name != "huge");
    let mut all: Vec<_> = few
        .map(|(name, table)| (name.to_owned(), dump(&[("NBFT", &table)])))
        .collect();
    all.push(("everything".to_owned(), dump(&[("NBFT", &everything())])));
    for folder in peer_tables() {
        let ran = run(common::command("nbft-dump").arg(folder.join("NBFT")));
        if ran.code == Some(0) {
            all.push((folder.display().to_string(), ran.stdout));
        }
    }
    all
}

/// A shell where there is a network to configure; none where that is not allowed or one of the programs is missing.
fn namespace(programs: &[&str], script: &str, arguments: &[&str]) -> Option<Ran> {
    for program in programs {
        let found = Command::new("sh")
            .args(["-c", "command -v \"$0\" >/dev/null", program])
            .status();
        if !found.is_ok_and(|status| status.success()) {
            eprintln!("no {program} here: skipped");
            return None;
        }
    }
    if !Command::new("unshare")
        .args(["-nm", "true"])
        .status()
        .is_ok_and(|status| status.success())
    {
        eprintln!("no namespaces here: skipped");
        return None;
    }
    // /sys shows the namespace's interfaces; read-only, it tells systemd that no udevd is there to wait for.
    let script = format!("set -e; mount -t sysfs -o ro none /sys; mount -t tmpfs none /run; {script}");
    let ran = run(Command::new("unshare")
        .args(["-nm", "sh", "-c", &script, "sh"])
        .args(arguments));
    Some(ran)
}

/// Files of all tables in one folder: prefixes keep their names apart.
fn all_files(folder: &Folder, format: &str, arguments: &[&str]) -> usize {
    let directory = folder.0.to_str().expect("UTF-8");
    let mut written = 0;
    for (number, (_, json)) in tables().iter().enumerate() {
        let prefix = format!("t{number}x");
        let ran = names(
            json,
            &[&["--to", format, "-o", directory, "-p", &prefix], arguments].concat(),
        );
        assert_eq!(ran.code, Some(0), "{ran:?}");
        written += ran.stdout.lines().count();
    }
    written
}

#[test]
fn networkd() {
    for arguments in [
        &["--naming=rename"][..],
        &["--naming=none", "--default-route=always"],
        &["--naming=altname"],
    ] {
        let folder = Folder::new("networkd");
        let written = all_files(&folder, "networkd", arguments);
        assert!(written > 40, "{written}");
        let script = "mkdir -p /run/systemd; cp -r \"$1\" /run/systemd/network
            SYSTEMD_LOG_TARGET=console timeout 2 /lib/systemd/systemd-networkd 2>&1 || test $? = 124";
        let directory = folder.0.to_str().expect("UTF-8");
        let Some(ran) = namespace(&["/lib/systemd/systemd-networkd"], script, &[directory]) else {
            return;
        };
        assert!(
            ran.code == Some(0) && ran.stdout.contains("Enumeration completed"),
            "{ran:?}"
        );
        let complaints: Vec<&str> = ran
            .stdout
            .lines()
            .filter(|line| line.contains("/run/systemd/network/"))
            .collect();
        assert!(complaints.is_empty(), "{complaints:?}");
    }
}

/// networkd does with two NICs what the files say.
#[test]
fn networkd_configures() {
    let folder = Folder::new("networkd-live");
    let directory = folder.0.to_str().expect("UTF-8");
    good(&dump(&[("NBFT", &everything())]), &["--to=networkd", "-o", directory]);
    // Without VLANs: not every kernel has them.
    let script = "mkdir -p /run/systemd; cp -r \"$1\" /run/systemd/network; sed -i /VLAN=/d /run/systemd/network/*
        for n in 1 7; do
            ip link add v$n address 52:54:00:00:00:0$n type veth peer name w$n
            ip link set w$n up
        done
        SYSTEMD_LOG_TARGET=console timeout 4 /lib/systemd/systemd-networkd >/dev/null 2>&1 || test $? = 124
        ip -br addr; ip route; ip -6 route";
    let Some(ran) = namespace(&["/lib/systemd/systemd-networkd", "ip"], script, &[directory]) else {
        return;
    };
    for line in [
        "192.0.2.20/24 2001:db8::20/64",
        "192.0.7.20/32",
        "10.0.0.1 via 192.0.2.254 dev v1 proto static metric 500",
        "10.0.0.9 via 192.0.2.254 dev v1 proto static metric 500",
        "10.0.0.1 dev v7 proto static scope link metric 500",
        "default via fe80::1 dev v1 proto static metric 7",
    ] {
        assert!(ran.stdout.contains(line), "{line} in {ran:?}");
    }
    assert_eq!(ran.stdout.matches("default").count(), 1, "{ran:?}");
}

#[test]
fn udevd() {
    let folder = Folder::new("udevd");
    let directory = folder.0.to_str().expect("UTF-8");
    assert!(all_files(&folder, "link", &[]) > 30);
    let json = dump_kind("vlan");
    for (naming, name) in [("rename", "nbft0h1"), ("altname", "v1")] {
        good(&json, &["--to=link", "-o", directory, "--naming", naming]);
        let script = "mkdir -p /run/systemd; cp -r \"$1\" /run/systemd/network; rm -f /run/systemd/network/60-nbft-t*
            cp \"$1\"/60-nbft-t1x* /run/systemd/network/
            ip link add v1 address 52:54:00:00:00:01 type veth peer name w1
            udevadm test-builtin net_setup_link /sys/class/net/v1 2>&1";
        let Some(ran) = namespace(&["udevadm", "ip"], script, &[directory]) else {
            return;
        };
        assert!(ran.stdout.contains("60-nbft-nbft0h1.link is applied"), "{ran:?}");
        assert!(ran.stdout.contains(&format!("ID_NET_NAME={name}\n")), "{ran:?}");
        assert!(!ran.stdout.contains("nbft-t1x0h1.link:"), "{ran:?}");
    }
}

#[test]
fn udev_rules() {
    let folder = Folder::new("udev-rules");
    let directory = folder.0.to_str().expect("UTF-8");
    for (naming, renamed) in [("rename", true), ("none", false)] {
        good(&dump_kind("vlan"), &["--to=udev", "-o", directory, "--naming", naming]);
        let script = "mkdir -p /run/udev; cp -r \"$1\" /run/udev/rules.d
            ip link add v1 address 52:54:00:00:00:01 type veth peer name w1
            udevadm test -a add /sys/class/net/v1 2>&1";
        let Some(ran) = namespace(&["udevadm", "ip"], script, &[directory]) else {
            return;
        };
        assert!(ran.stdout.contains("ID_NBFT=nbft0h1\n"), "{ran:?}");
        assert_eq!(
            ran.stdout.contains("79-nbft.rules:2 NAME 'nbft0h1'"),
            renamed,
            "{ran:?}"
        );
        assert!(!ran.stdout.contains("79-nbft.rules:2 Invalid"), "{ran:?}");
    }
}

/// The kernel command line, as two of its readers see it.
#[test]
fn command_line() {
    for (name, json) in tables() {
        let text = good_but_warned(&json, &["--to=dracut"]);
        let words: Vec<&str> = text.split_whitespace().collect();
        for (program, arguments) in [
            ("/lib/systemd/systemd-network-generator", vec!["--root=/run", "--"]),
            ("/usr/lib/NetworkManager/nm-initrd-generator", vec!["-s", "--"]),
        ] {
            let script = "\"$@\"";
            let Some(ran) = namespace(&[program], script, &[&[program], &arguments[..], &words].concat()) else {
                continue;
            };
            assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{name}: {program}");
        }
    }
}

fn good_but_warned(json: &str, arguments: &[&str]) -> String {
    let ran = names(json, arguments);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.stdout
}

/// NetworkManager's library reads each profile, and writes it again with every line that was in it.
#[test]
fn keyfiles() {
    if Command::new("nmcli").arg("--version").output().is_err() {
        eprintln!("no nmcli here: skipped");
        return;
    }
    let folder = Folder::new("keyfiles");
    assert!(all_files(&folder, "nm", &[]) > 30);
    let mut entries: Vec<_> = std::fs::read_dir(&folder.0).expect("a folder").flatten().collect();
    entries.sort_by_key(|entry| entry.file_name());
    for entry in entries {
        let profile = std::fs::read_to_string(entry.path()).expect("a file");
        let ran = feed(
            Command::new("nmcli").args(["--offline", "connection", "modify", "connection.zone", ""]),
            profile.as_bytes(),
        );
        assert_eq!(
            (ran.code, ran.stderr.as_str()),
            (Some(0), ""),
            "{}: {profile}",
            entry.path().display()
        );
        for line in profile
            .lines()
            .filter(|line| !line.starts_with('#') && line.contains('='))
        {
            assert!(
                ran.stdout.lines().any(|other| other.eq_ignore_ascii_case(line)),
                "{line} is lost: {}",
                ran.stdout
            );
        }
    }
}

#[test]
fn xml() {
    if Command::new("xmllint").arg("--version").output().is_err() {
        eprintln!("no xmllint here: skipped");
        return;
    }
    for (name, json) in tables() {
        let text = good_but_warned(&json, &["--to=wicked"]);
        let document = format!("<all xmlns:ipv4=\"4\" xmlns:ipv6=\"6\">{text}</all>");
        let ran = feed(Command::new("xmllint").args(["--noout", "-"]), document.as_bytes());
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{name}");
    }
}

/// iproute2 and busybox take the same lines, and the same comes of it.
#[test]
fn ip_commands() {
    let folder = Folder::new("ip");
    let mut table = everything();
    // Without VLANs: not every kernel has them.
    table.hfi.iter_mut().for_each(|hfi| hfi.vlan = 0);
    let json = folder.file("json", dump(&[("NBFT", &table)]));
    let path = common::command("nbft-names")
        .get_program()
        .to_string_lossy()
        .into_owned();
    for (naming, name) in [("rename", "nbft0h1"), ("none", "v1")] {
        for (program, line) in [
            ("ip", "ip -batch /run/lines"),
            (
                "busybox",
                "while read -r line; do case $line in \\#*) ;; *) busybox ip $line ;; esac; done </run/lines",
            ),
        ] {
            let script = format!(
                "for n in 1 4 5 7; do
                    ip link add v$n address 52:54:00:00:00:0$n type veth peer name w$n
                    ip link set w$n up
                done
                \"$1\" --to=ip-batch --naming={naming} <\"$2\" >/run/lines
                {line}
                ip -br addr; ip route; ip -6 route"
            );
            let json = json.to_str().expect("UTF-8");
            let Some(ran) = namespace(&[program, "ip"], &script, &[&path, json]) else {
                continue;
            };
            assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{naming} {program}");
            for text in [
                "192.0.2.20/24 198.51.100.20/24 2001:db8::20/64",
                &format!("10.0.0.9 via 192.0.2.254 dev {name} metric 500"),
                &format!("default via 198.51.101.1 dev {name} onlink"),
                &format!("default via fe80::1 dev {name} metric 7"),
            ] {
                assert!(ran.stdout.contains(text), "{naming} {program}: {text} in {ran:?}");
            }
        }
    }
}
