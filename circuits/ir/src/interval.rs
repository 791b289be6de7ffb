//! Closed intervals of integers, the facts that make words cheap.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, BigInt, Field, One, PrimeField};
use ethnum::I256;
use std::fmt;
use std::sync::OnceLock;

/// Every bound of every interval is below `2^250` in absolute value, so an integer and its image in the field (`r` is
/// above `2^253`) name each other, and so do sums and differences of two.
pub const BOUND_BITS: u32 = 250;

/// The integers from `lo` to `hi`, both included.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    lo: I256,
    hi: I256,
}

impl Interval {
    /// `lo..=hi`; `None` where it is empty or a bound is `2^250` or more in absolute value.
    pub fn new(lo: I256, hi: I256) -> Option<Self> {
        let bound = I256::ONE << BOUND_BITS;
        (lo <= hi && -bound < lo && hi < bound).then_some(Interval { lo, hi })
    }

    /// One integer.
    pub fn point(value: impl Into<I256>) -> Option<Self> {
        let value = value.into();
        Interval::new(value, value)
    }

    /// `0..=2^bits - 1`; `None` from 251 bits on.
    pub fn unsigned(bits: u32) -> Option<Self> {
        (bits <= BOUND_BITS).then(|| Interval { lo: I256::ZERO, hi: (I256::ONE << bits) - I256::ONE })
    }

    /// The least integer.
    pub fn lo(&self) -> I256 {
        self.lo
    }

    /// The greatest integer.
    pub fn hi(&self) -> I256 {
        self.hi
    }

    /// Whether it contains `value`.
    pub fn contains(&self, value: I256) -> bool {
        self.lo <= value && value <= self.hi
    }

    /// Whether it lies within `other`.
    pub fn within(&self, other: &Interval) -> bool {
        other.lo <= self.lo && self.hi <= other.hi
    }

    /// The only integer, where there is only one.
    pub fn as_point(&self) -> Option<I256> {
        (self.lo == self.hi).then_some(self.lo)
    }

    /// `{a + b}`.
    pub fn add(&self, other: &Interval) -> Option<Interval> {
        Interval::new(self.lo + other.lo, self.hi + other.hi)
    }

    /// `{a - b}`.
    pub fn sub(&self, other: &Interval) -> Option<Interval> {
        Interval::new(self.lo - other.hi, self.hi - other.lo)
    }

    /// `{a * b}`.
    pub fn mul(&self, other: &Interval) -> Option<Interval> {
        let mut corners = [I256::ZERO; 4];
        for (corner, (a, b)) in
            corners.iter_mut().zip([(self.lo, other.lo), (self.lo, other.hi), (self.hi, other.lo), (self.hi, other.hi)])
        {
            *corner = a.checked_mul(b)?;
        }
        Interval::new(*corners.iter().min()?, *corners.iter().max()?)
    }

    /// The least interval that holds both.
    pub fn hull(&self, other: &Interval) -> Interval {
        Interval { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi) }
    }

    /// Least `n` with every integer in `0..2^n`; `None` where one is negative.
    pub fn unsigned_bits(&self) -> Option<u32> {
        (self.lo >= I256::ZERO).then(|| bit_length(self.hi))
    }

    /// Least `n` with every integer in `-2^n..2^n`.
    pub fn signed_bits(&self) -> u32 {
        // -2^n <= lo is |lo| - 1 < 2^n.
        let below = if self.lo < I256::ZERO { bit_length(-self.lo - I256::ONE) } else { 0 };
        let above = if self.hi > I256::ZERO { bit_length(self.hi) } else { 0 };
        below.max(above)
    }
}

impl fmt::Debug for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {}]", self.lo, self.hi)
    }
}

/// Bits of a non-negative integer; 0 has none.
fn bit_length(value: I256) -> u32 {
    256 - value.leading_zeros()
}

