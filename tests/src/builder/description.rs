//! Reads, checks and writes descriptions.

use std::sync::LazyLock;

use nbft_common::table::Table;
use serde_json::{Map, Value};

use super::defaults;
use super::errors::{line_of_byte, typed};
use super::quirks::Quirks;

/// The keys of an object.
pub(crate) type Keys = Map<String, Value>;

/// The keys of a table whose values are lists of descriptors.
pub(crate) const LISTS: [&str; 4] = ["subsystem", "hfi", "discovery", "security"];

/// Far more bytes than any table has, and few enough for the memory of any machine.
const FARTHEST: usize = 1 << 24;

/// The schema of nbft-dump's JSON, whose keys a description shares.
static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let schema = serde_json::from_str(include_str!("../../../man/nbft-json.schema.json"));
    // An empty schema knows no key, so that every description would be refused.
    schema.unwrap_or_default()
});

/// An NBFT to build.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// The table's content.
    pub table: Table,
    /// How its bytes differ from those of a faultless table.
    pub quirks: Quirks,
}

impl Description {
    /// Reads a description in TOML. The error is one line that names the key.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        let value = toml::from_str(text).map_err(|error| {
            let message = error.message().replace('\n', " ");
            let line = error.span().map(|span| line_of_byte(text, span.start));
            line.map_or_else(|| message.clone(), |line| format!("line {line}: {message}"))
        })?;
        Self::read(value, Some(text))
    }

    /// Reads a description in JSON: one table, or nbft-dump's array with one table in it.
    pub fn from_json(text: &str) -> Result<Self, String> {
        match serde_json::from_str(text).map_err(|error| error.to_string())? {
            Value::Array(mut tables) => match (tables.pop(), tables.len()) {
                (Some(table), 0) => Self::from_value(table),
                (None, _) => Err("no table, where one is needed".into()),
                (_, others) => Err(format!("{} tables, where one is needed", others + 1)),
            },
            table => Self::from_value(table),
        }
    }

    /// Reads a description out of JSON that has been parsed.
    pub fn from_value(value: Value) -> Result<Self, String> {
        Self::read(value, None)
    }

    /// `toml` is the document that the value comes from, for the lines in errors.
    fn read(mut value: Value, toml: Option<&str>) -> Result<Self, String> {
        if !value.is_object() {
            return Err("a description is a table".into());
        }
        let quirks: Quirks = typed(&split(&mut value), toml)?;
        defaults::fill(&mut value, &quirks)?;
        let mut table: Table = typed(&value, toml)?;
        if table.revision.is_empty() {
            table.revision = if defaults::is_newer(&table) { "1.1" } else { "1.0" }.into();
        }
        let description = Self { table, quirks };
        description.check()?;
        Ok(description)
    }

    /// Refuses numbers and texts for which a table has no room.
    fn check(&self) -> Result<(), String> {
        let Self { table, quirks } = self;
        revision_numbers(&table.revision)?;
        if quirks.signature.as_ref().is_some_and(|text| text.len() != 4) {
            return Err("signature: not 4 bytes".into());
        }
        let patched = quirks.patch.iter().map(|patch| ("patch", patch.offset));
        let limits = [
            ("hfi", table.hfi.len(), 255),
            ("subsystem", table.subsystem.len(), 255),
            ("discovery", table.discovery.len(), 255),
            ("security", table.security.len(), 255),
            ("oem_id", table.oem_id.len(), 6),
            ("oem_table_id", table.oem_table_id.len(), 8),
            ("padding", quirks.padding, FARTHEST),
        ];
        let all = patched.map(|(key, offset)| (key, offset, FARTHEST)).chain(limits);
        match all.into_iter().find(|(_, size, most)| size > most) {
            Some((key, size, most)) => Err(format!("{key}: {size} is more than {most}")),
            None => Ok(()),
        }
    }

    /// The description as JSON, with every key spelled out: the table as nbft-dump prints it, and the quirks.
    pub fn to_value(&self) -> Value {
        // Serialization fails only for maps whose keys are not strings, and neither part has one.
        let mut value = serde_json::to_value(&self.table).unwrap_or_default();
        merge(&mut value, serde_json::to_value(&self.quirks).unwrap_or_default());
        // These two keys are about a dump and have no place in a table.
        if let Some(keys) = value.as_object_mut() {
            keys.retain(|key, _| !["filename", "warnings"].contains(&key.as_str()));
        }
        value
    }

    /// The description as JSON on several lines, with every key spelled out.
    pub fn to_json(&self) -> String {
        format!("{:#}\n", self.to_value())
    }
}

/// Major and minor of a revision.
pub(crate) fn revision_numbers(text: &str) -> Result<(u8, u8), String> {
    text.split_once('.')
        .and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)))
        .ok_or_else(|| format!("revision: `{text}` is not MAJOR.MINOR"))
}

/// Moves the builder's own keys out of a description; the keys of nbft-dump's JSON stay.
fn split(description: &mut Value) -> Value {
    let mut quirks = take_unknown(description, "table");
    if let Some(host) = description.get_mut("host") {
        quirks["host"] = take_unknown(host, "host");
    }
    for list in LISTS {
        if let Some(Value::Array(items)) = description.get_mut(list) {
            quirks[list] = items.iter_mut().map(|item| take_unknown(item, list)).collect();
        }
    }
    quirks
}

/// Moves out of one object the keys that the schema does not have at this place, and a transport other than TCP.
fn take_unknown(object: &mut Value, place: &str) -> Value {
    let known = &SCHEMA["$defs"][place]["properties"];
    let mut taken = Keys::new();
    if let Some(keys) = object.as_object_mut() {
        for (key, value) in std::mem::take(keys) {
            let own = known.get(&key).is_some() && (key != "transport" || value == "tcp");
            if own { &mut *keys } else { &mut taken }.insert(key, value);
        }
    }
    taken.into()
}

/// Puts the keys of `from` that are not null into `into`, elements of lists by their position.
fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (_, Value::Null) => {}
        (Value::Object(into), Value::Object(from)) => from
            .into_iter()
            .for_each(|(key, value)| merge(into.entry(key).or_insert(Value::Null), value)),
        (Value::Array(into), Value::Array(from)) => {
            into.iter_mut().zip(from).for_each(|(into, from)| merge(into, from))
        }
        (into, from) => *into = from,
    }
}
