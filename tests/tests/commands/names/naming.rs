//! Names: which, how long, and that no two are alike.

use std::collections::HashSet;

use crate::support::fails;
use crate::support::names::{dump, dump_kind, good, interfaces, json_table, names};
use nbft_tests::builder::{Description, kind, kinds, random};
use serde_json::{Value, json};

fn column(text: &str, at: usize) -> Vec<&str> {
    text.lines()
        .map(|line| line.split('\t').nth(at).expect("five columns"))
        .collect()
}

/// A table with these MAC addresses (their last byte) and VLANs.
fn nics(hfis: &[(u8, u16)]) -> Description {
    let hfi = |(mac, vlan): &(u8, u16)| json!({"mac_addr": format!("52:54:00:00:00:{mac:02x}"), "vlan": vlan});
    let hfis: Vec<Value> = hfis.iter().map(hfi).collect();
    Description::from_value(json!({ "hfi": hfis })).expect("a description")
}

#[test]
fn one_line_for_each_interface() {
    let json = dump(&[("NBFT", &nics(&[(1, 0), (1, 7), (2, 0), (1, 0), (3, 9)]))]);
    let expected = "\
        nbft0h1\t52:54:00:00:00:01\t0\t-\tNBFT:1,NBFT:4\n\
        nbft0h2\t52:54:00:00:00:01\t7\tnbft0h1\tNBFT:2\n\
        nbft0h3\t52:54:00:00:00:02\t0\t-\tNBFT:3\n\
        nbft0h5p\t52:54:00:00:00:03\t0\t-\t-\n\
        nbft0h5\t52:54:00:00:00:03\t9\tnbft0h5p\tNBFT:5\n";
    assert_eq!(good(&json, &[]), expected);
    assert_eq!(
        good(
            &json,
            &["-s", "hfi", "-n", "rename", "-t", "names", "-p", "nbft", "-r", "auto"]
        ),
        expected
    );
    assert_eq!(good(&json, &["--naming=altname"]), expected);
}

/// The older scheme: a number for each MAC address, VLANs with a dot.
#[test]
fn numbers_for_each_mac() {
    let json = dump(&[("NBFT", &nics(&[(1, 0), (1, 7), (2, 0), (1, 0), (3, 4094)]))]);
    let names = good(&json, &["--scheme=index"]);
    assert_eq!(column(&names, 0), ["nbft0", "nbft0.7", "nbft1", "nbft2", "nbft2.4094"]);
    assert_eq!(column(&names, 3), ["-", "nbft0", "-", "-", "nbft2"]);
}

/// A NIC that something else configures takes its name all the same, and counts for nothing else.
#[test]
fn omitted_nics() {
    let json = dump(&[("NBFT", &nics(&[(0xaa, 0), (0xaa, 7), (2, 0), (3, 4094)]))]);
    let omit = ["--omit", "52:54:00:00:00:AA", "--omit=52:54:00:00:00:03"];
    for (scheme, name) in [("index", "nbft1"), ("hfi", "nbft0h3")] {
        let arguments = [&["--scheme", scheme][..], &omit].concat();
        assert_eq!(column(&good(&json, &arguments), 0), [name]);
    }
    assert_eq!(good(&json, &["--omit=52:54:00:00:00:09"]), good(&json, &[]));
    let path = kind("multipath").expect("kind");
    let left = &interfaces(&dump(&[("NBFT", &path)]), &["--omit=52:54:00:00:00:02"])[0];
    assert_eq!(
        (&left["paths"], &left["required_for_online"]),
        (&json!(1), &json!("degraded"))
    );
    fails(&names(&json, &["--omit=52:54"]), 64, "52:54");
}

/// The NIC has an HFI of its own, which is not the first one of its MAC address: that one's name is the VLAN device's.
#[test]
fn vlan_before_its_nic() {
    let json = dump(&[("NBFT", &nics(&[(1, 7), (1, 0)]))]);
    assert_eq!(column(&good(&json, &[]), 0), ["nbft0h2", "nbft0h1"]);
    assert_eq!(column(&good(&json, &["--scheme=index"]), 0), ["nbft0", "nbft0.7"]);
}

