//! Where rows are: by id, and by the height at which time does something to them.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::hint::black_box;

use zera_abi::Height;

/// Where each 32-byte id's row is.
///
/// Tables of hashes that hold places and not ids: what is compared is the id in the row, which whoever looks for the row reads next anyway.
/// At millions of rows the time of a lookup is that of its misses of the cache, so rows that have ended, which are most, lie in a table of
/// their own, and that of the others is small. Ids are chosen by strangers, so the hash is keyed by each process for itself; that changes
/// where a row is found and nothing else, since the tables are never walked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    live: Table,
    ended: Table,
    hash: Hash,
}

/// Open addressing with linear probing (Knuth, The Art of Computer Programming 3, 6.4, algorithms L and R): a lookup reads one line of the
/// cache, seldom a second. At most half of the slots are taken.
#[derive(Clone, Debug, Default)]
struct Table {
    /// A power of two of them, or none.
    slots: Vec<Slot>,
    len: usize,
}

/// A row's place with the hash of its id, so that growing reads no row: `hash * 2^32 + at + 1`; 0 where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slot(u64);

impl Slot {
    fn new(tag: u32, at: u32) -> Slot {
        Slot(u64::from(tag) << 32 | u64::from(at).wrapping_add(1))
    }

    fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn tag(self) -> u32 {
        (self.0 >> 32) as u32
    }

    fn at(self) -> u32 {
        (self.0 as u32).wrapping_sub(1)
    }
}

/// Slots of the smallest table.
const LEAST: usize = 16;

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a masked place is one of the table's, whose size is a power of two"
)]
impl Table {
    /// The first row of that hash that `which` takes.
    fn find(&self, tag: u32, which: impl FnMut(Slot) -> bool) -> Option<Slot> {
        self.search(tag, which).map(|place| self.slots[place])
    }

    /// Its place, from the hash's home to the next empty slot.
    fn search(&self, tag: u32, mut which: impl FnMut(Slot) -> bool) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut place = tag as usize & mask;
        loop {
            let slot = self.slots[place];
            if slot.is_empty() {
                return None;
            }
            if slot.tag() == tag && which(slot) {
                return Some(place);
            }
            place = (place + 1) & mask;
        }
    }

    /// The slot at the home of a hash, whatever it is: reading it brings its line into the cache.
    fn home(&self, tag: u32) -> Slot {
        let mask = self.slots.len().wrapping_sub(1);
        self.slots.get(tag as usize & mask).copied().unwrap_or_default()
    }

    fn put(&mut self, slot: Slot) {
        if self.len * 2 >= self.slots.len() {
            let size = (self.slots.len() * 2).max(LEAST);
            let old = std::mem::replace(&mut self.slots, vec![Slot::default(); size]);
            old.into_iter().filter(|slot| !slot.is_empty()).for_each(|slot| self.settle(slot));
        }
        self.settle(slot);
        self.len += 1;
    }

    /// Into the first empty slot from its home.
    fn settle(&mut self, slot: Slot) {
        let mask = self.slots.len() - 1;
        let mut place = slot.tag() as usize & mask;
        while !self.slots[place].is_empty() {
            place = (place + 1) & mask;
        }
        self.slots[place] = slot;
    }

    /// Whether it was there. Those after it move up where it stood between them and their homes.
    fn take(&mut self, slot: Slot) -> bool {
        let Some(mut hole) = self.search(slot.tag(), |other| other == slot) else { return false };
        let mask = self.slots.len() - 1;
        let mut place = hole;
        loop {
            place = (place + 1) & mask;
            let next = self.slots[place];
            if next.is_empty() {
                break;
            }
            let from_home = place.wrapping_sub(next.tag() as usize) & mask;
            if from_home >= place.wrapping_sub(hole) & mask {
                self.slots[hole] = next;
                hole = place;
            }
        }
        self.slots[hole] = Slot::default();
        self.len -= 1;
        true
    }
}

/// `k_0 + sum k_i w_i mod 2^64` over an id's eight words of 32 bits, whose high half is strongly universal (Lemire and Kaser, "Strongly
/// universal string hashing is fast", The Computer Journal 57 (2014), theorem 3.1), and then mixed: a sum alone keeps what ids that count
/// up have in common, and linear probing suffers from it (Patrascu and Thorup, "On the k-independence required by linear probing and
/// minwise independence", ICALP 2010). Some 30 instructions, where SipHash takes 160.
#[derive(Clone, Debug)]
struct Hash {
    constant: u64,
    keys: [u64; 8],
    odd: u64,
}

