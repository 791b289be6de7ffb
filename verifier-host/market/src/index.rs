//! Ids to dense indices.

use std::collections::BTreeMap;

/// Where each 32-byte id's row is.
///
/// Ids are kept as four words rather than as bytes: comparisons are then inlined instead of a call of `memcmp`. Words are
/// big-endian, so the order is that of the bytes; nothing depends on it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index(BTreeMap<[u64; 4], u32>);

impl Index {
    pub(crate) fn find(&self, id: &[u8; 32]) -> Option<u32> {
        self.0.get(&words(id)).copied()
    }

    pub(crate) fn insert(&mut self, id: &[u8; 32], at: u32) {
        self.0.insert(words(id), at);
    }

    pub(crate) fn remove(&mut self, id: &[u8; 32]) {
        self.0.remove(&words(id));
    }
}

fn words(id: &[u8; 32]) -> [u64; 4] {
    let (chunks, _) = id.as_chunks::<8>();
    std::array::from_fn(|at| chunks.get(at).map_or(0, |chunk| u64::from_be_bytes(*chunk)))
}
