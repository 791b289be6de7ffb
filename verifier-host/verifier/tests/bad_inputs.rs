//! Public inputs that must be refused: rows 26 to 33 of the table of bad inputs.

#[path = "support/fixture.rs"]
mod fixture;

use ark_bn254::{Fq, Fr};
use ark_ff::{One, PrimeField, Zero};
use fixture::*;
use zera_abi::Status;
use zera_verifier::{InputsError, PublicInputs, verify_bytes};

/// Row, what it is, the bytes, the status, and why they do not decode by themselves.
type Row = (u32, &'static str, Vec<u8>, Status, Option<InputsError>);

fn minus_one(mut bytes: [u8; 32]) -> [u8; 32] {
    assert_ne!(bytes[31], 0);
    bytes[31] -= 1;
    bytes
}

#[test]
fn rows_26_to_33() {
    let fixture = Fixture::with_waste(3, Waste::random(200), 201);
    let key = fixture.key().prepare();
    let (publics, proof) = fixture.prove(202);
    let proof = proof_bytes(&proof);
    let good = publics_bytes(&publics);
    assert_eq!(verify_bytes(&key, &good, &proof), Status::Ok);

    // Row 26 with the dropped input 0: what ark-groth16 0.6 would accept, since it zips.
    let waste = Waste::random(200);
    let zeros = [publics[0], publics[1], Fr::zero()];
    let (a, b) = (Fr::from(4u64), Fr::from(5u64));
    let g1: ark_bn254::G1Affine = ark_ec::AffineRepr::generator();
    let g2: ark_bn254::G2Affine = ark_ec::AffineRepr::generator();
    let c = g1 * ((a * b - waste.alpha * waste.beta) / waste.delta)
        - statement(fixture.ark_key(), &zeros) * (waste.gamma / waste.delta);
    let simulated = ArkProof { a: (g1 * a).into(), b: (g2 * b).into(), c: c.into() };
    let zeros = publics_bytes(&zeros);
    let simulated_bytes = proof_bytes(&simulated);
    assert_eq!(verify_bytes(&key, &zeros, &simulated_bytes), Status::Ok);
    use ark_groth16::Groth16;
    use ark_snark::SNARK;
    let ark = |publics: &[Fr]| Groth16::<ark_bn254::Bn254>::verify(fixture.ark_key(), publics, &simulated).unwrap();
    assert!(ark(&publics[..2]), "the oracle still zips; if it does not, this remark is out of date");
    assert_eq!(verify_bytes(&key, &zeros[..64], &simulated_bytes), Status::Count, "row 26");
    assert_eq!(verify_bytes(&key, &good[..64], &proof), Status::Count, "row 26");

    let r = modulus_be::<Fr>();
    let q = modulus_be::<Fq>();
    let word = |at: usize| -> [u8; 32] { good[32 * at..32 * at + 32].try_into().unwrap() };
    let with = |at: usize, word: [u8; 32]| {
        let mut bytes = good.clone();
        bytes[32 * at..32 * at + 32].copy_from_slice(&word);
        bytes
    };
    let mut rows: Vec<Row> = vec![
        (27, "one too many, zero", [&good[..], &[0; 32]].concat(), Status::Count, None),
        (27, "one too many, one", [good.clone(), be(&Fr::one()).to_vec()].concat(), Status::Count, None),
        (28, "none", vec![], Status::Count, Some(InputsError::Count { got: 0 })),
        (28, "17", vec![0; 32 * 17], Status::Count, Some(InputsError::Count { got: 17 })),
        (28, "2^20", vec![0; 1 << 25], Status::Count, Some(InputsError::Count { got: 1 << 20 })),
        (28, "95 bytes", good[..95].to_vec(), Status::Count, Some(InputsError::Length { got: 95 })),
        (28, "97 bytes", [&good[..], &[0]].concat(), Status::Count, Some(InputsError::Length { got: 97 })),
        (28, "1 byte", vec![0], Status::Count, Some(InputsError::Length { got: 1 })),
        (33, "permuted", [&good[32..64], &good[..32], &good[64..]].concat(), Status::No, None),
        (33, "rotated", [&good[32..], &good[..32]].concat(), Status::No, None),
    ];
    for index in 0..3 {
        let range = Some(InputsError::Range { index });
        let alias = add_be(&word(index), &r).unwrap();
        rows.extend([
            (29, "x = r", with(index, r), Status::Encoding, range),
            (30, "x + r", with(index, alias), Status::Encoding, range),
            (31, "x = r + 1", with(index, add_be(&r, &be(&Fr::one())).unwrap()), Status::Encoding, range),
            (31, "x = q - 1", with(index, minus_one(q)), Status::Encoding, range),
            (31, "x = q", with(index, q), Status::Encoding, range),
            (32, "x = 2^256 - 1", with(index, [0xff; 32]), Status::Encoding, range),
            // The greatest scalar is read, and is not the input.
            (32, "x = r - 1", with(index, minus_one(r)), Status::No, None),
        ]);
        // A second alias, where it fits.
        if let Some(alias) = add_be(&alias, &r) {
            rows.push((30, "x + 2r", with(index, alias), Status::Encoding, range));
        }
    }
    for (row, what, bytes, status, error) in rows {
        assert_eq!(verify_bytes(&key, &bytes, &proof), status, "row {row}: {what}");
        assert_eq!(PublicInputs::decode(&bytes).err(), error, "row {row}: {what}");
        if let Some(error) = error {
            assert_eq!(error.status(), status, "row {row}: {what}");
        }
    }
}

/// The count comes before the proof, the length of the proof before the inputs, the inputs before the points.
#[test]
fn checks_run_cheapest_first() {
    let fixture = Fixture::new(2, 210);
    let key = fixture.key().prepare();
    let (publics, proof) = fixture.prove(211);
    let (inputs, proof) = (publics_bytes(&publics), proof_bytes(&proof));
    assert_eq!(verify_bytes(&key, &[0xff; 96], &[0xff; 1]), Status::Count);
    assert_eq!(verify_bytes(&key, &[0xff; 64], &[0xff; 1]), Status::Encoding);
    assert_eq!(verify_bytes(&key, &inputs, &[0xff; 256]), Status::Encoding);
    assert_eq!(verify_bytes(&key, &[0xff; 64], &proof), Status::Encoding);
    assert_eq!(verify_bytes(&key, &inputs, &proof), Status::Ok);
}

#[test]
fn one_to_sixteen_inputs_are_read() {
    for n in 1..=16 {
        let bytes = be(&-Fr::one()).repeat(n);
        let inputs = PublicInputs::decode(&bytes).unwrap();
        assert_eq!((inputs.len(), inputs.encode()), (n, bytes));
        assert!(inputs.scalars().iter().all(|x| x.into_bigint() == (-Fr::one()).into_bigint()));
    }
}
