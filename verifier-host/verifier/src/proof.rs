//! A proof: three points, each checked.

use ark_bn254::{G1Affine, G2Affine};
use ark_ec::AffineRepr;
use zera_abi::wire::PROOF_LEN;

use crate::error::{Coordinate, ProofError, ProofSlot};
use crate::point::{self, G1_WORDS, G2_WORDS, WordFault};

/// A proof whose points are on their curves, in the group of order r and not the identity.
///
/// Such a proof can still be false, and can be re-randomised by anyone: its bytes are no name and no evidence of who made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    pub(crate) a: G1Affine,
    pub(crate) b: G2Affine,
    pub(crate) c: G1Affine,
}

impl Proof {
    /// Reads `A || B || C` ([`zera_abi::wire`]): 256 bytes, big-endian, `c1` before `c0`, no flags.
    ///
    /// One encoding per proof: `decode(b)?.encode() == b`. About 0.1 ms, nearly all of it the subgroup check of B, which
    /// comes last.
    ///
    /// # Errors
    /// [`ProofError`]: length, flags, range, identity, curve, subgroup, in that order, each over all points.
    pub fn decode(bytes: &[u8]) -> Result<Proof, ProofError> {
        let length = ProofError::Length { got: bytes.len() };
        let bytes: &[u8; PROOF_LEN] = bytes.try_into().map_err(|_| length)?;
        let words = point::read_words(bytes.as_chunks::<32>().0).map_err(word_error)?;
        let [ax, ay, bx1, bx0, by1, by0, cx, cy] = *words.as_slice() else { return Err(length) };
        let proof = Proof {
            a: point::g1_unchecked([ax, ay]),
            b: point::g2_unchecked([bx1, bx0, by1, by0]),
            c: point::g1_unchecked([cx, cy]),
        };
        proof.check()?;
        Ok(proof)
    }

    /// A proof of these points.
    ///
    /// # Errors
    /// [`ProofError`], as [`decode`](Proof::decode).
    pub fn from_points(a: G1Affine, b: G2Affine, c: G1Affine) -> Result<Proof, ProofError> {
        let proof = Proof { a, b, c };
        proof.check()?;
        Ok(proof)
    }

    /// The 256 bytes that [`decode`](Proof::decode) reads.
    pub fn encode(&self) -> [u8; PROOF_LEN] {
        let mut bytes = [0u8; PROOF_LEN];
        let (a, b, c) = (point::g1_words(&self.a), point::g2_words(&self.b), point::g1_words(&self.c));
        for (out, word) in bytes.as_chunks_mut::<32>().0.iter_mut().zip(a.into_iter().chain(b).chain(c)) {
            *out = word;
        }
        bytes
    }

    /// A, in G1.
    pub const fn a(&self) -> &G1Affine {
        &self.a
    }

    /// B, in G2.
    pub const fn b(&self) -> &G2Affine {
        &self.b
    }

    /// C, in G1.
    pub const fn c(&self) -> &G1Affine {
        &self.c
    }

    fn check(&self) -> Result<(), ProofError> {
        let Proof { a, b, c } = self;
        // The identity has no place on the curve in these coordinates, and C = O or A = O would shorten the equation.
        for (slot, zero) in [(ProofSlot::A, a.is_zero()), (ProofSlot::B, b.is_zero()), (ProofSlot::C, c.is_zero())] {
            if zero {
                return Err(ProofError::Infinity { slot });
            }
        }
        for (slot, on_curve) in
            [(ProofSlot::A, a.is_on_curve()), (ProofSlot::B, b.is_on_curve()), (ProofSlot::C, c.is_on_curve())]
        {
            if !on_curve {
                return Err(ProofError::Curve { slot });
            }
        }
        // G1 has cofactor 1. On the twist the pairing is defined for the subgroup only, and the check is for the curve only.
        if !b.is_in_correct_subgroup_assuming_on_curve() {
            return Err(ProofError::Subgroup { slot: ProofSlot::B });
        }
        Ok(())
    }
}

fn word_error(fault: WordFault) -> ProofError {
    match fault {
        WordFault::Flags(at) => {
            let (slot, coordinate) = word_name(at);
            ProofError::Flags { slot, coordinate }
        }
        WordFault::Range(at) => {
            let (slot, coordinate) = word_name(at);
            ProofError::Range { slot, coordinate }
        }
    }
}

fn word_name(at: usize) -> (ProofSlot, Coordinate) {
    let a = G1_WORDS.map(|word| (ProofSlot::A, word));
    let b = G2_WORDS.map(|word| (ProofSlot::B, word));
    let c = G1_WORDS.map(|word| (ProofSlot::C, word));
    // A proof has eight words; the last stands for an index that does not occur.
    a.into_iter().chain(b).chain(c).nth(at).unwrap_or((ProofSlot::C, Coordinate::Y))
}
