use crate::circuit::{Circuit, private_cell};
use ark_bn254::Fr;
use ark_ff::{BigInteger, Field, MontFp, One, PrimeField, Zero};
use std::sync::OnceLock;
use zera_library::gadgets::eddsa::curve::{BASE8, D, Integer, ORDER, Point, add_mod, mul_mod, reduce};
use zera_library::gadgets::eddsa::{eddsa_verify, public_key, sign, verify};
use zera_library::gadgets::field::{Cell, encode};

const VECTORS: &str = include_str!("../../vectors/eddsa.txt");

/// Key, signature and message: Ax, Ay, R8x, R8y, S, M.
type Signed = [Fr; 6];

/// circomlibjs' scalars and signatures.
fn vectors() -> Vec<(Integer, Signed)> {
    let lines = VECTORS.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let numbers: Vec<Fr> = line.split(' ').map(|number| number.parse().ok().unwrap()).collect();
            (numbers[0].into_bigint(), numbers[1..].try_into().unwrap())
        })
        .collect()
}

fn native(signed: &Signed) -> bool {
    let [ax, ay, rx, ry, s, m] = signed.map(|element| encode(&element));
    verify(&[ax, ay], &[rx, ry, s], &m).unwrap()
}

fn circuit() -> &'static Circuit {
    static CIRCUIT: OnceLock<Circuit> = OnceLock::new();
    CIRCUIT.get_or_init(|| {
        Circuit::new(192, 1, |builder| {
            let [ax, ay, rx, ry, s, m] = [0, 1, 2, 3, 4, 5].map(|at| private_cell(builder, at));
            vec![eddsa_verify(builder, &[ax, ay], &[rx, ry, s], &m).lc().clone()]
        })
    })
}

fn private(signed: &Signed) -> Vec<u8> {
    signed.iter().flat_map(encode).collect()
}

fn element(integer: Integer) -> Fr {
    Fr::from_bigint(integer).unwrap()
}

/// Signatures that do not verify: each is refused for one reason.
fn invalid() -> Vec<(&'static str, Signed)> {
    let (scalar, valid) = vectors()[3];
    let mut cases = Vec::new();
    for (at, name) in ["Ax", "Ay", "R8x", "R8y", "S", "M"].into_iter().enumerate() {
        for value in [valid[at] + Fr::one(), valid[at] - Fr::one(), Fr::zero()] {
            let mut signed = valid;
            signed[at] = value;
            cases.push((name, signed));
        }
    }
    let mut signed = valid;
    for _ in 0..7 {
        // S + k l, all the same multiple of B8.
        signed[4] += element(ORDER);
        cases.push(("S not below the order", signed));
    }
    for s in [element(ORDER), -Fr::one(), Fr::from(2).pow([251u64]), Fr::from(2).pow([253u64])] {
        signed[4] = s;
        cases.push(("S", signed));
    }
    for (x, y) in [(-valid[0], valid[1]), (valid[1], valid[0]), (Fr::zero(), Fr::zero()), (Fr::one(), Fr::one())] {
        cases.push(("another key", [x, y, valid[2], valid[3], valid[4], valid[5]]));
        cases.push(("another R8", [valid[0], valid[1], x, y, valid[4], valid[5]]));
    }
    // Points off the curve where 1 + d x1 x2 y1 y2 or 1 - d x1 x2 y1 y2 may vanish.
    let other = (D * valid[0] * valid[1]).inverse().unwrap();
    for y in [other, -other] {
        cases.push(("R8 off the curve", [valid[0], valid[1], Fr::one(), y, valid[4], valid[5]]));
        cases.push(("A off the curve", [Fr::one(), y, valid[2], valid[3], valid[4], valid[5]]));
    }
    // Keys of small order: h 8 A is neutral, so R8 = S B8 would verify without a secret.
    for key in small_order() {
        let s = reduce(&scalar.to_bytes_le());
        let r8 = BASE8.multiply(&s);
        cases.push(("a key of small order", [key.x, key.y, r8.x, r8.y, element(s), valid[5]]));
    }
    // R8 with a part of small order.
    for torsion in &small_order()[1..] {
        let r8 = Point { x: valid[2], y: valid[3] }.add(torsion);
        cases.push(("R8 and a point of small order", [valid[0], valid[1], r8.x, r8.y, valid[4], valid[5]]));
    }
    cases.push(("nothing", [Fr::zero(); 6]));
    cases.push(("ones", [Fr::one(); 6]));
    cases
}

