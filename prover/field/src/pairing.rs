//! BN254's pairing, and what surrounds it in a verifier, eight points at a time.
//!
//! - [`miller`]: the Miller loops of many pairs, eight side by side.
//! - [`final_exponentiation`]: one element's six coefficients side by side.
//! - [`in_subgroup`]: points of the twist, eight at a time.
//! - [`multiples`], [`combine`]: points of G1 times 128-bit weights; [`Bases`]: fixed ones times whole scalars.
//!
//! Points and elements are arkworks'; so is every value, for each backend. On [`Cpu::Portable`] the work is arkworks' own, which
//! is faster than plain lanes; the lanes' code runs on plain lanes too, in tests.

mod exponentiation; // the final exponentiation, one element wide
mod fixed; // fixed points of G1 times scalars
mod loops; // Miller loops
mod multiple; // weights times points
mod single; // the Miller loop of one pair and fixed points
mod subgroup; // membership on the twist
mod tower; // Fq12 in lanes
mod wide; // one element of Fq12 across lanes

use ark_bn254::{Bn254, Fq12, G1Affine, G1Projective, G2Affine};
use ark_ec::pairing::{MillerLoopOutput, Pairing};
use ark_ec::{AffineRepr, CurveGroup, VariableBaseMSM};
use ark_ff::PrimeField;

use crate::backend::{Backend, Cpu};

pub use fixed::Bases;

/// A point of the twist that many pairings share, with its lines: 17 KiB, with AVX-512 IFMA 34 KiB.
#[derive(Clone, Debug)]
pub struct Lines {
    point: G2Affine,
    by_arkworks: <Bn254 as Pairing>::G2Prepared,
    /// Where the processor has lanes and the point is finite.
    in_lanes: Vec<[[u64; 8]; 3]>,
}

impl Lines {
    /// Computes them, for a point in the subgroup of order r.
    pub fn new(cpu: Cpu, point: G2Affine) -> Lines {
        let in_lanes = match cpu {
            Cpu::Avx512Ifma(token) if !point.is_zero() => token.run(single::Prepare { token, point }),
            _ => Vec::new(),
        };
        Lines { point, by_arkworks: point.into(), in_lanes }
    }
}

/// The product of the pairs' Miller loops, up to a factor that [`final_exponentiation`] takes to 1. Pairs with fixed points come
/// apart; there is no other difference.
///
/// Points are on their curves, those of the twist in the subgroup of order r; a pair with a point at infinity adds nothing.
/// With AVX-512 IFMA about 14 us a pair in lists of 64, 150 us for up to eight pairs, 90 us for one and two fixed points.
pub fn miller(cpu: Cpu, pairs: &[(G1Affine, G2Affine)], fixed: &[(G1Affine, &Lines)]) -> Fq12 {
    match cpu {
        Cpu::Portable(_) => {
            let left = pairs.iter().map(|(p, _)| *p).chain(fixed.iter().map(|(p, _)| *p));
            let fixed = fixed.iter().map(|(_, lines)| lines.by_arkworks.clone());
            Bn254::multi_miller_loop(left, pairs.iter().map(|(_, q)| q.into()).chain(fixed)).0
        }
        Cpu::Avx512Ifma(token) => {
            let finite = |(p, lines): &&(G1Affine, &Lines)| !p.is_zero() && !lines.point.is_zero();
            let fixed: Vec<(G1Affine, &Lines)> = fixed.iter().filter(finite).copied().collect();
            match pairs {
                [(p, q)] if !p.is_zero() && !q.is_zero() && fixed.len() <= single::FIXED_MAX && prepared(&fixed) => {
                    let fixed: Vec<_> = fixed.iter().map(|(p, lines)| (*p, lines.in_lanes.as_slice())).collect();
                    token.run(single::Single { token, pair: (*p, *q), fixed: &fixed })
                }
                _ => {
                    let fixed = fixed.iter().map(|(p, lines)| (*p, lines.point));
                    let pairs: Vec<_> = pairs.iter().copied().chain(fixed).collect();
                    token.run(loops::Miller { token, pairs: &pairs })
                }
            }
        }
    }
}

/// Whether all lines are in lanes' form, too.
fn prepared(fixed: &[(G1Affine, &Lines)]) -> bool {
    fixed.iter().all(|(_, lines)| !lines.in_lanes.is_empty())
}

/// `f^((p^12 - 1) / r)` to the power that arkworks takes it to, `None` of zero: a pairing's value.
pub fn final_exponentiation(cpu: Cpu, f: Fq12) -> Option<Fq12> {
    match cpu {
        Cpu::Portable(_) => Bn254::final_exponentiation(MillerLoopOutput(f)).map(|output| output.0),
        Cpu::Avx512Ifma(token) => token.run(exponentiation::Final { token, f }),
    }
}

/// Which points are in the subgroup of order r: one verdict a point, in order. They are on the twist and not at infinity.
pub fn in_subgroup(cpu: Cpu, points: &[G2Affine]) -> Vec<bool> {
    match cpu {
        Cpu::Portable(_) => points.iter().map(G2Affine::is_in_correct_subgroup_assuming_on_curve).collect(),
        Cpu::Avx512Ifma(token) => token.run(subgroup::Check { token, points }),
    }
}

/// `weights[i] * points[i]`, for lists of one length. Any points of the curve, infinity among them, and any weights.
///
/// # Panics
/// Where lengths differ.
pub fn multiples(cpu: Cpu, points: &[G1Affine], weights: &[u128]) -> Vec<G1Affine> {
    assert_eq!(points.len(), weights.len(), "one weight a point");
    match cpu {
        Cpu::Portable(_) => {
            let multiple = |(point, weight): (&G1Affine, &u128)| point.mul_bigint(words(*weight));
            G1Projective::normalize_batch(&points.iter().zip(weights).map(multiple).collect::<Vec<_>>())
        }
        Cpu::Avx512Ifma(token) => token.run(multiple::Multiples { token, points, weights }),
    }
}

/// `sum weights[i] * points[i]`, as [`multiples`].
///
/// # Panics
/// Where lengths differ.
pub fn combine(cpu: Cpu, points: &[G1Affine], weights: &[u128]) -> G1Affine {
    assert_eq!(points.len(), weights.len(), "one weight a point");
    match cpu {
        Cpu::Portable(_) => {
            let scalars: Vec<_> = weights.iter().map(|weight| ark_bn254::Fr::from(*weight).into_bigint()).collect();
            G1Projective::msm_bigint(points, &scalars).into_affine()
        }
        Cpu::Avx512Ifma(token) => token.run(multiple::Combine { token, points, weights }),
    }
}

fn words(weight: u128) -> [u64; 2] {
    [weight as u64, (weight >> 64) as u64]
}
