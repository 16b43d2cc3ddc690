//! A table is the same after it is described, built, dumped and read again.

use std::collections::BTreeSet;

use crate::support::manual::keys;
use nbft_common::table::Table;
use nbft_common::table::parse::parse;
use nbft_tests::builder::{Description, kinds, random};
use serde_json::Value;

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

/// Removes the keys that are not to be kept, at any depth.
fn keep(value: &mut Value, kept: &dyn Fn(&str) -> bool) {
    match value {
        Value::Object(object) => {
            object.retain(|key, _| kept(key));
            object.values_mut().for_each(|inner| keep(inner, kept));
        }
        Value::Array(items) => items.iter_mut().for_each(|inner| keep(inner, kept)),
        _ => {}
    }
}

mod slow {
    use super::*;

    /// Random descriptions that are tried.
    const RANDOM: u64 = 5_000;

    #[test]
    fn random_descriptions_survive() {
        for seed in 0..RANDOM {
            check(&format!("seed {seed}"), &random(seed));
        }
    }

    /// A dump says all that was described, spelled out, and nothing else.
    #[test]
    fn described_is_dumped() {
        let page: BTreeSet<String> = keys().into_values().flatten().map(|key| key.name).collect();
        // Keys that the page does not know are the builder's own; two of a dump are in no table.
        let kept = |key: &str| page.contains(key) && !["filename", "warnings"].contains(&key);
        for seed in 0..RANDOM {
            let description = random(seed);
            let (_, mut dump) = dumped("random", &description.build());
            let mut described = serde_json::to_value(description.complete()).expect("JSON");
            for side in [&mut dump, &mut described] {
                keep(side, &kept);
            }
            assert_eq!(dump, described, "seed {seed}");
        }
    }
}
