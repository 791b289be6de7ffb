//! Two sums split by one equation, whose terms may be made two by two by products.
//!
//! With `L1 = U1` and `L2 = U2` to be shown, `U1` and `U2` sums of digits, and `W` above both sides of the first, one
//! equation `L1 + W L2 = U1 + W U2` says both, and takes as many rows as the two: but a term of the first and one of the
//! second may share a wire `m = f + W g` whose row makes neither `f` nor `g`.
//!
//! # Correctness
//! All wires of `m`'s row being 0 or 1, `m` is what it should be. `L1` and `U1` are integers in `0..W`, `L2` and `U2` not
//! negative, and both sides stay below `2^250`: the equation holds over the integers, and its digits in base `W` agree.

use crate::{Bit, Builder, Int, Lc, Value, Wire};
use ark_bn254::Fr;
use ark_ff::{Field, One};
use std::collections::BTreeSet;
use zera_r1cs::Step;

/// The digits of a sum that [`Builder::close_split`] has yet to tie to it.
#[derive(Debug)]
#[must_use = "nothing ties the digits to the sum yet"]
pub struct OpenSplit {
    digits: Vec<Bit>,
    /// Where the certificate's step belongs that says that they are determined.
    step: usize,
}

impl OpenSplit {
    /// Least first.
    pub fn digits(&self) -> &[Bit] {
        &self.digits
    }

    /// `W`: 2 to the number of digits.
    pub fn base(&self) -> Fr {
        power(self.digits.len())
    }
}

/// A wire that is a weighted product and a linear rest, and its row.
#[derive(Clone, Debug)]
pub struct ProductSum {
    wire: Lc,
    row: u32,
}

impl ProductSum {
    /// The wire.
    pub fn lc(&self) -> &Lc {
        &self.wire
    }
}

impl Builder {
    /// A new wire `m = k x y + linear`, with the value that the tape has for it, for the inverse of `k`: one row
    /// `x y = (m - linear) / k`.
    pub fn product_sum(&mut self, value: Value, [x, y]: [&Lc; 2], inverse: Fr, linear: &Lc) -> ProductSum {
        let wire = self.open_wire(value);
        self.assert_product(x, y, &wire.sub(linear).scale(inverse));
        let row = self.last_row();
        self.certify(Step::Solve { row, wire: named(&wire) });
        ProductSum { wire, row }
    }

    /// The `n` digits of the first of two sums, which is in `0..2^n`: a wire and a row (Bool) each.
    pub fn open_split(&mut self, sum: Value, n: u32) -> OpenSplit {
        let digits = self.open_bits(sum, n as usize, n as usize);
        OpenSplit { digits, step: self.steps().len() }
    }

    /// The `n` digits of the second sum, in `0..2^n`, and the equation for both: `n` rows (Bool), where the last, of the
    /// highest digit, which has no wire, is the equation.
    ///
    /// `low + W high + sum of shared = U1 + W U2`; `sum` is the second sum alone.
    pub fn close_split(
        &mut self,
        open: OpenSplit,
        [low, high]: [&Lc; 2],
        shared: &[ProductSum],
        sum: Value,
        n: u32,
    ) -> Vec<Bit> {
        let mut digits = self.open_bits(sum, n as usize, n as usize - 1);
        let base = open.base();
        let [first, second] = [&open.digits, &digits].map(|digits| Int::from_bits(digits));
        let wires = |digits: &[Bit]| -> Vec<Wire> { digits.iter().map(|digit| named(digit.lc())).collect() };
        let (first_wires, second_wires) = (wires(&open.digits), wires(&digits));
        let one = Fr::one();
        let mut parts = vec![(one, low), (base, high), (-one, first.rep()), (-base, second.rep())];
        parts.extend(shared.iter().map(|shared| (one, &shared.wire)));
        let top = power(open.digits.len() + n as usize - 1).inverse().expect("a power of two is not zero");
        digits.push(self.assert_boolean(&Lc::combine(parts).scale(top)));
        let row = self.last_row();
        let before = self.bounds_before(open.step, high, shared);
        let products = shared.iter().map(|shared| shared.row).collect();
        let joint = Step::Joint { row, wires: first_wires, products };
        self.certify_before(open.step, before.into_iter().chain([joint]));
        if !second_wires.is_empty() {
            self.certify(Step::Digits { row, wires: second_wires });
        }
        digits
    }
}

impl Builder {
    /// The first digits are determined before the wires that follow from them and stand in the same equation. Those need
    /// bounds before that: the steps for them, in their order.
    fn bounds_before(&self, from: usize, high: &Lc, shared: &[ProductSum]) -> Vec<Step> {
        let mut needed: BTreeSet<Wire> = high.terms().iter().map(|(wire, _)| *wire).collect();
        let wires_of = |row: u32| self.rows.iter().flat_map(move |matrix| matrix.row(row as usize).0).copied();
        shared.iter().for_each(|shared| needed.extend(wires_of(shared.row)));
        let own: BTreeSet<u32> = shared.iter().map(|shared| shared.row).collect();
        let mut bounds = Vec::new();
        for step in self.steps()[from..].iter().rev() {
            match step {
                Step::Solve { row, wire } if needed.contains(wire) && !own.contains(row) => {
                    needed.extend(wires_of(*row));
                    bounds.push(Step::Bounded { row: *row, wire: *wire });
                }
                _ => {}
            }
        }
        bounds.reverse();
        bounds
    }
}

/// The wire that a combination is.
fn named(lc: &Lc) -> Wire {
    lc.as_wire().expect("made as a wire")
}

fn power(exponent: usize) -> Fr {
    Fr::from(2).pow([exponent as u64])
}
