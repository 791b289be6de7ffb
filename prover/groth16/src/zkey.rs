//! Proofs with keys of snarkjs.

use std::sync::atomic::AtomicBool;

use ark_bn254::{Bn254, Fr, G1Affine, G2Affine};
use ark_groth16::Proof;
use zera_kernels::Engine;
use zera_kernels::engine::MAX_LOG_N;

use crate::assignment::Products;
use crate::error::ProveError;
use crate::prove::Blinding;
use crate::prover::{Prover, Watch};
use crate::rows::Rows;
use crate::stage::{Stage, Timings};

/// What a prover needs of a `.zkey`, decoded. Over `wires` wires and a domain of `n`.
///
/// Points are on their curves or infinity; that is for whoever decodes them to check. Lengths are checked by
/// [`SnarkjsProver::new`].
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
    /// `n` points, for the values of `A B - C` over the odd coset: see [`odd`](zera_kernels::Quotients::odd).
    pub h: Vec<G1Affine>,
    /// The matrix A, with the rows of wire 0 and the public wires; `n` rows.
    pub left: Rows,
    /// The matrix B, `n` rows.
    pub right: Rows,
}

/// A key of snarkjs in an engine's own form, with its matrices: made once, used for every proof.
pub struct SnarkjsProver {
    pub(crate) prover: Prover,
    pub(crate) left: Rows,
    pub(crate) right: Rows,
}

impl SnarkjsProver {
    /// Takes a key.
    ///
    /// # Errors
    /// [`ProveError`]: lists that do not fit each other, or a domain of 2^28, for which snarkjs has another reduction.
    pub fn new(engine: &dyn Engine, key: SnarkjsKey) -> Result<SnarkjsProver, ProveError> {
        let (prover, left, right) = Prover::of_snarkjs(engine, key)?;
        Ok(SnarkjsProver { prover, left, right })
    }

    /// A proof that the key's circuit has a satisfying assignment with the public values of `z`, on the current rayon pool.
    ///
    /// `z` is the full assignment, `z[0] = 1`. The key lacks the matrix C, so its value is the product, whatever it should
    /// be: **an assignment that does not satisfy the circuit gives a proof that does not verify.** Verify the proof before it
    /// leaves the house. Variable time: see the crate's page. Memory: as [`Prover::prove`].
    ///
    /// Blinding that is known, or used twice with one witness, gives the witness away.
    ///
    /// # Errors
    /// [`ProveError`], before any sum: an assignment of the wrong length or with another `z[0]` than 1; and
    /// [`ProveError::Cancelled`].
    ///
    /// Source: Groth, <https://eprint.iacr.org/2016/260>, section 3.2; snarkjs 0.7.6, `groth16_prove.js`.
    pub fn prove(
        &self,
        z: &[Fr],
        blinding: &Blinding,
        watch: Watch<'_>,
    ) -> Result<(Proof<Bn254>, Timings), ProveError> {
        self.prover.prove_rows(z, blinding, watch, || {
            // The third is the product of these, everywhere.
            let (a, b) = rayon::join(|| self.left.mul(z), || self.right.mul(z));
            Ok(Products { a, b, c: Vec::new() })
        })
    }
}

/// [`SnarkjsProver::prove`] with a key that is used once.
///
/// # Errors
/// As [`SnarkjsProver::new`] and [`SnarkjsProver::prove`].
pub fn prove_snarkjs(
    engine: &dyn Engine,
    key: SnarkjsKey,
    z: &[Fr],
    blinding: &Blinding,
    progress: &mut (dyn FnMut(Stage) + Send),
) -> Result<(Proof<Bn254>, Timings), ProveError> {
    let watch = Watch { progress, cancelled: &AtomicBool::new(false) };
    SnarkjsProver::new(engine, key)?.prove(z, blinding, watch)
}

impl SnarkjsKey {
    /// Every list has the length that the others give.
    pub(crate) fn check(&self) -> Result<(), ProveError> {
        let key = self;
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
        Ok(())
    }
}
