//! Items that are pure functions: hashes, proofs, keys.

use ark_bn254::{Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInteger, BigInteger256, Field, One, PrimeField, UniformRand, Zero};
use rand::RngCore;
use rand_chacha::ChaCha20Rng;
use sha2::{Digest, Sha256};
use zera_statement::input_root;
use zera_verifier::{PreparedKey, Proof, PublicInputs, VerifyingKey, verify};

use super::Effort;
use super::sample::{Class, median, per_unit, times};
use crate::workload::proof::INPUT_BITS_MIN;

/// Bytes of one permutation: 15 elements of 31 bytes.
const PERMUTATION_LEN: usize = 465;
const LONG: usize = 64 * 1024;
/// Statements of one class.
const STATEMENTS: usize = 8;

/// A key with known secrets, so that a proof of anything is one inversion away.
pub(crate) struct Trapdoor {
    secrets: [Fr; 4],
    ic: Vec<Fr>,
    pub(crate) key: VerifyingKey,
}

impl Trapdoor {
    /// A key of `inputs` inputs.
    pub(crate) fn new(inputs: usize, rng: &mut ChaCha20Rng) -> Trapdoor {
        let secrets = [(); 4].map(|()| wide(rng));
        let ic: Vec<Fr> = (0..=inputs).map(|_| wide(rng)).collect();
        let [alpha, beta, gamma, delta] = secrets;
        let points: Vec<G1Affine> = ic.iter().map(g1).collect();
        let key = VerifyingKey::from_points(g1(&alpha), g2(&beta), g2(&gamma), g2(&delta), &points);
        Trapdoor { secrets, ic, key: key.expect("a key of random points") }
    }

    /// A proof of `inputs`: `a b = alpha beta + gamma (ic_0 + sum x_i ic_i) + delta c`.
    pub(crate) fn prove(&self, inputs: &[Fr], rng: &mut ChaCha20Rng) -> Proof {
        let [alpha, beta, gamma, delta] = self.secrets;
        let (a, b) = (wide(rng), wide(rng));
        let sum = self.ic.iter().skip(1).zip(inputs).fold(self.ic[0], |sum, (ic, x)| sum + *ic * x);
        let c = (a * b - alpha * beta - gamma * sum) * delta.inverse().expect("delta is not zero");
        Proof::from_points(g1(&a), g2(&b), g1(&c)).expect("points of a proof")
    }
}

fn g1(scalar: &Fr) -> G1Affine {
    (G1Affine::generator() * scalar).into_affine()
}

fn g2(scalar: &Fr) -> G2Affine {
    (G2Affine::generator() * scalar).into_affine()
}

/// A random scalar of full width.
pub(crate) fn wide(rng: &mut ChaCha20Rng) -> Fr {
    loop {
        let scalar = Fr::rand(rng);
        if scalar.into_bigint().num_bits() >= INPUT_BITS_MIN {
            return scalar;
        }
    }
}

/// The scalar with the most ones below r: `2^253 - 1`.
fn heaviest() -> Fr {
    Fr::from_bigint(BigInteger256::new([u64::MAX, u64::MAX, u64::MAX, u64::MAX >> 3])).expect("below r")
}

/// Input vectors of `count` scalars by class, the word beside it.
fn inputs_by_class(count: usize, rng: &mut ChaCha20Rng) -> Vec<(&'static str, Vec<Vec<Fr>>)> {
    let same = |scalar: Fr| vec![vec![scalar; count]];
    let random: Vec<Vec<Fr>> = (0..STATEMENTS).map(|_| (0..count).map(|_| wide(rng)).collect()).collect();
    let repeated = same(wide(rng));
    assert!(heaviest().into_bigint().num_bits() >= INPUT_BITS_MIN);
    vec![
        ("random", random),
        ("heaviest", same(heaviest())),
        ("r-1", same(-Fr::one())),
        ("one", same(Fr::one())),
        ("zero", same(Fr::zero())),
        ("repeated", repeated),
    ]
}

pub(super) fn classes(effort: Effort) -> Vec<Class> {
    let mut rng = crate::workload::rng(0xca11b);
    let mut found = hashes(effort, &mut rng);
    found.extend(decodings(effort, &mut rng));
    found.extend(verdicts(effort, &mut rng));
    found.extend(keys(effort, &mut rng));
    found
}

fn hashes(effort: Effort, rng: &mut ChaCha20Rng) -> Vec<Class> {
    let mut long = vec![0; LONG];
    rng.fill_bytes(&mut long);
    // Some hundred nanoseconds: a sample is of many, or the clock would be measured.
    let empty = times(effort.short, &[()], |()| {
        for _ in 0..64 {
            std::hint::black_box(Sha256::digest(std::hint::black_box(b"")));
        }
    });
    let empty: Vec<f64> = empty.into_iter().map(|sample| sample / 64.0).collect();
    let base = median(&empty);
    let bytes = per_unit(&times(effort.short, &[long], |bytes| Sha256::digest(bytes)), base, LONG);
    let mut found = vec![Class::new("sha256", "empty", empty), Class::new("sha256_byte", "random", bytes)];
    let mut random = vec![0; PERMUTATION_LEN];
    rng.fill_bytes(&mut random);
    for (word, bytes) in [("random", random), ("ones", vec![255; PERMUTATION_LEN]), ("empty", Vec::new())] {
        found.push(Class::new("poseidon", word, times(effort.short, &[bytes], |bytes| input_root(bytes))));
    }
    found
}

