//! The XML for wicked: the elements, and their order, that wicked 0.6.80 was seen to need. No wicked runs here.

use crate::support::names::{dump, everything, good};
use crate::support::{Folder, command, feed};
use nbft_tests::builder::Description;
use serde_json::{Value, json};

fn wicked(hfis: &Value, target: &str) -> String {
    let all: Vec<usize> = (1..=hfis.as_array().expect("an array").len()).collect();
    let description = json!({
        "hfi": hfis,
        "subsystem": [{"hfis": all, "traddr": target, "subsys_nqn": "nqn.2014-08.org.example:disk"}],
    });
    let description = Description::from_value(description).expect("a description");
    good(&dump(&[("NBFT", &description)]), &["--to=wicked"])
}

/// The text has these parts, one after the other.
#[track_caller]
fn in_order(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else {
            panic!("{part} in {text}")
        };
        rest = after;
    }
}

/// wicked reads the blocks in this order, and adds an address before it adds routes.
#[test]
fn elements_in_order() {
    let text = good(&dump(&[("NBFT", &everything())]), &["--to=wicked"]);
    in_order(
        &text,
        &[
            "<interface origin=",
            "<name>",
            "<control>",
            "<ipv4:static>",
            "<address>",
            "<route>",
            "<resolver>",
            "<hostname>",
            "</ipv4:static>",
            "<ipv6:static>",
            "</ipv6:static>",
            "<scripts>",
            "</interface>",
        ],
    );
    in_order(
        &text,
        &[
            "<name>nbft0h4</name>",
            "<control>",
            "<vlan><device>",
            "<tag>",
            "<ipv4:static>",
            "<ipv4:dhcp>",
        ],
    );
}

/// wicked does not know `enabled` in static blocks.
#[test]
fn no_unknown_elements() {
    let text = good(&dump(&[("NBFT", &everything())]), &["--to=wicked"]);
    let mut block = "";
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("<ipv").and_then(|line| line.strip_suffix('>')) {
            block = name;
        }
        assert!(
            line != "<enabled>true</enabled>" || !block.ends_with(":static"),
            "{text}"
        );
    }
    assert!(text.contains("<enabled>"), "leases have it");
}

/// A route over a gateway that is in no network of the interface fails the whole interface, unless a route to the gateway
/// comes first.
#[test]
fn route_to_the_gateway() {
    let lease = |family: &str, gateway: &str, server: &str, target: &str, width: u8| {
        let text = wicked(
            &json!([{"ipaddr": server, "gateway_ipaddr": gateway, "dhcp_server_ipaddr": server, "dhcp_override": 1}]),
            target,
        );
        in_order(
            &text,
            &[
                &format!("<{family}:static>\n    <route><destination>{gateway}/{width}</destination><priority>"),
                &format!("</priority></route>\n    <route><destination>{target}/{width}</destination>"),
                &format!("<gateway>{gateway}</gateway>"),
                &format!("</{family}:static>"),
            ],
        );
    };
    lease("ipv4", "203.0.113.254", "203.0.113.67", "10.0.0.1", 32);
    lease("ipv6", "2001:db8::fe", "2001:db8::67", "2001:db8:9::1", 128);
    // A gateway off the network of a static address; one route to it, whatever the number of routes over it.
    let off = json!([
        {"ipaddr": "192.0.2.20", "gateway_ipaddr": "198.51.100.1", "this_hfi_is_default_route": 1},
        {"ipaddr": "192.0.2.21", "gateway_ipaddr": "198.51.100.1", "mac_addr": "52:54:00:00:00:01"},
    ]);
    let text = wicked(&off, "10.0.0.1");
    assert_eq!(
        text.matches("<destination>198.51.100.1/32</destination>").count(),
        1,
        "{text}"
    );
    in_order(
        &text,
        &[
            "<address>",
            "<destination>198.51.100.1/32</destination>",
            "<gateway>198.51.100.1</gateway>",
        ],
    );
    // On the network, or link-local: reached as it is.
    for (address, gateway, target) in [
        ("192.0.2.20", "192.0.2.254", "10.0.0.1"),
        ("2001:db8::20", "fe80::1", "2001:db8:9::1"),
    ] {
        let text = wicked(&json!([{"ipaddr": address, "gateway_ipaddr": gateway}]), target);
        assert_eq!(text.matches("<route>").count(), 1, "{text}");
    }
}

/// wicked drops a route that another interface has, if both have one priority.
#[test]
fn priorities_differ() {
    let hfi = |number: u8| json!({"ipaddr": format!("192.0.{number}.20"), "gateway_ipaddr": "198.51.100.1"});
    let text = wicked(&json!([hfi(1), hfi(2), hfi(3)]), "10.0.0.1");
    for destination in ["10.0.0.1/32", "198.51.100.1/32"] {
        let start = format!("<destination>{destination}</destination><priority>");
        let mut priorities: Vec<&str> = text
            .split(&start)
            .skip(1)
            .map(|rest| rest.split('<').next().expect("a number"))
            .collect();
        assert_eq!(priorities.len(), 3, "{text}");
        priorities.dedup();
        assert_eq!(priorities.len(), 3, "{text}");
    }
    let lease =
        |number: u8| json!({"ipaddr": format!("192.0.{number}.20"), "ip_origin": 3, "this_hfi_is_default_route": 1});
    let text = wicked(&json!([lease(1), lease(2)]), "10.0.0.1");
    in_order(&text, &["<route-priority>500<", "<route-priority>501<"]);
}

/// A VLAN device under a NIC that is known by its index: under its name wicked would make a second NIC without
/// configuration.
#[test]
fn nic_of_a_vlan_by_index() {
    let machine = Folder::new();
    for (name, mac, index) in [("ens3", "01", 3), ("ens4", "04", 4)] {
        machine.file(
            &format!("/sys/class/net/{name}/address"),
            format!("52:54:00:00:00:{mac}\n"),
        );
        machine.file(&format!("/sys/class/net/{name}/ifindex"), format!("{index}\n"));
    }
    let json = dump(&[("NBFT", &everything())]);
    for (naming, parent) in [
        ("none", "<device namespace=\"ifindex\">3</device>"),
        ("altname", "<device namespace=\"ifindex\">3</device>"),
        ("rename", "<device>nbft0h1</device>"),
    ] {
        let ran = feed(
            command("nbft-names")
                .args(["--to=wicked", "--naming", naming])
                .env("NBFT_ROOT", machine.path()),
            json.as_bytes(),
        );
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(
            ran.stdout.contains(&format!("<vlan>{parent}<tag>100</tag></vlan>")),
            "{naming}: {}",
            ran.stdout
        );
    }
}
