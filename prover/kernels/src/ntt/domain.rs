//! Roots of one size, and transforms with them.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, FftField, Field};
use rayon::prelude::*;
use zera_field::{Backend, LANES, Lanes, Work};

use crate::engine::MAX_LOG_N;
use crate::ntt::pass::{Base, Gather, Multiply, Radix2, Radix4, Spread};

/// Least `log_n`: a group of eight vectors.
pub const MIN_LOG_N: u32 = 6;

/// Vectors that one task takes through all passes: 160 KiB, well inside the second-level cache.
const BLOCK: usize = 512;
/// Vectors of each quarter that one task of a wide pass takes.
pub(super) const STRIP: usize = 256;

/// Where coefficient `scrambled(log_n, i)` of a transform's `n` is: at place `i`, vector `i / 8`, lane `i % 8`.
///
/// Bits are reversed, and in every group of 64 the lane and the place in the group have changed places.
pub fn scrambled(log_n: u32, i: usize) -> usize {
    let (group, vector, lane) = (i / 64, i / LANES % LANES, i % LANES);
    (group * 64 + lane * LANES + vector).reverse_bits() >> (usize::BITS - log_n)
}

/// Twiddle factors of one direction.
struct Roots<L> {
    /// Per pass of radix 4, the widest first: for vector `j` of a quarter, `w^j`, `w^2j`, `w^3j` in lanes.
    fours: Vec<Vec<[L; 3]>>,
    /// Of the pass of radix 2 that is left where the number of passes is odd: over two vectors.
    two: Option<L>,
    /// The fourth root of unity.
    quarter: L,
    /// The eighth root of unity, its square and its cube, over the lanes that were.
    base: [L; 3],
}

/// A transform's size with its roots: about `2 n` elements of 40 bytes.
pub struct Domain<B: Backend> {
    backend: B,
    log_n: u32,
    forward: Roots<B::Fr>,
    inverse: Roots<B::Fr>,
}

/// One factor for each coefficient, in scrambled order.
pub struct Scale<L>(pub(super) Vec<L>);

impl<B: Backend> Domain<B> {
    /// Roots for `2^log_n` points: about `2 n` multiplications, on the current rayon pool.
    ///
    /// # Panics
    /// Unless [`MIN_LOG_N`] `<= log_n <=` [`MAX_LOG_N`].
    pub fn new(backend: B, log_n: u32) -> Domain<B> {
        assert!((MIN_LOG_N..=MAX_LOG_N).contains(&log_n), "ntt: log_n {log_n}");
        let root = Fr::get_root_of_unity(1 << log_n).expect("log_n is at most 28");
        let inverse = root.inverse().expect("a root is not zero");
        let roots = |root| Roots::new(backend, log_n, root);
        Domain { backend, log_n, forward: roots(root), inverse: roots(inverse) }
    }

    /// Points.
    pub fn len(&self) -> usize {
        1 << self.log_n
    }

    /// Never.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// `n` values as lanes, zeros where there are fewer.
    ///
    /// # Panics
    /// For more than `n`.
    pub fn gather(&self, values: &[Fr]) -> Vec<B::Fr> {
        assert!(values.len() <= self.len(), "ntt: {} values for {} points", values.len(), self.len());
        let mut lanes = vec![self.backend.run(Zero::<B::Fr>(self.backend)); self.len() / LANES];
        let (out, values) = (lanes.par_chunks_mut(STRIP), values.par_chunks(STRIP * LANES));
        out.zip(values).for_each(|(out, values)| self.backend.run(Gather { token: self.backend, values, out }));
        lanes
    }

    /// The elements of lanes, place by place.
    pub fn scatter(&self, lanes: &[B::Fr], out: &mut [Fr]) {
        self.check(lanes);
        out.par_chunks_mut(STRIP * LANES).zip(lanes.par_chunks(STRIP)).for_each(|(out, lanes)| {
            self.backend.run(Spread { lanes, out });
        });
    }

    /// Multiplies in place.
    pub fn multiply(&self, lanes: &mut [B::Fr], scale: &Scale<B::Fr>) {
        lanes.par_chunks_mut(STRIP).zip(scale.0.par_chunks(STRIP)).for_each(|(lanes, factors)| {
            self.backend.run(Multiply { lanes, factors });
        });
    }

