//! Leaving a test that cannot run on this machine.

use std::fs::File;
use std::io::Write;
use std::process::Command;

/// The value of a `Result`; its error is the reason to leave the test, which is said and counted.
macro_rules! or_skip {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(reason) => {
                $crate::support::skip::skipped(std::any::type_name_of_val(&|| ()), &reason);
                return;
            }
        }
    };
}

/// Says why a test is left. `NBFT_SKIPS` names a file that gets a line of it, for whoever counts.
pub fn skipped(place: &str, reason: &str) {
    // The place is a closure in the test: CRATE::MODULE::TEST::{{closure}}.
    let name = place.trim_end_matches("::{{closure}}");
    let name = name.split_once("::").map_or(name, |(_, name)| name);
    let line = format!("{name}: {reason}\n");
    eprint!("skipped {line}");
    if let Some(path) = std::env::var_os("NBFT_SKIPS") {
        let file = File::options().append(true).create(true).open(&path);
        // One write appends the whole line, whatever other tests do.
        file.and_then(|mut file| file.write_all(line.as_bytes()))
            .unwrap_or_else(|error| panic!("NBFT_SKIPS: {}: {error}", path.display()));
    }
}

/// Whether all of these programs are installed.
pub fn installed(programs: &[&str]) -> Result<(), String> {
    let found = |program: &&&str| {
        let mut shell = Command::new("sh");
        shell.args(["-c", "command -v \"$0\" >/dev/null", program]);
        shell.status().is_ok_and(|status| status.success())
    };
    match programs.iter().find(|program| !found(program)) {
        Some(missing) => Err(format!("{missing} is not installed")),
        None => Ok(()),
    }
}
