//! The oracle: the definitions, spelled out.

use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::{AdditiveGroup, AffineRepr};
use ark_ff::{BigInteger, FftField, Field, PrimeField, Zero};

use crate::engine::{Bases, Direction, Engine, Quotients, Transform, same_length};
use crate::error::{LengthMismatch, NttError};
use crate::plain::{PlainBases, PlainQuotients};

/// The definitions as an engine. For tests: `n` times 254 doublings, `n^2` multiplications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Naive;

impl Engine for Naive {
    fn name(&self) -> &'static str {
        "naive"
    }

    fn load_g1(&self, bases: &[G1Affine]) -> Box<dyn Bases<G1Projective>> {
        Box::new(PlainBases::new(bases, total))
    }

    fn load_g2(&self, bases: &[G2Affine]) -> Box<dyn Bases<G2Projective>> {
        Box::new(PlainBases::new(bases, total))
    }

    fn quotients(&self, n: usize) -> Result<Box<dyn Quotients>, NttError> {
        Ok(Box::new(PlainQuotients::new(*self, n)?))
    }

    fn ntt(&self, values: &mut [Fr], transform: Transform) -> Result<(), NttError> {
        let result = dft(values, transform)?;
        values.copy_from_slice(&result);
        Ok(())
    }
}

/// Every product on its own, then one sum.
///
/// # Errors
/// [`LengthMismatch`].
pub fn msm<P: AffineRepr<ScalarField = Fr>>(bases: &[P], scalars: &[Fr]) -> Result<P::Group, LengthMismatch> {
    same_length(bases.len(), scalars.len())?;
    Ok(total(bases, scalars))
}

fn total<P: AffineRepr<ScalarField = Fr>>(bases: &[P], scalars: &[Fr]) -> P::Group {
    bases.iter().zip(scalars).fold(P::Group::zero(), |sum, (base, scalar)| sum + multiply(base, scalar))
}

/// `scalar * base` by double-and-add, most significant bit first.
pub fn multiply<P: AffineRepr<ScalarField = Fr>>(base: &P, scalar: &Fr) -> P::Group {
    let mut product = P::Group::zero();
    for bit in scalar.into_bigint().to_bits_be() {
        product.double_in_place();
        if bit {
            product += base;
        }
    }
    product
}

/// The transform by its definition.
///
/// Forward: `out[i] = sum_j v[j] x_i^j` with `x_i = shift w^i`. Inverse: `out[j] = shift^-j / n * sum_i v[i] w^(-i j)`.
///
/// # Errors
/// [`NttError`].
pub fn dft(values: &[Fr], transform: Transform) -> Result<Vec<Fr>, NttError> {
    transform.check(values.len())?;
    let n = values.len() as u64;
    let root = Fr::get_root_of_unity(n).ok_or(NttError::Length(values.len()))?;
    let shift = transform.coset.unwrap_or(Fr::ONE);
    match transform.direction {
        Direction::Forward => Ok((0..n).map(|i| evaluate(values, shift * root.pow([i]))).collect()),
        Direction::Inverse => {
            let root_inverse = root.inverse().ok_or(NttError::Length(values.len()))?;
            let shift_inverse = shift.inverse().ok_or(NttError::Shift)?;
            let n_inverse = Fr::from(n).inverse().ok_or(NttError::Length(values.len()))?;
            let term = |j: u64| n_inverse * shift_inverse.pow([j]) * evaluate(values, root_inverse.pow([j]));
            Ok((0..n).map(term).collect())
        }
    }
}

/// `sum_j coefficients[j] x^j`, by Horner's rule.
pub fn evaluate(coefficients: &[Fr], x: Fr) -> Fr {
    coefficients.iter().rev().fold(Fr::zero(), |sum, coefficient| sum * x + coefficient)
}

#[cfg(test)]
mod tests {
    use ark_ec::PrimeGroup;

    use super::*;

    /// Against sums of repeated additions, which need no multiplication, and `r - 1 = -1`.
    #[test]
    fn products_are_repeated_additions() {
        let generator = G2Affine::generator();
        let mut multiple = G2Projective::zero();
        for k in 0..40u64 {
            assert_eq!(multiply(&generator, &Fr::from(k)), multiple, "{k}");
            multiple += generator;
        }
        assert_eq!(multiply(&generator, &-Fr::ONE), -G2Projective::generator());
        assert_eq!(msm(&[generator; 3], &[Fr::from(1u64), Fr::from(5u64), -Fr::from(6u64)]), Ok(G2Projective::zero()));
        assert_eq!(msm(&[generator; 2], &[Fr::ONE]), Err(LengthMismatch { bases: 2, scalars: 1 }));
    }

    /// `p = 3 + 5 x + x^3` at the four fourth roots of unity, times a shift of 7; and back.
    #[test]
    fn transform_of_a_polynomial_written_out() {
        let p = [3u64, 5, 0, 1].map(Fr::from);
        let i = Fr::get_root_of_unity(4).expect("4 divides r - 1");
        assert_eq!(i * i, -Fr::ONE);
        let seven = Fr::from(7u64);
        let points = [seven, seven * i, -seven, -seven * i];
        let values = points.map(|x| Fr::from(3u64) + Fr::from(5u64) * x + x * x * x).to_vec();
        assert_eq!(dft(&p, Transform::forward_on(seven)), Ok(values.clone()));
        assert_eq!(dft(&values, Transform::inverse_on(seven)), Ok(p.to_vec()));
        let mut in_place = values;
        assert_eq!(Naive.ntt(&mut in_place, Transform::inverse_on(seven)), Ok(()));
        assert_eq!(in_place, p);
    }
}
