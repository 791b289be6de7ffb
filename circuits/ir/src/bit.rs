//! Boolean-valued linear combinations.

use crate::Lc;
use ark_bn254::Fr;
use ark_ff::{One, Zero};

/// A linear combination that every satisfying assignment sends to 0 or 1; a constant where it has no wires.
///
/// Made by [`Builder`](crate::Builder), whose rows prove it; complement is free, because it is linear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bit(Lc);

impl Bit {
    /// A known bit.
    pub fn constant(value: bool) -> Self {
        Bit(if value { Lc::constant(Fr::one()) } else { Lc::zero() })
    }

    /// Takes the caller's word that rows already force `lc` to be 0 or 1 (as a sum of exclusive bits is).
    ///
    /// # Panics
    /// On another constant than 0 and 1.
    pub fn assume_boolean(lc: Lc) -> Self {
        if let Some(value) = lc.as_constant() {
            assert!(value.is_zero() || value.is_one(), "bit: the constant {value} is not boolean");
        }
        Bit(lc)
    }

    /// The value, where it is known.
    pub fn as_constant(&self) -> Option<bool> {
        self.0.as_constant().map(|value| value.is_one())
    }

    /// The combination.
    pub fn lc(&self) -> &Lc {
        &self.0
    }

    /// `1 - self`, free.
    pub fn not(&self) -> Bit {
        Bit(Lc::constant(Fr::one()).sub(&self.0))
    }
}
