//! Five sums, and a proof of them.

use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::CurveGroup;
use ark_groth16::Proof;
use zera_kernels::Engine;

use crate::error::ProveError;
use crate::prove::Blinding;
use crate::stage::{Clock, Stage};

/// The points of a key that a prover needs, wherever they lie.
///
/// `h` is for whatever scalars the key's reduction gives: coefficients of the quotient, or values.
pub(crate) struct KeyPoints<'a> {
    pub alpha_g1: &'a G1Affine,
    pub beta_g1: &'a G1Affine,
    pub beta_g2: &'a G2Affine,
    pub delta_g1: &'a G1Affine,
    pub delta_g2: &'a G2Affine,
    pub a: &'a [G1Affine],
    pub b_g1: &'a [G1Affine],
    pub b_g2: &'a [G2Affine],
    pub h: &'a [G1Affine],
    pub l: &'a [G1Affine],
}

/// The sums over a key's lists, not blinded: they give the witness away.
pub(crate) struct Sums {
    a: G1Projective,
    b_g1: G1Projective,
    b_g2: G2Projective,
    h: G1Projective,
    l: G1Projective,
}

impl Sums {
    /// The sums for the assignment `z`, of which `privates` are the values of the private wires, and the quotient's `h`.
    pub(crate) fn of(
        engine: &dyn Engine,
        key: &KeyPoints<'_>,
        z: &[Fr],
        privates: &[Fr],
        h: &[Fr],
        clock: &mut Clock<'_>,
    ) -> Result<Sums, ProveError> {
        Ok(Sums {
            a: clock.time(Stage::MsmA, || Ok(engine.msm_g1(key.a, z)?))?,
            b_g1: clock.time(Stage::MsmBG1, || Ok(engine.msm_g1(key.b_g1, z)?))?,
            b_g2: clock.time(Stage::MsmBG2, || Ok(engine.msm_g2(key.b_g2, z)?))?,
            h: clock.time(Stage::MsmH, || Ok(engine.msm_g1(key.h, h)?))?,
            l: clock.time(Stage::MsmL, || Ok(engine.msm_g1(key.l, privates)?))?,
        })
    }

    /// The proof.
    pub(crate) fn blinded(&self, key: &KeyPoints<'_>, blinding: &Blinding) -> Proof<Bn254> {
        // With u_i, v_i, w_i the columns of A, B, C at tau:
        //   A = alpha + sum z_i u_i(tau) + r delta
        //   B = beta  + sum z_i v_i(tau) + s delta                                 in G2, and again in G1 for C
        //   C = (sum_private z_i (beta u_i + alpha v_i + w_i) + h(tau) Z(tau)) / delta + s A + r B - r s delta
        let Blinding { r, s } = blinding;
        let a = self.a + key.alpha_g1 + *key.delta_g1 * r;
        let b_g1 = self.b_g1 + key.beta_g1 + *key.delta_g1 * s;
        let b = self.b_g2 + key.beta_g2 + *key.delta_g2 * s;
        let c = self.l + self.h + a * s + b_g1 * r - *key.delta_g1 * (*r * s);
        Proof { a: a.into_affine(), b: b.into_affine(), c: c.into_affine() }
    }
}
