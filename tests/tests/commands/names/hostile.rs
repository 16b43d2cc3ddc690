//! Tables made to harm: nothing of them gets into a configuration file but numbers and names that are names.

use std::sync::Mutex;

use crate::support::from_json;
use crate::support::names::{formats, interfaces, json_table, names};
use serde_json::{Value, json};

/// Attacks in a host name, or in the name of a table's file.
const HOSTILE: [&str; 18] = [
    "$(reboot)",
    "`reboot`",
    "a;reboot",
    "a b",
    "a\nb",
    "x\n[Match]\nName=*",
    "x\n\n[Service]\nExecStart=/evil",
    "x\r[Link]\rName=evil",
    "x\", RUN+=\"/evil",
    "x' rd.break '",
    "x rd.break init=/evil",
    "x:evil:none",
    "<!--",
    "x</hostname><script>evil",
    "]]>&evil;",
    "..%2f..%2fevil",
    "\u{202e}evil\u{0}",
    "-evil",
];

/// Tables as those that are harmless, but for the texts.
fn tables(text: &str) -> Value {
    let addresses = [
        ("192.0.2.20", 0, 0),
        ("2001:db8::20", 0, 0),
        ("198.51.100.20", 7, 3),
        ("2001:db8:7::20", 7, 3),
    ];
    let hfi = |(at, (address, vlan, origin)): (usize, &(&str, u16, u8))| {
        json!({
            "index": at + 1, "mac_addr": "52:54:00:00:00:01", "vlan": vlan, "ip_origin": origin, "ipaddr": address,
            "host_name": text, "gateway_ipaddr": "192.0.2.254", "pcidev": text,
        })
    };
    let mut table = json_table(text, addresses.iter().enumerate().map(hfi).collect());
    let uri = json!({"index": 1, "hfi": 1, "uri": format!("nvme+tcp://{text}:8009/"), "nqn": text});
    table["discovery"] = json!([uri]);
    table["subsystem"][0]["subsys_nqn"] = text.into();
    json!([table])
}

/// In each format, hostile texts give what a host without a name and a table of harmless name give, but for that name.
fn check(format: &str) {
    let plain = |text: &str| -> String {
        let word = |c: char| {
            if c.is_ascii_alphanumeric() || ".-_".contains(c) {
                c
            } else {
                '_'
            }
        };
        text.rsplit('/').next().expect("a part").chars().map(word).collect()
    };
    for text in HOSTILE {
        let mut harmless = tables("HARMLESS");
        for hfi in harmless[0]["hfi"].as_array_mut().expect("HFIs") {
            hfi.as_object_mut().expect("an object").remove("host_name");
        }
        for naming in ["rename", "altname", "none"] {
            let arguments = ["--to", format, "--naming", naming];
            let ran = names(&tables(text).to_string(), &arguments);
            assert_eq!(ran.code, Some(0), "{format}: {text:?}: {ran:?}");
            let expected = names(&harmless.to_string(), &arguments)
                .stdout
                .replace("HARMLESS", &plain(text));
            assert_eq!(ran.stdout, expected, "{format}: {text:?}");
            // Each omission has a warning on a line of its own, with control characters visible.
            assert_eq!(
                ran.stderr.matches("is not valid (RFC 1123)").count(),
                4,
                "{format}: {text:?}: {ran:?}"
            );
            assert!(
                ran.stderr.lines().all(|line| line.starts_with("nbft-names: warning: ")),
                "{format}: {text:?}: {ran:?}"
            );
        }
    }
}

/// Does something with each format, two at a time.
fn with_each_format(check: impl Fn(&str) + Sync) {
    let formats = Mutex::new(formats().into_iter());
    let next = || formats.lock().expect("a lock").next();
    let check_rest = || std::iter::from_fn(next).for_each(|format| check(&format));
    std::thread::scope(|scope| {
        scope.spawn(check_rest);
        check_rest();
    });
}

#[test]
fn json_shows_what_was_rejected() {
    for text in HOSTILE {
        let ran = names(&tables(text).to_string(), &["--to=json"]);
        for interface in from_json(&ran.stdout).as_array().expect("an array") {
            assert_eq!(
                (&interface["hostname"], &interface["rejected_hostname"]),
                (&Value::Null, &text.into())
            );
        }
    }
}

