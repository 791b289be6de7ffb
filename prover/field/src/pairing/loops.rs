//! The optimal ate pairing's Miller loops, eight pairs side by side, and eight more in the same lanes after them: all share the
//! squarings of what is accumulated.
//!
//! For `P` in G1 and `Q` on the twist, `R` runs from `Q` to `[6 x + 2] Q` in homogeneous coordinates. A line through `R` and another
//! point of the twist, moved to the curve and evaluated at `P`, is `l_0 + l_1 w + l_3 w^3`, taken up to factors in Fq2.
//!
//! Source: Costello, Lange, Naehrig, <https://eprint.iacr.org/2009/615>, section 5, in the form of Aranha, Barreto, Longa,
//! Ricardini, <https://eprint.iacr.org/2013/722>, section 4, which arkworks has; the divisions by 2 are multiplied away.

use ark_bn254::{Config, Fq, Fq2, Fq12, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ec::bn::BnConfig;
use ark_ec::short_weierstrass::SWCurveConfig;
use ark_ff::AdditiveGroup;

use crate::backend::{Backend, Work};
use crate::lanes::{ExtensionLanes, LANES, Lanes};
use crate::pairing::tower::Twelve;

/// The digits of `6 x + 2`, least first.
pub(super) const DIGITS: &[i8] = Config::ATE_LOOP_COUNT;

const _: () = assert!(!Config::X_IS_NEGATIVE && matches!(Config::TWIST_TYPE, ark_ec::bn::TwistType::D));

/// The work of [`super::miller`].
pub(super) struct Miller<'a, B> {
    pub(super) token: B,
    pub(super) pairs: &'a [(G1Affine, G2Affine)],
}

/// Eight points of G1, as lines need them.
struct Left<B: Backend> {
    y: B::Fq,
    /// `-x`.
    minus_x: B::Fq,
    /// `-3 x`.
    minus_3x: B::Fq,
}

/// Eight affine points of the twist.
#[derive(Clone, Copy)]
pub(super) struct Affine<L> {
    pub(super) x: L,
    pub(super) y: L,
    pub(super) minus_y: L,
}

/// Eight points `(X / Z, Y / Z)` of the twist.
#[derive(Clone, Copy)]
pub(super) struct Homogeneous<L> {
    pub(super) x: L,
    pub(super) y: L,
    pub(super) z: L,
}

/// Eight pairs under way.
struct Eight<B: Backend> {
    p: Left<B>,
    q: Affine<B::Fq2>,
    r: Homogeneous<B::Fq2>,
}

impl<B: Backend> Work for Miller<'_, B> {
    type Output = Fq12;

    #[inline(always)]
    fn run(self) -> Fq12 {
        let token = self.token;
        let finite: Vec<_> = self.pairs.iter().filter(|(p, q)| !p.is_zero() && !q.is_zero()).copied().collect();
        let mut eights: Vec<Eight<B>> = Vec::with_capacity(finite.len().div_ceil(LANES));
        for pairs in finite.chunks(LANES) {
            eights.push(Eight::new(token, pairs));
        }
        let constant = B::Fq2::splat(token, three_b());
        let mut f = Twelve::<B::Fq2>::one(token);
        for (i, digit) in DIGITS.iter().enumerate().rev().skip(1) {
            if i != DIGITS.len() - 2 {
                f = f.square();
            }
            for eight in &mut eights {
                let line = eight.r.double(&constant);
                f = f.times_line(&eight.p.at_tangent(line));
            }
            if *digit != 0 {
                for eight in &mut eights {
                    let line = eight.r.add(&eight.q.signed(*digit < 0));
                    f = f.times_line(&eight.p.at_chord(line));
                }
            }
        }
        for eight in &mut eights {
            let q1 = eight.q.frobenius(token);
            let line = eight.r.add(&q1);
            f = f.times_line(&eight.p.at_chord(line));
            let line = eight.r.add(&q1.frobenius(token).signed(true));
            f = f.times_line(&eight.p.at_chord(line));
        }
        f.product_of_lanes().to_array()[0]
    }
}

/// Three times the twist's constant.
pub(super) fn three_b() -> Fq2 {
    let b = <Config as BnConfig>::G2Config::COEFF_B;
    b.double() + b
}

