//! The pairing's target field in lanes: `f_0 + f_1 w + .. + f_5 w^5` over Fq2, with `w^6 = 9 + u`.
//!
//! arkworks writes the same element as `(a_0 + a_1 v + a_2 v^2) + (b_0 + b_1 v + b_2 v^2) w` with `v = w^2`: coefficients in the
//! order `a_0, b_0, a_1, b_1, a_2, b_2`. A coefficient of a product is one sum of products, reduced once; that takes more products
//! than Karatsuba's way through Fq6 and fewer operations, as sums in lanes cost half a product.

use ark_bn254::{Fq2, Fq6, Fq12};
use ark_ff::{AdditiveGroup, One};

use crate::lanes::{ExtensionLanes, LANES};

/// Eight elements of Fq12.
#[derive(Clone, Copy)]
pub(super) struct Twelve<L>([L; 6]);

/// The coefficients of `w^i`.
pub(super) fn split(f: &Fq12) -> [Fq2; 6] {
    [f.c0.c0, f.c1.c0, f.c0.c1, f.c1.c1, f.c0.c2, f.c1.c2]
}

/// The element with these coefficients.
pub(super) fn join(f: [Fq2; 6]) -> Fq12 {
    Fq12::new(Fq6::new(f[0], f[2], f[4]), Fq6::new(f[1], f[3], f[5]))
}

impl<L: ExtensionLanes> Twelve<L> {
    #[inline(always)]
    pub(super) fn one(token: L::Token) -> Self {
        let mut f = [L::zero(token); 6];
        f[0] = L::splat(token, Fq2::one());
        Twelve(f)
    }

    #[cfg(test)]
    #[inline(always)]
    pub(super) fn from_array(token: L::Token, elements: &[Fq12; LANES]) -> Self {
        let rows = elements.each_ref().map(split);
        Twelve(core::array::from_fn(|k| L::from_array(token, &core::array::from_fn(|lane| rows[lane][k]))))
    }

    #[inline(always)]
    pub(super) fn to_array(self) -> [Fq12; LANES] {
        let mut rows = [[Fq2::ZERO; 6]; LANES];
        for (k, coefficient) in self.0.into_iter().enumerate() {
            for (row, value) in rows.iter_mut().zip(coefficient.to_array()) {
                row[k] = value;
            }
        }
        rows.map(join)
    }

    /// `f^2`: 21 products, those of unlike coefficients with one of them doubled.
    #[inline(always)]
    pub(super) fn square(&self) -> Self {
        let [f0, f1, f2, f3, f4, f5] = &self.0;
        let (x3, x4, x5) = (&f3.times_nonresidue(), &f4.times_nonresidue(), &f5.times_nonresidue());
        let [d0, d1, d2, d4] = &[f0.add(*f0), f1.add(*f1), f2.add(*f2), f4.add(*f4)];
        Twelve([
            L::dot([(f0, f0), (f3, x3)], [(d1, x5), (d2, x4)]),
            L::dot([], [(d0, f1), (d2, x5), (d4, x3)]),
            L::dot([(f1, f1), (f4, x4)], [(d0, f2), (&f3.add(*f3), x5)]),
            L::dot([], [(d0, f3), (d1, f2), (d4, x5)]),
            L::dot([(f2, f2), (f5, x5)], [(d0, f4), (d1, f3)]),
            L::dot([], [(d0, f5), (d1, f4), (d2, f3)]),
        ])
    }

    /// `f (l_0 + l_1 w + l_3 w^3)`: 18 products.
    #[inline(always)]
    pub(super) fn times_line(&self, [l0, l1, l3]: &[L; 3]) -> Self {
        let [f0, f1, f2, f3, f4, f5] = &self.0;
        let (x3, x4, x5) = (&f3.times_nonresidue(), &f4.times_nonresidue(), &f5.times_nonresidue());
        Twelve([
            L::dot([(f0, l0), (x5, l1), (x3, l3)], []),
            L::dot([(f1, l0), (f0, l1), (x4, l3)], []),
            L::dot([(f2, l0), (f1, l1), (x5, l3)], []),
            L::dot([(f3, l0), (f2, l1), (f0, l3)], []),
            L::dot([(f4, l0), (f3, l1), (f1, l3)], []),
            L::dot([(f5, l0), (f4, l1), (f2, l3)], []),
        ])
    }

