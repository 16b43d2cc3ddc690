//! Running the real commands, and what else several tests need.

pub mod manual;
pub mod names;
#[macro_use]
pub mod skip;

use std::io::Write;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use nbft_common::table::TableFile;
use nbft_common::table::parse::{Fault, parse};
use nbft_tests::builder::kind;
use serde_json::Value;
use tempfile::TempDir;

/// A file or folder of the workspace.
pub fn workspace(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The text of a file of the workspace.
pub fn read(path: &str) -> String {
    std::fs::read_to_string(workspace(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The commands of the workspace: its members but the library, the multi-call binary and these tests.
pub fn commands() -> Vec<String> {
    let manifest: toml::Table = read("Cargo.toml").parse().expect("Cargo.toml");
    let members = manifest["workspace"]["members"].as_array().expect("members");
    let names = members.iter().filter_map(toml::Value::as_str);
    let commands: Vec<_> = names
        .filter(|name| name.starts_with("nbft-") && *name != "nbft-common")
        .map(str::to_owned)
        .collect();
    assert!(commands.iter().any(|name| name == "nbft-dump"), "{commands:?}");
    commands
}

/// A command of this workspace, as built with these tests (`cargo build --workspace` comes before `cargo test`).
pub fn command(name: &str) -> Command {
    let test = std::env::current_exe().expect("the test's own path");
    let profile = test.parent().and_then(Path::parent).expect("target/PROFILE/deps/TEST");
    let path = profile.join(name);
    assert!(
        path.exists(),
        "{} is not built: run cargo build --workspace",
        path.display()
    );
    let mut command = Command::new(path);
    // A machine of its own: nothing of the one that runs the tests shows through.
    command.env_remove("NBFT_ROOT").stdin(Stdio::null());
    command
}

/// The result of a command.
#[derive(Debug, PartialEq, Eq)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
        }
    }
}

/// Asserts the exit code, nothing on standard output, and one line on standard error with these words in it.
#[track_caller]
pub fn fails(ran: &Ran, code: i32, words: &str) {
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(code), ""), "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1, "one line: {ran:?}");
    assert!(ran.stderr.contains(words), "{words} in {ran:?}");
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Ran {
    command.output().expect("it starts").into()
}

/// Runs a command with bytes on its standard input.
pub fn feed(command: &mut Command, input: &[u8]) -> Ran {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("piped");
    // It may stop reading early: a broken pipe is its right.
    let feeder = std::thread::spawn({
        let input = input.to_vec();
        move || drop(stdin.write_all(&input))
    });
    let output = child.wait_with_output().expect("it ends");
    feeder.join().expect("feeder");
    output.into()
}

/// A systemd that reads no notices at first: its socket, whose queue is full.
pub fn busy_manager(path: &Path) -> UnixDatagram {
    let manager = UnixDatagram::bind(path).expect("socket");
    loop {
        // A socket of its own for each notice: one alone could fill its own buffer first.
        let sender = UnixDatagram::unbound().expect("socket");
        sender.set_nonblocking(true).expect("socket");
        if sender.send_to(b"", path).is_err() {
            return manager;
        }
    }
}

/// The first notice with content.
pub fn notice(manager: &UnixDatagram) -> String {
    manager
        .set_read_timeout(Some(Duration::from_secs(30)))
        .expect("timeout");
    let mut message = [0; 512];
    loop {
        let length = manager.recv(&mut message).expect("a notice");
        if length > 0 {
            return String::from_utf8_lossy(&message[..length]).into_owned();
        }
    }
}

/// A decoded table, in a file called NBFT.
pub fn decoded(bytes: &[u8]) -> Result<TableFile, Fault> {
    let filename = "NBFT".to_owned();
    parse(bytes).map(|table| TableFile { filename, table })
}

/// A table of this kind.
pub fn table(name: &str) -> Vec<u8> {
    kind(name).unwrap_or_else(|| panic!("no kind {name}")).build()
}

/// A folder that goes away with its owner.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("temporary folder"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn join(&self, path: impl AsRef<Path>) -> PathBuf {
        self.path().join(path)
    }

    /// Its path as an argument.
    pub fn text(&self) -> &str {
        self.path().to_str().expect("UTF-8")
    }

    /// Writes a file, with the folders it needs.
    pub fn file(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(path.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().expect("has a parent")).expect("folders");
        std::fs::write(&path, content).expect("file");
        path
    }

    /// The names of what lies in it.
    pub fn names(&self) -> Vec<String> {
        names_in(self.path())
    }
}

/// The names of what lies in a folder, sorted.
pub fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Compares with a file of `tests/fixtures`. Where `NBFT_ACCEPT` is set, the file is written instead: read the
/// difference before you commit it.
#[track_caller]
pub fn as_fixture(file: &str, found: &str) {
    let path = workspace("tests/fixtures").join(file);
    if accepting() {
        std::fs::write(&path, found).expect("fixture");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "{}: found, expected", path.display());
}

/// The same for an output that may be that of another file: the file exists only where the two differ.
#[track_caller]
pub fn as_fixture_or(file: &str, usual: &str, found: &str) {
    let folder = workspace("tests/fixtures");
    if accepting() {
        let same = std::fs::read_to_string(folder.join(usual)).is_ok_and(|text| text == found);
        if same {
            let _ = std::fs::remove_file(folder.join(file));
        } else {
            std::fs::write(folder.join(file), found).expect("fixture");
        }
    }
    as_fixture(if folder.join(file).exists() { file } else { usual }, found);
}

fn accepting() -> bool {
    std::env::var_os("NBFT_ACCEPT").is_some()
}

/// Tables of real firmware with what the replaced tool says of them, when somebody has put them beside this checkout:
/// they are not part of the project.
pub fn peer_tables() -> Result<Vec<PathBuf>, String> {
    let folder = std::env::var_os("NBFT_PEER_TABLES").map_or_else(|| workspace("../shared/tables"), PathBuf::from);
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.join("NBFT").exists())
        .collect();
    folders.sort();
    match folders.is_empty() {
        true => Err("NBFT_PEER_TABLES names no folder with tables of real firmware".to_owned()),
        false => Ok(folders),
    }
}

/// JSON that a command printed.
#[track_caller]
pub fn from_json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
