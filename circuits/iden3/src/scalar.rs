//! Scalars as these files hold them: 32 bytes, little-endian, below r, not in Montgomery form.

use crate::file::FileError;
use ark_bn254::Fr;
use ark_ff::{BigInt, PrimeField};
use zera_abi::wire::Reader;

/// Bytes of a scalar.
pub(crate) const LEN: usize = 32;

/// Appends a scalar.
pub(crate) fn put(out: &mut Vec<u8>, scalar: &Fr) {
    put_limbs(out, scalar.into_bigint());
}

/// Reads a scalar; `None` where it is r or above.
pub(crate) fn read(bytes: &[u8; LEN]) -> Option<Fr> {
    let mut limbs = [0u64; 4];
    for (limb, chunk) in limbs.iter_mut().zip(bytes.chunks_exact(8)) {
        *limb = chunk.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte));
    }
    Fr::from_bigint(BigInt(limbs))
}

/// Appends the length of a scalar and the modulus.
pub(crate) fn put_field(out: &mut Vec<u8>) {
    out.extend_from_slice(&(LEN as u32).to_le_bytes());
    put_limbs(out, Fr::MODULUS);
}

/// Reads what [`put_field`] writes.
pub(crate) fn read_field(reader: &mut Reader<'_>) -> Result<(), FileError> {
    let mut expected = Vec::with_capacity(4 + LEN);
    put_field(&mut expected);
    // Length first: of a file over another field the modulus may be longer than the file is.
    let len = reader.take(4)?;
    if len != &expected[..4] || reader.take(LEN)? != &expected[4..] {
        return Err(FileError::Field);
    }
    Ok(())
}

fn put_limbs(out: &mut Vec<u8>, limbs: BigInt<4>) {
    for limb in limbs.0 {
        out.extend_from_slice(&limb.to_le_bytes());
    }
}
