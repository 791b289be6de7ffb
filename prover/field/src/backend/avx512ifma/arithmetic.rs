//! Five limbs in eight lanes: products, Montgomery reduction, carries.
//!
//! # Safety
//! Every function here needs the features of [`super::Avx512Ifma`]; they are inlined into code that has them. Callers hold
//! the token, or lanes that only a token makes.

use core::arch::x86_64::*;

use crate::modulus::{Constants, LIMB_BITS, LIMB_MASK, Limbs, Modulus};

/// Five limbs, or their unreduced columns; value `sum v[i] 2^(52 i)`.
pub(super) type Vector = [__m512i; 5];
/// Columns of a product.
pub(super) type Columns = [__m512i; 10];

const SHIFT: u32 = LIMB_BITS;

#[inline(always)]
pub(super) unsafe fn set(value: u64) -> __m512i {
    // SAFETY: see the module.
    unsafe { _mm512_set1_epi64(value as i64) }
}

/// The same limbs in every lane.
#[inline(always)]
pub(super) unsafe fn splat(limbs: &Limbs) -> Vector {
    // SAFETY: see the module.
    unsafe { [set(limbs[0]), set(limbs[1]), set(limbs[2]), set(limbs[3]), set(limbs[4])] }
}

#[inline(always)]
unsafe fn low(sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
    // SAFETY: see the module.
    unsafe { _mm512_madd52lo_epu64(sum, a, b) }
}

#[inline(always)]
unsafe fn high(sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
    // SAFETY: see the module.
    unsafe { _mm512_madd52hi_epu64(sum, a, b) }
}

/// `a b`, limbs of both below `2^52`. A column sums at most 9 halves: below `2^56`.
#[inline(always)]
pub(super) unsafe fn product(a: &Vector, b: &Vector) -> Columns {
    // SAFETY: see the module.
    unsafe {
        let mut t = [_mm512_setzero_si512(); 10];
        for i in 0..5 {
            for j in 0..5 {
                t[i + j] = low(t[i + j], a[i], b[j]);
                t[i + j + 1] = high(t[i + j + 1], a[i], b[j]);
            }
        }
        t
    }
}

/// `a^2`: the ten products off the diagonal once, doubled.
#[inline(always)]
pub(super) unsafe fn square(a: &Vector) -> Columns {
    // SAFETY: see the module.
    unsafe {
        let mut t = [_mm512_setzero_si512(); 10];
        for i in 0..5 {
            for j in i + 1..5 {
                t[i + j] = low(t[i + j], a[i], a[j]);
                t[i + j + 1] = high(t[i + j + 1], a[i], a[j]);
            }
        }
        for column in &mut t {
            *column = _mm512_add_epi64(*column, *column);
        }
        for i in 0..5 {
            t[2 * i] = low(t[2 * i], a[i], a[i]);
            t[2 * i + 1] = high(t[2 * i + 1], a[i], a[i]);
        }
        t
    }
}

/// A sum of products, low and high halves apart: `sum lows[k] 2^(52 k) + highs[k] 2^(52 (k + 1))`. Chains of sums are half as long
/// as in [`Columns`], which a sum of several products would wait for.
pub(super) struct Halves {
    lows: [__m512i; 9],
    highs: [__m512i; 9],
}

impl Halves {
    #[inline(always)]
    pub(super) unsafe fn zero() -> Halves {
        // SAFETY: see the module.
        let zero = unsafe { _mm512_setzero_si512() };
        Halves { lows: [zero; 9], highs: [zero; 9] }
    }

    /// Adds `a b`, limbs of both below `2^52`. Five halves a product in a column: with eight products it is below `2^58`.
    #[inline(always)]
    pub(super) unsafe fn accumulate(&mut self, a: &Vector, b: &Vector) {
        // SAFETY: see the module.
        unsafe {
            for (i, a) in a.iter().enumerate() {
                for (j, b) in b.iter().enumerate() {
                    self.lows[i + j] = low(self.lows[i + j], *a, *b);
                    self.highs[i + j] = high(self.highs[i + j], *a, *b);
                }
            }
        }
    }

    #[inline(always)]
    pub(super) unsafe fn columns(&self) -> Columns {
        // SAFETY: see the module.
        unsafe {
            let mut t = [_mm512_setzero_si512(); 10];
            t[..9].copy_from_slice(&self.lows);
            for (t, high) in t[1..].iter_mut().zip(self.highs) {
                *t = _mm512_add_epi64(*t, high);
            }
            t
        }
    }
}

