//! From an assignment to the values of every row.

use ark_bn254::Fr;
use ark_ff::{One, Zero};
use rayon::prelude::*;
use zera_r1cs::{Matrices, Unsatisfied};

/// Rows that one task takes at a time; a row costs a few multiplications, a task about a microsecond.
pub(crate) const ROWS_PER_TASK: usize = 256;

/// `A z`, `B z` and `C z` over the domain: `n` values each, `n` from [`domain_size`].
///
/// `a[i] * b[i] == c[i]` holds at every index. Behind the rows stand, in `a` alone, `z[0]` and the public values
/// (libsnark's and arkworks' reduction: they keep the public columns of A independent); the rest is zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Products {
    /// Left factors, then the public values.
    pub a: Vec<Fr>,
    /// Right factors.
    pub b: Vec<Fr>,
    /// Products.
    pub c: Vec<Fr>,
}

/// Size of the evaluation domain: rows, public wires and wire 0, rounded up to a power of two.
pub fn domain_size(matrices: &Matrices) -> usize {
    (matrices.rows() + matrices.publics as usize + 1).next_power_of_two()
}

/// Evaluates every row at `z` and checks it, on the current rayon pool.
///
/// # Errors
/// [`Unsatisfied`]: the length, `z[0]`, or the first row that does not hold.
pub fn products(matrices: &Matrices, z: &[Fr]) -> Result<Products, Unsatisfied> {
    let wires = matrices.wires as usize;
    if z.len() != wires {
        return Err(Unsatisfied::Length { expected: wires, got: z.len() });
    }
    if !z[0].is_one() {
        return Err(Unsatisfied::One);
    }
    let (n, rows) = (domain_size(matrices), matrices.rows());
    let [mut a, mut b, mut c] = [(); 3].map(|()| vec![Fr::zero(); n]);
    let failed = (a[..rows].par_chunks_mut(ROWS_PER_TASK), b[..rows].par_chunks_mut(ROWS_PER_TASK))
        .into_par_iter()
        .zip(c[..rows].par_chunks_mut(ROWS_PER_TASK))
        .enumerate()
        .filter_map(|(task, ((a, b), c))| fill(matrices, z, task * ROWS_PER_TASK, a, b, c))
        .min();
    if let Some(row) = failed {
        return Err(Unsatisfied::Row { row, a: a[row], b: b[row], c: c[row] });
    }
    let publics = matrices.publics as usize + 1;
    a[rows..rows + publics].copy_from_slice(&z[..publics]);
    Ok(Products { a, b, c })
}

/// Fills the rows from `first` on and returns the first of them that does not hold.
fn fill(matrices: &Matrices, z: &[Fr], first: usize, a: &mut [Fr], b: &mut [Fr], c: &mut [Fr]) -> Option<usize> {
    let mut failed = None;
    for (row, ((a, b), c)) in (first..).zip(a.iter_mut().zip(b).zip(c)) {
        *a = matrices.a.dot(row, z);
        *b = matrices.b.dot(row, z);
        *c = matrices.c.dot(row, z);
        if failed.is_none() && *a * *b != *c {
            failed = Some(row);
        }
    }
    failed
}
