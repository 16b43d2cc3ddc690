//! Filters inside nbft-dump against the installed jq (1.6 in Debian 12, 1.7 in Debian 13): same bytes, same exit status of
//! `-e`. `jq_1_8.rs` compares with jq 1.8, which the filters follow where versions of jq differ.
//!
//! Error messages are not compared: most are the same.

use std::path::Path;
use std::process::Command;

use crate::support::skip::installed;
use crate::support::{Folder, command, fails, feed, run, table};

/// Questions that dracut's and wicked's hooks ask of a table: how many interfaces, then their fields.
pub const HOOKS: &[&str] = &[
    ".[].hfi | length",
    ".[0].hfi[0].mac_addr",
    ".[0].hfi[0]",
    ".[].hfi[] | .mac_addr",
    ".[0].hfi[0].vlan // empty",
    ".[0].hfi[0] | select(.vlan != 0) | .vlan",
    ".[0].hfi[0].dhcp_server_ipaddr // empty",
    ".[0].hfi[0].ipaddr // empty",
    ".[0].hfi[0].subnet_mask_prefix // empty",
    ".[0].hfi[0].gateway_ipaddr // empty",
    ".[0].hfi[0].primary_dns_ipaddr, .[0].hfi[0].secondary_dns_ipaddr",
    ".[0].hfi[0].host_name // empty",
    ".[0].hfi[7].mac_addr // empty",
    ".[0].nothing // empty",
    ".[] | .hfi | if . == null then 0 else length end",
    ".[] | .hfi[] | [.index, .mac_addr, .vlan, .ipaddr, .subnet_mask_prefix] | @tsv",
    ".[].host.nqn",
    ".[] | select(.host.host_nqn_configured == 1) | .host.nqn",
    ".[].subsystem[].subsys_nqn",
    ".[].subsystem[] | select(.unavailable == 0) | .hfis[0]",
    ".[] | .subsystem[] | .hfis[] as $i | \"\\($i) \\(.traddr):\\(.trsvcid)\"",
    ".[].subsystem[] | \"\\(.index) \\(.traddr)\"",
    ".[].discovery | length",
    ".[].discovery[]? | .uri",
    "[.[].filename] | length",
];

