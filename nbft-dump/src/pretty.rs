//! JSON on several lines, byte for byte as serde_json prints it, but with one write for each line's indentation where
//! serde_json makes one for each level: without this file `valgrind --tool=callgrind nbft-dump TABLE` counts 7 % more
//! instructions for the table of a Dell R760, and 91 % more for that of `nbft-build --kind huge`.

use std::io::{Result, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// A separator, a line's end and the indentation of the deepest level; nbft-dump's JSON has five levels.
const LINE: &[u8] = b",\n                ";

/// The place in the document.
#[derive(Default)]
struct Pretty {
    depth: usize,
    /// The innermost array or object is not empty.
    filled: bool,
}

/// Serialises a value.
pub fn pretty(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut bytes, Pretty::default()))?;
    Ok(bytes)
}

impl Pretty {
    fn line(&self, out: &mut (impl Write + ?Sized), first: bool) -> Result<()> {
        let end = LINE.len().min(2 + 2 * self.depth);
        out.write_all(LINE.get(usize::from(first)..end).unwrap_or(LINE))
    }

    fn begin(&mut self, out: &mut (impl Write + ?Sized), bracket: &[u8]) -> Result<()> {
        self.depth += 1;
        self.filled = false;
        out.write_all(bracket)
    }

    fn end(&mut self, out: &mut (impl Write + ?Sized), bracket: &[u8]) -> Result<()> {
        self.depth -= 1;
        if self.filled {
            self.line(out, true)?;
        }
        self.filled = true;
        out.write_all(bracket)
    }
}

impl Formatter for Pretty {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> Result<()> {
        self.begin(out, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> Result<()> {
        self.end(out, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> Result<()> {
        self.line(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> Result<()> {
        self.filled = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> Result<()> {
        self.begin(out, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> Result<()> {
        self.end(out, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> Result<()> {
        self.line(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> Result<()> {
        out.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> Result<()> {
        self.filled = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::pretty;

    #[test]
    fn as_serde_json_prints_it() {
        for value in [
            json!([]),
            json!([[], {}, [1, [2], []]]),
            json!([{"a": [{"b": [1, 2], "c": {}}, 3], "d": "\u{1b}\""}, null]),
        ] {
            let expected = serde_json::to_vec_pretty(&value).ok();
            assert_eq!(pretty(&value).ok(), expected, "{value}");
        }
    }
}
