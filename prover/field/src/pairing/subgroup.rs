//! Membership in the subgroup of order r of the twist, eight points at a time.
//!
//! With `psi` the twisted `p`-th power and `x` the curve's parameter, a point `P` of the twist is in the subgroup exactly if
//!
//! ```text
//! [x + 1] P + psi([x] P) + psi^2([x] P) - psi^3([2 x] P) = 0
//! ```
//!
//! As an element of `Z[psi]`, where `psi^2 - t psi + p = 0`, the left side has a norm `N` that shares no factor with the twist's order
//! `r h` but `r`: what it takes to 0 has an order that divides `gcd(N, r h) = r`. The test computes that.
//!
//! Source: Dai, Lin, Zhao, Zhou, <https://eprint.iacr.org/2022/348>, sections 3 and 5.1.

use ark_bn254::{Config, G2Affine};
use ark_ec::AffineRepr;
use ark_ec::bn::BnConfig;

use crate::backend::{Backend, Work};
use crate::lanes::{ExtensionLanes, LANES, Lanes, Mask};
use crate::pairing::loops::Affine;

/// The work of [`super::in_subgroup`].
pub(super) struct Check<'a, B> {
    pub(super) token: B,
    pub(super) points: &'a [G2Affine],
}

/// The curve's parameter.
const X: u64 = Config::X[0];

const _: () = assert!(Config::X.len() == 1 && !Config::X_IS_NEGATIVE);

/// Eight points `(X / Z^2, Y / Z^3)`; infinity where `Z = 0`.
#[derive(Clone, Copy)]
struct Jacobian<L> {
    x: L,
    y: L,
    z: L,
}

impl<B: Backend> Work for Check<'_, B> {
    type Output = Vec<bool>;

    #[inline(always)]
    fn run(self) -> Vec<bool> {
        let mut verdicts = Vec::with_capacity(self.points.len());
        for points in self.points.chunks(LANES) {
            let mut eight = [G2Affine::generator(); LANES];
            eight[..points.len()].copy_from_slice(points);
            let inside = inside::<B>(self.token, &eight);
            verdicts.extend((0..points.len()).map(|lane| inside >> lane & 1 == 1));
        }
        verdicts
    }
}

/// The lanes whose point is in the subgroup.
#[inline(always)]
fn inside<B: Backend>(token: B, points: &[G2Affine; LANES]) -> Mask {
    let p = Affine::<B::Fq2>::from_points::<B>(token, points);
    // A lane where a sum met one of its exceptions, equal or opposite points or infinity.
    let mut exceptional: Mask = 0;
    let mut multiple = Jacobian { x: p.x, y: p.y, z: B::Fq2::one(token) };
    for bit in (0..X.ilog2()).rev() {
        multiple.double();
        if X >> bit & 1 == 1 {
            exceptional |= multiple.add_affine(&p);
        }
    }
    // [x] P, its images, and [2 x] P.
    let mut twice = multiple;
    twice.double();
    let one = multiple.frobenius(token);
    let two = one.frobenius(token);
    let third = twice.frobenius(token).frobenius(token).frobenius(token);
    let mut sum = multiple;
    exceptional |= sum.add_affine(&p);
    exceptional |= sum.add(&one);
    exceptional |= sum.add(&two);
    let mut verdict = sum.equal(&third);
    for lane in (0..LANES).filter(|lane| exceptional >> lane & 1 == 1) {
        // In the subgroup, no sum above has an exception: its points are small multiples of P that differ.
        let by_arkworks = points[lane].is_in_correct_subgroup_assuming_on_curve();
        verdict = verdict & !(1 << lane) | Mask::from(by_arkworks) << lane;
    }
    verdict
}

