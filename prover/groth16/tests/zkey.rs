//! Proofs with keys in snarkjs' form: written, read, proved, and verified by both verifiers; and what is refused.

use ark_bn254::{Bn254, Fr};
use ark_ff::{One, Zero};
use ark_groth16::{Groth16, Proof, prepare_verifying_key};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zera_iden3::{read_wtns, read_zkey};
use zera_kernels::{Arkworks, CpuEngine, Engine, Naive};
use zera_params::{dev_keys, dev_verifying_key};
use zera_prover::{Blinding, ProveError, Rows, SnarkjsKey, Stage, prove_snarkjs, prove_with};
use zera_r1cs::Unsatisfied;
use zera_verifier::{PublicInputs, VerifyError, VerifyingKey};

#[path = "support/circuit.rs"]
mod circuit;
#[path = "support/zkey.rs"]
mod zkey;

fn blinding(seed: u64) -> Blinding {
    Blinding::random(&mut ChaCha20Rng::seed_from_u64(seed))
}

fn attempt(engine: &dyn Engine, key: &SnarkjsKey, z: &[Fr]) -> Result<Proof<Bn254>, ProveError> {
    prove_snarkjs(engine, key.clone(), z, &blinding(1), &mut |_| ()).map(|(proof, _)| proof)
}

fn verdict(key: &VerifyingKey, proof: &Proof<Bn254>, inputs: &[Fr]) -> Result<(), VerifyError> {
    let proof = zera_verifier::Proof::from_points(proof.a, proof.b, proof.c).expect("points of a proof");
    zera_verifier::verify(&key.prepare(), &PublicInputs::from_scalars(inputs.to_vec()), &proof)
}

/// With equal secrets and blinding, the two reductions give the same proof: they differ in how they write one polynomial.
#[test]
fn equal_to_the_proof_with_a_key_of_arkworks() {
    let circuits = [(1, 1), (5, 1), (6, 1), (7, 1), (12, 3), (13, 3), (47, 16), (48, 16), (600, 3)];
    for (seed, (rows, publics)) in (1..).zip(circuits) {
        let engine = CpuEngine::detect();
        let (matrices, z) = circuit::random(seed, rows, publics);
        let bytes = zkey::dev_file(&matrices);
        let key = zkey::decoded(&read_zkey(&bytes).expect("a key"));
        let blinding = blinding(seed);
        let (proof, timings) = prove_snarkjs(&engine, key.clone(), &z, &blinding, &mut |_| ()).expect("a proof");
        let keys = dev_keys(&matrices).expect("keys");
        let (same, _) = prove_with(&engine, &keys.proving, &matrices, &z, &blinding, &mut |_| ()).expect("a proof");
        assert_eq!(proof, same, "{rows} rows, {publics} public wires");
        assert!(Stage::ALL.iter().all(|&stage| timings.of(stage) <= timings.total));
    }
}

#[test]
fn accepted_for_the_right_statement_alone() {
    for (seed, rows, publics) in [(1, 6, 1), (2, 300, 3), (3, 40, 16)] {
        let (matrices, z) = circuit::random(seed, rows, publics);
        let bytes = zkey::dev_file(&matrices);
        let file = read_zkey(&bytes).expect("a key");
        let proof = attempt(&Arkworks, &zkey::decoded(&file), &z).expect("a proof");
        // The file's own verifying key.
        let header = &file.header;
        let (alpha, ic) = (header.alpha_g1, zkey::all(&file.ic));
        let key =
            VerifyingKey::from_points(alpha, header.beta_g2, header.gamma_g2, header.delta_g2, &ic).expect("a key");
        assert_eq!(Ok(&key), dev_verifying_key(&matrices).as_ref());
        let prepared = prepare_verifying_key(&dev_keys(&matrices).expect("keys").proving.vk);
        let right = &z[1..=publics as usize];
        assert_eq!(verdict(&key, &proof, right), Ok(()));
        assert_eq!(Groth16::<Bn254>::verify_proof(&prepared, &proof, right), Ok(true));
        for index in 0..right.len() {
            let mut wrong = right.to_vec();
            wrong[index] += Fr::one();
            assert_eq!(verdict(&key, &proof, &wrong), Err(VerifyError::Rejected), "input {index}");
            assert_eq!(Groth16::<Bn254>::verify_proof(&prepared, &proof, &wrong), Ok(false), "input {index}");
        }
    }
}