impl<B: Backend> Eight<B> {
    /// Up to eight pairs.
    ///
    /// Lanes without a pair get `(0, 0)` and the generator: every line there is `l_3 w^3`, which lies in `Fq2(w^3) = Fq4`, and
    /// `p^4 - 1` divides the final exponent's easy part `(p^6 - 1) (p^2 + 1)`.
    #[inline(always)]
    fn new(token: B, pairs: &[(G1Affine, G2Affine)]) -> Self {
        let (mut px, mut py) = ([Fq::ZERO; LANES], [Fq::ZERO; LANES]);
        let mut q = [G2Affine::generator(); LANES];
        for (lane, (left, right)) in pairs.iter().take(LANES).enumerate() {
            (px[lane], py[lane]) = (left.x, left.y);
            q[lane] = *right;
        }
        let p = Left {
            y: B::Fq::from_array(token, &py),
            minus_x: B::Fq::from_array(token, &px.map(|x| -x)),
            minus_3x: B::Fq::from_array(token, &px.map(|x| -(x.double() + x))),
        };
        let q = Affine::from_points::<B>(token, &q);
        Eight { p, q, r: Homogeneous { x: q.x, y: q.y, z: B::Fq2::one(token) } }
    }
}

impl<B: Backend> Left<B> {
    /// The value of `(l_0, l_1, l_3)` from [`Homogeneous::double`].
    #[inline(always)]
    fn at_tangent(&self, [l0, l1, l3]: [B::Fq2; 3]) -> [B::Fq2; 3] {
        [l0.scale(self.y), l1.scale(self.minus_3x), l3]
    }

    /// The value of `(l_0, l_1, l_3)` from [`Homogeneous::add`].
    #[inline(always)]
    fn at_chord(&self, [l0, l1, l3]: [B::Fq2; 3]) -> [B::Fq2; 3] {
        [l0.scale(self.y), l1.scale(self.minus_x), l3]
    }
}

impl<L: ExtensionLanes> Affine<L> {
    #[inline(always)]
    pub(super) fn from_points<B: Backend<Fq2 = L>>(token: B, points: &[G2Affine; LANES]) -> Self
    where
        L: Lanes<Token = B>,
    {
        let y = L::from_array(token, &points.map(|point| point.y));
        Affine { x: L::from_array(token, &points.map(|point| point.x)), y, minus_y: y.negated() }
    }

    /// The point, or its inverse.
    #[inline(always)]
    pub(super) fn signed(self, negate: bool) -> Self {
        if negate { Affine { x: self.x, y: self.minus_y, minus_y: self.y } } else { self }
    }

    /// The image under the twisted `p`-th power: `(x^p (9 + u)^((p - 1) / 3), y^p (9 + u)^((p - 1) / 2))`.
    #[inline(always)]
    pub(super) fn frobenius(self, token: L::Token) -> Self {
        let x = L::product(&self.x.conjugate(), &L::splat(token, Config::TWIST_MUL_BY_Q_X));
        let y = L::product(&self.y.conjugate(), &L::splat(token, Config::TWIST_MUL_BY_Q_Y));
        Affine { x, y, minus_y: y.negated() }
    }
}

impl<L: ExtensionLanes> Homogeneous<L> {
    /// `R = 2 R`, and the tangent at `R`: its value at `P` is `(l_0 y, -3 l_1 x, l_3)`. `constant` is three times the twist's.
    ///
    /// ```text
    /// b = Y^2   e = 3 b' Z^2   h = 2 Y Z      l_0 = h   l_1 = X^2   l_3 = b - e
    /// X' = 2 X Y (b - 3 e)    Y' = (b + 3 e)^2 - 12 e^2    Z' = 4 b h
    /// ```
    #[inline(always)]
    pub(super) fn double(&mut self, constant: &L) -> [L; 3] {
        let Homogeneous { x, y, z } = self;
        let b = L::squared(y);
        let e = L::product(constant, &L::squared(z));
        let h = L::dot([], [(&y.add(*y), z)]);
        let j = L::squared(x);
        let two_e = e.add_reduced(e);
        let three_e = two_e.add_reduced(e);
        let four_b = {
            let two = b.add_reduced(b);
            two.add(two)
        };
        let sum = b.add_reduced(three_e);
        let two_xy = L::dot([], [(&x.add(*x), y)]);
        *x = L::dot([], [(&b.sub(three_e), &two_xy)]);
        *y = L::dot([(&sum, &sum), (&three_e.add_reduced(three_e), &two_e.negated())], []);
        *z = L::dot([], [(&four_b, &h)]);
        [h, j, b.sub_reduced(e)]
    }

