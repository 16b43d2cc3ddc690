//! Addresses and routes: each format reaches every target, over the HFI's own gateway.

use crate::support::from_json;
use crate::support::names::{dump, formats, good, interfaces, names};
use nbft_tests::builder::Description;
use serde_json::{Value, json};

/// nbft-dump's JSON of a table with these HFIs, and a subsystem at each of these addresses that all HFIs of its family
/// reach.
fn table(hfis: Value, targets: &[&str]) -> String {
    let all: Vec<usize> = (1..=hfis.as_array().expect("an array").len()).collect();
    let subsystem =
        |target: &&str| json!({"hfis": all, "traddr": target, "subsys_nqn": "nqn.2014-08.org.example:disk"});
    let subsystems: Vec<Value> = targets.iter().map(subsystem).collect();
    let description = Description::from_value(json!({"hfi": hfis, "subsystem": subsystems})).expect("a description");
    dump(&[("NBFT", &description)])
}

/// The values of some keys of all routes, as text: `DESTINATION/PREFIX GATEWAY METRIC`.
fn routes(json: &str) -> Vec<String> {
    interfaces(json, &[]).iter().flat_map(texts).collect()
}

/// Those of one interface.
fn texts(interface: &Value) -> Vec<String> {
    let text = |route: &Value| {
        let word = |key: &str| {
            route[key]
                .as_str()
                .map_or_else(|| route[key].to_string(), str::to_owned)
        };
        format!(
            "{}/{} {} {}",
            word("destination"),
            word("prefix"),
            word("gateway"),
            word("metric")
        )
    };
    interface["routes"]
        .as_array()
        .expect("an array")
        .iter()
        .map(text)
        .collect()
}

/// Two HFIs of one NIC that both may have the default route: each address keeps its gateway and its metric.
#[test]
fn each_address_has_its_gateway() {
    let json = table(
        json!([
            {"ipaddr": "192.0.2.20", "gateway_ipaddr": "192.0.2.254", "this_hfi_is_default_route": 1, "route_metric": 5,
             "mac_addr": "52:54:00:00:00:01"},
            {"ipaddr": "198.51.100.20", "gateway_ipaddr": "198.51.100.254", "this_hfi_is_default_route": 1,
             "route_metric": 6, "mac_addr": "52:54:00:00:00:01"},
            {"ipaddr": "203.0.113.20", "gateway_ipaddr": "203.0.113.254", "mac_addr": "52:54:00:00:00:01"},
        ]),
        &["10.0.0.1"],
    );
    let text = good(&json, &["--to=dracut"]);
    for line in [
        "ip=192.0.2.20::192.0.2.254:24::nbft0h1:none",
        "ip=198.51.100.20::198.51.100.254:24::nbft0h1:none",
        "ip=203.0.113.20:::24::nbft0h1:none",
        "rd.route=10.0.0.1/32:203.0.113.254:nbft0h1",
    ] {
        assert!(text.lines().any(|other| other == line), "{line} in {text}");
    }
    let addresses = &interfaces(&json, &[])[0]["addresses"];
    let kept: Vec<_> = addresses
        .as_array()
        .expect("an array")
        .iter()
        .map(|address| (&address["gateway"], &address["metric"], &address["default"]))
        .map(|(gateway, metric, default)| json!([gateway, metric, default]))
        .collect();
    let expected = json!([
        ["192.0.2.254", 5, true],
        ["198.51.100.254", 6, true],
        ["203.0.113.254", 500, false]
    ]);
    assert_eq!(Value::Array(kept), expected);
}

/// One address in two tables, of which the second has its default route.
#[test]
fn address_of_two_hfis() {
    let hfi = |default: u8| {
        json!({"ipaddr": "192.0.2.20", "gateway_ipaddr": "192.0.2.254",
        "this_hfi_is_default_route": default, "mac_addr": "52:54:00:00:00:01"})
    };
    let text = good(&table(json!([hfi(0), hfi(1)]), &[]), &["--to=dracut"]);
    assert_eq!(text.matches("ip=").count(), 1, "{text}");
    assert!(
        text.contains("\nip=192.0.2.20::192.0.2.254:24::nbft0h1:none\n"),
        "{text}"
    );
}

