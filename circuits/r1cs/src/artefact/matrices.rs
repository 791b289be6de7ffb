//! The matrices' section; the layout stands in [`crate::artefact`].

use super::ArtefactError;
use crate::codec::{CodecError, NUMBER_MAX, PoolWriter, count, number, put_number, put_scalars, scalars};
use crate::matrices::{Matrices, ROWS_MAX, SparseMatrix};
use ark_bn254::Fr;
use zera_abi::wire::Reader;

/// At least as many bytes as the section has: numbers take at most [`NUMBER_MAX`], and every scalar might be new.
pub(super) fn len_bound(matrices: &Matrices) -> u64 {
    let Matrices { a, b, c, .. } = matrices;
    let nonzeros = (a.nonzeros() + b.nonzeros() + c.nonzeros()) as u64;
    NUMBER_MAX * (4 + 3 * matrices.rows() as u64) + nonzeros * (2 * NUMBER_MAX + 32)
}

/// Appends the section.
pub(super) fn encode(matrices: &Matrices, out: &mut Vec<u8>) {
    let mut pool = PoolWriter::default();
    let mut rows = Vec::new();
    put_number(&mut rows, matrices.rows() as u32);
    for i in 0..matrices.rows() {
        for matrix in [&matrices.a, &matrices.b, &matrices.c] {
            let (wires, coefficients) = matrix.row(i);
            put_number(&mut rows, wires.len() as u32);
            let mut least = 0;
            for (&wire, coefficient) in wires.iter().zip(coefficients) {
                put_number(&mut rows, wire - least);
                put_number(&mut rows, pool.index(coefficient));
                least = wire + 1;
            }
        }
    }
    put_number(out, matrices.publics);
    put_number(out, matrices.wires);
    put_scalars(out, &pool.into_scalars());
    out.append(&mut rows);
}

/// Reads what [`encode`] writes, to the end of `bytes`; whether the pool is in order is the caller's to check.
pub(super) fn decode(bytes: &[u8]) -> Result<Matrices, ArtefactError> {
    let section = |source| ArtefactError::Section { section: "matrices", source };
    let mut reader = Reader::new(bytes);
    let publics = number(&mut reader).map_err(section)?;
    let wires = number(&mut reader).map_err(section)?;
    let pool = scalars(&mut reader).map_err(section)?;
    let rows = count(&mut reader, "rows", 3, ROWS_MAX).map_err(section)?;
    let mut matrices: [SparseMatrix; 3] = Default::default();
    let mut terms = Vec::new();
    for _ in 0..rows {
        for matrix in &mut matrices {
            read_row(&mut reader, &pool, &mut terms).map_err(section)?;
            matrix.push_row(terms.drain(..))?;
        }
    }
    reader.end().map_err(CodecError::from).map_err(section)?;
    let [a, b, c] = matrices;
    Ok(Matrices::new(publics, wires, a, b, c)?)
}

fn read_row(reader: &mut Reader<'_>, pool: &[Fr], terms: &mut Vec<(u32, Fr)>) -> Result<(), CodecError> {
    let len = count(reader, "terms", 2, usize::MAX)?;
    let mut least: u32 = 0;
    for _ in 0..len {
        let wire = least.checked_add(number(reader)?).ok_or(CodecError::Number)?;
        let index = number(reader)?;
        let coefficient = pool.get(index as usize).ok_or(CodecError::Pool { index, len: pool.len() })?;
        terms.push((wire, *coefficient));
        least = wire.checked_add(1).ok_or(CodecError::Number)?;
    }
    Ok(())
}
