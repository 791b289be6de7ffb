//! One proof, with a key of arkworks.

use ark_bn254::{Bn254, Fr};
use ark_ff::UniformRand;
use ark_groth16::{Proof, ProvingKey};
use rand::{CryptoRng, RngCore};
use zera_kernels::Engine;
use zera_r1cs::Matrices;

use crate::assignment::{domain_size, products};
use crate::error::ProveError;
use crate::quotient::quotient;
use crate::stage::{Clock, Stage, Timings};
use crate::sum::{KeyPoints, Sums};

/// The two random scalars that make a proof zero-knowledge. Secret, and fresh for every proof.
#[derive(Clone, PartialEq, Eq)]
pub struct Blinding {
    /// Blinds A.
    pub r: Fr,
    /// Blinds B.
    pub s: Fr,
}

impl Blinding {
    /// Fresh blinding.
    pub fn random<R: RngCore + CryptoRng>(rng: &mut R) -> Blinding {
        Blinding { r: Fr::rand(rng), s: Fr::rand(rng) }
    }
}

/// A proof that the matrices have a satisfying assignment with these public values, blinded from `rng`.
///
/// `z` is the full assignment, `z[0] = 1`; `key` was made for `matrices` with libsnark's reduction (arkworks' keys and
/// `zera-params`'). Variable time: see the crate's page. Memory: `3 n` scalars beside key and assignment, plus the
/// engine's.
///
/// # Errors
/// [`ProveError`]. An assignment that does not satisfy the matrices is refused with its first failing row, and a key of
/// another size with both numbers, before any sum. A key of the right size for another circuit is not noticed: verify the
/// proof before it leaves the house.
///
/// Source: Groth, <https://eprint.iacr.org/2016/260>, section 3.2.
pub fn prove<R: RngCore + CryptoRng>(
    engine: &dyn Engine,
    key: &ProvingKey<Bn254>,
    matrices: &Matrices,
    z: &[Fr],
    rng: &mut R,
) -> Result<(Proof<Bn254>, Timings), ProveError> {
    prove_with(engine, key, matrices, z, &Blinding::random(rng), &mut |_| ())
}

/// [`prove()`] with the blinding given, and `progress` called at the start of each stage.
///
/// Blinding that is known, or used twice with one witness, gives the witness away.
///
/// # Errors
/// As [`prove()`].
pub fn prove_with(
    engine: &dyn Engine,
    key: &ProvingKey<Bn254>,
    matrices: &Matrices,
    z: &[Fr],
    blinding: &Blinding,
    progress: &mut dyn FnMut(Stage),
) -> Result<(Proof<Bn254>, Timings), ProveError> {
    let mut clock = Clock::start(progress);
    check_key(key, matrices)?;

    let products = clock.time(Stage::Rows, || Ok(products(matrices, z)?))?;
    let h = clock.time(Stage::Quotient, || quotient(engine, products))?;
    let points = KeyPoints {
        alpha_g1: &key.vk.alpha_g1,
        beta_g1: &key.beta_g1,
        beta_g2: &key.vk.beta_g2,
        delta_g1: &key.delta_g1,
        delta_g2: &key.vk.delta_g2,
        a: &key.a_query,
        b_g1: &key.b_g1_query,
        b_g2: &key.b_g2_query,
        h: &key.h_query,
        l: &key.l_query,
    };
    let privates = &z[matrices.publics as usize + 1..];
    let proof = Sums::of(engine, &points, z, privates, &h, &mut clock)?.blinded(&points, blinding);
    Ok((proof, clock.stop()))
}

/// Every list of the key has the circuit's length.
fn check_key(key: &ProvingKey<Bn254>, matrices: &Matrices) -> Result<(), ProveError> {
    let wires = matrices.wires as usize;
    let statement = matrices.publics as usize + 1;
    let lists = [
        ("gamma_abc_g1", key.vk.gamma_abc_g1.len(), statement),
        ("a_query", key.a_query.len(), wires),
        ("b_g1_query", key.b_g1_query.len(), wires),
        ("b_g2_query", key.b_g2_query.len(), wires),
        ("h_query", key.h_query.len(), domain_size(matrices) - 1),
        ("l_query", key.l_query.len(), wires - statement),
    ];
    for (query, got, expected) in lists {
        if got != expected {
            return Err(ProveError::KeySize { query, expected, got });
        }
    }
    Ok(())
}
