//! The quotient polynomial.

use ark_bn254::Fr;
use ark_ff::{FftField, Field, Zero};
use rayon::prelude::*;
use zera_kernels::{Engine, NttError, Transform};

use crate::assignment::Products;
use crate::error::ProveError;

/// Number of transforms that [`quotient`] asks for, and [`odd_values`].
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

/// The `n` values of `P = A B - C` at the odd powers of `w`, the root of order `2 n`, with `A`, `B`, `C` of degree below `n`
/// through the products.
///
/// P is zero at the even powers, where the products hold, and has degree below `2 n`, so these values say all of it. A key
/// of snarkjs holds the Lagrange points for them, over delta: nothing is divided. The odd powers of `w` are the coset
/// `w <w^2>`. C costs two transforms here, because no way back follows that it could wait for.
///
/// # Errors
/// [`ProveError::Ntt`], also where there is no root of order `2 n`: for n of 2^28.
///
/// Source: snarkjs 0.7.6, `groth16_prove.js`.
pub fn odd_values(engine: &dyn Engine, products: Products) -> Result<Vec<Fr>, ProveError> {
    let Products { mut a, mut b, mut c } = products;
    let order = 2 * a.len();
    let root = Fr::get_root_of_unity(order as u64).ok_or(NttError::Length(order))?;
    for values in [&mut a, &mut b, &mut c] {
        engine.ntt(values, Transform::INVERSE)?;
        engine.ntt(values, Transform::forward_on(root))?;
    }
    a.par_iter_mut().zip(&b).zip(&c).for_each(|((a, b), c)| *a = *a * b - c);
    Ok(a)
}
