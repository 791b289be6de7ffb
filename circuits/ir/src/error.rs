//! Why a builder does not end as an artefact.

use thiserror::Error;
use zera_r1cs::{ArtefactError, InvalidTape, MatrixError, SpansError};

/// Why a builder does not end as an artefact: a ceiling of `zera-r1cs`, or a manifest that does not fit the layout.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FinishError {
    /// Another number of declared values than the layout's.
    #[error("declared values: expected {expected}, got {got}")]
    Declared {
        /// The layout's.
        expected: usize,
        /// How many were given.
        got: usize,
    },
    /// The rows.
    #[error(transparent)]
    Matrices(#[from] MatrixError),
    /// The tape.
    #[error(transparent)]
    Tape(#[from] InvalidTape),
    /// The spans.
    #[error(transparent)]
    Spans(#[from] SpansError),
    /// The parts together.
    #[error(transparent)]
    Artefact(#[from] ArtefactError),
}
