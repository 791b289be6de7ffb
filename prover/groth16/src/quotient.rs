//! The quotient polynomial.

use ark_bn254::Fr;
use ark_ff::{FftField, Field, Zero};
use rayon::prelude::*;
use zera_kernels::{Engine, Transform};

use crate::assignment::Products;
use crate::error::ProveError;

/// Number of transforms that [`quotient`] asks for.
pub const TRANSFORMS: usize = 6;

/// The `n - 1` coefficients of `h = (A B - C) / Z`, with `A`, `B`, `C` of degree below `n` through the products and
/// `Z = X^n - 1`.
///
/// On the coset `g H` (with arkworks' generator `g`) `Z` is the constant `g^n - 1`. So
/// `h = (intt_gH(ntt_gH(A) ntt_gH(B)) - C) / (g^n - 1)`: `C` stays in coefficients, because the way to the coset and back
/// changes nothing, which saves the seventh transform of arkworks' `LibsnarkReduction`; the coefficients are the same.
///
/// # Errors
/// [`ProveError::Ntt`]; [`ProveError::Degree`] where the coefficient of `X^(n - 1)` is not zero, which needs a wrong
/// engine, since products hold at every point.
pub fn quotient(engine: &dyn Engine, products: Products) -> Result<Vec<Fr>, ProveError> {
    let Products { mut a, mut b, mut c } = products;
    let shift = Fr::GENERATOR;
    for values in [&mut a, &mut b] {
        engine.ntt(values, Transform::INVERSE)?;
        engine.ntt(values, Transform::forward_on(shift))?;
    }
    a.par_iter_mut().zip(&b).for_each(|(a, b)| *a *= b);
    drop(b);
    engine.ntt(&mut a, Transform::inverse_on(shift))?;
    engine.ntt(&mut c, Transform::INVERSE)?;

    let n = a.len();
    let vanishing = shift.pow([n as u64]) - Fr::ONE;
    let inverse = vanishing.inverse().expect("the generator of the whole group lies in no subgroup of order n < r - 1");
    a.par_iter_mut().zip(&c).for_each(|(a, c)| *a = (*a - c) * inverse);
    match a.pop() {
        Some(top) if top.is_zero() => Ok(a),
        _ => Err(ProveError::Degree { max: n.saturating_sub(2) }),
    }
}
