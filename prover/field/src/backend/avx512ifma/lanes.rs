//! Lanes of a prime field.

use core::arch::x86_64::*;
use core::marker::PhantomData;

use ark_bn254::Fq;

use crate::backend::avx512ifma::Avx512Ifma;
use crate::backend::avx512ifma::arithmetic::{self as vector, Vector, splat};
use crate::backend::avx512ifma::memory;
use crate::invert::invert;
use crate::lanes::{LANES, Lanes, Mask, Packed, PrimeLanes};
use crate::modulus::{Constants, Modulus, subtract};

/// Eight elements below `2^255`, limbs 0 to 3 below `2^52`. Only a token, or other lanes, make them.
#[derive(Clone, Copy)]
pub struct Ifma<M>(pub(super) Vector, PhantomData<M>);

/// Eight elements below `2^255 + 3 p`, limbs as in [`Ifma`].
#[derive(Clone, Copy)]
pub struct Loose<M>(pub(super) Vector, PhantomData<M>);

impl<M: Modulus> Ifma<M> {
    #[inline(always)]
    pub(super) fn reduced(v: Vector) -> Self {
        Ifma(v, PhantomData)
    }
}

impl<M: Modulus> Loose<M> {
    #[inline(always)]
    pub(super) fn new(v: Vector) -> Self {
        Loose(v, PhantomData)
    }
}

impl Ifma<Fq> {
    /// `-a`.
    #[inline(always)]
    pub(super) fn negated(self) -> Self {
        // SAFETY: lanes. 3 p > 2^255.
        unsafe { Ifma::reduced(vector::reduce::<Fq>(vector::sub(&splat(&Constants::<Fq>::P3), &self.0))) }
    }

    /// As [`crate::ExtensionLanes::pick`].
    #[inline(always)]
    pub(super) fn pick(self, other: Self, from: &[u8; LANES]) -> Self {
        let mut v = self.0;
        // SAFETY: lanes.
        unsafe {
            let index = _mm512_cvtepu8_epi64(_mm_loadl_epi64(from.as_ptr().cast()));
            for (v, other) in v.iter_mut().zip(other.0) {
                *v = _mm512_permutex2var_epi64(*v, index, other);
            }
        }
        Ifma::reduced(v)
    }
}

/// `p - a`.
const fn minus<M: Modulus>(a: &[u64; 4]) -> [u64; 4] {
    subtract(M::WORDS, *a).0
}

// SAFETY of every block below: lanes and the token exist only where the processor has the instructions.
impl<M: Modulus> Lanes for Ifma<M> {
    type Token = Avx512Ifma;
    type Element = M;
    type Loose = Loose<M>;
    type Stored = [u64; 4];

    const SIDE_BY_SIDE: bool = true;

    #[inline(always)]
    fn splat(token: Avx512Ifma, element: M) -> Self {
        Self::from_array(token, &[element; LANES])
    }

    #[inline(always)]
    fn from_array(_: Avx512Ifma, elements: &[M; LANES]) -> Self {
        let rows = elements.map(|element| element.montgomery());
        // SAFETY: the token. a 2^256 times 2^264, divided by 2^260.
        unsafe {
            let limbs = memory::limbs(memory::gather(&rows));
            Ifma::reduced(vector::montgomery::<M>(vector::product(&limbs, &splat(&Constants::<M>::R264))))
        }
    }

    #[inline(always)]
    fn to_array(self) -> [M; LANES] {
        let mut rows = [[0; 4]; LANES];
        // SAFETY: lanes. a 2^260 times 2^256, divided by 2^260.
        unsafe {
            let limbs = vector::montgomery::<M>(vector::product(&self.0, &splat(&Constants::<M>::R256)));
            Ifma::<M>::reduced(limbs).canonical().store(&mut rows);
        }
        rows.map(M::from_montgomery)
    }

    #[inline(always)]
    fn loose(self) -> Loose<M> {
        Loose::new(self.0)
    }