    /// `factor * shift^k` for each coefficient `k`.
    pub fn scale(&self, shift: Fr, factor: Fr) -> Scale<B::Fr> {
        let bits: Vec<Fr> =
            std::iter::successors(Some(shift), |power| Some(power.square())).take(self.log_n as usize).collect();
        let power = |k: usize| {
            bits.iter()
                .enumerate()
                .filter(|(bit, _)| k >> bit & 1 == 1)
                .fold(factor, |product, (_, power)| product * power)
        };
        // Places of one group of 64 differ in six bits of the index: 64 factors, times one for each group.
        let inside: Vec<Fr> = (0..64).map(|i| power(scrambled(self.log_n, i))).collect();
        let unscaled = factor.inverse().unwrap_or(Fr::ZERO);
        let groups = (0..self.len() / 64).into_par_iter().flat_map_iter(|group| {
            let group = power(scrambled(self.log_n, group * 64)) * unscaled;
            let eights = inside.as_chunks::<LANES>().0;
            eights.iter().map(move |eight| eight.map(|factor| factor * group)).collect::<Vec<_>>()
        });
        let elements: Vec<[Fr; LANES]> = groups.collect();
        let mut lanes = vec![self.backend.run(Zero::<B::Fr>(self.backend)); elements.len()];
        lanes.par_chunks_mut(STRIP).zip(elements.par_chunks(STRIP)).for_each(|(out, elements)| {
            self.backend.run(Gather { token: self.backend, values: elements.as_flattened(), out });
        });
        Scale(lanes)
    }

    /// `n` times the coefficients, scrambled, of the values on the subgroup in natural order.
    pub fn to_coefficients(&self, values: &mut [B::Fr]) {
        self.check(values);
        self.descend(&self.inverse, values, 0);
    }

    /// Values on the subgroup in natural order of the coefficients, scrambled, each times its factor.
    pub fn to_values(&self, coefficients: &mut [B::Fr], scale: Option<&Scale<B::Fr>>) {
        self.check(coefficients);
        self.ascend(&self.forward, coefficients, scale.map(|scale| &scale.0[..]), 0);
    }

    fn check(&self, vectors: &[B::Fr]) {
        assert_eq!(vectors.len() * LANES, self.len(), "ntt: another size");
    }

    /// Decimation in frequency: wide passes first.
    fn descend(&self, roots: &Roots<B::Fr>, vectors: &mut [B::Fr], level: usize) {
        if vectors.len() <= BLOCK {
            self.backend.run(Descend { roots, vectors, level });
            return;
        }
        let [a, b, c, d] = quarters(vectors);
        let strips =
            (a.par_chunks_mut(STRIP), b.par_chunks_mut(STRIP), c.par_chunks_mut(STRIP), d.par_chunks_mut(STRIP));
        strips.into_par_iter().zip(roots.fours[level].par_chunks(STRIP)).for_each(|((a, b, c, d), twiddles)| {
            self.backend.run(Radix4 { quarters: [a, b, c, d], twiddles, quarter: roots.quarter, descending: true });
        });
        let len = vectors.len() / 4;
        vectors.par_chunks_mut(len).for_each(|vectors| self.descend(roots, vectors, level + 1));
    }

    /// Decimation in time: wide passes last.
    fn ascend(&self, roots: &Roots<B::Fr>, vectors: &mut [B::Fr], scale: Option<&[B::Fr]>, level: usize) {
        if vectors.len() <= BLOCK {
            self.backend.run(Ascend { roots, vectors, scale, level });
            return;
        }
        let len = vectors.len() / 4;
        vectors.par_chunks_mut(len).enumerate().for_each(|(i, vectors)| {
            self.ascend(roots, vectors, scale.map(|scale| &scale[i * len..(i + 1) * len]), level + 1);
        });
        let [a, b, c, d] = quarters(vectors);
        let strips =
            (a.par_chunks_mut(STRIP), b.par_chunks_mut(STRIP), c.par_chunks_mut(STRIP), d.par_chunks_mut(STRIP));
        strips.into_par_iter().zip(roots.fours[level].par_chunks(STRIP)).for_each(|((a, b, c, d), twiddles)| {
            self.backend.run(Radix4 { quarters: [a, b, c, d], twiddles, quarter: roots.quarter, descending: false });
        });
    }
}

impl<L: Lanes<Element = Fr>> Roots<L> {
    fn new<B: Backend<Fr = L>>(backend: B, log_n: u32, root: Fr) -> Roots<L>
    where
        L: Lanes<Token = B>,
    {
        // Passes over vectors: the bits of an index above the three of the lane.
        let bits = log_n - 3;
        let splat = |element| backend.run(Splat::<L> { token: backend, element });
        let fours = (0..bits / 2).map(|pass| {
            let root = root.pow([1u64 << (2 * pass)]);
            let vectors = 1usize << (bits - 2 * pass - 2);
            let three = [1u64, 2, 3].map(|power| powers::<B, L>(backend, root.pow([power]), vectors));
            (0..vectors).map(|j| [three[0][j], three[1][j], three[2][j]]).collect()
        });
        let at = |log: u32| root.pow([1u64 << (log_n - log)]);
        let two = (bits % 2 == 1).then(|| powers::<B, L>(backend, at(4), 1)[0]);
        let base = [1, 2, 3].map(|power| splat(at(3).pow([power as u64])));
        Roots { fours: fours.collect(), two, quarter: splat(at(2)), base }
    }
}

