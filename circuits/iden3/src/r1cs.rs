//! `.r1cs`, version 1: a rank-1 constraint system.
//!
//! ```text
//! sections (crate::FileError has the frame), magic "r1cs"
//!   1    bytes of a scalar, 32 (u32 LE, as are all but nLabels); modulus (32, little-endian);
//!        nWires, nPubOut, nPubIn, nPrvIn, nLabels (u64), nConstraints
//!   2    per constraint A, B, C; each:
//!          4     number of terms n
//!          36 n  wire, coefficient (32, little-endian, below the modulus)
//!   3    per wire its label (u64)
//!   4,5  custom gates: refused
//! ```
//!
//! Wires: the constant 1, public outputs, public inputs, private inputs, all others.

use crate::file::{FileError, Writer, present, sections};
use crate::scalar;
use ark_bn254::Fr;
use ark_ff::Zero;
use thiserror::Error;
use zera_abi::wire::{Reader, WireError};
use zera_r1cs::{Matrices, MatrixError, SparseMatrix};

const MAGIC: &str = "r1cs";
const VERSION: u32 = 1;
/// Bytes of a term.
const TERM_LEN: usize = 4 + scalar::LEN;

/// Matrices, and what a file says of their wires beside.
///
/// Made by [`R1cs::new`], [`R1cs::with_private_inputs`] or [`read_r1cs`], which check it; the fields are public to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct R1cs {
    /// The rows. `matrices.publics` counts outputs and public inputs.
    pub matrices: Matrices,
    /// How many of the public wires, the first ones, are called outputs.
    pub outputs: u32,
    /// How many wires after the public ones are called private inputs.
    pub private_inputs: u32,
    /// How many labels there are; the file's word, which nothing else depends on.
    pub label_count: u64,
    /// The label of each wire: its index among all signals of the program, for `.sym` files.
    pub labels: Vec<u64>,
}