impl Default for Hash {
    /// Keys of the system's randomness, as those of the standard library's tables.
    fn default() -> Hash {
        let random = RandomState::new();
        let key = |n: u64| random.hash_one(n);
        Hash { constant: key(8), keys: [0, 1, 2, 3, 4, 5, 6, 7].map(key), odd: key(9) | 1 }
    }
}

impl Hash {
    fn of(&self, id: &[u8; 32]) -> u32 {
        let words = id.as_chunks::<4>().0.iter().map(|word| u64::from(u32::from_le_bytes(*word)));
        let sum =
            words.zip(&self.keys).fold(self.constant, |sum, (word, key)| sum.wrapping_add(key.wrapping_mul(word)));
        let mixed = (sum ^ sum >> 32).wrapping_mul(self.odd);
        ((mixed ^ mixed >> 29).wrapping_mul(self.odd) >> 32) as u32
    }
}

impl Index {
    /// The row whose id, by `id_of`, is `id`.
    pub(crate) fn find<'a>(&self, id: &[u8; 32], id_of: impl Fn(u32) -> &'a [u8; 32]) -> Option<u32> {
        let tag = self.tag(id);
        let find = |table: &Table| table.find(tag, |slot| id_of(slot.at()) == id);
        find(&self.live).or_else(|| find(&self.ended)).map(|slot| slot.at())
    }

    /// The hash of an id, for [`guess`](Index::guess).
    pub(crate) fn tag(&self, id: &[u8; 32]) -> u32 {
        self.hash.of(id)
    }

    /// Whatever lies where a row of that hash is looked for first.
    pub(crate) fn home(&self, tag: u32) -> u64 {
        self.live.home(tag).0
    }

    /// The row that has not ended of an id of that hash, very likely the id's; else reads where one that has is looked for.
    pub(crate) fn guess(&self, tag: u32) -> Option<u32> {
        let found = self.live.find(tag, |_| true);
        if found.is_none() {
            black_box(self.ended.home(tag));
        }
        found.map(|slot| slot.at())
    }

    /// Adds a row.
    pub(crate) fn insert(&mut self, id: &[u8; 32], at: u32) {
        self.live.put(Slot::new(self.tag(id), at));
    }

    /// Takes a row out that has not ended.
    pub(crate) fn remove(&mut self, id: &[u8; 32], at: u32) {
        self.live.take(Slot::new(self.tag(id), at));
    }

    /// The row has ended.
    pub(crate) fn retire(&mut self, id: &[u8; 32], at: u32) {
        let slot = Slot::new(self.tag(id), at);
        if self.live.take(slot) {
            self.ended.put(slot);
        }
    }

    /// Undo: the row has not ended.
    pub(crate) fn revive(&mut self, id: &[u8; 32], at: u32) {
        let slot = Slot::new(self.tag(id), at);
        if self.ended.take(slot) {
            self.live.put(slot);
        }
    }
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
        Index { hash: Hash { constant: 0, keys: [0; 8], odd: 1 }, ..Index::default() }
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
        let sizes = |index: &Index| (index.live.len, index.ended.len, index.find(&id, |_| &id));
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

    /// A sum of products, computed in 128 bits, and mixed.
    #[test]
    fn a_hash_is_a_mixed_sum_over_every_word() {
        let keys = std::array::from_fn(|n| 0x9e37_79b9_7f4a_7c15u64.wrapping_mul(n as u64 + 1));
        let hash = Hash { constant: 0xfedc_ba98_7654_3210, keys, odd: 0xff51_afd7_ed55_8ccd };
        for seed in 0..64u8 {
            let id: [u8; 32] = std::array::from_fn(|n| (n as u8).wrapping_mul(seed).wrapping_add(seed));
            let word = |n: usize| u32::from_le_bytes([id[4 * n], id[4 * n + 1], id[4 * n + 2], id[4 * n + 3]]);
            let two_64 = 1u128 << 64;
            let sum = (0..8).map(|n| u128::from(keys[n]) * u128::from(word(n))).sum::<u128>();
            let sum = (sum + u128::from(hash.constant)) % two_64;
            let once = (sum ^ (sum / (1 << 32))) * u128::from(hash.odd) % two_64;
            let twice = (once ^ (once / (1 << 29))) * u128::from(hash.odd) % two_64;
            assert_eq!(u128::from(hash.of(&id)), twice >> 32, "{seed}");
        }
    }

    /// Against a list, with so few hashes that most rows stand away from home and some run over the table's end.
    #[test]
    fn a_table_holds_what_a_list_does() {
        let mut seed = 7u64;
        let mut draw = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for hashes in [1, 3, 40, 1 << 32] {
            let (mut table, mut list) = (Table::default(), Vec::new());
            for n in 0..2_000u32 {
                if list.is_empty() || draw(100) < if n < 1_000 { 60 } else { 40 } {
                    // From the last home down, so that runs wrap around.
                    let slot = Slot::new(u32::MAX.wrapping_sub(draw(hashes) as u32), n);
                    table.put(slot);
                    list.push(slot);
                } else {
                    let slot = list.swap_remove(draw(list.len() as u64) as usize);
                    assert!(table.take(slot) && !table.take(slot));
                }
                assert_eq!(table.len, list.len());
                assert!(table.len * 2 <= table.slots.len());
                for slot in &list {
                    assert_eq!(table.find(slot.tag(), |other| other == *slot), Some(*slot), "{hashes} {n}");
                }
            }
            while let Some(slot) = list.pop() {
                assert!(table.take(slot));
            }
            assert!(table.slots.iter().all(|slot| slot.is_empty()));
        }
    }

    #[test]
    fn a_slot_holds_every_hash_and_place() {
        for tag in [0, 1, 0x8765_4321, u32::MAX] {
            for at in [0, 9, u32::MAX - 1] {
                let slot = Slot::new(tag, at);
                assert_eq!((slot.tag(), slot.at(), slot.is_empty()), (tag, at, false));
            }
        }
        assert!(Slot::default().is_empty());
    }

    /// Ids that count up, or differ in one word, spread as well as any.
    #[test]
    fn ids_that_count_up_do_not_pile_up() {
        for step in [1usize, 256, 1 << 16] {
            let (mut table, index) = (Table::default(), Index::default());
            for n in 0..4_096usize {
                let mut id = [0u8; 32];
                id[..8].copy_from_slice(&(n * step).to_le_bytes());
                table.put(Slot::new(index.tag(&id), n as u32));
            }
            let mask = table.slots.len() - 1;
            let steps = |(place, slot): (usize, &Slot)| place.wrapping_sub(slot.tag() as usize) & mask;
            let filled = table.slots.iter().enumerate().filter(|(_, slot)| !slot.is_empty());
            let all: usize = filled.map(steps).sum();
            // Half full: half a step for each, and here four times as many.
            assert!(all < 2 * 4_096, "{all} steps, {step}");
        }
    }

    #[test]
    fn a_guess_is_a_row_of_that_hash_that_has_not_ended() {
        let (id, mut index) = ([7; 32], Index::default());
        let tag = index.tag(&id);
        assert_eq!((index.guess(tag), index.home(tag)), (None, 0));
        index.insert(&id, 5);
        assert_eq!((index.guess(tag), index.home(tag)), (Some(5), Slot::new(tag, 5).0));
        index.retire(&id, 5);
        assert_eq!((index.guess(tag), index.home(tag)), (None, 0));
    }

    #[test]
    fn a_plan_is_taken_back_where_it_was_the_last() {
        let mut timers = Timers::default();
        for at in [3, 1, 3, 2] {
            timers.plan(Height(5), at);
            timers.plan(Height(6), at);
        }
        timers.plan(Height(9), 4);
        timers.unplan(Height(5), 3);
        timers.unplan(Height(7), 2);
        timers.unplan(Height(6), 2);
        assert_eq!(timers.pop(Height(4)), None);
        assert_eq!(timers.pop(Height(5)), Some((Height(5), vec![1, 2, 3])));
        assert_eq!(timers.pop(Height(20)), Some((Height(6), vec![1, 3])));
        assert_eq!(timers.pop(Height(20)), Some((Height(9), vec![4])));
        assert_eq!(timers.pop(Height(20)), None);
    }
}
