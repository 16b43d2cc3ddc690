//! Size and work of the static commands stay within `tests/budget.toml`, so that growth is noticed. The commands are not
//! built here: `NBFT_STATIC_DIR` says where they are; without it the tests are skipped.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::skip::installed;
use crate::support::{Folder, read, table, workspace};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Budget {
    bytes: BTreeMap<String, u64>,
    run: Vec<Run>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    command: String,
    #[serde(default)]
    arguments: Vec<String>,
    /// Kind of the table.
    kind: String,
    instructions: u64,
    syscalls: u64,
}

fn budget() -> Budget {
    toml::from_str(&read("tests/budget.toml")).unwrap_or_else(|error| panic!("budget.toml: {error}"))
}

/// Where the static commands are. Relative paths are the workspace's.
fn static_dir() -> Result<PathBuf, String> {
    let dir = std::env::var("NBFT_STATIC_DIR").map_err(|_| "NBFT_STATIC_DIR names no static commands".to_owned())?;
    let dir = workspace(&dir);
    assert!(dir.join("nbft-dump").exists(), "no nbft-dump in {}", dir.display());
    Ok(dir)
}

#[test]
fn bytes() {
    let dir = or_skip!(static_dir());
    for (name, most) in budget().bytes {
        let file = std::fs::metadata(dir.join(&name)).expect("the file with the commands");
        eprintln!("{name}: {} bytes of {most}", file.len());
        assert!(file.len() <= most, "{name} has {} bytes, more than {most}", file.len());
    }
}

/// Runs a command under a tool that leaves a report; its output is not of interest.
fn report(tool: &str, options: &[&str], report: &Path, command: &Path, arguments: &[&str]) -> String {
    let ran = Command::new(tool)
        .args(options)
        .arg(command)
        .args(arguments)
        // The C library looks at each variable as it starts.
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{tool}: {error}"));
    assert!(ran.status.success(), "{tool}: {ran:?}");
    std::fs::read_to_string(report).expect("report")
}

mod slow {
    use super::*;

    #[test]
    fn instructions_and_system_calls() {
        let dir = or_skip!(static_dir());
        or_skip!(installed(&["valgrind", "strace"]));
        let folder = Folder::new();
        for run in budget().run {
            let path = folder.file(&run.kind, table(&run.kind));
            let command = dir.join(&run.command);
            let mut arguments: Vec<&str> = run.arguments.iter().map(String::as_str).collect();
            arguments.push(path.to_str().expect("path"));

            let log = folder.join("log");
            let to_log = format!("--log-file={}", log.display());
            let options = ["--tool=callgrind", "--callgrind-out-file=/dev/null", &to_log];
            let text = report("valgrind", &options, &log, &command, &arguments);
            let counted = text
                .split("Collected : ")
                .nth(1)
                .and_then(|rest| rest.split_whitespace().next());
            let instructions: u64 = counted
                .and_then(|n| n.parse().ok())
                .unwrap_or_else(|| panic!("callgrind: {text}"));

            let text = report(
                "strace",
                &["-f", "-o", log.to_str().expect("path")],
                &log,
                &command,
                &arguments,
            );
            // Signals and the end are lines too.
            let calls = text
                .lines()
                .filter(|line| !line.contains(" +++ ") && !line.contains(" --- "))
                .count();
            let calls = u64::try_from(calls).expect("number");

            eprintln!("{run:?}: {instructions} instructions, {calls} system calls");
            assert!(instructions <= run.instructions, "{run:?}: {instructions} instructions");
            assert!(calls <= run.syscalls, "{run:?}: {calls} system calls");
        }
    }
}
