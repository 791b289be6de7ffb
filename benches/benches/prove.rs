//! Proofs of built-in predicates beside arkworks' prover, and what stands before a proof.

use std::sync::atomic::AtomicBool;

use ark_bn254::Bn254;
use ark_groth16::{Groth16, prepare_verifying_key};
use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};
use zera_abi::Outcome;
use zera_benches::pair;
use zera_benches::workload::predicate::Subject;
use zera_benches::workload::{pools, rng};
use zera_kernels::{CpuEngine, Engine};
use zera_prover::{Blinding, Prover, Watch, prove_with};
use zera_verifier::{Proof, PublicInputs, verify};

/// With equal blinding both provers give the same proof, and both verifiers take it.
fn check(subject: &Subject, engine: &dyn Engine) {
    let (keys, matrices) = (&subject.keys, &subject.artefact.matrices);
    let blinding = Blinding::random(&mut rng(1));
    let (ours, _) = prove_with(engine, &keys.proving, matrices, &subject.z, &blinding, &mut |_| ()).expect("a proof");
    assert_eq!(ours, subject.prove_by_ark(&blinding), "{}", subject.word);
    let checked = Proof::from_points(ours.a, ours.b, ours.c).expect("points of a proof");
    let inputs = PublicInputs::from_scalars(subject.inputs().to_vec());
    assert_eq!(verify(&keys.verifying.prepare(), &inputs, &checked), Ok(()));
    let theirs = Groth16::<Bn254>::verify_proof(&prepare_verifying_key(&keys.proving.vk), &ours, subject.inputs());
    assert!(theirs.expect("arkworks verifies"));
}

/// The same key, assignment and blinding; arkworks' matrices were converted beforehand.
fn proofs(criterion: &mut Criterion, subject: &Subject) {
    let engine: &dyn Engine = &CpuEngine::from_environment().expect("ZERA_CPU names a backend that there is");
    check(subject, engine);
    let (keys, matrices) = (&subject.keys, &subject.artefact.matrices);
    let prover = Prover::new(engine, &keys.proving, matrices).expect("the key fits");
    let mut group = criterion.benchmark_group(format!("prove::{}", subject.word));
    group.sampling_mode(SamplingMode::Flat);
    for (threads, pool) in pools() {
        let name = format!("engine={} threads={threads}", engine.name());
        let peer_name = format!("by=ark-groth16 threads={threads}");
        let ours = |blinding: &Blinding| {
            let watch = Watch { progress: &mut |_| (), cancelled: &AtomicBool::new(false) };
            pool.install(|| prover.prove(matrices, &subject.z, blinding, watch).expect("a proof"))
        };
        let theirs = |blinding: &Blinding| pool.install(|| subject.prove_by_ark(blinding));
        let mut blindings = rng(3);
        pair(&mut group, || Blinding::random(&mut blindings), (&name, ours), (&peer_name, theirs));
    }
    group.finish();
}

/// Public bytes to the assignment, beside public bytes to the native answer.
fn witness(criterion: &mut Criterion, subject: &Subject) {
    assert_eq!(subject.assign(), subject.z);
    let mut group = criterion.benchmark_group("prove::witness");
    group.bench_function(format!("predicate={} by=tape", subject.word), |bench| bench.iter(|| subject.assign()));
    group.bench_function(format!("predicate={} by=native", subject.word), |bench| {
        bench.iter(|| {
            let outcome = (subject.predicate.evaluate)(std::hint::black_box(&subject.public), &[]);
            assert_eq!(outcome, Outcome::True);
        });
    });
    group.bench_function(format!("predicate={} by=check", subject.word), |bench| {
        bench.iter(|| subject.artefact.matrices.check(&subject.z).expect("every row holds"));
    });
    group.finish();
}

fn all(criterion: &mut Criterion) {
    for subject in Subject::all() {
        proofs(criterion, &subject);
        witness(criterion, &subject);
    }
}

criterion_group! { name = benches; config = zera_benches::workload::criterion(); targets = all }
criterion_main!(benches);
