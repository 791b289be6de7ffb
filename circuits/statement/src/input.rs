//! Public input bytes as field elements, and their root.

use crate::poseidon;
use ark_bn254::Fr;
use ark_ff::{BigInt, PrimeField};

/// Bytes packed into one field element: the most that always stay below r.
pub const BYTES_PER_ELEMENT: usize = 31;
/// Elements absorbed by one permutation, beside the running root: circomlib's widest instance takes 16 inputs.
pub const ELEMENTS_PER_BLOCK: usize = 15;

/// Packs bytes 31 to an element, little-endian, the last element padded with zeros.
///
/// `ceil(bytes.len() / 31)` elements, each below 2^248. Not injective by itself: [`input_root`] hashes the length.
pub fn pack(bytes: &[u8]) -> Vec<Fr> {
    bytes.chunks(BYTES_PER_ELEMENT).map(element).collect()
}

/// The root of public input bytes: `h = byte length`, then `h = Poseidon(h, e1, .., ek)` for each block of up to 15
/// packed elements; an empty input is `Poseidon(0)`.
pub fn input_root(bytes: &[u8]) -> Fr {
    let mut root = Fr::from(bytes.len() as u64);
    if bytes.is_empty() {
        return poseidon::hash(&[root]).expect("one input is within 1..=16");
    }
    let mut inputs = [root; 1 + ELEMENTS_PER_BLOCK];
    for block in bytes.chunks(ELEMENTS_PER_BLOCK * BYTES_PER_ELEMENT) {
        inputs[0] = root;
        let mut k = 0;
        for chunk in block.chunks(BYTES_PER_ELEMENT) {
            k += 1;
            inputs[k] = element(chunk);
        }
        root = poseidon::hash(&inputs[..=k]).expect("a block has 1 to 15 elements, and the root before them");
    }
    root
}

/// At most 31 bytes, little-endian.
fn element(chunk: &[u8]) -> Fr {
    let mut limbs = [0u64; 4];
    for (limb, bytes) in limbs.iter_mut().zip(chunk.chunks(8)) {
        *limb = bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte));
    }
    Fr::from_bigint(BigInt(limbs)).expect("2^248 is below r")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_little_endian_and_padded_with_zeros() {
        let bytes: Vec<u8> = (1..=33).collect();
        let elements = pack(&bytes);
        assert_eq!(elements[0], Fr::from_le_bytes_mod_order(&bytes[..31]));
        assert_eq!(elements[1], Fr::from(32 + 33 * 256));
        assert_eq!(elements.len(), 2);
        assert_eq!(pack(&[]), []);
        assert_eq!(pack(&[0; 62]).len(), 2);
    }

    /// Padding hides trailing zeros from the elements; the length in front tells them apart.
    #[test]
    fn trailing_zeros_change_the_root() {
        assert_eq!(pack(&[7]), pack(&[7, 0]));
        assert_ne!(input_root(&[7]), input_root(&[7, 0]));
        assert_ne!(input_root(&[]), input_root(&[0]));
    }
}