/// A user's questions.
pub const ORDINARY: &[&str] = &[
    ".",
    ".[]",
    ".[0]",
    ".[-1].subsystem[-1].nid",
    "length",
    ".[0] | keys",
    ".[0] | keys_unsorted",
    ".[0] | to_entries[] | select(.value | type == \"array\") | .key",
    ".[] | {filename: .filename, interfaces: [.hfi[] | {index, mac_addr}]}",
    ".[] | {(.host.id): [.subsystem[].index]}",
    "[.[].hfi[]] | group_by(.mac_addr) | map({mac: .[0].mac_addr, hfis: map(.index)})",
    "[.[].subsystem[]] | sort_by(.traddr, -.index)",
    "[.[].subsystem[].traddr] | unique",
    "[.[].subsystem[]] | unique_by(.trsvcid) | map(.index)",
    "[.[].hfi[].route_metric] | add, min, max",
    "[.[].subsystem[]] | min_by(.index), max_by(.index) | .index",
    ".[].hfi[] | @sh \"ip=\\(.ipaddr) mac=\\(.mac_addr) v=\\(.vlan)\"",
    ".[].hfi[] | [.ipaddr, .vlan, null, true, \"a\\tb\\\\c\\n\"] | @tsv, @csv",
    ".[].subsystem[] | @json, tojson, tostring, @text",
    ".[].subsystem[] | .subsys_nqn | @base64, (@base64 | @base64d), @uri",
    ".[].subsystem[] | .subsys_nqn | split(\":\") | .[0], .[-1], length",
    ".[].hfi[] | .mac_addr | split(\":\") | join(\"-\") | ascii_upcase | ascii_downcase",
    ".[].hfi[] | .ipaddr | startswith(\"192.\"), endswith(\"0\"), ltrimstr(\"192.\"), rtrimstr(\"0\")",
    ".[].hfi[] | .ipaddr | contains(\":\")",
    ".[].hfi[] | if .ipaddr | contains(\":\") then \"v6\" else \"v4\" end",
    ".[].subsystem[] | has(\"security_index\"), has(\"nid\")",
    ".[].subsystem | map(.nsid), map(select(.nsid > 1)), any(.nsid > 1), all(.nsid > 0)",
    ".[].subsystem[] | .hfis | index(1), contains([1]), first, last, reverse",
    "[.[] | .. | numbers] | length",
    "[paths] | length",
    "[.[0] | paths(type == \"number\")]",
    "[.[0].host | paths(scalars) | map(tostring) | join(\".\")]",
    ".[0] | getpath([\"host\", \"nqn\"]), getpath([\"a\", \"b\"])",
    ".[].subsystem[] | del(.nid, .subsys_nqn)",
    "del(.[].subsystem, .[].hfi[0, 2])",
    ".[].hfi |= map(.index)",
    ".[0].host.nqn = \"x\" | .[0].host",
    ".[0].host | .new.deep[2] = 1 | .nqn |= ascii_upcase | .id += \"x\" | .none //= 3",
    "[.[].hfi[].index] | map(. * 2 - 1), map(. / 4), map(. % 2), (map(-.) | sort)",
    "reduce .[].subsystem[] as $s ({}; .[$s.traddr] += [$s.index])",
    "[foreach .[].hfi[] as $h (0; . + 1; [., $h.index])]",
    ". as $all | range(length) | . as $i | $all[$i].filename | length",
    ". as [$first] | $first.host | {nqn, $first} | keys",
    ". as [{host: {nqn: $n, $id}}] | $n, $id",
    ".[] | . as $t | .subsystem[] | .hfis[0] as $i | $t.hfi[] | select(.index == $i) | .ipaddr",
    "def mac: .mac_addr | ltrimstr(\"5\"); .[].hfi[] | mac",
    "def rep($n; f): if $n > 0 then f, rep($n - 1; f) else empty end; [rep(3; .[].filename)] | length",
    ".[].subsystem[] | .nope.nope, (.index | tostring | tonumber), (.trsvcid | tonumber + 1)",
    ".[].subsystem[] | try error(\"x\") catch ., (.index.a? // \"none\"), [.traddr[]?]",
    "map(.filename) | length == 1 and (.[0] | length > 3) or false | not",
    "first(.[].subsystem[]) | .index",
    "[limit(2; .[].subsystem[].index)], [.[].hfi[].index | select(. == (1, 2))]",
    "isempty(.[].discovery[])",
    "label $out | .[].hfi[] | ., break $out | .index",
    "[.[].hfi[].mac_addr | explode | .[:2] | implode]",
    ".[].subsystem | INDEX(.index) | map_values(.traddr)",
    ".[0].host | with_entries(.value |= tostring) | to_entries | from_entries",
    ".[0].hfi[0] | walk(if type == \"number\" then . + 1 else . end)",
    ".[].hfi[0:1], .[].hfi[:-1], (.[].filename | .[-4:], .[:2])",
    "[.[].subsystem[].hfis] | flatten, flatten(1), (map(length) | add)",
    "[[1, 2], [3]] | transpose, [combinations]",
    ".[0] | type, (.hfi | type), (.filename | type), (.x | type)",
    "$name, {$name, \"k\\($name)\": @sh \"\\($name)\"}",
];

