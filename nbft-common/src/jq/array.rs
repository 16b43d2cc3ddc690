//! Arrays.

use std::ops::Deref;

use super::value::Value;

/// The items of an array.
#[derive(Clone, Debug, Default)]
pub struct Array {
    items: Vec<Value>,
    /// Levels of arrays and objects among the items; more than that after the deepest item has gone.
    levels: u32,
}

impl Array {
    /// Levels of arrays and objects, this one included.
    pub(super) fn levels(&self) -> u32 {
        self.levels + 1
    }

    /// Sets an item. A longer array gets nulls before it.
    pub(super) fn set(&mut self, index: usize, value: Value) {
        if index >= self.items.len() {
            self.items.resize(index + 1, Value::Null);
        }
        self.levels = self.levels.max(value.levels());
        if let Some(item) = self.items.get_mut(index) {
            *item = value;
        }
    }

    /// Adds the items of another array at the end.
    pub(super) fn append(&mut self, other: &Self) {
        self.levels = self.levels.max(other.levels);
        self.items.extend_from_slice(&other.items);
    }
}

impl Deref for Array {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.items
    }
}

impl From<Vec<Value>> for Array {
    fn from(items: Vec<Value>) -> Self {
        let levels = items.iter().map(Value::levels).max().unwrap_or_default();
        Self { items, levels }
    }
}
