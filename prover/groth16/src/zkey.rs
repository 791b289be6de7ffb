//! One proof, with a key of snarkjs.

use ark_bn254::{Bn254, Fr, G1Affine, G2Affine};
use ark_ff::One;
use ark_groth16::Proof;
use rayon::prelude::*;
use zera_kernels::Engine;
use zera_kernels::engine::MAX_LOG_N;
use zera_r1cs::Unsatisfied;

use crate::assignment::Products;
use crate::error::ProveError;
use crate::prove::Blinding;
use crate::quotient::odd_values;
use crate::rows::Rows;
use crate::stage::{Clock, Stage, Timings};
use crate::sum::{KeyPoints, Sums};

/// What a prover needs of a `.zkey`, decoded. Over `wires` wires and a domain of `n`.
///
/// Points are on their curves or infinity; that is for whoever decodes them to check. Lengths are checked by
/// [`prove_snarkjs`].
#[derive(Clone)]
pub struct SnarkjsKey {
    /// Public wires, without wire 0.
    pub publics: u32,
    /// alpha, in G1.
    pub alpha_g1: G1Affine,
    /// beta, in G1.
    pub beta_g1: G1Affine,
    /// beta, in G2.
    pub beta_g2: G2Affine,
    /// delta, in G1.
    pub delta_g1: G1Affine,
    /// delta, in G2.
    pub delta_g2: G2Affine,
    /// A at tau, `wires` points.
    pub a: Vec<G1Affine>,
    /// B at tau, `wires` points.
    pub b_g1: Vec<G1Affine>,
    /// The same in G2.
    pub b_g2: Vec<G2Affine>,
    /// The private wires' points, `wires - publics - 1`.
    pub c: Vec<G1Affine>,
    /// `n` points, for the values of `A B - C` over the odd coset: see [`odd_values`].
    pub h: Vec<G1Affine>,
    /// The matrix A, with the rows of wire 0 and the public wires; `n` rows.
    pub left: Rows,
    /// The matrix B, `n` rows.
    pub right: Rows,
}

/// A proof that the key's circuit has a satisfying assignment with the public values of `z`, with the blinding given, and
/// `progress` called at the start of each stage.
///
/// `z` is the full assignment, `z[0] = 1`. The key lacks the matrix C, so its value is the product, whatever it should be:
/// **an assignment that does not satisfy the circuit gives a proof that does not verify.** Verify the proof before it leaves
/// the house. Variable time: see the crate's page. Memory: `3 n` scalars beside key and assignment, plus the engine's.
///
/// Blinding that is known, or used twice with one witness, gives the witness away.
///
/// # Errors
/// [`ProveError`], before any sum: an assignment of the wrong length or with another `z[0]` than 1; a key whose lists do
/// not fit each other, or over a domain of 2^28, for which snarkjs has another reduction.
///
/// Source: Groth, <https://eprint.iacr.org/2016/260>, section 3.2; snarkjs 0.7.6, `groth16_prove.js`.
pub fn prove_snarkjs(
    engine: &dyn Engine,
    key: &SnarkjsKey,
    z: &[Fr],
    blinding: &Blinding,
    progress: &mut dyn FnMut(Stage),
) -> Result<(Proof<Bn254>, Timings), ProveError> {
    let mut clock = Clock::start(progress);
    let statement = check_key(key)?;
    if z.len() != key.a.len() {
        return Err(Unsatisfied::Length { expected: key.a.len(), got: z.len() }.into());
    }
    if !z[0].is_one() {
        return Err(Unsatisfied::One.into());
    }
    let products = clock.time(Stage::Rows, || Ok(products(key, z)))?;
    let h = clock.time(Stage::Quotient, || odd_values(engine, products))?;
    let points = KeyPoints {
        alpha_g1: &key.alpha_g1,
        beta_g1: &key.beta_g1,
        beta_g2: &key.beta_g2,
        delta_g1: &key.delta_g1,
        delta_g2: &key.delta_g2,
        a: &key.a,
        b_g1: &key.b_g1,
        b_g2: &key.b_g2,
        h: &key.h,
        l: &key.c,
    };
    let proof = Sums::of(engine, &points, z, &z[statement..], &h, &mut clock)?.blinded(&points, blinding);
    Ok((proof, clock.stop()))
}

/// `A z`, `B z` and their products.
fn products(key: &SnarkjsKey, z: &[Fr]) -> Products {
    let (a, b) = (key.left.mul(z), key.right.mul(z));
    let c = a.par_iter().zip(&b).map(|(a, b)| *a * b).collect();
    Products { a, b, c }
}

/// Number of wires that are not private; every list of the key has the length that the others give.
fn check_key(key: &SnarkjsKey) -> Result<usize, ProveError> {
    let (wires, domain) = (key.a.len(), key.h.len());
    // The odd coset needs a root of order 2 n.
    if !domain.is_power_of_two() || domain.trailing_zeros() >= MAX_LOG_N {
        return Err(ProveError::Domain { got: domain });
    }
    let statement = key.publics as usize + 1;
    for (query, got, expected) in [
        ("A", wires, wires.max(statement)),
        ("B1", key.b_g1.len(), wires),
        ("B2", key.b_g2.len(), wires),
        ("C", key.c.len(), wires.saturating_sub(statement)),
    ] {
        if got != expected {
            return Err(ProveError::KeySize { query, expected, got });
        }
    }
    for matrix in [&key.left, &key.right] {
        if matrix.len() != domain || matrix.wires() as usize != wires {
            let (rows, wires) = (matrix.len(), matrix.wires());
            return Err(ProveError::Matrix { rows, wires, domain, points: key.a.len() });
        }
    }
    Ok(statement)
}
