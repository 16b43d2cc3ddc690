//! The table in `tests/boots/README.md` has a row for each scenario in `tests/boots`, in bold for those that
//! `tests/boots/run` takes without an argument.

use std::collections::BTreeSet;

use crate::support::{names_in, read, workspace};

/// The first cells of the table in a section, without its two head lines.
fn rows(text: &str, heading: &str) -> Vec<String> {
    let (_, after) = text.split_once(&format!("\n## {heading}\n")).expect("the heading");
    let section = after.split("\n## ").next().unwrap_or_default();
    let cells = section
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    cells.skip(1).map(str::to_owned).collect()
}

#[test]
fn boots() {
    let rows = rows(&read("tests/boots/README.md"), "All boots");
    // A name in bold may have the release in which it runs after it.
    let named: BTreeSet<&str> = rows
        .iter()
        .map(|row| row.trim_start_matches('*'))
        .filter_map(|row| row.split("**").next())
        .collect();
    let bold: BTreeSet<String> = rows
        .iter()
        .filter_map(|row| row.strip_prefix("**")?.split_once("**"))
        .map(|(name, release)| match release {
            "" => name.to_owned(),
            " (12)" => format!("{name}@bookworm"),
            " (13)" => format!("{name}@trixie"),
            release => format!("{name}@{}", release.trim_matches([' ', '(', ')'])),
        })
        .collect();
    assert_eq!(named.len(), rows.len(), "a row for each: {rows:?}");

    let boots = workspace("tests/boots");
    let mut scenarios = names_in(&boots);
    scenarios.retain(|name| boots.join(name).join("scenario.toml").exists());
    assert_eq!(named, scenarios.iter().map(String::as_str).collect());

    let run = read("tests/boots/run");
    let (_, quick) = run.split_once("\nquick=(").expect("quick=(");
    let quick = quick.split(')').next().unwrap_or_default();
    assert_eq!(bold, quick.split_whitespace().map(str::to_owned).collect());
}