/// Odd values.
pub const LANGUAGE: &[&str] = &[
    "[(1, 2) + (10, 20)], [(1, 2) < (1, 2)], [(1, 2) - (10, 20) * (1, 2)]",
    "\"\\(1, 2) \\(3, 4) \\(5, 6)\", @sh \"\\(\"a\", \"b\") \\(\"c\", \"d\")\"",
    "{a: (1, 2), b: (3, 4)}, {(\"a\", \"b\"): (1, 2)}",
    "[.[0].hfi[].index, 7] | [.[] as $x | \"\\($x)-\\(1, 2)\"]",
    "4294967295, 9007199254740991, 1.5, 0.1 + 0.2, 1 / 3, 1e3 + 0, 1e15 + 0, 3.0 + 0, -1.25e-3, 5e-324 + 0",
    "\"\\u0000\\u001b\\u007f\\u00e9\\u2028 \\\"\\\\/\\b\\f\\t\\r\\n<>&'\"",
    "[\"\\u0001é\"] | tojson, @json, @text, \"\\(.)\", length, (.[0] | length, utf8bytelength, explode)",
    "[], {}, [[]], [{}], {a: []}, {a: {b: [1, {}]}}",
    "[3, null, \"a\", [1], {a: 1}, true, false, 1, [], {}, \"\", {b: 0}, {a: 0}] | sort",
    "[{a: 1}, {b: 0}, {a: 0, b: 1}] | sort, (.[0] < .[1]), (.[0] == {a: 1.0})",
    "[1, null, false] | map(. // \"d\"), map(values), (.[1] // empty), add?",
    "\"a,b\" / \",\", \"\" / \",\", \"abc\" / \"\", \"ab\" * 2, (\"aéb\" | .[1:2])",
    "[1, 2, 1, 3] - [1], [1] + null, null + {a: 1}, {a: {b: 1}} * {a: {c: 2}}",
    "5 % 3, -5 % 3, 5 % -3, 5.9 % 2.9",
    "[1, 2, 3, 4] | .[1:3] = [\"x\"], .[2:], .[:1], .[-9:9], .[1:][1], del(.[1:]), del(.[0, 2]), (.[5] = 1)",
    "null | length, .a, .[0], .[1:2], [.[]?], not, tojson",
    "\"abcb\" | indices(\"b\"), index(\"b\"), rindex(\"b\"), index(\"x\")",
    "[1, 2, 1, 2] | indices([1, 2]), indices(2), inside([1, 2, 3]), contains([2])",
    "\"x\" as $x | [$x, \"y\"] | . as [$a, $b] | {a: $a, $b, \"c\": 3, \"d\\($b)\": 4, @base64 \"e\": 5}",
    "[range(5)], [range(2; 4)], [range(0; 10; 3)], [range(5; 0; -2)], [range(0, 1; 3, 4)]",
    "[1 | while(. < 50; . * 2)], (1 | until(. > 50; . * 2)), [limit(3; repeat(1))], [recurse(if . > 2 then empty else . + 1 end)?] | tojson",
    "[.[]?, 1] | first, last, nth(0), [.[1:][] | type], any, all",
    "1.5 | floor, ceil, sqrt, fabs, round",
    "{b: 1, a: 2} | keys, keys_unsorted, [.[]], to_entries, add, tojson, del(.b) + {b: 3}, length",
    "nan | tojson, . < 1, [.] == [nan]",
    "infinite, -infinite | tojson",
    "[.[] | objects, arrays, strings, numbers, nulls, booleans, scalars, iterables | type]",
    "try error({a: 1}) catch .a, [.[] | .nope[]?]",
    "@json \"x\\([1, \"a\"])\", @tsv \"\\([\"a\\tb\"])\", @text \"\\([1])\", ([1, \"a'b\"] | @sh)",
    "[\"12\", \"x\", \"1e3\", \"-0.5\"] | map((tonumber? + 0) // \"no\")",
    "\"[1,{\\\"a\\\":null}]\" | fromjson | ., .[1] | tojson",
    "if . == [] then 1 elif false then 2 else 3 end, (if true then \"a\" else \"b\" end | ascii_upcase)",
    "[IN(.[]; null)], (2 | IN(1, 2)), ([] | isempty(.[])), ([null, 1] | map(isempty(values)))",
    "[.[] | has(\"hfi\")], ([1, 2] | has(1), has(2)), (\"hfi\" | in({hfi: 1}))",
    "# a comment\n. | # another\n length",
];

/// Only jq 1.6 agrees: 1.7 has no `leaf_paths`, and prints a number as the filter writes it.
const OF_1_6: &[&str] = &[
    "[.[0].host | leaf_paths | map(tostring) | join(\".\")]",
    "1e3, 1e15, 3.0, 5e-324, (\"1e3\" | tonumber)",
];

/// Last results that `-e` tells apart, and no result.
pub const STATUS: &[&str] = &[
    "empty",
    "null",
    "false",
    "0",
    "\"\"",
    "1, null",
    "null, 1",
    ".[].hfi[9]",
    ".[].nothing[]?",
    "[]",
];

/// The tables to ask, as files, and nbft-dump's JSON of each set of them.
fn tables(folder: &Folder) -> Vec<(Vec<std::path::PathBuf>, String)> {
    let sets: [&[&str]; 4] = [
        &["multipath"],
        &["static-ipv6", "vlan"],
        &["security-required", "dhcp-ids", "empty"],
        &[],
    ];
    let file = |name: &&str| folder.file(name, table(name));
    let sets = sets.map(|names| names.iter().map(file).collect::<Vec<_>>());
    sets.map(|files| {
        let json = run(dump(folder).args(&files));
        assert_eq!(json.code, Some(0), "{json:?}");
        (files, json.stdout)
    })
    .into()
}

/// nbft-dump on a machine without tables of its own.
pub fn dump(folder: &Folder) -> Command {
    let mut dump = command("nbft-dump");
    dump.env("NBFT_ROOT", folder.join("machine"));
    dump
}

