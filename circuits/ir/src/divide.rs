//! Division of integers.

use crate::{Bit, Builder, Int, Interval, Lc, Wire};
use ark_bn254::Fr;
use ark_ff::One;
use ethnum::I256;
use zera_r1cs::{Register, Step};

/// How many bits hold the parts of a division.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DivisionBits {
    /// The quotient is below 2 to this.
    pub quotient: u32,
    /// The remainder is below 2 to this.
    pub remainder: u32,
    /// `divisor - 1 - remainder` is below 2 to this; none where the divisor is 2 to the remainder's bits.
    pub slack: Option<u32>,
}

impl Builder {
    /// `a / d` and `a mod d`, rounded down, both new wires bit by bit: a row a bit of either, one for
    /// `q d = a - r`, and as many as the divisor's greatest value less one has bits for `0 <= d - 1 - r` (Divide). With 32 bits
    /// each 97 rows. Free where `a < d` is known and for a known divisor of one.
    ///
    /// `None` unless the ranges say `0 <= a < 2^128` and `1 <= d < 2^128`, or where `q d` might reach `2^250`. For a `d`
    /// that may be zero, `d + is_zero(d)` is at least one; its range does not know, so [`Int::assume_range`] says it.
    pub fn divide(&mut self, a: &Int, d: &Int) -> Option<(Int, Int)> {
        let word = Interval::unsigned(128).expect("128 bits are below 250");
        let (dividend, divisor) = (a.range(), d.range());
        if !dividend.within(&word) || !divisor.within(&word) || divisor.lo() < I256::ONE {
            return None;
        }
        if dividend.hi() < divisor.lo() {
            return Some((Int::constant(0i128), a.clone()));
        }
        if divisor.hi() == I256::ONE {
            return Some((a.clone(), Int::constant(0i128)));
        }
        let quotients = Interval::new(I256::ZERO, dividend.hi() / divisor.lo())?;
        let remainders = Interval::new(I256::ZERO, divisor.hi() - I256::ONE)?;
        let bits = DivisionBits {
            quotient: quotients.unsigned_bits()?,
            remainder: remainders.unsigned_bits()?,
            slack: Some(remainders.unsigned_bits()?),
        };
        Interval::unsigned(bits.quotient)?.mul(&divisor)?;
        let (quotient, remainder) = self.divide_into(a.rep(), d.rep(), bits);
        let narrow = |int: &Int, range| Int::assume_range(int.rep().clone(), range);
        Some((narrow(&quotient, quotients), narrow(&remainder, remainders)))
    }

    /// [`Builder::divide`] where the caller knows the numbers of bits, and that `0 <= a < 2^128`, `1 <= d < 2^128` and
    /// that products stay below `2^250`.
    pub fn divide_into(&mut self, a: &Lc, d: &Lc, bits: DivisionBits) -> (Int, Int) {
        let [from, by] = [a, d].map(|lc| self.register(lc));
        let results = [self.tape().temporary(), self.tape().temporary()];
        self.tape().divide(results[0], results[1], from, by);
        let [q, r] = [(results[0], bits.quotient), (results[1], bits.remainder)].map(|(from, n)| self.bits_of(from, n));
        let [quotient, remainder] = [&q, &r].map(|wires| {
            let bits: Vec<Bit> = wires.iter().map(|wire| Bit::assume_boolean(Lc::wire(*wire))).collect();
            let int = Int::from_bits(&bits);
            self.remember_split(&int, &bits);
            int
        });
        self.assert_product(quotient.rep(), d, &a.sub(remainder.rep()));
        let product = self.last_row();
        match bits.slack {
            Some(n) => {
                // The step that the split records needs the remainder, so the division's comes before it.
                let room = d.sub(remainder.rep()).add_constant(-Fr::one());
                let at = self.steps().len();
                self.assert_unsigned(&room, n);
                let rows = [product, self.last_row()];
                self.certify_before(at, [Step::Divide { rows, wires: q.into_iter().chain(r).collect() }]);
            }
            // A power of two: remainder and quotient are the low and the high digits.
            None => self.certify(Step::Digits { row: product, wires: r.into_iter().chain(q).collect() }),
        }
        (quotient, remainder)
    }

    /// Wires for the bits of a register, computed by the tape, each with its row (Bool).
    fn bits_of(&mut self, from: Register, n: u32) -> Vec<Wire> {
        let wires: Vec<Wire> = (0..n).map(|_| self.wire()).collect();
        let registers: Vec<Register> = wires.iter().copied().map(Register::Wire).collect();
        self.tape().bits(&registers, from);
        wires.iter().for_each(|wire| self.assert_zero_or(&Lc::wire(*wire), Fr::one()));
        wires
    }

    /// The digits of `x`, `0 <= x < 2^n`, least first: [`Builder::split`] where the caller knows the number of bits.
    pub fn split_into(&mut self, x: &Lc, n: u32) -> Vec<Bit> {
        let range = Interval::unsigned(n).expect("at most 250 bits");
        let x = Int::assume_range(x.clone(), range);
        if n == 1 {
            self.assert_unsigned(x.rep(), 1);
        }
        self.split(&x)
    }
}
