//! Integers that field elements stand for.

use ark_bn254::Fr;
use ark_ff::{BigInt, PrimeField};
use ethnum::I256;

/// Bounds are below `2^250` in absolute value. The modulus is above `2^253`, so within them a field element is the image
/// of one integer, and so is the difference of two.
const BOUND_BITS: u32 = 250;

/// The integers from `lo` to `hi`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) lo: I256,
    pub(crate) hi: I256,
}

impl Range {
    pub(crate) const BOOLEAN: Range = Range { lo: I256::ZERO, hi: I256::ONE };

    /// `None` where a bound is `2^250` or above in absolute value.
    pub(crate) fn new(lo: I256, hi: I256) -> Option<Range> {
        (lo <= hi && in_bounds(lo) && in_bounds(hi)).then_some(Range { lo, hi })
    }

    /// Zero and the integer of a field element.
    pub(crate) fn zero_or(value: Fr) -> Option<Range> {
        let value = integer(value)?;
        Range::new(value.min(I256::ZERO), value.max(I256::ZERO))
    }

    pub(crate) fn add(self, other: Range) -> Option<Range> {
        Range::new(self.lo + other.lo, self.hi + other.hi)
    }

    pub(crate) fn mul(self, other: Range) -> Option<Range> {
        let corners = [(self.lo, other.lo), (self.lo, other.hi), (self.hi, other.lo), (self.hi, other.hi)];
        let (mut lo, mut hi) = (I256::MAX, I256::MIN);
        for (a, b) in corners {
            let corner = a.checked_mul(b)?;
            (lo, hi) = (lo.min(corner), hi.max(corner));
        }
        Range::new(lo, hi)
    }

    pub(crate) fn scale(self, factor: Fr) -> Option<Range> {
        let factor = integer(factor)?;
        self.mul(Range { lo: factor, hi: factor })
    }

    pub(crate) fn hull(self, other: Range) -> Range {
        Range { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi) }
    }

    /// Both hold of one integer, so they meet; where they do not, no assignment satisfies the rows, and either will do.
    pub(crate) fn meet(self, other: Range) -> Range {
        let (lo, hi) = (self.lo.max(other.lo), self.hi.min(other.hi));
        if lo <= hi { Range { lo, hi } } else { self }
    }

    pub(crate) fn contains(self, value: I256) -> bool {
        self.lo <= value && value <= self.hi
    }

    pub(crate) fn within(self, other: Range) -> bool {
        other.lo <= self.lo && self.hi <= other.hi
    }

    /// `hi - lo`.
    pub(crate) fn width(self) -> I256 {
        self.hi - self.lo
    }
}

/// Whether an integer is below `2^250` in absolute value.
pub(crate) fn in_bounds(value: I256) -> bool {
    let bound = I256::ONE << BOUND_BITS;
    -bound < value && value < bound
}

/// The integer below `2^250` in absolute value of which this is the image.
pub(crate) fn integer(value: Fr) -> Option<I256> {
    let small = |value: Fr| {
        let BigInt([a, b, c, d]) = value.into_bigint();
        if d >> (BOUND_BITS - 192) != 0 {
            return None;
        }
        let [high, low] = [[c, d], [a, b]].map(|[low, high]| i128::from(low) | (u128::from(high) << 64) as i128);
        Some(I256::from_words(high, low))
    };
    small(value).or_else(|| small(-value).map(|value| -value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_field_elements() {
        for value in [0i128, 1, -1, 1 << 64, i128::MAX, i128::MIN, -(1 << 70) - 5] {
            let magnitude = Fr::from(value.unsigned_abs());
            let image = if value < 0 { -magnitude } else { magnitude };
            assert_eq!(integer(image), Some(I256::from(value)));
        }
        let mut power = Fr::from(1);
        for k in 0..253u32 {
            assert_eq!(integer(power), (k < 250).then(|| I256::ONE << k), "2^{k}");
            assert_eq!(integer(-power), (k < 250).then(|| -(I256::ONE << k)), "-2^{k}");
            power += power;
        }
        assert_eq!(integer(Fr::from(1) / Fr::from(2)), None);
    }

    #[test]
    fn products_hold_all_corners() {
        let range = |lo: i64, hi: i64| Range::new(I256::from(lo), I256::from(hi)).unwrap();
        for (a, b) in (-3..=3).flat_map(|lo| (lo..=3).map(move |hi| (lo, hi))) {
            for (c, d) in (-3..=3).flat_map(|lo| (lo..=3).map(move |hi| (lo, hi))) {
                let all: Vec<i64> = (a..=b).flat_map(|x| (c..=d).map(move |y| x * y)).collect();
                let product = range(*all.iter().min().unwrap(), *all.iter().max().unwrap());
                assert_eq!(range(a, b).mul(range(c, d)), Some(product));
                assert_eq!(range(a, b).add(range(c, d)), Some(range(a + c, b + d)));
            }
        }
        let wide = Range::new(I256::ZERO, I256::ONE << 130).unwrap();
        assert_eq!(wide.mul(wide), None);
    }
}