/// Values that no parser gives, in JSON from elsewhere.
#[test]
fn descriptors_that_cannot_be() {
    let hfi = |index: u8, key: &str, value: Value| {
        let mut hfi = json!({"index": index, "mac_addr": "52:54:00:00:00:01", "ipaddr": "192.0.2.20"});
        hfi[key] = value;
        hfi
    };
    for (key, value, words) in [
        ("mac_addr", json!("00:00:00:00:00:00"), "MAC address 00:00:00:00:00:00"),
        ("mac_addr", json!("01:00:5e:00:00:01"), "MAC address 01:00:5e:00:00:01"),
        ("vlan", json!(4095), "VLAN 4095 is above 4094"),
        ("vlan", json!(65535), "VLAN 65535 is above 4094"),
    ] {
        let ran = names(
            &json!([json_table("NBFT", vec![hfi(1, key, value)])]).to_string(),
            &["--to=networkd"],
        );
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{ran:?}");
        assert!(ran.stderr.contains(words) && ran.stderr.lines().count() == 1, "{ran:?}");
    }
    for (key, value, words) in [
        ("ipaddr", json!("255.255.255.255"), "address 255.255.255.255"),
        ("ipaddr", json!("ff02::1"), "address ff02::1"),
        ("gateway_ipaddr", json!("224.0.0.1"), "gateway 224.0.0.1"),
        (
            "gateway_ipaddr",
            json!("2001:db8::1"),
            "gateway 2001:db8::1 is of another family",
        ),
        ("primary_dns_ipaddr", json!("127.0.0.1"), "name server 127.0.0.1"),
    ] {
        let ran = names(
            &json!([json_table("NBFT", vec![hfi(1, key, value.clone())])]).to_string(),
            &["--to=networkd"],
        );
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.stderr.contains(words) && ran.stderr.lines().count() == 1, "{ran:?}");
        assert!(!ran.stdout.contains(value.as_str().expect("text")), "{ran:?}");
    }
    let twice = json!([json_table(
        "NBFT",
        vec![hfi(1, "vlan", json!(0)), hfi(1, "vlan", json!(9))]
    )]);
    let ran = names(&twice.to_string(), &[]);
    assert_eq!(ran.stdout, "nbft0h1\t52:54:00:00:00:01\t0\t-\tNBFT:1\n");
    assert!(ran.stderr.contains("HFI 1: occurs twice"), "{ran:?}");
    // IPv4 in IPv6's clothing is IPv4.
    let mapped = json!([json_table("NBFT", vec![hfi(1, "ipaddr", json!("::ffff:192.0.2.20"))])]);
    assert_eq!(
        interfaces(&mapped.to_string(), &[])[0]["addresses"][0]["address"],
        "192.0.2.20"
    );
}

/// Ten thousand interfaces and a bit, half of them on VLANs, whose NICs come on top.
fn crowd(tables: u8, with_targets: bool) -> String {
    let tables = (0..tables).map(|number| {
        let hfi = |index: u8| {
            json!({
                "index": index, "mac_addr": format!("52:54:00:00:{number:02x}:{index:02x}"),
                "vlan": u16::from(index % 2) * 4094, "ipaddr": format!("10.{number}.{index}.20"),
                "subnet_mask_prefix": 24, "gateway_ipaddr": format!("10.{number}.{index}.1"),
            })
        };
        let mut table = json_table(&format!("NBFT{number}"), (1..=255).map(hfi).collect());
        let ssns = |index: u8| {
            json!({
                "index": index, "hfis": [index, 1], "traddr": format!("172.16.{number}.{index}"),
                "trsvcid": "4420", "subsys_nqn": "nqn.2014-08.org.example:disk",
            })
        };
        table["subsystem"] = (1..=255_u8).take_while(|_| with_targets).map(ssns).collect();
        table
    });
    Value::Array(tables.collect()).to_string()
}

#[test]
fn two_hundred_targets_of_each_table() {
    let all = interfaces(&crowd(3, true), &[]);
    let first = all
        .iter()
        .find(|interface| interface["name"] == "nbft2h1")
        .expect("HFI 1");
    assert_eq!(first["routes"].as_array().map(Vec::len), Some(255));
    assert_eq!(
        all.iter()
            .map(|interface| interface["routes"].as_array().map_or(0, Vec::len))
            .sum::<usize>(),
        3 * 509
    );
}

mod slow {
    use super::*;

    #[test]
    fn hostile_texts_in_every_format() {
        with_each_format(check);
    }

    #[test]
    fn ten_thousand_interfaces() {
        let json = crowd(27, false);
        let all = interfaces(&json, &[]);
        assert_eq!(all.len(), 27 * (255 + 128));
        let render = |format: &str| {
            let started = std::time::Instant::now();
            let ran = names(&json, &["--to", format]);
            assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{format}");
            let last = format!("52:54:00:00:1a:{:02x}", 254);
            assert!(
                ran.stdout.contains(&last) || format == "wicked" || format == "ip-batch",
                "{format}"
            );
            assert!(ran.stdout.contains("nbft26h254"), "{format}");
            eprintln!("{format}: {} bytes in {:?}", ran.stdout.len(), started.elapsed());
        };
        with_each_format(render);
    }
}
