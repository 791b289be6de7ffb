//! One encoding per value: the laws `decode(encode(x)) == x` and `encode(decode(b)) == b`, fixed encodings, and pins.

#[path = "support/fixture.rs"]
mod fixture;

use ark_bn254::{Fq, Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::PrimeField;
use fixture::*;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use zera_verifier::{Proof, ProofError, PublicInputs, VerifyingKey};

fn g1(k: u64) -> G1Affine {
    (G1Affine::generator() * Fr::from(k)).into_affine()
}

fn g2(k: u64) -> G2Affine {
    (G2Affine::generator() * Fr::from(k)).into_affine()
}

fn proof(a: u64, b: u64, c: u64) -> Proof {
    Proof::from_points(g1(a), g2(b), g1(c)).unwrap()
}

/// A key with known secrets, which the checks can not tell from a sound one.
fn key(seed: u64, n: u64) -> VerifyingKey {
    let ic: Vec<_> = (0..=n).map(|i| g1(1_000_000 + 2_001 * (seed % 10_000) + i)).collect();
    VerifyingKey::from_points(g1(5_000), g2(70_001), g2(900_007), g2(11_000_003 + seed), &ic).unwrap()
}

/// What a stranger does to bytes: nothing, a bit, a byte, a word moved, the modulus added, a cut.
#[derive(Clone, Debug)]
enum Damage {
    None,
    Bit(prop::sample::Index, u8),
    Byte(prop::sample::Index, u8),
    Swap(prop::sample::Index, prop::sample::Index),
    AddModulus(prop::sample::Index),
    Zero(prop::sample::Index),
    Cut(prop::sample::Index),
    Reverse(prop::sample::Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        Just(Damage::None),
        (at(), 0..8u8).prop_map(|(at, bit)| Damage::Bit(at, bit)),
        (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        (at(), at()).prop_map(|(i, j)| Damage::Swap(i, j)),
        at().prop_map(Damage::AddModulus),
        at().prop_map(Damage::Zero),
        at().prop_map(Damage::Cut),
        at().prop_map(Damage::Reverse),
    ]
}

fn apply(bytes: &mut Vec<u8>, damage: &Damage, modulus: &[u8; 32]) {
    let words = bytes.len() / 32;
    if words == 0 {
        return;
    }
    let word = |bytes: &[u8], i: usize| -> [u8; 32] { bytes[32 * i..32 * i + 32].try_into().unwrap() };
    let put = |bytes: &mut [u8], i: usize, word: [u8; 32]| bytes[32 * i..32 * i + 32].copy_from_slice(&word);
    match damage {
        Damage::None => {}
        Damage::Bit(at, bit) => {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        Damage::Byte(at, byte) => {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        Damage::Swap(i, j) => {
            let (i, j) = (i.index(words), j.index(words));
            let (a, b) = (word(bytes, i), word(bytes, j));
            put(bytes, i, b);
            put(bytes, j, a);
        }
        Damage::AddModulus(i) => {
            let i = i.index(words);
            if let Some(sum) = add_be(&word(bytes, i), modulus) {
                put(bytes, i, sum);
            }
        }
        Damage::Zero(i) => put(bytes, i.index(words), [0; 32]),
        Damage::Cut(at) => bytes.truncate(at.index(bytes.len())),
        Damage::Reverse(i) => {
            let i = i.index(words);
            bytes[32 * i..32 * i + 32].reverse();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_proof_is_its_bytes(a in 1u64.., b in 1u64.., c in 1u64..) {
        let proof = proof(a, b, c);
        let bytes = proof.encode();
        // A second encoder, through big integers.
        prop_assert_eq!(bytes.to_vec(), [g1_bytes(proof.a()), g2_bytes(proof.b()), g1_bytes(proof.c())].concat());
        prop_assert_eq!(Proof::decode(&bytes), Ok(proof));
    }

    #[test]
    fn whatever_is_read_as_a_proof_is_written_back(seed in 1u64..1000, damages in prop::collection::vec(damage(), 0..3)) {
        let original = proof(seed, seed + 1, seed + 2);
        let mut bytes = original.encode().to_vec();
        damages.iter().for_each(|damage| apply(&mut bytes, damage, &modulus_be::<Fq>()));
        match Proof::decode(&bytes) {
            Ok(proof) => prop_assert_eq!(proof.encode().to_vec(), bytes),
            Err(_) => prop_assert_ne!(original.encode().to_vec(), bytes),
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..1600)) {
        let _ = (Proof::decode(&bytes), PublicInputs::decode(&bytes), VerifyingKey::decode(&bytes));
    }

    #[test]
    fn inputs_are_their_bytes(words in prop::collection::vec(prop::array::uniform32(any::<u8>()), 1..17)) {
        // About one random word in five is a canonical scalar; clear bits to get more.
        let bytes: Vec<u8> = words.iter().flat_map(|word| { let mut word = *word; word[0] &= 0x3f; word }).collect();
        let canonical = bytes.chunks(32).all(|word| word < &modulus_be::<Fr>()[..]);
        match PublicInputs::decode(&bytes) {
            Ok(inputs) => {
                prop_assert!(canonical);
                prop_assert_eq!(inputs.encode(), &bytes[..]);
                let values: Vec<Fr> = bytes.chunks(32).map(Fr::from_be_bytes_mod_order).collect();
                prop_assert_eq!(inputs.scalars(), &values[..]);
                prop_assert_eq!(PublicInputs::decode(&inputs.encode()), Ok(inputs));
            }
            Err(_) => prop_assert!(!canonical),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_read_as_a_key_is_written_back(
        seed in 0u64..1_000_000, n in 1u64..17, damages in prop::collection::vec(damage(), 0..3),
    ) {
        let original = key(seed, n);
        prop_assert_eq!(VerifyingKey::decode(&original.encode()), Ok(original.clone()));
        let mut bytes = original.encode();
        damages.iter().for_each(|damage| apply(&mut bytes, damage, &modulus_be::<Fq>()));
        match VerifyingKey::decode(&bytes) {
            Ok(key) => {
                prop_assert_eq!(key.id().0, <[u8; 32]>::from(Sha256::digest(&bytes)));
                prop_assert_eq!(key.encode(), bytes);
            }
            Err(_) => prop_assert_ne!(original.encode(), bytes),
        }
    }
}

/// EIP-197 writes the generators so: G1 is (1, 2), and an element of Fq2 has its imaginary part first.
#[test]
fn generators_are_written_as_in_eip_197() {
    let decimal = |text: &str| -> [u8; 32] { be(&text.parse::<Fq>().unwrap()) };
    let g2 = [
        decimal("11559732032986387107991004021392285783925812861821192530917403151452391805634"),
        decimal("10857046999023057135944570762232829481370756359578518086990519993285655852781"),
        decimal("4082367875863433681332203403145435568316851327593401208105741076214120093531"),
        decimal("8495653923123431417604973247489272438418190587263600148770280649306958101930"),
    ];
    assert_eq!(hex::encode(g2[0]), "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2");
    let mut g1 = [0u8; 64];
    (g1[31], g1[63]) = (1, 2);
    let bytes = [&g1[..], g2.as_flattened(), &g1].concat();
    let proof = Proof::decode(&bytes).unwrap();
    assert_eq!(proof.a(), &G1Affine::generator());
    assert_eq!(proof.b(), &G2Affine::generator());
    assert_eq!(proof.encode().to_vec(), bytes);
    // The real part first is another point, which is not on the curve.
    let bytes = [&g1[..], &g2[1], &g2[0], &g2[3], &g2[2], &g1].concat();
    assert!(matches!(Proof::decode(&bytes), Err(ProofError::Curve { .. })));
}

/// Pinned: a key's name is in every statement proved under it.
#[test]
fn key_ids_are_pinned() {
    let key = key(7, 3);
    assert_eq!(key.encode().len(), 448 + 4 * 64);
    assert_eq!(key.id().0, <[u8; 32]>::from(Sha256::digest(key.encode())));
    assert_eq!(key.id().to_string(), "cad4ae1109b68dfb6a665e39f4cc15adc820d8d757b263f89ac973dd0f8185e1");
    assert_eq!(key.prepare().id(), key.id());
}
