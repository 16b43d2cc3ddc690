//! Files and formats: where they are, what may be in them, what is said when something is wrong.

mod common;
mod names;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use common::{Folder, Ran, command, feed, run};
use names::{dump_kind, formats, good, names};

/// Runs nbft-names with a program of one's own.
fn format(code: &str, arguments: &[&str]) -> Ran {
    let folder = Folder::new(&format!("format-{:?}", std::thread::current().id()));
    let path = folder.file("mine.jq", code);
    names(
        &dump_kind("vlan"),
        &[&["--from-file", path.to_str().expect("UTF-8")], arguments].concat(),
    )
}

#[track_caller]
fn one_line(ran: &Ran, code: i32, words: &[&str]) {
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(code), ""), "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    words
        .iter()
        .for_each(|word| assert!(ran.stderr.contains(word), "{word} in {ran:?}"));
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("a file").permissions().mode() & 0o7777
}

#[test]
fn written_files_are_the_printed_ones() {
    let folder = Folder::new("written");
    let json = dump_kind("vlan");
    // All but the one of text.
    for to in formats().iter().map(String::as_str).filter(|to| *to != "names") {
        // Profiles of NetworkManager may carry secrets: it reads no others.
        let bits = if to == "nm" { 0o600 } else { 0o644 };
        let directory = folder.0.join("deep/er").join(to);
        let target = directory.to_str().expect("UTF-8");
        let mut printed = String::new();
        // Again: what is there is replaced. The umask has no say in modes.
        for _ in 0..2 {
            let names = command("nbft-names").get_program().to_owned();
            let mut shell = std::process::Command::new("sh");
            shell
                .args(["-c", "umask 0277; exec \"$@\"", "sh"])
                .arg(names)
                .args(["--to", to, "-o", target]);
            let ran = feed(shell.env("NBFT_ROOT", "/nonexistent"), json.as_bytes());
            assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
            printed = ran.stdout;
            // The folder itself was made under that umask.
            for folder in [&folder.0.join("deep"), &folder.0.join("deep/er"), &directory] {
                std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).expect("mode");
            }
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
        let count = std::fs::read_dir(&directory).expect("a folder").count();
        assert_eq!(count, printed.lines().count(), "{to}: nothing else is left");
    }
}

#[test]
fn files_that_cannot_be_written() {
    let folder = Folder::new("unwritable");
    let file = folder.file("file", "");
    let json = dump_kind("static-ipv4");
    let to = |directory: &str| names(&json, &["--to=link", "--output-dir", directory]);
    one_line(&to(file.to_str().expect("UTF-8")), 74, &["file: File exists"]);
    one_line(&to("/proc/nowhere"), 74, &["/proc/nowhere"]);
    folder.file("d/60-nbft-nbft0h1.link/in-the-way", "");
    let directory = folder.0.join("d");
    one_line(
        &to(directory.to_str().expect("UTF-8")),
        74,
        &["60-nbft-nbft0h1.link: Is a directory"],
    );
    assert_eq!(
        std::fs::read_dir(&directory).expect("a folder").count(),
        1,
        "no temporary file is left"
    );
    one_line(
        &names(&json, &["-o", directory.to_str().expect("UTF-8")]),
        64,
        &["text, not files"],
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
        one_line(&format(code, &[]), 65, &[words]);
    }
    let folder = Folder::new("twice");
    let into = folder.0.to_str().expect("UTF-8");
    one_line(
        &format(r#"range(2) | {file: "a", text: ""}"#, &["-o", into]),
        65,
        &["the file a twice"],
    );
    assert_eq!(
        std::fs::read_dir(&folder.0).expect("a folder").count(),
        0,
        "nothing is written before all is well"
    );
    one_line(
        &names("[]", &["--from-file", "/nonexistent/x.jq"]),
        66,
        &["/nonexistent/x.jq: No such file"],
    );
}

/// /etc/nbft/formats has the word, and adds words.
#[test]
fn formats_of_the_machine() {
    let machine = Folder::new("formats");
    machine.file("/etc/nbft/formats/names.jq", r#".[] | "own " + .name"#);
    machine.file("/etc/nbft/formats/new.jq", r#".[] | "new " + .name"#);
    machine.file("/etc/nbft/formats/json.jq", r#""not this one""#);
    machine.file("/etc/nbft/formats/bad.jq", ".[");
    let json = dump_kind("static-ipv4");
    let here = |arguments: &[&str]| {
        feed(
            command("nbft-names").args(arguments).env("NBFT_ROOT", &machine.0),
            json.as_bytes(),
        )
    };
    assert_eq!(here(&[]).stdout, "own nbft0h1\n");
    assert_eq!(here(&["--to=names"]).stdout, "own nbft0h1\n");
    assert_eq!(here(&["--to=new"]).stdout, "new nbft0h1\n");
    assert!(here(&["--to=json"]).stdout.starts_with('['));
    assert!(here(&["--to=ifname"]).stdout.starts_with("ifname="));
    one_line(&here(&["--to=bad"]), 65, &["/etc/nbft/formats/bad.jq: line 1"]);
}

#[test]
fn bad_input() {
    for (input, words) in [
        ("", "empty, where nbft-dump's JSON is needed"),
        (" \n", "empty"),
        ("{}", "not nbft-dump's JSON"),
        ("[{}]", "missing field `filename`"),
        ("[", "not nbft-dump's JSON"),
        ("[] []", "trailing characters"),
        ("\u{0}", "not nbft-dump's JSON"),
        ("null", "not nbft-dump's JSON"),
    ] {
        one_line(&names(input, &[]), 65, &["standard input: ", words]);
    }
    let deep = "[".repeat(100_000);
    one_line(&names(&deep, &[]), 65, &["standard input: "]);
    let names = command("nbft-names").get_program().to_owned();
    let shell = |line: &str| run(std::process::Command::new("sh").args(["-c", line]).arg(&names));
    one_line(
        &shell("head -c 70000000 /dev/zero | tr '\\0' ' ' | \"$0\""),
        65,
        &["more than 67108864 bytes"],
    );
    one_line(&shell("\"$0\" <&-"), 65, &["standard input"]);
    one_line(&shell("\"$0\" </"), 66, &["standard input: Is a directory"]);
    one_line(
        &shell("echo '[]' | \"$0\" --to=json >/dev/full"),
        74,
        &["standard output: No space left"],
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
