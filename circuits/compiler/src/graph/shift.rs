//! Shifts, rotations and counts of bits.

use super::int::Int;
use super::word::{WordData, mask};
use super::{Bit, Graph, Word};
use ethnum::I256;

impl Graph {
    /// The shift's distance, where it is known: modulo the width, as the operators take it.
    fn distance(&self, by: Word) -> Option<u32> {
        let width = self.width(by);
        self.as_constant(by).map(|by| (by % u64::from(width)) as u32)
    }

    /// The low `log2 width` bits of a distance.
    fn distance_bits(&mut self, by: Word) -> Vec<Bit> {
        let WordData { width, .. } = self.data(by);
        let bits = self.word_bits(by);
        bits[..width.trailing_zeros() as usize].to_vec()
    }

    /// `a << b`: free for a known distance; else one row for each bit of the distance.
    pub fn shl(&mut self, a: Word, b: Word) -> Word {
        let width = self.width(a);
        if let Some(by) = self.distance(b) {
            if by == 0 {
                return a;
            }
            // The multiple, not its bits, so that what is known of `a` on a path is known of it.
            let factor = self.constant(width, 1 << by);
            return self.mul_by(a, I256::ONE << by, factor);
        }
        let bits = self.distance_bits(b);
        let power = self.power(&bits, false);
        let a = self.reduced(a);
        let product = self.int_mul(a, power).expect("128 bits");
        self.word(width, product)
    }

    /// `factor a`, whose residue is `constant` times `a`.
    fn mul_by(&mut self, a: Word, factor: I256, constant: Word) -> Word {
        let int = self.settled(a);
        match self.int_combine(I256::ZERO, &[(factor, int)]) {
            Some(int) => {
                let width = self.width(a);
                self.word(width, int)
            }
            None => self.mul(a, constant),
        }
    }

    /// `prod_i (bit_i ? 2^(2^i) : 1)`, or with the bits complemented: a row a bit but the first.
    fn power(&mut self, bits: &[Bit], complemented: bool) -> Int {
        let mut power = self.int_constant(I256::ONE);
        for (at, bit) in bits.iter().enumerate() {
            let bit = if complemented { bit.not() } else { *bit };
            let step = (I256::ONE << (1u32 << at)) - I256::ONE;
            let bit = self.int_from_bit(bit);
            let factor = self.int_combine(I256::ONE, &[(step, bit)]).expect("64 bits");
            power = self.int_mul(power, factor).expect("at most 2^63");
        }
        let most = (I256::ONE << ((1u32 << bits.len()) - 1)).max(I256::ONE);
        self.int_within(power.lc, I256::ONE, most)
    }

    /// `a >> b`, filled with zeros.
    pub fn shr_u(&mut self, a: Word, b: Word) -> Word {
        let width = self.width(a);
        if let Some(by) = self.distance(b) {
            if by == 0 {
                return a;
            }
            if let Some(quotient) = self.magic(a, by) {
                return quotient;
            }
            let int = self.data(a).int;
            // Nothing is shifted out.
            let unit = I256::ONE << by;
            if int.within(I256::ZERO, mask(width)) && self.content(int.lc, true) % unit == I256::ZERO {
                let lc = self.divide_lc(int.lc, unit);
                let int = self.int_within(lc, int.lo >> by, int.hi >> by);
                return self.word(width, int);
            }
            let bits = self.word_bits(a);
            return self.from_bits(width, &bits[by as usize..]);
        }
        let fill = self.int_constant(I256::ZERO);
        let reduced = self.reduced(a);
        self.shr(width, reduced, fill, b)
    }

    /// `a >> b`, filled with the sign.
    pub fn shr_s(&mut self, a: Word, b: Word) -> Word {
        let WordData { width, int } = self.data(a);
        let half = I256::ONE << (width - 1);
        if let Some(by) = self.distance(b) {
            if by == 0 {
                return a;
            }
            if self.free_bits(int, width).is_none() && int.within(-half, half - I256::ONE) {
                // floor((x + 2^m) / 2^by) - 2^(m - by), with m large enough for the sum not to be negative.
                let magnitude = super::int::bit_length((-int.lo).max(I256::ONE) - I256::ONE).max(by);
                let shift = if int.lo < I256::ZERO { I256::ONE << magnitude } else { I256::ZERO };
                let lifted = self.int_combine(shift, &[(I256::ONE, int)]).expect("65 bits");
                let lifted = Int { lc: lifted.lc, lo: int.lo + shift, hi: int.hi + shift };
                let digits = self.split(lifted);
                let high = self.int_from_bits(digits.get(by as usize..).unwrap_or(&[]));
                let int = Int { lc: high.lc, lo: lifted.lo >> by, hi: lifted.hi >> by };
                let moved = self.int_combine(-(shift >> by), &[(I256::ONE, int)]).expect("65 bits");
                return self.word(width, moved);
            }
            let bits = self.word_bits(a);
            let int = self.signed_from_bits(&bits[by as usize..]);
            return self.word(width, int);
        }
        // -x - 1 of a negative one, shifted with zeros, complemented again.
        let sign = {
            let zero = self.constant(width, 0);
            self.lt_s(a, zero)
        };
        let x = self.reduced_signed(a);
        let negated = self.int_combine(I256::MINUS_ONE, &[(I256::MINUS_ONE, x)]).expect("65 bits");
        let magnitude = self.int_select(sign, negated, x);
        let magnitude = self.int_within(magnitude.lc, I256::ZERO, half - I256::ONE);
        let fill = self.int_constant(I256::ZERO);
        let shifted = self.shr(width, magnitude, fill, b);
        let shifted = self.data(shifted).int;
        let negated = self.int_combine(I256::MINUS_ONE, &[(I256::MINUS_ONE, shifted)]).expect("65 bits");
        let chosen = self.int_select(sign, negated, shifted);
        self.word(width, chosen)
    }

