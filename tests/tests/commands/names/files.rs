//! Files and formats: where they are, what may be in them, what is said when something is wrong.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::names::{dump_kind, formats, good, names};
use crate::support::{Folder, Ran, command, fails, feed, names_in, run};

/// Runs nbft-names with a program of one's own.
fn format(code: &str, arguments: &[&str]) -> Ran {
    let folder = Folder::new();
    let path = folder.file("mine.jq", code);
    names(
        &dump_kind("vlan"),
        &[&["--from-file", path.to_str().expect("UTF-8")], arguments].concat(),
    )
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("a file").permissions().mode() & 0o7777
}

#[test]
fn written_files_are_the_printed_ones() {
    let folder = Folder::new();
    let json = dump_kind("vlan");
    for to in formats().iter().filter(|format| *format != "names") {
        // A profile of NetworkManager may hold secrets.
        let bits = if to == "nm" { 0o600 } else { 0o644 };
        let directory = folder.join("deep/er").join(to);
        let target = directory.to_str().expect("UTF-8");
        let mut printed = String::new();
        // Twice, because existing files are replaced. The umask has no say in the modes of files.
        for umask in ["0022", "0277"] {
            let names = command("nbft-names").get_program().to_owned();
            let mut shell = std::process::Command::new("sh");
            shell
                .args(["-c", "umask $0; exec \"$@\"", umask])
                .arg(names)
                .args(["--to", to, "-o", target]);
            let ran = feed(shell.env("NBFT_ROOT", "/nonexistent"), json.as_bytes());
            assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
            printed = ran.stdout;
        }
        let mut whole = String::new();
        for path in printed.lines().map(Path::new) {
            assert_eq!(
                (path.parent(), mode(path)),
                (Some(directory.as_path()), bits),
                "{path:?}"
            );
            let name = path.file_name().expect("a name").to_string_lossy();
            let header = if whole.is_empty() {
                format!("# file {name}\n")
            } else {
                format!("\n# file {name}\n")
            };
            whole += &header;
            whole += &std::fs::read_to_string(path).expect("a file");
        }
        let shown = good(&json, &["--to", to]);
        assert!(
            whole == shown || whole.split_once('\n').is_some_and(|(_, rest)| rest == shown),
            "{to}: {whole}"
        );
        let count = names_in(&directory).len();
        assert_eq!(count, printed.lines().count(), "{to}: nothing else is left");
    }
}

#[test]
fn files_that_cannot_be_written() {
    let folder = Folder::new();
    let file = folder.file("file", "");
    let json = dump_kind("static-ipv4");
    let to = |directory: &str| names(&json, &["--to=link", "--output-dir", directory]);
    fails(&to(file.to_str().expect("UTF-8")), 74, "file: File exists");
    fails(&to("/proc/nowhere"), 74, "/proc/nowhere");
    folder.file("d/60-nbft-nbft0h1.link/in-the-way", "");
    let directory = folder.join("d");
    fails(
        &to(directory.to_str().expect("UTF-8")),
        74,
        "60-nbft-nbft0h1.link: Is a directory",
    );
    assert_eq!(names_in(&directory).len(), 1, "no temporary file is left");
    fails(
        &names(&json, &["-o", directory.to_str().expect("UTF-8")]),
        64,
        "text, not files",
    );
}

#[test]
fn text_and_files() {
    let both = r#"{file: "a", text: "one"}, "two", {file: "b.conf", text: "three\n", mode: "0600", header: false}"#;
    let ran = format(both, &[]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(0), "# file a\none\ntwo\nthree\n"),
        "{ran:?}"
    );
    assert_eq!(
        format(r#".[] | "\(.name) \(.vlan)""#, &[]).stdout,
        "nbft0h1 0\nnbft0h2 4094\n"
    );
    assert_eq!(format("empty", &[]).stdout, "");
    assert_eq!(format("lines(.[] | hfis)", &[]).stdout, "NBFT:1\nNBFT:2\n");
}

