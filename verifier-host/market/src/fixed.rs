//! Fixed point for voting: fractions of one with 128 bits, sums of money with 64 bits of fraction (Q64.64). No floats.
//!
//! What can not be exact is a pair of bounds, and whoever uses it takes the side that is safe: conviction is never above what it
//! really is, a threshold never below.

/// Fractions are this many parts of 2^128 from the truth at most, on the side that their name says.
pub const ERROR_PARTS: u128 = 256;

/// `floor(ln 2 * 2^128)`.
const LN_2: u128 = 0xb172_17f7_d1cf_79ab_c9e3_b398_03f2_f6af;

/// A fraction of one, in parts of 2^128, from below and from above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// At most the truth.
    pub down: u128,
    /// At least the truth.
    pub up: u128,
}

/// `a * b` of two fractions, rounded down.
pub fn mul_down(a: u128, b: u128) -> u128 {
    a.carrying_mul(b, 0).1
}

/// `a * b` of two fractions, rounded up; at most the smaller of the two.
pub fn mul_up(a: u128, b: u128) -> u128 {
    let (low, high) = a.carrying_mul(b, 0);
    // The product is below 2^128 of either factor, so rounding up does not exceed it.
    high.saturating_add(u128::from(low != 0))
}

/// `floor(part / whole * 2^128)`; `None` unless `part < whole <= 2^127`.
pub fn ratio(part: u128, whole: u128) -> Option<u128> {
    if part >= whole || whole > 1 << 127 {
        return None;
    }
    let (mut rest, mut quotient) = (part, 0u128);
    for _ in 0..128 {
        // `rest < whole <= 2^127`, so doubling it fits.
        rest = rest.wrapping_shl(1);
        quotient = quotient.wrapping_shl(1);
        if rest >= whole {
            rest = rest.wrapping_sub(whole);
            quotient |= 1;
        }
    }
    Some(quotient)
}

/// `2^(-part / whole)`, by the series of `e^-z` below one and shifts above; `None` where it is one (`part = 0`), which is no
/// fraction, or `whole` is 0.
///
/// The bounds are `2 * ERROR_PARTS` apart at most. At most 35 terms.
pub fn exp2_neg(part: u64, whole: u64) -> Option<Bounds> {
    let rest = part.checked_rem(whole)?;
    let shift = u32::try_from(part.checked_div(whole)?).unwrap_or(u32::MAX);
    if rest == 0 {
        // A power of two, which is exact while it can be told.
        return match shift {
            0 => None,
            1..=128 => {
                let power = 1u128.wrapping_shl(128u32.saturating_sub(shift));
                Some(Bounds { down: power, up: power })
            }
            _ => Some(Bounds { down: 0, up: 1 }),
        };
    }
    let z = mul_down(LN_2, ratio(u128::from(rest), u128::from(whole))?);
    // 1 - e^-z = z - z^2/2 + z^3/6 - ..., the terms of each sign apart: both sums stay below one.
    let (mut plus, mut minus, mut term) = (0u128, 0u128, z);
    for divisor in 2u128.. {
        if term == 0 {
            break;
        }
        let sum = if divisor.is_multiple_of(2) { &mut plus } else { &mut minus };
        *sum = sum.saturating_add(term);
        term = mul_down(term, z).checked_div(divisor).unwrap_or(0);
    }
    let value = u128::MAX.saturating_sub(plus.saturating_sub(minus));
    let down = value.saturating_sub(ERROR_PARTS).checked_shr(shift).unwrap_or(0);
    let up = value.saturating_add(ERROR_PARTS).checked_shr(shift).unwrap_or(0);
    Some(Bounds { down, up: up.saturating_add(u128::from(shift > 0)) })
}

/// What is left of one after a block where half is left after `half_life`: `2^(-1 / half_life)`. `None` for a half-life of 0.
pub fn alpha(half_life: u64) -> Option<Bounds> {
    exp2_neg(1, half_life)
}