/// `t / 2^260` modulo `p`, below `t / 2^260 + p`; columns may be negative, the value not.
///
/// Round `i` adds `m p 2^(52 i)` with `m = -t_i / p mod 2^52`. Column `i` becomes a multiple of `2^52` then: what it carries is
/// `ceil(t_i / 2^52)`, known without the product.
#[inline(always)]
pub(super) unsafe fn montgomery<M: Modulus>(mut t: Columns) -> Vector {
    // SAFETY: see the module.
    unsafe {
        let (zero, mask) = (_mm512_setzero_si512(), set(LIMB_MASK));
        let minus_inverse = set(Constants::<M>::MINUS_INVERSE);
        let p = splat(&Constants::<M>::P);
        for i in 0..5 {
            let m = low(zero, t[i], minus_inverse);
            let carry = _mm512_srai_epi64::<SHIFT>(_mm512_add_epi64(t[i], mask));
            t[i + 1] = _mm512_add_epi64(t[i + 1], carry);
            t[i + 1] = high(t[i + 1], m, p[0]);
            for j in 1..5 {
                t[i + j] = low(t[i + j], m, p[j]);
                t[i + j + 1] = high(t[i + j + 1], m, p[j]);
            }
        }
        carry([t[5], t[6], t[7], t[8], t[9]])
    }
}

/// Limbs 0 to 3 in `[0, 2^52)`; the value is unchanged.
#[inline(always)]
pub(super) unsafe fn carry(mut t: Vector) -> Vector {
    // SAFETY: see the module.
    unsafe {
        let mask = set(LIMB_MASK);
        for i in 0..4 {
            t[i + 1] = _mm512_add_epi64(t[i + 1], _mm512_srai_epi64::<SHIFT>(t[i]));
            t[i] = _mm512_and_si512(t[i], mask);
        }
        t
    }
}

/// Below `2^255`, from columns of a value in `[0, 2^257)` whose limb 4 is at most a few units from what it is after carries.
///
/// `i = v >> 254` is off by one only next to a multiple of `2^254`. What is left is below `(i + 1) 2^254 - q_i p <= 2.30 p` with
/// `q_i = floor(i 2^254 / p)`, and at least 0.26 p above 0 where `i` is one too large.
#[inline(always)]
pub(super) unsafe fn reduce<M: Modulus>(mut t: Vector) -> Vector {
    // SAFETY: see the module.
    unsafe {
        let index = _mm512_srli_epi64::<{ 254 - 4 * SHIFT }>(t[4]);
        for (limb, multiples) in t.iter_mut().zip(&Constants::<M>::MULTIPLES) {
            let table = _mm512_loadu_si512(multiples.as_ptr().cast());
            *limb = _mm512_sub_epi64(*limb, _mm512_permutexvar_epi64(index, table));
        }
        carry(t)
    }
}

/// `9 a + b + 3 p` below `2^255`, where `a` and `-b` are, and both limbs below `2^52` in size.
///
/// Below `26.9 p < 6 2^256`. `i = v >> 256`, from a limb 4 that lacks some 40 units of carries, leaves less than `2^256 + p + 2^214`,
/// below `2^257`, and at least 0.15 p, as no `i 2^256 / p` up to 5 has a smaller fraction, but for `i = 0`, where the value stays.
#[inline(always)]
pub(super) unsafe fn nine_times_plus<M: Modulus>(a: &Vector, b: &Vector, negate: bool) -> Vector {
    // SAFETY: see the module.
    unsafe {
        let p3 = splat(&Constants::<M>::P3);
        let mut t = *a;
        for i in 0..5 {
            let nine = _mm512_add_epi64(_mm512_slli_epi64::<3>(a[i]), a[i]);
            t[i] = if negate {
                _mm512_sub_epi64(_mm512_add_epi64(nine, p3[i]), b[i])
            } else {
                _mm512_add_epi64(nine, b[i])
            };
        }
        let index = _mm512_srli_epi64::<{ 256 - 4 * SHIFT }>(t[4]);
        for (limb, multiples) in t.iter_mut().zip(&Constants::<M>::WIDE_MULTIPLES) {
            let table = _mm512_loadu_si512(multiples.as_ptr().cast());
            *limb = _mm512_sub_epi64(*limb, _mm512_permutexvar_epi64(index, table));
        }
        reduce::<M>(t)
    }
}

#[inline(always)]
pub(super) unsafe fn add(a: &Vector, b: &Vector) -> Vector {
    // SAFETY: see the module.
    unsafe {
        let mut out = *a;
        for i in 0..5 {
            out[i] = _mm512_add_epi64(a[i], b[i]);
        }
        out
    }
}

#[inline(always)]
pub(super) unsafe fn sub(a: &Vector, b: &Vector) -> Vector {
    // SAFETY: see the module.
    unsafe {
        let mut out = *a;
        for i in 0..5 {
            out[i] = _mm512_sub_epi64(a[i], b[i]);
        }
        out
    }
}

/// `a - p` where that is not negative, else `a`.
#[inline(always)]
pub(super) unsafe fn subtract_once<M: Modulus>(a: &Vector) -> Vector {
    // SAFETY: see the module.
    unsafe {
        let less = carry(sub(a, &splat(&Constants::<M>::P)));
        blend(_mm512_movepi64_mask(less[4]), a, &less)
    }
}

/// `a` in the lanes of the mask, `b` in the others.
#[inline(always)]
pub(super) unsafe fn blend(mask: __mmask8, a: &Vector, b: &Vector) -> Vector {
    // SAFETY: see the module.
    unsafe {
        let mut out = *a;
        for i in 0..5 {
            out[i] = _mm512_mask_blend_epi64(mask, b[i], a[i]);
        }
        out
    }
}
