//! Every format on tables that say all there is to say, against what it should be: `tests/names/TABLE/`.
//! `NBFT_UPDATE=1 cargo test` writes what it is; read the difference before it is committed.

mod common;
mod names;

use std::path::{Path, PathBuf};

use names::{dump, formats, good, interfaces};
use nbft_tests::builder::{Description, kinds};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/names").join(name)
}

fn tables(name: &str) -> String {
    let text = std::fs::read_to_string(folder(name).join("table.toml")).expect("table.toml");
    dump(&[("NBFT", &Description::from_toml(&text).expect("a description"))])
}

#[track_caller]
fn compare(name: &str, file: &str, found: &str) {
    let path = folder(name).join(file);
    if std::env::var_os("NBFT_UPDATE").is_some() {
        std::fs::write(&path, found).expect("written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "{}: as it is, as it should be", path.display());
}

#[test]
fn everything() {
    let json = tables("everything");
    compare("everything", "json", &good(&json, &["--to", "json"]));
    for format in formats() {
        let to = format.as_str();
        compare("everything", to, &good(&json, &["--to", to]));
        for (name, option) in [
            ("altname", "--naming=altname"),
            ("none", "--naming=none"),
            ("always", "--default-route=always"),
        ] {
            compare(
                "everything",
                &format!("{format}.{name}"),
                &good(&json, &["--to", to, option]),
            );
        }
    }
}

#[test]
fn identities() {
    let json = tables("identities");
    for format in ["networkd", "nm", "wicked", "json"] {
        compare("identities", format, &good(&json, &["--to", format]));
    }
}

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

/// What running interfaces are called matters to what has to be typed, and to nothing that matches MAC addresses.
#[test]
fn interfaces_that_are_there() {
    let machine = common::Folder::new("machine");
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
    let json = tables("everything");
    let here = |arguments: &[&str]| {
        let ran = common::feed(
            common::command("nbft-names")
                .args(arguments)
                .env("NBFT_ROOT", &machine.0),
            json.as_bytes(),
        );
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{arguments:?}");
        ran.stdout
    };
    compare("everything", "names.here", &here(&["--naming=none"]));
    for mode in ["rename", "altname", "none"] {
        compare(
            "everything",
            &format!("ip-batch.{mode}.here"),
            &here(&["--to=ip-batch", "--naming", mode]),
        );
        compare(
            "everything",
            &format!("wicked.{mode}.here"),
            &here(&["--to=wicked", "--naming", mode]),
        );
        for format in ["networkd", "nm", "link", "udev"] {
            let arguments = ["--to", format, "--naming", mode];
            assert_eq!(here(&arguments), good(&json, &arguments), "{format} {mode}");
        }
    }
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
}
