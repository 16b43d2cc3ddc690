//! Tests of error positions, the library's definitions, conversions and limits.

use serde::{Serialize, Serializer};

use super::*;

fn error(code: &str) -> String {
    match Filter::new(code, &[]) {
        Ok(_) => "compiles".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// A JSON text as data.
struct Json<'a>(&'a str);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let value: Value = serde_json::from_str(self.0).expect("JSON");
        value.serialize(to)
    }
}

fn results(code: &str, input: &str) -> String {
    let filter = Filter::new(code, &[]).unwrap_or_else(|error| panic!("{code}: {error}"));
    let style = Style {
        compact: true,
        ..Style::default()
    };
    match filter.run(&Json(input), |values| print(&values, style)) {
        Ok(text) => text.lines().collect::<Vec<_>>().join(" "),
        Err(error) => format!("error: {error}"),
    }
}

#[test]
fn errors_have_a_place() {
    for (code, expected) in [
        ("foo", "line 1, column 1: undefined function foo/0"),
        (".[] | foo(1; 2)", "line 1, column 7: undefined function foo/2"),
        ("\"é\" |\n  $x", "line 2, column 3: undefined variable $x"),
        ("\"é\" | $x", "line 1, column 7: undefined variable $x"),
        ("break $x", "line 1, column 7: undefined label $x"),
        ("m::f", "line 1, column 1: undefined module m"),
        ("1 +", "line 1, column 4: expected term, found the end"),
        ("(1", "line 1, column 3: expected closing parenthesis"),
        ("[1)", "line 1, column 3: expected closing bracket"),
        ("1 | {a: }", "line 1, column 9: expected term, found `}`"),
        ("\"abc", "line 1, column 5: expected closing quote"),
        ("\"\\q\"", "line 1, column 3: expected string escape sequence"),
        ("\"\\(foo)\"", "line 1, column 4: undefined function foo/0"),
        (". ; .", "line 1, column 3: expected nothing, found `;`"),
        ("if . then 1", "line 1, column 12: expected else or end, found the end"),
        (
            "import \"a\" as a; .",
            "line 1, column 1: import is left out of this jq",
        ),
        ("b, a", "line 1, column 1: undefined function b/0"),
        ("def f: g; f", "line 1, column 8: undefined function g/0"),
        ("x -1 §", "line 1, column 6: expected token"),
        ("__main__ x", "line 1, column 10: expected nothing, found `x`"),
    ] {
        assert_eq!(error(code), expected, "{code}");
    }
}

#[test]
fn every_definition_compiles_alone() {
    let mut count = 0;
    for line in include_str!("prelude.jq").lines() {
        let Some(head) = line.strip_prefix("def ").and_then(|rest| rest.split(':').next()) else {
            continue;
        };
        let call = match head.split_once('(') {
            None => head.to_owned(),
            Some((name, arguments)) => format!("{name}({})", vec!["."; arguments.split(';').count()].join("; ")),
        };
        assert_eq!(error(&call), "compiles", "{call}");
        count += 1;
    }
    assert!(count > 80, "{count}");
}

#[test]
fn key_order_is_the_documents() {
    let input = r#"{"b": 1, "a": {"z": 1, "y": 2}}"#;
    assert_eq!(results(".", input), r#"{"b":1,"a":{"z":1,"y":2}}"#);
    assert_eq!(
        results("keys, (del(.b) | .c = 1 | .b = 2)", input),
        r#"["a","b"] {"a":{"z":1,"y":2},"c":1,"b":2}"#
    );
    assert_eq!(results(".a.z = null | .a | to_entries[].key", input), r#""z" "y""#);
}

#[test]
fn arguments() {
    let arguments = [("x", "1"), ("y", "2"), ("x", "3")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let filter = Filter::new("$x, $y, (def f: $y; f)", &arguments).expect("compiles");
    let style = Style {
        raw: true,
        ..Style::default()
    };
    let text = filter.run(&(), |values| print(&values, style));
    assert_eq!(text.expect("runs"), "1\n2\n2\n");
}

#[test]
fn values_become_anything_that_serde_reads() {
    let filter = Filter::new(".[] | {index: ., name: \"n\\(.)\"}", &[]).expect("compiles");
    let back = filter.run(&[1, 4_294_967_295_u32], |values| {
        serde_json::to_value(&values).expect("JSON")
    });
    assert_eq!(
        back.expect("runs"),
        serde_json::json!([{"index": 1, "name": "n1"}, {"index": 4_294_967_295_u32, "name": "n4294967295"}])
    );
}

#[test]
fn errors_at_run_time() {
    for (code, expected) in [
        ("1, error(\"x\")", "error: x"),
        ("error({a: 1})", "error: {\"a\":1} (not a string)"),
        (".a", "error: Cannot index array with string (\"a\")"),
        (
            ".[0] | .[]",
            "error: Cannot iterate over string (\"abcdefghijklmnopqrstuvwx...\")",
        ),
        (
            ".[0] / 0",
            "error: string (\"abcdefghijklmnopqrstuvwx...\") and number (0) cannot be divided",
        ),
        (
            ". + 1",
            "error: array ([\"abcdefghijklmnopqrstuvw...]) and number (1) cannot be added",
        ),
    ] {
        assert_eq!(
            results(code, r#"["abcdefghijklmnopqrstuvwxyzabc"]"#),
            expected,
            "{code}"
        );
    }
}

/// Ten thousand keys and elements take a moment only, even unoptimised.
#[test]
fn large_inputs() {
    let numbers = format!("{:?}", (0..10_000).collect::<Vec<_>>());
    let code = "reduce .[] as $n ({}; .[\"k\\($n)\"] = $n) | length, (to_entries | from_entries | length)";
    assert_eq!(results(code, &numbers), "10000 10000");
    assert_eq!(
        results("reduce .[] as $n (\"\"; . + \"\\($n)\") | length", &numbers),
        "38890"
    );
    assert_eq!(results("reduce .[] as $n ([]; . + [$n]) | length", &numbers), "10000");
    assert_eq!(
        results("group_by(. % 10) | map(length) | unique | tojson", &numbers),
        "\"[1000]\""
    );
    assert_eq!(
        results("{a: map({x: ., y: 1})} | del(.a[].x) | [.a[] | length] | add", &numbers),
        "10000"
    );
    assert_eq!(
        results(
            "{a: .} | .a[] |= . + 1 | reduce range(10000) as $i (.; .a[$i] += 1) | .a[9999]",
            &numbers
        ),
        "10001"
    );
    assert_eq!(results("until(length < 9000; .[1:]) | length", &numbers), "8999");
}

#[test]
fn deep_nesting_is_refused_and_does_not_overflow_the_stack() {
    for open in ["(", "[", "{a:", "\"\\("] {
        let error = Filter::new(&open.repeat(100_000), &[]).err().expect("an error");
        assert_eq!(error.message, "nested too deeply", "{open}");
    }
}
