//! One proof, with a key of arkworks that is used once.

use std::sync::atomic::AtomicBool;

use ark_bn254::{Bn254, Fr};
use ark_ff::UniformRand;
use ark_groth16::{Proof, ProvingKey};
use rand::{CryptoRng, RngCore};
use zera_kernels::Engine;
use zera_r1cs::Matrices;

use crate::error::ProveError;
use crate::prover::{Prover, Watch};
use crate::stage::{Stage, Timings};

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
/// `zera-params`'). For more than one proof, make a [`Prover`]. Variable time: see the crate's page.
///
/// # Errors
/// [`ProveError`]. A key of another size is refused with both numbers, and an assignment that does not satisfy the matrices
/// with its first failing row, before any sum. A key of the right size for another circuit is not noticed: verify the proof
/// before it leaves the house.
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
    progress: &mut (dyn FnMut(Stage) + Send),
) -> Result<(Proof<Bn254>, Timings), ProveError> {
    let watch = Watch { progress, cancelled: &AtomicBool::new(false) };
    Prover::new(engine, key, matrices)?.prove(matrices, z, blinding, watch)
}
