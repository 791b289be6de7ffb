//! Points of G1 times 128-bit weights, eight points side by side, four bits at a time.
//!
//! The formulas are complete: equal and opposite points and infinity, which differ from lane to lane, are no exceptions.
//!
//! Source: Renes, Costello, Batina, <https://eprint.iacr.org/2015/1060>, algorithms 7 and 9.

use ark_bn254::{Fq, G1Affine};
use ark_ec::AffineRepr;
use ark_ff::{AdditiveGroup, Field};

use crate::backend::{Backend, Work};
use crate::lanes::{LANES, Lanes, Mask, PrimeLanes};

/// The work of [`super::multiples`].
pub(super) struct Multiples<'a, B> {
    pub(super) token: B,
    pub(super) points: &'a [G1Affine],
    pub(super) weights: &'a [u128],
}

/// The work of [`super::combine`].
pub(super) struct Combine<'a, B> {
    pub(super) token: B,
    pub(super) points: &'a [G1Affine],
    pub(super) weights: &'a [u128],
}

/// Bits of a digit.
const DIGIT_BITS: u32 = 4;

/// Eight points `(X / Z, Y / Z)`; infinity is `(0, 1, 0)` times anything.
#[derive(Clone, Copy)]
pub(super) struct Homogeneous<L> {
    x: L,
    y: L,
    z: L,
}

/// The multiples 0 to 15 of eight points in lanes' form: by digit, coordinate, lane.
#[derive(Clone, Debug)]
pub(super) struct Table(Vec<[[[u64; 4]; LANES]; 3]>);

/// Points and what they are multiplied by, lane by lane.
pub(super) struct Term<'a> {
    pub(super) table: &'a Table,
    pub(super) weights: [u128; LANES],
}

impl<B: Backend> Work for Multiples<'_, B> {
    type Output = Vec<G1Affine>;

    #[inline(always)]
    fn run(self) -> Vec<G1Affine> {
        let token = self.token;
        let nine = nine::<B::Fq>(token);
        let mut out = Vec::with_capacity(self.points.len());
        for (points, weights) in self.points.chunks(LANES).zip(self.weights.chunks(LANES)) {
            let table = &Table::new(token, &Homogeneous::<B::Fq>::new(token, points), nine);
            let product = sum::<B::Fq>(token, &[Term { table, weights: eight(weights) }], u128::BITS, nine);
            out.extend_from_slice(&product.to_affine(token)[..points.len()]);
        }
        out
    }
}

impl<B: Backend> Work for Combine<'_, B> {
    type Output = G1Affine;

    #[inline(always)]
    fn run(self) -> G1Affine {
        let token = self.token;
        let nine = nine::<B::Fq>(token);
        let mut tables = Vec::with_capacity(self.points.len().div_ceil(LANES));
        for points in self.points.chunks(LANES) {
            tables.push(Table::new(token, &Homogeneous::<B::Fq>::new(token, points), nine));
        }
        let weights = self.weights.chunks(LANES).map(eight);
        let terms: Vec<Term<'_>> = tables.iter().zip(weights).map(|(table, weights)| Term { table, weights }).collect();
        sum::<B::Fq>(token, &terms, u128::BITS, nine).sum_of_lanes(nine).to_affine(token)[0]
    }
}

/// Up to eight weights, and zeros.
fn eight(weights: &[u128]) -> [u128; LANES] {
    let mut out = [0; LANES];
    out[..weights.len()].copy_from_slice(weights);
    out
}

/// Three times the curve's constant 3.
#[inline(always)]
pub(super) fn nine<L: Lanes<Element = Fq>>(token: L::Token) -> L {
    L::splat(token, Fq::from(9u64))
}

