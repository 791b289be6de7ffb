//! `.r1cs` files: what is written is read, and nothing else is.

#[path = "support/example.rs"]
mod example;
#[path = "support/sections.rs"]
mod sections;

use ark_bn254::Fr;
use ark_ff::{BigInteger, PrimeField};
use example::{matrices, system};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sections::{file, parts};
use zera_iden3::{FileError, R1cs, R1csError, read_r1cs, write_r1cs};
use zera_r1cs::{Matrices, MatrixError, SparseMatrix};

/// The example with its sections edited.
fn edited(edit: impl FnOnce(&mut Vec<(u32, Vec<u8>)>)) -> Result<R1cs, R1csError> {
    let mut parts = parts(&system().encode());
    edit(&mut parts);
    read_r1cs(&file("r1cs", &parts))
}

#[test]
fn what_is_written_is_read() {
    assert_eq!(read_r1cs(&system().encode()), Ok(system()));
    let plain = read_r1cs(&write_r1cs(&matrices())).unwrap();
    assert_eq!((plain.matrices, plain.outputs, plain.private_inputs), (matrices(), 0, 0));
    assert_eq!((plain.label_count, plain.labels), (5, vec![0, 1, 2, 3, 4]));
}

/// Documented sizes: 112 bytes, 12 a row, 36 a term, 8 a wire.
#[test]
fn files_have_the_documented_length() {
    assert_eq!(system().encode().len(), 112 + 12 * 4 + 36 * 11 + 8 * 5);
}

