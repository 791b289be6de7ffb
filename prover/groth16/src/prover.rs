//! A key as an engine holds it: made once, used for every proof.

use std::sync::atomic::{AtomicBool, Ordering};

use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::CurveGroup;
use ark_ff::{One, Zero};
use ark_groth16::{Proof, ProvingKey};
use zera_kernels::{Bases, Engine, Quotients};
use zera_r1cs::{Matrices, Unsatisfied};

use crate::assignment::{Products, domain_size, products};
use crate::error::ProveError;
use crate::prove::Blinding;
use crate::rows::Rows;
use crate::stage::{Clock, Stage, Timings};
use crate::zkey::SnarkjsKey;

/// Which scalars a key's list H is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reduction {
    /// Coefficients of `h = (A B - C) / (X^n - 1)`: libsnark's and arkworks' keys. H has `n - 1` points.
    Coefficients,
    /// Values of `A B - C` at the odd powers of the root of order `2 n`: snarkjs' keys. H has `n` points.
    Odd,
}

/// Points that every proof needs once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fixed {
    pub(crate) alpha_g1: G1Affine,
    pub(crate) beta_g1: G1Affine,
    pub(crate) beta_g2: G2Affine,
    pub(crate) delta_g1: G1Affine,
    pub(crate) delta_g2: G2Affine,
}

/// A proving key in an engine's own form, with the roots of its domain.
///
/// Making one costs a few hundredths of a proof. Memory with [`zera_kernels::CpuEngine`], for `w` wires and a domain of `n`:
/// `64 (3 w + n) + 128 w` bytes of points and about `240 n` bytes of roots and powers.
pub struct Prover {
    pub(crate) reduction: Reduction,
    pub(crate) domain: usize,
    pub(crate) publics: usize,
    pub(crate) fixed: Fixed,
    pub(crate) quotients: Box<dyn Quotients>,
    pub(crate) a: Box<dyn Bases<G1Projective>>,
    pub(crate) b_g1: Box<dyn Bases<G1Projective>>,
    pub(crate) b_g2: Box<dyn Bases<G2Projective>>,
    pub(crate) h: Box<dyn Bases<G1Projective>>,
    pub(crate) l: Box<dyn Bases<G1Projective>>,
}

/// What watches a proof being made.
pub struct Watch<'a> {
    /// Called as each stage starts; stages overlap where there are more threads than one.
    pub progress: &'a mut (dyn FnMut(Stage) + Send),
    /// Where it becomes true, no further stage starts.
    pub cancelled: &'a AtomicBool,
}

impl Prover {
    /// Takes a key of arkworks for these matrices.
    ///
    /// # Errors
    /// [`ProveError::KeySize`]: a list of another length than the circuit needs.
    pub fn new(engine: &dyn Engine, key: &ProvingKey<Bn254>, matrices: &Matrices) -> Result<Prover, ProveError> {
        let wires = matrices.wires as usize;
        let statement = matrices.publics as usize + 1;
        let domain = domain_size(matrices);
        for (query, got, expected) in [
            ("gamma_abc_g1", key.vk.gamma_abc_g1.len(), statement),
            ("a_query", key.a_query.len(), wires),
            ("b_g1_query", key.b_g1_query.len(), wires),
            ("b_g2_query", key.b_g2_query.len(), wires),
            ("h_query", key.h_query.len(), domain - 1),
            ("l_query", key.l_query.len(), wires - statement),
        ] {
            if got != expected {
                return Err(ProveError::KeySize { query, expected, got });
            }
        }
        let quotients = engine.quotients(domain)?;
        // In the order in which quotients come.
        let h: Vec<G1Affine> = (0..domain - 1).map(|i| key.h_query[quotients.place(i)]).collect();
        Ok(Prover {
            reduction: Reduction::Coefficients,
            domain,
            publics: statement - 1,
            fixed: Fixed {
                alpha_g1: key.vk.alpha_g1,
                beta_g1: key.beta_g1,
                beta_g2: key.vk.beta_g2,
                delta_g1: key.delta_g1,
                delta_g2: key.vk.delta_g2,
            },
            a: engine.load_g1(&key.a_query),
            b_g1: engine.load_g1(&key.b_g1_query),
            b_g2: engine.load_g2(&key.b_g2_query),
            h: engine.load_g1(&h),
            l: engine.load_g1(&key.l_query),
            quotients,
        })
    }

    /// Takes the points of a key of snarkjs, list by list, so that never both forms of the whole key are held.
    ///
    /// # Errors
    /// [`ProveError`]: lists that do not fit each other.
    pub(crate) fn of_snarkjs(engine: &dyn Engine, key: SnarkjsKey) -> Result<(Prover, Rows, Rows), ProveError> {
        key.check()?;
        let g1 = |list: Vec<G1Affine>| engine.load_g1(&list);
        let (domain, publics) = (key.h.len(), key.publics as usize);
        let b_g2 = {
            let list = key.b_g2;
            engine.load_g2(&list)
        };
        let (a, b_g1, h, l) = (g1(key.a), g1(key.b_g1), g1(key.h), g1(key.c));
        let prover = Prover {
            reduction: Reduction::Odd,
            domain,
            publics,
            fixed: Fixed {
                alpha_g1: key.alpha_g1,
                beta_g1: key.beta_g1,
                beta_g2: key.beta_g2,
                delta_g1: key.delta_g1,
                delta_g2: key.delta_g2,
            },
            quotients: engine.quotients(domain)?,
            a,
            b_g1,
            b_g2,
            h,
            l,
        };
        Ok((prover, key.left, key.right))
    }

