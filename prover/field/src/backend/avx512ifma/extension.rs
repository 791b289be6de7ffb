//! Lanes of the quadratic extension, `u^2 = -1`.

use core::arch::x86_64::*;

use ark_bn254::{Fq, Fq2};

use crate::backend::avx512ifma::Avx512Ifma;
use crate::backend::avx512ifma::arithmetic::{self as vector, Columns, Halves, Vector, splat};
use crate::backend::avx512ifma::lanes::{Ifma, Loose};
use crate::backend::avx512ifma::memory;
use crate::backend::portable::Words;
use crate::lanes::{ExtensionLanes, LANES, Lanes, Mask, Packed, dot_fits};
use crate::modulus::Constants;

/// Eight elements `c0 + c1 u`.
#[derive(Clone, Copy)]
pub struct Ifma2 {
    c0: Ifma<Fq>,
    c1: Ifma<Fq>,
}

/// Eight sums or differences.
#[derive(Clone, Copy)]
pub struct Loose2 {
    c0: Loose<Fq>,
    c1: Loose<Fq>,
}

/// `a b`: three products, two reductions.
///
/// With coefficients below 5.65 p: `c1 = a0 b1 + a1 b0 < 64 p^2`, and `c0 = a0 b0 - a1 b1 + 2^260 p` lies in
/// `(2^260 p - 32 p^2, 2^260 p + 32 p^2)`; as `p / 2^260 < 0.0119`, both are below 2.4 p < 2^255 after reduction. The sums of the
/// factors are below 11.3 p < 2^258.
#[inline(always)]
unsafe fn product(a: &Loose2, b: &Loose2) -> Ifma2 {
    // SAFETY: lanes exist only where the instructions do.
    unsafe {
        let (low, high) = (vector::product(&a.c0.0, &b.c0.0), vector::product(&a.c1.0, &b.c1.0));
        let sum_a = vector::carry(vector::add(&a.c0.0, &a.c1.0));
        let sum_b = vector::carry(vector::add(&b.c0.0, &b.c1.0));
        karatsuba(low, high, vector::product(&sum_a, &sum_b))
    }
}

/// `a^2 = (a0 + a1)(a0 - a1) + 2 a0 a1 u`: two products, two reductions.
///
/// `a0 + a1 < 11.3 p` and `a0 - a1 + 6 p < 11.65 p`: 131.7 p^2 / 2^260 + p < 2.56 p < 2^255.
#[inline(always)]
unsafe fn square(a: &Loose2) -> Ifma2 {
    // SAFETY: lanes exist only where the instructions do.
    unsafe {
        let sum = vector::carry(vector::add(&a.c0.0, &a.c1.0));
        let raised = vector::add(&a.c0.0, &splat(&Constants::<Fq>::P6));
        let difference = vector::carry(vector::sub(&raised, &a.c1.0));
        let mut c1 = vector::product(&a.c0.0, &a.c1.0);
        for column in &mut c1 {
            *column = _mm512_add_epi64(*column, *column);
        }
        Ifma2 {
            c0: Ifma::reduced(vector::montgomery::<Fq>(vector::product(&sum, &difference))),
            c1: Ifma::reduced(vector::montgomery::<Fq>(c1)),
        }
    }
}

impl Lanes for Ifma2 {
    type Token = Avx512Ifma;
    type Element = Fq2;
    type Loose = Loose2;
    type Stored = [u64; 8];

    const SIDE_BY_SIDE: bool = false;

    #[inline(always)]
    fn splat(token: Avx512Ifma, element: Fq2) -> Self {
        Ifma2 { c0: Ifma::splat(token, element.c0), c1: Ifma::splat(token, element.c1) }
    }

    #[inline(always)]
    fn from_array(token: Avx512Ifma, elements: &[Fq2; LANES]) -> Self {
        Ifma2 {
            c0: Ifma::from_array(token, &elements.map(|element| element.c0)),
            c1: Ifma::from_array(token, &elements.map(|element| element.c1)),
        }
    }

    #[inline(always)]
    fn to_array(self) -> [Fq2; LANES] {
        let (c0, c1) = (self.c0.to_array(), self.c1.to_array());
        core::array::from_fn(|i| Fq2::new(c0[i], c1[i]))
    }

