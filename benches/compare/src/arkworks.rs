//! ark-groth16 with snarkjs' reduction.

use std::time::{Duration, Instant};

use anyhow::Result;
use ark_bn254::{Bn254, Fr};
use ark_ff::{PrimeField, UniformRand};
use ark_groth16::r1cs_to_qap::{LibsnarkReduction, R1CSToQAP};
use ark_groth16::{Groth16, Proof, ProvingKey, VerifyingKey};
use ark_poly::EvaluationDomain;
use ark_relations::gr1cs::{ConstraintSystemRef, Matrix, Result as R1csResult, SynthesisError};
use rand::rngs::OsRng;
use rayon::ThreadPool;
use rayon::prelude::*;
use zera_iden3::{read_wtns, read_zkey};

use crate::file;
use crate::peer::Peer;

pub struct Ark {
    key: ProvingKey<Bn254>,
    matrices: Vec<Matrix<Fr>>,
    z: Vec<Fr>,
    inputs: usize,
    rows: usize,
}

impl Ark {
    pub fn new(zkey: &[u8], wtns: &[u8]) -> Result<Ark> {
        let zkey = read_zkey(zkey)?;
        let key = file::key(&zkey)?;
        let header = &zkey.header;
        let ic = file::points(&zkey.ic)?;
        let vk = VerifyingKey {
            alpha_g1: header.alpha_g1,
            beta_g2: header.beta_g2,
            gamma_g2: header.gamma_g2,
            delta_g2: header.delta_g2,
            gamma_abc_g1: ic,
        };
        let inputs = key.publics as usize + 1;
        // The rows behind the circuit's are those of the public wires, which the reduction adds by itself.
        let (left, right) =
            (file::rows(&zkey, zera_iden3::zkey::Matrix::A)?, file::rows(&zkey, zera_iden3::zkey::Matrix::B)?);
        let used = left.iter().rposition(|row| !row.is_empty()).map_or(0, |last| last + 1);
        let rows = used - inputs;
        let matrices = vec![left[..rows].to_vec(), right[..rows].to_vec(), vec![Vec::new(); rows]];
        let key = ProvingKey {
            vk,
            beta_g1: key.beta_g1,
            delta_g1: key.delta_g1,
            a_query: key.a,
            b_g1_query: key.b_g1,
            b_g2_query: key.b_g2,
            h_query: key.h,
            l_query: key.c,
        };
        Ok(Ark { key, matrices, z: read_wtns(wtns)?, inputs, rows })
    }
}

impl Peer for Ark {
    fn name(&self) -> &str {
        "ark-groth16 0.6"
    }

    fn prove(&mut self, pool: &ThreadPool) -> Result<(Proof<Bn254>, Duration)> {
        let (r, s) = (Fr::rand(&mut OsRng), Fr::rand(&mut OsRng));
        let start = Instant::now();
        let proof = pool.install(|| {
            Groth16::<Bn254, Odd>::create_proof_with_reduction_and_matrices(
                &self.key,
                r,
                s,
                &self.matrices,
                self.inputs,
                self.rows,
                &self.z,
            )
        })?;
        Ok((proof, start.elapsed()))
    }
}

/// Values of `A B - C` over the odd coset, with arkworks' own transforms.
struct Odd;

impl R1CSToQAP for Odd {
    fn instance_map_with_evaluation<F: PrimeField, D: EvaluationDomain<F>>(
        cs: ConstraintSystemRef<F>,
        t: &F,
    ) -> R1csResult<(Vec<F>, Vec<F>, Vec<F>, F, usize, usize)> {
        LibsnarkReduction::instance_map_with_evaluation::<F, D>(cs, t)
    }

    fn witness_map_from_matrices<F: PrimeField, D: EvaluationDomain<F>>(
        matrices: &[Matrix<F>],
        inputs: usize,
        rows: usize,
        z: &[F],
    ) -> R1csResult<Vec<F>> {
        let domain = D::new(rows + inputs).ok_or(SynthesisError::PolynomialDegreeTooLarge)?;
        let n = domain.size();
        let (mut a, mut b) = (vec![F::zero(); n], vec![F::zero(); n]);
        let dot = |row: &[(F, usize)]| row.iter().map(|(value, wire)| z[*wire] * value).sum::<F>();
        a[..rows].par_iter_mut().zip(&matrices[0]).for_each(|(a, row)| *a = dot(row));
        b[..rows].par_iter_mut().zip(&matrices[1]).for_each(|(b, row)| *b = dot(row));
        a[rows..rows + inputs].copy_from_slice(&z[..inputs]);
        let mut c: Vec<F> = a.par_iter().zip(&b).map(|(a, b)| *a * b).collect();
        let root = F::get_root_of_unity(2 * n as u64).ok_or(SynthesisError::PolynomialDegreeTooLarge)?;
        let coset = domain.get_coset(root).ok_or(SynthesisError::PolynomialDegreeTooLarge)?;
        for values in [&mut a, &mut b, &mut c] {
            domain.ifft_in_place(values);
            coset.fft_in_place(values);
        }
        a.par_iter_mut().zip(b.par_iter().zip(&c)).for_each(|(a, (b, c))| *a = *a * b - c);
        Ok(a)
    }

    fn h_query_scalars<F: PrimeField, D: EvaluationDomain<F>>(
        degree: usize,
        t: F,
        zt: F,
        inverse: F,
    ) -> R1csResult<Vec<F>> {
        LibsnarkReduction::h_query_scalars::<F, D>(degree, t, zt, inverse)
    }
}
