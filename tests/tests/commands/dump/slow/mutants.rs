//! Hostile tables: deterministic mutants of every kind of table, none of which may panic, hang or give bad JSON.

use crate::support::{Folder, command, decoded, run};
use nbft_common::table::TableFile;
use nbft_tests::builder::{kinds, mutants};

/// Mutants of all kinds together, in this process.
const IN_PROCESS: usize = 100_000;
/// Mutants that the real command reads.
const THROUGH_COMMAND: usize = 1_000;

#[test]
fn parser_survives() {
    let kinds: Vec<_> = kinds().into_iter().filter(|(name, _)| *name != "huge").collect();
    let each = IN_PROCESS.div_ceil(kinds.len());
    let (mut good, mut bad, mut warned) = (0, 0, 0);
    for (seed, (name, description)) in (0..).zip(&kinds) {
        for (n, mutant) in mutants(&description.build(), each, seed).enumerate() {
            match decoded(&mutant) {
                Ok(table) => {
                    good += 1;
                    warned += usize::from(!table.warnings.is_empty());
                    let json = serde_json::to_string(&table).unwrap_or_else(|e| panic!("{name} {n}: {e}"));
                    let back: TableFile =
                        serde_json::from_str(&json).unwrap_or_else(|e| panic!("{name} {n}: {e}: {json}"));
                    assert_eq!(back, table, "{name} {n}");
                }
                Err(error) => {
                    bad += 1;
                    assert!(error.offset <= mutant.len().max(64), "{name} {n}: {error}");
                }
            }
        }
    }
    eprintln!(
        "{} mutants: {good} tables, {warned} of them with warnings, {bad} refused",
        good + bad
    );
    // If all were refused, or none, the mutants would test nothing.
    assert!(good + bad >= IN_PROCESS && good > IN_PROCESS / 10 && bad > IN_PROCESS / 10 && warned > IN_PROCESS / 20);
}

#[test]
fn command_survives() {
    let folder = Folder::new();
    let kinds: Vec<_> = kinds().into_iter().filter(|(name, _)| *name != "huge").collect();
    let each = THROUGH_COMMAND.div_ceil(kinds.len());
    for (seed, (name, description)) in (1_000..).zip(&kinds) {
        for (n, mutant) in mutants(&description.build(), each, seed).enumerate() {
            let path = folder.file("NBFT", mutant);
            for arguments in [&["--compact"][..], &["--text"]] {
                let ran = run(command("nbft-dump").args(arguments).arg(&path));
                assert!(matches!(ran.code, Some(0 | 65)), "{name} {n}: {ran:?}");
                let raw = |c: char| c.is_control() && c != '\n';
                assert!(
                    !ran.stdout.contains(raw) && !ran.stderr.contains(raw),
                    "{name} {n}: {ran:?}"
                );
            }
        }
    }
}
