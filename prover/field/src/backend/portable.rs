//! arkworks' elements, one after the other: the reference for every other backend, and what runs where there is none.
//!
//! Products are arkworks', which is plain Rust, or on processors that can carry twice at a time `mulx`'s; sums use the carry flag
//! where there is one. Both are compared with arkworks'.

mod carry; // sums and differences
#[cfg(target_arch = "x86_64")]
mod mulx; // products

use core::array;
use core::marker::PhantomData;

use ark_bn254::{Fq, Fq2, Fq6Config, Fr};
use ark_ff::{AdditiveGroup, Field, Fp6Config};

use crate::backend::{Backend, Work};
use crate::invert::invert;
use crate::lanes::{Coordinate, ExtensionLanes, LANES, Lanes, Mask, Packed, PrimeLanes, dot_fits};
use crate::modulus::Modulus;
use carry::{difference, sum};

/// The token; every processor has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portable;

impl Backend for Portable {
    type Fq = Eight<Fq>;
    type Fr = Eight<Fr>;
    type Fq2 = Eight<Fq2>;

    const NAME: &'static str = "portable";

    #[inline(always)]
    fn run<W: Work>(self, work: W) -> W::Output {
        work.run()
    }
}

/// Eight elements, each in arkworks' Montgomery form and below `p`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Eight<F, T = Portable>([F; LANES], PhantomData<T>);

/// A field whose elements are words in memory.
pub trait Words: Field {
    /// The words.
    type Stored: Coordinate;
    /// Words of an element.
    fn to_words(&self) -> Self::Stored;
    /// The element of words that [`to_words`](Self::to_words) gave.
    fn of_words(words: &Self::Stored) -> Self;
    /// The inverse, `None` of zero.
    fn inverted(&self) -> Option<Self>;
    /// `a + b` without a branch, which would be mispredicted every other time.
    fn plus(a: &Self, b: &Self) -> Self;
    /// `a - b`, likewise.
    fn minus(a: &Self, b: &Self) -> Self;
    /// `out[i] = a[i] b[i]`.
    ///
    /// A call for eight products costs nothing beside them, and copies of it cost much in every kernel. Results are written where
    /// they belong, and by loops: words that are written one at a time and then moved two at a time, as what `array::from_fn` makes are,
    /// wait until they have reached the cache.
    fn products(out: &mut [Self; LANES], a: &[Self; LANES], b: &[Self; LANES]);
    /// `out[i] = a[i]^2`.
    fn squares(out: &mut [Self; LANES], a: &[Self; LANES]);
}

macro_rules! words {
    ($field:ty) => {
        impl Words for $field {
            type Stored = [u64; 4];

            #[inline(always)]
            fn to_words(&self) -> [u64; 4] {
                self.montgomery()
            }

            #[inline(always)]
            fn of_words(words: &[u64; 4]) -> Self {
                Self::from_montgomery(*words)
            }

            #[inline]
            fn inverted(&self) -> Option<Self> {
                invert(self)
            }

            #[inline(always)]
            fn plus(a: &Self, b: &Self) -> Self {
                sum(a, b)
            }

            #[inline(always)]
            fn minus(a: &Self, b: &Self) -> Self {
                difference(a, b)
            }

            #[inline(never)]
            fn products(out: &mut [Self; LANES], a: &[Self; LANES], b: &[Self; LANES]) {
                #[cfg(target_arch = "x86_64")]
                if let Some(mulx) = mulx::detected() {
                    for i in 0..LANES {
                        out[i] = mulx.product(&a[i], &b[i]);
                    }
                    return;
                }
                for i in 0..LANES {
                    out[i] = a[i] * b[i];
                }
            }

            #[inline(never)]
            fn squares(out: &mut [Self; LANES], a: &[Self; LANES]) {
                #[cfg(target_arch = "x86_64")]
                if let Some(mulx) = mulx::detected() {
                    for i in 0..LANES {
                        out[i] = mulx.product(&a[i], &a[i]);
                    }
                    return;
                }
                for i in 0..LANES {
                    out[i] = a[i].square();
                }
            }
        }
    };
}
words!(Fq);
words!(Fr);

impl Words for Fq2 {
    type Stored = [u64; 8];

    #[inline(always)]
    fn to_words(&self) -> [u64; 8] {
        let (c0, c1) = (self.c0.montgomery(), self.c1.montgomery());
        [c0[0], c0[1], c0[2], c0[3], c1[0], c1[1], c1[2], c1[3]]
    }

    #[inline(always)]
    fn of_words(w: &[u64; 8]) -> Self {
        Fq2::new(Fq::from_montgomery([w[0], w[1], w[2], w[3]]), Fq::from_montgomery([w[4], w[5], w[6], w[7]]))
    }

    #[inline]
    fn inverted(&self) -> Option<Self> {
        // 1 / (c0 + c1 u) = (c0 - c1 u) / (c0^2 + c1^2), as u^2 = -1.
        let norm = invert(&(self.c0.square() + self.c1.square()))?;
        Some(Fq2::new(self.c0 * norm, -(self.c1 * norm)))
    }

