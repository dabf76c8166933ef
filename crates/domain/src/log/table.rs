//! A table of things that columns refer to by number, in the order of their first use.

use std::collections::HashMap;
use std::hash::Hash;

/// Finds an entry in constant time: a stranger may fill a table to its limit.
pub(super) struct Table<T> {
    items: Vec<T>,
    numbers: HashMap<T, u64>,
}

impl<T: Copy + Eq + Hash> Table<T> {
    pub(super) fn new() -> Self {
        Self { items: Vec::new(), numbers: HashMap::new() }
    }

    /// The number of `item`, which is added when it is new.
    pub(super) fn add(&mut self, item: T) -> u64 {
        let next = self.items.len() as u64;
        let number = *self.numbers.entry(item).or_insert(next);
        if number == next {
            self.items.push(item);
        }
        number
    }

    /// The number of an item that was added; else one that no reader accepts.
    pub(super) fn index(&self, item: &T) -> u64 {
        self.numbers.get(item).copied().unwrap_or(u64::MAX)
    }

    pub(super) fn items(&self) -> &[T] {
        &self.items
    }
}
