//! The C library: a C program reads through `nbft.h` what nbft-dump prints, and leaves memory as it should be.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::support::manual::page;
use crate::support::skip::installed;
use crate::support::{Folder, Ran, command, from_json, peer_tables, read, run, workspace};
use nbft_common::table::uri;
use nbft_tests::builder::{kinds, mutants, random};
use serde_json::{Value, json};

/// Mutants of each kind of table, and random tables.
const MUTANTS: usize = 20;
const RANDOM: u64 = 100;

/// Where the library is installed, once for all tests; an error says why it cannot be built.
fn library() -> Result<&'static Path, String> {
    static PREFIX: OnceLock<PathBuf> = OnceLock::new();
    installed(&["cargo", "gcc", "readelf", "strip"])?;
    Ok(PREFIX.get_or_init(|| {
        let prefix = Path::new(env!("CARGO_TARGET_TMPDIR")).join("capi");
        let mut install = Command::new(workspace("nbft-common/capi/install"));
        install
            .env("PREFIX", &prefix)
            .env_remove("DESTDIR")
            .env_remove("LIBDIR");
        let ran = run(&mut install);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        prefix
    }))
}

/// The value of a variable in nbft.pc, or of one of its fields.
fn pkg_config(prefix: &Path, name: &str) -> String {
    let text = std::fs::read_to_string(prefix.join("lib/pkgconfig/nbft.pc")).expect("nbft.pc");
    let found = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let expanded = found.unwrap_or_else(|| panic!("no {name}: {text}"));
    expanded
        .replace("${includedir}", &format!("{}/include", prefix.display()))
        .replace("${libdir}", &format!("{}/lib", prefix.display()))
}

/// Builds the C program; `how` are words for the compiler before the libraries.
fn program(folder: &Folder, prefix: &Path, how: &[&str], libraries: &str) -> Command {
    let program = folder.join("print");
    let mut gcc = Command::new("gcc");
    gcc.args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-g", "-o"]);
    gcc.arg(&program).args(how);
    gcc.arg(workspace("tests/fixtures/capi/print.c"));
    gcc.args(pkg_config(prefix, "Cflags").split_whitespace());
    gcc.args(libraries.split_whitespace());
    assert_eq!(run(&mut gcc), Ran::quiet(), "{gcc:?}");
    Command::new(program)
}

/// The C program with the static library in it.
fn static_program(folder: &Folder, prefix: &Path, how: &[&str]) -> Command {
    let libraries = format!(
        "{}/lib/libnbft.a {}",
        prefix.display(),
        pkg_config(prefix, "Libs.private")
    );
    program(folder, prefix, how, &libraries)
}

impl Ran {
    fn quiet() -> Self {
        Self {
            code: Some(0),
            stdout: String::new(),
            stderr: String::new(),
        }
    }
}

/// Files with tables of every kind, random ones, mutants, tables of real firmware, and no table at all.
fn tables(folder: &Folder) -> Vec<PathBuf> {
    let mut all: Vec<Vec<u8>> = vec![Vec::new()];
    for (name, description) in kinds() {
        let table = description.build();
        if name != "huge" {
            all.extend(mutants(&table, MUTANTS, 7));
        }
        all.push(table);
    }
    all.extend((0..RANDOM).map(|seed| random(seed).build()));
    let files = all.iter().enumerate();
    let mut files: Vec<_> = files
        .map(|(n, table)| folder.file(&format!("NBFT{n}"), table))
        .collect();
    files.extend(peer_tables().unwrap_or_default().iter().map(|real| real.join("NBFT")));
    files
}