/// Why bytes are not a constraint system.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum R1csError {
    /// Not such a file.
    #[error("r1cs: {0}")]
    File(#[from] FileError),
    /// Rows over more than additions and products.
    #[error("r1cs: custom gates (section {kind}), which only plonk systems have")]
    CustomGates {
        /// Type of the section.
        kind: u32,
    },
    /// Wires that the header counts do not fit its number of wires.
    #[error("r1cs: {inputs} outputs and inputs and wire 0 among {wires} wires")]
    Wires {
        /// Outputs, public and private inputs.
        inputs: u64,
        /// All wires.
        wires: u32,
    },
    /// Another number of labels than wires.
    #[error("r1cs: expected labels of {expected} wires, got {got} bytes of them")]
    Labels {
        /// Wires.
        expected: u32,
        /// Bytes there are.
        got: usize,
    },
    /// The section of constraints goes on after the last one.
    #[error("r1cs: {left} bytes after the last constraint")]
    Rest {
        /// How many.
        left: usize,
    },
    /// A coefficient at or above r.
    #[error("r1cs: row {row}: the coefficient of wire {wire} is not below r")]
    Scalar {
        /// Index of the row.
        row: u32,
        /// The term's wire.
        wire: u32,
    },
    /// The rows are no matrices: a wire twice in one of them, a wire that does not exist, a ceiling.
    #[error("r1cs: {0}")]
    Matrices(#[from] MatrixError),
}

impl From<WireError> for R1csError {
    fn from(error: WireError) -> R1csError {
        R1csError::File(error.into())
    }
}

impl R1cs {
    /// Matrices whose public wires are public inputs. Each wire's label is its index.
    ///
    /// Inputs, not outputs: the one who verifies brings them all, the binding above all, and no calculator of witnesses
    /// comes with the file. To a Groth16 setup both are the same.
    pub fn new(matrices: Matrices) -> R1cs {
        let labels = (0..u64::from(matrices.wires)).collect();
        R1cs { outputs: 0, private_inputs: 0, label_count: u64::from(matrices.wires), labels, matrices }
    }

    /// The same, with this many wires after the public ones called private inputs: those that the witness is computed from.
    ///
    /// # Errors
    /// [`R1csError::Wires`].
    pub fn with_private_inputs(self, private_inputs: u32) -> Result<R1cs, R1csError> {
        check_wires(self.matrices.publics.into(), private_inputs, self.matrices.wires)?;
        Ok(R1cs { private_inputs, ..self })
    }

    /// The file; 112 bytes, 12 a row, 36 a term and 8 a wire.
    pub fn encode(&self) -> Vec<u8> {
        let matrices = &self.matrices;
        let all = [&matrices.a, &matrices.b, &matrices.c];
        let mut file = Writer::new(MAGIC, VERSION);
        file.section(1, |out| {
            scalar::put_field(out);
            for count in [matrices.wires, self.outputs, matrices.publics - self.outputs, self.private_inputs] {
                put(out, count);
            }
            out.extend_from_slice(&self.label_count.to_le_bytes());
            put(out, matrices.rows() as u32);
        });
        file.section(2, |out| {
            let terms: usize = all.iter().map(|matrix| matrix.nonzeros()).sum();
            out.reserve_exact(12 * matrices.rows() + TERM_LEN * terms);
            for row in 0..matrices.rows() {
                for matrix in all {
                    let (wires, coefficients) = matrix.row(row);
                    put(out, wires.len() as u32);
                    for (wire, coefficient) in wires.iter().zip(coefficients) {
                        put(out, *wire);
                        scalar::put(out, coefficient);
                    }
                }
            }
        });
        file.section(3, |out| self.labels.iter().for_each(|label| out.extend_from_slice(&label.to_le_bytes())));
        file.finish()
    }
}

/// The file of matrices, as [`R1cs::new`] has them.
pub fn write_r1cs(matrices: &Matrices) -> Vec<u8> {
    R1cs::new(matrices.clone()).encode()
}

/// The constraint system of a file.
///
/// Terms of a row may come in any order, and zero coefficients are left out. Memory is at most about five times the bytes.
///
/// # Errors
/// [`R1csError`].
pub fn read_r1cs(bytes: &[u8]) -> Result<R1cs, R1csError> {
    let sections = sections::<5>(bytes, MAGIC, VERSION)?;
    for kind in [4, 5] {
        if present(&sections, kind).is_ok() {
            return Err(R1csError::CustomGates { kind });
        }
    }
    let mut header = Reader::new(present(&sections, 1)?);
    let (constraints, map) = (present(&sections, 2)?, present(&sections, 3)?);
    scalar::read_field(&mut header)?;
    let [wires, outputs, public_inputs, private_inputs] = [header.u32()?, header.u32()?, header.u32()?, header.u32()?];
    let (label_count, rows) = (header.u64()?, header.u32()?);
    header.end()?;

    let publics = u64::from(outputs) + u64::from(public_inputs);
    check_wires(publics, private_inputs, wires)?;
    // The labels pay for the wires.
    let (labels, rest) = map.as_chunks::<8>();
    if labels.len() as u64 != u64::from(wires) || !rest.is_empty() {
        return Err(R1csError::Labels { expected: wires, got: map.len() });
    }
    let labels = labels.iter().map(|label| u64::from_le_bytes(*label)).collect();

    let mut reader = Reader::new(constraints);
    let (mut a, mut b, mut c) = (SparseMatrix::new(), SparseMatrix::new(), SparseMatrix::new());
    let mut terms = Vec::new();
    for row in 0..rows {
        for matrix in [&mut a, &mut b, &mut c] {
            read_terms(&mut reader, row, &mut terms)?;
            matrix.push_row(terms.drain(..))?;
        }
    }
    if reader.remaining() > 0 {
        return Err(R1csError::Rest { left: reader.remaining() });
    }
    // `check_wires` has `publics` below `wires`.
    let matrices = Matrices::new(publics as u32, wires, a, b, c)?;
    Ok(R1cs { matrices, outputs, private_inputs, label_count, labels })
}

/// Reads the terms of one row of one matrix, without zeros, into `terms`, which is empty, and sorts them by wire.
fn read_terms(reader: &mut Reader<'_>, row: u32, terms: &mut Vec<(u32, Fr)>) -> Result<(), R1csError> {
    for _ in 0..reader.u32()? {
        let wire = reader.u32()?;
        let coefficient = scalar::read(&reader.array()?).ok_or(R1csError::Scalar { row, wire })?;
        if !coefficient.is_zero() {
            terms.push((wire, coefficient));
        }
    }
    // A wire that occurs twice stays so, and the matrix refuses it.
    terms.sort_by_key(|(wire, _)| *wire);
    Ok(())
}

fn check_wires(publics: u64, private_inputs: u32, wires: u32) -> Result<(), R1csError> {
    let inputs = publics + u64::from(private_inputs);
    if inputs < u64::from(wires) { Ok(()) } else { Err(R1csError::Wires { inputs, wires }) }
}

fn put(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&number.to_le_bytes());
}
