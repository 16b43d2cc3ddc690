//! Libraries: definitions in jq's own language, of which a program gets only those that it needs. Parsing all of them
//! would cost more than most filters take to run.

use std::collections::BTreeSet;

/// The part of jq's library that is not built in as Rust functions.
const PRELUDE: &str = include_str!("prelude.jq");

/// The definitions that a program may need, from this library and from jq's: those whose name it contains, and those
/// that these need in turn.
///
/// A definition begins with `def` in the first column, ends at the next `def` or `#` in the first column, and comes after
/// those that it uses.
pub(super) fn needed_by(code: &str, library: &str) -> String {
    let mut wanted: BTreeSet<&str> = words(code).collect();
    let mut needed = Vec::new();
    for (name, definition) in definitions(library).chain(definitions(PRELUDE)) {
        if wanted.contains(name) {
            wanted.extend(words(definition));
            needed.push(definition);
        }
    }
    needed.into_iter().rev().collect()
}

/// Names and texts of a library's definitions, the last one first.
fn definitions(library: &str) -> impl Iterator<Item = (&str, &str)> {
    let (mut start, mut end) = (library.len(), library.len());
    library.split_inclusive('\n').rev().filter_map(move |line| {
        start -= line.len();
        let definition = library.get(start..end);
        let head = line.strip_prefix("def ");
        if head.is_some() || line.starts_with('#') {
            end = start;
        }
        let name_length = head?.bytes().position(|c| c == b':' || c == b'(')?;
        Some((head?.get(..name_length)?, definition?))
    })
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::needed_by;

    #[test]
    fn definitions_that_are_needed() {
        let library = "# Some.\ndef a: 1;\n# Uses a, not c.\ndef b:\n  a;\ndef c: 2;\n";
        assert_eq!(needed_by("b", library), "def a: 1;\ndef b:\n  a;\n");
        assert_eq!(needed_by("bc", library), "");
        assert_eq!(needed_by("[c]", library), "def c: 2;\n");
        assert_eq!(needed_by("b", ""), "");
    }

    #[test]
    fn libraries_use_jqs() {
        let needed = needed_by("mine", "#\ndef mine: booleans;\n");
        assert!(needed.starts_with("def empty:"), "{needed}");
        assert!(
            needed.ends_with("def booleans: select(type == \"boolean\");\ndef mine: booleans;\n"),
            "{needed}"
        );
    }
}
