//! Division and remainder.

use super::int::Int;
use super::word::{WordData, centred, mask};
use super::{Graph, Node, Word};
use ethnum::I256;

impl Graph {
    /// `a / b` of unsigned numbers; any value where `b` is 0.
    pub fn div_u(&mut self, a: Word, b: Word) -> Word {
        let width = self.width(a);
        let (a, b) = (self.reduced(a), self.reduced(b));
        let (quotient, _) = self.divide(a, b);
        self.word(width, quotient)
    }

    /// `a mod b` of unsigned numbers; any value where `b` is 0.
    pub fn rem_u(&mut self, a: Word, b: Word) -> Word {
        let width = self.width(a);
        let (a, b) = (self.reduced(a), self.reduced(b));
        let (_, remainder) = self.divide(a, b);
        self.word(width, remainder)
    }

    /// `a / b` in two's complement, rounded towards zero; any value where `b` is 0, `-2^(width-1)` for that by -1.
    pub fn div_s(&mut self, a: Word, b: Word) -> Word {
        let width = self.width(a);
        let (x, negative_a) = self.magnitude(a);
        let (y, negative_b) = self.magnitude(b);
        let (quotient, _) = self.divide(x, y);
        let negative = self.bit_xor(negative_a, negative_b);
        let negated = self.negate(quotient);
        let quotient = self.int_select(negative, negated, quotient);
        self.word(width, quotient)
    }

    /// The remainder of [`Graph::div_s`], with the sign of `a`; any value where `b` is 0.
    pub fn rem_s(&mut self, a: Word, b: Word) -> Word {
        let width = self.width(a);
        let (x, negative) = self.magnitude(a);
        let (y, _) = self.magnitude(b);
        let (_, remainder) = self.divide(x, y);
        let negated = self.negate(remainder);
        let remainder = self.int_select(negative, negated, remainder);
        self.word(width, remainder)
    }

    fn negate(&mut self, int: Int) -> Int {
        self.int_combine(I256::ZERO, &[(I256::MINUS_ONE, int)]).expect("as wide as before")
    }

    /// `|a|` and whether `a` is negative, in two's complement.
    fn magnitude(&mut self, a: Word) -> (Int, super::Bit) {
        let width = self.width(a);
        let zero = self.constant(width, 0);
        let negative = self.lt_s(a, zero);
        let signed = self.reduced_signed(a);
        let negated = self.negate(signed);
        let most = signed.hi.max(-signed.lo);
        let magnitude = self.int_select(negative, negated, signed);
        // The choice is |a|, which neither branch alone shows.
        let least = if signed.lo > I256::ZERO { signed.lo } else { I256::ZERO };
        (self.int_within(magnitude.lc, least, most), negative)
    }

    /// Quotient and remainder of non-negative integers; where the divisor is 0, those by 1.
    ///
    /// `a = q d + r` with `0 <= q <= max a / min d` and `0 <= r < d`, each by a split: 37 rows for 32 bits by 10, 98 by 32
    /// unknown bits.
    fn divide(&mut self, a: Int, d: Int) -> (Int, Int) {
        if let Some(divisor) = d.as_constant() {
            if divisor <= I256::ONE {
                return (a, self.int_constant(I256::ZERO));
            }
            if a.hi < divisor {
                return (self.int_constant(I256::ZERO), a);
            }
            if let Some(dividend) = a.as_constant() {
                return (self.int_constant(dividend / divisor), self.int_constant(dividend % divisor));
            }
        }
        // The divisor, made at least 1.
        let d = if d.lo <= I256::ZERO {
            let zero = self.is_zero(&[d.lc]);
            let zero = self.int_from_bit(zero);
            let sum = self.int_combine(I256::ZERO, &[(I256::ONE, d), (I256::ONE, zero)]).expect("65 bits");
            self.int_within(sum.lc, I256::ONE, d.hi.max(I256::ONE))
        } else {
            d
        };
        self.known(a.lc, a.lo, a.hi);
        let quotient = self.node(Node::Quotient { dividend: a.lc, divisor: d.lc });
        let lc = self.node_lc(quotient);
        let quotient_int = self.int_within(lc, a.lo / d.hi, a.hi / d.lo);
        let product = self.int_mul(quotient_int, d).expect("128 bits");
        let remainder = self.int_combine(I256::ZERO, &[(I256::ONE, a), (I256::MINUS_ONE, product)]).expect("128 bits");
        let remainder = self.int_within(remainder.lc, I256::ZERO, a.hi.min(d.hi - I256::ONE));
        let slack =
            self.int_combine(I256::MINUS_ONE, &[(I256::ONE, d), (I256::MINUS_ONE, remainder)]).expect("66 bits");
        let slack = self.int_within(slack.lc, I256::ZERO, d.hi - I256::ONE);
        let mut companions = Vec::new();
        // A power of two as divisor needs no slack: the remainder's digits say it.
        let power = d.as_constant().is_some_and(|d| d & (d - I256::ONE) == I256::ZERO);
        let parts = [Some(quotient_int), Some(remainder), (!power).then_some(slack)];
        for int in parts.into_iter().flatten() {
            let digits = self.split(int);
            match digits.first() {
                // One digit or none is a combination that must be 0 or 1: it needs a row of its own.
                Some(digit) if self.split_of(*digit).is_some() => companions.extend(self.split_of(*digit)),
                _ => {
                    let n = digits.len() as u32;
                    companions.push(self.node(Node::Split { lc: int.lc, n }));
                }
            }
        }
        self.companions.insert(quotient, companions);
        (quotient_int, remainder)
    }

    /// `(x m) >> by` as the division by a constant that a compiler made it from; exact for every `x` within its bounds.
    ///
    /// With `m d = 2^by + e`, `0 <= e`, `x m / 2^by = x / d + x e / (d 2^by)`, and the second part is below `1 / d` where
    /// `x e < 2^by`: then both round down to the same. Source: Granlund and Montgomery, Division by Invariant Integers
    /// using Multiplication, theorem 4.2.
    pub(crate) fn magic(&mut self, a: Word, by: u32) -> Option<Word> {
        let WordData { width, int } = self.data(a);
        if !int.within(I256::ZERO, mask(width)) {
            return None;
        }
        let m = self.content(int.lc, true);
        let unit = I256::ONE << by;
        // Small factors are shifts and adds that a split serves as well.
        if m <= I256::ONE || m & (m - I256::ONE) == I256::ZERO {
            return None;
        }
        let d = (unit + m - I256::ONE) / m;
        let e = m * d - unit;
        let x_hi = int.hi / m;
        if d <= I256::ONE || e * x_hi >= unit || super::int::bit_length(x_hi) < 4 {
            return None;
        }
        let lc = self.divide_lc(int.lc, m);
        let x = self.int_within(lc, int.lo / m, x_hi);
        let d = self.int_constant(centred(d, 128));
        let (quotient, _) = self.divide(x, d);
        Some(self.word(width, quotient))
    }
}
