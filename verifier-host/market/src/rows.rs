//! Rows that never move.

use std::ops::{Index, IndexMut};

/// Rows in a chunk.
const CHUNK: usize = 1024;

/// A list that grows by chunks.
///
/// A vector that doubles copies all of its rows now and then, within whatever transition was to add one: at a million tasks that is
/// 600 MB between two transactions of a block.
#[derive(Clone, Debug)]
pub(crate) struct Rows<T> {
    /// All but the last are full, and none is empty.
    chunks: Vec<Vec<T>>,
    len: u32,
}

impl<T> Default for Rows<T> {
    fn default() -> Rows<T> {
        Rows { chunks: Vec::new(), len: 0 }
    }
}

impl<T> Rows<T> {
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    /// Adds a row, whose place is one that [`dense`](crate::market::dense) found.
    pub(crate) fn push(&mut self, row: T) {
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < CHUNK => chunk.push(row),
            _ => {
                // The first grows as it has to: a small market is small.
                let mut chunk = Vec::with_capacity(if self.chunks.is_empty() { 0 } else { CHUNK });
                chunk.push(row);
                self.chunks.push(chunk);
            }
        }
        self.len = self.len.saturating_add(1);
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        let chunk = self.chunks.last_mut()?;
        let row = chunk.pop()?;
        if chunk.is_empty() {
            self.chunks.pop();
        }
        self.len = self.len.saturating_sub(1);
        Some(row)
    }

    pub(crate) fn get(&self, at: u32) -> Option<&T> {
        let (chunk, place) = place(at);
        self.chunks.get(chunk)?.get(place)
    }

    pub(crate) fn get_mut(&mut self, at: u32) -> Option<&mut T> {
        let (chunk, place) = place(at);
        self.chunks.get_mut(chunk)?.get_mut(place)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        (0..self.len).map(|at| &self[at])
    }

    /// The rows from the `first` on.
    pub(crate) fn since(&self, first: usize) -> impl Iterator<Item = &T> {
        let first = u32::try_from(first).unwrap_or(u32::MAX);
        (first..self.len).map(|at| &self[at])
    }
}

fn place(at: u32) -> (usize, usize) {
    let at = at as usize;
    (at / CHUNK, at % CHUNK)
}

#[expect(clippy::indexing_slicing, reason = "as of a slice: a place that is not there is our bug")]
impl<T> Index<u32> for Rows<T> {
    type Output = T;

    fn index(&self, at: u32) -> &T {
        let (chunk, place) = place(at);
        &self.chunks[chunk][place]
    }
}

#[expect(clippy::indexing_slicing, reason = "as of a slice: a place that is not there is our bug")]
impl<T> IndexMut<u32> for Rows<T> {
    fn index_mut(&mut self, at: u32) -> &mut T {
        let (chunk, place) = place(at);
        &mut self.chunks[chunk][place]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_where_they_were_put_over_the_edges_of_chunks() {
        let mut rows = Rows::default();
        let mut model = Vec::new();
        assert_eq!(rows.pop(), None);
        for n in 0..3 * CHUNK as u32 {
            rows.push(n);
            model.push(n);
        }
        for at in [0, CHUNK - 1, CHUNK, 2 * CHUNK, 3 * CHUNK - 1] {
            assert_eq!(rows[at as u32], model[at]);
            rows[at as u32] += 7;
            model[at] += 7;
        }
        assert_eq!(rows.get(3 * CHUNK as u32), None);
        assert_eq!(rows.get_mut(u32::MAX), None);
        assert_eq!(rows.since(CHUNK + 1).collect::<Vec<_>>(), model.iter().skip(CHUNK + 1).collect::<Vec<_>>());
        assert_eq!(rows.since(3 * CHUNK).count(), 0);
        assert!(rows.iter().rev().eq(model.iter().rev()));
        while let Some(row) = model.pop() {
            assert_eq!(rows.len(), model.len() + 1);
            assert_eq!(rows.pop(), Some(row));
            if model.len() == CHUNK {
                rows.push(1);
                assert_eq!((rows[CHUNK as u32], rows.pop()), (1, Some(1)));
            }
        }
        assert_eq!((rows.len(), rows.pop()), (0, None));
    }
}
