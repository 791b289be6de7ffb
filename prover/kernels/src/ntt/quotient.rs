//! Quotients without leaving the lanes: coefficients stay scrambled, so nothing is put in order.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, FftField, Field};
use rayon::prelude::*;
use zera_field::{Backend, LANES, Lanes, Work};

use crate::engine::{MAX_LOG_N, Quotients};
use crate::error::NttError;
use crate::ntt::domain::{Domain, STRIP, Scale, scrambled};
use crate::plain::{odd_shift, vanishing_inverse};

/// A domain and the powers that its quotients multiply by, each `40 n` bytes.
pub struct Quotient<B: Backend> {
    backend: B,
    log_n: u32,
    domain: Domain<B>,
    /// `g^k / n`.
    to_coset: Scale<B::Fr>,
    /// `g^-k / n / (g^n - 1)`.
    from_coset: Scale<B::Fr>,
    /// `1 / n / (g^n - 1)`.
    divisor: Fr,
    /// `v^k / n`, where there is a root of order `2 n`.
    to_odd: Option<Scale<B::Fr>>,
}

impl<B: Backend> Quotient<B> {
    /// For `2^log_n` points.
    ///
    /// # Panics
    /// As [`Domain::new`].
    pub fn new(backend: B, log_n: u32) -> Quotient<B> {
        let domain = Domain::new(backend, log_n);
        let n = 1usize << log_n;
        let inverse_n = Fr::from(n as u64).inverse().expect("n < r");
        let inverse_shift = Fr::GENERATOR.inverse().expect("a generator is not zero");
        let divisor = vanishing_inverse(n) * inverse_n;
        let to_coset = domain.scale(Fr::GENERATOR, inverse_n);
        let from_coset = domain.scale(inverse_shift, divisor);
        let odd = if log_n < MAX_LOG_N { odd_shift(n).ok() } else { None };
        let to_odd = odd.map(|shift| domain.scale(shift, inverse_n));
        Quotient { backend, log_n, domain, to_coset, from_coset, divisor, to_odd }
    }

    /// Lanes of a vector of the right length.
    fn lanes(&self, values: Vec<Fr>) -> Result<Vec<B::Fr>, NttError> {
        if values.len() != self.domain.len() {
            return Err(NttError::Length(values.len()));
        }
        Ok(self.domain.gather(&values))
    }

    /// From values on the subgroup to values on a coset.
    fn shift(&self, values: &mut [B::Fr], scale: &Scale<B::Fr>) {
        self.domain.to_coefficients(values);
        self.domain.to_values(values, Some(scale));
    }

    /// Eight places at a time: `a = f(a, b)`.
    fn combine(&self, operation: Operation, a: &mut [B::Fr], b: &[B::Fr], c: &[B::Fr]) {
        let strips = (a.par_chunks_mut(STRIP), b.par_chunks(STRIP), c.par_chunks(STRIP));
        strips.into_par_iter().for_each(|(a, b, c)| self.backend.run(Combine { operation, a, b, c }));
    }
}

impl<B: Backend> Quotients for Quotient<B> {
    fn divide(&self, a: Vec<Fr>, b: Vec<Fr>, c: Vec<Fr>) -> Result<Vec<Fr>, NttError> {
        let (mut a, mut b, mut c) = (self.lanes(a)?, self.lanes(b)?, self.lanes(c)?);
        rayon::join(
            || rayon::join(|| self.shift(&mut a, &self.to_coset), || self.shift(&mut b, &self.to_coset)),
            || self.domain.to_coefficients(&mut c),
        );
        self.combine(Operation::Product, &mut a, &b, &b);
        drop(b);
        self.domain.to_coefficients(&mut a);
        // (a_k g^-k - c_k) / n / (g^n - 1), both still n times what they should be.
        let (out, strips) = (&mut vec![Fr::ZERO; self.domain.len()], STRIP * LANES);
        out.par_chunks_mut(strips)
            .zip((a.par_chunks(STRIP), c.par_chunks(STRIP), self.from_coset.0.par_chunks(STRIP)).into_par_iter())
            .for_each(|(out, (a, c, scale))| {
                self.backend.run(Divide { token: self.backend, divisor: self.divisor, a, c, scale, out });
            });
        Ok(std::mem::take(out))
    }

    fn odd(&self, a: Vec<Fr>, b: Vec<Fr>) -> Result<Vec<Fr>, NttError> {
        let scale = self.to_odd.as_ref().ok_or(NttError::Length(self.domain.len()))?;
        let (mut a, mut b) = (self.lanes(a)?, self.lanes(b)?);
        let mut c = a.clone();
        self.combine(Operation::Product, &mut c, &b, &b);
        rayon::join(
            || self.shift(&mut c, scale),
            || rayon::join(|| self.shift(&mut a, scale), || self.shift(&mut b, scale)),
        );
        self.combine(Operation::ProductLess, &mut a, &b, &c);
        let mut out = vec![Fr::ZERO; self.domain.len()];
        self.domain.scatter(&a, &mut out);
        Ok(out)
    }

    fn place(&self, i: usize) -> usize {
        scrambled(self.log_n, i)
    }
}

#[derive(Clone, Copy)]
enum Operation {
    /// `a b`.
    Product,
    /// `a b - c`.
    ProductLess,
}

struct Combine<'a, L> {
    operation: Operation,
    a: &'a mut [L],
    b: &'a [L],
    c: &'a [L],
}

impl<L: Lanes> Work for Combine<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let three = self.a.iter_mut().zip(self.b.iter().zip(self.c));
        match self.operation {
            Operation::Product => three.for_each(|(a, (b, _))| *a = a.times(*b)),
            Operation::ProductLess => three.for_each(|(a, (b, c))| *a = a.times(*b).sub_reduced(*c)),
        }
    }
}

struct Divide<'a, L: Lanes> {
    token: L::Token,
    divisor: Fr,
    a: &'a [L],
    c: &'a [L],
    scale: &'a [L],
    out: &'a mut [Fr],
}

impl<L: Lanes<Element = Fr>> Work for Divide<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let divisor = L::splat(self.token, self.divisor);
        let eights = self.out.as_chunks_mut::<LANES>().0;
        for (((out, a), c), scale) in eights.iter_mut().zip(self.a).zip(self.c).zip(self.scale) {
            *out = a.times(*scale).sub_reduced(c.times(divisor)).to_array();
        }
    }
}
