//! A table is the same after it is described, built, dumped and read again.

use crate::support::decoded;
use nbft_common::table::TableFile;
use nbft_tests::builder::{Description, kinds, random};
use serde_json::Value;

fn dumped(name: &str, bytes: &[u8]) -> (TableFile, Value) {
    let table = decoded(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    let value = serde_json::to_value(&table).expect("JSON");
    (table, value)
}

fn check(name: &str, description: &Description) {
    let bytes = description.build();
    let (table, value) = dumped(name, &bytes);
    let back: TableFile = serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(back, table, "{name}: dump, read");

    // The builder, which does not use the parser, makes the same table of the dump.
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
        for seed in 0..RANDOM {
            let description = random(seed);
            let (mut dump, _) = dumped("random", &description.build());
            // Warnings are about a dump and have no place in a description.
            dump.table.warnings.clear();
            assert_eq!(dump.table, description.table, "seed {seed}");
        }
    }
}