    #[inline(always)]
    fn plus(a: &Self, b: &Self) -> Self {
        Fq2::new(sum(&a.c0, &b.c0), sum(&a.c1, &b.c1))
    }

    #[inline(always)]
    fn minus(a: &Self, b: &Self) -> Self {
        Fq2::new(difference(&a.c0, &b.c0), difference(&a.c1, &b.c1))
    }

    #[inline(never)]
    fn products(out: &mut [Self; LANES], a: &[Self; LANES], b: &[Self; LANES]) {
        #[cfg(target_arch = "x86_64")]
        if let Some(mulx) = mulx::detected() {
            for i in 0..LANES {
                let (a, b) = (&a[i], &b[i]);
                // Karatsuba: (a0 + a1)(b0 + b1) - a0 b0 - a1 b1 = a0 b1 + a1 b0.
                let (low, high) = (mulx.product(&a.c0, &b.c0), mulx.product(&a.c1, &b.c1));
                let both = mulx.product(&sum(&a.c0, &a.c1), &sum(&b.c0, &b.c1));
                out[i] = Fq2::new(difference(&low, &high), difference(&difference(&both, &low), &high));
            }
            return;
        }
        for i in 0..LANES {
            out[i] = a[i] * b[i];
        }
    }

    #[inline(never)]
    fn squares(out: &mut [Self; LANES], a: &[Self; LANES]) {
        #[cfg(target_arch = "x86_64")]
        if let Some(mulx) = mulx::detected() {
            for i in 0..LANES {
                // a0^2 - a1^2 and 2 a0 a1.
                let product = mulx.product(&a[i].c0, &a[i].c1);
                let real = mulx.product(&sum(&a[i].c0, &a[i].c1), &difference(&a[i].c0, &a[i].c1));
                out[i] = Fq2::new(real, sum(&product, &product));
            }
            return;
        }
        for i in 0..LANES {
            out[i] = a[i].square();
        }
    }
}

impl<F: Words, T: Copy> Eight<F, T> {
    #[inline(always)]
    fn new(elements: [F; LANES]) -> Self {
        Eight(elements, PhantomData)
    }

    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(&F, &F) -> F) -> Self {
        let mut out = Self::new([F::ZERO; LANES]);
        for i in 0..LANES {
            out.0[i] = f(&self.0[i], &other.0[i]);
        }
        out
    }

    #[inline(always)]
    fn mask(self, f: impl Fn(F) -> bool) -> Mask {
        (0..LANES).fold(0, |mask, i| mask | Mask::from(f(self.0[i])) << i)
    }
}

impl<F: Words, T: Copy + Send + Sync + 'static> Lanes for Eight<F, T> {
    type Token = T;
    type Element = F;
    type Loose = Self;
    type Stored = F::Stored;

    const SIDE_BY_SIDE: bool = false;

    #[inline(always)]
    fn splat(_: T, element: F) -> Self {
        Self::new([element; LANES])
    }

    #[inline(always)]
    fn from_array(_: T, elements: &[F; LANES]) -> Self {
        Self::new(*elements)
    }

    #[inline(always)]
    fn to_array(self) -> [F; LANES] {
        self.0
    }

    #[inline(always)]
    fn loose(self) -> Self {
        self
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, F::plus)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, F::minus)
    }

    #[inline(always)]
    fn sub_two(self, b: Self, c: Self) -> Self {
        self.sub(b).sub(c)
    }

    #[inline(always)]
    fn reduce(loose: Self) -> Self {
        loose
    }

    #[inline(always)]
    fn mul(a: Self, b: Self) -> Self {
        let mut out = Self::new([F::ZERO; LANES]);
        F::products(&mut out.0, &a.0, &b.0);
        out
    }

    #[inline(always)]
    fn square(a: Self) -> Self {
        let mut out = Self::new([F::ZERO; LANES]);
        F::squares(&mut out.0, &a.0);
        out
    }

    #[inline(always)]
    fn maybe_zero(a: Self) -> Mask {
        a.mask(|a| a.is_zero())
    }

    #[inline(always)]
    fn is_zero(a: Self) -> Mask {
        a.mask(|a| a.is_zero())
    }

    #[inline(always)]
    fn select(mask: Mask, a: Self, b: Self) -> Self {
        Self::new(array::from_fn(|i| if mask >> i & 1 == 1 { a.0[i] } else { b.0[i] }))
    }

    #[inline(always)]
    fn exchange<const K: usize>(self) -> Self {
        Self::new(array::from_fn(|i| self.0[i ^ K]))
    }

    #[inline(always)]
    fn transpose(vectors: [Self; LANES]) -> [Self; LANES] {
        array::from_fn(|i| Self::new(array::from_fn(|j| vectors[j].0[i])))
    }

    #[inline(always)]
    fn load(_: T, rows: &[F::Stored; LANES]) -> Self {
        Self::new(array::from_fn(|i| F::of_words(&rows[i])))
    }

    #[inline(always)]
    fn store(self, rows: &mut [F::Stored; LANES]) {
        *rows = self.0.map(|a| a.to_words());
    }

    #[inline(always)]
    fn load_points(_: T, rows: [&Packed<F::Stored>; LANES]) -> (Self, Self) {
        (Self::new(rows.map(|row| F::of_words(&row.x))), Self::new(rows.map(|row| F::of_words(&row.y))))
    }

    #[inline(always)]
    fn store_points(x: Self, y: Self, rows: &mut [Packed<F::Stored>; LANES]) {
        for (i, row) in rows.iter_mut().enumerate() {
            *row = Packed { x: x.0[i].to_words(), y: y.0[i].to_words() };
        }
    }

    #[inline(always)]
    fn negate(mask: Mask, a: Self) -> Self {
        Self::new(array::from_fn(|i| if mask >> i & 1 == 1 { -a.0[i] } else { a.0[i] }))
    }

    #[inline(always)]
    fn negate_stored(a: &F::Stored) -> F::Stored {
        (-F::of_words(a)).to_words()
    }

    #[inline(always)]
    fn canonical(self) -> Self {
        self
    }

    #[inline(always)]
    fn invert_element(element: F) -> Option<F> {
        element.inverted()
    }
}

