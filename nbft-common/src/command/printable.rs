//! Text made fit for a terminal.

use std::borrow::Cow;
use std::fmt::Write;

/// Text without terminal control: every control or invisible formatting character as `\u{…}` (newline and tab as `\n`,
/// `\t`). Tables are hostile input, and the reader is at a console.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    let plain = |c: char| !c.is_control() && !is_invisible(c);
    if text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            c if plain(c) => shown.push(c),
            // Writing to a String cannot fail.
            c => drop(write!(shown, "\\u{{{:x}}}", u32::from(c))),
        }
    }
    Cow::Owned(shown)
}

/// Direction marks and line separators have no glyph, but move the text around them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn no_control_character_is_printable() {
        assert_eq!(printable("nqn.2026-01.org:é"), "nqn.2026-01.org:é");
        assert_eq!(
            printable("a\x1b[2Jb\nc\u{202e}d\u{9b}"),
            "a\\u{1b}[2Jb\\nc\\u{202e}d\\u{9b}"
        );
    }
}
