//! Running a tape.

use super::Tape;
use ark_bn254::Fr;
use thiserror::Error;

/// What a tape reads.
#[derive(Clone, Copy, Debug)]
pub struct TapeInputs<'a> {
    /// [`zera_statement::Binding::to_scalar`].
    pub binding: Fr,
    /// Public input bytes, as many as the tape says.
    pub public: &'a [u8],
    /// Private input bytes, as many as the tape says.
    pub private: &'a [u8],
}

/// Why a tape has no assignment for these inputs.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TapeError {
    /// Another number of input bytes.
    #[error("tape: expected {expected} {which} input bytes, got {got}")]
    Length {
        /// `public` or `private`.
        which: &'static str,
        /// What the tape reads.
        expected: usize,
        /// What came.
        got: usize,
    },
    /// A value does not fit its bits.
    #[error("tape operation {operation}: the value does not fit {bits} bits")]
    Range {
        /// Index of the operation.
        operation: usize,
        /// The bits there are.
        bits: u32,
    },
}

impl Tape {
    /// Computes the assignment: one scalar a wire, `z[0] = 1`.
    ///
    /// Not proved to satisfy anything: see [`crate::Matrices::check`]. Variable time.
    ///
    /// # Errors
    /// [`TapeError::Length`]; [`TapeError::Range`] where a bit split, a lookup or a division meets a value that is too
    /// large.
    pub fn run(&self, inputs: &TapeInputs<'_>) -> Result<Vec<Fr>, TapeError> {
        self.check_lengths(inputs)?;
        self.program.run(inputs).map_err(|(operation, bits)| TapeError::Range { operation, bits })
    }

    pub(super) fn check_lengths(&self, inputs: &TapeInputs<'_>) -> Result<(), TapeError> {
        let lengths = [("public", self.public_len, inputs.public), ("private", self.private_len, inputs.private)];
        for (which, expected, bytes) in lengths {
            if bytes.len() != expected as usize {
                return Err(TapeError::Length { which, expected: expected as usize, got: bytes.len() });
            }
        }
        Ok(())
    }
}
