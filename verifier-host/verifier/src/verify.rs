//! One proof.

use ark_bn254::{Fr, G1Affine};
use ark_ff::One;
use zera_abi::Status;
use zera_abi::wire::FIELD_LEN;
use zera_field::{Cpu, pairing};

use crate::error::VerifyError;
use crate::inputs::PublicInputs;
use crate::prepared::PreparedKey;
use crate::proof::{OnCurve, Proof};

/// Verifies one proof. An invalid proof costs what a valid one costs.
///
/// One Miller loop over three pairs and one final exponentiation: about 0.15 ms with AVX-512 IFMA, 0.7 ms and 20 us for each
/// input without.
///
/// # Errors
/// [`VerifyError`]: the count, checked first, or the equation.
pub fn verify(key: &PreparedKey, inputs: &PublicInputs, proof: &Proof) -> Result<(), VerifyError> {
    check_count(key, inputs)?;
    let statement = statement(key, inputs);
    if holds(key, &statement, proof) { Ok(()) } else { Err(VerifyError::Rejected) }
}

/// Decodes and verifies, as a contract sees it: [`Status::Ok`], [`Status::No`], [`Status::Count`] or [`Status::Encoding`].
///
/// Cheapest first: the number of inputs, the length of the proof, the inputs' range, the proof's points, the equation.
/// `inputs` are 32 bytes each, big-endian.
pub fn verify_bytes(key: &PreparedKey, inputs: &[u8], proof: &[u8]) -> Status {
    let decoded = decode_pair(key, inputs, proof);
    match decoded.and_then(|(inputs, proof)| Ok((inputs, proof.check().map_err(|_| Status::Encoding)?))) {
        Ok((inputs, proof)) => verify(key, &inputs, &proof).map_or_else(|error| error.status(), |()| Status::Ok),
        Err(status) => status,
    }
}

/// Inputs and proof, with all checks made but that of B's subgroup, the last one.
pub(crate) fn decode_pair(key: &PreparedKey, inputs: &[u8], proof: &[u8]) -> Result<(PublicInputs, OnCurve), Status> {
    if Some(inputs.len()) != key.inputs().checked_mul(FIELD_LEN) {
        return Err(Status::Count);
    }
    if proof.len() != zera_abi::wire::PROOF_LEN {
        return Err(Status::Encoding);
    }
    let inputs = PublicInputs::decode(inputs).map_err(|error| error.status())?;
    let proof = OnCurve::decode(proof).map_err(|_| Status::Encoding)?;
    Ok((inputs, proof))
}

/// Nothing is zipped, cut or padded before this has passed.
pub(crate) fn check_count(key: &PreparedKey, inputs: &PublicInputs) -> Result<(), VerifyError> {
    let (expected, got) = (key.inputs(), inputs.len());
    if expected == got { Ok(()) } else { Err(VerifyError::Count { expected, got }) }
}

/// `L = IC_0 + sum_i x_i IC_i`.
pub(crate) fn statement(key: &PreparedKey, inputs: &PublicInputs) -> G1Affine {
    let mut scalars = vec![Fr::one()];
    scalars.extend_from_slice(inputs.scalars());
    key.combine_ic(Cpu::detect(), &scalars)
}

/// Whether the pairing equation holds:
///
/// ```text
/// e(A, B) = e(alpha, beta) e(L, gamma) e(C, delta)
/// ```
///
/// With the constant pairing taken from the key and the fixed points negated when the key was prepared, one Miller loop and
/// one final exponentiation decide it:
///
/// ```text
/// e(A, B) e(L, -gamma) e(C, -delta) = e(alpha, beta)
/// ```
///
/// Source: Groth, <https://eprint.iacr.org/2016/260>, section 3.2.
pub(crate) fn holds(key: &PreparedKey, statement: &G1Affine, proof: &Proof) -> bool {
    holds_on(Cpu::detect(), key, statement, proof)
}

/// As [`holds`], whose answer does not depend on the processor.
fn holds_on(cpu: Cpu, key: &PreparedKey, statement: &G1Affine, proof: &Proof) -> bool {
    let fixed = [(*statement, &key.neg_gamma), (proof.c, &key.neg_delta)];
    let left = pairing::miller(cpu, &[(proof.a, proof.b)], &fixed);
    pairing::final_exponentiation(cpu, left).is_some_and(|left| left == key.alpha_beta.0)
}

#[cfg(test)]
mod tests {
    use ark_bn254::G2Affine;
    use ark_ec::{AffineRepr, CurveGroup};

    use super::*;
    use crate::VerifyingKey;

    #[test]
    fn processors_agree() {
        let g1 = |k: Fr| (G1Affine::generator() * k).into_affine();
        let g2 = |k: Fr| (G2Affine::generator() * k).into_affine();
        let [alpha, beta, gamma, delta] = [1_000_003u64, 2_000_003, 5_003, 7_000_003].map(Fr::from);
        let ic = [20_001u64, 20_002, 20_003].map(Fr::from);
        let key = VerifyingKey::from_points(g1(alpha), g2(beta), g2(gamma), g2(delta), &ic.map(g1)).unwrap().prepare();
        for k in 0..20u64 {
            let (x, y, a, b) = (Fr::from(k), -Fr::from(k * k), Fr::from(k + 1), -Fr::from(k + 2));
            let l = ic[0] + x * ic[1] + y * ic[2];
            let c = (a * b - alpha * beta - l * gamma) / delta;
            let proof = Proof::from_points(g1(a), g2(b), g1(c)).unwrap();
            let other = Proof::from_points(g1(a), g2(b), g1(c + Fr::one())).unwrap();
            let statement = statement(&key, &PublicInputs::from_scalars(vec![x, y]));
            assert_eq!(statement, g1(l));
            for cpu in [Cpu::choose(Some("portable")).unwrap(), Cpu::detect()] {
                assert!(holds_on(cpu, &key, &statement, &proof), "{k} on {}", cpu.name());
                assert!(!holds_on(cpu, &key, &statement, &other), "{k} on {}", cpu.name());
                assert!(!holds_on(cpu, &key, &g1(l + Fr::one()), &proof), "{k} on {}", cpu.name());
            }
        }
    }
}
