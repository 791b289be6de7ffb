//! Equality and order.

use super::int::{Int, bit_length};
use super::word::{WordData, mask, residue};
use super::{Bit, Graph, Lc, Node, Word};
use ethnum::I256;

/// Most multiples of `2^width` that an equality tests one by one before it reduces instead.
const MULTIPLES_MAX: u32 = 6;

impl Graph {
    /// Whether one of the combinations is 0, as integers below `2^250`: two rows, and one for each factor beyond the first.
    pub(crate) fn is_zero(&mut self, factors: &[Lc]) -> Bit {
        let mut open: Vec<Lc> = Vec::with_capacity(factors.len());
        for lc in factors {
            let (lo, hi) = self.bounds(*lc);
            if lo == I256::ZERO && hi == I256::ZERO {
                return Bit::TRUE;
            }
            if lo > I256::ZERO || hi < I256::ZERO {
                continue;
            }
            open.push(*lc);
        }
        open.sort_unstable();
        open.dedup();
        match open.as_slice() {
            [] => Bit::FALSE,
            [lc] if self.bounds(*lc) == (I256::ZERO, I256::ONE) => self.bit_from_lc(*lc).not(),
            [lc] if self.bounds(*lc) == (I256::MINUS_ONE, I256::ZERO) => {
                let negated = self.combine(I256::ZERO, &[(I256::MINUS_ONE, *lc)]);
                self.bit_from_lc(negated).not()
            }
            _ => {
                // Zero or not is the same for a multiple: primitive, first coefficient positive.
                for lc in &mut open {
                    let content = self.content(*lc, true);
                    let negative = self.lc(*lc).terms.first().is_some_and(|(_, c)| *c < I256::ZERO);
                    *lc = self.divide_lc(*lc, if negative { -content } else { content });
                }
                open.sort_unstable();
                Bit::of(self.node(Node::Zero { factors: open.into_boxed_slice() }))
            }
        }
    }

    /// Whether a word is 0.
    pub fn eqz(&mut self, a: Word) -> Bit {
        let zero = self.constant(self.width(a), 0);
        self.eq(a, zero)
    }

    /// Whether a word is not 0.
    pub fn nonzero(&mut self, a: Word) -> Bit {
        match self.as_bit(a) {
            Some(bit) => bit,
            None => self.eqz(a).not(),
        }
    }

    /// Whether two words are equal: two rows where their integers can differ by few multiples of `2^width`.
    pub fn eq(&mut self, a: Word, b: Word) -> Bit {
        if a == b {
            return Bit::TRUE;
        }
        if let (Some(x), Some(y)) = (self.as_bit(a), self.as_bit(b)) {
            return self.bit_xor(x, y).not();
        }
        let width = self.width(a);
        let (x, y) = (self.settled(a), self.settled(b));
        if let Some(difference) = self.int_combine(I256::ZERO, &[(I256::ONE, x), (I256::MINUS_ONE, y)]) {
            // Multiples of 2^width between the bounds.
            let first = -((-difference.lo) >> width);
            let last = difference.hi >> width;
            if first > last {
                return Bit::FALSE;
            }
            if last - first < I256::from(MULTIPLES_MAX) {
                let mut factors = Vec::new();
                let mut multiple = first;
                while multiple <= last {
                    let shift = multiple << width;
                    let moved = self.combine(-shift, &[(I256::ONE, difference.lc)]);
                    self.known(moved, difference.lo - shift, difference.hi - shift);
                    factors.push(moved);
                    multiple += I256::ONE;
                }
                return self.is_zero(&factors);
            }
        }
        let (x, y) = (self.reduced(a), self.reduced(b));
        let difference = self.int_combine(I256::ZERO, &[(I256::ONE, x), (I256::MINUS_ONE, y)]).expect("64 bits");
        self.known(difference.lc, difference.lo, difference.hi);
        self.is_zero(&[difference.lc])
    }

    /// Whether `a < b` as unsigned numbers.
    pub fn lt_u(&mut self, a: Word, b: Word) -> Bit {
        if a == b {
            return Bit::FALSE;
        }
        // x < 2^k, of a word whose bits are there: no bit from k on.
        if let Some(bit) = self.below_power(a, b) {
            return bit;
        }
        // 2^k - 1 < x is not x < 2^k.
        if let Some(value) = self.as_constant(a).filter(|value| *value != u64::MAX) {
            let width = self.width(a);
            if residue(I256::from(value) + I256::ONE, width) != I256::ZERO {
                let next = self.constant(width, value + 1);
                if let Some(bit) = self.below_power(b, next) {
                    return bit.not();
                }
            }
        }
        let (x, y) = (self.reduced(a), self.reduced(b));
        self.less(x, y)
    }

    fn below_power(&mut self, a: Word, b: Word) -> Option<Bit> {
        let limit = self.as_constant(b).filter(|limit| limit.is_power_of_two())?;
        let WordData { width, int } = self.data(a);
        if int.within(I256::ZERO, mask(width)) && bit_length(int.hi) <= 3 {
            return None;
        }
        let bits = self.free_bits(int, width)?;
        let below = self.any(&bits[limit.trailing_zeros() as usize..]).not();
        if below.as_constant().is_none() {
            // What the bit says of the number, for whoever asks on a path.
            let x = self.reduced(a);
            let limit = I256::from(limit);
            let difference = if below.is_negated() {
                self.int_combine(-limit, &[(I256::ONE, x)])
            } else {
                self.int_combine(limit - I256::ONE, &[(I256::MINUS_ONE, x)])
            };
            self.comparisons.insert(below.node(), difference.expect("65 bits"));
        }
        Some(below)
    }

    /// Whether `a < b` in two's complement.
    pub fn lt_s(&mut self, a: Word, b: Word) -> Bit {
        if a == b {
            return Bit::FALSE;
        }
        let WordData { width, int } = self.data(a);
        // A sign is a bit.
        match self.as_constant(b) {
            Some(0) => {
                if let Some(bits) = self.free_bits(int, width) {
                    return bits[width as usize - 1];
                }
            }
            _ if self.as_constant(a) == Some(mask(width).as_u64()) => {
                let int = self.data(b).int;
                if let Some(bits) = self.free_bits(int, width) {
                    return bits[width as usize - 1].not();
                }
            }
            _ => {}
        }
        let (x, y) = (self.reduced_signed(a), self.reduced_signed(b));
        self.less(x, y)
    }

    /// Whether `a < b`: `n + 1` rows with `-2^n <= a - b < 2^n`, none where bounds decide.
    pub(crate) fn less(&mut self, a: Int, b: Int) -> Bit {
        let difference = self.int_combine(I256::ZERO, &[(I256::ONE, a), (I256::MINUS_ONE, b)]).expect("64 bits");
        if difference.hi < I256::ZERO {
            return Bit::TRUE;
        }
        if difference.lo >= I256::ZERO {
            return Bit::FALSE;
        }
        let below = bit_length(-difference.lo - I256::ONE);
        let n = below.max(bit_length(difference.hi));
        let shift = I256::ONE << n;
        let lc = self.combine(shift, &[(I256::ONE, difference.lc)]);
        self.known(lc, difference.lo + shift, difference.hi + shift);
        let shifted = Int { lc, lo: difference.lo + shift, hi: difference.hi + shift };
        let digits = self.split(shifted);
        let at_least = digits[n as usize];
        if at_least.as_constant().is_none() && !at_least.is_negated() {
            self.comparisons.insert(at_least.node(), difference);
        }
        at_least.not()
    }
}
