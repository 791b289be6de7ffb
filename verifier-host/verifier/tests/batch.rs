//! A batch says of each proof what single verification says.

#[path = "support/fixture.rs"]
mod fixture;

use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{One, Zero};
use ark_groth16::Groth16;
use fixture::*;
use rand::Rng;
use rand::seq::SliceRandom;
use zera_abi::Status;
use zera_verifier::{
    BATCH_MAX, Proof, PublicInputs, VerifyError, verify, verify_batch, verify_bytes, verify_bytes_batch,
};

/// What a batch without weights checks: the product of all equations.
fn naive_batch(key: &ArkKey, items: &[(Vec<Fr>, ArkProof)]) -> bool {
    let mut left: Vec<G1Affine> = items.iter().map(|(_, proof)| proof.a).collect();
    let mut right: Vec<_> = items.iter().map(|(_, proof)| proof.b).collect();
    let l: G1Projective = items.iter().map(|(publics, _)| statement(key, publics)).sum();
    let c: G1Projective = items.iter().map(|(_, proof)| proof.c).sum();
    left.extend([-l, -c].map(|point| point.into_affine()));
    left.push((-(key.alpha_g1 * Fr::from(items.len() as u64))).into_affine());
    right.extend([key.gamma_g2, key.delta_g2, key.beta_g2]);
    Bn254::multi_pairing(left, right).is_zero()
}

#[test]
fn errors_that_cancel_are_found() {
    let fixture = Fixture::new(2, 500);
    let vk = fixture.ark_key();
    let key = fixture.key().prepare();
    let rejected = Err(VerifyError::Rejected);
    for n in [2, 4, 7, 8, 9] {
        let good: Vec<_> = (0..n).map(|seed| fixture.prove(501 + seed)).collect();
        assert!(naive_batch(vk, &good));
        let shift = random_g1(502);
        let mut bad = good.clone();
        bad[0].1.c = (bad[0].1.c + shift).into_affine();
        bad[1].1.c = (bad[1].1.c - shift).into_affine();
        // The inputs' errors cancel too: x + 1 here, x - 1 there.
        let mut swapped = good.clone();
        swapped[0].0[1] += Fr::one();
        swapped[1].0[1] -= Fr::one();
        for bad in [bad, swapped] {
            assert!(naive_batch(vk, &bad), "the attack is real");
            let items: Vec<_> = bad.iter().map(|(publics, proof)| (inputs_of(publics), proof_of(proof))).collect();
            let mut expected = vec![Ok(()); items.len()];
            expected[..2].fill(rejected);
            assert_eq!(verify_batch(&key, &items, b""), expected);
            assert_eq!(verify_batch(&key, &items, b"salt"), expected);
        }
    }
}

/// Inputs and proof as bytes, with the status that single verification gives.
struct Sample {
    inputs: Vec<u8>,
    proof: Vec<u8>,
    status: Status,
}

fn pool(fixture: &Fixture) -> Vec<Sample> {
    let key = fixture.key().prepare();
    let mut pool = Vec::new();
    let mut add = |inputs: Vec<u8>, proof: Vec<u8>, expected: Status| {
        let status = verify_bytes(&key, &inputs, &proof);
        assert_eq!(status, expected);
        pool.push(Sample { inputs, proof, status });
    };
    for seed in 0..4 {
        let (publics, proof) = fixture.prove(510 + seed);
        let (inputs, bytes) = (publics_bytes(&publics), proof_bytes(&proof));
        add(inputs.clone(), bytes.clone(), Status::Ok);
        let again = Groth16::<Bn254>::rerandomize_proof(fixture.ark_key(), &proof, &mut rng(seed));
        add(inputs.clone(), proof_bytes(&again), Status::Ok);
        let mut changed = publics.clone();
        changed[0] += Fr::one();
        add(publics_bytes(&changed), bytes.clone(), Status::No);
        add(inputs.clone(), proof_bytes(&ArkProof { a: -proof.a, ..proof.clone() }), Status::No);
        add(inputs.clone(), proof_bytes(&ArkProof { b: g2_off_subgroup(seed), ..proof.clone() }), Status::Encoding);
        add(inputs.clone(), bytes[..255].to_vec(), Status::Encoding);
        add(vec![0xff; inputs.len()], bytes.clone(), Status::Encoding);
        add(inputs[32..].to_vec(), bytes.clone(), Status::Count);
        add([&inputs[..], &[0; 32]].concat(), bytes, Status::Count);
    }
    pool
}

