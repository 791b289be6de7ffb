//! Values by number, each once.

use std::hash::{Hash, Hasher};

/// Gives equal values equal numbers, counted up in the order of first sight: the same on every machine.
///
/// Open addressing with linear probing; the hash function is fixed, so not even the time taken varies between runs. At
/// most `2^32 - 1` values.
pub(crate) struct Interner<K> {
    items: Vec<K>,
    /// Index of an item plus one; 0 is empty. A power of two in length, at most half full.
    slots: Vec<u32>,
}

impl<K: Hash + Eq> Interner<K> {
    pub(crate) fn new() -> Self {
        Interner { items: Vec::new(), slots: vec![0; 1024] }
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
        self.slots[self.slot(item)].checked_sub(1)
    }

    /// The number of a value, and whether it is new.
    pub(crate) fn intern(&mut self, item: K) -> (u32, bool) {
        let slot = self.slot(&item);
        if let Some(index) = self.slots[slot].checked_sub(1) {
            return (index, false);
        }
        let index = u32::try_from(self.items.len()).expect("fewer than 2^32 values");
        self.items.push(item);
        self.slots[slot] = index + 1;
        if self.items.len() * 2 > self.slots.len() {
            self.grow();
        }
        (index, true)
    }

    /// Where the value is, or the empty slot where it would be.
    fn slot(&self, item: &K) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = hash(item) as usize & mask;
        loop {
            match self.slots[at].checked_sub(1) {
                None => return at,
                Some(index) if self.items[index as usize] == *item => return at,
                Some(_) => at = (at + 1) & mask,
            }
        }
    }

    fn grow(&mut self) {
        let mask = self.slots.len() * 2 - 1;
        let mut slots = vec![0; mask + 1];
        for (index, item) in self.items.iter().enumerate() {
            let mut at = hash(item) as usize & mask;
            while slots[at] != 0 {
                at = (at + 1) & mask;
            }
            slots[at] = index as u32 + 1;
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

/// Word-wise multiply and rotate (the hash of rustc and Firefox), finished so that low bits depend on all of them.
struct Fixed(u64);

impl Fixed {
    fn word(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for Fixed {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.word(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, word: u8) {
        self.word(u64::from(word));
    }

    fn write_u32(&mut self, word: u32) {
        self.word(u64::from(word));
    }

    fn write_u64(&mut self, word: u64) {
        self.word(word);
    }

    fn write_usize(&mut self, word: usize) {
        self.word(word as u64);
    }

    fn write_i128(&mut self, word: i128) {
        self.word(word as u64);
        self.word((word >> 64) as u64);
    }

    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}

fn hash<K: Hash>(item: &K) -> u64 {
    let mut state = Fixed(0);
    item.hash(&mut state);
    state.finish()
}
