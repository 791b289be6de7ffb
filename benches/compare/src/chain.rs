//! A chain of squarings: dense, all values of full width.

use std::path::Path;

use anyhow::{Result, ensure};
use ark_bn254::Fr;
use ark_ff::{One, PrimeField};
use zera_iden3::{write_r1cs, write_wtns};
use zera_r1cs::{Matrices, SparseMatrix};

use crate::file;

/// `x_(i+1) = x_i^2 + c`: wires 1, x_last (public), x_0, x_1, ...; row i is `x_i x_i = x_(i+1) - c`.
pub fn write(k: u32, out: &Path) -> Result<()> {
    ensure!((4..=22).contains(&k), "2^{k} rows");
    let rows = (1u32 << k) - 8;
    let c = Fr::from_le_bytes_mod_order(b"a constant that is as wide as a scalar can be");
    let wire = |i: u32| if i == rows { 1 } else { 2 + i };
    let mut z = vec![Fr::one(); rows as usize + 2];
    let mut x = c + Fr::one();
    for i in 0..=rows {
        z[wire(i) as usize] = x;
        x = x * x + c;
    }
    let one = Fr::one();
    let square: Vec<_> = (0..rows).map(|i| vec![(wire(i), one)]).collect();
    let next: Vec<_> = (0..rows).map(|i| vec![(0, -c), (wire(i + 1), one)]).collect();
    let left = SparseMatrix::from_rows(square.clone())?;
    let matrices = Matrices::new(1, rows + 2, left, SparseMatrix::from_rows(square)?, SparseMatrix::from_rows(next)?)?;
    matrices.check(&z).map_err(|error| anyhow::anyhow!("{error}"))?;
    file::write_key(&matrices, &out.with_extension("zkey"))?;
    std::fs::write(out.with_extension("wtns"), write_wtns(&z))?;
    std::fs::write(out.with_extension("r1cs"), write_r1cs(&matrices))?;
    Ok(())
}
