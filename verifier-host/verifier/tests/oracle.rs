//! The verdicts of ark-groth16 and ours, on true and on spoiled proofs.

#[path = "support/fixture.rs"]
mod fixture;

use ark_bn254::{Bn254, Fr};
use ark_ff::{One, UniformRand, Zero};
use ark_groth16::Groth16;
use fixture::*;
use zera_abi::Status;
use zera_verifier::{PreparedKey, VerifyError, verify, verify_bytes};

fn check(fixture: &Fixture, key: &PreparedKey, publics: &[Fr], proof: &ArkProof, expected: bool, what: &str) {
    let n = fixture.n;
    assert_eq!(ark_verify(fixture.ark_key(), publics, proof), expected, "arkworks, n = {n}: {what}");
    let verdict = verify(key, &inputs_of(publics), &proof_of(proof));
    assert_eq!(verdict, if expected { Ok(()) } else { Err(VerifyError::Rejected) }, "n = {n}: {what}");
    let status = verify_bytes(key, &publics_bytes(publics), &proof_bytes(proof));
    assert_eq!(status, if expected { Status::Ok } else { Status::No }, "bytes, n = {n}: {what}");
}

#[test]
fn verdicts_equal_those_of_arkworks() {
    for (n, seed) in [(1, 10), (2, 20), (3, 30), (8, 40), (16, 50)] {
        let fixture = Fixture::new(n, seed);
        let key = fixture.key();
        assert_eq!((key.inputs(), key.encode()), (n, key_bytes(fixture.ark_key())));
        let key = key.prepare();
        for round in 0..if n < 8 { 3 } else { 1 } {
            let (publics, proof) = fixture.prove(seed + round);
            check(&fixture, &key, &publics, &proof, true, "a true proof");
            let again = Groth16::<Bn254>::rerandomize_proof(fixture.ark_key(), &proof, &mut rng(round));
            assert_ne!(again, proof);
            check(&fixture, &key, &publics, &again, true, "re-randomised");
            for i in 0..n {
                for (value, what) in [
                    (publics[i] + Fr::one(), "input + 1"),
                    (-publics[i], "input negated"),
                    (Fr::zero(), "input zero"),
                    (-Fr::one(), "input r - 1"),
                    (Fr::rand(&mut rng(seed + 7)), "input random"),
                ] {
                    let mut changed = publics.clone();
                    changed[i] = value;
                    check(&fixture, &key, &changed, &proof, false, what);
                }
            }
            let (a, b, c) = (random_g1(round), random_g2(round), random_g1(round + 100));
            check(&fixture, &key, &publics, &ArkProof { a, ..proof.clone() }, false, "other A");
            check(&fixture, &key, &publics, &ArkProof { b, ..proof.clone() }, false, "other B");
            check(&fixture, &key, &publics, &ArkProof { c, ..proof.clone() }, false, "other C");
            check(&fixture, &key, &publics, &ArkProof { c: -proof.c, ..proof.clone() }, false, "C negated");
            check(&fixture, &key, &publics, &ArkProof { b: -proof.b, ..proof.clone() }, false, "B negated");
            // Both signs flipped leave e(A, B) as it was.
            check(&fixture, &key, &publics, &ArkProof { a: -proof.a, b: -proof.b, c: proof.c }, true, "A, B negated");
        }
    }
}

/// Inputs whose digits are extreme in every window of the scalar multiplication.
#[test]
fn extreme_inputs_verify_when_they_are_true() {
    let (waste, n) = (Waste::random(60), 3);
    let fixture = Fixture::with_waste(n, waste, 61);
    let key = fixture.key().prepare();
    let vk = fixture.ark_key();
    let ones = Fr::from(u128::MAX) * Fr::from(u128::MAX);
    for publics in [
        vec![Fr::zero(); 3],
        vec![Fr::one(); 3],
        vec![-Fr::one(); 3],
        vec![Fr::from(u64::MAX), ones, Fr::from(16u64)],
        vec![Fr::from(15u64), Fr::zero(), -Fr::from(2u64)],
    ] {
        // The simulator: with the setup's secrets, C = (ab - alpha beta) / delta G - gamma / delta L.
        let (a, b) = (Fr::rand(&mut rng(62)), Fr::rand(&mut rng(63)));
        let g1 = <ark_bn254::G1Affine as ark_ec::AffineRepr>::generator();
        let g2 = <ark_bn254::G2Affine as ark_ec::AffineRepr>::generator();
        let l = statement(vk, &publics);
        let c = g1 * ((a * b - waste.alpha * waste.beta) / waste.delta) - l * (waste.gamma / waste.delta);
        let proof = ArkProof { a: (g1 * a).into(), b: (g2 * b).into(), c: c.into() };
        check(&fixture, &key, &publics, &proof, true, "simulated");
        let mut changed = publics.clone();
        changed[1] += Fr::one();
        check(&fixture, &key, &changed, &proof, false, "simulated, input + 1");
    }
}

#[test]
fn another_number_of_inputs_is_refused_before_anything_else() {
    let fixture = Fixture::new(3, 70);
    let key = fixture.key().prepare();
    let (publics, proof) = fixture.prove(71);
    let proof = proof_of(&proof);
    for got in [0, 1, 2, 4, 16, 17, 1000] {
        let mut changed = publics.clone();
        changed.resize(got, Fr::zero());
        let verdict = verify(&key, &inputs_of(&changed), &proof);
        assert_eq!(verdict, Err(VerifyError::Count { expected: 3, got }));
        // Even where the proof is no proof.
        assert_eq!(verify_bytes(&key, &publics_bytes(&changed), &[0; 3]), Status::Count);
    }
}
