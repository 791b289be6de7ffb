//! One proof: five sums, blinded.

use std::time::{Duration, Instant};

use ark_bn254::{Bn254, Fr};
use ark_ec::CurveGroup;
use ark_ff::UniformRand;
use ark_groth16::{Proof, ProvingKey};
use rand::{CryptoRng, RngCore};
use zera_kernels::Engine;
use zera_r1cs::Matrices;

use crate::assignment::{domain_size, products};
use crate::error::ProveError;
use crate::quotient::quotient;

/// The two random scalars that make a proof zero-knowledge. Secret, and fresh for every proof.
#[derive(Clone, PartialEq, Eq)]
pub struct Blinding {
    /// Blinds A.
    pub r: Fr,
    /// Blinds B.
    pub s: Fr,
}

impl Blinding {
    /// Fresh blinding.
    pub fn random<R: RngCore + CryptoRng>(rng: &mut R) -> Blinding {
        Blinding { r: Fr::rand(rng), s: Fr::rand(rng) }
    }
}

/// What the prover is about to do, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Evaluating and checking every row.
    Rows,
    /// The quotient polynomial.
    Quotient,
    /// The sum for A.
    MsmA,
    /// The sum for B in G1.
    MsmBG1,
    /// The sum for B in G2.
    MsmBG2,
    /// The quotient's sum.
    MsmH,
    /// The private wires' sum.
    MsmL,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Stage; 7] =
        [Stage::Rows, Stage::Quotient, Stage::MsmA, Stage::MsmBG1, Stage::MsmBG2, Stage::MsmH, Stage::MsmL];

    /// A short name for progress lines and records.
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Rows => "rows",
            Stage::Quotient => "quotient",
            Stage::MsmA => "msm a",
            Stage::MsmBG1 => "msm b g1",
            Stage::MsmBG2 => "msm b g2",
            Stage::MsmH => "msm h",
            Stage::MsmL => "msm l",
        }
    }
}

/// What each stage took, in wall time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Evaluating and checking every row.
    pub matvec: Duration,
    /// The quotient: six transforms and the products between them.
    pub ntt: Duration,
    /// The sum for A, in G1 over all wires.
    pub msm_a: Duration,
    /// The sum for B in G1, over all wires.
    pub msm_b_g1: Duration,
    /// The sum for B in G2, over all wires.
    pub msm_b_g2: Duration,
    /// The quotient's sum, in G1 over the domain.
    pub msm_h: Duration,
    /// The private wires' sum, in G1.
    pub msm_l: Duration,
    /// Everything, the checks and the assembly included.
    pub total: Duration,
}

impl Timings {
    /// What one stage took.
    pub const fn of(&self, stage: Stage) -> Duration {
        match stage {
            Stage::Rows => self.matvec,
            Stage::Quotient => self.ntt,
            Stage::MsmA => self.msm_a,
            Stage::MsmBG1 => self.msm_b_g1,
            Stage::MsmBG2 => self.msm_b_g2,
            Stage::MsmH => self.msm_h,
            Stage::MsmL => self.msm_l,
        }
    }
}

/// A proof that the matrices have a satisfying assignment with these public values, blinded from `rng`.
///
/// `z` is the full assignment, `z[0] = 1`; `key` was made for `matrices` with libsnark's reduction (arkworks' keys and
/// `zera-params`'). Variable time: see the crate's page. Memory: `3 n` scalars beside key and assignment, plus the
/// engine's.
///
/// # Errors
/// [`ProveError`]. An assignment that does not satisfy the matrices is refused with its first failing row, and a key of
/// another size with both numbers, before any sum. A key of the right size for another circuit is not noticed: verify the
/// proof before it leaves the house.
///
/// Source: Groth, <https://eprint.iacr.org/2016/260>, section 3.2.
pub fn prove<R: RngCore + CryptoRng>(
    engine: &dyn Engine,
    key: &ProvingKey<Bn254>,
    matrices: &Matrices,
    z: &[Fr],
    rng: &mut R,
) -> Result<(Proof<Bn254>, Timings), ProveError> {
    prove_with(engine, key, matrices, z, &Blinding::random(rng), &mut |_| ())
}