/// An HFI without a usable address: its interface gets no address, so a route over it would lead nowhere, and take the
/// better metric from an interface that works.
#[test]
fn no_routes_without_an_address() {
    let hfi = |address: &str, default: u8| json!({"ipaddr": address, "gateway_ipaddr": "192.168.1.1", "this_hfi_is_default_route": default});
    for (default, route) in [(1, "0.0.0.0/0"), (0, "10.0.0.1/32")] {
        for unusable in ["0.0.0.0", "224.0.0.5"] {
            let json = table(
                json!([hfi(unusable, default), hfi("192.168.1.20", default)]),
                &["10.0.0.1"],
            );
            let ran = names(&json, &["--to=json"]);
            assert_eq!(ran.code, Some(0), "{ran:?}");
            let all = from_json(&ran.stdout);
            assert_eq!(all[0]["routes"], json!([]), "{unusable}");
            assert_eq!(texts(&all[1]), [format!("{route} 192.168.1.1 500")], "{unusable}");
        }
    }
}

/// A target can only be on the link of an address that is alone in its network and has no gateway.
#[test]
fn address_alone_in_its_network() {
    let json = table(
        json!([
            {"ipaddr": "192.0.2.20", "subnet_mask_prefix": 32},
            {"ipaddr": "2001:db8::20", "subnet_mask_prefix": 128, "this_hfi_is_default_route": 1},
            {"ipaddr": "169.254.3.20", "subnet_mask_prefix": 32},
        ]),
        &["10.0.0.1", "2001:db8:9::1", "169.254.9.1"],
    );
    assert_eq!(
        routes(&json),
        [
            "10.0.0.1/32 null 500",
            "169.254.9.1/32 null 500",
            "2001:db8:9::1/128 null 500",
            "10.0.0.1/32 null 501",
            "169.254.9.1/32 null 501",
        ]
    );
    for (format, lines) in [
        ("networkd", ["Destination=10.0.0.1/32", "Destination=2001:db8:9::1/128"]),
        (
            "dracut",
            [
                "rd.route=10.0.0.1/32:0.0.0.0:nbft0h1",
                "rd.route=[2001:db8:9::1/128]:[::]:nbft0h2",
            ],
        ),
        (
            "nm",
            ["route1=10.0.0.1/32,0.0.0.0,500", "route1=2001:db8:9::1/128,::,500"],
        ),
        (
            "ip-batch",
            [
                "route append 10.0.0.1/32 dev nbft0h1 metric 500",
                "route append 2001:db8:9::1/128 dev nbft0h2 metric 500",
            ],
        ),
        (
            "wicked",
            [
                "<route><destination>10.0.0.1/32</destination><priority>500</priority></route>",
                "<route><destination>2001:db8:9::1/128</destination><priority>500</priority></route>",
            ],
        ),
    ] {
        let text = good(&json, &["--to", format]);
        for line in lines {
            assert!(
                text.lines().any(|other| other.trim() == line),
                "{format}: {line} in {text}"
            );
        }
    }
}

/// systemd-networkd warns of a scope of IPv6 routes.
#[test]
fn scopes_are_of_ipv4() {
    for (address, prefix, target, scopes) in [
        ("192.0.2.20", 32, "10.0.0.1", 1),
        ("2001:db8::20", 128, "2001:db8:9::1", 0),
    ] {
        let json = table(json!([{"ipaddr": address, "subnet_mask_prefix": prefix}]), &[target]);
        let text = good(&json, &["--to=networkd"]);
        assert_eq!(text.matches("[Route]").count(), 1, "{text}");
        assert_eq!(text.matches("Scope=link").count(), scopes, "{text}");
    }
}