#[test]
fn wrong_formats() {
    for (code, words) in [
        (".[", "mine.jq: line 1, column"),
        (
            "# dns\n.[] | fixed(4)\n| nonsense",
            "mine.jq: line 3, column 3: undefined function nonsense/0",
        ),
        (".[] | error(\"why\")", "mine.jq: why"),
        (".[] | fixed(\"4\")", "mine.jq: \"4\" is no address family: 4, 6"),
        (".[] | known(.nonsense)", "mine.jq: null is no address family: 4, 6"),
        ("{addresses: []} | fixed(46)", "mine.jq: 46 is no address family: 4, 6"),
        ("1", "a result is a string or an object, not number"),
        (".", "not array"),
        ("{}", "an object without `file`"),
        (r#"{file: "a"}"#, "an object without `text`"),
        (r#"{file: 1, text: ""}"#, "`file` is number"),
        (r#"{file: "a", text: null}"#, "`text` is null"),
        (r#"{file: "", text: ""}"#, "'' is not the name of a file"),
        (r#"{file: "../a", text: ""}"#, "'../a' is not the name of a file"),
        (
            r#"{file: "/etc/passwd", text: ""}"#,
            "'/etc/passwd' is not the name of a file",
        ),
        (r#"{file: "..", text: ""}"#, "'..' is not the name of a file"),
        (r#"{file: ".hidden", text: ""}"#, "'.hidden' is not the name of a file"),
        (r#"{file: "a\nb", text: ""}"#, "is not the name of a file"),
        (r#"{file: ("a" * 201), text: ""}"#, "is not the name of a file"),
        (r#"{file: "a", text: "", mode: 420}"#, "`mode` is number"),
        (r#"{file: "a", text: "", mode: "4755"}"#, "'4755' is not a mode"),
        (r#"{file: "a", text: "", mode: "rw"}"#, "'rw' is not a mode"),
        (r#"{file: "a", text: "", header: "no"}"#, "`header` is string"),
    ] {
        fails(&format(code, &[]), 65, words);
    }
    let folder = Folder::new();
    let into = folder.text();
    fails(
        &format(r#"range(2) | {file: "a", text: ""}"#, &["-o", into]),
        65,
        "the file a twice",
    );
    assert!(folder.names().is_empty(), "nothing is written before all is well");
    fails(
        &names("[]", &["--from-file", "/nonexistent/x.jq"]),
        66,
        "/nonexistent/x.jq: No such file",
    );
}

/// /etc/nbft/formats has the word, and adds words.
#[test]
fn formats_of_the_machine() {
    let machine = Folder::new();
    machine.file("/etc/nbft/formats/names.jq", r#".[] | "own " + .name"#);
    machine.file("/etc/nbft/formats/new.jq", r#".[] | "new " + .name"#);
    machine.file("/etc/nbft/formats/json.jq", r#""not this one""#);
    machine.file("/etc/nbft/formats/bad.jq", ".[");
    let json = dump_kind("static-ipv4");
    let here = |arguments: &[&str]| {
        feed(
            command("nbft-names").args(arguments).env("NBFT_ROOT", machine.path()),
            json.as_bytes(),
        )
    };
    assert_eq!(here(&[]).stdout, "own nbft0h1\n");
    assert_eq!(here(&["--to=names"]).stdout, "own nbft0h1\n");
    assert_eq!(here(&["--to=new"]).stdout, "new nbft0h1\n");
    assert!(here(&["--to=json"]).stdout.starts_with('['));
    assert!(here(&["--to=ifname"]).stdout.starts_with("ifname="));
    fails(&here(&["--to=bad"]), 65, "/etc/nbft/formats/bad.jq: line 1");
    fails(
        &here(&["--to=toml"]),
        64,
        "wicked, json; /etc/nbft/formats has bad, names, new",
    );
}

/// A filter's $NAME, as nbft-dump has it.
#[test]
fn named_arguments() {
    let code = r#".[] | "\(.name) \($site) \($other)""#;
    let ran = format(
        code,
        &["--arg", "site", "a b", "--arg", "other", "-", "--arg", "site", "last"],
    );
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(0), "nbft0h1 a b -\nnbft0h2 a b -\n"),
        "{ran:?}"
    );
    fails(&format(code, &["--arg", "site", "x"]), 65, "mine.jq: line 1, column");
    fails(&format(code, &["--arg", "site"]), 64, "missing argument");
    // A program that uses none takes them all the same.
    let ran = names(&dump_kind("vlan"), &["--to=ifname", "--arg", "site", "x"]);
    assert_eq!(ran.stdout, "ifname=nbft0h1:52:54:00:00:00:01\n", "{ran:?}");
}

/// A text without a newline at its end has one as a file and on standard output.
#[test]
fn last_lines_end() {
    let folder = Folder::new();
    let code = r#"{file: "a", text: "one"}, {file: "b", text: "two\n"}, {file: "c", text: ""}"#;
    let ran = format(code, &["-o", folder.text()]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for (file, text) in [("a", "one\n"), ("b", "two\n"), ("c", "")] {
        assert_eq!(
            std::fs::read_to_string(folder.join(file)).expect("a file"),
            text,
            "{file}"
        );
    }
    assert_eq!(format(code, &[]).stdout, "# file a\none\n\n# file b\ntwo\n\n# file c\n");
}

#[test]
fn bad_input() {
    for (input, words) in [
        ("", "empty, where nbft-dump's JSON is needed"),
        (" \n", "empty"),
        ("{}", "not nbft-dump's JSON"),
        ("[{}]", "missing field `host`"),
        ("[", "not nbft-dump's JSON"),
        ("[] []", "trailing characters"),
        ("\u{0}", "not nbft-dump's JSON"),
        ("null", "not nbft-dump's JSON"),
    ] {
        let ran = names(input, &[]);
        fails(&ran, 65, words);
        fails(&ran, 65, "standard input: ");
    }
    let deep = "[".repeat(100_000);
    fails(&names(&deep, &[]), 65, "standard input: ");
    let names = command("nbft-names").get_program().to_owned();
    let shell = |line: &str| run(std::process::Command::new("sh").args(["-c", line]).arg(&names));
    fails(
        &shell("head -c 70000000 /dev/zero | tr '\\0' ' ' | \"$0\""),
        65,
        "more than 67108864 bytes",
    );
    fails(&shell("\"$0\" <&-"), 65, "standard input");
    fails(&shell("\"$0\" </"), 66, "standard input: Is a directory");
    fails(
        &shell("echo '[]' | \"$0\" --to=json >/dev/full"),
        74,
        "standard output: No space left",
    );
}

#[test]
fn verbose_tells_of_interfaces() {
    let ran = names(&dump_kind("vlan"), &["--verbose"]);
    assert!(
        ran.stderr
            .contains("nbft-names: nbft0h2: MAC 52:54:00:00:00:01, VLAN 4094: does not exist yet\n"),
        "{ran:?}"
    );
}
