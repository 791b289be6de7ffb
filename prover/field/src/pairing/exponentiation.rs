//! The final exponentiation of one element, its six coefficients over Fq2 side by side in lanes 0 to 5.
//!
//! Source: Fuentes-Castaneda, Knapp, Rodriguez-Henriquez, <https://cacr.uwaterloo.ca/techreports/2011/cacr2011-26.pdf>, for the
//! power, as arkworks has it; Granger, Scott, <https://eprint.iacr.org/2009/565>, section 3.2, for squares.

use ark_bn254::{Config, Fq2, Fq12, Fq12Config};
use ark_ec::bn::BnConfig;
use ark_ff::{AdditiveGroup, Field, Fp12Config};

use crate::backend::{Backend, Work};
use crate::lanes::{ExtensionLanes, LANES, Mask};
use crate::pairing::tower::{join, split};

/// The work of [`super::final_exponentiation`].
pub(super) struct Final<B> {
    pub(super) token: B,
    pub(super) f: Fq12,
}

/// `f_0 + f_1 w + .. + f_5 w^5`, coefficient `i` in lane `i`; lanes 6 and 7 hold anything.
#[derive(Clone, Copy)]
struct Wide<L>(L);

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

impl<B: Backend> Work for Final<B> {
    type Output = Option<Fq12>;

    #[inline(always)]
    fn run(self) -> Option<Fq12> {
        let token = self.token;
        let inverse = Wide::<B::Fq2>::new(token, &self.f.inverse()?);
        let (by_p, by_p2, by_p3) = (&Frobenius::new(token, 1), &Frobenius::new(token, 2), &Frobenius::new(token, 3));
        // f^(p^6 - 1), and that to p^2 + 1: from here on the inverse is the conjugate.
        let f = Wide::new(token, &self.f).conjugate().times(&inverse);
        let r = f.frobenius(by_p2).times(&f);
        let y0 = r.power_of_minus_x();
        let y1 = y0.cyclotomic_square();
        let y2 = y1.cyclotomic_square();
        let y3 = y2.times(&y1);
        let y4 = y3.power_of_minus_x();
        let y5 = y4.cyclotomic_square();
        let y6 = y5.power_of_minus_x();
        let y7 = y6.conjugate().times(&y4);
        let y8 = y7.times(&y3.conjugate());
        let y9 = y8.times(&y1);
        let y11 = y8.times(&y4).times(&r);
        let y13 = y9.frobenius(by_p).times(&y11);
        let y14 = y8.frobenius(by_p2).times(&y13);
        let y15 = r.conjugate().times(&y9);
        let y16 = y15.frobenius(by_p3).times(&y14);
        Some(y16.element())
    }
}

/// What takes an element to its `p^power`-th power.
struct Frobenius<L> {
    /// `(9 + u)^(i (p^power - 1) / 6)` in lane `i`.
    constants: L,
    odd: bool,
}

impl<L: ExtensionLanes> Frobenius<L> {
    #[inline(always)]
    fn new(token: L::Token, power: usize) -> Self {
        let base = Fq12Config::FROBENIUS_COEFF_FP12_C1[power];
        let mut constants = [Fq2::ONE; LANES];
        for lane in 1..6 {
            constants[lane] = constants[lane - 1] * base;
        }
        Frobenius { constants: L::from_array(token, &constants), odd: power % 2 == 1 }
    }
}

impl<L: ExtensionLanes> Wide<L> {
    #[inline(always)]
    fn new(token: L::Token, element: &Fq12) -> Self {
        let mut lanes = [Fq2::ZERO; LANES];
        lanes[..6].copy_from_slice(&split(element));
        Wide(L::from_array(token, &lanes))
    }

    #[inline(always)]
    fn element(&self) -> Fq12 {
        let [f0, f1, f2, f3, f4, f5, _, _] = self.0.to_array();
        join([f0, f1, f2, f3, f4, f5])
    }

