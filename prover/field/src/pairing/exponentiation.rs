//! The final exponentiation of one element, its six coefficients side by side.
//!
//! Source: Fuentes-Castaneda, Knapp, Rodriguez-Henriquez, <https://cacr.uwaterloo.ca/techreports/2011/cacr2011-26.pdf>, with the
//! power as arkworks has it.

use ark_bn254::{Config, Fq12};
use ark_ec::bn::BnConfig;
use ark_ff::Field;

use crate::backend::{Backend, Work};
use crate::lanes::ExtensionLanes;
use crate::pairing::wide::{Frobenius, Wide};

/// The work of [`super::final_exponentiation`].
pub(super) struct Final<B> {
    pub(super) token: B,
    pub(super) f: Fq12,
}

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

impl<L: ExtensionLanes> Wide<L> {
    /// `f^-x` for the curve's parameter, where the inverse is the conjugate.
    #[inline(always)]
    pub(super) fn power_of_minus_x(&self) -> Self {
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
    use ark_bn254::{Bn254, Fq, Fq2};
    use ark_ec::pairing::{MillerLoopOutput, Pairing};
    use ark_ff::{One, UniformRand, Zero};
    use rand::SeedableRng;

    use super::*;
    use crate::pairing::tower::join;
    use crate::{Avx512Ifma, Portable};

    fn conforms<B: Backend>(token: B) {
        let random = &mut rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let mut values = vec![Fq12::zero(), Fq12::one(), -Fq12::one()];
        values.extend((0..6).map(|k| join(core::array::from_fn(|i| if i == k { -Fq2::one() } else { Fq2::zero() }))));
        values.push(join([Fq2::new(-Fq::one(), -Fq::one()); 6]));
        values.extend((0..50).map(|_| Fq12::rand(random)));
        for (i, f) in values.iter().enumerate() {
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
