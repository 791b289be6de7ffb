//! What any engine can be made of: bases as they came, and quotients by one transform after the other.

use ark_bn254::Fr;
use ark_ec::AffineRepr;
use ark_ff::{FftField, Field};
use rayon::prelude::*;

use crate::engine::{Bases, Engine, Quotients, Transform, same_length};
use crate::error::{LengthMismatch, NttError};

/// Bases in arkworks' form and a function that sums them.
pub struct PlainBases<A: AffineRepr> {
    bases: Vec<A>,
    sum: fn(&[A], &[Fr]) -> A::Group,
}

impl<A: AffineRepr> PlainBases<A> {
    /// Copies; `sum` gets as many scalars as bases.
    pub fn new(bases: &[A], sum: fn(&[A], &[Fr]) -> A::Group) -> Self {
        PlainBases { bases: bases.to_vec(), sum }
    }
}

impl<A: AffineRepr> Bases<A::Group> for PlainBases<A> {
    fn len(&self) -> usize {
        self.bases.len()
    }

    fn sum(&self, scalars: &[Fr]) -> Result<A::Group, LengthMismatch> {
        same_length(self.bases.len(), scalars.len())?;
        Ok((self.sum)(&self.bases, scalars))
    }
}

/// Quotients by [`Engine::ntt`]: six transforms each, in natural order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainQuotients<E> {
    engine: E,
    n: usize,
}

impl<E: Engine> PlainQuotients<E> {
    /// For `n` points.
    ///
    /// # Errors
    /// [`NttError::Length`].
    pub fn new(engine: E, n: usize) -> Result<Self, NttError> {
        Transform::FORWARD.check(n)?;
        Ok(PlainQuotients { engine, n })
    }

    fn check<const N: usize>(&self, vectors: [&Vec<Fr>; N]) -> Result<(), NttError> {
        vectors.iter().try_for_each(|v| if v.len() == self.n { Ok(()) } else { Err(NttError::Length(v.len())) })
    }

    /// From values on the subgroup to values on a coset of it.
    fn shift(&self, values: &mut [Fr], shift: Fr) -> Result<(), NttError> {
        self.engine.ntt(values, Transform::INVERSE)?;
        self.engine.ntt(values, Transform::forward_on(shift))
    }
}

impl<E: Engine> Quotients for PlainQuotients<E> {
    /// On the coset `g H` (with arkworks' generator `g`) `X^n - 1` is the constant `g^n - 1`. So
    /// `h = (intt_gH(ntt_gH(A) ntt_gH(B)) - C) / (g^n - 1)`: `C` stays in coefficients, because the way to the coset and back
    /// changes nothing, which saves the seventh transform of arkworks' `LibsnarkReduction`; the coefficients are the same.
    fn divide(&self, mut a: Vec<Fr>, mut b: Vec<Fr>, mut c: Vec<Fr>) -> Result<Vec<Fr>, NttError> {
        self.check([&a, &b, &c])?;
        let shift = Fr::GENERATOR;
        self.shift(&mut a, shift)?;
        self.shift(&mut b, shift)?;
        a.par_iter_mut().zip(&b).for_each(|(a, b)| *a *= b);
        drop(b);
        self.engine.ntt(&mut a, Transform::inverse_on(shift))?;
        self.engine.ntt(&mut c, Transform::INVERSE)?;
        let inverse = vanishing_inverse(self.n);
        a.par_iter_mut().zip(&c).for_each(|(a, c)| *a = (*a - c) * inverse);
        Ok(a)
    }

    fn odd(&self, mut a: Vec<Fr>, mut b: Vec<Fr>) -> Result<Vec<Fr>, NttError> {
        self.check([&a, &b])?;
        let shift = odd_shift(self.n)?;
        let mut c: Vec<Fr> = a.par_iter().zip(&b).map(|(a, b)| *a * b).collect();
        for values in [&mut a, &mut b, &mut c] {
            self.shift(values, shift)?;
        }
        a.par_iter_mut().zip(b.par_iter().zip(&c)).for_each(|(a, (b, c))| *a = *a * b - c);
        Ok(a)
    }

    fn place(&self, i: usize) -> usize {
        i
    }
}

/// `1 / (g^n - 1)`.
pub(crate) fn vanishing_inverse(n: usize) -> Fr {
    let vanishing = Fr::GENERATOR.pow([n as u64]) - Fr::ONE;
    vanishing.inverse().expect("the generator of the whole group lies in no subgroup of order n < r - 1")
}

/// The root of order `2 n`.
pub(crate) fn odd_shift(n: usize) -> Result<Fr, NttError> {
    Fr::get_root_of_unity(2 * n as u64).ok_or(NttError::Length(n))
}
