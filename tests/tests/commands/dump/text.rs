//! `nbft-dump --text`: all that the table says, in a form for people.
//!
//! The files in `tests/fixtures/text` are what it prints for tables of some kinds.

use crate::support::{Folder, as_fixture, command, feed, from_json, names_in, run, table, workspace};
use nbft_common::table::{IpOrigin, codes};
use nbft_tests::builder::{Description, kinds, random};
use serde_json::Value;

/// Random tables that are tried.
const RANDOM: u64 = 200;

fn text_of(bytes: &[u8]) -> String {
    let ran = feed(command("nbft-dump").args(["--text", "-"]), bytes);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    ran.stdout
}

/// Every kind of table that `tests/fixtures/text` shows; an empty file is enough to show another one.
#[test]
fn text_is_as_shown() {
    let shown = names_in(&workspace("tests/fixtures/text"));
    assert!(shown.iter().any(|file| file == "static-ipv4.txt"), "{shown:?}");
    for file in shown {
        let kind = file.strip_suffix(".txt").expect("KIND.txt");
        as_fixture(&format!("text/{file}"), &text_of(&table(kind)));
    }
}

#[test]
fn no_line_is_too_wide_unless_a_name_is() {
    let folder = Folder::new();
    let all = kinds().into_iter().map(|(name, table)| (name.to_owned(), table));
    for (name, table) in all.chain((0..RANDOM).map(|seed| (format!("seed {seed}"), random(seed)))) {
        let path = folder.file("NBFT", table.build());
        let ran = run(command("nbft-dump")
            .arg("--text")
            .arg(path.file_name().expect("name"))
            .current_dir(folder.path()));
        for line in ran.stdout.lines().filter(|line| line.chars().count() > 80) {
            // The label column and one word.
            let value = line.get(14..).unwrap_or_default();
            assert!(!value.contains(' '), "{name}: {line}");
        }
    }
}

#[test]
fn an_ordinary_table_fits_a_screen() {
    let text = text_of(&table("static-ipv4"));
    assert!(text.lines().count() < 24, "{text}");
}

