//! Division with remainder.

use crate::{Builder, Int, Interval, Lc};
use ark_bn254::Fr;
use ark_ff::One;
use zera_r1cs::Register;

/// How many bits hold the parts of a division.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DivisionBits {
    /// The quotient is below 2 to this.
    pub quotient: u32,
    /// The remainder is below 2 to this.
    pub remainder: u32,
    /// `divisor - 1 - remainder` is below 2 to this; none where the remainder's bits say that it is below the divisor.
    pub slack: Option<u32>,
}

impl Builder {
    /// Quotient and remainder of `dividend = quotient divisor + remainder`, `0 <= remainder < divisor`: a row for each of
    /// the bits, and one for the product unless the divisor is constant (Divide).
    ///
    /// The caller answers for `0 <= dividend < 2^128`, `1 <= divisor < 2^128`, and for bits enough to hold the parts.
    /// Both sides of the equation stay below `2^250`, so it holds for the integers, and those are unique.
    pub fn divide(&mut self, dividend: &Lc, divisor: &Lc, bits: DivisionBits) -> (Int, Int) {
        let quotient = self.advise_quotient(dividend, divisor);
        let product = self.mul(&quotient, divisor);
        let remainder = dividend.sub(&product);
        let quotient = self.assert_unsigned(&quotient, bits.quotient);
        let remainder = self.assert_unsigned(&remainder, bits.remainder);
        if let Some(slack) = bits.slack {
            let rest = divisor.sub(remainder.rep()).add_constant(-Fr::one());
            self.assert_unsigned(&rest, slack);
        }
        (quotient, remainder)
    }

    /// A wire with the quotient's value, which no row pins yet.
    fn advise_quotient(&mut self, dividend: &Lc, divisor: &Lc) -> Lc {
        let wire = self.wire();
        let (dividend, divisor) = (self.register(dividend), self.register(divisor));
        let tape = self.tape();
        let rest = tape.temporary();
        tape.divide(Register::Wire(wire), rest, dividend, divisor);
        Lc::wire(wire)
    }

    /// The digits of `x`, `0 <= x < 2^n`, least first: [`Builder::split`] where the caller knows the number of bits.
    pub fn split_into(&mut self, x: &Lc, n: u32) -> Vec<crate::Bit> {
        let range = Interval::unsigned(n).expect("at most 250 bits");
        let x = Int::assume_range(x.clone(), range);
        if n == 1 {
            self.assert_unsigned(x.rep(), 1);
        }
        self.split(&x)
    }
}
