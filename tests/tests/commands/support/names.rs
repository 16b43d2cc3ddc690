//! Running nbft-names on tables that tests make.

use super::{Folder, Ran, command, feed, from_json, names_in, read, run, workspace};
use nbft_common::table::Table;
use nbft_tests::builder::{Description, kind};
use serde_json::{Value, json};

/// The built-in formats: each file in their folder but the library.
pub fn formats() -> Vec<String> {
    let files = names_in(&workspace("nbft-names/formats"));
    let names = files.iter().filter_map(|file| file.strip_suffix(".jq"));
    let formats: Vec<_> = names.filter(|name| *name != "lib").map(str::to_owned).collect();
    assert!(formats.iter().any(|name| name == "names"), "{files:?}");
    formats
}

/// The file of `tests/fixtures` that describes a table with everything in it.
pub fn everything() -> Description {
    Description::from_toml(&read("tests/fixtures/names/everything/table.toml")).expect("a description")
}

/// nbft-dump's JSON of tables, each under the name that it has in /sys/firmware/acpi/tables.
pub fn dump(tables: &[(&str, &Description)]) -> String {
    let folder = Folder::new();
    let paths: Vec<_> = tables
        .iter()
        .map(|(name, table)| folder.file(name, table.build()))
        .collect();
    let ran = run(command("nbft-dump").args(paths));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.stdout
}

/// The JSON of one kind of table.
pub fn dump_kind(name: &str) -> String {
    dump(&[("NBFT", &kind(name).unwrap_or_else(|| panic!("no kind {name}")))])
}

/// Runs nbft-names on a machine that has no interfaces.
pub fn names(json: &str, arguments: &[&str]) -> Ran {
    feed(
        command("nbft-names").args(arguments).env("NBFT_ROOT", "/nonexistent"),
        json.as_bytes(),
    )
}

/// Its output, when there is nothing to complain about.
#[track_caller]
pub fn good(json: &str, arguments: &[&str]) -> String {
    let ran = names(json, arguments);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{arguments:?}: {ran:?}");
    ran.stdout
}

/// Its interfaces.
#[track_caller]
pub fn interfaces(json: &str, arguments: &[&str]) -> Vec<Value> {
    let text = good(json, &[&["--to", "json"], arguments].concat());
    from_json(&text).as_array().expect("an array").clone()
}

/// A table that is JSON only: names of tables that no file system has to allow, and as many HFIs as one likes.
pub fn json_table(filename: &str, hfis: Vec<Value>) -> Value {
    let value = json!({
        "filename": filename,
        "host": {"nqn": "nqn.2014-08.org.example:host", "id": "00000000-0000-0000-0000-000000000000"},
        "hfi": hfis,
        "subsystem": [{"index": 1, "hfis": [1], "traddr": "10.0.0.1", "trsvcid": "4420", "subsys_nqn": "nqn.disk"}],
    });
    serde_json::from_value::<Table>(value.clone()).expect("a table");
    value
}
