//! Integers of known range.

use crate::interval::to_field;
use crate::{Bit, Interval, Lc};
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, One};
use ethnum::I256;

/// An integer of known range, held by a linear combination.
///
/// Under every satisfying assignment `rep` is the image of an integer within `range`, so arithmetic on the integers and
/// on the combinations agree as long as intervals stay below `2^250`. Sums, differences and multiples cost no row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Int {
    rep: Lc,
    range: Interval,
}

impl Int {
    /// A known integer.
    ///
    /// # Panics
    /// On `2^250` and above in absolute value.
    pub fn constant(value: impl Into<I256>) -> Self {
        let value = value.into();
        let range = Interval::point(value).unwrap_or_else(|| panic!("int: the constant {value} is 2^250 or above"));
        Int { rep: Lc::constant(to_field(value)), range }
    }

    /// A bit as the integer 0 or 1.
    pub fn from_bit(bit: &Bit) -> Self {
        match bit.as_constant() {
            Some(value) => Int::constant(i128::from(value)),
            None => Int { rep: bit.lc().clone(), range: Interval::unsigned(1).expect("1 <= 250") },
        }
    }

    /// `sum_i 2^i bits_i`.
    ///
    /// # Panics
    /// On more than 250 bits.
    pub fn from_bits(bits: &[Bit]) -> Self {
        let (mut lo, mut hi) = (I256::ZERO, I256::ZERO);
        for (at, bit) in (0..).zip(bits) {
            let weight = I256::ONE.checked_shl(at).filter(|weight| *weight > I256::ZERO).expect("at most 250 bits");
            lo |= if bit.as_constant() == Some(true) { weight } else { I256::ZERO };
            hi |= if bit.as_constant() == Some(false) { I256::ZERO } else { weight };
        }
        let range = Interval::new(lo, hi).expect("at most 250 bits");
        let powers = std::iter::successors(Some(Fr::one()), |power| Some(power.double()));
        Int { rep: Lc::combine(powers.zip(bits.iter().map(Bit::lc))), range }
    }

    /// Takes the caller's word that rows keep `rep` within `range`.
    pub fn assume_range(rep: Lc, range: Interval) -> Self {
        Int { rep, range }
    }

    /// The combination.
    pub fn rep(&self) -> &Lc {
        &self.rep
    }

    /// Where the integer lies.
    pub fn range(&self) -> Interval {
        self.range
    }

    /// The value, where the range leaves only one.
    pub fn as_constant(&self) -> Option<I256> {
        self.range.as_point()
    }

    /// `self + other`, free; `None` where the range would reach `2^250`.
    pub fn checked_add(&self, other: &Int) -> Option<Int> {
        Some(Int { range: self.range.add(&other.range)?, rep: self.rep.add(&other.rep) })
    }

    /// `self - other`, free; `None` where the range would reach `2^250`.
    pub fn checked_sub(&self, other: &Int) -> Option<Int> {
        Some(Int { range: self.range.sub(&other.range)?, rep: self.rep.sub(&other.rep) })
    }

    /// `factor * self`, free; `None` where the range would reach `2^250`.
    pub fn checked_scale(&self, factor: impl Into<I256>) -> Option<Int> {
        let factor = factor.into();
        let range = self.range.mul(&Interval::point(factor)?)?;
        Some(Int { range, rep: self.rep.scale(to_field(factor)) })
    }

    /// [`checked_add`](Int::checked_add) where the caller's ranges are small.
    ///
    /// # Panics
    /// Where the range would reach `2^250`.
    pub fn add(&self, other: &Int) -> Int {
        self.checked_add(other).expect("a sum below 2^250")
    }

    /// [`checked_sub`](Int::checked_sub) where the caller's ranges are small.
    ///
    /// # Panics
    /// Where the range would reach `2^250`.
    pub fn sub(&self, other: &Int) -> Int {
        self.checked_sub(other).expect("a difference below 2^250")
    }

    /// [`checked_scale`](Int::checked_scale) where the caller's ranges are small.
    ///
    /// # Panics
    /// Where the range would reach `2^250`.
    pub fn scale(&self, factor: impl Into<I256>) -> Int {
        self.checked_scale(factor).expect("a multiple below 2^250")
    }
}