    /// `R = R + Q`, and the line through both: its value at `P` is `(l_0 y, -l_1 x, l_3)`.
    ///
    /// `R = Q` gives `(0, 0, 0)`, and so does every sum after it; `R = -Q` gives infinity, `Z = 0`, and then `(0, 0, 0)`.
    ///
    /// ```text
    /// t = Y - y Z   l = X - x Z   d = l^2   e = l d   g = X d   h = e + Z t^2 - 2 g
    /// X' = l h   Y' = t (g - h) - e Y   Z' = Z e      l_0 = l   l_1 = t   l_3 = t x - l y
    /// ```
    #[inline(always)]
    pub(super) fn add(&mut self, q: &Affine<L>) -> [L; 3] {
        let Homogeneous { x, y, z } = self;
        let t = y.sub_reduced(L::product(&q.y, z));
        let l = x.sub_reduced(L::product(&q.x, z));
        let d = L::squared(&l);
        let e = L::product(&l, &d);
        let g = L::product(x, &d);
        let f = L::product(z, &L::squared(&t));
        let h = e.add_reduced(f).sub_two(g, g);
        *x = L::product(&l, &h);
        *y = L::dot([(&t, &g.sub_reduced(h)), (&e.negated(), y)], []);
        *z = L::product(z, &e);
        [l, t, L::dot([(&t, &q.x), (&l, &q.minus_y)], [])]
    }
}

#[cfg(test)]
mod tests {
    use ark_bn254::{Bn254, Fr};
    use ark_ec::CurveGroup;
    use ark_ec::pairing::{MillerLoopOutput, Pairing, PairingOutput};
    use ark_ff::{One, UniformRand};
    use rand::SeedableRng;

    use super::*;
    use crate::{Avx512Ifma, Portable};

    fn conforms<B: Backend>(token: B) {
        let random = &mut rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
        let mut pairs = vec![(g1, g2), (-g1, g2), (g1, -g2), (-g1, -g2), (g1, g2), (g1, g2)];
        pairs.extend([(G1Affine::zero(), g2), (g1, G2Affine::zero()), (G1Affine::zero(), G2Affine::zero())]);
        pairs
            .extend([2u64, 3, 4, 9, 27].map(|k| ((g1 * Fr::from(k)).into_affine(), (g2 * -Fr::from(k)).into_affine())));
        pairs.extend((0..80).map(|_| ((g1 * Fr::rand(random)).into_affine(), (g2 * Fr::rand(random)).into_affine())));
        let value = |pairs: &[_]| Bn254::final_exponentiation(MillerLoopOutput(token.run(Miller { token, pairs })));
        for length in [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 64] {
            for start in [0, 6, 9, 14] {
                let pairs = &pairs[start..start + length];
                let (left, right): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
                assert_eq!(value(pairs), Some(Bn254::multi_pairing(left, right)), "{length} from {start}");
            }
        }
        // Each lane on its own.
        for lane in 0..LANES {
            let mut eight = [(G1Affine::zero(), g2); LANES];
            eight[lane] = pairs[20];
            let all: Vec<_> = (0..LANES).map(|i| if i == lane { pairs[20] } else { pairs[21] }).collect();
            assert_eq!(value(&eight), Some(Bn254::pairing(pairs[20].0, pairs[20].1)), "lane {lane}");
            let expected =
                Bn254::pairing(pairs[20].0, pairs[20].1) + Bn254::pairing(pairs[21].0, pairs[21].1) * Fr::from(7u64);
            assert_eq!(value(&all), Some(expected), "lane {lane} beside others");
        }
        let a = Fr::rand(random);
        let cancel = [((g1 * a).into_affine(), g2), (-g1, (g2 * a).into_affine())];
        assert_eq!(value(&cancel), Some(PairingOutput(Fq12::one())));
    }

    #[test]
    fn products_of_pairings_are_arkworks() {
        conforms(Portable);
        if let Some(token) = Avx512Ifma::detect() {
            conforms(token);
        }
    }
}