/// In each lane, the sum of its point in every table times its weight there, below `2^bits`; tables share the doublings
/// (Straus).
#[inline(always)]
pub(super) fn sum<L: PrimeLanes<Element = Fq>>(
    token: L::Token,
    terms: &[Term<'_>],
    bits: u32,
    nine: L,
) -> Homogeneous<L> {
    let mut total = Homogeneous::infinity(token);
    for digit in (0..bits / DIGIT_BITS).rev() {
        for _ in 0..DIGIT_BITS {
            total.double(nine);
        }
        for Term { table, weights } in terms {
            let mut digits = [0; LANES];
            for (digit_of, weight) in digits.iter_mut().zip(weights) {
                *digit_of = (weight >> (digit * DIGIT_BITS)) as usize & ((1 << DIGIT_BITS) - 1);
            }
            if digits != [0; LANES] {
                total.add(&table.multiple(token, &digits), nine);
            }
        }
    }
    total
}

impl Table {
    #[inline(always)]
    pub(super) fn new<L: PrimeLanes<Element = Fq>>(token: L::Token, base: &Homogeneous<L>, nine: L) -> Self {
        let mut multiple = Homogeneous::infinity(token);
        let mut rows = Vec::with_capacity(1 << DIGIT_BITS);
        for digit in 0..1 << DIGIT_BITS {
            if digit != 0 {
                multiple.add(base, nine);
            }
            let mut row = [[[0; 4]; LANES]; 3];
            for (row, coordinate) in row.iter_mut().zip([multiple.x, multiple.y, multiple.z]) {
                coordinate.store(row);
            }
            rows.push(row);
        }
        Table(rows)
    }

    /// Each lane's multiple by its digit.
    #[inline(always)]
    fn multiple<L: PrimeLanes<Element = Fq>>(&self, token: L::Token, digits: &[usize; LANES]) -> Homogeneous<L> {
        let mut rows = [[[0; 4]; LANES]; 3];
        for (lane, digit) in digits.iter().enumerate() {
            let row = &self.0[*digit];
            for coordinate in 0..3 {
                rows[coordinate][lane] = row[coordinate][lane];
            }
        }
        let [x, y, z] = &rows;
        Homogeneous { x: L::load(token, x), y: L::load(token, y), z: L::load(token, z) }
    }
}

impl<L: Lanes<Element = Fq>> Homogeneous<L> {
    /// Up to eight points; other lanes have infinity.
    #[inline(always)]
    pub(super) fn new(token: L::Token, points: &[G1Affine]) -> Self {
        let (mut x, mut y, mut z) = ([Fq::ZERO; LANES], [Fq::ONE; LANES], [Fq::ZERO; LANES]);
        for (lane, point) in points.iter().take(LANES).enumerate() {
            if let Some((px, py)) = point.xy() {
                (x[lane], y[lane], z[lane]) = (px, py, Fq::ONE);
            }
        }
        Homogeneous { x: L::from_array(token, &x), y: L::from_array(token, &y), z: L::from_array(token, &z) }
    }

    /// The sum of all lanes, in every lane.
    #[inline(always)]
    pub(super) fn sum_of_lanes(mut self, nine: L) -> Self {
        self.add(&self.exchange::<1>(), nine);
        self.add(&self.exchange::<2>(), nine);
        self.add(&self.exchange::<4>(), nine);
        self
    }

    /// `a` in the lanes of the mask, `b` in the others.
    #[inline(always)]
    pub(super) fn select(mask: Mask, a: &Self, b: &Self) -> Self {
        Homogeneous { x: L::select(mask, a.x, b.x), y: L::select(mask, a.y, b.y), z: L::select(mask, a.z, b.z) }
    }

    #[inline(always)]
    fn infinity(token: L::Token) -> Self {
        Homogeneous { x: L::zero(token), y: L::one(token), z: L::zero(token) }
    }

    #[inline(always)]
    fn exchange<const K: usize>(&self) -> Self {
        Homogeneous { x: self.x.exchange::<K>(), y: self.y.exchange::<K>(), z: self.z.exchange::<K>() }
    }

    /// `P = 2 P`.
    #[inline(always)]
    pub(super) fn double(&mut self, nine: L) {
        let Homogeneous { x, y, z } = self;
        let t0 = L::square(y.loose());
        let eight = {
            let two = t0.add_reduced(t0);
            let four = two.add_reduced(two);
            four.add_reduced(four)
        };
        let t2 = L::square(z.loose()).times(nine);
        let minus = t0.sub_reduced(t2.add_reduced(t2).add_reduced(t2));
        let x3 = L::mul(x.add(*x), y.loose()).times(minus);
        let y3 = t2.times(eight).add_reduced(L::mul(minus.loose(), t0.add(t2)));
        *z = y.times(*z).times(eight);
        (*x, *y) = (x3, y3);
    }

    /// `P = P + Q`.
    #[inline(always)]
    fn add(&mut self, q: &Self, nine: L) {
        let Homogeneous { x, y, z } = self;
        let (xx, yy, zz) = (x.times(q.x), y.times(q.y), z.times(q.z));
        let xy = L::mul(x.add(*y), q.x.add(q.y)).sub_two(xx, yy);
        let yz = L::mul(y.add(*z), q.y.add(q.z)).sub_two(yy, zz);
        let xz = L::mul(x.add(*z), q.x.add(q.z)).sub_two(xx, zz).times(nine);
        let (xx, zz) = (xx.add_reduced(xx).add_reduced(xx), zz.times(nine));
        let (plus, minus) = (yy.add_reduced(zz), yy.sub_reduced(zz));
        *x = xy.times(minus).sub_reduced(yz.times(xz));
        *y = minus.times(plus).add_reduced(xz.times(xx));
        *z = plus.times(yz).add_reduced(xx.times(xy));
    }

    /// The points, by one inversion.
    #[inline(always)]
    pub(super) fn to_affine(self, token: L::Token) -> [G1Affine; LANES] {
        let infinite = L::is_zero(self.z.loose());
        let inverse = L::select(infinite, L::one(token), self.z).invert(token);
        let (x, y) = (self.x.times(inverse).to_array(), self.y.times(inverse).to_array());
        core::array::from_fn(|lane| {
            if infinite >> lane & 1 == 1 { G1Affine::zero() } else { G1Affine::new_unchecked(x[lane], y[lane]) }
        })
    }
}

#[cfg(test)]
mod tests {
    use ark_bn254::{Fr, G1Projective};
    use ark_ec::CurveGroup;
    use ark_ff::UniformRand;
    use rand::{Rng, SeedableRng};

    use super::*;
    use crate::{Avx512Ifma, Portable};

    fn conforms<B: Backend>(token: B) {
        let random = &mut rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let g = G1Affine::generator();
        let small: Vec<G1Affine> = [0u64, 1, 2, 3, 7, 8, 15, 16, 17].map(|k| (g * Fr::from(k)).into_affine()).to_vec();
        let mut points = small.clone();
        points.extend(small.iter().map(|point| -*point));
        // Points such that digits later the running sum is the very multiple added, or its inverse.
        points.extend([15u64, 16, 255, 1 << 40].map(|k| (g * Fr::from(k).inverse().expect("not zero")).into_affine()));
        points.extend((0..20).map(|_| G1Projective::rand(random).into_affine()));
        let mut weights = vec![0, 1, 2, 3, 8, 15, 16, 17, 0x11, 0x1111, 1 << 64, 1 << 127, u128::MAX, u128::MAX - 15];
        weights.extend((0..20).map(|_| random.r#gen::<u128>()));
        let mut list = Vec::new();
        for (i, point) in points.iter().enumerate() {
            list.extend(weights.iter().map(|weight| (*point, *weight)));
            list.push((points[0], weights[i % weights.len()]));
        }
        let (points, weights): (Vec<_>, Vec<_>) = list.into_iter().unzip();
        let expected: Vec<G1Affine> =
            points.iter().zip(&weights).map(|(point, weight)| (*point * Fr::from(*weight)).into_affine()).collect();
        assert_eq!(token.run(Multiples { token, points: &points, weights: &weights }), expected);
        for length in [0, 1, 7, 8, 9, 16, 64, 65] {
            for start in [0, 30, 101, 400] {
                let range = start..start + length;
                let (points, weights) = (&points[range.clone()], &weights[range.clone()]);
                let total: G1Projective = expected[range.clone()].iter().map(|point| point.into_group()).sum();
                assert_eq!(token.run(Multiples { token, points, weights }), expected[range]);
                assert_eq!(token.run(Combine { token, points, weights }), total.into_affine());
            }
        }
        // Sums that vanish, and equal points in all lanes.
        for n in [8, 16, 64] {
            let opposite: Vec<G1Affine> = (0..n).map(|i| if i % 2 == 0 { g } else { -g }).collect();
            assert!(token.run(Combine { token, points: &opposite, weights: &vec![u128::MAX; n] }).is_zero());
            let expected = (g * (Fr::from(n as u64) * Fr::from(u128::MAX))).into_affine();
            assert_eq!(token.run(Combine { token, points: &vec![g; n], weights: &vec![u128::MAX; n] }), expected);
        }
    }

    #[test]
    fn multiples_and_sums_are_arkworks() {
        conforms(Portable);
        if let Some(token) = Avx512Ifma::detect() {
            conforms(token);
        }
    }
}