impl<F: Words<Stored = [u64; 4]> + Modulus, T: Copy + Send + Sync + 'static> PrimeLanes for Eight<F, T> {
    #[inline(always)]
    fn integers(_: T, elements: &[F; LANES]) -> [[u64; 4]; LANES] {
        elements.map(|element| element.into_bigint().0)
    }
}

impl<T: Copy + Send + Sync + 'static> ExtensionLanes for Eight<Fq2, T> {
    type Base = Eight<Fq, T>;

    #[inline(always)]
    fn new(c0: Eight<Fq, T>, c1: Eight<Fq, T>) -> Self {
        Self::new(array::from_fn(|i| Fq2::new(c0.0[i], c1.0[i])))
    }

    #[inline(always)]
    fn coefficients(self) -> (Eight<Fq, T>, Eight<Fq, T>) {
        (Eight::new(self.0.map(|a| a.c0)), Eight::new(self.0.map(|a| a.c1)))
    }

    #[inline(always)]
    fn conjugate(self) -> Self {
        Self::new(self.0.map(|a| Fq2::new(a.c0, -a.c1)))
    }

    #[inline(always)]
    fn negated(self) -> Self {
        Self::new(self.0.map(|a| -a))
    }

    #[inline(always)]
    fn times_nonresidue(self) -> Self {
        Self::new(self.0.map(|a| *Fq6Config::mul_fp2_by_nonresidue_in_place(&mut a.clone())))
    }

    #[inline(always)]
    fn dot<const N: usize, const M: usize>(once: [(&Self, &Self); N], loose: [(&Self, &Self); M]) -> Self {
        const { assert!(dot_fits(N, M)) };
        let products = once.into_iter().chain(loose).map(|(a, b)| Self::mul(*a, *b));
        products.reduce(Self::add).unwrap_or(Self::new([Fq2::ZERO; LANES]))
    }

    #[inline(always)]
    fn product(a: &Self, b: &Self) -> Self {
        Self::mul(*a, *b)
    }

    #[inline(always)]
    fn squared(a: &Self) -> Self {
        Self::square(*a)
    }

    #[inline(always)]
    fn pick(self, other: Self, from: &[u8; LANES]) -> Self {
        Self::new(
            from.map(|i| if usize::from(i) < LANES { self.0[usize::from(i)] } else { other.0[usize::from(i) - LANES] }),
        )
    }
}

/// Random elements, and those whose words make carries run: near 0, p and every power of 2^64.
#[cfg(test)]
fn edges<M: Modulus>() -> Vec<M> {
    use rand::SeedableRng;
    let rng = &mut rand_chacha::ChaCha8Rng::seed_from_u64(5);
    let mut all: Vec<M> = (0..300).map(|_| M::rand(rng)).collect();
    for small in 0..4u64 {
        all.extend([M::from(small), -M::from(small)]);
    }
    for i in 0..4 {
        for word in [1, u64::MAX, 1 << 63] {
            let (mut low, mut high) = ([0; 4], [u64::MAX; 4]);
            (low[i], high[i]) = (word, word);
            // Below p: its last word, halved, is left of the last one.
            for [w0, w1, w2, w3] in [low, high] {
                all.push(M::from_montgomery([w0, w1, w2, w3 & M::WORDS[3] >> 1]));
            }
        }
    }
    // The greatest words that there are, and what is left of p without its last one.
    let [w0, w1, w2, w3] = M::WORDS;
    all.extend([M::from_montgomery([w0 - 1, w1, w2, w3]), M::from_montgomery([u64::MAX, u64::MAX, u64::MAX, w3 - 1])]);
    all
}
