//! `nbft` is each of the commands, by the name it is called by.

use std::os::unix::fs::symlink;
use std::process::Command;

use crate::support::{Folder, command, commands, feed, run};

fn called(folder: &Folder, name: &str) -> Command {
    let program = command("nbft");
    let path = folder.join(name);
    symlink(program.get_program(), &path).expect("a link");
    let mut command = Command::new(path);
    command.env_remove("NBFT_ROOT");
    command
}

#[test]
fn by_each_name() {
    let folder = Folder::new();
    for name in commands() {
        let mut by_link = called(&folder, &name);
        for option in ["--help", "--version", "--no-such-option"] {
            assert_eq!(
                run(by_link.arg(option)),
                run(command(&name).args(by_link.get_args())),
                "{name} {option}"
            );
        }
    }
    let marked = run(called(&folder, "@nbft-tls").arg("--help"));
    assert_eq!(marked, run(command("nbft-tls").arg("--help")));
    let json = b"[]";
    assert_eq!(feed(&mut Command::new(folder.join("nbft-names")), json).code, Some(0));
}

#[test]
fn by_another_name() {
    let folder = Folder::new();
    for name in ["nbft", "nbft-", "nbft-dump2"] {
        let mut by_link = called(&folder, name);
        let ran = run(&mut by_link);
        assert_eq!(ran.code, Some(64), "{name}");
        assert_eq!(
            ran.stderr,
            "nbft: run it under one of its names: nbft-connect, nbft-dump, nbft-names, nbft-tls, nbft-wait (see nbft --help)\n"
        );
        assert!(run(by_link.arg("--help")).stdout.contains("\n    nbft-wait "));
        let version = run(called(&folder, &format!("{name}-version")).arg("--version"));
        assert!(
            version.code == Some(0) && version.stdout.starts_with("nbft 0."),
            "{version:?}"
        );
    }
}
