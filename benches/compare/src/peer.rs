//! What a prover must do to be measured.

use std::time::Duration;

use anyhow::Result;
use ark_bn254::Bn254;
use ark_groth16::Proof;
use rayon::ThreadPool;

/// A prover that holds key and assignment.
pub trait Peer {
    /// Its name and version.
    fn name(&self) -> &str;

    /// One proof with the pool's number of threads, and what the call took.
    fn prove(&mut self, pool: &ThreadPool) -> Result<(Proof<Bn254>, Duration)>;

    /// Milliseconds of the last proof's parts, where it tells.
    fn phases(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
}
