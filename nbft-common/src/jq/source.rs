//! Forms of jq's language that jaq-core does not read, in forms that both read: `.5` and `1.`, surrogate pairs in strings,
//! and `{$a: [$b]}` in patterns.

use std::borrow::Cow;

/// A program as jaq-core reads it, with the places where it is longer or shorter than the original.
pub(super) struct Source<'a> {
    pub(super) original: &'a str,
    pub(super) text: Cow<'a, str>,
    /// Places in `text`, and how many bytes more of `text` than of the original are before them.
    longer: Vec<(usize, isize)>,
}

impl<'a> Source<'a> {
    pub(super) fn new(original: &'a str) -> Self {
        let mut source = Self {
            original,
            text: Cow::Borrowed(original),
            longer: Vec::new(),
        };
        if may_differ(original.as_bytes()) {
            source.read();
        }
        source
    }

    /// The offset in the original of this part of `text`; the end for any other part.
    pub(super) fn offset(&self, part: &str) -> usize {
        let offset = (part.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        if offset > self.text.len() {
            return self.original.len();
        }
        let longer = self.longer.iter().rev().find(|(place, _)| *place <= offset);
        offset.saturating_add_signed(longer.map_or(0, |(_, longer)| -longer))
    }

    fn read(&mut self) {
        let mut around: Vec<Around> = Vec::new();
        let mut after_as = false;
        let (mut at, mut copied, mut longer) = (0, 0, 0);
        while let Some((first, rest)) = self.original.as_bytes().get(at).zip(self.original.get(at..)) {
            let (length, by) = if let Some(Around { open: b'"', .. }) = around.last() {
                in_string(rest, &mut around)
            } else {
                let pattern = around.last().is_some_and(|outer| outer.pattern);
                match first {
                    b'"' | b'(' => around.push(Around {
                        open: *first,
                        pattern: false,
                    }),
                    b'[' | b'{' => around.push(Around {
                        open: *first,
                        pattern: pattern || after_as,
                    }),
                    b')' | b']' | b'}' => drop(around.pop()),
                    _ => {}
                }
                let next = in_code(rest, pattern && *first == b'$');
                after_as = match rest.get(..next.0) {
                    Some("as") => true,
                    _ => after_as && (first.is_ascii_whitespace() || *first == b'#'),
                };
                next
            };
            if let Some(by) = by {
                let text = match &mut self.text {
                    Cow::Owned(text) => text,
                    unchanged => {
                        *unchanged = Cow::Owned(String::new());
                        unchanged.to_mut()
                    }
                };
                text.push_str(self.original.get(copied..at).unwrap_or_default());
                text.push_str(&by);
                copied = at + length;
                longer += by.len() as isize - length as isize;
                self.longer.push((text.len(), longer));
            }
            at += length;
        }
        if let Cow::Owned(text) = &mut self.text {
            text.push_str(self.original.get(copied..).unwrap_or_default());
        }
    }
}

/// Whether one of the forms may be in the program. Most programs have none of them, and are read as they are.
fn may_differ(code: &[u8]) -> bool {
    let is_digit = |at: usize| code.get(at).is_some_and(u8::is_ascii_digit);
    let mut before = b' ';
    for (at, byte) in code.iter().enumerate() {
        let differs = match byte {
            // Not in 1.5.
            b'.' => before.is_ascii_digit() && !is_digit(at + 1),
            b'0'..=b'9' => before == b'.' && !(at >= 2 && is_digit(at - 2)),
            b'u' => before == b'\\',
            b':' => code.get(..at).is_some_and(ends_with_variable),
            _ => false,
        };
        if differs {
            return true;
        }
        before = *byte;
    }
    false
}

fn ends_with_variable(code: &[u8]) -> bool {
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    code.trim_ascii_end().iter().rev().find(|byte| !word(byte)) == Some(&b'$')
}

/// A bracket or quote around a place; the bracket of `\(` in a string is one, too.
struct Around {
    open: u8,
    /// Whether it is of a pattern, as after `as`.
    pattern: bool,
}

/// The length of what comes next, and what replaces it.
type Next = (usize, Option<String>);

fn in_string(rest: &str, around: &mut Vec<Around>) -> Next {
    match rest.as_bytes() {
        [b'"', ..] => {
            around.pop();
            (1, None)
        }
        [b'\\', b'(', ..] => {
            around.push(Around {
                open: b'(',
                pattern: false,
            });
            (2, None)
        }
        [b'\\', b'u', ..] => {
            let unit = |at: usize| {
                let digits = rest.get(at..at + 6)?.strip_prefix("\\u")?;
                u16::from_str_radix(digits, 16).ok()
            };
            let pair = unit(0).zip(unit(6)).map(|(high, low)| String::from_utf16(&[high, low]));
            match pair {
                // Two characters of their own are two pairs of digits.
                Some(Ok(pair)) if pair.chars().count() == 1 => (12, Some(pair)),
                _ => (2, None),
            }
        }
        [b'\\', ..] => (2, None),
        _ => (rest.find(['"', '\\']).unwrap_or(rest.len()), None),
    }
}

fn in_code(rest: &str, in_pattern: bool) -> Next {
    let length = |text: &str, part: fn(char) -> bool| text.find(|c| !part(c)).unwrap_or(text.len());
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let digit = |c: char| c.is_ascii_digit();
    match rest.as_bytes() {
        [b'#', ..] => (length(rest, |c| c != '\n'), None),
        [b'.', b'.', ..] => (2, None),
        [b'.', b'0'..=b'9', ..] => {
            let digits = 1 + length(rest.get(1..).unwrap_or_default(), digit);
            (digits, Some(format!("0{}", rest.get(..digits).unwrap_or_default())))
        }
        [b'0'..=b'9', ..] => {
            let digits = length(rest, digit);
            let whole = rest.get(..digits).unwrap_or_default();
            match rest.as_bytes().get(digits..) {
                Some([b'.', b'0'..=b'9', ..]) => (
                    digits + 1 + length(rest.get(digits + 1..).unwrap_or_default(), digit),
                    None,
                ),
                // Not the point of `1..2`.
                Some([b'.', b'e' | b'E', ..]) => (digits + 1, Some(whole.to_owned())),
                Some([b'.', ..]) => (digits + 1, Some(format!("{whole} "))),
                _ => (digits, None),
            }
        }
        [b'$', ..] => {
            let end = 1 + length(rest.get(1..).unwrap_or_default(), word);
            let (variable, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            if in_pattern && end > 1 && after.trim_start().starts_with(':') {
                return (end, Some(format!("{variable},{}", variable.trim_start_matches('$'))));
            }
            (end, None)
        }
        [first, ..] if word(char::from(*first)) => (length(rest, word), None),
        _ => (rest.chars().next().map_or(1, char::len_utf8), None),
    }
}
