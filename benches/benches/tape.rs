//! Witness tapes: a compression of SHA-256 and the built-in predicates, beside the plain interpreter.
//!
//! Throughput counts operations, one for a sum however many terms it has.

use std::hint::black_box;

use ark_bn254::Fr;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rand::RngCore;
use sha2::{Digest, Sha256};
use zera_benches::workload::rng;
use zera_benches::workload::sha256::{BLOCK, DIGEST, compression};
use zera_r1cs::TapeInputs;

/// A message of 55 bytes and its padding.
fn block() -> ([u8; BLOCK], [u8; 32]) {
    let mut block = [0; BLOCK];
    rng(3).fill_bytes(&mut block[..55]);
    let digest = Sha256::digest(&block[..55]).into();
    block[55] = 0x80;
    block[56..].copy_from_slice(&(55u64 * 8).to_be_bytes());
    (block, digest)
}

fn sha256(criterion: &mut Criterion) {
    let (block, digest) = block();
    let (tape, terms) = compression();
    let inputs = TapeInputs { binding: Fr::from(1), public: &[], private: &block };
    let z = tape.run(&inputs).expect("sums fit their bits");
    let expected: Vec<Fr> =
        digest.chunks(4).map(|word| Fr::from(u32::from_be_bytes(word.try_into().expect("four bytes")))).collect();
    assert_eq!(z[DIGEST], expected[..]);
    assert_eq!(Ok(z), tape.run_reference(&inputs));

    let (operations, wires) = (tape.operations(), tape.wires());
    let mut group = criterion.benchmark_group("tape::sha256");
    group.throughput(Throughput::Elements(operations as u64));
    let name = |form: &str| format!("operations={operations} terms={terms} wires={wires} form={form}");
    group.bench_function(name("lanes"), |bench| bench.iter(|| tape.run(black_box(&inputs))));
    group.bench_function(name("plain"), |bench| bench.iter(|| tape.run_reference(black_box(&inputs))));
    group.finish();
}

fn predicates(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tape::predicate");
    for predicate in zera_library::registry() {
        let artefact = (predicate.artefact)();
        let json = serde_json::from_str(predicate.example).expect("an example is JSON");
        let public = (predicate.parse)(&json).expect("an example is an input");
        let inputs = TapeInputs { binding: Fr::from(1), public: &public, private: &[] };
        let z = artefact.tape.run(&inputs).expect("an example has an assignment");
        assert_eq!(artefact.matrices.check(&z), Ok(()));
        assert_eq!(Ok(z), artefact.tape.run_reference(&inputs));

        let operations = artefact.tape.operations();
        group.throughput(Throughput::Elements(operations as u64));
        let name = |form: &str| format!("name={} operations={operations} form={form}", predicate.name);
        group.bench_function(name("lanes"), |bench| bench.iter(|| artefact.tape.run(black_box(&inputs))));
        group.bench_function(name("plain"), |bench| bench.iter(|| artefact.tape.run_reference(black_box(&inputs))));
    }
    group.finish();
}

criterion_group! { name = benches; config = zera_benches::workload::criterion(); targets = sha256, predicates }
criterion_main!(benches);
