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

    /// Place of the key in `sorted`, or where it belongs.
    fn search(&self, key: &str) -> Result<usize, usize> {
        self.sorted
            .binary_search_by(|&index| self.entry(index).map_or("", |(k, _)| k.as_str()).cmp(key))
    }

    fn find(&self, key: &str) -> Option<usize> {
        self.search(key).ok().and_then(|place| self.sorted.get(place).copied())
    }

    /// Number of keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&V> {
        self.entry(self.find(key)?).map(|(_, value)| value)
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        let index = self.find(key)?;
        self.entries.get_mut(index).map(|(_, value)| value)
    }

    /// Sets a key: at the end, or in its place when it is there.
    pub fn insert(&mut self, key: Rc<String>, value: V) {
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
    pub fn remove(&mut self, key: &str) {
        if let Ok(place) = self.search(key) {
            let index = self.sorted.remove(place);
            self.entries.remove(index);
            for other in &mut self.sorted {
                *other -= usize::from(*other > index);
            }
        }
    }

    /// Keys and values, in insertion order.
    pub fn iter(&self) -> impl Iterator<Item = &(Rc<String>, V)> {
        self.entries.iter()
    }

    /// Keys and values, by key.
    pub fn by_key(&self) -> impl Iterator<Item = &(Rc<String>, V)> {
        self.sorted.iter().filter_map(|&index| self.entry(index))
    }

    /// Keeps what the function gives for each value.
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
