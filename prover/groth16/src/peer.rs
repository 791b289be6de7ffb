//! arkworks' own prover, to be measured beside ours and compared with it.

use ark_bn254::{Bn254, Fr};
use ark_groth16::{Groth16, Proof, ProvingKey};
use zera_r1cs::Matrices;

use crate::error::ProveError;
use crate::prove::Blinding;

/// A matrix as arkworks wants it.
type Rows = Vec<Vec<(Fr, usize)>>;

/// Matrices in arkworks' form: made once, used for every proof, as [`Prover`](crate::Prover) is.
pub struct Peer {
    rows: [Rows; 3],
    inputs: usize,
    count: usize,
}

impl Peer {
    /// Its name in records.
    pub const NAME: &'static str = "ark-groth16";

    /// Takes the matrices.
    pub fn new(matrices: &Matrices) -> Peer {
        let rows = [&matrices.a, &matrices.b, &matrices.c].map(|matrix| {
            let row = |i| {
                let (wires, coefficients) = matrix.row(i);
                coefficients.iter().copied().zip(wires.iter().map(|&wire| wire as usize)).collect()
            };
            (0..matrix.rows()).map(row).collect()
        });
        Peer { rows, inputs: matrices.publics as usize + 1, count: matrices.rows() }
    }

    /// The proof of the same key, assignment and blinding, on the current rayon pool; equal to ours. It checks no row.
    ///
    /// # Errors
    /// [`ProveError::Peer`]: arkworks gives none.
    pub fn prove(&self, key: &ProvingKey<Bn254>, z: &[Fr], blinding: &Blinding) -> Result<Proof<Bn254>, ProveError> {
        let Blinding { r, s } = *blinding;
        let (inputs, count) = (self.inputs, self.count);
        Groth16::<Bn254>::create_proof_with_reduction_and_matrices(key, r, s, &self.rows, inputs, count, z)
            .map_err(|error| ProveError::Peer { reason: error.to_string() })
    }
}
