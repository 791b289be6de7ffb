//! Bytes to a verdict, beside arkworks' verifier; one proof, batches, keys.

use std::hint::black_box;

use ark_bn254::Bn254;
use ark_ec::AffineRepr;
use ark_ff::One;
use ark_groth16::{Groth16, prepare_verifying_key};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use criterion::{BatchSize, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use zera_abi::Status;
use zera_benches::pair;
use zera_benches::workload::proof::{INPUTS, Sample, Samples};
use zera_verifier::{PublicInputs, VerifyingKey, verify_bytes, verify_bytes_batch};

/// arkworks' verdict after the checks of the points that our decoding makes: curve, subgroup, identity.
fn verify_by_ark(samples: &Samples, sample: &Sample) -> bool {
    let proof = &sample.proof;
    let points = [&proof.a, &proof.c].iter().all(|point| !point.is_zero() && point.is_on_curve())
        && !proof.b.is_zero()
        && proof.b.is_on_curve()
        && [&proof.a, &proof.c].iter().all(|point| point.is_in_correct_subgroup_assuming_on_curve())
        && proof.b.is_in_correct_subgroup_assuming_on_curve();
    points && Groth16::<Bn254>::verify_proof(&samples.ark, proof, &sample.scalars).expect("the right number of inputs")
}

/// The inputs with the last one raised by one.
fn raised(sample: &Sample) -> Vec<u8> {
    let mut scalars = sample.scalars.clone();
    *scalars.last_mut().expect("three inputs") += ark_bn254::Fr::one();
    PublicInputs::from_scalars(scalars).encode()
}

fn proofs(criterion: &mut Criterion, samples: &Samples) {
    let mut next = samples.samples.iter().cycle();
    for sample in &samples.samples {
        assert_eq!(verify_bytes(&samples.key, &sample.inputs, &sample.bytes), Status::Ok);
        assert_eq!(verify_bytes(&samples.key, &raised(sample), &sample.bytes), Status::No);
        assert!(verify_by_ark(samples, sample));
    }
    let mut group = criterion.benchmark_group("verify::proof");
    let name = |case: &str, by: &str| format!("inputs={INPUTS} case={case} by={by}");
    pair(
        &mut group,
        || next.next().expect("a cycle"),
        (&name("valid", "zera"), |sample: &&Sample| verify_bytes(&samples.key, &sample.inputs, &sample.bytes)),
        (&name("valid", "ark-groth16"), |sample: &&Sample| verify_by_ark(samples, sample)),
    );
    // The equation alone, of points that nobody checked.
    let mut next = samples.samples.iter().cycle();
    group.bench_function(name("unchecked", "ark-groth16"), |bench| {
        bench.iter_batched(
            || next.next().expect("a cycle"),
            |sample| Groth16::<Bn254>::verify_proof(&samples.ark, &sample.proof, &sample.scalars),
            BatchSize::SmallInput,
        );
    });
    let (sample, wrong) = (&samples.samples[0], raised(&samples.samples[0]));
    group.bench_function(name("rejected", "zera"), |bench| {
        bench.iter(|| verify_bytes(&samples.key, black_box(&wrong), black_box(&sample.bytes)));
    });
    group.finish();
}

/// Whole batches beside the peer one by one, with the same checks of its points; ours one by one for comparison.
fn batches(criterion: &mut Criterion, samples: &Samples) {
    let mut group = criterion.benchmark_group("verify::batch");
    group.sampling_mode(SamplingMode::Flat);
    for count in [8, 64, 512] {
        let own = &samples.samples[..count];
        let items: Vec<(&[u8], &[u8])> =
            own.iter().map(|sample| (sample.inputs.as_slice(), sample.bytes.as_slice())).collect();
        let batch = |(): &()| verify_bytes_batch(&samples.key, &items, &[]);
        let by_ark = |(): &()| own.iter().filter(|sample| verify_by_ark(samples, sample)).count();
        let single = || -> Vec<Status> {
            items.iter().map(|(inputs, proof)| verify_bytes(&samples.key, inputs, proof)).collect()
        };
        assert_eq!(batch(&()), vec![Status::Ok; count]);
        assert_eq!(by_ark(&()), count);
        assert_eq!(single(), vec![Status::Ok; count]);
        group.sample_size(if count > 64 { 10 } else { 20 });
        group.throughput(Throughput::Elements(count as u64));
        let name = |mode: &str, by: &str| format!("proofs={count} mode={mode} by={by}");
        pair(&mut group, || (), (&name("batch", "zera"), batch), (&name("single", "ark-groth16"), by_ark));
        group.bench_function(name("single", "zera"), |bench| bench.iter(single));
    }
    group.finish();
}

/// Decoding with all checks, then preparing; arkworks checks points and nothing else of a key.
fn keys(criterion: &mut Criterion, samples: &Samples) {
    let bytes = samples.keys.verifying.encode();
    let ark_key = &samples.keys.proving.vk;
    let mut ark_bytes = Vec::new();
    ark_key.serialize_uncompressed(&mut ark_bytes).expect("memory is written");
    let decode = |bytes: &[u8]| VerifyingKey::decode(bytes).expect("the key decodes");
    let decode_by_ark =
        |bytes: &[u8]| ark_groth16::VerifyingKey::<Bn254>::deserialize_uncompressed(bytes).expect("the key decodes");
    assert_eq!(decode(&bytes), samples.keys.verifying);
    assert_eq!(&decode_by_ark(&ark_bytes), ark_key);

    let mut group = criterion.benchmark_group("verify::key");
    let name = |step: &str, by: &str| format!("inputs={INPUTS} step={step} by={by}");
    pair(
        &mut group,
        || (),
        (&name("decode", "zera"), |()| decode(&bytes)),
        (&name("decode", "ark-groth16"), |()| decode_by_ark(&ark_bytes)),
    );
    pair(
        &mut group,
        || (),
        (&name("prepare", "zera"), |()| samples.keys.verifying.prepare()),
        (&name("prepare", "ark-groth16"), |()| prepare_verifying_key(ark_key)),
    );
    group.finish();
}

fn all(criterion: &mut Criterion) {
    let samples = Samples::new(512);
    proofs(criterion, &samples);
    batches(criterion, &samples);
    keys(criterion, &samples);
}

criterion_group! { name = benches; config = zera_benches::workload::criterion(); targets = all }
criterion_main!(benches);
