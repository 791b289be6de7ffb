//! One element of the target field, its six coefficients over Fq2 side by side in lanes 0 to 5.
//!
//! Source of squares: Granger, Scott, <https://eprint.iacr.org/2009/565>, section 3.2.

use ark_bn254::{Fq2, Fq12, Fq12Config};
use ark_ff::{AdditiveGroup, Field, Fp12Config};

use crate::lanes::{ExtensionLanes, LANES, Mask};
use crate::pairing::tower::{join, split};

/// `f_0 + f_1 w + .. + f_5 w^5`, coefficient `i` in lane `i`; lanes 6 and 7 hold anything.
#[derive(Clone, Copy)]
pub(super) struct Wide<L>(L);

/// Lanes of the odd powers of `w`.
const ODD: Mask = 0b10_1010;

/// From the coefficients of `g` and, behind them, of `(9 + u) g`: those of `g w^i` for `i` of 0 to 5.
const SHIFTS: [[u8; LANES]; 6] = [
    [0, 1, 2, 3, 4, 5, 6, 7],
    [13, 0, 1, 2, 3, 4, 6, 7],
    [12, 13, 0, 1, 2, 3, 6, 7],
    [11, 12, 13, 0, 1, 2, 6, 7],
    [10, 11, 12, 13, 0, 1, 6, 7],
    [9, 10, 11, 12, 13, 0, 6, 7],
];

impl<L: ExtensionLanes> Wide<L> {
    #[inline(always)]
    pub(super) fn new(token: L::Token, element: &Fq12) -> Self {
        let mut lanes = [Fq2::ZERO; LANES];
        lanes[..6].copy_from_slice(&split(element));
        Wide(L::from_array(token, &lanes))
    }

    #[inline(always)]
    pub(super) fn element(&self) -> Fq12 {
        let [f0, f1, f2, f3, f4, f5, _, _] = self.0.to_array();
        join([f0, f1, f2, f3, f4, f5])
    }

    /// `f g = sum f_i (g w^i)`: six products in all lanes, reduced once.
    #[inline(always)]
    pub(super) fn times(&self, other: &Self) -> Self {
        let (f, g) = (self.0, other.0);
        let x = g.times_nonresidue();
        let mut terms = [(f, g); 6];
        for (i, term) in terms.iter_mut().enumerate() {
            *term = (f.pick(f, &[i as u8; LANES]), g.pick(x, &SHIFTS[i]));
        }
        let [(a0, b0), (a1, b1), (a2, b2), (a3, b3), (a4, b4), (a5, b5)] = &terms;
        Wide(L::dot([(a0, b0), (a1, b1), (a2, b2), (a3, b3), (a4, b4), (a5, b5)], []))
    }

    /// `f^2`, as [`Twelve::square`](crate::pairing::tower::Twelve::square): four products in all lanes, two of them doubled.
    #[inline(always)]
    pub(super) fn square(&self) -> Self {
        let f = self.0;
        let x = f.times_nonresidue();
        // Lane 0: f0 f0 + x f3 f3 + 2 x f1 f5 + 2 x f2 f4;   1: f0 f1 + f1 f0 + 2 x f2 f5 + 2 x f4 f3;
        // 2: f1 f1 + x f4 f4 + 2 f0 f2 + 2 x f3 f5;   3: f0 f3 + f3 f0 + 2 f1 f2 + 2 x f4 f5;
        // 4: f2 f2 + x f5 f5 + 2 f0 f4 + 2 f1 f3;   5: f0 f5 + f5 f0 + 2 f1 f4 + 2 f2 f3.
        let (a0, b0) = (f.pick(f, &[0, 0, 1, 0, 2, 0, 6, 7]), f.pick(x, &[0, 1, 1, 3, 2, 5, 6, 7]));
        let (a1, b1) = (f.pick(f, &[3, 1, 4, 3, 5, 5, 6, 7]), f.pick(x, &[11, 0, 12, 0, 13, 0, 6, 7]));
        let (a2, b2) = (f.pick(f, &[1, 2, 0, 1, 0, 1, 6, 7]), f.pick(x, &[13, 13, 2, 2, 4, 4, 6, 7]));
        let (a3, b3) = (f.pick(f, &[2, 4, 3, 4, 1, 2, 6, 7]), f.pick(x, &[12, 11, 13, 13, 3, 3, 6, 7]));
        Wide(L::dot([(&a0, &b0), (&a1, &b1)], [(&a2.add(a2), &b2), (&a3.add(a3), &b3)]))
    }

    /// `f (l_0 + l_1 w + l_3 w^3)`, each `l` in all lanes: three products.
    #[inline(always)]
    pub(super) fn times_line(&self, [l0, l1, l3]: &[L; 3]) -> Self {
        let f = self.0;
        let x = f.times_nonresidue();
        Wide(L::dot([(&f, l0), (&f.pick(x, &SHIFTS[1]), l1), (&f.pick(x, &SHIFTS[3]), l3)], []))
    }

    /// The `p^6`-th power: odd powers of `w` change sign.
    #[inline(always)]
    pub(super) fn conjugate(&self) -> Self {
        Wide(L::select(ODD, self.0.negated(), self.0))
    }

    #[inline(always)]
    pub(super) fn frobenius(&self, map: &Frobenius<L>) -> Self {
        let f = if map.odd { self.0.conjugate() } else { self.0 };
        Wide(L::product(&f, &map.constants))
    }

