//! Filters inside nbft-dump against jq 1.8, which they follow where versions of jq differ. `tests/fetch-jq` gets it, and
//! jq's own tests.

use std::path::{Path, PathBuf};

use super::jq::{HOOKS, LANGUAGE, ORDINARY, PLAIN, STATUS, STATUS_FLAGS, compare};
use crate::support::{command, feed, run};

/// Updates. Many keys of the JSON are optional: an update must not add them.
const UPDATES: &[&str] = &[
    "(.[].hfi[].host_name | strings) |= ascii_upcase",
    "(.[].hfi[] | .host_name | select(. != null)) |= ascii_upcase",
    "(.[].subsystem[]?.nothing | numbers) |= . + 1, (.[].nothing | strings) = 1",
    "first(.[].hfi[].index) |= 9, (first(.[].hfi[]?) |= 1), (nth(0; .[]) |= 2)",
    "(limit(1; .[].hfi[]?) | .vlan) |= . + 1",
    ".. |= ., ((.. | numbers) |= . + 1), ((.. | strings) |= ascii_upcase)",
    "{} | recurse |= [9], (.. |= (1, 2)), (.. = 1), (.. |= empty)",
    "{a: [1]} | .. |= (numbers | . + 1), ((.. | arrays) |= . + [2])",
    ".[].hfi[]? |= empty, (.[] |= empty), (.[0] |= empty)",
    "[range(5)] | (.[] | select(. > 1)) |= empty, (.[1, 3] |= empty), (.[1:3] |= empty), (.[1:3] |= map(. * 2))",
    "null | .a |= (1, 2), (.a[2] |= 1), (.a += (1, 2)), (.a //= (3, 4)), (.a |= empty), (.a = empty), (.a += empty)",
    "(.a, .b)? |= 1, ({} | (.a, .b) |= 3), ({} | (.a, .b) = (1, 2)), ({a: {b: 5}} | .a.b //= 3 | .c.d //= 4)",
    ".[].hfi[]?.a? |= 2, (.[]?.b? |= 3), ([1, {a: 1}] | .[].a? |= 2), (try ([1] | .[]?.a |= 2) catch \"no\")",
    "{} | .a[1:3] = [1], .a[1:2] |= [7, 8], ([1, 2, 3] | .[1:] = [], (.[:1] |= [8, 9]), (.[-1] = 5))",
    "[1, [2]] | getpath([1, 0]) |= 5, (getpath([2, \"a\"]) |= 5), (paths(numbers) |= .)?, ((.[1] | .[0]) |= 7)",
    "{a: 1, b: 2} | (if .a then .b else .a end) |= 9, ((.c // .a) |= 8), ((.a | select(. > 1)) |= 7), to_entries",
    "[[1, 2], [3]] | (.[1] | .[0]) |= 7, (.[][0] |= [.]), ((.[0] | .[1:]) |= map(. + 1))",
    "def f: .[0]; [1, 2] | f |= 5, (def g(h): h; g(.[1]) |= 6), ((. as $x | .[$x[0] - 1]) |= [.])",
    "{a: [{b: 1}, {b: 2}]} | .a[].b |= . * 2, (.a |= map(.b)), (.a[1:][0].b |= 7), with_entries(.value |= length)",
    "map_values(empty), map_values(1, 2), ({a: 1} | map_values(empty)), (walk(numbers |= . + 1)), [.[] | .hfi? |= length]",
    "{} | .a += 1, .a.b.c |= 3, (.[\"x\", \"y\"] = 1), (.a, .b) += 2",
    "[1, null] | .[] //= 3, (.[5] += 1), (.[1:] += [2]), (.[0] -= 1), (.[0] *= 4), (.[0] /= 4), (.[0] %= 4)",
    "reduce range(3) as $i ([]; .[$i] = $i), (reduce range(3) as $i ({}; .[\"k\\($i)\"] += $i))",
];

/// Deletions and slices.
const DELETIONS: &[&str] = &[
    "[range(10)] | del(.[1], .[-6], .[2], .[-3:9]), del(.[-1], .[0]), del(.[1:3], .[-1]), del(.[0, 2, 4]), del(.[-20])",
    "[range(10)] | del(.[2:4], .[3:6], .[0]), del(.[-2:]), del(.[:-8]), del(.[1.7]), del(.[]), del(.)",
    "[[1, 2], [3]] | del(.[][0]), del(.[0], .[0][1]), del(.[1][5]), delpaths([[0, -1], [0, 0]]), delpaths([])",
    "del(.[].hfi[0, -1]), del(.[].nothing), del(.[].subsystem[]?.nid), del(.[0].hfi, .[0].hfi[0])",
    "{a: {b: 1}} | del(.a.b, .a), del(.a.c.d), del(.x), delpaths([[\"a\", \"b\"], [\"z\"]]), try del(.a.b.c) catch \"no\"",
    "null | del(.a.b), delpaths([[\"a\"]]), del(.[0])",
    "[range(5)] | .[1.7], .[-1.5], .[nan], .[:nan], .[nan:], .[1.2:3.5], .[-2:], .[{start: 1, end: null}], (.[1.2] = 9)",
    "try ([1] | .[{}]) catch \"no\", try ([1] | .[{start: 0}]) catch \"no\", (null | .[{}])",
    "to_entries | map(select(.key > 0)), ([3, 1] | to_entries), [paths], [.[0]? | paths(..)]",
];

