//! Files of keys and assignments, and the verifier that judges every proof.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use ark_bn254::{Bn254, Fr};
use ark_groth16::Proof;
use zera_iden3::zkey::{Matrix, Point, Points};
use zera_iden3::{Zkey, ZkeyParts, read_wtns, read_zkey, write_zkey};
use zera_prover::{Rows, SnarkjsKey};
use zera_r1cs::Matrices;
use zera_verifier::{PreparedKey, PublicInputs, VerifyingKey};

pub fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| path.display().to_string())
}

/// The development key of these matrices, in snarkjs' form.
pub fn write_key(matrices: &Matrices, out: &Path) -> Result<()> {
    let key = zera_params::dev_snarkjs_key(matrices)?;
    let parts = ZkeyParts {
        alpha_g1: key.vk.alpha_g1,
        beta_g1: key.beta_g1,
        beta_g2: key.vk.beta_g2,
        gamma_g2: key.vk.gamma_g2,
        delta_g1: key.delta_g1,
        delta_g2: key.vk.delta_g2,
        ic: &key.vk.gamma_abc_g1,
        a: &key.a_query,
        b_g1: &key.b_g1_query,
        b_g2: &key.b_g2_query,
        c: &key.l_query,
        h: &key.h_query,
    };
    std::fs::write(out, write_zkey(&parts, matrices)?)?;
    Ok(())
}

pub fn points<P: Point>(points: &Points<'_, P>) -> Result<Vec<P>> {
    Ok((0..points.len()).map(|i| points.decode_on_curve(i)).collect::<Result<_, _>>()?)
}

/// The terms of each row.
pub fn rows(file: &Zkey<'_>, matrix: Matrix) -> Result<Vec<Vec<(Fr, usize)>>> {
    let mut rows = vec![Vec::new(); file.header.domain as usize];
    for term in file.coefficients.iter() {
        let term = term?;
        if term.matrix == matrix {
            rows[term.row as usize].push((term.value, term.wire as usize));
        }
    }
    Ok(rows)
}

/// What our prover takes.
pub fn key(file: &Zkey<'_>) -> Result<SnarkjsKey> {
    let header = &file.header;
    let matrix = |matrix: Matrix| -> Result<Rows> {
        let mut terms = Vec::new();
        for term in file.coefficients.iter() {
            let term = term?;
            if term.matrix == matrix {
                terms.push((term.row, term.wire, term.value));
            }
        }
        Ok(Rows::new(header.domain, header.wires, terms)?)
    };
    Ok(SnarkjsKey {
        publics: header.publics,
        alpha_g1: header.alpha_g1,
        beta_g1: header.beta_g1,
        beta_g2: header.beta_g2,
        delta_g1: header.delta_g1,
        delta_g2: header.delta_g2,
        a: points(&file.a)?,
        b_g1: points(&file.b_g1)?,
        b_g2: points(&file.b_g2)?,
        c: points(&file.c)?,
        h: points(&file.h)?,
        left: matrix(Matrix::A)?,
        right: matrix(Matrix::B)?,
    })
}

/// Judges proofs of one statement.
pub struct Verifier {
    key: PreparedKey,
    inputs: PublicInputs,
}

impl Verifier {
    pub fn new(zkey: &Path, wtns: &Path) -> Result<Verifier> {
        let bytes = read(zkey)?;
        let file = read_zkey(&bytes)?;
        let header = &file.header;
        let ic = points(&file.ic)?;
        let key = VerifyingKey::from_points(header.alpha_g1, header.beta_g2, header.gamma_g2, header.delta_g2, &ic)?;
        let z = read_wtns(&read(wtns)?)?;
        let inputs = PublicInputs::from_scalars(z[1..=header.publics as usize].to_vec());
        Ok(Verifier { key: key.prepare(), inputs })
    }

    pub fn check(&self, proof: &Proof<Bn254>) -> Result<()> {
        let proof = zera_verifier::Proof::from_points(proof.a, proof.b, proof.c)?;
        zera_verifier::verify(&self.key, &self.inputs, &proof)?;
        Ok(())
    }
}

/// The process's greatest resident size, in MiB.
pub fn high_water() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? / 1024)
}

/// How long the threads of this process have run, taken together.
pub fn ran() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