/// systemd-network-generator 257 reads nothing at all of a command line with an empty gateway.
#[test]
fn no_empty_gateway_on_a_command_line() {
    for (address, prefix, target) in [("192.0.2.20", 0, "10.0.0.1"), ("2001:db8::20", 128, "2001:db8:9::1")] {
        let json = table(json!([{"ipaddr": address, "subnet_mask_prefix": prefix}]), &[target]);
        let text = good(&json, &["--to=dracut"]);
        let route = text.lines().find(|line| line.starts_with("rd.route="));
        assert!(route.is_some_and(|line| !line.contains("::nbft")), "{text}");
    }
}

/// A lease of which the table says nothing may be of either family.
#[test]
fn lease_of_no_family() {
    for zero in ["0.0.0.0", "::"] {
        let json = table(
            json!([{"ipaddr": zero, "ip_origin": 3, "this_hfi_is_default_route": 1, "route_metric": 9}]),
            &[],
        );
        let interface = &interfaces(&json, &[])[0];
        for (key, value) in [
            ("dhcp4", json!(true)),
            ("dhcp6", json!(true)),
            ("slaac", json!(false)),
            ("default4", json!(true)),
            ("default6", json!(true)),
            ("metric4", json!(9)),
            ("metric6", json!(9)),
        ] {
            assert_eq!(interface[key], value, "{zero}: {key}");
        }
        assert!(good(&json, &["--to=dracut"]).contains("ip=nbft0h1:any\n"));
        // A target tells the family.
        let json = table(json!([{"ipaddr": zero, "ip_origin": 3}]), &["2001:db8:9::1"]);
        let interface = &interfaces(&json, &[])[0];
        assert_eq!(
            (&interface["dhcp4"], &interface["dhcp6"]),
            (&json!(false), &json!(true)),
            "{zero}"
        );
    }
}

/// Revision 1.0 of the table cannot tell an autoconfigured IPv6 address from a static one. Without a gateway, but marked for
/// the default route, the address has the route that a router advertises.
#[test]
fn router_of_a_static_address() {
    let marked = json!([{"ipaddr": "2001:db8::20", "this_hfi_is_default_route": 1}]);
    let (near, far) = (
        table(marked.clone(), &["2001:db8::1"]),
        table(marked, &["2001:db8:9::1"]),
    );
    assert_eq!(routes(&near), [""; 0]);
    assert_eq!(routes(&far), ["2001:db8:9::1/128 null 500"]);
    for json in [&near, &far] {
        let interface = &interfaces(json, &[])[0];
        for (key, value) in [
            ("accept_ra", true),
            ("slaac", false),
            ("dhcp6", false),
            ("default6", true),
        ] {
            assert_eq!(interface[key], value, "{key}");
        }
        let networkd = good(json, &["--to=networkd"]);
        for part in [
            "\nLinkLocalAddressing=ipv6\nIPv6AcceptRA=yes\n",
            "\n[Address]\nAddress=2001:db8::20/64\n",
            "\n[IPv6AcceptRA]\nUseAutonomousPrefix=no\nDHCPv6Client=no\nUseGateway=yes\nRouteMetric=500\n",
        ] {
            assert!(networkd.contains(part), "{part} in {networkd}");
        }
    }
    // Where no router answers, NetworkManager gives up the static address, too: it waits for one only if it has to.
    let ipv6 = |json: &str| {
        let text = good(json, &["--to=nm"]);
        text.split_once("[ipv6]\n").expect("a section").1.to_owned()
    };
    assert_eq!(
        ipv6(&near),
        "method=manual\naddress1=2001:db8::20/64\nroute-metric=500\n"
    );
    assert_eq!(
        ipv6(&far),
        "method=auto\naddress1=2001:db8::20/64\nroute-metric=500\naddr-gen-mode=eui64\nip6-privacy=0\nra-timeout=90\n"
    );
    let line = "ip=[2001:db8::20]:::64::nbft0h1:none\n";
    for (json, lines) in [(&near, line.to_owned()), (&far, format!("{line}ip=nbft0h1:auto6\n"))] {
        let dracut = good(json, &["--to=dracut"]);
        assert!(dracut.ends_with(&lines), "{dracut}");
        // The kernel accepts router advertisements of itself.
        let up = "link set dev nbft0h1 up\naddr replace 2001:db8::20/64 dev nbft0h1\n";
        assert_eq!(good(json, &["--to=ip-batch"]), up);
        assert!(!good(json, &["--to=wicked"]).contains("auto"));
    }
}