#[test]
fn verdicts_equal_those_of_single_verification() {
    let fixture = Fixture::new(3, 503);
    let key = fixture.key().prepare();
    let pool = pool(&fixture);
    let good: Vec<&Sample> = pool.iter().filter(|sample| sample.status == Status::Ok).collect();
    let mut rng = rng(504);
    for round in 0..300 {
        let len = rng.gen_range(0..9);
        // Mostly true proofs in half of the rounds, so that whole batches and halves pass.
        let mix: Vec<&Sample> = (0..len)
            .map(|_| {
                if round % 2 == 0 && rng.gen_ratio(4, 5) {
                    *good.choose(&mut rng).unwrap()
                } else {
                    pool.choose(&mut rng).unwrap()
                }
            })
            .collect();
        let items: Vec<_> = mix.iter().map(|sample| (&sample.inputs[..], &sample.proof[..])).collect();
        let expected: Vec<Status> = mix.iter().map(|sample| sample.status).collect();
        let salt: [u8; 8] = rng.r#gen();
        assert_eq!(verify_bytes_batch(&key, &items, &salt[..round % 9]), expected, "round {round}");
    }
}

#[test]
fn one_false_proof_is_found_wherever_it_stands() {
    let fixture = Fixture::new(1, 505);
    let key = fixture.key().prepare();
    let (publics, proof) = fixture.prove(506);
    let good = (inputs_of(&publics), proof_of(&proof));
    let bad = (inputs_of(&[publics[0] + Fr::one()]), good.1);
    let short = (inputs_of(&[]), good.1);
    assert_eq!(verify(&key, &good.0, &good.1), Ok(()));
    for len in [BATCH_MAX - 1, BATCH_MAX, BATCH_MAX + 1, 2 * BATCH_MAX + 2] {
        let items = vec![good.clone(); len];
        assert_eq!(verify_batch(&key, &items, b""), vec![Ok(()); len]);
    }
    let len = BATCH_MAX + 2;
    for at in [0, 1, 31, 32, 62, 63, 64, 65] {
        let mut items = vec![good.clone(); len];
        items[at] = bad.clone();
        let counted = (at + 5) % len;
        items[counted] = short.clone();
        let mut expected = vec![Ok(()); len];
        expected[at] = Err(VerifyError::Rejected);
        expected[counted] = Err(VerifyError::Count { expected: 1, got: 0 });
        assert_eq!(verify_batch(&key, &items, b""), expected, "at {at}");
    }
    assert_eq!(verify_batch(&key, &[], b""), vec![]);
    assert_eq!(verify_batch(&key, std::slice::from_ref(&bad), b""), vec![Err(VerifyError::Rejected)]);
    assert_eq!(verify_batch(&key, &vec![bad; 5], b""), vec![Err(VerifyError::Rejected); 5]);
}

/// L and the sum of the C may be the identity; the equation has no special case for it.
#[test]
fn sums_that_vanish_are_no_exception() {
    let waste = Waste::random(507);
    let fixture = Fixture::with_waste(1, waste, 508);
    let key = fixture.key().prepare();
    // IC_0 + x IC_1 = O needs the discrete logarithm, which the setup's owner knows of chosen points.
    let mut vk = fixture.ark_key().clone();
    let g1 = G1Affine::generator();
    vk.gamma_abc_g1 = [20_000u64, 1_250].map(|k| (g1 * Fr::from(k)).into_affine()).to_vec();
    let chosen = decode_ark_key(&vk).unwrap().prepare();
    let x = -Fr::from(16u64);
    assert!(statement(&vk, &[x]).is_zero());
    let (a, b) = (Fr::from(4u64), Fr::from(5u64));
    let g2 = G2Affine::generator();
    let c = (g1 * ((a * b - waste.alpha * waste.beta) / waste.delta)).into_affine();
    let proof = Proof::from_points((g1 * a).into(), (g2 * b).into(), c).unwrap();
    let item = (PublicInputs::from_scalars(vec![x]), proof);
    assert_eq!(verify(&chosen, &item.0, &item.1), Ok(()));
    assert_eq!(verify_batch(&chosen, &vec![item.clone(); 3], b""), vec![Ok(()); 3]);
    assert_eq!(verify(&key, &item.0, &item.1), Err(VerifyError::Rejected));
}
