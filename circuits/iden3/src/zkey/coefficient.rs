//! Section 4: the terms of A and B.
//!
//! Behind the rows of the system stands, as in libsnark's reduction, a row for wire 0 and each public wire with that wire in A
//! alone; these rows are entries like all others.

use super::error::{Section, ZkeyError};
use super::point::{limbs, put_limbs};
use ark_bn254::Fr;
use ark_ff::PrimeField;
use std::fmt;

/// Bytes of an entry.
const LEN: usize = 3 * 4 + 32;

/// One of the two matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Matrix {
    /// Left factors.
    A,
    /// Right factors.
    B,
}

/// A term: this matrix has this value in this row, in this wire's column. Terms of one place add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coefficient {
    /// Which matrix.
    pub matrix: Matrix,
    /// Index of the row, below the domain's size.
    pub row: u32,
    /// Index of the wire, below the number of wires.
    pub wire: u32,
    /// The coefficient; zero is one, too.
    pub value: Fr,
}

/// The terms in a file's bytes; each is decoded as it is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Coefficients<'a> {
    entries: &'a [[u8; LEN]],
    wires: u32,
    domain: u32,
}

impl<'a> Coefficients<'a> {
    pub(super) fn new(content: &'a [u8], wires: u32, domain: u32) -> Result<Coefficients<'a>, ZkeyError> {
        let (count, rest) = content.split_first_chunk::<4>().unwrap_or((&[0; 4], content));
        let (expected, got) = (4 + u64::from(u32::from_le_bytes(*count)) * LEN as u64, content.len() as u64);
        if expected != got {
            return Err(ZkeyError::Length { section: Section::Coefficients, expected, got });
        }
        Ok(Coefficients { entries: rest.as_chunks().0, wires, domain })
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Entry `index`.
    ///
    /// # Errors
    /// [`ZkeyError::Entry`], [`ZkeyError::Value`].
    ///
    /// # Panics
    /// Where `index >= len()`.
    pub fn decode(&self, index: usize) -> Result<Coefficient, ZkeyError> {
        let (words, value) = self.entries[index].split_at(12);
        let word = |at: usize| u32::from_le_bytes([words[at], words[at + 1], words[at + 2], words[at + 3]]);
        let [matrix, row, wire] = [word(0), word(4), word(8)];
        for (what, got, count) in [("matrix", matrix, 2), ("row", row, self.domain), ("wire", wire, self.wires)] {
            if got >= count {
                return Err(ZkeyError::Entry { index, what, got, count });
            }
        }
        let value = value.as_array().and_then(decode_value).ok_or(ZkeyError::Value { index })?;
        Ok(Coefficient { matrix: if matrix == 0 { Matrix::A } else { Matrix::B }, row, wire, value })
    }

    /// All of them, in the file's order: by row where snarkjs wrote it, which the format does not promise.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Result<Coefficient, ZkeyError>> + use<'_, 'a> {
        (0..self.len()).map(|index| self.decode(index))
    }
}

/// Names the list; its entries would fill pages.
impl fmt::Debug for Coefficients<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coefficients").field("entries", &self.entries.len()).finish_non_exhaustive()
    }
}

/// Appends an entry.
pub(super) fn put(out: &mut Vec<u8>, matrix: Matrix, row: u32, wire: u32, value: &Fr) {
    for word in [matrix as u32, row, wire] {
        out.extend_from_slice(&word.to_le_bytes());
    }
    // The limbs of a scalar are it times R; as a scalar they have limbs that are it times R^2.
    let once = Fr::from_bigint(value.0).expect("the limbs of a scalar are below r");
    put_limbs(out, &once.0);
}

/// The scalar that `bytes` are, times R^2; `None` where they are r or above.
fn decode_value(bytes: &[u8; 32]) -> Option<Fr> {
    let twice = limbs(bytes);
    // Limbs that are taken as they are stand for themselves over R; so do those that come of it.
    (twice < Fr::MODULUS).then(|| Fr::new_unchecked(Fr::new_unchecked(twice).into_bigint()))
}