/// The eight points of order 1, 2, 4 and 8; the first is the neutral one.
fn small_order() -> Vec<Point> {
    // EIP-2494's generator has order 8 l.
    let generator = Point {
        x: MontFp!("995203441582195749578291179787384436505546430278305826713579947235728471134"),
        y: MontFp!("5472060717959818805561601436314318772137091100104008585924551046643952123905"),
    };
    let unit = generator.multiply(&ORDER);
    let points: Vec<Point> = (0..8u64).map(|k| unit.multiply(&Integer::from(k))).collect();
    assert!(points[1..].iter().all(|point| *point != points[0] && point.is_on_curve()));
    points
}

#[test]
fn circomlibjs_signatures_verify() {
    let mut count = 0;
    for (scalar, signed) in vectors() {
        assert!(native(&signed));
        let secret: [u8; 32] = scalar.to_bytes_le().try_into().unwrap();
        assert_eq!(public_key(&secret), [0, 1].map(|at| encode(&signed[at])));
        let [rx, ry, s] = sign(&secret, &encode(&signed[5])).unwrap();
        assert_ne!(rx, encode(&signed[2]), "another nonce");
        assert_eq!(verify(&public_key(&secret), &[rx, ry, s], &encode(&signed[5])), Some(true));
        count += 1;
    }
    assert_eq!(count, 8);
}

#[test]
fn what_is_not_canonical_traps() {
    let signed = vectors()[2].1;
    let cells: [Cell; 6] = signed.map(|element| encode(&element));
    for at in 0..6 {
        let mut bad = cells;
        bad[at] = [0xff; 32];
        let [ax, ay, rx, ry, s, m] = bad;
        assert_eq!(verify(&[ax, ay], &[rx, ry, s], &m), None);
    }
    assert_eq!(sign(&[1; 32], &[0xff; 32]), None);
}

#[test]
fn the_circuit_answers_as_the_native_twin_for_valid_and_invalid_signatures() {
    let circuit = circuit();
    println!("eddsa: {} rows, {} wires", circuit.rows, circuit.wires.len());
    assert_eq!(circuit.rows, 3_110);
    for (scalar, signed) in vectors() {
        assert_eq!(circuit.values(&private(&signed)), [Fr::one()]);
        let secret: [u8; 32] = scalar.to_bytes_le().try_into().unwrap();
        let message = encode(&signed[5]);
        let cells = [&public_key(&secret)[..], &sign(&secret, &message).unwrap(), &[message]].concat();
        assert_eq!(circuit.values(&cells.concat()), [Fr::one()], "our own");
    }
    for (why, signed) in invalid() {
        assert!(!native(&signed), "{why}");
        assert_eq!(circuit.values(&private(&signed)), [Fr::zero()], "{why}");
    }
    // A key with a part of small order: 8 A is the same, and the challenge is for the key as it stands.
    let (scalar, valid) = vectors()[4];
    let eight = mul_mod(&Integer::from(8u64), &reduce(&scalar.to_bytes_le()));
    let nonce = Integer::from(987_654_321u64);
    let r8 = BASE8.multiply(&nonce);
    for torsion in small_order() {
        let key = Point { x: valid[0], y: valid[1] }.add(&torsion);
        let h = zera_statement::poseidon::hash(&[r8.x, r8.y, key.x, key.y, valid[5]]).unwrap();
        let s = add_mod(&nonce, &mul_mod(&h.into_bigint(), &eight));
        let signed = [key.x, key.y, r8.x, r8.y, element(s), valid[5]];
        assert!(native(&signed));
        assert_eq!(circuit.values(&private(&signed)), [Fr::one()]);
    }
}

/// The only wires that move are inverses of zero tests whose answer is 1.
#[test]
fn no_wire_moves_alone() {
    let circuit = circuit();
    let cases = [vectors()[1].1, invalid()[0].1, invalid()[14].1];
    for signed in cases {
        let z = circuit.assign(&private(&signed));
        for wire in circuit.movable(&z, 1) {
            assert!(z[wire].is_zero() && z[wire + 1].is_one(), "wire {wire}");
        }
    }
}
