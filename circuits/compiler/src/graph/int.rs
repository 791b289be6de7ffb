//! Integers of known range.

use super::{Bit, Graph, Lc, Node, lc::product_bounds};
use ethnum::I256;

/// Bounds stay below `2^LIMIT_BITS`: room for sums before `2^250`.
pub(crate) const LIMIT_BITS: u32 = 240;

/// A combination and where its value lies, for every input.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Int {
    pub(crate) lc: Lc,
    pub(crate) lo: I256,
    pub(crate) hi: I256,
}

impl Int {
    pub(crate) fn within(&self, lo: I256, hi: I256) -> bool {
        lo <= self.lo && self.hi <= hi
    }

    pub(crate) fn as_constant(&self) -> Option<I256> {
        (self.lo == self.hi).then_some(self.lo)
    }

    /// Whether bounds leave room for a few more sums.
    fn fits(&self) -> bool {
        let limit = I256::ONE << LIMIT_BITS;
        -limit < self.lo && self.hi < limit
    }

    /// Least `n` with the value in `0..2^n`.
    ///
    /// # Panics
    /// Where it may be negative.
    pub(crate) fn unsigned_bits(&self) -> u32 {
        assert!(self.lo >= I256::ZERO, "unsigned bits of {self:?}");
        bit_length(self.hi)
    }
}

/// Bits of a non-negative integer; 0 has none.
pub(crate) fn bit_length(value: I256) -> u32 {
    256 - value.leading_zeros()
}

impl Graph {
    pub(crate) fn int(&self, lc: Lc) -> Int {
        let (lo, hi) = self.bounds(lc);
        Int { lc, lo, hi }
    }

    /// With bounds that the caller knows; both kinds of knowledge count.
    pub(crate) fn int_within(&mut self, lc: Lc, lo: I256, hi: I256) -> Int {
        self.known(lc, lo, hi);
        self.int(lc)
    }

    pub(crate) fn int_constant(&mut self, value: I256) -> Int {
        let lc = self.constant_lc(value);
        Int { lc, lo: value, hi: value }
    }

    pub(crate) fn int_from_bit(&mut self, bit: Bit) -> Int {
        let lc = self.bit_lc(bit);
        self.int_within(lc, I256::ZERO, I256::ONE)
    }

    /// `constant + sum factor * int`; `None` where bounds grow too far.
    pub(crate) fn int_combine(&mut self, constant: I256, parts: &[(I256, Int)]) -> Option<Int> {
        let (mut lo, mut hi) = (constant, constant);
        for (factor, int) in parts {
            let (x, y) = (int.lo.checked_mul(*factor)?, int.hi.checked_mul(*factor)?);
            lo = lo.checked_add(x.min(y))?;
            hi = hi.checked_add(x.max(y))?;
        }
        let int = Int { lc: Lc(0), lo, hi };
        if !int.fits() {
            return None;
        }
        let lcs: Vec<(I256, Lc)> = parts.iter().map(|(factor, int)| (*factor, int.lc)).collect();
        let lc = self.combine(constant, &lcs);
        let (a, b) = self.bounds(lc);
        Some(Int { lc, lo: lo.max(a), hi: hi.min(b) })
    }

    /// `a b`; `None` where bounds grow too far.
    pub(crate) fn int_mul(&mut self, a: Int, b: Int) -> Option<Int> {
        if let Some(factor) = a.as_constant() {
            return self.int_combine(I256::ZERO, &[(factor, b)]);
        }
        if let Some(factor) = b.as_constant() {
            return self.int_combine(I256::ZERO, &[(factor, a)]);
        }
        let (lo, hi) = product_bounds((a.lo, a.hi), (b.lo, b.hi), a.lc == b.lc);
        if !(Int { lc: a.lc, lo, hi }).fits() {
            return None;
        }
        let lc = self.product(a.lc, b.lc);
        Some(self.int_within(lc, lo, hi))
    }

    /// The combination `a b`; no node where a factor is constant or both are single bits.
    pub(crate) fn product(&mut self, a: Lc, b: Lc) -> Lc {
        if let Some(factor) = self.lc_constant(a) {
            return self.combine(I256::ZERO, &[(factor, b)]);
        }
        if let Some(factor) = self.lc_constant(b) {
            return self.combine(I256::ZERO, &[(factor, a)]);
        }
        if let (Some(x), Some(y)) = (self.single_bit(a), self.single_bit(b)) {
            let both = self.bit_and(x, y);
            return self.bit_lc(both);
        }
        let (a, b) = if a <= b { (a, b) } else { (b, a) };
        let node = self.node(Node::Product { a, b });
        self.node_lc(node)
    }

    pub(crate) fn lc_constant(&self, lc: Lc) -> Option<I256> {
        let data = self.lc(lc);
        data.terms.is_empty().then_some(data.constant)
    }

    /// The bit, where a combination is one node or its complement.
    fn single_bit(&self, lc: Lc) -> Option<Bit> {
        let data = self.lc(lc);
        match (&*data.terms, data.constant) {
            ([(node, c)], I256::ZERO) if *c == I256::ONE && self.is_bit(*node) => Some(Bit::of(*node)),
            ([(node, c)], I256::ONE) if *c == I256::MINUS_ONE && self.is_bit(*node) => Some(Bit::of(*node).not()),
            _ => None,
        }
    }

    /// `c ? a : b`: one product. Equal choices in either order share it.
    pub(crate) fn int_select(&mut self, c: Bit, a: Int, b: Int) -> Int {
        let (c, a, b) = if c.is_negated() { (c.not(), b, a) } else { (c, a, b) };
        if a.lc == b.lc {
            return Int { lc: a.lc, lo: a.lo.min(b.lo), hi: a.hi.max(b.hi) };
        }
        let difference = self.combine(I256::ZERO, &[(I256::ONE, a.lc), (I256::MINUS_ONE, b.lc)]);
        let bit = self.bit_lc(c);
        let chosen = self.scaled_product(bit, difference);
        let lc = self.combine(I256::ZERO, &[(I256::ONE, b.lc), (I256::ONE, chosen)]);
        self.int_within(lc, a.lo.min(b.lo), a.hi.max(b.hi))
    }

    /// `bit lc`, by the product of the primitive part of `lc` with its first coefficient positive.
    pub(crate) fn scaled_product(&mut self, bit: Lc, lc: Lc) -> Lc {
        let mut content = self.content(lc, true);
        if content == I256::ZERO {
            return lc;
        }
        if self.lc(lc).terms.first().is_some_and(|(_, c)| *c < I256::ZERO) {
            content = -content;
        }
        let primitive = self.divide_lc(lc, content);
        let product = self.product(bit, primitive);
        self.combine(I256::ZERO, &[(content, product)])
    }
}
