//! Division of integers.

use crate::{Bit, Builder, Int, Interval, Lc, Wire};
use ark_bn254::Fr;
use ark_ff::One;
use ethnum::I256;
use zera_r1cs::{Register, Step};

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
        let bits = [quotients.unsigned_bits()?, remainders.unsigned_bits()?];
        Interval::unsigned(bits[0])?.mul(&divisor)?;

        let [from, by] = [a, d].map(|int| self.register(int.rep()));
        let results = [self.tape().temporary(), self.tape().temporary()];
        self.tape().divide(results[0], results[1], from, by);
        let [q, r] = [0, 1].map(|i| self.bits_of(results[i], bits[i]));
        let [quotient, remainder] = [&q, &r].map(|wires| {
            let bits: Vec<Bit> = wires.iter().map(|wire| Bit::assume_boolean(Lc::wire(*wire))).collect();
            Int::from_bits(&bits).rep().clone()
        });
        self.assert_product(&quotient, d.rep(), &a.rep().sub(&remainder));
        let product = self.last_row();
        // The step that the split records needs the remainder, so the division's comes before it.
        let room = d.rep().sub(&remainder).add_constant(-Fr::one());
        let at = self.steps.len();
        self.assert_unsigned(&room, remainders.unsigned_bits()?);
        let rows = [product, self.last_row()];
        self.steps.insert(at, Step::Divide { rows, wires: q.into_iter().chain(r).collect() });
        Some((Int::assume_range(quotient, quotients), Int::assume_range(remainder, remainders)))
    }

    /// Wires for the bits of a register, computed by the tape, each with its row (Bool).
    fn bits_of(&mut self, from: Register, n: u32) -> Vec<Wire> {
        let wires: Vec<Wire> = (0..n).map(|_| self.wire()).collect();
        let registers: Vec<Register> = wires.iter().copied().map(Register::Wire).collect();
        self.tape().bits(&registers, from);
        wires.iter().for_each(|wire| self.assert_zero_or(&Lc::wire(*wire), Fr::one()));
        wires
    }
}