/// `base^exponent` by squaring, each product rounded outwards; `None` for an exponent of 0, whose power is one.
///
/// Each bound is within `exponent * 2^-119` of the truth, relatively, where that is not below the 2^-128 that can be told.
/// 128 products at most.
pub fn pow(base: Bounds, exponent: u64) -> Option<Bounds> {
    let (mut result, mut square, mut left) = (None::<Bounds>, base, exponent);
    while left > 0 {
        if left & 1 == 1 {
            result = Some(result.map_or(square, |r| product(r, square)));
        }
        square = product(square, square);
        left = left.wrapping_shr(1);
    }
    result
}

fn product(a: Bounds, b: Bounds) -> Bounds {
    Bounds { down: mul_down(a.down, b.down), up: mul_up(a.up, b.up) }
}

/// `ln(high / low)` for `low <= high <= 2 low`, by `2 artanh((high - low) / (high + low))`; `None` outside, or where the sum does
/// not fit 127 bits.
///
/// `up - down` is [`ERROR_PARTS`]. At most 42 terms.
pub fn ln_ratio(high: u128, low: u128) -> Option<Bounds> {
    if low == 0 || high.checked_sub(low)? > low {
        return None;
    }
    // At most a third, and so its square at most a ninth. Every step rounds down, so the sum is below the truth.
    let u = ratio(high.checked_sub(low)?, high.checked_add(low)?)?;
    let square = mul_down(u, u);
    let (mut sum, mut power) = (0u128, u);
    for odd in (1u128..).step_by(2) {
        if power == 0 {
            break;
        }
        sum = sum.saturating_add(power.checked_div(odd).unwrap_or(0));
        power = mul_down(power, square);
    }
    let down = sum.saturating_mul(2);
    Some(Bounds { down, up: down.saturating_add(ERROR_PARTS) })
}