    /// A proof that the matrices have a satisfying assignment with the public values of `z`, on the current rayon pool.
    ///
    /// `matrices` are those that the key was taken for. Memory beside the key: about `7 n` elements of 32 to 40 bytes, and 4
    /// MiB a thread. Blinding that is known, or used twice with one witness, gives the witness away.
    ///
    /// # Errors
    /// [`ProveError`]: an assignment that does not satisfy the matrices, with its first failing row; [`ProveError::Cancelled`].
    pub fn prove(
        &self,
        matrices: &Matrices,
        z: &[Fr],
        blinding: &Blinding,
        watch: Watch<'_>,
    ) -> Result<(Proof<Bn254>, Timings), ProveError> {
        if domain_size(matrices) != self.domain {
            return Err(ProveError::KeySize {
                query: "h_query",
                expected: domain_size(matrices) - 1,
                got: self.domain - 1,
            });
        }
        self.prove_rows(z, blinding, watch, || Ok(products(matrices, z)?))
    }

    /// The same from whatever gives the values of the rows.
    pub(crate) fn prove_rows(
        &self,
        z: &[Fr],
        blinding: &Blinding,
        watch: Watch<'_>,
        rows: impl FnOnce() -> Result<Products, ProveError>,
    ) -> Result<(Proof<Bn254>, Timings), ProveError> {
        if z.len() != self.a.len() {
            return Err(Unsatisfied::Length { expected: self.a.len(), got: z.len() }.into());
        }
        if !z[0].is_one() {
            return Err(Unsatisfied::One.into());
        }
        let clock = Clock::start(watch);
        let rows = clock.time(Stage::Rows, rows)?;
        let privates = &z[self.publics + 1..];
        // Everything that depends on nothing but `z`, beside the quotient and its sum.
        let quotient = || {
            let h = clock.time(Stage::Quotient, || self.quotient(rows))?;
            clock.time(Stage::MsmH, || Ok(self.h.sum(&h)?))
        };
        let b_g2 = || clock.time(Stage::MsmBG2, || Ok(self.b_g2.sum(z)?));
        let a = || clock.time(Stage::MsmA, || Ok(self.a.sum(z)?));
        let b_g1 = || clock.time(Stage::MsmBG1, || Ok(self.b_g1.sum(z)?));
        let l = || clock.time(Stage::MsmL, || Ok(self.l.sum(privates)?));
        let (h, (b_g2, (a, (b_g1, l)))) =
            rayon::join(quotient, || rayon::join(b_g2, || rayon::join(a, || rayon::join(b_g1, l))));
        let proof = self.fixed.assemble(blinding, a?, b_g1?, b_g2?, h? + l?);
        Ok((proof, clock.stop()))
    }

    /// The scalars of H.
    fn quotient(&self, rows: Products) -> Result<Vec<Fr>, ProveError> {
        let Products { a, b, c } = rows;
        match self.reduction {
            Reduction::Odd => Ok(self.quotients.odd(a, b)?),
            Reduction::Coefficients => {
                let mut h = self.quotients.divide(a, b, c)?;
                match h.pop() {
                    Some(top) if top.is_zero() => Ok(h),
                    _ => Err(ProveError::Degree { max: self.domain.saturating_sub(2) }),
                }
            }
        }
    }
}

impl Fixed {
    /// With `u_i`, `v_i`, `w_i` the columns of A, B, C at tau:
    ///
    /// ```text
    /// A = alpha + sum z_i u_i(tau) + r delta
    /// B = beta  + sum z_i v_i(tau) + s delta                                 in G2, and again in G1 for C
    /// C = (sum_private z_i (beta u_i + alpha v_i + w_i) + h(tau) Z(tau)) / delta + s A + r B - r s delta
    /// ```
    fn assemble(
        &self,
        Blinding { r, s }: &Blinding,
        a: G1Projective,
        b_g1: G1Projective,
        b_g2: G2Projective,
        c: G1Projective,
    ) -> Proof<Bn254> {
        let a = a + self.alpha_g1 + self.delta_g1 * r;
        let b_g1 = b_g1 + self.beta_g1 + self.delta_g1 * s;
        let b = b_g2 + self.beta_g2 + self.delta_g2 * s;
        let c = c + a * s + b_g1 * r - self.delta_g1 * (*r * s);
        Proof { a: a.into_affine(), b: b.into_affine(), c: c.into_affine() }
    }
}

impl Watch<'_> {
    /// Tells of a stage, unless the proof is no longer wanted.
    pub(crate) fn stage(&mut self, stage: Stage) -> Result<(), ProveError> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(ProveError::Cancelled);
        }
        (self.progress)(stage);
        Ok(())
    }
}