    /// `f^2` where `f^(p^6 + 1) = 1` and `f^(p^4 - p^2 + 1) = 1`.
    ///
    /// With `s = w^3` and `A = f_0 + f_3 s`, `B = f_1 + f_4 s`, `C = f_2 + f_5 s`, bars for `s -> -s`:
    ///
    /// ```text
    /// (A + B w + C w^2)^2 = (3 A^2 - 2 A~) + (3 s C^2 + 2 B~) w + (3 B^2 - 2 C~) w^2
    /// ```
    ///
    /// Every coefficient is three times a sum of two products, `f_0 f_0 + x f_3 f_3` and the like with `x = 9 + u`, and twice `f_i`, with
    /// a minus for even `i`.
    #[inline(always)]
    pub(super) fn cyclotomic_square(&self) -> Self {
        let f = self.0;
        let x = f.times_nonresidue();
        // Lane 0: f0 f0 + x f3 f3; 1: 2 x f2 f5; 2: f1 f1 + x f4 f4; 3: 2 f0 f3; 4: f2 f2 + x f5 f5; 5: 2 f1 f4.
        let a = f.pick(x, &[0, 2, 1, 0, 2, 1, 6, 7]);
        let b = f.pick(x, &[0, 13, 1, 3, 2, 4, 6, 7]);
        let c = f.pick(x, &[11, 2, 12, 0, 13, 1, 6, 7]);
        let d = f.pick(x, &[3, 13, 4, 3, 5, 4, 6, 7]);
        let sum = L::dot([(&a, &b), (&c, &d)], []);
        let once = L::select(ODD, sum.add_reduced(f), sum.sub_reduced(f));
        Wide(once.add_reduced(once).add_reduced(sum))
    }
}

/// What takes an element to its `p^power`-th power.
pub(super) struct Frobenius<L> {
    /// `(9 + u)^(i (p^power - 1) / 6)` in lane `i`.
    constants: L,
    odd: bool,
}

impl<L: ExtensionLanes> Frobenius<L> {
    #[inline(always)]
    pub(super) fn new(token: L::Token, power: usize) -> Self {
        let base = Fq12Config::FROBENIUS_COEFF_FP12_C1[power];
        let mut constants = [Fq2::ONE; LANES];
        for lane in 1..6 {
            constants[lane] = constants[lane - 1] * base;
        }
        Frobenius { constants: L::from_array(token, &constants), odd: power % 2 == 1 }
    }
}

#[cfg(test)]
mod tests {
    use ark_bn254::{Config, Fq, Fq6};
    use ark_ec::bn::BnConfig;
    use ark_ff::{CyclotomicMultSubgroup, One, UniformRand, Zero};
    use rand::SeedableRng;

    use super::*;
    use crate::{Avx512Ifma, Backend, Lanes, Portable, Work};

    struct Operations<B> {
        token: B,
        f: Fq12,
        g: Fq12,
    }

    impl<B: Backend> Work for Operations<B> {
        type Output = ();

        #[inline(always)]
        fn run(self) {
            let Operations { token, f, g } = self;
            let (x, y) = (Wide::<B::Fq2>::new(token, &f), Wide::<B::Fq2>::new(token, &g));
            assert_eq!(x.element(), f, "there and back");
            assert_eq!(x.times(&y).element(), f * g, "product");
            assert_eq!(x.square().element(), f.square(), "square");
            assert_eq!(x.square().square().times(&y).square().element(), (f.square().square() * g).square(), "squares");
            let line = [g.c0.c0, g.c1.c0, g.c1.c1];
            let sparse =
                Fq12::new(Fq6::new(line[0], Fq2::zero(), Fq2::zero()), Fq6::new(line[1], line[2], Fq2::zero()));
            let line = line.map(|value| B::Fq2::splat(token, value));
            assert_eq!(x.times_line(&line).element(), f * sparse, "line");
            for power in [1, 2, 3] {
                assert_eq!(x.frobenius(&Frobenius::new(token, power)).element(), f.frobenius_map(power), "Frobenius");
            }
            let Some(inverse) = f.inverse() else { return };
            let unitary = f.frobenius_map(6) * inverse;
            let c = unitary.frobenius_map(2) * unitary;
            let wide = Wide::<B::Fq2>::new(token, &c);
            assert_eq!(wide.conjugate().element(), c.cyclotomic_inverse().expect("not zero"), "inverse");
            assert_eq!(wide.cyclotomic_square().element(), c.square(), "square of cyclotomic");
            assert_eq!(wide.power_of_minus_x().element(), c.pow(Config::X).inverse().expect("not zero"), "power");
        }
    }

    fn conforms<B: Backend>(token: B) {
        let random = &mut rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let mut values = vec![Fq12::zero(), Fq12::one(), -Fq12::one()];
        values.extend((0..6).map(|k| join(core::array::from_fn(|i| if i == k { -Fq2::one() } else { Fq2::zero() }))));
        values.push(join([Fq2::new(-Fq::one(), -Fq::one()); 6]));
        values.extend((0..50).map(|_| Fq12::rand(random)));
        for (i, f) in values.iter().enumerate() {
            token.run(Operations { token, f: *f, g: values[(i * 7 + 3) % values.len()] });
        }
    }

    #[test]
    fn one_element_across_lanes_is_arkworks() {
        conforms(Portable);
        if let Some(token) = Avx512Ifma::detect() {
            conforms(token);
        }
    }
}