impl<L: ExtensionLanes> Jacobian<L> {
    /// `P = 2 P`, for every point: the twist has an odd order, so `Y` is never 0.
    ///
    /// ```text
    /// D = 4 X Y^2   E = 3 X^2      X' = E^2 - 2 D   Y' = E (D - X') - 8 Y^4   Z' = 2 Y Z
    /// ```
    #[inline(always)]
    fn double(&mut self) {
        let Jacobian { x, y, z } = self;
        let (a, b) = (L::squared(x), L::squared(y));
        let two_b = b.add_reduced(b);
        let d = L::dot([], [(&x.add(*x), &two_b)]);
        let e = a.add_reduced(a).add_reduced(a);
        *z = L::dot([], [(&y.add(*y), z)]);
        *x = L::squared(&e).sub_two(d, d);
        *y = L::dot([(&e, &d.sub_reduced(*x))], [(&two_b.add(two_b), &two_b.negated())]);
    }

    /// `P = P + Q` but in the lanes that come back, where `P = +-Q` perhaps.
    #[inline(always)]
    fn add_affine(&mut self, q: &Affine<L>) -> Mask {
        let squared = L::squared(&self.z);
        let x = L::product(&q.x, &squared);
        let y = L::product(&q.y, &L::product(&squared, &self.z));
        self.chord([self.x, self.y], [x, y], self.z)
    }

    /// As [`add_affine`](Self::add_affine).
    #[inline(always)]
    fn add(&mut self, q: &Self) -> Mask {
        let ([left, right], z) = (self.common(q), L::product(&self.z, &q.z));
        self.chord(left, right, z)
    }

    /// Both points over the denominator `Z_1 Z_2`: `X_1 Z_2^2, Y_1 Z_2^3` and `X_2 Z_1^2, Y_2 Z_1^3`.
    #[inline(always)]
    fn common(&self, q: &Self) -> [[L; 2]; 2] {
        let (one, two) = (L::squared(&self.z), L::squared(&q.z));
        let left = [L::product(&self.x, &two), L::product(&self.y, &L::product(&two, &q.z))];
        let right = [L::product(&q.x, &one), L::product(&q.y, &L::product(&one, &self.z))];
        [left, right]
    }

    /// The sum of two points over one denominator.
    ///
    /// ```text
    /// H = x_2 - x_1   R = y_2 - y_1      X' = R^2 - H^3 - 2 x_1 H^2   Y' = R (x_1 H^2 - X') - y_1 H^3   Z' = Z H
    /// ```
    #[inline(always)]
    fn chord(&mut self, [x1, y1]: [L; 2], [x2, y2]: [L; 2], z: L) -> Mask {
        let (h, r) = (x2.sub_reduced(x1), y2.sub_reduced(y1));
        let hh = L::squared(&h);
        let (hhh, v) = (L::product(&h, &hh), L::product(&x1, &hh));
        let x = L::squared(&r).sub_two(v, v).sub_reduced(hhh);
        let y = L::dot([(&r, &v.sub_reduced(x)), (&y1.negated(), &hhh)], []);
        *self = Jacobian { x, y, z: L::product(&z, &h) };
        L::maybe_zero(h.loose())
    }

    /// As [`Affine::frobenius`].
    #[inline(always)]
    fn frobenius(&self, token: L::Token) -> Self {
        let x = L::product(&self.x.conjugate(), &L::splat(token, Config::TWIST_MUL_BY_Q_X));
        let y = L::product(&self.y.conjugate(), &L::splat(token, Config::TWIST_MUL_BY_Q_Y));
        Jacobian { x, y, z: self.z.conjugate() }
    }

    /// The lanes whose points are equal, both finite.
    #[inline(always)]
    fn equal(&self, other: &Self) -> Mask {
        let [[x1, y1], [x2, y2]] = self.common(other);
        L::is_zero(x1.sub(x2)) & L::is_zero(y1.sub(y2))
    }
}

#[cfg(test)]
mod tests {
    use ark_bn254::{Fq2, Fr, G2Projective};
    use ark_ec::CurveGroup;
    use ark_ff::{BigInteger, PrimeField, UniformRand};
    use num_bigint::{BigInt, BigUint, Sign};
    use rand::SeedableRng;

    use super::*;
    use crate::{Avx512Ifma, Modulus, Portable};

