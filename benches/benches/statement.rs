//! Input roots, the permutation under them, and the binding; beside the definition and bare SHA-256.

use std::hint::black_box;

use ark_bn254::Fr;
use ark_ff::UniformRand;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rand::RngCore;
use sha2::{Digest, Sha256};
use zera_abi::{AccountId, ChainId, Height, KeyId, PredicateId, TaskId};
use zera_benches::workload::poseidon::{hash_plainly, input_root_plainly};
use zera_benches::workload::rng;
use zera_statement::{Binding, input_root, poseidon, scalar_from_be};

fn roots(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("statement::input_root");
    for len in [131, 16 * 1024] {
        let mut bytes = vec![0; len];
        rng(1).fill_bytes(&mut bytes);
        assert_eq!(input_root(&bytes), input_root_plainly(&bytes));
        group.throughput(Throughput::Bytes(len as u64));
        group.bench_function(format!("bytes={len} form=sparse"), |bench| bench.iter(|| input_root(black_box(&bytes))));
        group.bench_function(format!("bytes={len} form=definition"), |bench| {
            bench.iter(|| input_root_plainly(black_box(&bytes)));
        });
    }
    group.finish();
}

fn permutations(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("statement::poseidon");
    for width in [3, 17] {
        let mut stream = rng(2);
        let inputs: Vec<Fr> = (1..width).map(|_| Fr::rand(&mut stream)).collect();
        assert_eq!(poseidon::hash(&inputs), Some(hash_plainly(&inputs)));
        group.bench_function(format!("width={width} form=sparse"), |bench| {
            bench.iter(|| poseidon::hash(black_box(&inputs)))
        });
        group.bench_function(format!("width={width} form=definition"), |bench| {
            bench.iter(|| hash_plainly(black_box(&inputs)));
        });
    }
    group.finish();
}

/// The layout of the binding, written out: what is hashed, and nothing else.
fn text(binding: &Binding) -> Vec<u8> {
    let Binding { chain, task, key, predicate, provider, not_after } = binding;
    let ids = [chain.as_bytes(), task.as_bytes(), key.as_bytes(), predicate.as_bytes(), provider.as_bytes()];
    let mut text = b"zera/statement/v1".to_vec();
    ids.iter().for_each(|id| text.extend_from_slice(id.as_slice()));
    text.extend_from_slice(&not_after.0.to_le_bytes());
    text
}

fn bindings(criterion: &mut Criterion) {
    let binding = Binding {
        chain: ChainId([1; 32]),
        task: TaskId([2; 32]),
        key: KeyId([3; 32]),
        predicate: PredicateId([4; 32]),
        provider: AccountId([5; 32]),
        not_after: Height(1_000_000),
    };
    let text = text(&binding);
    let mut digest: [u8; 32] = Sha256::digest(&text).into();
    digest[0] &= 0x1f;
    assert_eq!(Some(binding.to_scalar()), scalar_from_be(&digest));

    let mut group = criterion.benchmark_group("statement::binding");
    group.bench_function("form=scalar", |bench| bench.iter(|| black_box(&binding).to_scalar()));
    group.bench_function("form=sha256", |bench| bench.iter(|| Sha256::digest(black_box(&text))));
    group.finish();
}

criterion_group! { name = benches; config = zera_benches::workload::criterion(); targets = roots, permutations, bindings }
criterion_main!(benches);
