//! What holds on one path only.

use super::int::Int;
use super::word::{WordData, mask, range_of, residue};
use super::{Bit, Graph, Lc, Node, Word};
use ethnum::I256;
use std::rc::Rc;

/// Bounds that the conditions of a path imply. Cheap to clone.
///
/// Nothing that every input must satisfy may rest on them, but on what [`Graph::pick`] and [`Graph::hot`] mask.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The conjunction of all that was learned.
    condition: Bit,
    /// Bounds of primitive combinations without constant.
    ranges: Ranges,
}

impl Facts {
    /// Nothing is known.
    pub fn none() -> Facts {
        Facts { condition: Bit::TRUE, ranges: Ranges::default() }
    }
}

impl Graph {
    /// Adds that `condition` is `value`.
    pub fn learn(&mut self, facts: &mut Facts, condition: Bit, value: bool) {
        let condition = if value { condition } else { condition.not() };
        if condition.as_constant().is_some() {
            return;
        }
        let before = facts.ranges.learned;
        self.learn_bit(facts, condition, 0);
        if facts.ranges.learned > before {
            facts.condition = self.bit_and(facts.condition, condition);
        }
    }

    fn learn_bit(&mut self, facts: &mut Facts, condition: Bit, depth: u32) {
        let node = condition.node();
        if let Some(difference) = self.comparisons.get(&node).copied() {
            let (lo, hi) =
                if condition.is_negated() { (difference.lo, I256::MINUS_ONE) } else { (I256::ZERO, difference.hi) };
            return self.learn_range(facts, difference.lc, lo, hi);
        }
        match self.node_at(node).clone() {
            Node::And(a, b) if !condition.is_negated() && depth < 8 => {
                self.learn_bit(facts, a, depth + 1);
                self.learn_bit(facts, b, depth + 1);
            }
            Node::Zero { factors } => match &*factors {
                [lc] if !condition.is_negated() => self.learn_range(facts, *lc, I256::ZERO, I256::ZERO),
                // A sum of bits that is not 0 is at least 1; one that is 0 has no bit set.
                [lc] if self.bounds(*lc).0 == I256::ZERO => {
                    let hi = self.bounds(*lc).1;
                    self.learn_range(facts, *lc, I256::ONE, hi);
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn learn_range(&mut self, facts: &mut Facts, lc: Lc, lo: I256, hi: I256) {
        let (key, scale, offset) = self.primitive(lc);
        if scale == I256::ZERO || lo > hi {
            return;
        }
        // lo <= scale key + offset <= hi
        let (a, b) = (lo - offset, hi - offset);
        let (a, b) = if scale < I256::ZERO { (-b, -a) } else { (a, b) };
        let scale = scale.abs();
        let (mut lo, mut hi) = (-((-a).div_euclid(scale)), b.div_euclid(scale));
        if let Some((l, h)) = facts.ranges.get(key) {
            (lo, hi) = (lo.max(l), hi.min(h));
        }
        // A path that contradicts itself: anything may be said of it, so nothing is.
        if lo <= hi {
            facts.ranges.insert(Range { key, lo, hi });
        }
    }

    /// `lc = scale * key + offset`, where `key` has no constant, coefficients without a common divisor, the first of them
    /// positive; a scale of 0 for constants.
    fn primitive(&mut self, lc: Lc) -> (Lc, I256, I256) {
        let offset = self.lc(lc).constant;
        let plain = self.combine(-offset, &[(I256::ONE, lc)]);
        let mut scale = self.content(plain, false);
        if scale == I256::ZERO {
            return (plain, scale, offset);
        }
        if self.lc(plain).terms[0].1 < I256::ZERO {
            scale = -scale;
        }
        (self.divide_lc(plain, scale), scale, offset)
    }

    fn bounds_under(&mut self, facts: &Facts, int: Int) -> (I256, I256) {
        let (mut lo, mut hi) = (int.lo, int.hi);
        if facts.ranges.learned == 0 {
            return (lo, hi);
        }
        let mut take = |l: I256, h: I256| (lo, hi) = (lo.max(l), hi.min(h));
        let (key, scale, offset) = self.primitive(int.lc);
        if let Some((l, h)) = facts.ranges.get(key) {
            let (x, y) = (l * scale + offset, h * scale + offset);
            take(x.min(y), x.max(y));
        }
        // Term by term.
        let data = self.lc(int.lc).clone();
        let (mut l, mut h) = (data.constant, data.constant);
        for (node, c) in &data.terms {
            let lc = self.node_lc(*node);
            let (mut a, mut b) = self.bounds(lc);
            if let Some((x, y)) = facts.ranges.get(lc) {
                (a, b) = (a.max(x), b.min(y));
            }
            let (x, y) = (a * *c, b * *c);
            (l, h) = (l + x.min(y), h + x.max(y));
        }
        take(l, h);
        if lo <= hi { (lo, hi) } else { (int.lo, int.hi) }
    }

    /// The form of a word that says most about it on a path, and its bounds there.
    fn under(&mut self, facts: &Facts, word: Word) -> (Int, I256, I256) {
        let (settled, int) = (self.settled(word), self.data(word).int);
        let (lo, hi) = self.bounds_under(facts, settled);
        if int != settled {
            let (l, h) = self.bounds_under(facts, int);
            if h - l < hi - lo {
                return (int, l, h);
            }
        }
        (settled, lo, hi)
    }

    /// Bounds of the value in `0..2^width` on a path.
    pub fn range_under(&mut self, facts: &Facts, word: Word) -> (u64, u64) {
        let WordData { width, .. } = self.data(word);
        let (_, lo, hi) = self.under(facts, word);
        range_of(lo, hi, width)
    }

    /// On a path the value is one of `lo, lo + step, ..., hi`.
    pub fn progression(&mut self, facts: &Facts, word: Word) -> (u64, u64, u64) {
        let WordData { width, .. } = self.data(word);
        let (int, lo, hi) = self.under(facts, word);
        if let Some(value) = int.as_constant() {
            let value = residue(value, width).as_u64();
            return (value, value, 1);
        }
        let mut step = self.content(int.lc, false).max(I256::ONE);
        let offset = self.lc(int.lc).constant;
        if lo >> width != hi >> width {
            // Only powers of two survive the reduction.
            step = (step & -step).min(I256::ONE << (width - 1));
            let first = residue(offset, width) % step;
            return (first.as_u64(), (mask(width) - step + I256::ONE + first).as_u64(), step.as_u64());
        }
        let first = lo + (offset - lo).rem_euclid(step);
        let last = hi - (hi - offset).rem_euclid(step);
        if first > last {
            return (residue(lo, width).as_u64(), residue(hi, width).as_u64(), 1);
        }
        let step = if step > mask(width) { I256::ONE } else { step };
        (residue(first, width).as_u64(), residue(last, width).as_u64(), step.as_u64())
    }

    /// `int` on the path, 0 on every other: what the path says of it then holds on all of them. One row. `None` where the
    /// path says nothing, or that it may be negative.
    pub(crate) fn masked(&mut self, facts: &Facts, int: Int) -> Option<Int> {
        let (lo, hi) = self.bounds_under(facts, int);
        if facts.condition == Bit::TRUE || lo < I256::ZERO {
            return None;
        }
        let zero = self.int_constant(I256::ZERO);
        let chosen = self.int_select(facts.condition, int, zero);
        Some(self.int_within(chosen.lc, I256::ZERO, hi))
    }
}

/// The bounds of one combination.
#[derive(Clone, Copy, Debug)]
struct Range {
    key: Lc,
    lo: I256,
    hi: I256,
}

/// Bounds by combination. Paths part and learn on by the thousand, so what two of them share is one: a change copies
/// only the branches that lead to it.
#[derive(Clone, Debug, Default)]
struct Ranges {
    root: Option<Rc<Branch>>,
    /// Changes so far.
    learned: usize,
}

/// Keys that share their low bits, of which each level takes [`LEVEL_BITS`].
#[derive(Clone, Debug)]
struct Branch {
    range: Range,
    beneath: [Option<Rc<Branch>>; 1 << LEVEL_BITS],
}

const LEVEL_BITS: u32 = 3;

impl Ranges {
    fn get(&self, key: Lc) -> Option<(I256, I256)> {
        let (mut branch, mut path) = (self.root.as_ref()?, key.0);
        while branch.range.key != key {
            branch = branch.beneath[level(&mut path)].as_ref()?;
        }
        Some((branch.range.lo, branch.range.hi))
    }

    /// Replaces what there is for the key.
    fn insert(&mut self, range: Range) {
        self.learned += 1;
        let (mut slot, mut path) = (&mut self.root, range.key.0);
        loop {
            let branch = match slot {
                Some(branch) => Rc::make_mut(branch),
                None => {
                    *slot = Some(Rc::new(Branch { range, beneath: Default::default() }));
                    return;
                }
            };
            if branch.range.key == range.key {
                branch.range = range;
                return;
            }
            slot = &mut branch.beneath[level(&mut path)];
        }
    }
}

/// Takes the branch of a level off a path.
fn level(path: &mut u32) -> usize {
    let branch = *path & ((1 << LEVEL_BITS) - 1);
    *path >>= LEVEL_BITS;
    branch as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// As a map would: the latest bounds of every key, in each of two that parted.
    #[test]
    fn ranges_are_maps_that_part() {
        let key = |n: u32| Lc(n.wrapping_mul(0x9e37_79b1) >> 20);
        let bounds = |n: u32| (-I256::from(n), I256::from(n));
        let mut ranges = [Ranges::default(), Ranges::default()];
        let mut expected = [BTreeMap::new(), BTreeMap::new()];
        let mut learn = |at: usize, n: u32| {
            let (lo, hi) = bounds(n + at as u32);
            ranges[at].insert(Range { key: key(n), lo, hi });
            expected[at].insert(key(n), (lo, hi));
            if (at, n) == (0, 2_000) {
                ranges[1] = ranges[0].clone();
                expected[1] = expected[0].clone();
            }
        };
        for n in 0..5_000 {
            learn(0, n);
            if n > 2_000 && n % 3 == 0 {
                learn(1, n);
            }
        }
        for n in 0..1 << 12 {
            let key = Lc(n);
            let found = ranges.each_ref().map(|ranges| ranges.get(key));
            assert_eq!(found, expected.each_ref().map(|expected| expected.get(&key).copied()));
        }
        assert!(expected[0] != expected[1] && expected[0].len() > 1_000);
    }
}
