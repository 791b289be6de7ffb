//! Proofs with full-width public inputs under one key.

use std::collections::BTreeSet;

use ark_bn254::{Bn254, Fr};
use ark_ff::{BigInteger, One, PrimeField, UniformRand};
use ark_groth16::{PreparedVerifyingKey, Proof, prepare_verifying_key};
use rand::Rng;
use zera_kernels::Arkworks;
use zera_params::{Keys, dev_keys};
use zera_r1cs::{Matrices, SparseMatrix};
use zera_verifier::{PreparedKey, PublicInputs};

/// Public inputs of every statement, as many as a predicate without declared values has.
pub const INPUTS: usize = 3;
/// Fewest bits of every public input.
pub const INPUT_BITS_MIN: u32 = 250;

/// A true statement with its proof, as bytes and as arkworks has them.
pub struct Sample {
    /// Public inputs.
    pub scalars: Vec<Fr>,
    /// The same, encoded.
    pub inputs: Vec<u8>,
    /// The proof.
    pub proof: Proof<Bn254>,
    /// The same, encoded.
    pub bytes: [u8; 256],
}

/// One key and proofs of distinct statements.
pub struct Samples {
    /// The key pair.
    pub keys: Keys,
    /// The verifying key, prepared.
    pub key: PreparedKey,
    /// The same for arkworks.
    pub ark: PreparedVerifyingKey<Bn254>,
    /// The statements.
    pub samples: Vec<Sample>,
}

impl Samples {
    /// `count` statements, none of them easier to verify than the worst: inputs of full width, points all distinct.
    pub fn new(count: usize) -> Samples {
        let mut rng = crate::workload::rng(0x7e41f7);
        let matrices = matrices();
        let keys = dev_keys(&matrices).expect("development keys");
        let samples: Vec<Sample> = (0..count).map(|_| sample(&keys, &matrices, &mut rng)).collect();
        assert_full_size(&samples);
        let (key, ark) = (keys.verifying.prepare(), prepare_verifying_key(&keys.proving.vk));
        Samples { keys, key, ark, samples }
    }
}

/// Three rows over the public wires 1, 2, 3: `u = x1 x2`, `v = u x3`, `w = (v + x1)(v + x2)`.
fn matrices() -> Matrices {
    let one = Fr::one();
    let rows = [
        (vec![(1, one)], vec![(2, one)], vec![(4, one)]),
        (vec![(4, one)], vec![(3, one)], vec![(5, one)]),
        (vec![(1, one), (5, one)], vec![(2, one), (5, one)], vec![(6, one)]),
    ];
    let [mut a, mut b, mut c] = [(); 3].map(|()| SparseMatrix::new());
    for (left, right, product) in rows {
        for (matrix, row) in [(&mut a, left), (&mut b, right), (&mut c, product)] {
            matrix.push_row(row).expect("sorted terms");
        }
    }
    Matrices::new(INPUTS as u32, 7, a, b, c).expect("well-formed")
}

fn sample(keys: &Keys, matrices: &Matrices, rng: &mut (impl Rng + rand::CryptoRng)) -> Sample {
    let scalars: Vec<Fr> = (0..INPUTS).map(|_| wide(rng)).collect();
    let (u, v) = (scalars[0] * scalars[1], scalars[0] * scalars[1] * scalars[2]);
    let mut z = vec![Fr::one()];
    z.extend_from_slice(&scalars);
    z.extend([u, v, (v + scalars[0]) * (v + scalars[1])]);
    let (proof, _) = zera_prover::prove(&Arkworks, &keys.proving, matrices, &z, rng).expect("a proof");
    let checked = zera_verifier::Proof::from_points(proof.a, proof.b, proof.c).expect("points of a proof");
    let inputs = PublicInputs::from_scalars(scalars.clone()).encode();
    Sample { scalars, inputs, proof, bytes: checked.encode() }
}

/// A random scalar with at least [`INPUT_BITS_MIN`] bits.
fn wide(rng: &mut impl Rng) -> Fr {
    loop {
        let scalar = Fr::rand(rng);
        if scalar.into_bigint().num_bits() >= INPUT_BITS_MIN {
            return scalar;
        }
    }
}

fn assert_full_size(samples: &[Sample]) {
    let (mut inputs, mut points) = (BTreeSet::new(), BTreeSet::new());
    for sample in samples {
        for scalar in &sample.scalars {
            assert!(scalar.into_bigint().num_bits() >= INPUT_BITS_MIN, "an input below {INPUT_BITS_MIN} bits");
            inputs.insert(scalar.into_bigint());
        }
        // A, B and C by their x coordinates: equal ones are equal points, or opposite ones.
        points.insert(sample.bytes[..32].to_vec());
        points.insert(sample.bytes[64..128].to_vec());
        points.insert(sample.bytes[192..224].to_vec());
    }
    assert_eq!(inputs.len(), samples.len() * INPUTS, "inputs repeat");
    assert_eq!(points.len(), samples.len() * 3, "points repeat");
}
