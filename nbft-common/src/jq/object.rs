//! Objects: keys in insertion order, found by binary search.

use std::rc::Rc;

use super::limits::Nested;

/// Keys and values. Removing a key takes time linear in their number, every other operation at most a shift of indices.
#[derive(Clone, Debug, Default)]
pub struct Object<V> {
    entries: Vec<(Rc<String>, V)>,
    /// Indices into `entries`, by key.
    sorted: Vec<usize>,
    /// Levels of arrays and objects among the values; more than that after the deepest value has gone.
    levels: u32,
}

impl<V: Nested> Object<V> {
    /// Levels of arrays and objects, this one included.
    pub(super) fn levels(&self) -> u32 {
        self.levels + 1
    }

    /// The key and value at this place in insertion order.
    pub(super) fn entry(&self, index: usize) -> Option<&(Rc<String>, V)> {
        self.entries.get(index)
    }

    /// The place of the key in `sorted`, or the place to insert it.
    fn search(&self, key: &str) -> Result<usize, usize> {
        self.sorted
            .binary_search_by(|&index| self.entry(index).map_or("", |(k, _)| k.as_str()).cmp(key))
    }

    fn find(&self, key: &str) -> Option<usize> {
        self.search(key).ok().and_then(|place| self.sorted.get(place).copied())
    }

    /// Number of keys.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&V> {
        self.entry(self.find(key)?).map(|(_, value)| value)
    }

    /// The value of a key, which becomes null.
    pub(super) fn take(&mut self, key: &str) -> Option<V> {
        let index = self.find(key)?;
        self.entries.get_mut(index).map(|(_, value)| std::mem::take(value))
    }

    /// Sets a key: in its place if it exists, otherwise at the end.
    pub(super) fn insert(&mut self, key: Rc<String>, value: V) {
        self.levels = self.levels.max(value.levels());
        let place = self.search(&key).map(|place| self.sorted.get(place).copied());
        match place {
            Ok(index) => {
                if let Some((_, old)) = index.and_then(|index| self.entries.get_mut(index)) {
                    *old = value;
                }
            }
            Err(place) => {
                self.sorted.insert(place, self.entries.len());
                self.entries.push((key, value));
            }
        }
    }

    /// Removes a key.
    pub(super) fn remove(&mut self, key: &str) {
        if let Ok(place) = self.search(key) {
            let index = self.sorted.remove(place);
            self.entries.remove(index);
            for other in &mut self.sorted {
                *other -= usize::from(*other > index);
            }
        }
    }

    /// Keys and values, in insertion order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &(Rc<String>, V)> {
        self.entries.iter()
    }

    /// Keys and values, by key.
    pub(super) fn by_key(&self) -> impl Iterator<Item = &(Rc<String>, V)> {
        self.sorted.iter().filter_map(|&index| self.entry(index))
    }
}
