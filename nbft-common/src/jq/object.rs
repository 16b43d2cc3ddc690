//! Objects: keys in insertion order, found by binary search.

use std::rc::Rc;

/// Keys and values. Removing a key takes time linear in their number, every other operation at most a shift of indices.
#[derive(Clone, Debug)]
pub struct Object<V> {
    entries: Vec<(Rc<String>, V)>,
    /// Indices into `entries`, by key.
    sorted: Vec<usize>,
}

impl<V> Default for Object<V> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            sorted: Vec::new(),
        }
    }
}

impl<V> Object<V> {
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

    /// The value of a key, to be changed.
    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        let index = self.find(key)?;
        self.entries.get_mut(index).map(|(_, value)| value)
    }

    /// Sets a key: in its place if it exists, otherwise at the end.
    pub(super) fn insert(&mut self, key: Rc<String>, value: V) {
        match self.search(&key) {
            Ok(_) => {
                if let Some(old) = self.get_mut(&key) {
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

    /// Replaces each value by the result of the function; a key without a result is removed.
    pub(super) fn try_map<E>(self, change: impl Fn(V) -> Option<Result<V, E>>) -> Result<Self, E> {
        let mut object = Self::default();
        for (key, value) in self.entries {
            if let Some(value) = change(value) {
                object.insert(key, value?);
            }
        }
        Ok(object)
    }
}
