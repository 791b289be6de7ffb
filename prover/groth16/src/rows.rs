//! The rows of a matrix as a proving key holds them.

use ark_bn254::Fr;
use ark_ff::{One, Zero};
use rayon::prelude::*;

use crate::assignment::ROWS_PER_TASK;
use crate::error::ProveError;

/// A matrix in compressed rows, as whoever made the key wrote its terms: within a row in any order, zeros among them, and
/// terms of one place add up. [`zera_r1cs::SparseMatrix`] has one form for each matrix, and these are not of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Row `i` is `starts[i]..starts[i + 1]` of the two vectors below; one more entry than rows.
    starts: Vec<usize>,
    /// Each below `columns`.
    wires: Vec<u32>,
    values: Vec<Fr>,
    columns: u32,
}

impl Rows {
    /// `rows` rows over `wires` wires, of terms `(row, wire, value)` in any order. Terms that come by row are not sorted.
    ///
    /// # Errors
    /// [`ProveError::Term`]: the first term of a row or a wire that does not exist.
    pub fn new(rows: u32, wires: u32, mut terms: Vec<(u32, u32, Fr)>) -> Result<Rows, ProveError> {
        for (index, &(row, wire, _)) in terms.iter().enumerate() {
            for (what, got, count) in [("row", row, rows), ("wire", wire, wires)] {
                if got >= count {
                    return Err(ProveError::Term { index, what, got, count });
                }
            }
        }
        if !terms.is_sorted_by_key(|(row, ..)| *row) {
            terms.sort_by_key(|(row, ..)| *row);
        }
        let mut starts = vec![0; rows as usize + 1];
        for (row, ..) in &terms {
            starts[*row as usize + 1] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let (wire_of, value_of) = terms.into_iter().map(|(_, wire, value)| (wire, value)).unzip();
        Ok(Rows { starts, wires: wire_of, values: value_of, columns: wires })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of wires.
    pub const fn wires(&self) -> u32 {
        self.columns
    }

    /// `M z`, one value a row, on the current rayon pool.
    ///
    /// # Panics
    /// Where `z` has fewer values than [`wires`](Self::wires).
    pub fn mul(&self, z: &[Fr]) -> Vec<Fr> {
        (0..self.len()).into_par_iter().with_min_len(ROWS_PER_TASK).map(|row| self.dot(row, z)).collect()
    }

    fn dot(&self, row: usize, z: &[Fr]) -> Fr {
        let range = self.starts[row]..self.starts[row + 1];
        let mut sum = Fr::zero();
        for (&wire, value) in self.wires[range.clone()].iter().zip(&self.values[range]) {
            let z = &z[wire as usize];
            if value.is_one() {
                sum += z;
            } else {
                sum += *value * z;
            }
        }
        sum
    }
}
