//! A table and the file it came from, which is what JSON shows.

use alloc::string::String;
use core::fmt;
use core::ops::Deref;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::Table;

/// A table and where it was read from. JSON has the keys of both in one object.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableFile {
    /// Path of the file; `-` for standard input.
    pub filename: String,
    /// The table in it.
    #[serde(flatten)]
    pub table: Table,
}

impl TableFile {
    /// The table's name: the last part of its path (`NBFT`, `NBFT1`, …), which `TABLE:N` references use.
    #[must_use]
    pub fn name(&self) -> &str {
        Self::name_of(&self.filename)
    }

    /// The name of the table in a file.
    #[must_use]
    pub fn name_of(filename: &str) -> &str {
        filename.rsplit('/').next().unwrap_or(filename)
    }
}

impl Deref for TableFile {
    type Target = Table;

    fn deref(&self) -> &Table {
        &self.table
    }
}

/// Takes the file's name out of the keys and leaves the others to [`Table`]: what serde makes of `flatten` would hold a copy
/// of the whole table meanwhile.
impl<'de> Deserialize<'de> for TableFile {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(TableVisitor)
    }
}

struct TableVisitor;

impl<'de> Visitor<'de> for TableVisitor {
    type Value = TableFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table")
    }

    fn visit_map<A: MapAccess<'de>>(self, keys: A) -> Result<TableFile, A::Error> {
        let mut filename = None;
        let table = Table::deserialize(MapAccessDeserializer::new(WithoutName {
            keys,
            filename: &mut filename,
        }))?;
        Ok(TableFile {
            filename: filename.ok_or_else(|| A::Error::missing_field("filename"))?,
            table,
        })
    }
}

/// The keys of a table but for the file's name.
struct WithoutName<'a, A> {
    keys: A,
    filename: &'a mut Option<String>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for WithoutName<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(key) = self.keys.next_key::<String>()? {
            if key != "filename" {
                return seed.deserialize(key.into_deserializer()).map(Some);
            }
            if self.filename.replace(self.keys.next_value()?).is_some() {
                return Err(A::Error::duplicate_field("filename"));
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.keys.next_value_seed(seed)
    }
}