/// The field element that an integer below `2^250` in absolute value names.
pub fn to_field(value: I256) -> Fr {
    let magnitude = value.unsigned_abs();
    let (high, low) = magnitude.into_words();
    let limbs = BigInt([low as u64, (low >> 64) as u64, high as u64, (high >> 64) as u64]);
    let field = Fr::from_bigint(limbs).expect("an interval's bounds are below 2^250, and r is not");
    if value < I256::ZERO { -field } else { field }
}

/// `2^n`, below `2^250`.
pub(crate) fn power_of_two(n: u32) -> Fr {
    powers()[n as usize].0
}

/// `2^-n` in the field, `n < 250`.
pub(crate) fn inverse_power_of_two(n: u32) -> Fr {
    powers()[n as usize].1
}

/// `2^n` and `2^-n` for every `n` below the bound.
fn powers() -> &'static [(Fr, Fr)] {
    static POWERS: OnceLock<Vec<(Fr, Fr)>> = OnceLock::new();
    POWERS.get_or_init(|| {
        let half = Fr::from(2).inverse().expect("2 is not zero");
        let next = |(power, inverse): &(Fr, Fr)| Some((power.double(), *inverse * half));
        std::iter::successors(Some((Fr::one(), Fr::one())), next).take(BOUND_BITS as usize).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(lo: i128, hi: i128) -> Interval {
        Interval::new(I256::from(lo), I256::from(hi)).unwrap()
    }

    /// Every transfer function against brute force over all small intervals.
    #[test]
    fn transfer_functions_are_exact_on_small_intervals() {
        for (a, b) in (-3..=3).flat_map(|lo| (lo..=3).map(move |hi| (lo, hi))) {
            for (c, d) in (-3..=3).flat_map(|lo| (lo..=3).map(move |hi| (lo, hi))) {
                let (x, y) = (interval(a, b), interval(c, d));
                let hull_of = |f: fn(i128, i128) -> i128| {
                    let all: Vec<i128> = (a..=b).flat_map(|p| (c..=d).map(move |q| f(p, q))).collect();
                    Some(interval(*all.iter().min().unwrap(), *all.iter().max().unwrap()))
                };
                assert_eq!(x.add(&y), hull_of(|p, q| p + q));
                assert_eq!(x.sub(&y), hull_of(|p, q| p - q));
                assert_eq!(x.mul(&y), hull_of(|p, q| p * q));
                assert_eq!(x.hull(&y), interval(a.min(c), b.max(d)));
                assert_eq!(x.within(&y), c <= a && b <= d);
            }
            let bits = (0..).find(|n| -(1 << n) <= a && b < (1 << n)).unwrap();
            assert_eq!(interval(a, b).signed_bits(), bits, "[{a}, {b}]");
            let unsigned = (a >= 0).then(|| (0..).find(|n| b < (1 << n)).unwrap());
            assert_eq!(interval(a, b).unsigned_bits(), unsigned, "[{a}, {b}]");
        }
    }

    #[test]
    fn bounds_end_at_two_to_the_250() {
        let top: I256 = (I256::ONE << 250) - I256::ONE;
        assert!(Interval::point(top).is_some() && Interval::point(-top).is_some());
        assert!(Interval::point(top + I256::ONE).is_none() && Interval::point(-top - I256::ONE).is_none());
        assert!(Interval::new(I256::ONE, I256::ZERO).is_none());
        let wide = Interval::unsigned(126).unwrap();
        assert!(wide.mul(&Interval::unsigned(124).unwrap()).is_some());
        assert!(wide.mul(&Interval::unsigned(125).unwrap()).is_none());
        assert!(Interval::unsigned(250).unwrap().mul(&Interval::unsigned(250).unwrap()).is_none());
        assert!(Interval::unsigned(250).is_some() && Interval::unsigned(251).is_none());
    }

    #[test]
    fn integers_and_their_field_elements() {
        assert_eq!(to_field(I256::from(-5)), -Fr::from(5));
        assert_eq!(to_field(I256::ONE << 200), Fr::from_bigint(BigInt([0, 0, 0, 1 << 8])).unwrap());
        assert_eq!(to_field(I256::from(u128::MAX)), Fr::from(u128::MAX));
    }
}
