//! A small system with everything in it: empty combinations, large coefficients, public and private wires.
#![allow(dead_code, reason = "each test file uses its own part")]

use ark_bn254::Fr;
use zera_iden3::R1cs;
use zera_r1cs::{Matrices, SparseMatrix};

fn matrix(rows: &[&[(u32, i64)]]) -> SparseMatrix {
    let rows = rows.iter().map(|row| row.iter().map(|&(wire, c)| (wire, Fr::from(c))));
    SparseMatrix::from_rows(rows).unwrap()
}

/// Over wires 1, y, s, x, t: `x x = t`, `t x = y - x - 5`, `(s - x) 1 = 0`, `0 0 = 0`.
pub fn matrices() -> Matrices {
    let a = matrix(&[&[(3, 1)], &[(4, 1)], &[(2, 1), (3, -1)], &[]]);
    let b = matrix(&[&[(3, 1)], &[(3, 1)], &[(0, 1)], &[]]);
    let c = matrix(&[&[(4, 1)], &[(0, -5), (1, 1), (3, -1)], &[], &[]]);
    Matrices::new(2, 5, a, b, c).unwrap()
}

/// The system with `x` called a private input.
pub fn system() -> R1cs {
    R1cs::new(matrices()).with_private_inputs(1).unwrap()
}

/// The assignment of `x = 3`.
pub fn assignment() -> Vec<Fr> {
    [1u64, 35, 3, 3, 9].map(Fr::from).to_vec()
}
