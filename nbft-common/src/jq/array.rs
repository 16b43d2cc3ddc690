//! Arrays.

use std::ops::Deref;

use super::limits::Nested;

/// The items of an array.
#[derive(Clone, Debug, Default)]
pub struct Array<V> {
    items: Vec<V>,
    /// Levels of arrays and objects among the items; more than that after the deepest item has gone.
    levels: u32,
}

impl<V: Nested> Array<V> {
    /// Levels of arrays and objects, this one included.
    pub(super) fn levels(&self) -> u32 {
        self.levels + 1
    }

    /// Sets an item. A longer array gets nulls before it.
    pub(super) fn set(&mut self, index: usize, value: V) {
        if index >= self.items.len() {
            self.items.resize(index + 1, V::default());
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

impl<V> Deref for Array<V> {
    type Target = [V];

    fn deref(&self) -> &[V] {
        &self.items
    }
}

impl<V: Nested> From<Vec<V>> for Array<V> {
    fn from(items: Vec<V>) -> Self {
        let levels = items.iter().map(V::levels).max().unwrap_or_default();
        Self { items, levels }
    }
}
