//! Circuits, keys and proofs made by arkworks, which shares no code with the verifier above the curve.
#![allow(dead_code, reason = "each test file uses its part")]

use ark_bn254::{Bn254, Fq, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInteger, Field, PrimeField, UniformRand};
use ark_groth16::Groth16;
use ark_relations::gr1cs::{ConstraintSynthesizer, ConstraintSystemRef, SynthesisError};
use ark_relations::lc;
use ark_snark::SNARK;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zera_verifier::{Proof, PublicInputs, VerifyingKey};

pub type ArkKey = ark_groth16::VerifyingKey<Bn254>;
pub type ArkProof = ark_groth16::Proof<Bn254>;

pub fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// `x_i = w_i * v` for each public input, and a chain of squares so that C is not trivial.
#[derive(Clone)]
pub struct Products {
    n: usize,
    values: Option<(Vec<Fr>, Fr)>,
}

impl ConstraintSynthesizer<Fr> for Products {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let missing = SynthesisError::AssignmentMissing;
        let value = |i: usize| self.values.as_ref().map(|(w, v)| (w[i], *v)).ok_or(missing);
        let v = cs.new_witness_variable(|| value(0).map(|(_, v)| v))?;
        for i in 0..self.n {
            let x = cs.new_input_variable(|| value(i).map(|(w, v)| w * v))?;
            let w = cs.new_witness_variable(|| value(i).map(|(w, _)| w))?;
            let square = cs.new_witness_variable(|| value(i).map(|(w, _)| w.square()))?;
            cs.enforce_r1cs_constraint(|| lc!() + w, || lc!() + v, || lc!() + x)?;
            cs.enforce_r1cs_constraint(|| lc!() + w, || lc!() + w, || lc!() + square)?;
        }
        Ok(())
    }
}

pub struct Fixture {
    pub n: usize,
    pub proving: ark_groth16::ProvingKey<Bn254>,
}

/// The secrets of a setup.
#[derive(Clone, Copy)]
pub struct Waste {
    pub alpha: Fr,
    pub beta: Fr,
    pub gamma: Fr,
    pub delta: Fr,
}

impl Waste {
    pub fn random(seed: u64) -> Waste {
        let mut rng = rng(seed);
        let [alpha, beta, gamma, delta] = core::array::from_fn(|_| Fr::rand(&mut rng));
        Waste { alpha, beta, gamma, delta }
    }
}

impl Fixture {
    /// Random secrets and random generators.
    pub fn new(n: usize, seed: u64) -> Fixture {
        let proving =
            Groth16::<Bn254>::generate_random_parameters_with_reduction(Products { n, values: None }, &mut rng(seed));
        Fixture { n, proving: proving.unwrap() }
    }

    /// Chosen secrets, standard generators.
    pub fn with_waste(n: usize, waste: Waste, seed: u64) -> Fixture {
        let proving = Groth16::<Bn254>::generate_parameters_with_qap(
            Products { n, values: None },
            waste.alpha,
            waste.beta,
            waste.gamma,
            waste.delta,
            G1Affine::generator().into_group(),
            G2Affine::generator().into_group(),
            &mut rng(seed),
        );
        Fixture { n, proving: proving.unwrap() }
    }

    pub fn ark_key(&self) -> &ArkKey {
        &self.proving.vk
    }

    pub fn key(&self) -> VerifyingKey {
        decode_ark_key(self.ark_key()).unwrap()
    }

    pub fn prove(&self, seed: u64) -> (Vec<Fr>, ArkProof) {
        let mut rng = rng(seed);
        let w: Vec<Fr> = (0..self.n).map(|_| Fr::rand(&mut rng)).collect();
        let v = Fr::rand(&mut rng);
        let publics = w.iter().map(|w| *w * v).collect();
        let circuit = Products { n: self.n, values: Some((w, v)) };
        (publics, Groth16::<Bn254>::prove(&self.proving, circuit, &mut rng).unwrap())
    }
}