/// Runs each filter through this jq and through nbft-dump, and compares what they print, and whether they fail.
pub fn compare(jq: &Path, filters: &[&str], flags: &[&[&str]]) {
    let folder = Folder::new();
    let name = ["--arg", "name", "it's"];
    for (files, json) in tables(&folder) {
        for filter in filters {
            for flags in flags {
                let theirs = feed(Command::new(jq).args(*flags).args(name).arg(filter), json.as_bytes());
                let ours = run(dump(&folder)
                    .args(*flags)
                    .args(name)
                    .args(["--jq", filter])
                    .args(&files));
                let what = format!("{flags:?} {filter} on {files:?}");
                if theirs.code == Some(3) {
                    assert_eq!((ours.code, ours.stdout.as_str()), (Some(64), ""), "{what}: {ours:?}");
                } else if theirs.code == Some(5) {
                    assert_eq!((ours.code, ours.stdout.as_str()), (Some(65), ""), "{what}: {ours:?}");
                    assert_eq!(ours.stderr.lines().count(), 1, "{what}: {ours:?}");
                } else {
                    assert_eq!(ours.stdout, theirs.stdout, "{what}");
                    assert_eq!(ours.code, theirs.code, "{what}: {ours:?}");
                }
            }
        }
    }
}

pub const STATUS_FLAGS: &[&[&str]] = &[&["-e"], &["-er"], &["-e", "-r", "-c"]];
pub const PLAIN: &[&[&str]] = &[&[], &["-rc"]];

mod slow {
    use super::*;

    #[test]
    fn hooks() {
        or_skip!(installed(&["jq"]));
        compare(Path::new("jq"), HOOKS, PLAIN);
    }

    #[test]
    fn ordinary() {
        or_skip!(installed(&["jq"]));
        compare(Path::new("jq"), ORDINARY, PLAIN);
    }

    #[test]
    fn language() {
        or_skip!(installed(&["jq"]));
        compare(Path::new("jq"), LANGUAGE, PLAIN);
    }

    #[test]
    fn of_1_6() {
        or_skip!(installed(&["jq"]));
        let version = run(Command::new("jq").arg("--version")).stdout;
        or_skip!(match version.trim_end() {
            "jq-1.6" => Ok(()),
            other => Err(format!("{other} is installed")),
        });
        compare(Path::new("jq"), OF_1_6, PLAIN);
    }

    #[test]
    fn exit_status() {
        or_skip!(installed(&["jq"]));
        compare(Path::new("jq"), STATUS, STATUS_FLAGS);
    }
}

/// Most filters must be compared, not just fail in both.
#[test]
fn filters_that_are_right() {
    let folder = Folder::new();
    let file = folder.file("table", table("multipath"));
    let works = |filter: &&&str| {
        let filter = [dump(&folder).args(["--arg", "name", "x", "-q", filter]).arg(&file)].map(run);
        filter.iter().all(|ran| ran.code == Some(0))
    };
    for filters in [HOOKS, ORDINARY, LANGUAGE, OF_1_6] {
        let right = filters.iter().filter(works).count();
        assert!(right * 10 >= filters.len() * 9, "{right} of {}", filters.len());
    }
}

#[test]
fn a_file_and_arguments() {
    or_skip!(installed(&["jq"]));
    let folder = Folder::new();
    let table = folder.file("table", table("multipath"));
    let json = run(dump(&folder).arg(&table)).stdout;
    let code =
        "# What is where.\ndef line($a): \"\\($a) \\(.index)\"; # one\n\n.[].subsystem[]\n| line($where + $what)\n";
    let file = folder.file("filter.jq", code);
    let arguments = ["--arg", "where", "a b", "--arg", "what", "é"];
    let theirs = feed(
        Command::new("jq").args(arguments).arg("-rf").arg(&file),
        json.as_bytes(),
    );
    let ours = run(dump(&folder).args(arguments).arg("-rf").arg(&file).arg(&table));
    assert_eq!((theirs.code, &theirs.stdout), (ours.code, &ours.stdout), "{theirs:?}");
    assert_eq!(ours.stderr, "");
}