    #[inline(always)]
    fn add(self, other: Self) -> Loose<M> {
        // SAFETY: lanes. Below 2^256 < 2^255 + 3 p.
        unsafe { Loose::new(vector::carry(vector::add(&self.0, &other.0))) }
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Loose<M> {
        // SAFETY: lanes. 3 p > 2^255, so the value is positive.
        unsafe {
            let raised = vector::add(&self.0, &splat(&Constants::<M>::P3));
            Loose::new(vector::carry(vector::sub(&raised, &other.0)))
        }
    }

    #[inline(always)]
    fn sub_two(self, b: Self, c: Self) -> Self {
        // SAFETY: lanes. 6 p > 2^256; below 2^255 + 6 p < 2^257, what `reduce` takes.
        unsafe {
            let raised = vector::add(&self.0, &splat(&Constants::<M>::P6));
            Ifma::reduced(vector::reduce::<M>(vector::sub(&vector::sub(&raised, &b.0), &c.0)))
        }
    }

    #[inline(always)]
    fn reduce(loose: Loose<M>) -> Self {
        // SAFETY: lanes.
        unsafe { Ifma::reduced(vector::reduce::<M>(loose.0)) }
    }

    #[inline(always)]
    fn add_reduced(self, other: Self) -> Self {
        // SAFETY: lanes.
        unsafe { Ifma::reduced(vector::reduce::<M>(vector::add(&self.0, &other.0))) }
    }

    #[inline(always)]
    fn sub_reduced(self, other: Self) -> Self {
        // SAFETY: lanes; as `sub`.
        unsafe {
            let raised = vector::add(&self.0, &splat(&Constants::<M>::P3));
            Ifma::reduced(vector::reduce::<M>(vector::sub(&raised, &other.0)))
        }
    }

    #[inline(always)]
    fn mul(a: Loose<M>, b: Loose<M>) -> Self {
        // SAFETY: lanes. (5.65 p)^2 / 2^260 + p < 1.38 p.
        unsafe { Ifma::reduced(vector::montgomery::<M>(vector::product(&a.0, &b.0))) }
    }

    #[inline(always)]
    fn square(a: Loose<M>) -> Self {
        // SAFETY: lanes; as `mul`.
        unsafe { Ifma::reduced(vector::montgomery::<M>(vector::square(&a.0))) }
    }

    #[inline(always)]
    fn maybe_zero(a: Loose<M>) -> Mask {
        // Where a = k p, a / p is k < 6 modulo 2^52.
        // SAFETY: lanes.
        unsafe {
            let quotient = _mm512_madd52lo_epu64(_mm512_setzero_si512(), a.0[0], vector::set(Constants::<M>::INVERSE));
            _mm512_cmplt_epu64_mask(quotient, vector::set(6))
        }
    }

    #[inline(always)]
    fn is_zero(a: Loose<M>) -> Mask {
        let v = Self::reduce(a).canonical().0;
        // SAFETY: lanes.
        unsafe {
            let any = _mm512_or_si512(_mm512_or_si512(v[0], v[1]), _mm512_or_si512(v[2], v[3]));
            _mm512_testn_epi64_mask(_mm512_or_si512(any, v[4]), _mm512_or_si512(any, v[4]))
        }
    }

    #[inline(always)]
    fn select(mask: Mask, a: Self, b: Self) -> Self {
        // SAFETY: lanes.
        unsafe { Ifma::reduced(vector::blend(mask, &a.0, &b.0)) }
    }

    #[inline(always)]
    fn exchange<const K: usize>(self) -> Self {
        let mut v = self.0;
        for v in &mut v {
            // SAFETY: lanes.
            *v = unsafe {
                match K {
                    1 => _mm512_permutex_epi64::<0b10_11_00_01>(*v),
                    2 => _mm512_permutex_epi64::<0b01_00_11_10>(*v),
                    _ => _mm512_shuffle_i64x2::<0b01_00_11_10>(*v, *v),
                }
            };
        }
        Ifma::reduced(v)
    }

    #[inline(always)]
    fn transpose(mut vectors: [Self; LANES]) -> [Self; LANES] {
        for limb in 0..5 {
            let mut rows = [vectors[0].0[limb]; LANES];
            for (row, v) in rows.iter_mut().zip(&vectors) {
                *row = v.0[limb];
            }
            // SAFETY: lanes.
            let columns = unsafe { memory::transpose(rows) };
            for (v, column) in vectors.iter_mut().zip(columns) {
                v.0[limb] = column;
            }
        }
        vectors
    }

    #[inline(always)]
    fn load(_: Avx512Ifma, rows: &[[u64; 4]; LANES]) -> Self {
        // SAFETY: the token.
        unsafe { Ifma::reduced(memory::limbs(memory::gather(rows))) }
    }

    #[inline(always)]
    fn store(self, rows: &mut [[u64; 4]; LANES]) {
        // SAFETY: lanes.
        unsafe { memory::scatter(memory::words(&self.0), rows) }
    }

    #[inline(always)]
    fn load_points(_: Avx512Ifma, rows: [&Packed<[u64; 4]>; LANES]) -> (Self, Self) {
        // SAFETY: the token; a point is 64 bytes, x and then y (`repr(C)`).
        unsafe {
            let mut z = [_mm512_setzero_si512(); LANES];
            for (z, row) in z.iter_mut().zip(rows) {
                *z = _mm512_load_si512(core::ptr::from_ref(row).cast());
            }
            let [x0, x1, x2, x3, y0, y1, y2, y3] = memory::transpose(z);
            (Ifma::reduced(memory::limbs([x0, x1, x2, x3])), Ifma::reduced(memory::limbs([y0, y1, y2, y3])))
        }
    }

    #[inline(always)]
    fn store_points(x: Self, y: Self, rows: &mut [Packed<[u64; 4]>; LANES]) {
        // SAFETY: lanes; as `load_points`.
        unsafe {
            let ([x0, x1, x2, x3], [y0, y1, y2, y3]) = (memory::words(&x.0), memory::words(&y.0));
            let points = memory::transpose([x0, x1, x2, x3, y0, y1, y2, y3]);
            for (row, point) in rows.iter_mut().zip(points) {
                _mm512_store_si512(core::ptr::from_mut(row).cast(), point);
            }
        }
    }

    #[inline(always)]
    fn negate(mask: Mask, a: Self) -> Self {
        // SAFETY: lanes. p - a is in [0, p] where a is.
        unsafe {
            let negative = vector::carry(vector::sub(&splat(&Constants::<M>::P), &a.0));
            Ifma::reduced(vector::blend(mask, &negative, &a.0))
        }
    }

    #[inline(always)]
    fn negate_stored(a: &[u64; 4]) -> [u64; 4] {
        minus::<M>(a)
    }

    #[inline(always)]
    fn canonical(self) -> Self {
        // SAFETY: lanes. 2^255 < 3 p.
        unsafe { Ifma::reduced(vector::subtract_once::<M>(&vector::subtract_once::<M>(&self.0))) }
    }

    #[inline(always)]
    fn invert_element(element: M) -> Option<M> {
        invert(&element)
    }
}

impl<M: Modulus> PrimeLanes for Ifma<M> {
    #[inline(always)]
    fn integers(_: Avx512Ifma, elements: &[M; LANES]) -> [[u64; 4]; LANES] {
        let mut rows = elements.map(|element| element.montgomery());
        // SAFETY: the token. a 2^256 times 2^4, divided by 2^260.
        unsafe {
            let limbs = memory::limbs(memory::gather(&rows));
            let integers = vector::montgomery::<M>(vector::product(&limbs, &splat(&[16, 0, 0, 0, 0])));
            Ifma::<M>::reduced(integers).canonical().store(&mut rows);
        }
        rows
    }
}
