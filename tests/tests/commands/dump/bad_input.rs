//! Bad input to nbft-dump: one clear line, the right code, nothing else.

use std::fs::File;
use std::process::Stdio;

use crate::support::{Folder, Ran, command, feed, run, table};
use nbft_tests::builder::kind;

/// Asserts one line on stderr with these words, nothing on stdout but `stdout`, and the code.
#[track_caller]
fn one_line(ran: &Ran, code: i32, words: &[&str], stdout: &str) {
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(code), stdout), "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1, "one line: {ran:?}");
    words
        .iter()
        .for_each(|word| assert!(ran.stderr.contains(word), "{word} in {ran:?}"));
}

#[test]
fn files_that_are_no_table() {
    let folder = Folder::new();
    let good = table("static-ipv4");
    for (name, content, words) in [
        ("empty", &b""[..], "byte 0: empty"),
        ("one", b"N", "byte 0: 1 bytes are too short"),
        ("seven", b"NBFT\x80\0\0", "byte 4: 7 bytes are too short"),
        ("other", b"SSDT\x80\0\0\0", "byte 0: the signature is not NBFT"),
        ("short", good.get(..100).expect("100 bytes"), "byte 4: length"),
        ("tiny", b"NBFT\x10\0\0\0", "below 128"),
        ("giant", b"NBFT\xff\xff\xff\xff", "above 16777216"),
    ] {
        let path = folder.file(name, content);
        one_line(&run(command("nbft-dump").arg(&path)), 65, &[name, words], "[]\n");
        one_line(
            &feed(command("nbft-dump").arg("-"), content),
            65,
            &["standard input", words],
            "[]\n",
        );
    }
    one_line(
        &run(command("nbft-dump").arg(folder.path())),
        66,
        &["is a directory"],
        "[]\n",
    );
    one_line(
        &run(command("nbft-dump").arg(folder.join("none"))),
        66,
        &["none: No such file"],
        "[]\n",
    );
}

#[test]
fn unreadable_file() {
    // Root may read a file of any mode, but not a process's memory at address 0.
    one_line(
        &run(command("nbft-dump").arg("/proc/self/mem")),
        66,
        &["/proc/self/mem"],
        "[]\n",
    );
}

#[test]
fn a_gigabyte_of_zeros_is_refused_unread() {
    let folder = Folder::new();
    let path = folder.file("zeros", b"");
    File::options()
        .write(true)
        .open(&path)
        .and_then(|file| file.set_len(1 << 30))
        .expect("sparse file");
    let mut command = command("nbft-dump");
    // With this much memory the program runs, but it could not hold the file.
    let limited = format!(
        "ulimit -v 65536; exec {} \"$0\"",
        command.get_program().to_string_lossy()
    );
    let ran = run(std::process::Command::new("sh").args(["-c", &limited]).arg(&path));
    one_line(&ran, 65, &["the signature is not NBFT"], "[]\n");
    one_line(&run(command.arg(&path)), 65, &["the signature is not NBFT"], "[]\n");
}

