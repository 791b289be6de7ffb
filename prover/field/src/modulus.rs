//! The two prime fields, and the constants that lanes of 52-bit limbs need.

use ark_bn254::{Fq, Fr};
use ark_ff::PrimeField;

/// Bits of a limb.
pub(crate) const LIMB_BITS: u32 = 52;
/// The low 52 bits.
pub(crate) const LIMB_MASK: u64 = (1 << LIMB_BITS) - 1;

/// A number below `2^260` in five limbs of 52 bits, least first.
pub(crate) type Limbs = [u64; 5];

/// A prime field of BN254. Both primes have 254 bits and `p / 2^256` between 0.18 and 0.19, on which every bound in this
/// crate rests.
pub trait Modulus: PrimeField<BigInt = ark_ff::BigInt<4>> + 'static {
    /// `p`, four words, least first.
    const WORDS: [u64; 4];
    /// A short name for test messages.
    const NAME: &'static str;
    /// The field's element with these Montgomery words (`R = 2^256`), which must be below `p`.
    fn from_montgomery(words: [u64; 4]) -> Self;
    /// The same as they lie in memory.
    fn as_montgomery(&self) -> &[u64; 4];
    /// The Montgomery words (`R = 2^256`), below `p`.
    fn montgomery(&self) -> [u64; 4];
}

macro_rules! modulus {
    ($field:ty, $name:literal) => {
        impl Modulus for $field {
            const WORDS: [u64; 4] = <$field as PrimeField>::MODULUS.0;
            const NAME: &'static str = $name;

            #[inline(always)]
            fn from_montgomery(words: [u64; 4]) -> Self {
                debug_assert!(ark_ff::BigInt(words) < <$field as PrimeField>::MODULUS);
                <$field>::new_unchecked(ark_ff::BigInt(words))
            }

            #[inline(always)]
            fn as_montgomery(&self) -> &[u64; 4] {
                &self.0.0
            }

            #[inline(always)]
            fn montgomery(&self) -> [u64; 4] {
                self.0.0
            }
        }
    };
}
modulus!(Fq, "Fq");
modulus!(Fr, "Fr");

/// What the arithmetic of 52-bit limbs needs to know of `p`, as compile-time constants.
pub(crate) struct Constants<M>(core::marker::PhantomData<M>);

/// `reduce` subtracts `QUOTIENTS[v >> 254]` times `p`: `floor(i 2^254 / p)`, as `2^254 = 1.32 p`.
pub(crate) const QUOTIENTS: [u64; 8] = [0, 1, 2, 3, 5, 6, 7, 9];
/// The same for `2^256 = 5.29 p`, `v >> 256`.
pub(crate) const WIDE_QUOTIENTS: [u64; 8] = [0, 5, 10, 15, 21, 26, 31, 37];

impl<M: Modulus> Constants<M> {
    /// `p`.
    pub(crate) const P: Limbs = to_limbs(M::WORDS);
    /// `-1 / p` modulo `2^52`.
    pub(crate) const MINUS_INVERSE: u64 = inverse_of(M::WORDS[0]).wrapping_neg() & LIMB_MASK;
    /// `1 / p` modulo `2^52`.
    pub(crate) const INVERSE: u64 = inverse_of(M::WORDS[0]) & LIMB_MASK;
    /// `3 p`.
    pub(crate) const P3: Limbs = times(Self::P, 3);
    /// `6 p`.
    pub(crate) const P6: Limbs = times(Self::P, 6);
    /// Limb `i` of `QUOTIENTS[j] p` at `[i][j]`.
    pub(crate) const MULTIPLES: [[u64; 8]; 5] = multiples(Self::P, QUOTIENTS);
    /// The same of [`WIDE_QUOTIENTS`].
    pub(crate) const WIDE_MULTIPLES: [[u64; 8]; 5] = multiples(Self::P, WIDE_QUOTIENTS);
    /// `2^256` modulo `p`.
    pub(crate) const R256: Limbs = to_limbs(power_of_two(M::WORDS, 256));
    /// `2^264` modulo `p`.
    pub(crate) const R264: Limbs = to_limbs(power_of_two(M::WORDS, 264));
}

/// Limb `i` of `factors[j] p` at `[i][j]`.
const fn multiples(p: Limbs, factors: [u64; 8]) -> [[u64; 8]; 5] {
    let mut table = [[0; 8]; 5];
    let mut j = 0;
    while j < 8 {
        let multiple = times(p, factors[j]);
        let mut i = 0;
        while i < 5 {
            table[i][j] = multiple[i];
            i += 1;
        }
        j += 1;
    }
    table
}

/// Four words as five limbs.
pub(crate) const fn to_limbs(w: [u64; 4]) -> Limbs {
    [
        w[0] & LIMB_MASK,
        (w[0] >> 52 | w[1] << 12) & LIMB_MASK,
        (w[1] >> 40 | w[2] << 24) & LIMB_MASK,
        (w[2] >> 28 | w[3] << 36) & LIMB_MASK,
        w[3] >> 16,
    ]
}

/// A small multiple, below `2^260`.
const fn times(limbs: Limbs, factor: u64) -> Limbs {
    let mut out = [0; 5];
    let mut carry = 0u128;
    let mut i = 0;
    while i < 5 {
        carry += limbs[i] as u128 * factor as u128;
        out[i] = carry as u64 & LIMB_MASK;
        carry >>= LIMB_BITS;
        i += 1;
    }
    assert!(carry == 0);
    out
}

/// The inverse of an odd number modulo `2^64`, by Newton's iteration: correct bits double from 5.
pub(crate) const fn inverse_of(odd: u64) -> u64 {
    let mut inverse = odd.wrapping_mul(3) ^ 2;
    let mut i = 0;
    while i < 4 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(inverse)));
        i += 1;
    }
    assert!(odd.wrapping_mul(inverse) == 1);
    inverse
}

/// `2^exponent` modulo `p < 2^255`, by doubling.
pub(crate) const fn power_of_two(p: [u64; 4], exponent: u32) -> [u64; 4] {
    let mut value = [1, 0, 0, 0];
    let mut i = 0;
    while i < exponent {
        let mut doubled = [0; 4];
        let mut j = 0;
        while j < 4 {
            doubled[j] = value[j] << 1 | if j > 0 { value[j - 1] >> 63 } else { 0 };
            j += 1;
        }
        let (difference, borrow) = subtract(doubled, p);
        value = if borrow { doubled } else { difference };
        i += 1;
    }
    value
}

/// `a - b` modulo `2^256`, and whether it borrowed.
#[inline(always)]
pub(crate) const fn subtract(a: [u64; 4], b: [u64; 4]) -> ([u64; 4], bool) {
    let mut out = [0; 4];
    let mut borrow = false;
    let mut i = 0;
    while i < 4 {
        let (value, first) = a[i].overflowing_sub(b[i]);
        let (value, second) = value.overflowing_sub(borrow as u64);
        out[i] = value;
        borrow = first | second;
        i += 1;
    }
    (out, borrow)
}