/// Functions, patterns and forms of the language.
const FUNCTIONS: &[&str] = &[
    "[1, 2] | has(-0.5), has(0.5), has(1.9), has(2), has(-1), has(nan), (null | has(\"a\"), has(0)), ({a: null} | has(\"a\"))",
    "\"foobar\" | contains(\"bar\", \"\", \"bar\\u0000\"), ({a: 1} | contains({a: null})), ([1] | contains([null])), ([nan] | contains([nan]))",
    "(true | contains(true)), (try (true | contains(false)) catch \"no\"), ([true] | contains([false]))",
    "[{key: \"a\", value: null, Value: 3}, {name: \"b\"}, {Key: \"c\", Value: 1}] | from_entries",
    "([{key: 1}], [{k: \"a\"}], [{}], [{key: false}]) | try from_entries catch \"no\"",
    "\"it's <&>\\\"\" | @html, @sh, @json, @uri, ([., null, 1.5, true] | @csv, @tsv, @sh), (@html \"<\\(.)>\")",
    "(null, [], {}, \"\", [1, 2], \"ab\", {a: 1}) | try reverse catch \"no\"",
    "[nan, infinite, \"a\\u0000\"] | @csv, @tsv",
    "[1, \"a\"] | format(\"text\", \"json\", \"csv\", \"tsv\", \"sh\"), (try format(\"@csv\", null, [1]) catch .)",
    "\"<a%20b>\", \"YQ==\" | format(\"html\", \"uri\", \"urid\", \"base64\", \"base64d\")?, have_literal_numbers",
    "[limit(2; 1, 2, 3)], [limit(0; error)], [limit(1; 1, error)], [limit(1, 2; 5, 6)], [limit(1.5; 1, 2, 3)]",
    "(try limit(-1; 1) catch \"no\"), (try skip(-1; 1) catch \"no\"), (try nth(-1; 1) catch \"no\"), [skip(1; 1, 2)], nth(1; 1, 2)",
    "(\"nan\", \"1\", \".5\", \"1.\", \"+1\", \"-1e2\", \" 1\", \"1 \", \"\", \"-\", \"0x1\", \"NaN1\") | try (tonumber + 0) catch \"no\"",
    "null as {$a, $b: [$c]} | [$a, $b, $c]",
    "{a: 1, b: [2, {c: 3}]} | . as {$a, $b: [$c, {c: $d}]} | [$a, $b, $c, $d], ({$a: 5}? // 0)",
    "{b: [[3]]} as {$b: [[$c]]} | [$b, $c], ([1, 2][0:.5]), (\"x\" as $y | {$y: 4, ($y): 5})?",
    "\"\\ud83d\\ude00 \\u00e9\" | ., length, utf8bytelength, explode",
    "1. + 0, .5, [1.5, .25], 1.e2 + 0, (.5 | floor), .[0:1.]",
    "reduce (1, 2) as $x (0; empty), (reduce (1, 2) as $x (0; ., $x)), [reduce 1 as $x (1, 2; .)], [reduce empty as $x (5; 6)]",
    "[foreach (1, 2, 3) as $x (0; empty; [., $x])], [foreach (1, 2, 3) as $x (0; . + 1, . + $x; [., $x])]",
    "[foreach (1, 2, 3) as $x (5; if $x == 1 then empty else . end; [., $x])], [foreach (1, 2) as $x (0; . + $x; ., -.)]",
    "(nan % 1, 1 % nan, 5 % -3, -5 % 3, 5.9 % -2.1, 1e19 % 7) | tojson",
    "\"x\" * (0, -1, 0.5, 1, 2.9, nan), 0 * \"x\", ([\"a\", 2] | .[0] * .[1])",
    "[65, 128512, 1114112, 55296, -1] | implode, (try ([\"a\"] | implode) catch \"no\")",
    "(\"a\", null, \"abcabc\", [1, 2, 1]) | try [indices(\"a\"), index(\"b\"), rindex(\"c\")] catch \"no\", ([] | indices([])), (\"a\" | indices(\"\"))",
    "(\"true\", true, \"x\", null) | try toboolean catch \"no\", (\"foobarfoo\" | trimstr(\"foo\"), ltrimstr(\"foo\"), rtrimstr(\"x\"))",
    "[1, 3, 5] | bsearch(0, 1, 2, 3, 5, 6), (. as $x | [tostream]), [1 | truncate_stream([[0], 1], [[1, 0], 2], [[1, 0]], [[1]])]",
    "fromstream(tostream), [getpath([0, \"hfi\", 0, \"index\"], [5, \"x\"])?], pick(.[0].hfi)?, (\"%41%c3%a9\" | @urid)",
    "(0, -0, 1, -1) | -., abs, (0 - .), isnormal, isinfinite, isnan, isfinite",
    "[.[] | ltrimstr(\"a\")?], (try (1 | ltrimstr(\"a\")) catch .), (try (\"a\" | endswith(1)) catch .)",
    "\"YWJj\", \"YWI\", \"YW=I\" | @base64d, (try (\"YWJjZ\" | @base64d) catch .)",
    "(\"very-long-very-long-very-long-string\", [range(30)], 12345678, {a: {b: {c: 3333333333333333}}}) | try error(.[0]) catch ., (try (-{a: .}) catch .)",
    "try (1 | .a) catch ., try ([] | .[\"a\"]) catch ., try ({} | .[0]) catch ., try ({} | .[0] = 1) catch ., try (1 | .[1:]) catch .",
    "try setpath([range(10001) | 0]; 0) catch ., try ([1] | .[nan] = 1) catch ., try (\"a\" | .[1:] = \"b\") catch .",
];