#[test]
fn closed_or_full_stdout() {
    let folder = Folder::new();
    let path = folder.file("NBFT", table("static-ipv4"));
    let dump = command("nbft-dump").get_program().to_owned();
    let closed = |redirect: &str| {
        let line = format!("exec \"$0\" \"$1\" {redirect}");
        run(std::process::Command::new("sh")
            .args(["-c", &line])
            .arg(&dump)
            .arg(&path)
            .stdin(Stdio::null()))
    };
    one_line(&closed(">&-"), 74, &["standard output: it is closed"], "");
    one_line(&closed(">/dev/full"), 74, &["standard output: No space left"], "");
    // Whoever starts daemons opens /dev/null for reading and writing.
    let daemon = closed("1<>/dev/null");
    assert_eq!((daemon.code, daemon.stderr.as_str()), (Some(0), ""), "{daemon:?}");
    let quiet = closed(">/dev/null");
    assert_eq!((quiet.code, quiet.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_broken_pipe_is_quiet() {
    let folder = Folder::new();
    let path = folder.file("NBFT", table("huge"));
    let mut child = command("nbft-dump")
        .arg(&path)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    drop(child.stdout.take());
    let ran: Ran = child.wait_with_output().expect("ends").into();
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}

#[test]
fn one_bad_table_among_several() {
    let folder = Folder::new();
    let good = folder.file("good", table("static-ipv4"));
    let bad = folder.file("bad", b"nonsense");
    let ran = run(command("nbft-dump").arg("-c").args([&bad, &good]));
    assert_eq!(ran.code, Some(65));
    assert!(
        ran.stdout.contains("/good\"") && !ran.stdout.contains("/bad\""),
        "{ran:?}"
    );
    one_line(
        &run(command("nbft-dump").arg("-c").args([&bad, &good])),
        65,
        &["bad: byte 0"],
        &ran.stdout,
    );
    // A bad table outweighs a missing one, in either order.
    let missing = folder.join("missing");
    assert_eq!(run(command("nbft-dump").args([&missing, &bad])).code, Some(65));
    assert_eq!(run(command("nbft-dump").args([&bad, &missing])).code, Some(65));
}

#[test]
fn strict_makes_warnings_errors() {
    let folder = Folder::new();
    let mut odd = kind("static-ipv4").expect("kind");
    odd.table.hfi[0].vlan = 4095;
    let odd = folder.file("odd", odd.build());
    let warned = run(command("nbft-dump").arg("-c").arg(&odd));
    assert_eq!(warned.code, Some(0));
    assert!(
        warned.stderr.contains("warning: ") && warned.stderr.contains("hfi 1: byte"),
        "{warned:?}"
    );
    assert!(warned.stdout.contains("VLAN 4095 is above 4094"), "{warned:?}");
    one_line(
        &run(command("nbft-dump").arg("--strict").arg(&odd)),
        65,
        &["VLAN 4095"],
        "[]\n",
    );
    let fine = folder.file("fine", table("static-ipv4"));
    assert_eq!(run(command("nbft-dump").arg("--strict").arg(&fine)).code, Some(0));
}

/// A table that could not be used is no machine without a table.
#[test]
fn text_of_a_bad_table() {
    let folder = Folder::new();
    let text = |arguments: &[&str]| {
        run(command("nbft-dump")
            .arg("--text")
            .args(arguments)
            .env("NBFT_ROOT", folder.path()))
    };
    let none = text(&[]);
    assert_eq!((none.code, none.stderr.as_str()), (Some(0), ""));
    assert!(none.stdout.starts_with("No NBFT: "), "{none:?}");
    one_line(&text(&["nosuch"]), 66, &["nosuch: No such file"], "");
    let mut odd = kind("static-ipv4").expect("kind");
    odd.table.hfi[0].vlan = 4095;
    folder.file("/sys/firmware/acpi/tables/NBFT", odd.build());
    one_line(&text(&["--strict"]), 65, &["VLAN 4095"], "");
    folder.file("/sys/firmware/acpi/tables/NBFT", b"nonsense");
    one_line(&text(&[]), 65, &["NBFT: byte 0"], "");
}

#[test]
fn firmware_tables_in_numeric_order() {
    let machine = Folder::new();
    let tables = "/sys/firmware/acpi/tables";
    for name in ["NBFT10", "NBFT2", "NBFT1"] {
        machine.file(&format!("{tables}/{name}"), table("static-ipv4"));
    }
    machine.file(&format!("{tables}/SSDT1"), b"other");
    let ran = run(command("nbft-dump").arg("-c").env("NBFT_ROOT", machine.path()));
    let at = |name: &str| {
        ran.stdout
            .find(&format!("{tables}/{name}\""))
            .unwrap_or_else(|| panic!("{name}: {ran:?}"))
    };
    assert!(at("NBFT1") < at("NBFT2") && at("NBFT2") < at("NBFT10"));
    let none = Folder::new();
    let ran = run(command("nbft-dump").env("NBFT_ROOT", none.path()));
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (Some(0), "[]\n", "")
    );
}

#[test]
fn usage() {
    for arguments in [&["--nonsense"][..], &["-x"], &["--text=yes"], &["--compact=1"]] {
        one_line(
            &run(command("nbft-dump").args(arguments)),
            64,
            &["see nbft-dump --help"],
            "",
        );
    }
}
