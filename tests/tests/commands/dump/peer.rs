//! nbft-dump against what `nvme nbft show -o json` (nvme-cli 3.0-rc1) prints for the same tables: the same keys, in the
//! same order, with the same values, except where the peer is wrong.

use crate::support::{command, from_json, peer_tables, run};
use serde_json::Value;

/// Says of a key, our object that may hold it, and both values, whether they may differ.
type Known = fn(&str, &Value, Option<&Value>, &Value) -> bool;

/// Where the two differ, and why ours is right.
const DEVIATIONS: &[(&str, Known)] = &[
    ("file names are as given on the command line", |key, _, _, _| {
        key == "filename"
    }),
    (
        "revision 1.0 has no connection timeout: the peer prints 0 for what the table does not say",
        |key, _, ours, theirs| key == "connection_timeout" && ours.is_none() && theirs == 0,
    ),
    (
        "the availability field has the reserved value 3, which the peer takes for unavailable (2)",
        |key, object, ours, _| key == "unavailable" && object["availability"] == "reserved" && ours == Some(&0.into()),
    ),
];

#[test]
fn same_keys_order_and_values() {
    for folder in or_skip!(peer_tables()) {
        let name = folder.file_name().expect("name").to_string_lossy().into_owned();
        let theirs = std::fs::read_to_string(folder.join("show.json")).expect("show.json");
        let ran = run(command("nbft-dump").arg(folder.join("NBFT")));
        let Ok(parsed) = serde_json::from_str::<Value>(&theirs) else {
            assert_eq!(ran.code, Some(65), "{name}: the peer cannot parse it: {ran:?}");
            continue;
        };
        assert_eq!(ran.code, Some(0), "{name}: {ran:?}");
        let ours = from_json(&ran.stdout);
        compare(&name, &ours, &parsed);
        same_order(&name, &ran.stdout, &theirs);
    }
}

fn compare(path: &str, ours: &Value, theirs: &Value) {
    match (ours, theirs) {
        (Value::Object(own), Value::Object(peer)) => {
            for (key, value) in peer {
                let found = own.get(key);
                if DEVIATIONS.iter().any(|(_, known)| known(key, ours, found, value)) {
                    continue;
                }
                compare(&format!("{path}.{key}"), found.unwrap_or(&Value::Null), value);
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            for (i, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                compare(&format!("{path}[{i}]"), ours, theirs);
            }
        }
        _ => assert_eq!(ours, theirs, "{path}: ours, the peer's"),
    }
}

/// The peer's sequence of keys, all objects of the document in a row, is part of ours.
fn same_order(name: &str, ours: &str, theirs: &str) {
    let mut ours = keys(ours).into_iter();
    for key in keys(theirs).iter().filter(|key| *key != "connection_timeout") {
        assert!(ours.any(|own| own == *key), "{name}: key {key} comes at another place");
    }
}

/// The keys of a pretty-printed document, which begin their lines.
fn keys(json: &str) -> Vec<String> {
    let lines = json.lines().map(str::trim_start);
    lines
        .filter_map(|line| Some(line.strip_prefix('"')?.split_once("\":")?.0.to_owned()))
        .collect()
}
