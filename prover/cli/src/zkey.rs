//! Proving keys of snarkjs: their files, and what prover and verifier take of them.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, bail};
use rayon::prelude::*;
use zera_iden3::zkey::{Coefficient, Matrix, Point, Points};
use zera_iden3::{Map, Zkey, ZkeyError};
use zera_kernels::CpuEngine;
use zera_prover::{Rows, SnarkjsKey};
use zera_verifier::VerifyingKey;

use crate::file;
use crate::output::{Blame, Failure};

/// What such a file starts with.
pub const MAGIC: &[u8; 4] = b"zkey";
/// Most bytes of a file; 2^24 rows take about 10 GB.
pub const LEN_MAX: u64 = 16 << 30;

/// The bytes of a key's file.
pub enum Bytes {
    /// Mapped; the file says of itself whether it has changed.
    Mapped(File, Map),
    /// Of a pipe, which nothing maps.
    Read(Vec<u8>),
}

impl Bytes {
    /// The file, where it is one that can be looked at again.
    pub const fn file(&self) -> Option<&File> {
        match self {
            Bytes::Mapped(file, _) => Some(file),
            Bytes::Read(_) => None,
        }
    }
}

impl std::ops::Deref for Bytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Mapped(_, map) => map,
            Bytes::Read(bytes) => bytes,
        }
    }
}

/// The bytes of a file. One that starts otherwise is not read to its end.
///
/// # Errors
/// Bad input, naming the file.
pub fn read(path: &Path) -> Result<Bytes, Failure> {
    let start = |start: &[u8]| {
        if start != MAGIC {
            bail!("does not start as a .zkey file");
        }
        Ok(LEN_MAX)
    };
    // A pipe is opened once: what its writer has written is gone with the first reader.
    if !std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return file::read_after(path, start).map(Bytes::Read);
    }
    let mapped = || -> anyhow::Result<Bytes> {
        let file = File::open(path)?;
        let map = Map::of(&file)?;
        let max = start(&map[..map.len().min(MAGIC.len())])?;
        if map.len() as u64 > max {
            bail!("more than {max} bytes");
        }
        Ok(Bytes::Mapped(file, map))
    };
    mapped().with_context(|| path.display().to_string()).input()
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
/// Where the key is used once, it need not be known whether its points of G2 are in the subgroup: a proof whose sum is outside fails
/// as it is verified. Where it is kept, `subgroup` has that checked.
///
/// # Errors
/// A point or a term that is none.
pub fn proving(key: &Zkey<'_>, subgroup: Option<&CpuEngine>) -> anyhow::Result<SnarkjsKey> {
    let header = &key.header;
    let mut terms = [Vec::new(), Vec::new()];
    for term in key.coefficients.iter() {
        let Coefficient { matrix, row, wire, value } = term?;
        terms[usize::from(matrix == Matrix::B)].push((row, wire, value));
    }
    let [left, right] = terms.map(|terms| Rows::new(header.domain, header.wires, terms));
    let b_g2 = points(&key.b_g2)?;
    if let Some(outside) = subgroup.and_then(|engine| engine.outside_subgroup(&b_g2)) {
        // Says so in the reader's words.
        let _ = key.b_g2.decode(outside)?;
        bail!("section B2: point {outside} is not in the subgroup of order r");
    }
    Ok(SnarkjsKey {
        publics: header.publics,
        alpha_g1: header.alpha_g1,
        beta_g1: header.beta_g1,
        beta_g2: header.beta_g2,
        delta_g1: header.delta_g1,
        delta_g2: header.delta_g2,
        a: points(&key.a)?,
        b_g1: points(&key.b_g1)?,
        b_g2,
        c: points(&key.c)?,
        h: points(&key.h)?,
        left: left?,
        right: right?,
    })
}

fn points<P: Point + Send + Sync>(list: &Points<'_, P>) -> Result<Vec<P>, ZkeyError> {
    (0..list.len()).into_par_iter().map(|index| list.decode_on_curve(index)).collect()
}