/// The key that snarkjs made for the example of `zera-iden3`, with the example's assignment.
#[test]
fn a_key_of_snarkjs_proves() {
    let read = |name: &str| {
        std::fs::read(format!("{}/../../circuits/iden3/tests/vectors/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    };
    let (bytes, z) = (read("snarkjs.zkey"), read_wtns(&read("example.wtns")).expect("an assignment"));
    let file = read_zkey(&bytes).expect("a key");
    let proof = attempt(&Arkworks, &zkey::decoded(&file), &z).expect("a proof");
    let header = &file.header;
    let (alpha, ic) = (header.alpha_g1, zkey::all(&file.ic));
    let key = VerifyingKey::from_points(alpha, header.beta_g2, header.gamma_g2, header.delta_g2, &ic).expect("a key");
    assert_eq!(verdict(&key, &proof, &z[1..3]), Ok(()));
    assert_eq!(verdict(&key, &proof, &[z[1], z[1]]), Err(VerifyError::Rejected));
}

#[test]
fn the_engine_does_not_show() {
    let (matrices, z) = circuit::random(1, 12, 2);
    let bytes = zkey::dev_file(&matrices);
    let key = zkey::decoded(&read_zkey(&bytes).expect("a key"));
    assert_eq!(attempt(&Naive, &key, &z), attempt(&Arkworks, &key, &z));
}

/// The key holds no C, so this is all that shows; whoever proves verifies.
#[test]
fn an_assignment_that_does_not_satisfy_gives_a_proof_that_does_not_verify() {
    let (matrices, z) = circuit::random(1, 20, 3);
    let bytes = zkey::dev_file(&matrices);
    let key = zkey::decoded(&read_zkey(&bytes).expect("a key"));
    let verifying = dev_verifying_key(&matrices).expect("a key");
    for wire in 1..z.len() {
        let mut bad = z.clone();
        bad[wire] += Fr::one();
        assert!(matrices.check(&bad).is_err());
        let proof = attempt(&Arkworks, &key, &bad).expect("points of a proof");
        assert_eq!(verdict(&verifying, &proof, &bad[1..=3]), Err(VerifyError::Rejected), "wire {wire}");
    }
}

#[test]
fn assignments_of_the_wrong_form_are_refused() {
    let (matrices, z) = circuit::random(1, 20, 3);
    let bytes = zkey::dev_file(&matrices);
    let key = zkey::decoded(&read_zkey(&bytes).expect("a key"));
    let cases = [
        (vec![], Unsatisfied::Length { expected: 25, got: 0 }),
        (z[..24].to_vec(), Unsatisfied::Length { expected: 25, got: 24 }),
        ([&z[..], &z[..1]].concat(), Unsatisfied::Length { expected: 25, got: 26 }),
        ([&[Fr::zero()], &z[1..]].concat(), Unsatisfied::One),
    ];
    for (bad, expected) in cases {
        assert_eq!(attempt(&Arkworks, &key, &bad), Err(ProveError::Assignment(expected)));
    }
}

#[test]
fn keys_whose_lists_do_not_fit_are_refused() {
    let (matrices, z) = circuit::random(1, 20, 3);
    let bytes = zkey::dev_file(&matrices);
    let good = zkey::decoded(&read_zkey(&bytes).expect("a key"));
    let refusal = |change: &dyn Fn(&mut SnarkjsKey)| {
        let mut key = good.clone();
        change(&mut key);
        attempt(&Arkworks, &key, &z).expect_err("refused")
    };
    let size = |query, expected, got| ProveError::KeySize { query, expected, got };
    assert_eq!(refusal(&|key| key.b_g1.truncate(24)), size("B1", 25, 24));
    assert_eq!(refusal(&|key| key.b_g2.truncate(0)), size("B2", 25, 0));
    assert_eq!(refusal(&|key| key.c.truncate(20)), size("C", 21, 20));
    assert_eq!(refusal(&|key| key.publics = 4), size("C", 20, 21));
    assert_eq!(refusal(&|key| key.publics = u32::MAX), size("A", 1 << 32, 25));
    assert_eq!(refusal(&|key| key.h.truncate(31)), ProveError::Domain { got: 31 });
    assert_eq!(refusal(&|key| key.h.clear()), ProveError::Domain { got: 0 });
    let matrix = |rows, wires, domain| ProveError::Matrix { rows, wires, domain, points: 25 };
    assert_eq!(refusal(&|key| key.h.truncate(16)), matrix(32, 25, 16));
    assert_eq!(refusal(&|key| key.right = Rows::new(32, 26, vec![]).unwrap()), matrix(32, 26, 32));
    // A list of arkworks' kind has one point less.
    let other = dev_keys(&matrices).expect("keys").proving.h_query;
    assert_eq!(refusal(&|key| key.h.clone_from(&other)), ProveError::Domain { got: 31 });
}

/// What the reader lets through, the prover takes or refuses; a proof with it verifies only where the key still is what it was.
#[test]
fn damaged_files_do_not_panic_the_prover() {
    let (matrices, z) = circuit::random(1, 3, 1);
    let (bytes, verifying) = (zkey::dev_file(&matrices), dev_verifying_key(&matrices).expect("a key"));
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let mut proved = 0;
    for _ in 0..2000 {
        let mut damaged = bytes.clone();
        let at = rng.gen_range(0..damaged.len());
        damaged[at] ^= 1 << rng.gen_range(0..8);
        let Ok(file) = read_zkey(&damaged) else { continue };
        if file.check().is_err() {
            continue;
        }
        if let Ok(proof) = attempt(&Arkworks, &zkey::decoded(&file), &z) {
            proved += 1;
            assert_eq!(verdict(&verifying, &proof, &z[1..2]), Err(VerifyError::Rejected), "byte {at}");
        }
    }
    assert!(proved > 0, "flipped coefficients are other coefficients");
}

#[test]
fn rows_take_terms_in_any_order() {
    let [one, two, three] = [1u64, 2, 3].map(Fr::from);
    let z = [1u64, 10, 100].map(Fr::from);
    let sorted =
        Rows::new(4, 3, vec![(0, 2, two), (2, 0, three), (2, 1, one), (2, 1, two), (3, 2, Fr::zero())]).unwrap();
    assert_eq!(sorted.mul(&z), [200u64, 0, 33, 0].map(Fr::from));
    let shuffled =
        Rows::new(4, 3, vec![(3, 2, Fr::zero()), (2, 0, three), (0, 2, two), (2, 1, one), (2, 1, two)]).unwrap();
    assert_eq!(shuffled, sorted);
    assert_eq!((sorted.len(), sorted.wires(), sorted.is_empty()), (4, 3, false));
    let term = |what, got, count| Err(ProveError::Term { index: 1, what, got, count });
    assert_eq!(Rows::new(4, 3, vec![(0, 0, one), (4, 0, one)]), term("row", 4, 4));
    assert_eq!(Rows::new(4, 3, vec![(0, 0, one), (0, 3, one)]), term("wire", 3, 3));
}