    #[inline(always)]
    fn loose(self) -> Loose2 {
        Loose2 { c0: self.c0.loose(), c1: self.c1.loose() }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Loose2 {
        Loose2 { c0: self.c0.add(other.c0), c1: self.c1.add(other.c1) }
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Loose2 {
        Loose2 { c0: self.c0.sub(other.c0), c1: self.c1.sub(other.c1) }
    }

    #[inline(always)]
    fn sub_two(self, b: Self, c: Self) -> Self {
        Ifma2 { c0: self.c0.sub_two(b.c0, c.c0), c1: self.c1.sub_two(b.c1, c.c1) }
    }

    #[inline(always)]
    fn reduce(loose: Loose2) -> Self {
        Ifma2 { c0: Ifma::reduce(loose.c0), c1: Ifma::reduce(loose.c1) }
    }

    #[inline(always)]
    fn add_reduced(self, other: Self) -> Self {
        Ifma2 { c0: self.c0.add_reduced(other.c0), c1: self.c1.add_reduced(other.c1) }
    }

    #[inline(always)]
    fn sub_reduced(self, other: Self) -> Self {
        Ifma2 { c0: self.c0.sub_reduced(other.c0), c1: self.c1.sub_reduced(other.c1) }
    }

    #[inline(always)]
    fn mul(a: Loose2, b: Loose2) -> Self {
        // SAFETY: lanes exist only where the instructions do.
        unsafe { product(&a, &b) }
    }

    #[inline(always)]
    fn square(a: Loose2) -> Self {
        // SAFETY: lanes exist only where the instructions do.
        unsafe { square(&a) }
    }

    #[inline(always)]
    fn maybe_zero(a: Loose2) -> Mask {
        Ifma::maybe_zero(a.c0) & Ifma::maybe_zero(a.c1)
    }

    #[inline(always)]
    fn is_zero(a: Loose2) -> Mask {
        Ifma::is_zero(a.c0) & Ifma::is_zero(a.c1)
    }

    #[inline(always)]
    fn select(mask: Mask, a: Self, b: Self) -> Self {
        Ifma2 { c0: Ifma::select(mask, a.c0, b.c0), c1: Ifma::select(mask, a.c1, b.c1) }
    }

    #[inline(always)]
    fn exchange<const K: usize>(self) -> Self {
        Ifma2 { c0: self.c0.exchange::<K>(), c1: self.c1.exchange::<K>() }
    }

    #[inline(always)]
    fn transpose(mut vectors: [Self; LANES]) -> [Self; LANES] {
        let (mut c0, mut c1) = (vectors.map(|v| v.c0), vectors.map(|v| v.c1));
        (c0, c1) = (Ifma::transpose(c0), Ifma::transpose(c1));
        for (v, (c0, c1)) in vectors.iter_mut().zip(c0.into_iter().zip(c1)) {
            *v = Ifma2 { c0, c1 };
        }
        vectors
    }

    #[inline(always)]
    fn load(_: Avx512Ifma, rows: &[[u64; 8]; LANES]) -> Self {
        // SAFETY: the token; a row is 64 bytes.
        unsafe {
            let mut z = [_mm512_setzero_si512(); LANES];
            for (z, row) in z.iter_mut().zip(rows) {
                *z = _mm512_loadu_si512(row.as_ptr().cast());
            }
            of_rows(z)
        }
    }

    #[inline(always)]
    fn store(self, rows: &mut [[u64; 8]; LANES]) {
        // SAFETY: lanes; a row is 64 bytes.
        unsafe {
            for (row, value) in rows.iter_mut().zip(to_rows(&self)) {
                _mm512_storeu_si512(row.as_mut_ptr().cast(), value);
            }
        }
    }

    #[inline(always)]
    fn load_points(_: Avx512Ifma, rows: [&Packed<[u64; 8]>; LANES]) -> (Self, Self) {
        // SAFETY: the token; coordinates are 64 bytes, aligned as the point is and 64 on.
        unsafe {
            let mut x = [_mm512_setzero_si512(); LANES];
            let mut y = x;
            for (i, row) in rows.into_iter().enumerate() {
                x[i] = _mm512_load_si512(row.x.as_ptr().cast());
                y[i] = _mm512_load_si512(row.y.as_ptr().cast());
            }
            (of_rows(x), of_rows(y))
        }
    }

    #[inline(always)]
    fn store_points(x: Self, y: Self, rows: &mut [Packed<[u64; 8]>; LANES]) {
        // SAFETY: lanes; coordinates are 64 bytes, aligned as the point is and 64 on.
        unsafe {
            let (x, y) = (to_rows(&x), to_rows(&y));
            for (i, row) in rows.iter_mut().enumerate() {
                _mm512_store_si512(row.x.as_mut_ptr().cast(), x[i]);
                _mm512_store_si512(row.y.as_mut_ptr().cast(), y[i]);
            }
        }
    }

    #[inline(always)]
    fn negate(mask: Mask, a: Self) -> Self {
        Ifma2 { c0: Ifma::negate(mask, a.c0), c1: Ifma::negate(mask, a.c1) }
    }

    #[inline(always)]
    fn negate_stored(a: &[u64; 8]) -> [u64; 8] {
        let c0 = Ifma::<Fq>::negate_stored(&[a[0], a[1], a[2], a[3]]);
        let c1 = Ifma::<Fq>::negate_stored(&[a[4], a[5], a[6], a[7]]);
        [c0[0], c0[1], c0[2], c0[3], c1[0], c1[1], c1[2], c1[3]]
    }

    #[inline(always)]
    fn canonical(self) -> Self {
        Ifma2 { c0: self.c0.canonical(), c1: self.c1.canonical() }
    }

    #[inline(always)]
    fn invert_element(element: Fq2) -> Option<Fq2> {
        element.inverted()
    }
}

/// Most products of one sum.
const TERMS_MAX: usize = 7;

/// Coefficients `a0, a1, b0, b1` of a product's factors.
type Term<'a> = [&'a Vector; 4];

/// `sum a b`: three products each, two reductions.
///
/// With reduced factors, below `2.648 p`, a product adds `14.03 p^2` at most to `c1`, half of it up or down to `c0`; where one
/// is loose, `29.93 p^2`. With `p / 2^260 < 0.0119`: `c0 = sum a0 b0 - a1 b1 + 2^260 p` reduces to less than
/// `(0.0828 N + 0.1765 M + 2) p`, `c1` to less than `(0.1656 N + 0.353 M + 1) p`, both below `2^255` where [`dot_fits`].
#[inline(never)]
#[target_feature(enable = "avx512f,avx512ifma,avx512dq,avx512bw,avx512vl,avx512vbmi2,bmi1,bmi2,adx")]
unsafe fn sum_of_products(terms: &[Term<'_>]) -> Ifma2 {
    // SAFETY: lanes exist only where the instructions do.
    unsafe {
        let (mut low, mut high, mut mixed) = (Halves::zero(), Halves::zero(), Halves::zero());
        for [a0, _, b0, _] in terms {
            low.accumulate(a0, b0);
        }
        let low = low.columns();
        for [_, a1, _, b1] in terms {
            high.accumulate(a1, b1);
        }
        let high = high.columns();
        for [a0, a1, b0, b1] in terms {
            mixed.accumulate(&vector::carry(vector::add(a0, a1)), &vector::carry(vector::add(b0, b1)));
        }
        karatsuba(low, high, mixed.columns())
    }
}

/// `a0 b0`, `a1 b1`, `(a0 + a1) (b0 + b1)` to a product's coefficients.
#[inline(always)]
unsafe fn karatsuba(low: Columns, high: Columns, mixed: Columns) -> Ifma2 {
    // SAFETY: lanes exist only where the instructions do.
    unsafe {
        let (mut c0, mut c1) = (low, mixed);
        let p = splat(&Constants::<Fq>::P);
        for i in 0..10 {
            c0[i] = _mm512_sub_epi64(low[i], high[i]);
            c1[i] = _mm512_sub_epi64(_mm512_sub_epi64(mixed[i], low[i]), high[i]);
        }
        for i in 0..5 {
            c0[i + 5] = _mm512_add_epi64(c0[i + 5], p[i]);
        }
        Ifma2 { c0: Ifma::reduced(vector::montgomery::<Fq>(c0)), c1: Ifma::reduced(vector::montgomery::<Fq>(c1)) }
    }
}

/// `a b`, not inlined.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512ifma,avx512dq,avx512bw,avx512vl,avx512vbmi2,bmi1,bmi2,adx")]
unsafe fn called_product(a: &Ifma2, b: &Ifma2) -> Ifma2 {
    // SAFETY: lanes exist only where the instructions do.
    unsafe { product(&a.loose(), &b.loose()) }
}

/// `a^2`, not inlined.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512ifma,avx512dq,avx512bw,avx512vl,avx512vbmi2,bmi1,bmi2,adx")]
unsafe fn called_square(a: &Ifma2) -> Ifma2 {
    // SAFETY: lanes exist only where the instructions do.
    unsafe { square(&a.loose()) }
}

impl ExtensionLanes for Ifma2 {
    type Base = Ifma<Fq>;

    #[inline(always)]
    fn new(c0: Ifma<Fq>, c1: Ifma<Fq>) -> Self {
        Ifma2 { c0, c1 }
    }

    #[inline(always)]
    fn coefficients(self) -> (Ifma<Fq>, Ifma<Fq>) {
        (self.c0, self.c1)
    }

    #[inline(always)]
    fn conjugate(self) -> Self {
        Ifma2 { c0: self.c0, c1: self.c1.negated() }
    }

    #[inline(always)]
    fn negated(self) -> Self {
        Ifma2 { c0: self.c0.negated(), c1: self.c1.negated() }
    }

    #[inline(always)]
    fn times_nonresidue(self) -> Self {
        // SAFETY: lanes. 9 c0 - c1 and 9 c1 + c0.
        unsafe {
            Ifma2 {
                c0: Ifma::reduced(vector::nine_times_plus::<Fq>(&self.c0.0, &self.c1.0, true)),
                c1: Ifma::reduced(vector::nine_times_plus::<Fq>(&self.c1.0, &self.c0.0, false)),
            }
        }
    }

    #[inline(always)]
    fn dot<const N: usize, const M: usize>(once: [(&Self, &Self); N], loose: [(&Loose2, &Self); M]) -> Self {
        const { assert!(dot_fits(N, M) && N + M <= TERMS_MAX) };
        let Some((a, b)) =
            once.first().map(|(a, b)| ([&a.c0.0, &a.c1.0], b)).or(loose.first().map(|(a, b)| ([&a.c0.0, &a.c1.0], b)))
        else {
            unreachable!("a sum of no products")
        };
        let mut terms: [Term<'_>; TERMS_MAX] = [[a[0], a[1], &b.c0.0, &b.c1.0]; TERMS_MAX];
        for (term, (a, b)) in terms.iter_mut().zip(once) {
            *term = [&a.c0.0, &a.c1.0, &b.c0.0, &b.c1.0];
        }
        for (term, (a, b)) in terms[N..].iter_mut().zip(loose) {
            *term = [&a.c0.0, &a.c1.0, &b.c0.0, &b.c1.0];
        }
        // SAFETY: lanes.
        unsafe { sum_of_products(&terms[..N + M]) }
    }

    #[inline(always)]
    fn product(a: &Self, b: &Self) -> Self {
        // SAFETY: lanes.
        unsafe { called_product(a, b) }
    }

    #[inline(always)]
    fn squared(a: &Self) -> Self {
        // SAFETY: lanes.
        unsafe { called_square(a) }
    }

    #[inline(always)]
    fn pick(self, other: Self, from: &[u8; LANES]) -> Self {
        Ifma2 { c0: self.c0.pick(other.c0, from), c1: self.c1.pick(other.c1, from) }
    }
}

/// One element a vector to lanes.
#[inline(always)]
unsafe fn of_rows(rows: [__m512i; 8]) -> Ifma2 {
    // SAFETY: lanes exist only where the instructions do.
    unsafe {
        let [a0, a1, a2, a3, b0, b1, b2, b3] = memory::transpose(rows);
        Ifma2 { c0: Ifma::reduced(memory::limbs([a0, a1, a2, a3])), c1: Ifma::reduced(memory::limbs([b0, b1, b2, b3])) }
    }
}

/// Lanes to one element a vector.
#[inline(always)]
unsafe fn to_rows(lanes: &Ifma2) -> [__m512i; 8] {
    // SAFETY: lanes exist only where the instructions do.
    unsafe {
        let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (memory::words(&lanes.c0.0), memory::words(&lanes.c1.0));
        memory::transpose([a0, a1, a2, a3, b0, b1, b2, b3])
    }
}
