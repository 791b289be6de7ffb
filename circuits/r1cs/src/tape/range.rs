//! Which integers a register can hold.

/// Largest magnitude of a bounded register. Twice it fits an `i128`, and it is below half the modulus by far, so that an
/// integer within it and its scalar determine each other.
pub(super) const BOUND: i128 = 1 << 126;

/// The integers that a register can hold, as scalars: a negative one is `r - |n|`. Within `-BOUND..=BOUND`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub lo: i128,
    pub hi: i128,
}

impl Range {
    pub(super) const BIT: Range = Range { lo: 0, hi: 1 };
    pub(super) const BYTE: Range = Range { lo: 0, hi: 255 };

    /// `None` where the bound does not hold.
    pub(super) fn new(lo: i128, hi: i128) -> Option<Range> {
        debug_assert!(lo <= hi, "an interval from {lo} to {hi}");
        (-BOUND <= lo && hi <= BOUND).then_some(Range { lo, hi })
    }

    pub(super) fn is_bit(&self) -> bool {
        0 <= self.lo && self.hi <= 1
    }

    pub(super) fn fits_i64(&self) -> bool {
        i128::from(i64::MIN) <= self.lo && self.hi <= i128::from(i64::MAX)
    }

    /// Largest absolute value.
    pub(super) fn magnitude(&self) -> u128 {
        self.lo.unsigned_abs().max(self.hi.unsigned_abs())
    }

    pub(super) fn multiply(&self, other: &Range) -> Option<Range> {
        let corners = [(self.lo, other.lo), (self.lo, other.hi), (self.hi, other.lo), (self.hi, other.hi)];
        let mut products = [0; 4];
        for (product, (a, b)) in products.iter_mut().zip(corners) {
            *product = a.checked_mul(b)?;
        }
        Range::new(*products.iter().min()?, *products.iter().max()?)
    }

    /// `self + coefficient * other`.
    pub(super) fn add_scaled(&self, coefficient: i128, other: &Range) -> Option<Range> {
        let scaled = other.multiply(&Range::new(coefficient, coefficient)?)?;
        Range::new(self.lo + scaled.lo, self.hi + scaled.hi)
    }

    pub(super) fn union(&self, other: &Range) -> Range {
        Range { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi) }
    }
}

/// Quotient and remainder of an integer division that did not fail: then both operands are not negative and below
/// 2^128, also where nothing is known of them.
pub(super) fn divide(dividend: Option<Range>, divisor: Option<Range>) -> (Option<Range>, Option<Range>) {
    let most = |range: Option<Range>| range.map_or(u128::MAX, |range| range.hi.max(0) as u128);
    let least = divisor.map_or(0, |range| range.lo.max(0) as u128);
    let range = |hi: u128| Range::new(0, i128::try_from(hi).ok()?);
    let quotient = most(dividend) / least.max(1);
    // Zero divides nothing: then the remainder is the dividend.
    let below = if least > 0 { most(divisor) - 1 } else { u128::MAX };
    (range(quotient), range(most(dividend).min(below)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every value of small intervals lies in what the rules say, and the ends are reached.
    #[test]
    fn rules_hold_for_every_value_of_small_intervals() {
        let intervals: Vec<Range> = (-3..4).flat_map(|lo| (lo..4).map(move |hi| Range { lo, hi })).collect();
        for a in &intervals {
            for b in &intervals {
                let pairs = || (a.lo..=a.hi).flat_map(|x| (b.lo..=b.hi).map(move |y| (x, y)));
                let exact = |f: fn(i128, i128) -> i128| {
                    let values: Vec<i128> = pairs().map(|(x, y)| f(x, y)).collect();
                    Range { lo: *values.iter().min().unwrap(), hi: *values.iter().max().unwrap() }
                };
                assert_eq!(a.multiply(b), Some(exact(|x, y| x * y)));
                assert_eq!(a.add_scaled(-3, b), Some(exact(|x, y| x - 3 * y)));
                assert_eq!(a.union(b), Range { lo: a.lo.min(b.lo), hi: a.hi.max(b.hi) });
                let (quotient, remainder) = divide(Some(*a), Some(*b));
                for (x, y) in pairs().filter(|(x, y)| *x >= 0 && *y >= 0) {
                    let (q, r) = if y == 0 { (0, x) } else { (x / y, x % y) };
                    let within = |range: Option<Range>, n| range.is_some_and(|range| range.lo <= n && n <= range.hi);
                    assert!(within(quotient, q) && within(remainder, r), "{x} by {y}");
                }
            }
        }
    }

    #[test]
    fn ranges_end_at_the_bound() {
        let top = Range { lo: 0, hi: BOUND };
        assert_eq!(top.add_scaled(1, &Range::BIT), None);
        assert_eq!(top.add_scaled(-1, &top), Some(Range { lo: -BOUND, hi: BOUND }));
        assert_eq!(top.multiply(&top), None);
        assert_eq!(top.add_scaled(i128::MAX, &Range::BIT), None);
        let word = Range { lo: 0, hi: u64::MAX.into() };
        assert_eq!(word.multiply(&word), None);
        assert!(Range { lo: i64::MIN.into(), hi: i64::MAX.into() }.fits_i64());
        assert!(!Range { lo: 0, hi: i128::from(i64::MAX) + 1 }.fits_i64());
        // Of unknown dividends, what a known divisor leaves.
        let by = |lo, hi| divide(None, Some(Range { lo, hi }));
        assert_eq!(by(1, 9).1, Some(Range { lo: 0, hi: 8 }));
        assert_eq!(by(0, 9), (None, None));
        assert_eq!(by(16, 16).0, Some(Range { lo: 0, hi: (1 << 124) - 1 }));
    }
}