/// A point of the twist outside the subgroup.
fn outside(rng: &mut ChaCha20Rng) -> G2Affine {
    loop {
        let found = G2Affine::get_point_from_x_unchecked(Fq2::rand(rng), false);
        if let Some(point) = found.filter(|point| !point.is_in_correct_subgroup_assuming_on_curve()) {
            return point;
        }
    }
}

fn put_g2(bytes: &mut [u8], point: &G2Affine) {
    // Coordinates of Fq2 stand with the imaginary part first.
    for (slot, word) in bytes.chunks_mut(32).zip([point.x.c1, point.x.c0, point.y.c1, point.y.c0]) {
        slot.copy_from_slice(&word.into_bigint().to_bytes_be());
    }
}

fn decodings(effort: Effort, rng: &mut ChaCha20Rng) -> Vec<Class> {
    let b = g2(&wide(rng));
    let mut valid = |index| {
        let b = if index == 0 { b } else { g2(&wide(rng)) };
        Proof::from_points(g1(&wide(rng)), b, g1(&wide(rng))).expect("random points").encode()
    };
    let random: Vec<[u8; 256]> = (0..STATEMENTS).map(&mut valid).collect();
    let generators = Proof::from_points(g1(&Fr::one()), g2(&Fr::one()), g1(&-Fr::one())).expect("generators").encode();
    let mut off_subgroup = random[0];
    let point = outside(rng);
    put_g2(&mut off_subgroup[64..192], &point);
    let mut off_curve = random[0];
    off_curve[255] ^= 1;
    let mut range = random[0];
    range[192..224].copy_from_slice(&(-Fq::one()).into_bigint().to_bytes_be());
    range[223] += 1;
    for invalid in [&off_subgroup, &off_curve, &range] {
        assert!(Proof::decode(invalid).is_err());
    }
    let mut layout = random[0];
    put_g2(&mut layout[64..192], &b);
    assert_eq!(layout, random[0], "coordinates stand where they are written");
    let cases = [
        ("random", random),
        ("generators", vec![generators]),
        ("outside the subgroup", vec![off_subgroup]),
        ("off the curve", vec![off_curve]),
        ("not below q", vec![range]),
    ];
    let class = |(word, proofs): (&str, Vec<[u8; 256]>)| {
        Class::new("decode_proof", word, times(effort.short, &proofs, |proof| Proof::decode(proof)))
    };
    cases.map(class).into()
}

/// Few inputs and as many as there may be; a wrong statement beside each right one.
fn verdicts(effort: Effort, rng: &mut ChaCha20Rng) -> Vec<Class> {
    let (few, many) = (1, zera_abi::wire::MAX_PUBLIC_INPUTS);
    let count = (effort.short / 5).max(4);
    let mut timed = |inputs: usize| -> Vec<(String, Vec<f64>)> {
        let trapdoor = Trapdoor::new(inputs, rng);
        let key = trapdoor.key.prepare();
        let mut found = Vec::new();
        for (word, statements) in inputs_by_class(inputs, rng) {
            let proofs: Vec<(PublicInputs, Proof)> = statements
                .into_iter()
                .map(|inputs| (PublicInputs::from_scalars(inputs.clone()), trapdoor.prove(&inputs, rng)))
                .collect();
            assert!(proofs.iter().all(|(inputs, proof)| verify(&key, inputs, proof).is_ok()), "{word}");
            found.push((word.to_owned(), judge(&key, &proofs, count)));
            let wrong: Vec<(PublicInputs, Proof)> = proofs
                .into_iter()
                .map(|(inputs, proof)| {
                    let raised = inputs.scalars().iter().map(|x| *x + Fr::one()).collect();
                    (PublicInputs::from_scalars(raised), proof)
                })
                .collect();
            assert!(wrong.iter().all(|(inputs, proof)| verify(&key, inputs, proof).is_err()), "{word}");
            found.push((format!("{word}, wrong"), judge(&key, &wrong, count)));
        }
        found
    };
    let (one, all) = (timed(few), timed(many));
    let slope = one.iter().zip(&all).map(|((_, one), (_, all))| (median(all) - median(one)) / (many - few) as f64);
    let slope = slope.fold(0.0, f64::max);
    let base = one.iter().map(|(_, samples)| median(samples)).fold(f64::INFINITY, f64::min);
    let mut found = Vec::new();
    for ((word, few_samples), (_, many_samples)) in one.iter().zip(&all) {
        found.push(Class::new("verify_base", word.as_str(), per_unit(few_samples, slope, 1)));
        found.push(Class::new("verify_input", word.as_str(), per_unit(many_samples, base, many - few)));
    }
    found
}

fn judge(key: &PreparedKey, items: &[(PublicInputs, Proof)], count: usize) -> Vec<f64> {
    times(count, items, |(inputs, proof)| verify(key, inputs, proof).is_ok())
}

/// Decoded, checked and prepared, as when a key is registered; its rows are measured with the blocks.
fn keys(effort: Effort, rng: &mut ChaCha20Rng) -> Vec<Class> {
    let (few, many) = (1, zera_abi::wire::MAX_PUBLIC_INPUTS);
    let count = (effort.short / 5).max(4);
    let mut timed = |inputs: usize| {
        let keys: Vec<Vec<u8>> = (0..STATEMENTS).map(|_| Trapdoor::new(inputs, rng).key.encode()).collect();
        times(count, &keys, |bytes| VerifyingKey::decode(bytes).expect("a key").prepare())
    };
    let (one, all) = (timed(few), timed(many));
    let slope = per_unit(&all, median(&one), many - few);
    let base = per_unit(&one, (few + 1) as f64 * median(&slope), 1);
    vec![Class::new("register_key", "random", base), Class::new("register_input", "random", slope)]
}
