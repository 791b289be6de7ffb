//! The canonical form of a scalar: 32 bytes, big-endian, below r.

use ark_bn254::Fr;
use ark_ff::{BigInt, PrimeField};

/// The canonical bytes of a scalar: 32, big-endian, below r.
pub fn scalar_to_be(scalar: &Fr) -> [u8; 32] {
    let mut bytes = [0u8; 32];
    for (chunk, limb) in bytes.chunks_exact_mut(8).zip(scalar.into_bigint().0.iter().rev()) {
        chunk.copy_from_slice(&limb.to_be_bytes());
    }
    bytes
}

/// The scalar with these big-endian bytes; `None` where they are r or above, so every scalar has one encoding.
pub fn scalar_from_be(bytes: &[u8; 32]) -> Option<Fr> {
    let mut limbs = [0u64; 4];
    for (limb, chunk) in limbs.iter_mut().rev().zip(bytes.chunks_exact(8)) {
        *limb = chunk.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    }
    Fr::from_bigint(BigInt(limbs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::BigInteger;
    use proptest::prelude::*;

    #[test]
    fn the_modulus_and_everything_above_is_refused() {
        let modulus: [u8; 32] = Fr::MODULUS.to_bytes_be().try_into().unwrap();
        let mut bytes = modulus;
        assert_eq!(scalar_from_be(&bytes), None);
        bytes[31] -= 1; // The modulus is odd: no borrow.
        assert_eq!(scalar_from_be(&bytes), Some(-Fr::from(1)));
        bytes[31] += 2;
        assert_eq!(scalar_from_be(&bytes), None);
        assert_eq!(scalar_from_be(&[0xff; 32]), None);
        assert_eq!(scalar_from_be(&[0; 32]), Some(Fr::from(0)));
    }

    proptest! {
        #[test]
        fn bytes_are_arkworks_bytes_reversed_and_round_trip(bytes: [u8; 32]) {
            let scalar = Fr::from_be_bytes_mod_order(&bytes);
            let canonical = scalar_to_be(&scalar);
            prop_assert_eq!(canonical.to_vec(), scalar.into_bigint().to_bytes_be());
            prop_assert_eq!(scalar_from_be(&canonical), Some(scalar));
            // A byte string is accepted exactly where reducing it changes nothing.
            prop_assert_eq!(scalar_from_be(&bytes), (canonical == bytes).then_some(scalar));
        }
    }
}