pub fn decode_ark_key(key: &ArkKey) -> Result<VerifyingKey, zera_verifier::KeyError> {
    VerifyingKey::from_points(key.alpha_g1, key.beta_g2, key.gamma_g2, key.delta_g2, &key.gamma_abc_g1)
}

pub fn ark_verify(key: &ArkKey, publics: &[Fr], proof: &ArkProof) -> bool {
    assert_eq!(publics.len() + 1, key.gamma_abc_g1.len(), "ark-groth16 0.6 does not check this");
    Groth16::<Bn254>::verify(key, publics, proof).unwrap()
}

/// `L = IC_0 + sum x_i IC_i`, one multiplication at a time.
pub fn statement(key: &ArkKey, publics: &[Fr]) -> G1Affine {
    let sum: G1Projective = publics.iter().zip(&key.gamma_abc_g1[1..]).map(|(x, ic)| *ic * x).sum();
    (sum + key.gamma_abc_g1[0]).into_affine()
}

pub fn proof_of(proof: &ArkProof) -> Proof {
    Proof::from_points(proof.a, proof.b, proof.c).unwrap()
}

pub fn inputs_of(publics: &[Fr]) -> PublicInputs {
    PublicInputs::from_scalars(publics.to_vec())
}

/// A second encoder: through big integers.
pub fn be(element: &impl PrimeField) -> [u8; 32] {
    element.into_bigint().to_bytes_be().try_into().unwrap()
}

pub fn g1_bytes(point: &G1Affine) -> Vec<u8> {
    [be(&point.x), be(&point.y)].concat()
}

pub fn g2_bytes(point: &G2Affine) -> Vec<u8> {
    [be(&point.x.c1), be(&point.x.c0), be(&point.y.c1), be(&point.y.c0)].concat()
}

pub fn proof_bytes(proof: &ArkProof) -> Vec<u8> {
    [g1_bytes(&proof.a), g2_bytes(&proof.b), g1_bytes(&proof.c)].concat()
}

pub fn publics_bytes(publics: &[Fr]) -> Vec<u8> {
    publics.iter().flat_map(be).collect()
}

pub fn key_bytes(key: &ArkKey) -> Vec<u8> {
    let mut bytes = g1_bytes(&key.alpha_g1);
    for point in [&key.beta_g2, &key.gamma_g2, &key.delta_g2] {
        bytes.extend(g2_bytes(point));
    }
    for point in &key.gamma_abc_g1 {
        bytes.extend(g1_bytes(point));
    }
    bytes
}

/// `a + b` as 256-bit big-endian integers; `None` where it does not fit.
pub fn add_be(a: &[u8; 32], b: &[u8; 32]) -> Option<[u8; 32]> {
    let mut sum = [0u8; 32];
    let mut carry = 0u16;
    for i in (0..32).rev() {
        let digit = u16::from(a[i]) + u16::from(b[i]) + carry;
        sum[i] = digit as u8;
        carry = digit >> 8;
    }
    (carry == 0).then_some(sum)
}

pub fn modulus_be<F: PrimeField>() -> [u8; 32] {
    F::MODULUS.to_bytes_be().try_into().unwrap()
}

/// A point of the twist outside the subgroup of order r; all but one in 2^254 are.
pub fn g2_off_subgroup(seed: u64) -> G2Affine {
    let mut rng = rng(seed);
    loop {
        let x = ark_bn254::Fq2::new(Fq::rand(&mut rng), Fq::rand(&mut rng));
        if let Some(point) = G2Affine::get_point_from_x_unchecked(x, true) {
            assert!(point.is_on_curve());
            // r * point by double and add, not by the endomorphism that the verifier uses.
            assert!(!point.mul_bigint(Fr::MODULUS).into_affine().is_zero());
            return point;
        }
    }
}

pub fn random_g1(seed: u64) -> G1Affine {
    G1Projective::rand(&mut rng(seed)).into_affine()
}

pub fn random_g2(seed: u64) -> G2Affine {
    G2Projective::rand(&mut rng(seed)).into_affine()
}
