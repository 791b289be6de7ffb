//! A proof: three points, each checked.

use ark_bn254::{G1Affine, G2Affine};
use ark_ec::AffineRepr;
use zera_abi::wire::PROOF_LEN;
use zera_field::{Cpu, pairing};

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
    /// One encoding per proof: `decode(b)?.encode() == b`. About 35 us with AVX-512 IFMA, 80 us without, nearly all of it the
    /// subgroup check of B, which comes last.
    ///
    /// # Errors
    /// [`ProofError`]: length, flags, range, identity, curve, subgroup, in that order, each over all points.
    pub fn decode(bytes: &[u8]) -> Result<Proof, ProofError> {
        OnCurve::decode(bytes)?.check()
    }

    /// A proof of these points.
    ///
    /// # Errors
    /// [`ProofError`], as [`decode`](Proof::decode).
    pub fn from_points(a: G1Affine, b: G2Affine, c: G1Affine) -> Result<Proof, ProofError> {
        OnCurve::new(a, b, c)?.check()
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
}

/// Three points on their curves, none of them the identity; whether B is in the subgroup of order r is not known yet.
#[derive(Clone, Debug)]
pub(crate) struct OnCurve(Proof);

impl OnCurve {
    /// As [`Proof::decode`] but for the last check.
    pub(crate) fn decode(bytes: &[u8]) -> Result<OnCurve, ProofError> {
        let length = ProofError::Length { got: bytes.len() };
        let bytes: &[u8; PROOF_LEN] = bytes.try_into().map_err(|_| length)?;
        let words = point::read_words(bytes.as_chunks::<32>().0).map_err(word_error)?;
        let [ax, ay, bx1, bx0, by1, by0, cx, cy] = *words.as_slice() else { return Err(length) };
        let (a, c) = (point::g1_unchecked([ax, ay]), point::g1_unchecked([cx, cy]));
        OnCurve::new(a, point::g2_unchecked([bx1, bx0, by1, by0]), c)
    }

    fn new(a: G1Affine, b: G2Affine, c: G1Affine) -> Result<OnCurve, ProofError> {
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
        Ok(OnCurve(Proof { a, b, c }))
    }

    /// The last check of one proof.
    pub(crate) fn check(self) -> Result<Proof, ProofError> {
        OnCurve::check_all(Cpu::detect(), &[&self]).pop().unwrap_or(Err(OUTSIDE))
    }

    /// The last check of each proof, in order.
    ///
    /// G1 has cofactor 1. On the twist the pairing is defined for the subgroup only, and the check is for the curve only.
    pub(crate) fn check_all(cpu: Cpu, proofs: &[&OnCurve]) -> Vec<Result<Proof, ProofError>> {
        let points: Vec<G2Affine> = proofs.iter().map(|proof| proof.0.b).collect();
        let inside = pairing::in_subgroup(cpu, &points);
        proofs.iter().zip(inside).map(|(proof, inside)| if inside { Ok(proof.0) } else { Err(OUTSIDE) }).collect()
    }
}

const OUTSIDE: ProofError = ProofError::Subgroup { slot: ProofSlot::B };

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

#[cfg(test)]
mod tests {
    use ark_bn254::Fq2;
    use ark_ec::CurveGroup;

    use super::*;

    /// Deleting the subgroup check of lists, or of one lane, shows here.
    #[test]
    fn a_point_outside_the_subgroup_is_found_in_every_lane_by_every_processor() {
        let g1 = G1Affine::generator();
        let inside = |k: u64| (G2Affine::generator() * crate::Fr::from(k)).into_affine();
        let outside: Vec<G2Affine> = (0u64..)
            .filter_map(|k| G2Affine::get_point_from_x_unchecked(Fq2::from(k), true))
            .filter(|point| !point.is_in_correct_subgroup_assuming_on_curve())
            .take(9)
            .collect();
        for cpu in [Cpu::choose(Some("portable")).unwrap(), Cpu::detect()] {
            for n in [1, 7, 8, 9, 17, 64] {
                for at in 0..n {
                    let mut points: Vec<G2Affine> = (1..=n as u64).map(inside).collect();
                    points[at] = outside[at % outside.len()];
                    let proofs: Vec<OnCurve> = points.iter().map(|b| OnCurve::new(g1, *b, g1).unwrap()).collect();
                    let checked = OnCurve::check_all(cpu, &proofs.iter().collect::<Vec<_>>());
                    assert_eq!(checked.len(), n);
                    for (i, (result, b)) in checked.into_iter().zip(points).enumerate() {
                        let expected = if i == at { Err(OUTSIDE) } else { Ok(Proof { a: g1, b, c: g1 }) };
                        assert_eq!(result, expected, "{i} of {n}, {at} outside, on {}", cpu.name());
                    }
                }
            }
        }
    }
}