#[test]
fn wrong_filters() {
    let folder = Folder::new();
    let table = folder.file("table", table("multipath"));
    let ran = |arguments: &[&str]| run(dump(&folder).args(arguments).arg(&table));
    let file = folder.file("wrong.jq", ".\n| [foo]\n");
    let file = file.to_str().expect("UTF-8");
    fails(
        &ran(&["-q", ".[0] |\n  foo(1)"]),
        64,
        "line 2, column 3: undefined function foo/1",
    );
    fails(&ran(&["-q", "$x"]), 64, "line 1, column 1: undefined variable $x");
    fails(&ran(&["-q", "[1"]), 64, "line 1, column 3: expected closing bracket");
    fails(
        &ran(&["-f", file]),
        65,
        "wrong.jq: line 2, column 4: undefined function foo/0",
    );
    fails(
        &ran(&["-f", "/nonexistent/filter"]),
        66,
        "/nonexistent/filter: No such file or directory\n",
    );
    fails(&ran(&["-q", ".", "-f", file]), 64, "only one filter");
    fails(&ran(&["-q", ".", "--text"]), 64, "--text");
    fails(&run(dump(&folder).arg("-q")), 64, "missing argument");
    fails(&run(dump(&folder).args(["--arg", "x"])), 64, "missing argument");
    fails(
        &ran(&["-q", ".[0].filename, error(\"no\\nmore\")"]),
        65,
        "filter: no\\nmore",
    );
    fails(
        &ran(&["-e", "-q", ".[0].filename.x"]),
        65,
        "filter: Cannot index string with",
    );
}

#[test]
fn hostile_filters() {
    let folder = Folder::new();
    for filter in [
        "1 / 0",
        "1 % 0",
        "1 % 0.5",
        "[\"a\"] | implode",
        "1 | implode",
        "{} | @sh",
        "[[1]] | @tsv",
        "1 | @csv",
        "[[1]] | join(\",\")",
        "\"x\" * 1e12 | length",
        "[0] | .[1e300] = 1",
        "[0] | .[-5] = 1",
        "{} | .[0] = 1",
        "{} | .[[1]]",
        "\"a\" | .[0] = 1",
        "[1] | .[\"a\":] ",
        "[1, 2] | .[0:1] = 1",
        "1 | keys",
        "true | length",
        "1 | sort_by(.)",
        "{} | group_by(.)",
        "1 | startswith(\"a\")",
        "1 | split(\",\")",
        "\"x\" | tonumber",
        "\"{\" | fromjson",
        "\"[[[\" * 1000 | fromjson",
        "{(1): 2}",
        "-\"a\"",
        "[] - 1",
        "range(\"a\")",
        "[1] | flatten(-1)",
        "path(1)",
        "null | error",
        "[1] | delpaths(1)",
        "[1] | delpaths([1])",
        "[1] | delpaths([[\"a\"]])",
        "\"%%%\" | @base64d",
        "1 | ascii_downcase",
        "1 | trim",
        "{} | contains([])",
        "[[1]] | indices({})[0].x.y | error",
        "1 as [$a] | $a",
        "[1] | has(\"a\")",
        "limit(-1; 1, 2)",
        "limit(nan; 1)",
        "skip(-1; 1)",
        "1 | ltrimstr(1)",
        "1 | rtrimstr({})",
        "\"ab\" | reverse",
        "true | contains(false)",
        "[1] | .[{}]",
    ] {
        let ran = run(dump(&folder).args(["-q", filter]));
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(65), ""), "{filter}: {ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{filter}: {ran:?}");
    }
    for filter in [
        "[nan, 1, nan, null, nan] | sort, min, max, unique, group_by(.), tojson",
        "[range(300) | if . % 3 == 0 then nan else . % 7 end] | sort | length",
        "[0] | .[1e300], .[-1e300], .[nan], .[1e300:], .[:-1e300], .[nan:nan]",
        "[limit(0; 1)], [skip(0; 1)]",
        "[1114112, 55296, -1, 1e300] | implode",
        "\"a\" * -1, \"a\" * nan, \"a\" * 0.5",
        "nan % 1, 1e300 % 7, -1e300 % -1, (1 | tojson)",
        "\"\\u0000\" | ., length, @sh, @json",
        "[] | join(1), min, max, add, first, last, transpose, reverse, implode, .[:1], combinations",
        "\"é\" | .[0:1], .[-1:], .[5:], .[:-5], (@base64 | @base64d), @uri, explode",
        "[1] | delpaths([[5], [0, 1]])?, delpaths([[]])",
        "{} | .a.b.c, .[\"a\"]?, .a[1:]?, (.a[2] = 1)",
    ] {
        let ran = run(dump(&folder).args(["-c", "-q", filter]));
        assert_eq!(ran.code, Some(0), "{filter}: {ran:?}");
    }
}
