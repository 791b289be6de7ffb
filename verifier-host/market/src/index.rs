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

#[cfg(test)]
mod tests {
    use super::*;

    /// All ids have one hash where no word counts.
    fn blind() -> Index {
        Index { hash: Multilinear { constant: 0, keys: [0; 8] }, ..Index::default() }
    }

    #[test]
    fn ids_of_one_hash_are_told_apart() {
        let ids = [[1u8; 32], [2; 32], [3; 32]];
        let id_of = |at: u32| &ids[at as usize];
        let mut index = blind();
        for (id, at) in ids.iter().zip(0..) {
            index.insert(id, at);
        }
        index.retire(&ids[1], 1);
        assert_eq!(ids.map(|id| index.find(&id, id_of)), [Some(0), Some(1), Some(2)]);
        assert_eq!(index.find(&[4; 32], id_of), None);
        index.remove(&ids[0], 0);
        assert_eq!(ids.map(|id| index.find(&id, id_of)), [None, Some(1), Some(2)]);
    }

    #[test]
    fn what_has_ended_lies_apart_and_comes_back() {
        let id = [7; 32];
        let mut index = Index::default();
        let sizes = |index: &Index| (index.live.len(), index.ended.len(), index.find(&id, |_| &id));
        index.insert(&id, 5);
        assert_eq!(sizes(&index), (1, 0, Some(5)));
        for _ in 0..2 {
            index.retire(&id, 5);
            assert_eq!(sizes(&index), (0, 1, Some(5)));
        }
        for _ in 0..2 {
            index.revive(&id, 5);
            assert_eq!(sizes(&index), (1, 0, Some(5)));
        }
        index.remove(&id, 5);
        assert_eq!(sizes(&index), (0, 0, None));
    }

    #[test]
    fn a_hash_is_the_high_half_of_a_sum_over_every_word() {
        let keys = std::array::from_fn(|n| 0x9e37_79b9_7f4a_7c15u64.wrapping_mul(n as u64 + 1));
        let hash = Multilinear { constant: 0xfedc_ba98_7654_3210, keys };
        for seed in 0..64u8 {
            let id: [u8; 32] = std::array::from_fn(|n| (n as u8).wrapping_mul(seed).wrapping_add(seed));
            let word = |n: usize| u32::from_le_bytes([id[4 * n], id[4 * n + 1], id[4 * n + 2], id[4 * n + 3]]);
            let sum = (0..8).map(|n| u128::from(keys[n]) * u128::from(word(n))).sum::<u128>();
            let sum = (sum + u128::from(hash.constant)) % (1 << 64);
            assert_eq!(u128::from(hash.of(&id)), sum >> 32, "{seed}");
        }
    }

    #[test]
    fn a_table_sees_a_hash_at_both_ends() {
        assert_eq!(Place { tag: 0x8765_4321, at: 9 }.hash(), 0x8765_4321_8765_4321);
    }

    #[test]
    fn a_plan_is_taken_back_where_it_was_the_last() {
        let mut timers = Timers::default();
        for at in [3, 1, 3, 2] {
            timers.plan(Height(5), at);
        }
        timers.plan(Height(9), 4);
        timers.unplan(Height(5), 3);
        timers.unplan(Height(6), 2);
        timers.unplan(Height(5), 2);
        assert_eq!(timers.pop(Height(4)), None);
        assert_eq!(timers.pop(Height(5)), Some((Height(5), vec![1, 3])));
        assert_eq!(timers.pop(Height(20)), Some((Height(9), vec![4])));
        assert_eq!(timers.pop(Height(20)), None);
    }
}