/// Where `value`, that goes to `target`, stands after what is left of its distance is `left`; all of it for `None`. Q64.64, rounded
/// down: the truth is less than two parts of 2^64 above, and the error of `left` times the distance, which for a [`pow`] of `n`
/// blocks is `n * 2^-119` of it.
pub fn approach(value: u128, target: u128, left: Option<Bounds>) -> u128 {
    let Some(left) = left else { return value };
    match target.checked_sub(value) {
        Some(rise) => target.saturating_sub(mul_up(rise, left.up)),
        None => target.saturating_add(mul_down(value.saturating_sub(target), left.down)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An integer of 32-bit limbs, little-endian: schoolbook arithmetic that shares nothing with the code above.
    #[derive(Clone, Debug, PartialEq, Eq)]
    struct Big(Vec<u32>);

    impl Big {
        fn new(value: u128) -> Big {
            Big((0..4).map(|at| (value >> (32 * at)) as u32).collect())
        }
        fn trim(mut self) -> Big {
            while self.0.last() == Some(&0) {
                self.0.pop();
            }
            self
        }
        fn add(&self, other: &Big) -> Big {
            let mut out = vec![];
            let mut carry = 0u64;
            for at in 0..self.0.len().max(other.0.len()) {
                let digit = |big: &Big| u64::from(big.0.get(at).copied().unwrap_or(0));
                carry += digit(self) + digit(other);
                out.push(carry as u32);
                carry >>= 32;
            }
            out.push(carry as u32);
            Big(out).trim()
        }
        fn sub(&self, other: &Big) -> Big {
            let mut out = vec![];
            let mut borrow = 0i64;
            for at in 0..self.0.len() {
                let digit = |big: &Big| i64::from(big.0.get(at).copied().unwrap_or(0));
                let mut digit = digit(self) - digit(other) - borrow;
                borrow = i64::from(digit < 0);
                digit += borrow << 32;
                out.push(digit as u32);
            }
            assert_eq!(borrow, 0, "negative");
            Big(out).trim()
        }
        fn mul(&self, other: &Big) -> Big {
            let mut out = vec![0u32; self.0.len() + other.0.len() + 1];
            for (i, a) in self.0.iter().enumerate() {
                let mut carry = 0u64;
                for (j, b) in other.0.iter().enumerate() {
                    carry += u64::from(*a) * u64::from(*b) + u64::from(out[i + j]);
                    out[i + j] = carry as u32;
                    carry >>= 32;
                }
                out[i + other.0.len()] = carry as u32;
            }
            Big(out).trim()
        }
        fn div_small(&self, by: u32) -> Big {
            let mut rest = 0u64;
            let mut out = vec![0; self.0.len()];
            for at in (0..self.0.len()).rev() {
                rest = rest << 32 | u64::from(self.0[at]);
                out[at] = (rest / u64::from(by)) as u32;
                rest %= u64::from(by);
            }
            Big(out).trim()
        }
        fn shl(&self, limbs: usize) -> Big {
            Big([vec![0; limbs], self.0.clone()].concat()).trim()
        }
        fn shr(&self, limbs: usize) -> Big {
            Big(self.0.get(limbs..).unwrap_or(&[]).to_vec()).trim()
        }
        fn cmp(&self, other: &Big) -> std::cmp::Ordering {
            let (a, b) = (self.clone().trim(), other.clone().trim());
            a.0.len().cmp(&b.0.len()).then_with(|| a.0.iter().rev().cmp(b.0.iter().rev()))
        }
        fn is_zero(&self) -> bool {
            self.0.iter().all(|limb| *limb == 0)
        }
        fn low(&self) -> u128 {
            assert!(self.0.len() <= 4, "{self:?}");
            self.0.iter().rev().fold(0, |sum, limb| sum << 32 | u128::from(*limb))
        }
    }

    /// Fractions of the reference have 256 bits.
    const WIDE: usize = 8;

    fn product(a: &Big, b: &Big) -> Big {
        a.mul(b).shr(WIDE)
    }

    /// `part / whole` with 256 bits by long division, a bit at a time.
    fn quotient(part: u128, whole: u128) -> Big {
        let (mut rest, mut bits) = (Big::new(part).trim(), Big(vec![]));
        for _ in 0..32 * WIDE {
            rest = rest.add(&rest);
            bits = bits.add(&bits);
            if rest.cmp(&Big::new(whole).trim()).is_ge() {
                rest = rest.sub(&Big::new(whole).trim());
                bits = bits.add(&Big(vec![1]));
            }
        }
        bits
    }

    /// `ln 2` with 256 bits, by `sum 1 / (k 2^k)`.
    fn ln_2() -> Big {
        let mut power = Big(vec![1]).shl(WIDE).div_small(2);
        let mut sum = Big(vec![]);
        for k in 1.. {
            if power.is_zero() {
                return sum;
            }
            sum = sum.add(&power.div_small(k));
            power = power.div_small(2);
        }
        unreachable!()
    }

    /// `2^(-part / whole)` below one with 256 bits, by `1 / e^z`: the series of `e^z` has no cancellation.
    fn exp2_neg_wide(part: u64, whole: u64) -> Big {
        let z = product(&ln_2(), &quotient(part.into(), whole.into()));
        let one = Big(vec![1]).shl(WIDE);
        let (mut sum, mut term) = (one.clone(), one.clone());
        for k in 1.. {
            term = product(&term, &z).div_small(k);
            if term.is_zero() {
                break;
            }
            sum = sum.add(&term);
        }
        // 1 / sum, by Newton's r <- r (2 - sum r); sum is in [1, 2].
        let mut r = one.div_small(2).add(&one.div_small(8));
        for _ in 0..12 {
            r = product(&r, &one.add(&one).sub(&product(&sum, &r)));
        }
        r
    }

    fn inside(bounds: Bounds, truth: &Big, parts: u128) {
        let truth = truth.shr(WIDE - 4).low();
        assert!(bounds.down <= truth && truth <= bounds.up, "{bounds:?} {truth}");
        assert!(bounds.up - bounds.down <= parts, "{bounds:?}");
    }

    #[test]
    fn ln_2_is_ln_2() {
        assert_eq!(ln_2().shr(WIDE - 4).low(), LN_2);
    }

    #[test]
    fn a_power_of_two_is_within_its_bounds() {
        for (part, whole) in [
            (1, 2),
            (1, 3),
            (2, 3),
            (1, 8),
            (1, 17_280),
            (1, 51_840),
            (1, 120_960),
            (1, 259_200),
            (51_839, 51_840),
            (1, u64::MAX),
            (u64::MAX - 1, u64::MAX),
        ] {
            let truth = exp2_neg_wide(part, whole);
            inside(exp2_neg(part, whole).expect("below one"), &truth, 2 * ERROR_PARTS);
            // Whole powers shift.
            let more = exp2_neg(part.saturating_add(3 * whole.min(1 << 40)), whole);
            if whole <= 1 << 40 {
                let shifted = truth.div_small(8);
                inside(more.expect("below one"), &shifted, ERROR_PARTS);
            }
        }
        assert_eq!((exp2_neg(0, 5), exp2_neg(5, 0), alpha(0)), (None, None, None));
        assert_eq!(exp2_neg(1, 1), Some(Bounds { down: 1 << 127, up: 1 << 127 }));
        assert_eq!(exp2_neg(128, 1), Some(Bounds { down: 1, up: 1 }));
        assert_eq!(exp2_neg(129, 1), Some(Bounds { down: 0, up: 1 }));
        assert_eq!(exp2_neg(u64::MAX, 1), Some(Bounds { down: 0, up: 1 }));
        assert_eq!(exp2_neg(1_000_001, 2).map(|b| b.down), Some(0));
    }

    /// market.md 3.6 rounds to eleven places; its Q64 was made in floating point, and is 320 parts of 2^64 below.
    #[test]
    fn alpha_is_that_of_the_reference() {
        let cases = [
            (51_840, 99_998_662_919u64, 18_446_497_425_886_183_744u128),
            (34_560, 99_997_994_386, 18_446_374_103_211_207_572),
            (120_960, 99_999_426_963, 18_446_638_367_095_711_941),
            (259_200, 99_999_732_582, 18_446_694_743_881_045_523),
        ];
        for (half_life, places, q64) in cases {
            let Bounds { down, up } = alpha(half_life).expect("a half-life");
            assert_eq!((down >> 64, up >> 64), (q64, q64));
            // Rounded to eleven places.
            assert_eq!(((down >> 64) * 100_000_000_000 + (1 << 63)) >> 64, u128::from(places));
        }
        assert_eq!(18_446_497_425_886_183_744 - 18_446_497_425_886_183_424u128, 320);
    }

    #[test]
    fn half_is_left_after_a_half_life() {
        for half_life in [1, 2, 8, 20, 17_280, 51_840, 120_960, 100_000_000] {
            let left = pow(alpha(half_life).expect("a half-life"), half_life).expect("a power");
            assert!(left.down <= 1 << 127 && 1 << 127 <= left.up, "{half_life}: {left:?}");
            // The stated bound: exponent * 2^-119, relatively.
            assert!(left.up - left.down <= (u128::from(half_life) << 9) + 512, "{half_life}: {left:?}");
        }
    }

    #[test]
    fn logarithms_are_within_their_bounds() {
        // exp(ln x) = x: the reference's exponential, at the bounds.
        for (high, low) in
            [(102, 100), (105, 100), (11, 10), (5, 4), (14, 10), (3, 2), (2, 1), (1 << 90, (1 << 90) - 1)]
        {
            let Bounds { down, up } = ln_ratio(high, low).expect("in range");
            assert_eq!(up - down, ERROR_PARTS);
            let ratio = |parts: u128| {
                // e^x by its series, x in parts of 2^128.
                let x = Big::new(parts).trim().shl(WIDE - 4);
                let one = Big(vec![1]).shl(WIDE);
                let (mut sum, mut term) = (one.clone(), one);
                for k in 1.. {
                    term = product(&term, &x).div_small(k);
                    if term.is_zero() {
                        break;
                    }
                    sum = sum.add(&term);
                }
                sum.mul(&Big::new(low).trim())
            };
            let truth = Big::new(high).trim().shl(WIDE);
            assert!(ratio(down).cmp(&truth).is_le(), "{high}/{low}");
            assert!(ratio(up).cmp(&truth).is_ge(), "{high}/{low}");
        }
        assert_eq!(ln_ratio(7, 7), Some(Bounds { down: 0, up: ERROR_PARTS }));
        for (high, low) in [(1, 2), (201, 100), (1, 0), (0, 0), (u128::MAX, u128::MAX - 1)] {
            assert_eq!(ln_ratio(high, low), None, "{high}/{low}");
        }
        // Two is where the series ends, and ln 2 is known.
        let two = ln_ratio(2, 1).expect("in range");
        assert!(two.down <= LN_2 && LN_2 < two.up);
    }

    proptest! {
        #[test]
        fn ratios_are_rounded_down(a in any::<u128>(), b in any::<u128>()) {
            let (part, whole) = ((a.min(b)) >> 1, (a.max(b) >> 1).max(1));
            prop_assume!(part < whole);
            let got = ratio(part, whole).expect("below one");
            prop_assert_eq!(got, quotient(part, whole).shr(WIDE - 4).low());
        }

        #[test]
        fn products_are_rounded_as_they_say(a in any::<u128>(), b in any::<u128>()) {
            let whole = Big::new(a).trim().mul(&Big::new(b).trim());
            let (down, up) = (mul_down(a, b), mul_up(a, b));
            prop_assert_eq!(down, whole.shr(4).low());
            let exact = Big::new(down).trim().shl(4).cmp(&whole).is_eq();
            prop_assert_eq!(up, down + u128::from(!exact));
            prop_assert!(up <= a.min(b));
        }

        /// More blocks leave less; and what is left of one is the truth between the bounds, whatever the way to it.
        #[test]
        fn powers_fall_and_agree_with_the_exponential(h in 1u64..200_000, n in 1u64..2_000_000) {
            let alpha = alpha(h).expect("a half-life");
            let (now, next) = (pow(alpha, n).expect("a power"), pow(alpha, n + 1).expect("a power"));
            prop_assert!(next.down <= now.down && next.up <= now.up);
            if n < 64 * h {
                prop_assert!(next.up < now.down, "strictly, while there is something to tell");
            }
            let direct = exp2_neg(n, h).expect("below one");
            prop_assert!(now.down <= direct.up && direct.down <= now.up);
            let width = n.checked_mul(1024).map(u128::from).expect("small") + 1024;
            prop_assert!(now.up - now.down <= width);
        }

        #[test]
        fn logarithms_rise(low in 1u128..1 << 90, step in 1u128..1 << 40) {
            let more = low.saturating_add(step).min(2 * low);
            let (Some(a), Some(b)) = (ln_ratio(more, low), ln_ratio((more + 1).min(2 * low), low)) else {
                return Ok(());
            };
            prop_assert!(a.down <= b.down);
        }

        /// Never above the truth, never beyond the target, and as little below as is said.
        #[test]
        fn an_approach_stays_on_its_side(value in any::<u64>(), target in any::<u64>(), h in 1u64..100_000, n in 0u64..100_000) {
            let (value, target) = (u128::from(value) << 64, u128::from(target) << 64);
            let left = pow(alpha(h).expect("a half-life"), n);
            let got = approach(value, target, left);
            prop_assert!(got >= value.min(target) && got <= value.max(target));
            let one = Big(vec![1]).shl(WIDE);
            let wide = if n == 0 { one.clone() } else {
                let rest = if n % h == 0 { one.clone() } else { exp2_neg_wide(n % h, h) };
                (0..n / h).fold(rest, |left, _| left.div_small(2))
            };
            let q = |x: u128| Big::new(x).trim().shl(WIDE);
            let distance = Big::new(value.abs_diff(target)).trim().mul(&wide);
            let truth = if target >= value { q(target).sub(&distance) } else { q(target).add(&distance) };
            prop_assert!(q(got).cmp(&truth).is_le());
            let error = 2 + mul_up(value.abs_diff(target), u128::from(n) << 9);
            prop_assert!(q(got + error).cmp(&truth).is_ge());
        }
    }
}