    /// `f g`: 36 products.
    #[inline(always)]
    pub(super) fn times(&self, other: &Self) -> Self {
        let (f, g) = (&self.0, &other.0);
        let mut x = *g;
        for (x, g) in x.iter_mut().zip(g) {
            *x = g.times_nonresidue();
        }
        let mut out = *f;
        for (k, out) in out.iter_mut().enumerate() {
            let mut terms = [(&f[0], &g[0]); 6];
            for (i, term) in terms.iter_mut().enumerate() {
                *term = (&f[i], if i <= k { &g[k - i] } else { &x[6 + k - i] });
            }
            *out = L::dot(terms, []);
        }
        Twelve(out)
    }

    /// Lane `i` gets lane `i ^ K`.
    #[inline(always)]
    fn exchange<const K: usize>(&self) -> Self {
        let mut out = self.0;
        for coefficient in &mut out {
            *coefficient = coefficient.exchange::<K>();
        }
        Twelve(out)
    }

    /// The product of all lanes, in every lane.
    #[inline(always)]
    pub(super) fn product_of_lanes(self) -> Self {
        let two = self.times(&self.exchange::<1>());
        let four = two.times(&two.exchange::<2>());
        four.times(&four.exchange::<4>())
    }
}

#[cfg(test)]
mod tests {
    use ark_ff::{Field, UniformRand, Zero};
    use rand::SeedableRng;

    use super::*;
    use crate::{Avx512Ifma, Backend, Portable, Work};

    struct Operations<B: Backend> {
        token: B,
        f: [Fq12; LANES],
        g: [Fq12; LANES],
    }

    impl<B: Backend> Work for Operations<B> {
        type Output = ();

        #[inline(always)]
        fn run(self) {
            let Operations { token, f, g } = self;
            let (x, y) = (Twelve::<B::Fq2>::from_array(token, &f), Twelve::<B::Fq2>::from_array(token, &g));
            let at = |value: &dyn Fn(usize) -> Fq12| -> [Fq12; LANES] { core::array::from_fn(value) };
            assert_eq!(x.to_array(), f, "there and back");
            assert_eq!(x.square().to_array(), at(&|i| f[i].square()), "square");
            assert_eq!(x.times(&y).to_array(), at(&|i| f[i] * g[i]), "product");
            let line = [y.0[0], y.0[1], y.0[3]];
            let sparse = |g: &Fq12| {
                Fq12::new(Fq6::new(g.c0.c0, Fq2::zero(), Fq2::zero()), Fq6::new(g.c1.c0, g.c1.c1, Fq2::zero()))
            };
            assert_eq!(x.times_line(&line).to_array(), at(&|i| f[i] * sparse(&g[i])), "line");
            let long = x.times(&y).square().times_line(&line).square().times(&y);
            assert_eq!(long.to_array(), at(&|i| ((f[i] * g[i]).square() * sparse(&g[i])).square() * g[i]), "all");
            assert_eq!(x.product_of_lanes().to_array(), [f.iter().product::<Fq12>(); LANES], "of lanes");
            assert_eq!(Twelve::<B::Fq2>::one(token).to_array(), [Fq12::one(); LANES]);
        }
    }

    fn conforms<B: Backend>(token: B) {
        let random = &mut rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let mut values: Vec<Fq12> = vec![Fq12::zero(), Fq12::one(), -Fq12::one()];
        values.extend((0..6).flat_map(|k| {
            let unit = |value: Fq2| join(core::array::from_fn(|i| if i == k { value } else { Fq2::zero() }));
            [unit(Fq2::one()), unit(-Fq2::one()), unit(Fq2::new(-ark_bn254::Fq::one(), -ark_bn254::Fq::one()))]
        }));
        values.push(join([-Fq2::one(); 6]));
        values.push(join([Fq2::new(-ark_bn254::Fq::one(), -ark_bn254::Fq::one()); 6]));
        values.extend((0..100).map(|_| Fq12::rand(random)));
        for start in 0..values.len() {
            let at = |stride: usize| core::array::from_fn(|i| values[(start + i * stride) % values.len()]);
            token.run(Operations { token, f: at(1), g: at(7) });
        }
    }

    #[test]
    fn the_tower_is_arkworks() {
        conforms(Portable);
        if let Some(token) = Avx512Ifma::detect() {
            conforms(token);
        }
    }
}
