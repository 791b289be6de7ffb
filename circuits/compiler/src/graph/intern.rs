//! Values by number, each once.

use std::hash::{Hash, Hasher};
use zera_r1cs::hash::Fixed;

/// Gives equal values equal numbers, counted up in the order of first sight: the same on every machine.
///
/// Open addressing with linear probing; the hash function is fixed, so not even the time taken varies between runs. At
/// most `2^32 - 1` values.
pub(crate) struct Interner<K> {
    items: Vec<K>,
    /// Hash of an item, and its index plus one; 0 is empty. A power of two in length, at most half full.
    slots: Vec<(u32, u32)>,
}

impl<K: Hash + Eq> Interner<K> {
    pub(crate) fn new() -> Self {
        Interner { items: Vec::new(), slots: vec![(0, 0); 16] }
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn get(&self, index: u32) -> &K {
        &self.items[index as usize]
    }

    pub(crate) fn items(&self) -> &[K] {
        &self.items
    }

    /// The number of a value, where it has one.
    pub(crate) fn find(&self, item: &K) -> Option<u32> {
        self.slots[self.slot(item, hash(item))].1.checked_sub(1)
    }

    /// The number of a value, and whether it is new.
    pub(crate) fn intern(&mut self, item: K) -> (u32, bool) {
        let hash = hash(&item);
        let slot = self.slot(&item, hash);
        if let Some(index) = self.slots[slot].1.checked_sub(1) {
            return (index, false);
        }
        let index = u32::try_from(self.items.len()).expect("fewer than 2^32 values");
        self.items.push(item);
        self.slots[slot] = (hash, index + 1);
        if self.items.len() * 2 > self.slots.len() {
            self.grow();
        }
        (index, true)
    }

    /// Where the value is, or the empty slot where it would be.
    fn slot(&self, item: &K, hash: u32) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            match self.slots[at] {
                (_, 0) => return at,
                (other, next) if other == hash && self.items[next as usize - 1] == *item => return at,
                _ => at = (at + 1) & mask,
            }
        }
    }

    fn grow(&mut self) {
        let mask = self.slots.len() * 2 - 1;
        let mut slots = vec![(0, 0); mask + 1];
        for slot in self.slots.iter().filter(|(_, next)| *next != 0) {
            let mut at = slot.0 as usize & mask;
            while slots[at].1 != 0 {
                at = (at + 1) & mask;
            }
            slots[at] = *slot;
        }
        self.slots = slots;
    }
}

/// A map with [`Interner`]'s keys.
pub(crate) struct Table<K, V> {
    keys: Interner<K>,
    values: Vec<V>,
}

impl<K: Hash + Eq, V> Table<K, V> {
    pub(crate) fn new() -> Self {
        Table { keys: Interner::new(), values: Vec::new() }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.keys.find(key).map(|index| &self.values[index as usize])
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        match self.keys.intern(key) {
            (index, false) => self.values[index as usize] = value,
            (_, true) => self.values.push(value),
        }
    }
}

fn hash<K: Hash>(item: &K) -> u32 {
    let mut state = Fixed::default();
    item.hash(&mut state);
    state.finish() as u32
}
