//! Rows for integers: splits, products, comparisons, selection.

use crate::interval::{inverse_power_of_two, power_of_two};
use crate::{Bit, Builder, Int, Interval, Lc};
use ark_bn254::Fr;
use ark_ff::One;
use ethnum::I256;
use zera_r1cs::Step;

impl Builder {
    /// The bits of a non-negative integer, least first, as many as its range needs.
    ///
    /// One row a bit, the top bit without a wire: `L = x - sum_i 2^i b_i` is 0 or
    /// `2^(n-1)`. Free where the same
    /// integer was split before, where it was composed from input bits, and for a single bit. The sum of bits stays
    /// below r, so the bits are the only ones (Split).
    ///
    /// # Panics
    /// Where the range reaches below zero.
    pub fn split(&mut self, x: &Int) -> Vec<Bit> {
        let n = x.range().unsigned_bits().expect("only a non-negative integer is split");
        if let Some(value) = x.as_constant() {
            return (0..n).map(|i| Bit::constant((value >> i) & I256::ONE == I256::ONE)).collect();
        }
        if n == 1 {
            return vec![Bit::assume_boolean(x.rep().clone())];
        }
        self.split_rows(x.rep(), n)
    }

    /// Asserts that `rep` is the image of an integer in `0..2^n`: `n` rows, and no witness where it is not.
    ///
    /// # Panics
    /// On `n = 0` and above 250.
    pub fn assert_unsigned(&mut self, rep: &Lc, n: u32) -> Int {
        let range = Interval::unsigned(n).filter(|_| n > 0).expect("between 1 and 250 bits");
        self.split_rows(rep, n);
        Int::assume_range(rep.clone(), range)
    }

    fn split_rows(&mut self, rep: &Lc, n: u32) -> Vec<Bit> {
        let key = (self.number(rep), n);
        if let Some(bits) = self.splits.get(&key) {
            return bits.clone();
        }
        let mut bits = Vec::with_capacity(n as usize);
        let wires = self.allocate_split(rep, n);
        for &wire in &wires {
            let bit = Lc::wire(wire);
            self.assert_zero_or(&bit, Fr::one());
            bits.push(Bit::assume_boolean(bit));
        }
        let rest = rep.sub(Int::from_bits(&bits).rep());
        self.assert_zero_or(&rest, power_of_two(n - 1));
        if !wires.is_empty() {
            let row = self.last_row();
            self.certify(Step::Digits { row, wires });
        }
        bits.push(Bit::assume_boolean(rest.scale(inverse_power_of_two(n - 1))));
        self.splits.insert(key, bits.clone());
        bits
    }

    /// Lets [`split`](Builder::split) find the bits that an integer was composed from.
    pub(crate) fn remember_split(&mut self, x: &Int, bits: &[Bit]) {
        let key = (self.number(x.rep()), bits.len() as u32);
        self.splits.insert(key, bits.to_vec());
    }

    /// `a * b`: one row, none where a factor is constant.
    ///
    /// # Panics
    /// Where the range would reach `2^250`.
    pub fn mul_int(&mut self, a: &Int, b: &Int) -> Int {
        self.checked_mul_int(a, b).expect("a product below 2^250")
    }

    /// [`mul_int`](Builder::mul_int), `None` where the range would reach `2^250`.
    pub fn checked_mul_int(&mut self, a: &Int, b: &Int) -> Option<Int> {
        let range = a.range().mul(&b.range())?;
        Some(Int::assume_range(self.mul(a.rep(), b.rep()), range))
    }

    /// Whether `x = 0`: two rows, none where the range decides.
    pub fn is_zero_int(&mut self, x: &Int) -> Bit {
        if !x.range().contains(I256::ZERO) {
            return Bit::constant(false);
        }
        if x.range() == Interval::unsigned(1).expect("1 <= 250") {
            return Bit::assume_boolean(x.rep().clone()).not();
        }
        self.is_zero(x.rep())
    }

    /// Whether `a = b`: two rows, none where the ranges decide.
    pub fn equal(&mut self, a: &Int, b: &Int) -> Bit {
        self.is_zero_int(&a.sub(b))
    }

    /// Whether `a < b`: `n + 1` rows with `-2^n <= a - b < 2^n`, none where the ranges decide.
    ///
    /// `a - b + 2^n` is split; its top bit is 1 exactly where `a >= b`.
    pub fn less_than(&mut self, a: &Int, b: &Int) -> Bit {
        let difference = a.sub(b);
        if difference.range().hi() < I256::ZERO {
            return Bit::constant(true);
        }
        if difference.range().lo() >= I256::ZERO {
            return Bit::constant(false);
        }
        let n = difference.range().signed_bits();
        let shifted = difference.add(&Int::constant(I256::ONE << n));
        self.split(&shifted)[n as usize].not()
    }

    /// Whether `a <= b`, at the cost of [`less_than`](Builder::less_than).
    pub fn at_most(&mut self, a: &Int, b: &Int) -> Bit {
        self.less_than(b, a).not()
    }

    /// `bit ? a : b`: one row `bit (a - b) = x - b` (Mux), none where `bit` is known or both are constants.
    pub fn select_int(&mut self, bit: &Bit, a: &Int, b: &Int) -> Int {
        let range = match bit.as_constant() {
            Some(true) => return a.clone(),
            Some(false) => return b.clone(),
            None => a.range().hull(&b.range()),
        };
        Int::assume_range(self.select(bit, a.rep(), b.rep()), range)
    }

    /// The item `sum_i hot_i items_i`, where exactly one of `hot` is 1: a row an item but the first.
    ///
    /// The caller answers for `hot`; see [`one_hot`](Builder::one_hot).
    ///
    /// # Panics
    /// Where the two differ in length or are empty.
    pub fn select_one_hot(&mut self, hot: &[Bit], items: &[Int]) -> Int {
        assert_eq!(hot.len(), items.len(), "as many selectors as items");
        let first = items.first().expect("at least one item");
        let mut sum = first.rep().clone();
        let mut range = first.range();
        for (bit, item) in hot.iter().zip(items).skip(1) {
            sum = sum.add(&self.mul(&item.rep().sub(first.rep()), bit.lc()));
            range = range.hull(&item.range());
        }
        Int::assume_range(sum, range)
    }

    /// All `2^k` minterms of `k` bits, in the order of the number they spell (first bit least): `2^k - k - 1` rows.
    ///
    /// Exactly one of them is 1. The last minterm of each half is the bit less the others.
    pub fn one_hot(&mut self, bits: &[Bit]) -> Vec<Bit> {
        let mut minterms = vec![Bit::constant(true)];
        for bit in bits {
            let mut with = Vec::with_capacity(minterms.len());
            let mut rest = bit.lc().clone();
            for minterm in minterms.iter().skip(1) {
                let both = self.and(minterm, bit);
                rest = rest.sub(both.lc());
                with.push(both);
            }
            with.insert(0, Bit::assume_boolean(rest));
            let mut next: Vec<Bit> =
                minterms.iter().zip(&with).map(|(m, w)| Bit::assume_boolean(m.lc().sub(w.lc()))).collect();
            next.append(&mut with);
            minterms = next;
        }
        minterms
    }

    /// Smaller and greater of two: a comparison and one row.
    pub fn compare_exchange(&mut self, a: &Int, b: &Int) -> (Int, Int) {
        let less = self.less_than(a, b);
        let least = self.select_int(&less, a, b);
        let greatest = a.rep().add(b.rep()).sub(least.rep());
        (least, Int::assume_range(greatest, a.range().hull(&b.range())))
    }
}