    /// `x >> b` for `0 <= x < 2^width`: `x 2^(width - b)` split, the upper half.
    fn shr(&mut self, width: u32, x: Int, fill: Int, b: Word) -> Word {
        debug_assert_eq!(fill.hi, I256::ZERO);
        let bits = self.distance_bits(b);
        // 2 prod_i (bit_i ? 1 : 2^(2^i)) = 2^(width - b)
        let power = self.power(&bits, true);
        let product = self.int_mul(x, power).expect("127 bits");
        let product = self.int_combine(I256::ZERO, &[(I256::ONE + I256::ONE, product)]).expect("128 bits");
        let product = Int { lc: product.lc, lo: I256::ZERO, hi: x.hi << width };
        let digits = self.split(product);
        self.from_bits(width, digits.get(width as usize..).unwrap_or(&[]))
    }

    /// `a` rotated left by `b`.
    pub fn rotl(&mut self, a: Word, b: Word) -> Word {
        let width = self.width(a);
        if let Some(by) = self.distance(b) {
            return self.rotated(a, by);
        }
        let bits = self.distance_bits(b);
        self.rotated_by(width, a, &bits, false)
    }

    /// `a` rotated right by `b`.
    pub fn rotr(&mut self, a: Word, b: Word) -> Word {
        let width = self.width(a);
        if let Some(by) = self.distance(b) {
            return self.rotated(a, (width - by) % width);
        }
        let bits = self.distance_bits(b);
        self.rotated_by(width, a, &bits, true)
    }

    fn rotated(&mut self, a: Word, left: u32) -> Word {
        if left == 0 {
            return a;
        }
        let width = self.width(a);
        let mut bits = self.word_bits(a);
        bits.rotate_right(left as usize);
        self.from_bits(width, &bits)
    }

    /// `x 2^b` has the rotation's low part in its low half and the rest in its high half.
    fn rotated_by(&mut self, width: u32, a: Word, bits: &[Bit], right: bool) -> Word {
        let x = self.reduced(a);
        let mut power = self.power(bits, right);
        if right {
            // 2^(width - b), which turns by the whole width for b = 0.
            power = self.int_combine(I256::ZERO, &[(I256::ONE + I256::ONE, power)]).expect("64 bits");
        }
        let product = self.int_mul(x, power).expect("128 bits");
        let digits = self.split(product);
        let at = (width as usize).min(digits.len());
        let (low, high) = digits.split_at(at);
        let (low, high) = (self.int_from_bits(low), self.int_from_bits(high));
        let sum = self.int_combine(I256::ZERO, &[(I256::ONE, low), (I256::ONE, high)]).expect("65 bits");
        // No bit is 1 in both halves.
        let sum = self.int_within(sum.lc, I256::ZERO, mask(width));
        self.word(width, sum)
    }

    /// Zero bits above the highest one bit: a row a bit.
    pub fn clz(&mut self, a: Word) -> Word {
        let bits = self.word_bits(a);
        self.zeros(a, bits.iter().rev().copied().collect())
    }

    /// Zero bits below the lowest one bit: a row a bit.
    pub fn ctz(&mut self, a: Word) -> Word {
        let bits = self.word_bits(a);
        self.zeros(a, bits.to_vec())
    }

    fn zeros(&mut self, a: Word, bits: Vec<Bit>) -> Word {
        let width = self.width(a);
        let mut none = Bit::TRUE;
        let mut count = Vec::with_capacity(bits.len());
        for bit in bits {
            none = self.bit_and(none, bit.not());
            count.push(none);
        }
        self.count(width, &count)
    }

    /// One bits: free.
    pub fn popcnt(&mut self, a: Word) -> Word {
        let width = self.width(a);
        let bits = self.word_bits(a);
        self.count(width, &bits)
    }

    fn count(&mut self, width: u32, bits: &[Bit]) -> Word {
        let lc = self.sum_of_bits(bits);
        let int = self.int_within(lc, I256::ZERO, I256::from(width));
        self.word(width, int)
    }
}
