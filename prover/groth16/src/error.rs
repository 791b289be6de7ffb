//! Why there is no proof.

use zera_kernels::{LengthMismatch, NttError};
use zera_r1cs::Unsatisfied;

/// Why there is no proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// The assignment has the wrong length, does not start with 1, or fails a row: the first one is named.
    #[error(transparent)]
    Assignment(#[from] Unsatisfied),
    /// The key was made for a circuit of another size.
    #[error("proving key: {query} holds {got} points, the circuit needs {expected}")]
    KeySize {
        /// The key's list, as arkworks names it.
        query: &'static str,
        /// Points that the circuit needs.
        expected: usize,
        /// Points in the key.
        got: usize,
    },
    /// The key's domain is none that snarkjs' reduction works over.
    #[error("proving key: a domain of {got} points, expected a power of two up to 2^27")]
    Domain {
        /// Points in the key's list H.
        got: usize,
    },
    /// A term of a row or a wire that does not exist.
    #[error("proving key: term {index}: {what} {got}, there are {count}")]
    Term {
        /// Index of the term.
        index: usize,
        /// Row or wire.
        what: &'static str,
        /// What the term says.
        got: u32,
        /// How many of these there are.
        count: u32,
    },
    /// More terms than a matrix may have.
    #[error("proving key: {got} terms in a matrix, expected fewer than 2^32")]
    Terms {
        /// How many there are.
        got: usize,
    },
    /// The matrices of a key are for other sizes than its lists of points.
    #[error("proving key: a matrix of {rows} rows over {wires} wires, the lists are for {domain} and {points}")]
    Matrix {
        /// Rows of the matrix.
        rows: usize,
        /// Wires of the matrix.
        wires: u32,
        /// Points in the list H.
        domain: usize,
        /// Points in the list A.
        points: usize,
    },
    /// More memory than there is.
    #[error("proof: needs about {} MiB of memory, {} MiB are available", needed >> 20, available >> 20)]
    Memory {
        /// Bytes that key and proof take at most.
        needed: u64,
        /// Bytes that there are.
        available: u64,
    },
    /// It was no longer wanted.
    #[error("proof: cancelled")]
    Cancelled,
    /// The engine refused a sum.
    #[error(transparent)]
    Msm(#[from] LengthMismatch),
    /// The engine refused a transform.
    #[error(transparent)]
    Ntt(#[from] NttError),
    /// The rows hold and yet the quotient is no polynomial of the right degree, so a transform was computed wrongly.
    #[error("quotient: degree above {max}, the engine's transforms are wrong")]
    Degree {
        /// The greatest degree that the quotient can have.
        max: usize,
    },
    /// arkworks' own prover gives no proof.
    #[error("ark-groth16: {reason}")]
    Peer {
        /// What it says.
        reason: String,
    },
}
