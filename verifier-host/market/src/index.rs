//! Ids to dense indices.

use std::collections::HashMap;

/// Where each 32-byte id's row is.
///
/// A table of hashes: at millions of rows a lookup is one or two reads of memory, where a tree of them takes ten. Ids are chosen by
/// strangers, so the hash is keyed by each process for itself; that changes where a row is found and nothing else, since the table is never
/// walked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index(HashMap<[u8; 32], u32>);

impl Index {
    pub(crate) fn find(&self, id: &[u8; 32]) -> Option<u32> {
        self.0.get(id).copied()
    }

    pub(crate) fn insert(&mut self, id: &[u8; 32], at: u32) {
        self.0.insert(*id, at);
    }

    pub(crate) fn remove(&mut self, id: &[u8; 32]) {
        self.0.remove(id);
    }
}