#[test]
fn several_tables() {
    let (first, second) = (kind("multi-1").expect("kind"), kind("multi-2").expect("kind"));
    let json = dump(&[("NBFT1", &first), ("NBFT2", &second)]);
    let names = good(&json, &[]);
    assert_eq!(column(&names, 0), ["nbft1h1", "nbft2h1"]);
    assert_eq!(column(&names, 4), ["NBFT1:1", "NBFT2:1"]);
    assert_eq!(
        column(&good(&json, &["--scheme=index", "--prefix=boot"]), 0),
        ["boot0", "boot1"]
    );
    // One NIC in two tables is one interface; the first table names it.
    let json = dump(&[("NBFT1", &nics(&[(9, 0), (1, 0)])), ("NBFT2", &nics(&[(1, 0), (1, 5)]))]);
    let names = good(&json, &[]);
    assert_eq!(column(&names, 0), ["nbft1h1", "nbft1h2", "nbft2h2"]);
    assert_eq!(column(&names, 4), ["NBFT1:1", "NBFT1:2,NBFT2:1", "NBFT2:2"]);
}

/// Files of the same name, numbers that no kernel gives, 255 HFIs with the last VLAN each.
#[test]
fn names_that_would_not_fit_or_differ() {
    let hfi = |index: u8| json!({"index": index, "mac_addr": format!("52:54:00:00:00:{index:02x}"), "vlan": 4094, "ipaddr": "192.0.2.1"});
    let hfis: Vec<Value> = (1..=255).map(hfi).collect();
    let other = |value: &Value| {
        let text = value.to_string().replace("52:54:00:00:00", "52:54:00:00:01");
        serde_json::from_str::<Value>(&text).expect("JSON")
    };
    for filename in ["NBFT4294967295", "NBFT99999999999999", "a/NBFT", "dump.bin", ""] {
        let tables = [
            json_table(filename, hfis.clone()),
            other(&json_table(filename, hfis.clone())),
        ];
        let json = json!(tables).to_string();
        let names = good(&json, &["--prefix=abcdefgh"]);
        let all: HashSet<&str> = column(&names, 0).into_iter().collect();
        assert_eq!(all.len(), 4 * 255, "{filename}");
        assert!(all.iter().all(|name| name.len() <= 15), "{filename}: {all:?}");
    }
}

#[test]
fn nothing_to_name() {
    for json in ["[]", " [ ]\n", &dump_kind("empty")] {
        assert_eq!(good(json, &[]), "");
        assert_eq!(good(json, &["--to=json"]), "[]\n");
        assert_eq!(good(json, &["--to=networkd", "-o", "/nonexistent/nowhere"]), "");
    }
}

#[test]
fn usage() {
    for (arguments, words) in [
        (&["--nonsense"][..], "invalid option"),
        (&["file"], "unexpected argument"),
        (&["--scheme=mac"], "'mac' is not one of hfi, index"),
        (&["--naming=force"], "'force' is not one of rename, altname, none"),
        (&["--default-route=no"], "'no' is not one of auto, always"),
        (&["--prefix=0a"], "--prefix"),
        (&["--prefix=waytoolong"], "--prefix"),
        (&["--prefix="], "--prefix"),
        (&["--prefix=a b"], "--prefix"),
        (&["--to"], "missing argument"),
        (&["--to=toml"], "no format 'toml': the built-in ones are dracut, ifname"),
        (&["--to=../names"], "no format '../names'"),
        (&["--to="], "no format ''"),
        (&["--to=link", "--from-file=x"], "only one format"),
    ] {
        fails(&names("[]", arguments), 64, words);
    }
    assert!(good("", &["--help"]).lines().count() <= 24);
    assert!(good("", &["--version"]).starts_with("nbft-names 0."));
}

mod slow {
    use super::*;

    /// Random tables that are tried.
    const RANDOM: u64 = 300;

    #[test]
    fn short_and_unlike() {
        let check = |what: &str, all: &[Value]| {
            let mut seen = HashSet::new();
            for interface in all {
                for key in ["name", "tagged_name"] {
                    let Some(name) = interface[key].as_str() else { continue };
                    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
                    assert!(
                        (1..=15).contains(&name.len()) && name.chars().all(plain),
                        "{what}: {name}"
                    );
                    assert!(seen.insert((key, name)), "{what}: {name} twice");
                }
                if let Some(tagged) = interface["tagged_name"].as_str() {
                    assert!(tagged.ends_with(&format!(".{}", interface["vlan"])), "{what}: {tagged}");
                }
            }
        };
        for (name, description) in kinds() {
            check(name, &interfaces(&dump(&[("NBFT", &description)]), &[]));
        }
        for seed in 0..RANDOM {
            let json = dump(&[("NBFT1", &random(seed)), ("NBFT", &random(seed + 1_000_000))]);
            for arguments in [
                &["--to=json"][..],
                &["--to=json", "--scheme=index", "--prefix=longname"],
            ] {
                let ran = names(&json, arguments);
                assert_eq!(ran.code, Some(0), "{ran:?}");
                check(
                    &format!("seed {seed}"),
                    &serde_json::from_str::<Vec<Value>>(&ran.stdout).expect("JSON"),
                );
            }
        }
    }
}
