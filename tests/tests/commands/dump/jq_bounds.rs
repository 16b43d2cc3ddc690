//! No filter and no format takes more memory or stack than its bounds: each ends with 65 and one line.

use std::process::Command;

use super::jq::dump;
use crate::support::{Folder, Ran, command, fails, run, table};

/// The command with at most 1 GiB of address space, 512 MiB of which the stack takes: without bounds it would be killed.
fn bounded(command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "ulimit -c 0; ulimit -v 1048576; exec \"$0\" \"$@\""])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

fn filtered(filter: &str) -> Ran {
    let folder = Folder::new();
    run(&mut bounded(dump(&folder).args(["-c", "-q", filter])))
}

#[test]
fn deep_values() {
    for filter in [
        "reduce range(1000000) as $i (0; [.])",
        "reduce range(1000000) as $i (0; {a: .})",
        "reduce range(1000000) as $i ({}; .a = {b: .})",
        "last(recurse([.]))",
        "def f: [f]; f",
        "try (reduce range(20000) as $i (0; [.])) catch 1",
    ] {
        fails(&filtered(filter), 65, "");
    }
    let filter = "reduce range(9990) as $i ([]; [.]) | [., .] | tojson | length";
    assert_eq!(filtered(filter).code, Some(0));
}

#[test]
fn long_programs() {
    for (part, end) in [
        ("|.", "."),
        ("-", "1"),
        (",.", "."),
        ("+1", "1"),
        ("[0]", "."),
        (". as $x|", "1"),
        ("if . then . else ", ""),
        ("try ", "1"),
        (".//", "1"),
        (".|=", "1"),
        ("def f: .; ", "1"),
        ("def f: ", "1"),
        ("\\(1, 2)", ""),
        ("reduce . as $x (.; ", ""),
        ("label $f|", "1"),
        ("..|", "."),
    ] {
        for length in [3900, 32_000, 1_000_000] {
            let repeated = part.repeat(length / part.len());
            let program = match part {
                "|." | ",." | "+1" | "[0]" => format!("{end}{repeated}"),
                "\\(1, 2)" => format!("first(\"{repeated}\")"),
                _ => format!("{repeated}{end}"),
            };
            let folder = Folder::new();
            let file = folder.file("filter.jq", &program);
            let ran = run(&mut bounded(dump(&folder).arg("-f").arg(file)));
            assert!(matches!(ran.code, Some(0 | 65)), "{length} of {part}: {ran:?}");
            assert!(ran.stderr.lines().count() <= 1, "{length} of {part}: {ran:?}");
        }
    }
}

#[test]
fn formats() {
    let folder = Folder::new();
    let format = folder.file("deep.jq", "def f: f + 1; f\n");
    let table = folder.file("NBFT", table("static-ipv4"));
    let json = run(dump(&folder).arg(table)).stdout;
    let json = folder.file("json", json);
    let mut names = command("nbft-names");
    names.arg("-f").arg(format).env("NBFT_ROOT", folder.join("machine"));
    let mut names = bounded(&names);
    let ran = run(names.stdin(std::fs::File::open(json).expect("JSON")));
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(65), ""), "{ran:?}");
    assert!(
        ran.stderr.contains("MiB of memory") || ran.stderr.contains("too deep"),
        "{ran:?}"
    );
}

mod slow {
    use super::*;

    #[test]
    fn recursion_and_memory() {
        for filter in [
            "repeat(1)",
            "def f: f + 1; f",
            "def f: try f catch 1; f",
            "def f(g): f(g | . + 1); f(.)",
            "def f(g; $n): if $n > 3000000 then g else f(g | . + 1; $n + 1) end; f(.; 0)",
            "def f: f, f; f",
            "reduce range(100) as $i ([1]; [., .])",
            "reduce range(100) as $i ([1]; [., .]) | tojson | length",
            "reduce range(100) as $i (\"x\"; . + .) | length",
            "reduce range(100) as $i ([0]; . + .) | length",
            "\"x\" * 500000000",
            "\"x\" * 100000000 | explode | length",
            "\"x\" * 20000000 | split(\"\") | length",
            "[range(1000000000)] | length",
            "null | .[500000000] = 1",
            "[range(100) | null | .[1000000] = 1] | length",
            "[limit(1000000000; repeat(\"a\"))] | length",
        ] {
            let ran = filtered(filter);
            assert_eq!((ran.code, ran.stdout.as_str()), (Some(65), ""), "{filter}: {ran:?}");
            assert_eq!(ran.stderr.lines().count(), 1, "{filter}: {ran:?}");
        }
        // And what jq is used for stays within them.
        for filter in [
            "def f: if . > 5000 then . else (. + 1 | f) + 1 end; 0 | f",
            "last(range(1000000))",
            "[range(200000)] | length",
            "[limit(100000; repeat(1))] | add",
            "last(0 | recurse(if . < 100000 then . + 1 else empty end))",
            "0 | until(. > 100000; . + 1)",
            "reduce range(100000) as $i (0; ., 1)",
        ] {
            let ran = filtered(filter);
            assert_eq!(ran.code, Some(0), "{filter}: {ran:?}");
        }
    }
}
