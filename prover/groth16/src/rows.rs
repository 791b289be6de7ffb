//! The rows of a matrix as a proving key holds them.

use ark_bn254::Fr;
use ark_ff::{BigInt, One, Zero};
use rayon::prelude::*;
use zera_kernels::{Slice, Store};

use crate::assignment::ROWS_PER_TASK;
use crate::error::ProveError;

/// A matrix in compressed rows, as whoever made the key wrote its terms: within a row in any order, zeros among them, and
/// terms of one place add up. [`zera_r1cs::SparseMatrix`] has one form for each matrix, and these are not of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Row `i` is `starts[i]..starts[i + 1]` of the two vectors below; one more entry than rows.
    starts: Store<u32>,
    /// Each below `columns`.
    wires: Store<u32>,
    /// In Montgomery form, `R = 2^256`, as arkworks keeps them.
    values: Store<[u64; 4]>,
    columns: u32,
}

impl Rows {
    /// `rows` rows over `wires` wires, of terms `(row, wire, value)` in any order. Terms that come by row are not sorted.
    ///
    /// # Errors
    /// [`ProveError::Terms`]: `2^32` terms or more. [`ProveError::Term`]: the first term of a row or a wire that does not exist.
    pub fn new(rows: u32, wires: u32, mut terms: Vec<(u32, u32, Fr)>) -> Result<Rows, ProveError> {
        if u32::try_from(terms.len()).is_err() {
            return Err(ProveError::Terms { got: terms.len() });
        }
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
        let mut starts = vec![0u32; rows as usize + 1];
        for (row, ..) in &terms {
            starts[*row as usize + 1] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let (wire_of, value_of): (Vec<u32>, Vec<_>) =
            terms.into_iter().map(|(_, wire, value)| (wire, value.0.0)).unzip();
        Ok(Rows { starts: starts.into(), wires: wire_of.into(), values: value_of.into(), columns: wires })
    }

    /// What [`parts`](Self::parts) gave. Bytes are not copied; `None` where they are no rows over `wires` wires.
    pub(crate) fn adopt(wires: u32, [starts, of, values]: [Slice; 3]) -> Option<Rows> {
        let columns = wires;
        let starts: Store<u32> = Store::seen(starts).ok()?;
        let wires: Store<u32> = Store::seen(of).ok()?;
        let values: Store<[u64; 4]> = Store::seen(values).ok()?;
        let terms = u32::try_from(wires.len()).ok()?;
        let ends = starts.first() == Some(&0) && starts.last() == Some(&terms) && values.len() == wires.len();
        let fits = ends && starts.is_sorted() && wires.iter().all(|wire| *wire < columns);
        fits.then_some(Rows { starts, wires, values, columns })
    }

    /// As bytes in this machine's order.
    pub(crate) fn parts(&self) -> [&[u8]; 3] {
        [self.starts.bytes(), self.wires.bytes(), self.values.bytes()]
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
        let (starts, wires, values) = (&*self.starts, &*self.wires, &*self.values);
        let dot = |row: usize| {
            let range = starts[row] as usize..starts[row + 1] as usize;
            let mut sum = Fr::zero();
            for (&wire, value) in wires[range.clone()].iter().zip(&values[range]) {
                let (z, value) = (&z[wire as usize], Fr::new_unchecked(BigInt(*value)));
                if value.is_one() {
                    sum += z;
                } else {
                    sum += value * z;
                }
            }
            sum
        };
        (0..self.len()).into_par_iter().with_min_len(ROWS_PER_TASK).map(dot).collect()
    }
}
