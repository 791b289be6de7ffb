//! Development keys against arkworks, which proves and verifies with them, and against the verifier's checks.

use ark_bn254::{Bn254, Fr};
use ark_ff::UniformRand;
use ark_groth16::{Groth16, prepare_verifying_key};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use zera_params::{Origin, SetupError, dev_keys, dev_verifying_key, origin};
use zera_verifier::{DEV_ALPHA, Proof, PublicInputs, VerifyError, VerifyingKey};

#[path = "support/circuit.rs"]
mod circuit;

/// A proof by arkworks' own prover, whose rows are `(coefficient, wire)` lists.
fn prove(keys: &zera_params::Keys, matrices: &zera_r1cs::Matrices, z: &[Fr]) -> ark_groth16::Proof<Bn254> {
    let rows = [&matrices.a, &matrices.b, &matrices.c].map(|matrix| {
        let row = |i| {
            let (wires, coefficients) = matrix.row(i);
            coefficients.iter().copied().zip(wires.iter().map(|&wire| wire as usize)).collect::<Vec<_>>()
        };
        (0..matrix.rows()).map(row).collect::<Vec<_>>()
    });
    let rng = &mut ChaCha8Rng::seed_from_u64(9);
    let (r, s) = (Fr::rand(rng), Fr::rand(rng));
    let (inputs, count) = (matrices.publics as usize + 1, matrices.rows());
    Groth16::<Bn254>::create_proof_with_reduction_and_matrices(&keys.proving, r, s, &rows, inputs, count, z)
        .expect("arkworks proves")
}

#[test]
fn arkworks_proves_and_verifies_with_them() {
    // Domains just full, just overfull and far from full; one public input and the most.
    for (seed, rows, publics) in [(1, 6, 1), (2, 7, 1), (3, 12, 3), (4, 13, 3), (5, 100, 16)] {
        let (matrices, z) = circuit::random(seed, rows, publics);
        let keys = dev_keys(&matrices).expect("keys");
        let proof = prove(&keys, &matrices, &z);
        let publics = publics as usize;
        let prepared = prepare_verifying_key(&keys.proving.vk);
        assert_eq!(Groth16::<Bn254>::verify_proof(&prepared, &proof, &z[1..=publics]), Ok(true));

        let key = keys.verifying.prepare();
        let checked = Proof::from_points(proof.a, proof.b, proof.c).expect("a proof");
        let inputs = PublicInputs::from_scalars(z[1..=publics].to_vec());
        assert_eq!(zera_verifier::verify(&key, &inputs, &checked), Ok(()));
        assert_eq!(keys.verifying.self_test(&inputs, &checked), Ok(()));
        for index in 0..publics {
            let mut wrong = z[1..=publics].to_vec();
            wrong[index] += Fr::from(1u64);
            assert_eq!(Groth16::<Bn254>::verify_proof(&prepared, &proof, &wrong), Ok(false), "input {index}");
            let wrong = PublicInputs::from_scalars(wrong);
            assert_eq!(zera_verifier::verify(&key, &wrong, &checked), Err(VerifyError::Rejected), "input {index}");
        }
    }
}

#[test]
fn they_are_a_function_of_the_matrices() {
    let (matrices, _) = circuit::random(1, 20, 3);
    let (other, _) = circuit::random(2, 20, 3);
    let keys = dev_keys(&matrices).expect("keys");
    assert_eq!(dev_keys(&matrices).expect("keys"), keys);
    assert_eq!(dev_verifying_key(&matrices).expect("key"), keys.verifying);
    assert_eq!(keys.verifying.encode().len(), 448 + 64 * 4);
    assert_eq!(VerifyingKey::decode(&keys.verifying.encode()).as_ref(), Ok(&keys.verifying));

    let other = dev_keys(&other).expect("keys");
    assert_eq!(other.verifying.alpha(), keys.verifying.alpha());
    assert_ne!(other.verifying.beta(), keys.verifying.beta());
    assert_ne!(other.verifying.gamma(), keys.verifying.gamma());
    assert_ne!(other.verifying.delta(), keys.verifying.delta());
    assert_ne!(other.verifying.id(), keys.verifying.id());
}

/// A changed derivation changes every development key, so every local network's genesis.
#[test]
fn pinned_key_id() {
    let (matrices, _) = circuit::random(1, 6, 1);
    let id = dev_verifying_key(&matrices).expect("key").id().to_string();
    assert_eq!(id, "65f9c5984c3026defca5c4e7b901d8a3685232b9828108e47bf0b9935e4e9ae1");
}

/// The verifier holds alpha as bytes (computed by a second implementation of the curve), this crate as a scalar.
#[test]
fn alpha_gives_them_away() {
    let (matrices, _) = circuit::random(1, 6, 1);
    let key = dev_verifying_key(&matrices).expect("key");
    assert_eq!(key.encode()[..64], DEV_ALPHA);
    assert_eq!(origin(&key), Origin::Dev);
    let generator = <ark_bn254::G1Affine as ark_ec::AffineRepr>::generator();
    let alpha: ark_bn254::G1Affine = (generator * zera_params::dev::alpha()).into();
    assert_eq!(&alpha, key.alpha());
    let negated = VerifyingKey::from_points(-alpha, *key.beta(), *key.gamma(), *key.delta(), key.ic()).expect("a key");
    assert_eq!(origin(&negated), Origin::Ceremony);
}

#[test]
fn numbers_of_public_inputs_that_no_key_has() {
    for publics in [0, 17] {
        let (matrices, _) = circuit::random(1, 20, publics);
        assert_eq!(dev_keys(&matrices), Err(SetupError::Publics { got: publics }));
        assert_eq!(dev_verifying_key(&matrices), Err(SetupError::Publics { got: publics }));
    }
}