    /// `f g = sum f_i (g w^i)`: six products in all lanes, reduced once.
    #[inline(always)]
    fn times(&self, other: &Self) -> Self {
        let (f, g) = (self.0, other.0);
        let x = g.times_nonresidue();
        let mut terms = [(f, g); 6];
        for (i, term) in terms.iter_mut().enumerate() {
            *term = (f.pick(f, &[i as u8; LANES]), g.pick(x, &SHIFTS[i]));
        }
        let [(a0, b0), (a1, b1), (a2, b2), (a3, b3), (a4, b4), (a5, b5)] = &terms;
        Wide(L::dot([(a0, b0), (a1, b1), (a2, b2), (a3, b3), (a4, b4), (a5, b5)], []))
    }

    /// The `p^6`-th power: odd powers of `w` change sign.
    #[inline(always)]
    fn conjugate(&self) -> Self {
        Wide(L::select(ODD, self.0.negated(), self.0))
    }

    #[inline(always)]
    fn frobenius(&self, map: &Frobenius<L>) -> Self {
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
    fn cyclotomic_square(&self) -> Self {
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

    /// `f^-x` for the curve's parameter, where the inverse is the conjugate.
    #[inline(always)]
    fn power_of_minus_x(&self) -> Self {
        let inverse = self.conjugate();
        let mut power = *self;
        for digit in DIGITS.iter().rev().skip(1) {
            power = power.cyclotomic_square();
            if *digit != 0 {
                power = power.times(if *digit > 0 { self } else { &inverse });
            }
        }
        power.conjugate()
    }
}

/// The parameter's digits 0, 1 and -1, least first, no two neighbours other than 0.
const DIGITS: [i8; 63] = {
    let mut rest = Config::X[0];
    let mut digits = [0; 63];
    let mut i = 0;
    while i < 63 {
        if rest & 3 == 1 {
            digits[i] = 1;
            rest -= 1;
        } else if rest & 3 == 3 {
            digits[i] = -1;
            rest += 1;
        }
        rest >>= 1;
        i += 1;
    }
    assert!(rest == 0 && digits[62] == 1 && Config::X.len() == 1 && !Config::X_IS_NEGATIVE);
    digits
};

#[cfg(test)]
mod tests {
    use ark_bn254::Bn254;
    use ark_ec::pairing::{MillerLoopOutput, Pairing};
    use ark_ff::{CyclotomicMultSubgroup, One, UniformRand, Zero};
    use rand::SeedableRng;

    use super::*;
    use crate::{Avx512Ifma, Portable};

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
            for power in [1, 2, 3] {
                assert_eq!(x.frobenius(&Frobenius::new(token, power)).element(), f.frobenius_map(power), "Frobenius");
            }
            let Some(inverse) = f.inverse() else { return };
            let unitary = f.frobenius_map(6) * inverse;
            let c = unitary.frobenius_map(2) * unitary;
            let wide = Wide::<B::Fq2>::new(token, &c);
            assert_eq!(wide.conjugate().element(), c.cyclotomic_inverse().expect("not zero"), "inverse");
            assert_eq!(wide.cyclotomic_square().element(), c.square(), "square");
            assert_eq!(wide.power_of_minus_x().element(), c.pow(Config::X).inverse().expect("not zero"), "power");
        }
    }

    fn conforms<B: Backend>(token: B) {
        let random = &mut rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let mut values = vec![Fq12::zero(), Fq12::one(), -Fq12::one()];
        values.extend((0..6).map(|k| join(core::array::from_fn(|i| if i == k { -Fq2::one() } else { Fq2::zero() }))));
        values.push(join([Fq2::new(-ark_bn254::Fq::one(), -ark_bn254::Fq::one()); 6]));
        values.extend((0..50).map(|_| Fq12::rand(random)));
        for (i, f) in values.iter().enumerate() {
            token.run(Operations { token, f: *f, g: values[(i * 7 + 3) % values.len()] });
            let expected = Bn254::final_exponentiation(MillerLoopOutput(*f)).map(|output| output.0);
            assert_eq!(token.run(Final { token, f: *f }), expected, "value {i}");
        }
    }

    #[test]
    fn powers_are_arkworks() {
        conforms(Portable);
        if let Some(token) = Avx512Ifma::detect() {
            conforms(token);
        }
    }
}