    fn big(words: &[u64]) -> BigInt {
        BigInt::from_bytes_le(Sign::Plus, &words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>())
    }

    /// `h r`, the order of the twist.
    fn order() -> BigInt {
        big(<ark_bn254::g2::Config as ark_ec::CurveConfig>::COFACTOR) * big(&Fr::WORDS)
    }

    #[test]
    fn the_criterion_holds_in_the_subgroup_alone() {
        let (x, p, r) = (BigInt::from(X), big(&ark_bn254::Fq::WORDS), big(&Fr::WORDS));
        let t = &p + 1 - &r;
        assert_eq!(t, 6 * &x * &x + 1);
        // psi^k = a + b psi.
        let mut power = [BigInt::from(1), BigInt::from(0)];
        let mut sum = [BigInt::from(0), BigInt::from(0)];
        for coefficient in [&x + 1, x.clone(), x.clone(), -2 * &x] {
            for (sum, power) in sum.iter_mut().zip(&power) {
                *sum += power * &coefficient;
            }
            let [a, b] = power;
            power = [-&p * &b, a + &t * &b];
        }
        let [a, b] = sum;
        let norm = &a * &a + &t * &a * &b + &p * &b * &b;
        let (mut gcd, mut rest) = (norm, order());
        while rest != BigInt::from(0) {
            (gcd, rest) = (rest.clone(), gcd % rest);
        }
        assert_eq!(gcd, r);
    }

    fn on_twist(random: &mut impl rand::RngCore) -> G2Affine {
        loop {
            if let Some(point) = G2Affine::get_point_from_x_unchecked(Fq2::rand(random), true) {
                return point;
            }
        }
    }

    fn times(point: &G2Affine, scalar: &BigInt) -> G2Affine {
        let words: Vec<u64> = BigUint::try_from(scalar.clone()).expect("positive").to_u64_digits();
        point.mul_bigint(words).into_affine()
    }

    fn conforms<B: Backend>(token: B) {
        let random = &mut rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let generator = G2Affine::generator();
        let mut points = vec![generator, -generator];
        points.extend([2u64, 3, X - 1, X, X + 1].map(|k| (generator * Fr::from(k)).into_affine()));
        points.extend((0..20).map(|_| G2Projective::rand(random).into_affine()));
        let inside = points.len();
        points.extend((0..20).map(|_| on_twist(random)));
        // Every small factor of the cofactor, and it all: points of that order, times r, and such a point beside one of order r.
        let mut small = Vec::new();
        for factor in [10069u64, 5864401, 1875725156269] {
            let rest = order() / factor;
            assert_eq!(&rest * factor, order());
            let point = loop {
                let point = times(&on_twist(random), &rest);
                if !point.is_zero() {
                    break point;
                }
            };
            assert!(times(&point, &BigInt::from(factor)).is_zero());
            small.push(point);
            small.push((point + generator).into_affine());
            small.push((point * Fr::from(2u64)).into_affine());
            small.push(times(&point, &BigInt::from(factor - 1)));
        }
        small.push(times(&on_twist(random), &big(&Fr::WORDS)));
        points.extend(small.into_iter().filter(|point| !point.is_zero()));
        let by_order: Vec<bool> =
            points.iter().map(|point| point.mul_bigint(Fr::MODULUS).into_affine().is_zero()).collect();
        assert_eq!(by_order.iter().filter(|inside| **inside).count(), inside);
        assert!(Fr::MODULUS.num_bits() == 254);
        let verdicts = |points: &[G2Affine]| token.run(Check { token, points });
        assert_eq!(verdicts(&points), by_order);
        // Each in each lane, and every length.
        for start in 0..points.len() {
            for length in 0..=9usize.min(points.len() - start) {
                assert_eq!(verdicts(&points[start..start + length]), by_order[start..start + length]);
            }
        }
    }

    #[test]
    fn verdicts_are_those_of_the_order() {
        conforms(Portable);
        if let Some(token) = Avx512Ifma::detect() {
            conforms(token);
        }
    }
}
