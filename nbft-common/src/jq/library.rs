//! Libraries: definitions in jq's own language, of which a program gets only those that it needs. Parsing all of them
//! would cost more than most filters take to run, and so would looking for them: the compiler finds them.

use std::collections::BTreeSet;

/// The part of jq's library that is not built in as Rust functions.
const PRELUDE: Library = library!(include_str!("prelude.jq"));

/// Definitions. Each begins with `def` in the first column, ends at the next `def` or `#` in the first column, and comes
/// after those that it uses.
#[derive(Clone, Copy, Debug)]
pub struct Library {
    text: &'static str,
    definitions: &'static [Definition],
}

/// The places of a definition and of its name in the text.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    start: u16,
    name_end: u16,
    end: u16,
}

/// A library with this text.
#[macro_export]
macro_rules! library {
    ($text:expr) => {{
        const TEXT: &str = $text;
        const COUNT: usize = $crate::jq::Library::count(TEXT);
        const DEFINITIONS: [$crate::jq::Definition; COUNT] = $crate::jq::Library::find(TEXT);
        $crate::jq::Library::new(TEXT, &DEFINITIONS)
    }};
}
use library;

impl Library {
    /// No definitions.
    pub const EMPTY: Self = Self::new("", &[]);

    /// A library with the definitions that were found in its text.
    #[must_use]
    pub const fn new(text: &'static str, definitions: &'static [Definition]) -> Self {
        Self { text, definitions }
    }

    /// The number of definitions in a text.
    #[must_use]
    pub const fn count(text: &str) -> usize {
        let (mut count, mut at) = (0, 0);
        while at < text.len() {
            count += begins(text.as_bytes(), at, b"def ") as usize;
            at += 1;
        }
        count
    }

    /// All definitions in a text.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "the compiler runs it")]
    pub const fn find<const COUNT: usize>(text: &str) -> [Definition; COUNT] {
        let text = text.as_bytes();
        assert!(text.len() <= u16::MAX as usize);
        let none = Definition {
            start: 0,
            name_end: 0,
            end: 0,
        };
        let mut found = [none; COUNT];
        let (mut index, mut at) = (0, 0);
        while index < COUNT {
            while !begins(text, at, b"def ") {
                at += 1;
            }
            found[index].start = at as u16;
            while text[at] != b':' && text[at] != b'(' {
                at += 1;
            }
            found[index].name_end = at as u16;
            while at < text.len() && !begins(text, at, b"def ") && !begins(text, at, b"#") {
                at += 1;
            }
            found[index].end = at as u16;
            index += 1;
        }
        found
    }

    /// Names and texts, the last one first.
    fn definitions(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let text = self.text;
        self.definitions.iter().rev().filter_map(move |definition| {
            let [start, name_end, end] = [definition.start, definition.name_end, definition.end].map(usize::from);
            Some((text.get(start + "def ".len()..name_end)?, text.get(start..end)?))
        })
    }
}

/// Whether a line begins here with this word.
#[expect(clippy::indexing_slicing, reason = "the compiler runs it")]
const fn begins(text: &[u8], at: usize, word: &[u8]) -> bool {
    if at + word.len() > text.len() || at > 0 && text[at - 1] != b'\n' {
        return false;
    }
    let mut index = 0;
    while index < word.len() && text[at + index] == word[index] {
        index += 1;
    }
    index == word.len()
}

/// The definitions that a program may need, from this library and from jq's: those whose name it contains, and those
/// that these need in turn.
pub(super) fn needed_by(code: &str, library: &Library) -> String {
    let mut wanted: BTreeSet<&str> = words(code).collect();
    let mut needed = Vec::new();
    for (name, definition) in library.definitions().chain(PRELUDE.definitions()) {
        if wanted.contains(name) {
            wanted.extend(words(definition));
            needed.push(definition);
        }
    }
    needed.into_iter().rev().collect()
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    // A line in the middle of a string may begin with #, too. Where the string ends or contains a term, the line has a
    // quotation mark or a backslash.
    let is_comment = |line: &&str| line.trim_start().starts_with('#') && !line.contains(['"', '\\']);
    code.lines()
        .filter(move |line| !is_comment(line))
        .flat_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'))
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{Library, needed_by};

    #[test]
    fn definitions_that_are_needed() {
        let library = library!("# Some.\ndef a: 1;\n# Uses a, not c.\ndef b:\n  a;\ndef c: 2;\n");
        assert_eq!(needed_by("b", &library), "def a: 1;\ndef b:\n  a;\n");
        assert_eq!(needed_by("bc", &library), "");
        assert_eq!(needed_by("[c]", &library), "def c: 2;\n");
        assert_eq!(needed_by("b", &Library::EMPTY), "");
    }

    #[test]
    fn comments_need_nothing() {
        let library = library!("def a: 1;\ndef b: 2;\n");
        assert_eq!(needed_by("# a\n  # a\nb", &library), "def b: 2;\n");
        // A string of several lines.
        assert_eq!(needed_by("\"\n# \" + a", &library), "def a: 1;\n");
        assert_eq!(needed_by("\"\n# \\(a)\n\"", &library), "def a: 1;\n");
    }

    #[test]
    fn libraries_use_jqs() {
        let needed = needed_by("mine", &library!("#\ndef mine: booleans;\n"));
        assert!(needed.starts_with("def empty:"), "{needed}");
        assert!(
            needed.ends_with("def booleans: select(type == \"boolean\");\ndef mine: booleans;\n"),
            "{needed}"
        );
    }
}
