//! Every format on tables that say all there is to say, against what it should be: `tests/fixtures/names/TABLE/`.

use crate::support::names::{dump, dump_kind, everything, formats, good, interfaces};
use crate::support::{Folder, as_fixture, as_fixture_or, command, feed, names_in, workspace};
use nbft_tests::builder::kinds;

#[track_caller]
fn compare(file: &str, found: &str) {
    as_fixture(&format!("names/everything/{file}"), found);
}

#[test]
fn every_format() {
    let json = dump(&[("NBFT", &everything())]);
    compare("json", &good(&json, &["--to", "json"]));
    for format in formats() {
        compare(&format, &good(&json, &["--to", &format]));
        for (ending, option) in [
            ("altname", "--naming=altname"),
            ("none", "--naming=none"),
            ("always", "--default-route=always"),
        ] {
            let usual = format!("names/everything/{format}");
            let found = good(&json, &["--to", &format, option]);
            as_fixture_or(&format!("{usual}.{ending}"), &usual, &found);
        }
    }
}

/// The DHCP identities, in every format that has a file.
#[test]
fn identities() {
    let json = dump_kind("dhcp-ids");
    let shown = names_in(&workspace("tests/fixtures/names/dhcp-ids"));
    assert!(shown.iter().any(|format| format == "networkd"), "{shown:?}");
    for format in shown {
        as_fixture(&format!("names/dhcp-ids/{format}"), &good(&json, &["--to", &format]));
    }
}

/// The names of running interfaces matter to formats that name an interface, and to none that matches MAC addresses.
#[test]
fn interfaces_that_are_there() {
    let machine = Folder::new();
    let add = |name: &str, mac: &str, index: u32, kind: &str| {
        let path = format!("/sys/class/net/{name}");
        machine.file(&format!("{path}/address"), format!("{mac}\n"));
        machine.file(&format!("{path}/ifindex"), format!("{index}\n"));
        machine.file(
            &format!("{path}/uevent"),
            format!("{kind}INTERFACE={name}\nIFINDEX={index}\n"),
        );
    };
    add("ens9", "52:54:00:00:00:01", 9, "");
    add("ens3", "52:54:00:00:00:01", 3, "");
    add("br0", "52:54:00:00:00:01", 2, "DEVTYPE=bridge\n");
    add("wild$(x)", "52:54:00:00:00:04", 1, "");
    add("v100", "52:54:00:00:00:01", 12, "DEVTYPE=vlan\n");
    machine.file(
        "/proc/net/vlan/v100",
        "v100  VID: 100\t REORDER_HDR: 1  dev->priv_flags: 1021\n",
    );
    let json = dump(&[("NBFT", &everything())]);
    let here = |arguments: &[&str]| {
        let ran = feed(
            command("nbft-names").args(arguments).env("NBFT_ROOT", machine.path()),
            json.as_bytes(),
        );
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{arguments:?}");
        ran.stdout
    };
    compare("names.here", &here(&["--naming=none"]));
    for mode in ["rename", "altname", "none"] {
        compare(
            &format!("ip-batch.{mode}.here"),
            &here(&["--to=ip-batch", "--naming", mode]),
        );
        compare(
            &format!("wicked.{mode}.here"),
            &here(&["--to=wicked", "--naming", mode]),
        );
        for format in ["networkd", "nm", "link", "udev"] {
            let arguments = ["--to", format, "--naming", mode];
            assert_eq!(here(&arguments), good(&json, &arguments), "{format} {mode}");
        }
    }
    // While udev runs, a NIC without a record of udev may get another name at any moment.
    machine.file("/run/udev/data/n1", "I:1\n");
    let lines = here(&["--to=ip-batch", "--naming=none"]);
    assert!(lines.contains("# 52:54:00:00:00:01: no such interface\n"), "{lines}");
    assert!(!lines.contains("ens3"), "{lines}");
    // A name may be written down when udev has given it: not before.
    let line = &["--to=dracut", "--naming=none"][..];
    let unnamed = here(line);
    assert_eq!(unnamed, good(&json, line));
    assert!(unnamed.contains(":52-54-00-00-00-01:none\n"), "{unnamed}");
    machine.file("/run/udev/data/n3", "I:1\n");
    let named = here(line);
    assert!(named.contains(":ens3:none\n"), "{named}");
    assert!(!named.contains("52-54-00-00-00-01"), "{named}");
    assert!(named.contains(".100:ens3\n"), "{named}");
    let lines = here(&["--to=ip-batch", "--naming=none"]);
    assert!(lines.contains("link set dev ens3 up\n"), "{lines}");
}

mod slow {
    use super::*;

    /// Every kind of table has something to say in every format, and only the empty one has nothing.
    #[test]
    fn every_kind_in_every_format() {
        for (kind, description) in kinds() {
            let json = dump(&[("NBFT", &description)]);
            for format in formats() {
                let text = good(&json, &["--to", &format]);
                assert_eq!(text.is_empty(), kind == "empty", "{kind} as {format}: {text}");
            }
            assert_eq!(interfaces(&json, &[]).is_empty(), kind == "empty", "{kind}");
        }
    }
}
