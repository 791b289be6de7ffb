//! Poseidon of cells; the circuit is [`Builder::poseidon`](zera_ir::Builder::poseidon).

use super::field::{Cell, decode, encode};
use ark_bn254::Fr;

/// Poseidon of 1 to 16 cells; `None` for any other number, and where a cell is not canonical.
pub fn hash_cells(cells: &[Cell]) -> Option<Cell> {
    let inputs: Option<Vec<Fr>> = cells.iter().take(17).map(decode).collect();
    zera_statement::poseidon::hash(&inputs?).as_ref().map(encode)
}
