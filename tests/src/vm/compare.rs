//! Compares output with what was expected, line by line.
//!
//! An expected line that begins with `~ ` is a pattern: the rest has to match the whole line, and
//! `*` in it stands for any text, none included.

use similar::TextDiff;

/// Whether one line of output is what this expected line asks for.
fn matches(expected: &str, got: &str) -> bool {
    match expected.strip_prefix("~ ") {
        Some(pattern) => glob(pattern, got),
        None => expected == got,
    }
}

fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    text.strip_prefix(head).is_some_and(|text| {
        (0..=text.len())
            .filter(|&at| text.is_char_boundary(at))
            .any(|at| glob(rest, &text[at..]))
    })
}

/// Nothing if the output is as expected, otherwise a diff for reading.
pub fn difference(expected: &str, got: &str) -> Option<String> {
    let pairs = || expected.lines().zip(got.lines());
    if expected.lines().count() == got.lines().count() && pairs().all(|(line, got)| matches(line, got)) {
        return None;
    }
    let accepted = accept(expected, got);
    let diff = TextDiff::from_lines(expected, &accepted);
    let diff = diff.unified_diff().header("expected", "printed").to_string();
    Some(match diff.is_empty() {
        true => "(its lines are in another order, or fit other patterns)\n".to_owned(),
        false => diff,
    })
}

/// The output as it is expected from now on: patterns stand for the lines that fit them.
pub fn accept(expected: &str, got: &str) -> String {
    let mut out = String::new();
    for line in got.lines() {
        let literal = expected.lines().any(|expected| expected == line);
        match expected.lines().find(|expected| matches(expected, line)) {
            Some(pattern) if !literal => out.push_str(pattern),
            None if line.starts_with("~ ") => out.push_str(&format!("~ {line}")),
            _ => out.push_str(line),
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        assert!(matches("~ up after * s*", "up after 1.5 s"));
        assert!(!matches("~ up after * s", "up after 1.5"));
        assert!(!matches("a*", "ab"));
        assert!(matches("~ *é", "xéé"));
    }

    #[test]
    fn a_difference_keeps_the_common_lines() {
        assert_eq!(difference("a\n~ b*\n", "a\nbc\n"), None);
        let diff = difference("a\nb\nc\n", "a\nx\nc\nd\n");
        let want = "--- expected\n+++ printed\n@@ -1,3 +1,4 @@\n a\n-b\n+x\n c\n+d\n";
        assert_eq!(diff.as_deref(), Some(want));
        let diff = difference("~ a*\nb\nc\nd\n", "ax\nb\nc\n");
        let want = "--- expected\n+++ printed\n@@ -1,4 +1,3 @@\n ~ a*\n b\n c\n-d\n";
        assert_eq!(diff.as_deref(), Some(want));
        assert!(difference("~ a*\n~ ab\n", "ab\nac\n").is_some());
    }

    #[test]
    fn accepting_keeps_patterns() {
        assert_eq!(accept("~ b*\nold\n", "a\nbc\n~ x\n"), "a\n~ b*\n~ ~ x\n");
        assert_eq!(accept("~ b*\nbc\n", "bc\nbd\n"), "bc\n~ b*\n");
    }
}
