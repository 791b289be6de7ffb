//! `.wtns` files: what is written is read, and nothing else is.

#[path = "support/example.rs"]
mod example;

use ark_bn254::Fr;
use ark_ff::{BigInteger, PrimeField};
use example::{assignment, matrices};
use zera_iden3::{FileError, WtnsError, read_wtns, write_wtns};

#[test]
fn what_is_written_is_read() {
    let values = [assignment(), vec![-Fr::from(1), Fr::from(0)]].concat();
    let bytes = write_wtns(&values);
    assert_eq!(bytes.len(), 76 + 32 * values.len());
    assert_eq!(read_wtns(&bytes), Ok(values));
    assert_eq!(read_wtns(&write_wtns(&[])), Ok(vec![]));
    assert_eq!(matrices().check(&read_wtns(&write_wtns(&assignment())).unwrap()), Ok(()));
}

#[test]
fn every_prefix_is_refused() {
    let bytes = write_wtns(&assignment());
    for len in 0..bytes.len() {
        assert!(read_wtns(&bytes[..len]).is_err(), "{len}");
    }
    assert_eq!(read_wtns(&[&bytes[..], &[0]].concat()), Err(WtnsError::File(FileError::Length)));
}

/// One assignment has one encoding up to the order of sections, so what is read is written as it was.
#[test]
fn every_flipped_bit_is_refused_or_another_value() {
    let bytes = write_wtns(&assignment());
    let mut read = 0;
    for at in 0..8 * bytes.len() {
        let mut other = bytes.clone();
        other[at / 8] ^= 1 << (at % 8);
        if let Ok(values) = read_wtns(&other) {
            read += 1;
            assert_ne!(values, assignment(), "bit {at}");
            assert_eq!(write_wtns(&values), other, "bit {at}");
        }
    }
    assert!(read >= 5 * 253, "{read}");
}

#[test]
fn values_are_counted_and_below_r() {
    let bytes = write_wtns(&assignment());
    let count = 12 + 12 + 36;
    for other in [0u32, 4, 6, u32::MAX] {
        let bytes = [&bytes[..count], &other.to_le_bytes(), &bytes[count + 4..]].concat();
        assert_eq!(read_wtns(&bytes), Err(WtnsError::Length { expected: other, got: 160 }));
    }
    let last = bytes.len() - 32;
    let bytes = [&bytes[..last], &Fr::MODULUS.to_bytes_le()].concat();
    assert_eq!(read_wtns(&bytes), Err(WtnsError::Scalar { index: 4 }));
    let old = [&bytes[..4], &[1, 0, 0, 0], &bytes[8..]].concat();
    assert_eq!(read_wtns(&old), Err(WtnsError::File(FileError::Version { expected: 2, got: 1 })));
}
