//! For gadgets with rows of their own: values of the tape that no row mentions, and wires without rows.
//!
//! Nothing here proves anything. A wire made by [`Builder::assume_wire`] may be anything until the caller's rows pin it
//! (Advice), which is why the names say `assume`.

use crate::{Bit, Builder, Lc};
use ark_bn254::Fr;
use ark_ff::One;
use zera_r1cs::{Register, Step};

/// A value that the tape computes and no row mentions.
#[derive(Clone, Copy, Debug)]
pub struct Value(Register);

impl Builder {
    /// A combination as a value.
    pub fn value(&mut self, lc: &Lc) -> Value {
        Value(self.register(lc))
    }

    /// `constant + sum of coefficient * value`.
    pub fn value_sum(&mut self, constant: Fr, terms: &[(Value, Fr)]) -> Value {
        let to = self.tape().temporary();
        self.tape().linear(to, constant, terms.iter().map(|(value, coefficient)| (value.0, *coefficient)));
        Value(to)
    }

    /// `a * b`.
    pub fn value_product(&mut self, a: Value, b: Value) -> Value {
        let to = self.tape().temporary();
        self.tape().multiply(to, a.0, b.0);
        Value(to)
    }

    /// Bit `a + 2 b + 4 c` of `table`. The tape fails where an input is neither 0 nor 1.
    pub fn value_lookup(&mut self, inputs: [Value; 3], table: u8) -> Value {
        let to = self.tape().temporary();
        self.tape().lookup(to, inputs.map(|value| value.0), table);
        Value(to)
    }

    /// A new wire with this value; **no row pins it, and no step determines it** until the caller adds both
    /// ([`Builder::certify`]).
    pub(crate) fn open_wire(&mut self, value: Value) -> Lc {
        let wire = self.wire();
        self.tape().linear(Register::Wire(wire), Fr::from(0), [(value.0, Fr::one())]);
        Lc::wire(wire)
    }

    /// A new wire with this value, **which no row pins** until the caller does; a step takes it on trust.
    pub fn assume_wire(&mut self, value: Value) -> Lc {
        let lc = self.open_wire(value);
        self.certify(Step::Assumed { wires: lc.as_wire().into_iter().collect() });
        lc
    }

    /// The lowest `wires` of the `n` bits of a value, least first, each a new wire with its row (Bool); **no row ties
    /// them to the value, and no step determines them** until the caller adds both. The tape fails where the value does
    /// not fit `n` bits.
    ///
    /// # Panics
    /// Unless `wires <= n <= 254`.
    pub(crate) fn open_bits(&mut self, value: Value, n: usize, wires: usize) -> Vec<Bit> {
        assert!(wires <= n && n <= 254, "raw: {wires} wires of {n} bits");
        let lcs: Vec<u32> = (0..wires).map(|_| self.wire()).collect();
        let mut to: Vec<Register> = lcs.iter().copied().map(Register::Wire).collect();
        to.extend((wires..n).map(|_| self.tape().temporary()));
        self.tape().bits(&to, value.0);
        lcs.into_iter().map(|wire| self.assert_boolean(&Lc::wire(wire))).collect()
    }

    /// The lowest `wires` of the `n` bits of a value, least first, each a new wire with its row (Bool); **no row ties
    /// them to the value** until the caller does, and a step takes them on trust. The tape fails where the value does
    /// not fit `n` bits.
    ///
    /// # Panics
    /// Unless `wires <= n <= 254`.
    pub fn assume_bits(&mut self, value: Value, n: usize, wires: usize) -> Vec<Bit> {
        let bits = self.open_bits(value, n, wires);
        if !bits.is_empty() {
            let wires = bits.iter().filter_map(|bit| bit.lc().as_wire()).collect();
            self.certify(Step::Assumed { wires });
        }
        bits
    }

    /// Asserts that a combination is 0 or 1: one row (Bool), none for a constant.
    ///
    /// # Panics
    /// On another constant than 0 and 1.
    pub fn assert_boolean(&mut self, lc: &Lc) -> Bit {
        if lc.as_constant().is_none() {
            self.assert_zero_or(lc, Fr::one());
        }
        Bit::assume_boolean(lc.clone())
    }

    /// The `q` of `q denominator = numerator`: one row with a new wire, none where the denominator is known.
    ///
    /// # Correctness
    /// The caller answers for `denominator != 0` in every satisfying assignment: where it is zero, `q` is free or there
    /// is none.
    ///
    /// # Panics
    /// Where the denominator is the constant zero.
    pub fn quotient_assume_nonzero(&mut self, numerator: &Lc, denominator: &Lc) -> Lc {
        if let Some(known) = denominator.as_constant() {
            return numerator.scale(ark_ff::Field::inverse(&known).expect("raw: the denominator is not zero"));
        }
        let (left, right) = (self.register(numerator), self.register(denominator));
        let inverse = self.tape().temporary();
        let wire = self.wire();
        self.tape().inverse_or_zero(inverse, right);
        self.tape().multiply(Register::Wire(wire), left, inverse);
        let quotient = Lc::wire(wire);
        self.certify(Step::Assumed { wires: vec![wire] });
        self.assert_product(denominator, &quotient, numerator);
        quotient
    }
}
