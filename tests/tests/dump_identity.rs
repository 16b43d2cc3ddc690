//! What is described, built, dumped and read again is the same.

use nbft_common::table::Table;
use nbft_common::table::parse::parse;
use nbft_tests::builder::{Description, kinds, random};
use serde_json::Value;

/// Random descriptions that are tried.
const RANDOM: u64 = 5_000;

fn dumped(name: &str, bytes: &[u8]) -> (Table, Value) {
    let table = parse(bytes, name).unwrap_or_else(|error| panic!("{name}: {error}"));
    let value = serde_json::to_value(&table).expect("JSON");
    (table, value)
}

fn check(name: &str, description: &Description) {
    let bytes = description.build();
    let (table, value) = dumped(name, &bytes);
    let back: Table = serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(back, table, "{name}: dump, read");

    // The builder, which shares no code with the parser, makes the same table of the dump.
    let text = value.to_string();
    let again = Description::from_json(&text).unwrap_or_else(|error| panic!("{name}: {error}: {text}"));
    let (_, mut second) = dumped(name, &again.build());
    let mut first = value;
    // Offsets in warnings depend on the layout, and no table holds them.
    for side in [&mut first, &mut second] {
        side["warnings"] = Value::Null;
    }
    assert_eq!(first, second, "{name}: dump, build, dump");
}

#[test]
fn kinds_survive() {
    for (name, description) in kinds() {
        check(name, &description);
    }
}

#[test]
fn random_descriptions_survive() {
    for seed in 0..RANDOM {
        check(&format!("seed {seed}"), &random(seed));
    }
}

/// A dump says all that was described, spelled out, and nothing else.
#[test]
fn described_is_dumped() {
    // What only the builder knows, and what no table holds.
    let elsewhere = [
        "filename",
        "warnings",
        "layout",
        "major",
        "minor",
        "padding",
        "descriptor_stride_extra",
        "signature",
        "checksum",
        "patch",
        "invalid",
        "secondary_hfis",
        "use_security",
        "no_ext_info",
        "without",
    ];
    for seed in 0..RANDOM {
        let description = random(seed);
        let (_, mut dump) = dumped("random", &description.build());
        let mut described = serde_json::to_value(description.complete()).expect("JSON");
        for side in [&mut dump, &mut described] {
            strip(side, &elsewhere);
        }
        assert_eq!(dump, described, "seed {seed}");
    }
}

/// Removes keys at any depth.
fn strip(value: &mut Value, keys: &[&str]) {
    match value {
        Value::Object(object) => {
            keys.iter().for_each(|key| drop(object.remove(*key)));
            object.values_mut().for_each(|inner| strip(inner, keys));
        }
        Value::Array(items) => items.iter_mut().for_each(|inner| strip(inner, keys)),
        _ => {}
    }
}
