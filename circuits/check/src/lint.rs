//! Matrices without a certificate.

use crate::facts::Around;
use crate::form::Form;
use ark_ff::Zero;
use zera_r1cs::Matrices;

/// The wires, in ascending order, that do not follow from `inputs` row by row: each row with one unknown wire, linear in
/// it and with a constant slope, determines it. For imported circuits; a hint where to look, no verdict, because digits,
/// zero tests and equations of several unknowns are not seen through.
///
/// Cost: each row is looked at once for each of its wires.
pub fn lint(matrices: &Matrices, inputs: &[u32]) -> Vec<u32> {
    let wires = matrices.wires as usize;
    let mut known = vec![false; wires];
    // Rows that hold a wire; and of each row how many of its wires are unknown.
    let mut rows_of: Vec<Vec<u32>> = vec![Vec::new(); wires];
    let mut unknown = vec![0u32; matrices.rows()];
    for (row, unknown) in unknown.iter_mut().enumerate() {
        for wire in wires_of(matrices, row) {
            rows_of[wire as usize].push(row as u32);
            *unknown += 1;
        }
    }
    let mut found: Vec<u32> = inputs.iter().copied().filter(|wire| (*wire as usize) < wires).collect();
    found.push(0);
    let mut ready: Vec<u32> = (0..).zip(&unknown).filter(|(_, count)| **count == 1).map(|(row, _)| row).collect();
    loop {
        while let Some(wire) = found.pop() {
            if std::mem::replace(&mut known[wire as usize], true) {
                continue;
            }
            for &row in &rows_of[wire as usize] {
                unknown[row as usize] -= 1;
                if unknown[row as usize] == 1 {
                    ready.push(row);
                }
            }
        }
        let Some(row) = ready.pop() else { break };
        let wire = wires_of(matrices, row as usize).into_iter().find(|wire| !known[*wire as usize]);
        found.extend(wire.filter(|wire| has_constant_slope(matrices, row as usize, *wire)));
    }
    (0..).zip(&known).filter(|(_, known)| !**known).map(|(wire, _)| wire).collect()
}

/// The wires of a row, each once.
fn wires_of(matrices: &Matrices, row: usize) -> Vec<u32> {
    let rows = [&matrices.a, &matrices.b, &matrices.c].map(|matrix| matrix.row(row).0);
    let mut wires: Vec<u32> = rows.into_iter().flatten().copied().collect();
    wires.sort_unstable();
    wires.dedup();
    wires
}

fn has_constant_slope(matrices: &Matrices, row: usize, wire: u32) -> bool {
    let forms = [&matrices.a, &matrices.b, &matrices.c].map(|matrix| Form::row(matrix, row));
    let around = Around::new(&forms, wire);
    let linear = (around.slopes[0] * around.slopes[1]).is_zero();
    linear && around.slope().as_constant().is_some_and(|slope| !slope.is_zero())
}
