//! Errors that name the key, and in a TOML document its line.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};
use toml::de::{DeTable, DeValue};

/// Makes a value a `T`; `toml` is the document that it comes from.
pub(crate) fn typed<T: DeserializeOwned>(value: &Value, toml: Option<&str>) -> Result<T, String> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path();
        let line = toml.and_then(|text| line_of_key(text, path));
        let mut places: Vec<_> = line.map(|line| format!("line {line}")).into_iter().collect();
        for segment in path {
            match (segment, places.last_mut()) {
                (Segment::Seq { index }, Some(list)) => *list += &format!(" {}", index + 1),
                _ => places.push(segment.to_string()),
            }
        }
        let mut message = error.inner().to_string();
        if message.starts_with("unknown field") {
            // The key is in the message already, and a list of all keys would bury it.
            places.pop();
            message.truncate(message.find(", expected").unwrap_or(message.len()));
        }
        if let (Some(text), true) = (at(value, path).and_then(Value::as_str), message.starts_with("not ")) {
            message = format!("`{text}` is {message}");
        }
        places.push(message);
        places.join(": ")
    })
}

/// The value that a path leads to.
fn at<'a>(value: &'a Value, path: &Path) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, segment| match segment {
        Segment::Map { key } => value.get(key),
        Segment::Seq { index } => value.get(index),
        _ => None,
    })
}

/// The line of the key that a path leads to; none for a default, which the document does not have.
fn line_of_key(text: &str, path: &Path) -> Option<usize> {
    let document = DeValue::Table(DeTable::parse(text).ok()?.into_inner());
    let (mut value, mut start) = (&document, 0);
    for segment in path {
        match (segment, value) {
            (Segment::Map { key }, DeValue::Table(keys)) => {
                let (key, below) = keys.get_key_value(key.as_str())?;
                (value, start) = (below.get_ref(), key.span().start);
            }
            (Segment::Seq { index }, DeValue::Array(items)) => {
                let item = items.get(*index)?;
                (value, start) = (item.get_ref(), item.span().start);
            }
            _ => return None,
        }
    }
    Some(line_of_byte(text, start))
}

/// The line that the byte at `start` is on, from 1.
pub(crate) fn line_of_byte(text: &str, start: usize) -> usize {
    text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1
}
