//! Sums of runs of points, pair by pair.
//!
//! Points of a bucket are added two and two, then the sums two and two, until one is left: `n - 1` additions for `n` points, all
//! of a level independent. A block of buckets goes through all levels while it is in the second-level cache.

use zera_field::{Backend, Lanes, Work};

use crate::msm::add::{Adder, BATCH, Point, SECOND, index};

/// Points of a block: half as many sums at the first level, 64 bytes each in G1.
const BLOCK: usize = 8192;

/// Runs one batch of additions.
pub(super) struct Batch<'a, L: Lanes> {
    pub(super) adder: &'a mut Adder<L>,
    pub(super) first: &'a [Point<L>],
    pub(super) second: &'a [Point<L>],
    pub(super) pairs: &'a [[u32; 2]],
}

impl<L: Lanes> Work for Batch<'_, L>
where
    L::Token: Backend,
{
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.adder.read(self.first, self.second, self.pairs);
    }
}

/// Writes the sums of a batch.
pub(super) struct Sums<'a, L: Lanes> {
    pub(super) adder: &'a mut Adder<L>,
    pub(super) out: &'a mut [Point<L>],
}

impl<L: Lanes> Work for Sums<'_, L>
where
    L::Token: Backend,
{
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.adder.write(self.out);
    }
}

/// A part of a run that lies in one block.
#[derive(Clone, Copy)]
struct Piece {
    run: u32,
    whole: bool,
    start: u32,
    len: u32,
}

/// What summing runs needs, kept from one use to the next.
pub(super) struct Tree<B, L: Lanes> {
    backend: B,
    pub(super) adder: Adder<L>,
    arena: Vec<Point<L>>,
    list: Vec<u32>,
    next: Vec<u32>,
    pairs: Vec<[u32; 2]>,
    pieces: Vec<Piece>,
}

impl<B: Backend, L: Lanes<Token = B>> Tree<B, L> {
    pub(super) fn new(backend: B) -> Self {
        let (list, next, pairs, pieces) = Default::default();
        Tree { backend, adder: Adder::new(backend), arena: Vec::new(), list, next, pairs, pieces }
    }

    /// `out[i]` becomes the sum of run `i`: of `references[ends[i - 1]..ends[i]]` into `bases`. Empty runs leave it as it is.
    pub(super) fn sums(&mut self, bases: &[Point<L>], references: &[u32], ends: &[u32], out: &mut [Point<L>]) {
        // Sums of pieces of runs that are in more than one block.
        let mut parts: Vec<(u32, Point<L>)> = Vec::new();
        let (mut start, mut block_start) = (0, 0);
        self.pieces.clear();
        for (run, end) in (0u32..).zip(ends) {
            let run_start = start;
            while start < *end {
                let room = (BLOCK - (start - block_start) as usize) as u32;
                let len = room.min(*end - start);
                let whole = start == run_start && start + len == *end;
                self.pieces.push(Piece { run, whole, start: start - block_start, len });
                start += len;
                if (start - block_start) as usize == BLOCK {
                    self.block(bases, &references[block_start as usize..start as usize], out, &mut parts);
                    block_start = start;
                }
            }
        }
        self.block(bases, &references[block_start as usize..start as usize], out, &mut parts);
        if !parts.is_empty() {
            self.join(&parts, out);
        }
    }

    /// Sums the pieces of each run.
    fn join(&mut self, parts: &[(u32, Point<L>)], out: &mut [Point<L>]) {
        let points: Vec<Point<L>> = parts.iter().map(|(_, point)| *point).collect();
        let references: Vec<u32> = (0..points.len() as u32).map(|i| i << 1).collect();
        let groups: Vec<&[(u32, Point<L>)]> = parts.chunk_by(|a, b| a.0 == b.0).collect();
        let ends: Vec<u32> = groups
            .iter()
            .scan(0, |end, group| {
                *end += group.len() as u32;
                Some(*end)
            })
            .collect();
        let mut sums = vec![crate::msm::bases::infinity(); groups.len()];
        self.sums(&points, &references, &ends, &mut sums);
        for (group, sum) in groups.iter().zip(sums) {
            out[group[0].0 as usize] = sum;
        }
    }

    /// Sums the pieces of one block.
    fn block(
        &mut self,
        bases: &[Point<L>],
        references: &[u32],
        out: &mut [Point<L>],
        parts: &mut Vec<(u32, Point<L>)>,
    ) {
        self.list.clear();
        self.list.extend_from_slice(references);
        if self.arena.len() < references.len() {
            self.arena.resize(references.len(), crate::msm::bases::infinity());
        }
        let mut used = 0;
        loop {
            self.pairs.clear();
            self.next.clear();
            for piece in &mut self.pieces {
                let points = &self.list[piece.start as usize..][..piece.len as usize];
                piece.start = self.next.len() as u32;
                let (pairs, odd) = points.as_chunks::<2>();
                // Most runs are short: a loop, where copies would be calls.
                for pair in pairs {
                    self.next.push(SECOND | ((used + self.pairs.len()) as u32) << 1);
                    self.pairs.push(*pair);
                }
                if let [odd] = odd {
                    self.next.push(*odd);
                }
                piece.len = (pairs.len() + odd.len()) as u32;
            }
            if self.pairs.is_empty() {
                break;
            }
            for pairs in self.pairs.chunks(BATCH) {
                let (done, rest) = self.arena.split_at_mut(used);
                self.backend.run(Batch { adder: &mut self.adder, first: bases, second: done, pairs });
                self.backend.run(Sums { adder: &mut self.adder, out: rest });
                used += pairs.len();
            }
            std::mem::swap(&mut self.list, &mut self.next);
        }
        for piece in &self.pieces {
            let reference = self.next[piece.start as usize];
            let mut point =
                if reference & SECOND == 0 { bases[index(reference)] } else { self.arena[index(reference)] };
            if reference & 1 == 1 {
                point.y = L::negate_stored(&point.y);
            }
            if piece.whole {
                out[piece.run as usize] = point;
            } else {
                parts.push((piece.run, point));
            }
        }
        self.pieces.clear();
    }
}