/// The exceptions that nbft-dump(8) names.
#[test]
fn exceptions() {
    let nested = |levels: usize| format!("\"{}{}\" | fromjson", "[".repeat(levels), "]".repeat(levels));
    for (filter, code) in [
        ("reduce .[] / .[] as $x (0; . + $x)", 3),
        ("reduce (.[] / .[]) as $x (0; . + $x)", 0),
        ("path(1)", 5),
        ("null | path(null)", 5),
        ("\"nan\" | fromjson", 5),
        (&nested(127), 0),
        (&nested(128), 5),
    ] {
        let ran = feed(command("nbft-jq").arg(filter), b"[1, 2]");
        assert_eq!(ran.code, Some(code), "{filter}: {ran:?}");
    }
    let ran = feed(command("nbft-jq").arg("try (.[0] | path(1 + 1)) catch ."), b"[1, 2]");
    assert_eq!(ran.stdout, "\"invalid path expression with input 1\"\n");
}

/// jq 1.8 or newer, and the folders with its tests and those of 1.6.
fn jq_1_8() -> Result<PathBuf, String> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let cache = std::env::var_os("NBFT_CACHE").map_or_else(|| workspace.join("target/cache"), PathBuf::from);
    let jq = cache.join("jq/jq");
    match jq.exists() {
        true => Ok(jq),
        false => Err("no jq 1.8 here: tests/fetch-jq gets it".to_owned()),
    }
}

mod slow {
    use super::*;

    /// Every function of jq is here, or on the list of those that are left out.
    #[test]
    fn every_function() {
        let jq = or_skip!(jq_1_8());
        let ran = run(std::process::Command::new(jq).args(["-nr", "builtins[]"]));
        let names: Vec<&str> = ran.stdout.lines().collect();
        assert!(names.len() > 200, "{ran:?}");
        for name in names {
            let (name, arity) = name.split_once('/').expect("NAME/ARITY");
            let arity: usize = arity.parse().expect("a number");
            let call = match arity {
                0 => name.to_owned(),
                _ => format!("{name}({})", vec!["."; arity].join("; ")),
            };
            // Compiled, and not run.
            let ran = feed(command("nbft-jq").arg(format!("empty | {call}")), b"null");
            let left_out = ran.code == Some(3) && ran.stderr.contains("left out of this jq");
            assert!(ran.code == Some(0) || left_out, "{call}: {ran:?}");
        }
    }

    #[test]
    fn questions() {
        let jq = or_skip!(jq_1_8());
        compare(&jq, HOOKS, PLAIN);
        compare(&jq, ORDINARY, PLAIN);
        compare(&jq, LANGUAGE, PLAIN);
        compare(&jq, STATUS, STATUS_FLAGS);
    }

    #[test]
    fn updates() {
        compare(&or_skip!(jq_1_8()), UPDATES, PLAIN);
    }

    #[test]
    fn deletions() {
        compare(&or_skip!(jq_1_8()), DELETIONS, PLAIN);
    }

    #[test]
    fn functions() {
        compare(&or_skip!(jq_1_8()), FUNCTIONS, PLAIN);
    }

    /// Of jq's own tests nine in ten pass, of those that need nothing that is left out.
    #[test]
    fn own_tests() {
        let jq = or_skip!(jq_1_8());
        let tests = std::fs::read_dir(jq.with_file_name("tests")).expect("jq's tests");
        for folder in tests.map(|entry| entry.expect("a folder").path()) {
            let ran = run(command("nbft-jq").arg("--suite").arg(folder.join("jq.test")));
            let figures = ran.stdout.lines().last().unwrap_or_default();
            let mut numbers = figures.split(' ').filter_map(|word| word.parse::<usize>().ok());
            let (Some(passed), Some(all)) = (numbers.next(), numbers.next()) else {
                panic!("{ran:?}");
            };
            eprintln!("{figures}");
            assert!(passed * 10 >= all * 9 && all > 200, "{}", ran.stdout);
        }
    }
}
