//! Proving keys of snarkjs: their files, and what prover and verifier take of them.

use std::path::Path;

use anyhow::{Context, bail};
use rayon::prelude::*;
use zera_iden3::zkey::{Coefficient, Matrix, Point, Points};
use zera_iden3::{Zkey, ZkeyError};
use zera_prover::{Rows, SnarkjsKey};
use zera_verifier::VerifyingKey;

use crate::file;
use crate::output::Failure;

/// What such a file starts with.
pub const MAGIC: &[u8; 4] = b"zkey";
/// Most bytes of a file; 2^24 rows take about 10 GB.
pub const LEN_MAX: u64 = 16 << 30;

/// The bytes of a file. One that starts otherwise is not read to its end.
///
/// # Errors
/// Bad input, naming the file.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    file::read_after(path, |start| {
        if start != MAGIC {
            bail!("does not start as a .zkey file");
        }
        Ok(LEN_MAX)
    })
}

/// The key that proofs are verified with, with all of a verifier's checks.
///
/// # Errors
/// A point of IC is none; the key is one that no verifier takes.
pub fn verifying(key: &Zkey<'_>) -> anyhow::Result<VerifyingKey> {
    let header = &key.header;
    let ic = key.ic.iter().collect::<Result<Vec<_>, _>>()?;
    VerifyingKey::from_points(header.alpha_g1, header.beta_g2, header.gamma_g2, header.delta_g2, &ic)
        .context("no verifier takes this key")
}

/// The key that proofs are made with, decoded on all threads.
///
/// Whether points of G2 are in the subgroup is not looked at: it would take longer than the proof, which a sum outside the
/// subgroup fails, as it is verified.
///
/// # Errors
/// A point or a term that is none.
pub fn proving(key: &Zkey<'_>) -> anyhow::Result<SnarkjsKey> {
    let header = &key.header;
    let mut terms = [Vec::new(), Vec::new()];
    for term in key.coefficients.iter() {
        let Coefficient { matrix, row, wire, value } = term?;
        terms[usize::from(matrix == Matrix::B)].push((row, wire, value));
    }
    let [left, right] = terms.map(|terms| Rows::new(header.domain, header.wires, terms));
    Ok(SnarkjsKey {
        publics: header.publics,
        alpha_g1: header.alpha_g1,
        beta_g1: header.beta_g1,
        beta_g2: header.beta_g2,
        delta_g1: header.delta_g1,
        delta_g2: header.delta_g2,
        a: points(&key.a)?,
        b_g1: points(&key.b_g1)?,
        b_g2: points(&key.b_g2)?,
        c: points(&key.c)?,
        h: points(&key.h)?,
        left: left?,
        right: right?,
    })
}

fn points<P: Point + Send + Sync>(list: &Points<'_, P>) -> Result<Vec<P>, ZkeyError> {
    (0..list.len()).into_par_iter().map(|index| list.decode_on_curve(index)).collect()
}
