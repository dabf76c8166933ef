//! A table of things that columns refer to by number, in the order of their first use.

use std::collections::HashMap;
use std::hash::Hash;

/// Finds an entry in constant time: a stranger may fill a table to its limit.
pub(super) struct Table<T> {
    items: Vec<T>,
    numbers: HashMap<T, u64>,
    /// The numbers of the last two, which are asked for again more often than not: a thing and what it hangs on.
    last: [u64; 2],
}

impl<T: Copy + Eq + Hash> Table<T> {
    pub(super) fn new() -> Self {
        Self { items: Vec::new(), numbers: HashMap::new(), last: [0; 2] }
    }

    /// The number of `item`, which is added when it is new.
    pub(super) fn add(&mut self, item: T) -> u64 {
        let is = |number: &u64| self.item(*number) == Some(&item);
        if let Some(known) = self.last.iter().copied().find(is) {
            return known;
        }
        let next = self.items.len() as u64;
        let number = *self.numbers.entry(item).or_insert(next);
        if number == next {
            self.items.push(item);
        }
        let [newer, _] = self.last;
        self.last = [number, newer];
        number
    }

    fn item(&self, number: u64) -> Option<&T> {
        self.items.get(usize::try_from(number).ok()?)
    }

    /// The number of an item that was added; else one that no reader accepts.
    pub(super) fn index(&self, item: &T) -> u64 {
        let is = |number: &u64| self.item(*number) == Some(item);
        let known = self.last.iter().copied().find(is);
        known.or_else(|| self.numbers.get(item).copied()).unwrap_or(u64::MAX)
    }

    pub(super) fn items(&self) -> &[T] {
        &self.items
    }
}