/// `root^0, root^1, ...` in vectors.
fn powers<B: Backend, L: Lanes<Token = B, Element = Fr>>(backend: B, root: Fr, vectors: usize) -> Vec<L> {
    let step = root.pow([LANES as u64]);
    let first: Vec<Fr> = std::iter::successors(Some(Fr::ONE), |power| Some(*power * root)).take(LANES).collect();
    let first: [Fr; LANES] = first.try_into().expect("eight of them");
    let strips = vectors.div_ceil(STRIP);
    let of_strip = |strip: usize| {
        let start = step.pow([(strip * STRIP) as u64]);
        let len = STRIP.min(vectors - strip * STRIP);
        backend.run(Powers::<L> { token: backend, first: first.map(|power| power * start), step, len })
    };
    (0..strips).into_par_iter().flat_map_iter(of_strip).collect()
}

struct Powers<L: Lanes> {
    token: L::Token,
    first: [L::Element; LANES],
    step: L::Element,
    len: usize,
}

impl<L: Lanes> Work for Powers<L> {
    type Output = Vec<L>;

    #[inline(always)]
    fn run(self) -> Vec<L> {
        let step = L::splat(self.token, self.step);
        let mut power = L::from_array(self.token, &self.first);
        let mut powers = Vec::with_capacity(self.len);
        for _ in 0..self.len {
            powers.push(power);
            power = power.times(step);
        }
        powers
    }
}

struct Splat<L: Lanes> {
    token: L::Token,
    element: L::Element,
}

impl<L: Lanes> Work for Splat<L> {
    type Output = L;

    #[inline(always)]
    fn run(self) -> L {
        L::splat(self.token, self.element)
    }
}

struct Zero<L: Lanes>(L::Token);

impl<L: Lanes> Work for Zero<L> {
    type Output = L;

    #[inline(always)]
    fn run(self) -> L {
        L::zero(self.0)
    }
}

fn quarters<L>(vectors: &mut [L]) -> [&mut [L]; 4] {
    let quarter = vectors.len() / 4;
    let (low, high) = vectors.split_at_mut(2 * quarter);
    let ((a, b), (c, d)) = (low.split_at_mut(quarter), high.split_at_mut(quarter));
    [a, b, c, d]
}

/// All passes of one block, from `level` on.
struct Descend<'a, L> {
    roots: &'a Roots<L>,
    vectors: &'a mut [L],
    level: usize,
}

impl<L: Lanes> Work for Descend<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Descend { roots, vectors, level } = self;
        for twiddles in &roots.fours[level..] {
            for block in vectors.chunks_exact_mut(4 * twiddles.len()) {
                Radix4 { quarters: quarters(block), twiddles, quarter: roots.quarter, descending: true }.run();
            }
        }
        if let Some(twiddle) = roots.two {
            for pair in vectors.as_chunks_mut::<2>().0 {
                Radix2 { pair, twiddle }.descend();
            }
        }
        for group in vectors.as_chunks_mut::<LANES>().0 {
            Base { group, roots: roots.base }.descend();
        }
    }
}

/// The way back, with factors first.
struct Ascend<'a, L> {
    roots: &'a Roots<L>,
    vectors: &'a mut [L],
    scale: Option<&'a [L]>,
    level: usize,
}

impl<L: Lanes> Work for Ascend<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Ascend { roots, vectors, scale, level } = self;
        if let Some(scale) = scale {
            for (vector, factor) in vectors.iter_mut().zip(scale) {
                *vector = vector.times(*factor);
            }
        }
        for group in vectors.as_chunks_mut::<LANES>().0 {
            Base { group, roots: roots.base }.ascend();
        }
        if let Some(twiddle) = roots.two {
            for pair in vectors.as_chunks_mut::<2>().0 {
                Radix2 { pair, twiddle }.ascend();
            }
        }
        for twiddles in roots.fours[level..].iter().rev() {
            for block in vectors.chunks_exact_mut(4 * twiddles.len()) {
                Radix4 { quarters: quarters(block), twiddles, quarter: roots.quarter, descending: false }.run();
            }
        }
    }
}
