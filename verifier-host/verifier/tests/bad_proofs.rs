//! Proofs that must be refused: rows 1 to 23 of the table of bad inputs, each with its status and its reason.

#[path = "support/fixture.rs"]
mod fixture;

use ark_bn254::{Fq, Fq2, Fr, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{Field, UniformRand};
use ark_serialize::CanonicalSerialize;
use fixture::*;
use zera_abi::Status;
use zera_verifier::Coordinate::{X, Xc0, Xc1, Y, Yc0, Yc1};
use zera_verifier::ProofError::{Curve, Flags, Infinity, Length, Range, Subgroup};
use zera_verifier::ProofSlot::{A, B, C};
use zera_verifier::{Coordinate, Proof, ProofError, ProofSlot, verify_bytes};

const WORDS: [(ProofSlot, Coordinate); 8] = [(A, X), (A, Y), (B, Xc1), (B, Xc0), (B, Yc1), (B, Yc0), (C, X), (C, Y)];

struct Row {
    row: u32,
    what: String,
    bytes: Vec<u8>,
    /// `None`: decodes, and does not verify.
    error: Option<ProofError>,
}

struct Table {
    rows: Vec<Row>,
}

impl Table {
    fn refuse(&mut self, row: u32, what: impl Into<String>, bytes: Vec<u8>, error: ProofError) {
        self.rows.push(Row { row, what: what.into(), bytes, error: Some(error) });
    }

    fn reject(&mut self, row: u32, what: impl Into<String>, proof: &ArkProof) {
        self.rows.push(Row { row, what: what.into(), bytes: proof_bytes(proof), error: None });
    }
}

fn word(bytes: &[u8], at: usize) -> [u8; 32] {
    bytes[32 * at..32 * at + 32].try_into().unwrap()
}

fn with_word(bytes: &[u8], at: usize, word: [u8; 32]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[32 * at..32 * at + 32].copy_from_slice(&word);
    bytes
}

/// The coordinate plus q still fits 256 bits; the flag bits take it from there.
fn too_large(slot: ProofSlot, coordinate: Coordinate, word: &[u8; 32]) -> ProofError {
    if word[0] & 0xc0 == 0 { Range { slot, coordinate } } else { Flags { slot, coordinate } }
}

#[test]
fn rows_1_to_23() {
    let fixture = Fixture::new(3, 100);
    let vk = fixture.ark_key();
    let key = fixture.key().prepare();
    let (publics, proof) = fixture.prove(101);
    let good = proof_bytes(&proof);
    let inputs = publics_bytes(&publics);
    assert_eq!(verify_bytes(&key, &inputs, &good), Status::Ok);
    let q = modulus_be::<Fq>();

    let mut t = Table { rows: Vec::new() };
    for got in [0, 1, 255, 257, 512] {
        let mut bytes = good.repeat(2);
        bytes.truncate(got);
        t.refuse(1, format!("{got} bytes"), bytes, Length { got });
    }
    let mut compressed = Vec::new();
    proof.serialize_compressed(&mut compressed).unwrap();
    t.refuse(2, "arkworks, compressed", compressed, Length { got: 128 });
    let mut trailing = good.clone();
    trailing.push(0);
    t.refuse(3, "a trailing byte", trailing, Length { got: 257 });

    for (at, (slot, coordinate)) in WORDS.into_iter().enumerate() {
        let what = |what: &str| format!("{slot}.{coordinate} {what}");
        t.refuse(4, what("= q"), with_word(&good, at, q), Range { slot, coordinate });
        let sum = add_be(&word(&good, at), &q).unwrap();
        t.refuse(5, what("+ q"), with_word(&good, at, sum), too_large(slot, coordinate, &sum));
        // 1 + q is below 2^254, so no flag hides the range.
        let one = add_be(&q, &be(&Fq::ONE)).unwrap();
        t.refuse(5, what("= 1 + q"), with_word(&good, at, one), Range { slot, coordinate });
        for (row, flag) in [(10, 0x80), (11, 0x40), (11, 0xc0)] {
            let mut flagged = word(&good, at);
            flagged[0] |= flag;
            t.refuse(
                row,
                what(&format!("with flag {flag:#x}")),
                with_word(&good, at, flagged),
                Flags { slot, coordinate },
            );
        }
    }
    // Flags anywhere are reported before a range fault anywhere: a set flag also makes the word too large.
    let both = with_word(&with_word(&good, 0, q), 7, [0xff; 32]);
    t.refuse(10, "range in A, flags in C", both, Flags { slot: C, coordinate: Y });

    let mut moved = proof.clone();
    moved.a.x += Fq::ONE;
    moved.a.y = -moved.a.y;
    t.refuse(6, "A.y = q - y, A.x changed", proof_bytes(&moved), Curve { slot: A });
    moved = proof.clone();
    moved.c.y += Fq::ONE;
    t.refuse(6, "C off the curve", proof_bytes(&moved), Curve { slot: C });
    for (row, slot, range) in [(7, A, 0..64), (8, B, 64..192), (9, C, 192..256)] {
        let mut bytes = good.clone();
        bytes[range].fill(0);
        t.refuse(row, format!("{slot} = O"), bytes, Infinity { slot });
    }

    for seed in 0..4 {
        let b = g2_off_subgroup(seed);
        let bytes = proof_bytes(&ArkProof { b, ..proof.clone() });
        t.refuse(12, format!("B off the subgroup, {seed}"), bytes, Subgroup { slot: B });
        // A point of order r plus one of another order.
        let b = (b + proof.b).into_affine();
        let bytes = proof_bytes(&ArkProof { b, ..proof.clone() });
        t.refuse(12, format!("B shifted off the subgroup, {seed}"), bytes, Subgroup { slot: B });
    }
    // (u^2 x, u^3 y) is on y^2 = x^3 + u^6 b.
    let u = Fq2::rand(&mut rng(102));
    let b = G2Affine::new_unchecked(proof.b.x * u.square(), proof.b.y * u.square() * u);
    t.refuse(13, "B with another b", proof_bytes(&ArkProof { b, ..proof.clone() }), Curve { slot: B });
    let nonresidue = Fq2::new(Fq::from(9u64), Fq::ONE);
    let b = G2Affine::new_unchecked(proof.b.x * nonresidue, proof.b.y * nonresidue.square());
    t.refuse(13, "B on a sextic twist", proof_bytes(&ArkProof { b, ..proof.clone() }), Curve { slot: B });
    // y^2 = x^3 + 3 over Fq2: the curve of G1, seen as a point of the wrong twist.
    let b = G2Affine::new_unchecked(Fq2::new(proof.a.x, Fq::from(0u64)), Fq2::new(proof.a.y, Fq::from(0u64)));
    t.refuse(13, "B in G1", proof_bytes(&ArkProof { b, ..proof.clone() }), Curve { slot: B });

    let swap = |bytes: &[u8], i: usize, j: usize| with_word(&with_word(bytes, i, word(bytes, j)), j, word(bytes, i));
    t.refuse(14, "B with c0 before c1", swap(&swap(&good, 2, 3), 4, 5), Curve { slot: B });
    let mut little = good.clone();
    little.chunks_mut(32).for_each(<[u8]>::reverse);
    let error = Proof::decode(&little).unwrap_err();
    assert!(matches!(error, Flags { .. } | Range { .. } | Curve { .. }), "row 15: {error}");
    t.refuse(15, "little-endian", little, error);

    t.reject(16, "A negated", &ArkProof { a: -proof.a, ..proof.clone() });
    t.refuse(17, "all 0xff", vec![0xff; 256], Flags { slot: A, coordinate: X });
    t.refuse(18, "all zero", vec![0; 256], Infinity { slot: A });
    t.reject(19, "A and C exchanged", &ArkProof { a: proof.c, b: proof.b, c: proof.a });
    let other = Fixture::new(3, 103);
    t.reject(20, "of another key", &other.prove(101).1);

    let l = statement(vk, &publics);
    for k in 1..=16u64 {
        let c = (l * -Fr::from(k).inverse().unwrap()).into_affine();
        let row = if k == 1 { 21 } else { 22 };
        t.reject(row, format!("(alpha, beta, -L / {k})"), &ArkProof { a: vk.alpha_g1, b: vk.beta_g2, c });
    }
    for seed in 0..8 {
        let (a, b, c) = (random_g1(seed), random_g2(seed), random_g1(seed + 50));
        t.reject(23, "random points", &ArkProof { a, b, c });
    }
    t.reject(
        23,
        "generators",
        &ArkProof { a: AffineRepr::generator(), b: AffineRepr::generator(), c: AffineRepr::generator() },
    );

    let mut seen = [false; 24];
    for Row { row, what, bytes, error } in t.rows {
        seen[row as usize] = true;
        let status = if error.is_some() { Status::Encoding } else { Status::No };
        assert_eq!(Proof::decode(&bytes).err(), error, "row {row}: {what}");
        assert_eq!(verify_bytes(&key, &inputs, &bytes), status, "row {row}: {what}");
    }
    assert!(seen[1..].iter().all(|seen| *seen));
}

#[test]
fn points_are_checked_like_bytes() {
    let (_, proof) = Fixture::new(1, 110).prove(111);
    let (a, b, c) = (proof.a, proof.b, proof.c);
    let off = ark_bn254::G1Affine::new_unchecked(a.x, a.y + Fq::ONE);
    let zero = ark_bn254::G1Affine::identity();
    assert!(Proof::from_points(a, b, c).is_ok());
    assert_eq!(Proof::from_points(off, b, c), Err(Curve { slot: A }));
    assert_eq!(Proof::from_points(a, b, off), Err(Curve { slot: C }));
    assert_eq!(Proof::from_points(zero, b, c), Err(Infinity { slot: A }));
    assert_eq!(Proof::from_points(a, G2Affine::identity(), c), Err(Infinity { slot: B }));
    assert_eq!(Proof::from_points(a, b, zero), Err(Infinity { slot: C }));
    assert_eq!(Proof::from_points(a, g2_off_subgroup(9), c), Err(Subgroup { slot: B }));
}

#[test]
fn errors_name_the_place() {
    let error = Proof::decode(&[0xff; 256]).unwrap_err();
    assert_eq!(error.to_string(), "proof: A.x has a flag bit set");
    assert_eq!(Proof::decode(&[0; 3]).unwrap_err().to_string(), "proof: expected 256 bytes, got 3");
}