/// [`prove()`] with the blinding given, and `progress` called at the start of each stage.
///
/// Blinding that is known, or used twice with one witness, gives the witness away.
///
/// # Errors
/// As [`prove()`].
pub fn prove_with(
    engine: &dyn Engine,
    key: &ProvingKey<Bn254>,
    matrices: &Matrices,
    z: &[Fr],
    blinding: &Blinding,
    progress: &mut dyn FnMut(Stage),
) -> Result<(Proof<Bn254>, Timings), ProveError> {
    let start = Instant::now();
    check_key(key, matrices)?;
    let mut clock = Clock { progress };

    let (products, matvec) = clock.time(Stage::Rows, || Ok(products(matrices, z)?))?;
    let (h, ntt) = clock.time(Stage::Quotient, || quotient(engine, products))?;

    // With u_i, v_i, w_i the columns of A, B, C at tau:
    //   A = alpha + sum z_i u_i(tau) + r delta
    //   B = beta  + sum z_i v_i(tau) + s delta                                 in G2, and again in G1 for C
    //   C = (sum_private z_i (beta u_i + alpha v_i + w_i) + h(tau) Z(tau)) / delta + s A + r B - r s delta
    let Blinding { r, s } = blinding;
    let privates = &z[matrices.publics as usize + 1..];
    let (sum_a, msm_a) = clock.time(Stage::MsmA, || Ok(engine.msm_g1(&key.a_query, z)?))?;
    let (sum_b_g1, msm_b_g1) = clock.time(Stage::MsmBG1, || Ok(engine.msm_g1(&key.b_g1_query, z)?))?;
    let (sum_b_g2, msm_b_g2) = clock.time(Stage::MsmBG2, || Ok(engine.msm_g2(&key.b_g2_query, z)?))?;
    let (sum_h, msm_h) = clock.time(Stage::MsmH, || Ok(engine.msm_g1(&key.h_query, &h)?))?;
    let (sum_l, msm_l) = clock.time(Stage::MsmL, || Ok(engine.msm_g1(&key.l_query, privates)?))?;

    let a = sum_a + key.vk.alpha_g1 + key.delta_g1 * r;
    let b_g1 = sum_b_g1 + key.beta_g1 + key.delta_g1 * s;
    let b = sum_b_g2 + key.vk.beta_g2 + key.vk.delta_g2 * s;
    let c = sum_l + sum_h + a * s + b_g1 * r - key.delta_g1 * (*r * s);

    let proof = Proof { a: a.into_affine(), b: b.into_affine(), c: c.into_affine() };
    let total = start.elapsed();
    Ok((proof, Timings { matvec, ntt, msm_a, msm_b_g1, msm_b_g2, msm_h, msm_l, total }))
}

/// Every list of the key has the circuit's length.
fn check_key(key: &ProvingKey<Bn254>, matrices: &Matrices) -> Result<(), ProveError> {
    let wires = matrices.wires as usize;
    let statement = matrices.publics as usize + 1;
    let lists = [
        ("gamma_abc_g1", key.vk.gamma_abc_g1.len(), statement),
        ("a_query", key.a_query.len(), wires),
        ("b_g1_query", key.b_g1_query.len(), wires),
        ("b_g2_query", key.b_g2_query.len(), wires),
        ("h_query", key.h_query.len(), domain_size(matrices) - 1),
        ("l_query", key.l_query.len(), wires - statement),
    ];
    for (query, got, expected) in lists {
        if got != expected {
            return Err(ProveError::KeySize { query, expected, got });
        }
    }
    Ok(())
}

struct Clock<'a> {
    progress: &'a mut dyn FnMut(Stage),
}

impl Clock<'_> {
    fn time<T>(
        &mut self,
        stage: Stage,
        work: impl FnOnce() -> Result<T, ProveError>,
    ) -> Result<(T, Duration), ProveError> {
        (self.progress)(stage);
        let start = Instant::now();
        let value = work()?;
        Ok((value, start.elapsed()))
    }
}
