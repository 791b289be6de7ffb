//! A second implementation of the curve, `substrate-bn`, written by other people: it must accept the same encodings as
//! points and find the same pairing equations true.

#[path = "support/fixture.rs"]
mod fixture;

use ark_bn254::{Fq, Fr as Scalar};
use ark_ff::{Field, One};
use bn::{AffineG1, AffineG2, Fq2, Fr, G1, G2, Gt};
use fixture::*;
use substrate_bn as bn;
use zera_verifier::{Proof, verify_bytes};

fn fq(bytes: &[u8]) -> Option<bn::Fq> {
    bn::Fq::from_slice(bytes).ok()
}

/// On the curve and not O: AffineG1 can not hold O.
fn g1(bytes: &[u8]) -> Option<G1> {
    Some(AffineG1::new(fq(&bytes[..32])?, fq(&bytes[32..])?).ok()?.into())
}

/// On the curve, in the subgroup, not O.
fn g2(bytes: &[u8]) -> Option<G2> {
    let x = Fq2::new(fq(&bytes[32..64])?, fq(&bytes[..32])?);
    let y = Fq2::new(fq(&bytes[96..])?, fq(&bytes[64..96])?);
    Some(AffineG2::new(x, y).ok()?.into())
}

fn decode(bytes: &[u8]) -> Option<(G1, G2, G1)> {
    Some((g1(&bytes[..64])?, g2(&bytes[64..192])?, g1(&bytes[192..])?))
}

/// e(-A, B) e(alpha, beta) e(L, gamma) e(C, delta) = 1.
fn holds(key: &[u8], publics: &[u8], proof: &[u8]) -> bool {
    let (a, b, c) = decode(proof).unwrap();
    let point = |at: usize| g1(&key[at..at + 64]).unwrap();
    let twist = |at: usize| g2(&key[at..at + 128]).unwrap();
    let mut l = point(448);
    for (i, x) in publics.chunks(32).enumerate() {
        l = l + point(512 + 64 * i) * Fr::from_slice(x).unwrap();
    }
    let pairs = [(-a, b), (point(0), twist(64)), (l, twist(192)), (c, twist(320))];
    bn::pairing_batch(&pairs) == Gt::one()
}

#[test]
fn it_finds_the_same_equations_true() {
    for (n, seed) in [(1, 600), (3, 610), (16, 620)] {
        let fixture = Fixture::new(n, seed);
        let key = fixture.key();
        let prepared = key.prepare();
        let (publics, proof) = fixture.prove(seed + 1);
        let mut changed = publics.clone();
        changed[n - 1] += Scalar::one();
        let l = statement(fixture.ark_key(), &publics);
        let vk = fixture.ark_key();
        for (publics, proof, what) in [
            (&publics, proof.clone(), "true"),
            (&changed, proof.clone(), "input + 1"),
            (&publics, ArkProof { a: -proof.a, b: -proof.b, c: proof.c }, "A, B negated"),
            (&publics, ArkProof { a: -proof.a, ..proof.clone() }, "A negated"),
            (&publics, ArkProof { a: vk.alpha_g1, b: vk.beta_g2, c: -l }, "(alpha, beta, -L)"),
        ] {
            let (publics, proof) = (publics_bytes(publics), proof_bytes(&proof));
            let ours = verify_bytes(&prepared, &publics, &proof) == zera_abi::Status::Ok;
            assert_eq!(ours, holds(&key.encode(), &publics, &proof), "n = {n}: {what}");
        }
    }
}

#[test]
fn it_accepts_the_same_encodings() {
    let fixture = Fixture::new(1, 630);
    let good = proof_bytes(&fixture.prove(631).1);
    let q = modulus_be::<Fq>();
    let mut cases = vec![good.clone(), vec![0; 256], vec![0xff; 256]];
    for at in 0..8 {
        let word: [u8; 32] = good[32 * at..32 * at + 32].try_into().unwrap();
        let mut words = vec![q, [0; 32], be(&Fq::ONE), be(&-Fq::ONE), [0xff; 32]];
        words.extend(add_be(&word, &q));
        for byte in [0, 15, 31] {
            for flip in [1, 0x40, 0x80] {
                let mut word = word;
                word[byte] ^= flip;
                words.push(word);
            }
        }
        for word in words {
            let mut bytes = good.clone();
            bytes[32 * at..32 * at + 32].copy_from_slice(&word);
            cases.push(bytes);
        }
    }
    // y and q - y are both on the curve.
    let proof = fixture.prove(632).1;
    cases.push(proof_bytes(&ArkProof { a: -proof.a, b: -proof.b, c: -proof.c }));
    for seed in 0..4 {
        cases.push(proof_bytes(&ArkProof { b: g2_off_subgroup(seed), ..proof.clone() }));
        cases.push(proof_bytes(&ArkProof { b: random_g2(seed), ..proof.clone() }));
    }
    let mut accepted = 0;
    for (at, bytes) in cases.iter().enumerate() {
        let ours = Proof::decode(bytes);
        accepted += usize::from(ours.is_ok());
        assert_eq!(ours.is_ok(), decode(bytes).is_some(), "case {at}: {ours:?}");
    }
    assert_eq!(accepted, 6);
}