/// Other addresses need no router.
#[test]
fn no_router_of_other_addresses() {
    for hfi in [
        json!({"ipaddr": "2001:db8::20"}),
        json!({"ipaddr": "2001:db8::20", "gateway_ipaddr": "2001:db8::fe", "this_hfi_is_default_route": 1}),
        json!({"ipaddr": "2001:db8::20", "subnet_mask_prefix": 128, "this_hfi_is_default_route": 1}),
        json!({"ipaddr": "fe80::20", "this_hfi_is_default_route": 1}),
        json!({"ipaddr": "192.0.2.20", "this_hfi_is_default_route": 1}),
        json!({"ipaddr": "::", "this_hfi_is_default_route": 1}),
    ] {
        let json = table(json!([hfi]), &["2001:db8:9::1"]);
        for always in [&[][..], &["--default-route=always"]] {
            assert_eq!(interfaces(&json, always)[0]["accept_ra"], false, "{hfi}");
        }
    }
}

/// Routes to one destination differ in their metrics: IPv6 would make one multipath route of them.
#[test]
fn metrics_differ() {
    let hfi = |number: u8, default: u8, metric: u16| {
        json!({
            "ipaddr": format!("2001:db8:{number}::20"), "gateway_ipaddr": format!("2001:db8:{number}::1"),
            "this_hfi_is_default_route": default, "route_metric": metric,
        })
    };
    let json = table(
        json!([
            hfi(1, 1, 0),
            hfi(2, 1, 0),
            hfi(3, 1, 1025),
            hfi(4, 0, 500),
            hfi(5, 0, 500)
        ]),
        &["2001:db8:9::1"],
    );
    assert_eq!(
        routes(&json),
        [
            "::/0 2001:db8:1::1 null",
            "::/0 2001:db8:2::1 1025",
            "::/0 2001:db8:3::1 1026",
            "2001:db8:9::1/128 2001:db8:4::1 500",
            "2001:db8:9::1/128 2001:db8:5::1 501",
        ]
    );
    // Default routes of routers, whose metric is the interface's.
    let slaac = json!({"ipaddr": "::", "ipaddr_autoconf": 1, "this_hfi_is_default_route": 1});
    let all = interfaces(&table(json!([slaac, slaac]), &["2001:db8:9::1"]), &[]);
    let metrics: Vec<&Value> = all.iter().map(|interface| &interface["metric6"]).collect();
    assert_eq!(metrics, [&json!(500), &json!(501)]);
    let networkd = good(&table(json!([slaac, slaac]), &["2001:db8:9::1"]), &["--to=networkd"]);
    assert!(networkd.contains("RouteMetric=501\n"), "{networkd}");
}

/// systemd-networkd probes for link-local IPv4 addresses, which takes 5 seconds.
#[test]
fn link_local_address_at_once() {
    let json = table(
        json!([{"ipaddr": "169.254.3.20", "subnet_mask_prefix": 16}, {"ipaddr": "192.0.2.20"}]),
        &[],
    );
    let text = good(&json, &["--to=networkd"]);
    assert!(
        text.contains("Address=169.254.3.20/16\nDuplicateAddressDetection=none\n"),
        "{text}"
    );
    assert_eq!(text.matches("DuplicateAddressDetection").count(), 1, "{text}");
}

/// A format that configures has the static address of every HFI.
#[test]
fn every_format_of_routes_is_here() {
    let json = table(
        json!([{"ipaddr": "192.0.2.20", "subnet_mask_prefix": 32}]),
        &["10.0.0.1"],
    );
    let configuring: Vec<String> = formats()
        .into_iter()
        .filter(|format| good(&json, &["--to", format]).contains("192.0.2.20"))
        .collect();
    assert_eq!(configuring, ["dracut", "ip-batch", "networkd", "nm", "wicked"]);
}
