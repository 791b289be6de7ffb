//! Coordinates on the wire: 32 bytes big-endian, below the base modulus, the two top bits clear.
//!
//! The modulus has 254 bits, so the top bits are never needed; other formats keep flags there, and here there are none.

use ark_bn254::{Fq, Fq2, G1Affine, G2Affine};
use ark_ff::{BigInt, PrimeField};

use crate::error::Coordinate;

/// The words of a G1 point, in order.
pub(crate) const G1_WORDS: [Coordinate; 2] = [Coordinate::X, Coordinate::Y];
/// The words of a G2 point, in order.
pub(crate) const G2_WORDS: [Coordinate; 4] = [Coordinate::Xc1, Coordinate::Xc0, Coordinate::Yc1, Coordinate::Yc0];

const FLAG_BITS: u8 = 0xc0;

/// A word that is not a canonical coordinate, by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WordFault {
    /// A top bit is set.
    Flags(usize),
    /// Not below the modulus.
    Range(usize),
}

/// Reads coordinates. The flags of all words are checked before the range of any: a set flag also makes a word too large,
/// so the other order would never report one.
pub(crate) fn read_words(words: &[[u8; 32]]) -> Result<Vec<Fq>, WordFault> {
    if let Some(at) = words.iter().position(|word| word.first().is_some_and(|top| top & FLAG_BITS != 0)) {
        return Err(WordFault::Flags(at));
    }
    words.iter().enumerate().map(|(at, word)| read_field(word).ok_or(WordFault::Range(at))).collect()
}

/// The element whose canonical big-endian integer is `bytes`; `None` where that is not below the modulus.
pub(crate) fn read_field<F: PrimeField<BigInt = BigInt<4>>>(bytes: &[u8; 32]) -> Option<F> {
    let mut integer = BigInt([0u64; 4]);
    for (limb, chunk) in integer.0.iter_mut().rev().zip(bytes.as_chunks::<8>().0) {
        *limb = u64::from_be_bytes(*chunk);
    }
    F::from_bigint(integer)
}

/// The canonical big-endian integer of an element.
pub(crate) fn write_field<F: PrimeField<BigInt = BigInt<4>>>(element: &F) -> [u8; 32] {
    let mut bytes = [0u8; 32];
    for (chunk, limb) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(element.into_bigint().0.iter().rev()) {
        *chunk = limb.to_be_bytes();
    }
    bytes
}

/// The point with these words; nothing is checked.
pub(crate) fn g1_unchecked([x, y]: [Fq; 2]) -> G1Affine {
    G1Affine::new_unchecked(x, y)
}

/// The point with these words, `c1` before `c0`; nothing is checked.
pub(crate) fn g2_unchecked([x1, x0, y1, y0]: [Fq; 4]) -> G2Affine {
    G2Affine::new_unchecked(Fq2::new(x0, x1), Fq2::new(y0, y1))
}

/// The words of a point; the identity is zeros.
pub(crate) fn g1_words(point: &G1Affine) -> [[u8; 32]; 2] {
    [write_field(&point.x), write_field(&point.y)]
}

/// The words of a point; the identity is zeros.
pub(crate) fn g2_words(point: &G2Affine) -> [[u8; 32]; 4] {
    [&point.x.c1, &point.x.c0, &point.y.c1, &point.y.c0].map(write_field)
}
