//! Any program that jq's grammar gives is refused, fails, or has results: always the same ones, which are JSON.

#![no_main]

mod program;

use libfuzzer_sys::fuzz_target;
use nbft_common::jq::{Filter, Style, print};

/// Values like those of nbft-dump's JSON, and odd ones.
const INPUTS: &[&str] = &[
    r#"[{"filename":"NBFT","host":{"nqn":"n","id":"i"},"hfi":[{"index":1,"vlan":0,"a":null},{"index":2,"host_name":"x"}],"b":[]}]"#,
    r#"{"a":1,"b":[1,[2,{"a":"x"}],null],"hfi":[{"index":3}],"index":-1}"#,
    r#"[3,1,[2],"a,b",{"a":[]},null,false,1.5]"#,
    "null",
    r#""text""#,
];

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let input = INPUTS[usize::from(*first) % INPUTS.len()];
    let program = program::program(&mut rest.iter().copied());
    let results = || {
        let filter = Filter::new(&program, &[]).map_err(|error| error.to_string())?;
        let compact = Style { raw: false, compact: true };
        let data: serde_json::Value = serde_json::from_str(input).expect("JSON");
        filter.run(&data, |values| print(&values, compact)).map_err(|error| error.to_string())
    };
    let first = results();
    assert_eq!(first, results(), "{program}");
    // serde_json reads 127 levels; a filter may nest deeper.
    let depth = |line: &str| line.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count();
    for line in first.iter().flat_map(|text| text.lines()).filter(|line| depth(line) < 128) {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{program}: {line}");
    }
});
