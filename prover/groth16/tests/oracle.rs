//! Our proofs are arkworks' proofs, bit for bit, and both verifiers accept them for the right statement alone.

use std::sync::atomic::{AtomicBool, Ordering};

use ark_bn254::{Bn254, Fr};
use ark_ff::{UniformRand, Zero};
use ark_groth16::{Groth16, Proof, prepare_verifying_key};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zera_kernels::{Arkworks, Cpu, CpuEngine, Engine, Naive};
use zera_params::{Keys, dev_keys};
use zera_prover::{Blinding, Peer, ProveError, Prover, Stage, Watch, prove, prove_with};
use zera_r1cs::Matrices;
use zera_verifier::{PublicInputs, VerifyError};

#[path = "support/circuit.rs"]
mod circuit;

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// arkworks' prover with its own reduction, on the same key, assignment and blinding.
fn theirs(keys: &Keys, matrices: &Matrices, z: &[Fr], blinding: &Blinding) -> Proof<Bn254> {
    Peer::new(matrices).prove(&keys.proving, z, blinding).expect("arkworks proves")
}

fn portable() -> Cpu {
    Cpu::choose(Some("portable")).expect("every processor has it")
}

fn ours(engine: &dyn Engine, keys: &Keys, matrices: &Matrices, z: &[Fr], blinding: &Blinding) -> Proof<Bn254> {
    prove_with(engine, &keys.proving, matrices, z, blinding, &mut |_| ()).expect("a proof").0
}

#[test]
fn equal_to_arkworks_bit_for_bit() {
    // rows + publics + 1 at, one below and one above powers of two; one row; rows in several tasks.
    let circuits = [(1, 1), (5, 1), (6, 1), (7, 1), (12, 3), (13, 3), (28, 3), (46, 16), (47, 16), (48, 16), (600, 3)];
    for (seed, (rows, publics)) in (1..).zip(circuits) {
        let (matrices, z) = circuit::random(seed, rows, publics);
        let keys = dev_keys(&matrices).expect("keys");
        let blinding = Blinding::random(&mut rng(seed));
        let expected = theirs(&keys, &matrices, &z, &blinding);
        for engine in [&Arkworks as &dyn Engine, &CpuEngine::detect(), &CpuEngine(portable())] {
            let proof = ours(engine, &keys, &matrices, &z, &blinding);
            assert_eq!(proof, expected, "{}: {rows} rows, {publics} public wires", engine.name());
        }
    }
}

#[test]
fn equal_to_arkworks_for_every_kind_of_blinding() {
    let (matrices, z) = circuit::random(1, 20, 3);
    let keys = dev_keys(&matrices).expect("keys");
    let some = Fr::rand(&mut rng(1));
    for (r, s) in [(Fr::zero(), Fr::zero()), (some, Fr::zero()), (Fr::zero(), some), (some, some), (some, -some)] {
        let blinding = Blinding { r, s };
        let proof = ours(&Arkworks, &keys, &matrices, &z, &blinding);
        assert_eq!(proof, theirs(&keys, &matrices, &z, &blinding), "r = {r}, s = {s}");
    }
}

/// The port: another engine, the same proof.
#[test]
fn the_engine_does_not_show() {
    let (matrices, z) = circuit::random(1, 12, 2);
    let keys = dev_keys(&matrices).expect("keys");
    let blinding = Blinding::random(&mut rng(1));
    let proof = ours(&Naive, &keys, &matrices, &z, &blinding);
    assert_eq!(proof, ours(&Arkworks, &keys, &matrices, &z, &blinding));
}

#[test]
fn accepted_for_the_right_statement_alone() {
    for (seed, rows, publics) in [(1, 6, 1), (2, 300, 3), (3, 40, 16)] {
        let (matrices, z) = circuit::random(seed, rows, publics);
        let keys = dev_keys(&matrices).expect("keys");
        let (proof, timings) = prove(&Arkworks, &keys.proving, &matrices, &z, &mut rng(seed)).expect("a proof");
        assert!(Stage::ALL.iter().all(|&stage| timings.of(stage) <= timings.total));

        let prepared = prepare_verifying_key(&keys.proving.vk);
        let key = keys.verifying.prepare();
        let wire = zera_verifier::Proof::from_points(proof.a, proof.b, proof.c).expect("a proof");
        let verdict = |inputs: &[Fr]| {
            let verdict = zera_verifier::verify(&key, &PublicInputs::from_scalars(inputs.to_vec()), &wire);
            assert_eq!(Groth16::<Bn254>::verify_proof(&prepared, &proof, inputs), Ok(verdict.is_ok()));
            verdict
        };
        let right = &z[1..=publics as usize];
        assert_eq!(verdict(right), Ok(()));
        for index in 0..right.len() {
            let mut wrong = right.to_vec();
            wrong[index] += Fr::from(1u64);
            assert_eq!(verdict(&wrong), Err(VerifyError::Rejected), "input {index}");
        }
    }
}

/// Two proofs of one statement differ in every point: the blinding is the caller's randomness.
#[test]
fn blinded_afresh_each_time() {
    let (matrices, z) = circuit::random(1, 20, 3);
    let keys = dev_keys(&matrices).expect("keys");
    let stream = &mut rng(1);
    let (one, _) = prove(&Arkworks, &keys.proving, &matrices, &z, stream).expect("a proof");
    let (two, _) = prove(&Arkworks, &keys.proving, &matrices, &z, stream).expect("a proof");
    assert!(one.a != two.a && one.b != two.b && one.c != two.c);
    let (again, _) = prove(&Arkworks, &keys.proving, &matrices, &z, &mut rng(1)).expect("a proof");
    assert_eq!(again, one);
}

#[test]
fn progress_names_every_stage_once() {
    let (matrices, z) = circuit::random(1, 6, 1);
    let keys = dev_keys(&matrices).expect("keys");
    let mut seen = Vec::new();
    let blinding = Blinding::random(&mut rng(1));
    prove_with(&Arkworks, &keys.proving, &matrices, &z, &blinding, &mut |stage| seen.push(stage)).expect("a proof");
    // Rows come first; the others overlap.
    assert_eq!(seen[0], Stage::Rows);
    seen.sort();
    assert_eq!(seen, Stage::ALL);
}

/// Where it is no longer wanted, no proof is made, whenever that is said.
#[test]
fn cancelled_at_every_stage() {
    let (matrices, z) = circuit::random(1, 20, 3);
    let keys = dev_keys(&matrices).expect("keys");
    let blinding = Blinding::random(&mut rng(1));
    let prover = Prover::new(&CpuEngine::detect(), &keys.proving, &matrices).expect("a prover");
    for last in Stage::ALL {
        let cancelled = AtomicBool::new(false);
        let progress = &mut |stage| {
            cancelled.fetch_or(stage == last, Ordering::Relaxed);
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
        let watch = Watch { progress, cancelled: &cancelled };
        let result = pool.install(|| prover.prove(&matrices, &z, &blinding, watch));
        // The stage that starts last runs to its end.
        assert_eq!(result.err(), (last != Stage::MsmL).then_some(ProveError::Cancelled), "{last:?}");
    }
}
