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
}
