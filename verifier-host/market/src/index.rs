//! Where rows are: by id, and by the height at which time does something to them.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;
use zera_abi::Height;

/// Where each 32-byte id's row is.
///
/// Tables of hashes that hold places and not ids: what is compared is the id in the row, which whoever looks for the row reads next anyway.
/// At millions of rows the time of a lookup is that of its misses of the cache, so rows that have ended, which are most, lie in a table of
/// their own, and that of the others is small. Ids are chosen by strangers, so the hash is keyed by each process for itself; that changes
/// where a row is found and nothing else, since the tables are never walked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    live: HashTable<Place>,
    ended: HashTable<Place>,
    hash: Multilinear,
}

/// A row, with the hash of its id, so that growing reads no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    tag: u32,
    at: u32,
}

impl Place {
    /// A table takes its place from the low bits and a mark from the high ones.
    fn hash(&self) -> u64 {
        u64::from(self.tag) << 32 | u64::from(self.tag)
    }
}

/// `(k_0 + sum k_i w_i mod 2^64) / 2^32` over an id's eight words of 32 bits: strongly universal, so that two ids which do not depend on
/// the keys have the same hash with probability 2^-32 and no more (Lemire and Kaser, "Strongly universal string hashing is fast", The
/// Computer Journal 57 (2014), theorem 3.1). Some 25 instructions, where SipHash takes 160.
#[derive(Clone, Debug)]
struct Multilinear {
    constant: u64,
    keys: [u64; 8],
}

impl Default for Multilinear {
    /// Keys of the system's randomness, as those of the standard library's tables.
    fn default() -> Multilinear {
        let random = RandomState::new();
        Multilinear { constant: random.hash_one(8), keys: std::array::from_fn(|n| random.hash_one(n)) }
    }
}

impl Multilinear {
    fn of(&self, id: &[u8; 32]) -> u32 {
        let words = id.as_chunks::<4>().0.iter().map(|word| u64::from(u32::from_le_bytes(*word)));
        let sum =
            words.zip(&self.keys).fold(self.constant, |sum, (word, key)| sum.wrapping_add(key.wrapping_mul(word)));
        (sum >> 32) as u32
    }
}

impl Index {
    fn place(&self, id: &[u8; 32], at: u32) -> Place {
        Place { tag: self.hash.of(id), at }
    }

    /// The row whose id, by `id_of`, is `id`.
    pub(crate) fn find<'a>(&self, id: &[u8; 32], id_of: impl Fn(u32) -> &'a [u8; 32]) -> Option<u32> {
        let wanted = self.place(id, 0);
        let is_it = |place: &Place| place.tag == wanted.tag && id_of(place.at) == id;
        let find = |table: &HashTable<Place>| table.find(wanted.hash(), is_it).map(|place| place.at);
        find(&self.live).or_else(|| find(&self.ended))
    }

    /// Adds a row.
    pub(crate) fn insert(&mut self, id: &[u8; 32], at: u32) {
        let place = self.place(id, at);
        put(&mut self.live, place);
    }

    /// Takes a row out that has not ended.
    pub(crate) fn remove(&mut self, id: &[u8; 32], at: u32) {
        let place = self.place(id, at);
        take(&mut self.live, place);
    }

    /// The row has ended.
    pub(crate) fn retire(&mut self, id: &[u8; 32], at: u32) {
        let place = self.place(id, at);
        if take(&mut self.live, place) {
            put(&mut self.ended, place);
        }
    }

    /// Undo: the row has not ended.
    pub(crate) fn revive(&mut self, id: &[u8; 32], at: u32) {
        let place = self.place(id, at);
        if take(&mut self.ended, place) {
            put(&mut self.live, place);
        }
    }
}

fn put(table: &mut HashTable<Place>, place: Place) {
    table.insert_unique(place.hash(), place, Place::hash);
}

/// Whether it was there.
fn take(table: &mut HashTable<Place>, place: Place) -> bool {
    let found = table.find_entry(place.hash(), |other| *other == place);
    found.map(|entry| entry.remove()).is_ok()
}

/// Rows by the height at which time does something to them.
///
/// What is planned is not taken out where a row's time changes: whoever takes a height asks each row whether it still is due then. A change
/// of plan costs four bytes until its height has passed, and each was paid for by the transition that made it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timers(BTreeMap<Height, Vec<u32>>);

impl Timers {
    /// The row is due at `height`; to say so twice is to say it once.
    pub(crate) fn plan(&mut self, height: Height, at: u32) {
        self.0.entry(height).or_default().push(at);
    }

    /// Takes back the plan that was made last for `height`, where it is the row's.
    pub(crate) fn unplan(&mut self, height: Height, at: u32) {
        if let Some(rows) = self.0.get_mut(&height)
            && rows.last() == Some(&at)
        {
            rows.pop();
        }
    }

    /// The first height at or before `now` with all that was planned for it, in order of the rows, each once.
    pub(crate) fn pop(&mut self, now: Height) -> Option<(Height, Vec<u32>)> {
        let first = self.0.first_entry().filter(|first| *first.key() <= now)?;
        let (height, mut rows) = first.remove_entry();
        rows.sort_unstable();
        rows.dedup();
        Some((height, rows))
    }
}
