//! Compares output with what was expected, line by line.
//!
//! An expected line that begins with `~ ` is a pattern: the rest has to match the whole line, and
//! `*` in it stands for any text, none included.

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
    let expected: Vec<&str> = expected.lines().collect();
    let got: Vec<&str> = got.lines().collect();
    let same = |(e, g): (&&str, &&str)| matches(e, g);
    if expected.len() == got.len() && expected.iter().zip(&got).all(same) {
        return None;
    }
    // common[i][j]: the most lines that expected[i..] and got[j..] have in common, in order.
    let mut common = vec![vec![0; got.len() + 1]; expected.len() + 1];
    for i in (0..expected.len()).rev() {
        for j in (0..got.len()).rev() {
            common[i][j] = match matches(expected[i], got[j]) {
                true => common[i + 1][j + 1] + 1,
                false => common[i + 1][j].max(common[i][j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    while i < expected.len() || j < got.len() {
        let both = i < expected.len() && j < got.len();
        lines.push(if both && matches(expected[i], got[j]) {
            (i, j) = (i + 1, j + 1);
            (' ', got[j - 1])
        } else if j == got.len() || (both && common[i + 1][j] >= common[i][j + 1]) {
            i += 1;
            ('-', expected[i - 1])
        } else {
            j += 1;
            ('+', got[j - 1])
        });
    }
    Some(with_context(&lines))
}

/// The differing lines with three lines around each, for a long output is mostly as expected.
fn with_context(lines: &[(char, &str)]) -> String {
    let mut out = String::from("- expected, + printed:\n");
    let mut skipping = false;
    for (number, (mark, line)) in lines.iter().enumerate() {
        let near = &lines[number.saturating_sub(3)..(number + 4).min(lines.len())];
        if near.iter().any(|(mark, _)| *mark != ' ') {
            out.push_str(&format!("{mark} {line}\n"));
            skipping = false;
        } else if !skipping {
            out.push_str("  ...\n");
            skipping = true;
        }
    }
    out
}

/// What to store as expected from now on: the output, with the patterns kept that still fit.
pub fn bless(expected: &str, got: &str) -> String {
    let patterns: Vec<&str> = expected.lines().filter(|l| l.starts_with("~ ")).collect();
    let mut out = String::new();
    for line in got.lines() {
        match patterns.iter().find(|pattern| matches(pattern, line)) {
            Some(pattern) => out.push_str(pattern),
            None if line.starts_with("~ ") => out.push_str(&format!("~ {line}")),
            None => out.push_str(line),
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
        let want = "- expected, + printed:\n  a\n- b\n+ x\n  c\n+ d\n";
        assert_eq!(diff.as_deref(), Some(want));
        let diff = difference("a\nb\nc\nd\ne\n", "a\nb\nc\nd\n");
        assert_eq!(
            diff.as_deref(),
            Some("- expected, + printed:\n  ...\n  b\n  c\n  d\n- e\n")
        );
    }

    #[test]
    fn blessing_keeps_patterns() {
        assert_eq!(bless("~ b*\nold\n", "a\nbc\n~ x\n"), "a\n~ b*\n~ ~ x\n");
    }
}
