//! The heap and the references into it.

use super::fault::Fault;
use super::fields::Ref;
use super::header::Header;

/// Longest accepted text of the heap, in bytes. NQNs have at most 223, URIs and host names at most 255. The bound keeps
/// a small hostile table, whose references overlap, from growing into gigabytes of JSON.
const MAX_TEXT: usize = 4096;

/// A set of one-byte descriptor indexes.
pub struct Indexes([bool; 256]);

impl Indexes {
    pub fn of(indexes: impl Iterator<Item = u8>) -> Self {
        let mut set = Self([false; 256]);
        indexes.for_each(|index| {
            set.insert(index);
        });
        set
    }

    pub fn contains(&self, index: u8) -> bool {
        self.0.get(usize::from(index)).copied().unwrap_or(false)
    }

    /// Adds an index; returns whether the index is new.
    pub fn insert(&mut self, index: u8) -> bool {
        self.0
            .get_mut(usize::from(index))
            .is_some_and(|slot| !std::mem::replace(slot, true))
    }
}

/// The table with the bounds of its heap.
pub struct Heap<'a> {
    /// The whole table, up to the header's length.
    pub table: &'a [u8],
    start: usize,
    end: usize,
    /// Whether structures have the fields that revision 1.1 added. The header's minor revision alone decides: the bytes
    /// are reserved in 1.0, and firmware leaves garbage there, so no version or length of a structure outweighs the header.
    pub has_1_1: bool,
}

impl<'a> Heap<'a> {
    pub fn new(table: &'a [u8], header: &Header) -> Result<Self, Fault> {
        let (offset, length) = (header.heap_offset, header.heap_length);
        match offset.checked_add(length) {
            Some(end) if end <= table.len() => Ok(Self {
                table,
                start: offset,
                end,
                has_1_1: header.minor >= 1,
            }),
            _ => Err(Fault::new(
                36,
                format!(
                    "heap of {length} bytes at byte {offset} leaves the table of {} bytes",
                    table.len()
                ),
            )),
        }
    }

    /// The object's bytes; `None` when the reference is empty.
    pub fn bytes_or_none(&self, object: Ref, name: &str) -> Result<Option<&'a [u8]>, Fault> {
        if object.length == 0 {
            return Ok(None);
        }
        let start = usize::try_from(object.offset).unwrap_or(usize::MAX);
        let inside = start
            .checked_add(usize::from(object.length))
            .filter(|&end| start >= self.start && end <= self.end)
            .and_then(|end| self.table.get(start..end));
        inside.map(Some).ok_or_else(|| {
            Fault::new(
                object.at,
                format!(
                    "{name} ({} bytes at byte {}) is outside the heap (bytes {} to {})",
                    object.length, object.offset, self.start, self.end
                ),
            )
        })
    }

    /// The object's bytes, at least `least` of them.
    pub fn bytes(&self, object: Ref, name: &str, least: usize) -> Result<&'a [u8], Fault> {
        let bytes = self
            .bytes_or_none(object, name)?
            .ok_or_else(|| Fault::new(object.at, format!("{name} is missing")))?;
        if bytes.len() < least {
            return Err(Fault::new(
                object.at,
                format!("{name} has {} bytes, not {least}", bytes.len()),
            ));
        }
        Ok(bytes)
    }

    /// A text with its oddity, if any; `None` when the reference is empty.
    ///
    /// The declared length normally excludes the NUL that must follow; some firmware includes the NUL. Without a NUL at
    /// either place the length is wrong and may cut off the text (the end of an NQN, say): a fault.
    pub fn text_or_none(&self, object: Ref, name: &str) -> Result<Option<Text>, Fault> {
        let Some(declared) = self.bytes_or_none(object, name)? else {
            return Ok(None);
        };
        let after = usize::try_from(object.offset)
            .ok()
            .and_then(|start| self.table.get(start + declared.len()));
        let text = declared.split(|&byte| byte == 0).next().unwrap_or_default();
        if text.len() == declared.len() && after != Some(&0) {
            return Err(Fault::new(object.at, format!("{name} is not terminated by a NUL")));
        }
        if text.len() > MAX_TEXT {
            return Err(Fault::new(
                object.at,
                format!("{name} has {} bytes, more than {MAX_TEXT}", text.len()),
            ));
        }
        let odd = if declared
            .get(text.len()..)
            .is_some_and(|rest| rest.iter().any(|&byte| byte != 0))
        {
            Some(Fault::new(
                object.at,
                format!("{name} contains a NUL; the text after the NUL was cut off"),
            ))
        } else if std::str::from_utf8(text).is_err() {
            Some(Fault::new(
                object.at,
                format!("{name} is not UTF-8; bad bytes became U+FFFD"),
            ))
        } else {
            None
        };
        Ok(Some(Text {
            value: String::from_utf8_lossy(text).into_owned(),
            odd,
        }))
    }

    /// A mandatory text.
    pub fn text(&self, object: Ref, name: &str) -> Result<Text, Fault> {
        match self.text_or_none(object, name)? {
            Some(text) if !text.value.is_empty() => Ok(text),
            _ => Err(Fault::new(object.at, format!("{name} is missing"))),
        }
    }
}

/// A text from the heap.
pub struct Text {
    pub value: String,
    /// The oddity to warn about.
    pub odd: Option<Fault>,
}

/// ASCII text of fixed width, padded with NULs or spaces.
pub fn padded_text(bytes: &[u8]) -> String {
    let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).trim_end().to_owned()
}
