//! Between words in memory and limbs in lanes.
//!
//! # Safety
//! As in [`super::arithmetic`].

use core::arch::x86_64::*;

use crate::backend::avx512ifma::arithmetic::{Vector, set};
use crate::modulus::LIMB_MASK;

/// Rows to columns of 8x8 words; its own inverse.
#[inline(always)]
pub(super) unsafe fn transpose(r: [__m512i; 8]) -> [__m512i; 8] {
    // SAFETY: see the module.
    unsafe {
        // Even words of two rows, and odd ones.
        let mut even = [r[0]; 4];
        let mut odd = even;
        for i in 0..4 {
            even[i] = _mm512_unpacklo_epi64(r[2 * i], r[2 * i + 1]);
            odd[i] = _mm512_unpackhi_epi64(r[2 * i], r[2 * i + 1]);
        }
        let [w0, w2, w4, w6] = transpose_pairs(even);
        let [w1, w3, w5, w7] = transpose_pairs(odd);
        [w0, w1, w2, w3, w4, w5, w6, w7]
    }
}

/// Rows to columns of 4x4 pairs of words.
#[inline(always)]
unsafe fn transpose_pairs(r: [__m512i; 4]) -> [__m512i; 4] {
    // SAFETY: see the module.
    unsafe {
        let (a, b) = (_mm512_shuffle_i64x2::<0x88>(r[0], r[1]), _mm512_shuffle_i64x2::<0x88>(r[2], r[3]));
        let (c, d) = (_mm512_shuffle_i64x2::<0xdd>(r[0], r[1]), _mm512_shuffle_i64x2::<0xdd>(r[2], r[3]));
        [
            _mm512_shuffle_i64x2::<0x88>(a, b),
            _mm512_shuffle_i64x2::<0x88>(c, d),
            _mm512_shuffle_i64x2::<0xdd>(a, b),
            _mm512_shuffle_i64x2::<0xdd>(c, d),
        ]
    }
}

/// Four words a lane to five limbs.
#[inline(always)]
pub(super) unsafe fn limbs(w: [__m512i; 4]) -> Vector {
    // SAFETY: see the module.
    unsafe {
        let mask = set(LIMB_MASK);
        [
            _mm512_and_si512(w[0], mask),
            _mm512_and_si512(_mm512_shrdi_epi64::<52>(w[0], w[1]), mask),
            _mm512_and_si512(_mm512_shrdi_epi64::<40>(w[1], w[2]), mask),
            _mm512_and_si512(_mm512_shrdi_epi64::<28>(w[2], w[3]), mask),
            _mm512_srli_epi64::<16>(w[3]),
        ]
    }
}

/// Five limbs, of a value below `2^256`, to four words a lane.
#[inline(always)]
pub(super) unsafe fn words(l: &Vector) -> [__m512i; 4] {
    // SAFETY: see the module.
    unsafe {
        [
            _mm512_or_si512(l[0], _mm512_slli_epi64::<52>(l[1])),
            _mm512_or_si512(_mm512_srli_epi64::<12>(l[1]), _mm512_slli_epi64::<40>(l[2])),
            _mm512_or_si512(_mm512_srli_epi64::<24>(l[2]), _mm512_slli_epi64::<28>(l[3])),
            _mm512_or_si512(_mm512_srli_epi64::<36>(l[3]), _mm512_slli_epi64::<16>(l[4])),
        ]
    }
}

/// Eight elements of four words, one after the other, to four vectors of one word a lane.
#[inline(always)]
pub(super) unsafe fn gather(rows: &[[u64; 4]; 8]) -> [__m512i; 4] {
    // SAFETY: see the module; 256 bytes are read.
    unsafe {
        let mut z = [_mm512_setzero_si512(); 4];
        for (i, z) in z.iter_mut().enumerate() {
            *z = _mm512_loadu_si512(rows.as_ptr().add(2 * i).cast());
        }
        // Words 0 and 2 of elements 0, 2, 1, 3 and so on: [e0w0 e2w0 e0w2 e2w2 e1w0 e3w0 e1w2 e3w2].
        let (a, b) = (_mm512_unpacklo_epi64(z[0], z[1]), _mm512_unpacklo_epi64(z[2], z[3]));
        let (c, d) = (_mm512_unpackhi_epi64(z[0], z[1]), _mm512_unpackhi_epi64(z[2], z[3]));
        let first = _mm512_setr_epi64(0, 4, 1, 5, 8, 12, 9, 13);
        let second = _mm512_setr_epi64(2, 6, 3, 7, 10, 14, 11, 15);
        [
            _mm512_permutex2var_epi64(a, first, b),
            _mm512_permutex2var_epi64(c, first, d),
            _mm512_permutex2var_epi64(a, second, b),
            _mm512_permutex2var_epi64(c, second, d),
        ]
    }
}

/// The inverse of [`gather`].
#[inline(always)]
pub(super) unsafe fn scatter(w: [__m512i; 4], rows: &mut [[u64; 4]; 8]) {
    // SAFETY: see the module; 256 bytes are written.
    unsafe {
        // [e0w0 e0w1 e2w0 e2w1 ...] and [e1w0 e1w1 ...], then of words 2 and 3.
        let (a, b) = (_mm512_unpacklo_epi64(w[0], w[1]), _mm512_unpackhi_epi64(w[0], w[1]));
        let (c, d) = (_mm512_unpacklo_epi64(w[2], w[3]), _mm512_unpackhi_epi64(w[2], w[3]));
        let low = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
        let high = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
        // Elements 0, 2, then 4, 6 of a and c; 1, 3, then 5, 7 of b and d.
        let even = (_mm512_permutex2var_epi64(a, low, c), _mm512_permutex2var_epi64(a, high, c));
        let odd = (_mm512_permutex2var_epi64(b, low, d), _mm512_permutex2var_epi64(b, high, d));
        let z = [
            _mm512_shuffle_i64x2::<0x44>(even.0, odd.0),
            _mm512_shuffle_i64x2::<0xee>(even.0, odd.0),
            _mm512_shuffle_i64x2::<0x44>(even.1, odd.1),
            _mm512_shuffle_i64x2::<0xee>(even.1, odd.1),
        ];
        for (i, z) in z.into_iter().enumerate() {
            _mm512_storeu_si512(rows.as_mut_ptr().add(2 * i).cast(), z);
        }
    }
}