/// Whether a value says nothing.
fn is_default(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_u64() == Some(0),
        Value::String(text) => matches!(text.as_str(), "" | "0.0.0.0" | "::" | "not indicated" | "not supported"),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// The words that the text must hold for a key of a kind of object, in any case and with single spaces; nothing if the key says
/// no more than another one does.
fn expected(object: &str, key: &str, value: &Value, all: &Value) -> Option<String> {
    let text = value.as_str().unwrap_or_default();
    let code = value
        .as_u64()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or_default();
    let word = |words: Option<&str>| Some(words.unwrap_or("").to_owned());
    Some(match key {
        // Said by hfis, by pcidev, by dhcp_duid, by availability and by the heading; warnings have a test of their own.
        "num_hfis" | "pcie_seg_num" | "unavailable" | "transport" | "filename" | "warnings" => return None,
        "dhcp_duid_hwtype" | "dhcp_duid_time" | "dhcp_duid_lladdr" | "dhcp_duid_enterprise" => return None,
        "dhcp_duid_id" | "dhcp_duid_uuid" | "dhcp_duid_raw" => return None,
        "index" if object == "security" => format!("Security profile {value} "),
        "index" if object == "discovery" => format!("Discovery {value}:"),
        "index" if object == "subsystem" => format!("SSNS {value}:"),
        "index" => format!("HFI {value}:"),
        "hfi" => format!("over HFI {value}"),
        "hfis" => format!(
            "over HFI {}",
            value.to_string().trim_matches(['[', ']']).replace(',', ", ")
        ),
        "traddr" if text.contains(':') => format!("tcp [{text}]:"),
        "traddr" => format!("tcp {text}:"),
        "trsvcid" => format!(":{text}, over"),
        "revision" => format!("NBFT revision {text} "),
        "oem_revision" => format!("{} revision {value}, creator", all["oem_table_id"].as_str()?),
        "creator_revision" => format!(" revision {value} "),
        // Tests of their own.
        "creator_id" | "driver_device_path" => return None,
        // Their default is 1: a test of their own.
        "host_id_configured" | "host_nqn_configured" => return None,
        "boot_failover" => "fell back".to_owned(),
        "vlan" => format!("VLAN {value}, PCI"),
        "pcidev" => format!("PCI {text} "),
        "ip_origin" if code == 4 && all["ipaddr_autoconf"] == 1 => "IPv6 autoconfiguration".to_owned(),
        "ip_origin" => IpOrigin::from(code).word()?.to_owned(),
        "subnet_mask_prefix" if all["ipaddr"].as_str().is_some_and(|ip| matches!(ip, "0.0.0.0" | "::")) => {
            format!("none, prefix {value} ")
        }
        "subnet_mask_prefix" => format!("/{value} "),
        "route_metric" => format!("metric {value} "),
        "this_hfi_is_default_route" => "route default route".to_owned(),
        "dhcp_override" => "DHCP server".to_owned(),
        "ipaddr_autoconf" => "IPv6 autoconfiguration".to_owned(),
        "dhcp_iaid" => format!("DHCP IAID {value} "),
        "subsys_port_id" => format!("port id {value} "),
        "nsid" => format!("NSID {value}"),
        "nid_type" => format!("{} {}", text.to_uppercase(), all["nid"].as_str()?),
        "nid_type_code" => format!("undefined type {value} "),
        "controller_id" => format!("controller {value} "),
        "asqsz" => format!("ASQSZ {value} "),
        "pdu_header_digest_required" => "digests header".to_owned(),
        "data_digest_required" => "data ".to_owned(),
        "discovered" => "from ".to_owned(),
        "naed" => return word(codes::naed(code)),
        "cipeec" => return word(codes::cipeec(code)),
        "nceec" => return word(codes::nceec(code)),
        "connection_timeout" => format!("timeout {value} s "),
        "non_bootable" => "not for booting".to_owned(),
        "dhcp_root_path_override" => "from DHCP root path".to_owned(),
        "separate_discovery_controller" => "at another address".to_owned(),
        "discovery_index" => format!("discovery {value}"),
        "security_index" | "security" => format!("security profile {value} "),
        "in_band_auth" => format!("auth {text}"),
        "secure_channel" => format!("TLS {text}"),
        "auth_policy" | "channel_policy" => format!(" by {text}"),
        "cipher_suites_restricted" => "ciphers only [".to_owned(),
        "dh_groups_restricted" => "DH groups only [".to_owned(),
        "hash_functions_restricted" => "hashes only [".to_owned(),
        "secret_type" => format!("secret type {code:#x} "),
        _ if value.is_array() => value.to_string().replace(',', ", "),
        _ if value.is_string() => format!(" {text}"),
        _ => format!(" {value} "),
    })
}

/// The text of one descriptor: from its heading to the next, with single spaces.
fn part(text: &str, heading: &str) -> String {
    // "Security profile 2" is not the heading of profile 25.
    let digit = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    let mut lines = text
        .lines()
        .skip_while(|line| line.strip_prefix(heading).is_none_or(digit));
    let first = lines.next().unwrap_or_else(|| panic!("no {heading} in {text}"));
    let body = lines.take_while(|line| line.starts_with("  "));
    let all: Vec<&str> = std::iter::once(first)
        .chain(body)
        .flat_map(str::split_whitespace)
        .collect();
    all.join(" ") + " "
}

/// Every key of a random table shows in its text, unless its value says nothing.
#[test]
fn everything_is_said() {
    for seed in 0..RANDOM {
        let bytes = random(seed).build();
        let text = text_of(&bytes);
        let ran = feed(command("nbft-dump").arg("-"), &bytes);
        let tables = from_json(&ran.stdout);
        let table = &tables[0];
        let check = |object: &str, heading: &str, content: &Value| {
            let shown = part(&text, heading);
            for (key, value) in content.as_object().expect("object") {
                // The index counts at 0 too.
                if value.is_object() || value.as_array().is_some_and(|items| items.iter().any(Value::is_object)) {
                    continue;
                }
                if is_default(value) && key != "index" {
                    continue;
                }
                if let Some(words) = expected(object, key, value, content) {
                    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
                    assert!(
                        shown.contains(&words),
                        "seed {seed}: {object}.{key}: `{words}` is not in `{shown}`"
                    );
                }
            }
        };
        check("table", "-: ", table);
        check("host", "Host", &table["host"]);
        for (list, name) in [("hfi", "HFI"), ("subsystem", "SSNS"), ("discovery", "Discovery")] {
            for item in table[list].as_array().expect(list) {
                check(list, &format!("{name} {}:", item["index"]), item);
            }
        }
        for profile in table["security"].as_array().expect("security") {
            let heading = format!("Security profile {}", profile["index"]);
            check("security", &heading, profile);
        }
        for warning in table["warnings"].as_array().expect("warnings") {
            let message = warning["message"].as_str().expect("message");
            let whole: Vec<&str> = text.split_whitespace().collect();
            assert!(whole.join(" ").contains(message), "seed {seed}: {message}: {text}");
        }
    }
}

/// The two states of every flag that people must not confuse.
#[test]
fn host_identity_says_who_set_it() {
    let text = |json: &str| text_of(&Description::from_json(json).expect("description").build());
    let set = text(r#"{"host": {"nqn": "nqn.a", "host_nqn_configured": 1, "host_id_configured": 0}}"#);
    assert!(
        set.contains("NQN         nqn.a\n") && set.contains("(driver's default)"),
        "{set}"
    );
    let unset = text(r#"{"host": {"nqn": "nqn.a", "host_nqn_configured": 0, "host_id_configured": 1}}"#);
    assert!(unset.contains("NQN         nqn.a (driver's default)\n"), "{unset}");
}

/// Both are text in real tables and need not be.
#[test]
fn creator_and_driver_path() {
    let text = |json: &str| text_of(&Description::from_json(json).expect("description").build());
    let named = text(r#"{"creator_id": 541674817, "driver_device_path": "46762831292f"}"#);
    assert!(
        named.contains("creator AMI revision 1\n  driver path Fv(1)/\n"),
        "{named}"
    );
    let binary = text(r#"{"creator_id": 538976288, "driver_device_path": "04071400aabb"}"#);
    assert!(
        binary.contains("creator 0x20202020 revision 1\n  driver path 04071400aabb\n"),
        "{binary}"
    );
}

#[test]
fn error_codes_in_words() {
    let text = text_of(&table("unavailable"));
    assert!(
        text.contains("unavailable: connection error, connection refused by the target\n"),
        "{text}"
    );
    assert!(text.contains("timeout     30 s"), "{text}");
}