#[test]
fn random_systems_come_back() {
    let mut rng = ChaCha8Rng::seed_from_u64(0x1d3);
    for _ in 0..50 {
        let (wires, rows) = (rng.gen_range(1..40u32), rng.gen_range(0..20));
        let mut matrix = || {
            let rows = (0..rows).map(|_| {
                let row: Vec<(u32, Fr)> = (0..wires)
                    .filter(|_| rng.gen_bool(0.2))
                    .collect::<Vec<_>>()
                    .into_iter()
                    .map(|wire| (wire, Fr::from_le_bytes_mod_order(&rng.r#gen::<[u8; 32]>())))
                    .collect();
                row
            });
            SparseMatrix::from_rows(rows.collect::<Vec<_>>()).unwrap()
        };
        let (a, b, c) = (matrix(), matrix(), matrix());
        let system = R1cs::new(Matrices::new(rng.gen_range(0..wires), wires, a, b, c).unwrap());
        assert_eq!(read_r1cs(&system.encode()), Ok(system));
    }
}

#[test]
fn every_prefix_is_refused() {
    let bytes = system().encode();
    for len in 0..bytes.len() {
        assert!(read_r1cs(&bytes[..len]).is_err(), "{len}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(read_r1cs(&longer), Err(R1csError::File(FileError::Length)));
}

/// Every byte means something: with a bit flipped the file is refused, or says something else and is written as it says.
#[test]
fn every_flipped_bit_is_refused_or_means_something_else() {
    let bytes = system().encode();
    let mut read = 0;
    for at in 0..8 * bytes.len() {
        let mut other = bytes.clone();
        other[at / 8] ^= 1 << (at % 8);
        if let Ok(found) = read_r1cs(&other) {
            read += 1;
            assert_ne!(found, system(), "bit {at}");
            assert_eq!(read_r1cs(&found.encode()), Ok(found), "bit {at}");
        }
    }
    assert!(read > 0, "flipped coefficients are other coefficients");
}

#[test]
fn random_bytes_after_a_good_start_do_not_panic() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let bytes = system().encode();
    for _ in 0..2000 {
        let mut other = bytes.clone();
        for _ in 0..rng.gen_range(1..6) {
            let at = rng.gen_range(0..other.len());
            other[at] = *[0, 0xff, 0x7f, rng.r#gen()].get(rng.gen_range(0..4usize)).unwrap();
        }
        if let Ok(found) = read_r1cs(&other) {
            assert_eq!(read_r1cs(&found.encode()), Ok(found));
        }
    }
}

#[test]
fn sections_come_in_any_order_and_unknown_ones_are_stepped_over() {
    assert_eq!(edited(|parts| parts.reverse()), Ok(system()));
    assert_eq!(edited(|parts| parts.swap(0, 1)), Ok(system()));
    assert_eq!(edited(|parts| parts.insert(1, (77, vec![1, 2, 3]))), Ok(system()));
    assert_eq!(edited(|parts| parts.insert(1, (0, vec![]))), Ok(system()));
    for kind in 1..=3u32 {
        let missing = edited(|parts| drop(parts.remove(kind as usize - 1)));
        assert_eq!(missing, Err(R1csError::File(FileError::Missing { kind })));
        let twice = edited(|parts| parts.push(parts[kind as usize - 1].clone()));
        assert_eq!(twice, Err(R1csError::File(FileError::Duplicate { kind })));
    }
    for kind in [4, 5] {
        assert_eq!(edited(|parts| parts.push((kind, vec![0; 4]))), Err(R1csError::CustomGates { kind }));
    }
}

/// Where in the header: after 4 bytes of length and 32 of modulus, four counts, labels, constraints.
fn header(parts: &mut [(u32, Vec<u8>)], index: usize, value: u32) {
    let at = 36 + 4 * index;
    parts[0].1[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

#[test]
fn counts_are_paid_for_in_bytes() {
    let wires = edited(|parts| header(parts, 0, u32::MAX));
    assert_eq!(wires, Err(R1csError::Labels { expected: u32::MAX, got: 40 }));
    let rows = edited(|parts| header(parts, 6, u32::MAX));
    assert_eq!(rows, Err(R1csError::File(FileError::Length)));
    assert_eq!(edited(|parts| header(parts, 6, 3)), Err(R1csError::Rest { left: 12 }));
    let outputs = edited(|parts| header(parts, 1, u32::MAX));
    assert_eq!(outputs, Err(R1csError::Wires { inputs: u64::from(u32::MAX) + 3, wires: 5 }));
    assert_eq!(edited(|parts| header(parts, 0, 0)), Err(R1csError::Wires { inputs: 3, wires: 0 }));
    let terms = edited(|parts| parts[1].1[..4].copy_from_slice(&u32::MAX.to_le_bytes()));
    assert!(terms.is_err());
    let mut section = system().encode();
    section[16..24].copy_from_slice(&u64::MAX.to_le_bytes());
    assert_eq!(read_r1cs(&section), Err(R1csError::File(FileError::Length)));
    let mut sections = system().encode();
    sections[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(read_r1cs(&sections), Err(R1csError::File(FileError::Length)));
}

#[test]
fn other_files_and_fields_are_told_apart() {
    let bytes = system().encode();
    let other = [b"wtns", &bytes[4..]].concat();
    assert_eq!(read_r1cs(&other), Err(R1csError::File(FileError::Magic { expected: "r1cs" })));
    let other = [&bytes[..4], &[2, 0, 0, 0], &bytes[8..]].concat();
    assert_eq!(read_r1cs(&other), Err(R1csError::File(FileError::Version { expected: 1, got: 2 })));
    for (at, value) in [(0, 8), (4, 0)] {
        let field = edited(|parts| parts[0].1[at] = value);
        assert_eq!(field, Err(R1csError::File(FileError::Field)));
    }
}

/// Row 2 of A is `s - x`; its terms start after the eight combinations before: rows of 1 1 1 and 1 1 3 terms.
const TERMS: usize = 6 * 4 + 8 * 36 + 4;

#[test]
fn terms_come_in_any_order_once_each_and_below_r() {
    let swapped = edited(|parts| parts[1].1[TERMS..TERMS + 72].rotate_left(36));
    assert_eq!(swapped, Ok(system()));
    let twice = edited(|parts| parts[1].1[TERMS] = 3);
    assert_eq!(twice, Err(R1csError::Matrices(MatrixError::Order { row: 2, previous: 3, wire: 3 })));
    let far = edited(|parts| parts[1].1[TERMS] = 5);
    assert_eq!(far, Err(R1csError::Matrices(MatrixError::Wire { wire: 5, wires: 5 })));
    let zero = edited(|parts| parts[1].1[TERMS + 4..TERMS + 36].fill(0)).unwrap();
    assert_eq!(zero.matrices.a.row(2), (&[3][..], &[-Fr::from(1)][..]));
    // The coefficient 1 as r + 1.
    let mut modulus = Fr::MODULUS;
    modulus.add_with_carry(&1u64.into());
    let above = edited(|parts| parts[1].1[TERMS + 4..TERMS + 36].copy_from_slice(&modulus.to_bytes_le()));
    assert_eq!(above, Err(R1csError::Scalar { row: 2, wire: 2 }));
}

#[test]
fn private_inputs_fit_the_wires() {
    assert!(R1cs::new(matrices()).with_private_inputs(2).is_ok());
    let error = R1cs::new(matrices()).with_private_inputs(3).unwrap_err();
    assert_eq!(error, R1csError::Wires { inputs: 5, wires: 5 });
    assert_eq!(error.to_string(), "r1cs: 5 outputs and inputs and wire 0 among 5 wires");
}