/// What the C program prints of a file, as nbft-dump has it.
fn expected(file: &Path) -> Value {
    let ran = run(command("nbft-dump").arg("--compact").arg(file));
    if ran.code == Some(0) {
        let Some(Value::Array(tables)) = serde_json::from_str(&ran.stdout).ok() else {
            panic!("{ran:?}");
        };
        let to_json = &tables[0];
        let mut getters = to_json.clone();
        for hfi in getters["hfi"].as_array_mut().into_iter().flatten() {
            // The parts of a DUID are for its readers.
            let hfi = hfi.as_object_mut().expect("an object");
            hfi.retain(|key, _| !key.starts_with("dhcp_duid_"));
        }
        for discovery in getters["discovery"].as_array_mut().into_iter().flatten() {
            let uri = uri::parse(discovery["uri"].as_str().expect("a URI"));
            discovery["traddr"] = json!("");
            if let Ok((address, service)) = uri {
                discovery["traddr"] = json!(address);
                discovery["trsvcid"] = json!(service);
            }
        }
        return json!({"getters": getters, "to_json": to_json});
    }
    // nbft-dump: FILE: byte OFFSET: MESSAGE
    assert_eq!(ran.code, Some(65), "{ran:?}");
    let fault = ran.stderr.trim_end().split_once(": byte ").expect("a place").1;
    let (offset, message) = fault.split_once(": ").expect("a message");
    json!({"offset": offset.parse::<usize>().expect("a number"), "message": message})
}

/// The program's words about each file are those of nbft-dump.
#[track_caller]
fn agrees(program: &mut Command, files: &[PathBuf]) {
    let ran = run(program.args(files));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{program:?}");
    assert_eq!(ran.stdout.lines().count(), files.len());
    for (line, file) in ran.stdout.lines().zip(files) {
        assert_eq!(from_json(line), expected(file), "{}", file.display());
    }
}

#[test]
fn shared_library_says_what_nbft_dump_says() {
    let prefix = or_skip!(library());
    let folder = Folder::new();
    let mut print = program(&folder, prefix, &[], &pkg_config(prefix, "Libs"));
    print.env("LD_LIBRARY_PATH", prefix.join("lib"));
    assert_eq!(run(&mut print), Ran::quiet(), "NULLs");
    agrees(&mut print, &tables(&folder));
}

#[test]
fn address_sanitizer_finds_nothing() {
    let prefix = or_skip!(library());
    let folder = Folder::new();
    let sanitizer = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    let mut print = static_program(&folder, prefix, &sanitizer);
    assert_eq!(run(&mut print), Ran::quiet(), "NULLs");
    let ran = run(print.args(tables(&folder)));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}

#[test]
fn valgrind_finds_nothing() {
    let prefix = or_skip!(library());
    or_skip!(installed(&["valgrind"]));
    let folder = Folder::new();
    let print = static_program(&folder, prefix, &[]);
    for files in [Vec::new(), tables(&folder)] {
        let mut valgrind = Command::new("valgrind");
        valgrind.args([
            "--quiet",
            "--leak-check=full",
            "--show-leak-kinds=all",
            "--error-exitcode=9",
        ]);
        let ran = run(valgrind.arg(print.get_program()).args(files));
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    }
}

/// The names of the functions that a text in C declares.
fn functions(header: &str) -> BTreeSet<String> {
    let declarations = header.lines().filter(|line| line.ends_with(");"));
    let names = declarations.map(|line| {
        let name = line.split_once('(').expect("arguments").0;
        name.rsplit([' ', '*']).next().expect("a name").to_owned()
    });
    names.collect()
}

#[test]
fn header_page_and_library_have_the_same_functions() {
    let prefix = or_skip!(library());
    let header = functions(&read("nbft-common/assets/nbft.h"));
    assert!(header.len() >= 16 && header.contains("nbft_parse"), "{header:?}");

    let text = page("nbft.3");
    let words = |prefix: &str| -> BTreeSet<String> {
        let lines = text.lines().filter_map(|line| line.strip_prefix(prefix));
        lines
            .map(|line| line.split(' ').next().expect("a word").to_owned())
            .collect()
    };
    assert_eq!(words(".Nm "), header);
    assert_eq!(words(".Fn "), header);

    let shared = prefix.join("lib/libnbft.so");
    let dynamic = run(Command::new("readelf").arg("-dW").arg(&shared)).stdout;
    assert!(dynamic.contains("soname: [libnbft.so.0]"), "{dynamic}");
    // NUMBER: VALUE SIZE FUNC GLOBAL DEFAULT SECTION NAME@@VERSION
    let symbols = run(Command::new("readelf").args(["-W", "--dyn-syms"]).arg(&shared)).stdout;
    let exported = symbols.lines().filter_map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        match words[..] {
            [_, _, _, "FUNC", _, _, section, name] if section != "UND" => name.strip_suffix("@@NBFT_0"),
            _ => None,
        }
    });
    assert_eq!(exported.map(str::to_owned).collect::<BTreeSet<_>>(), header);
}
