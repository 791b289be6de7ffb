//! Sections 1 and 2.

use super::error::{PointFault, Section, ZkeyError};
use super::point::{Point, limbs, put_limbs};
use crate::scalar;
use ark_bn254::{Fq, G1Affine, G2Affine};
use ark_ff::PrimeField;
use zera_abi::wire::Reader;

/// Largest domain: `2^28` divides `r - 1` and `2^29` does not.
pub const DOMAIN_MAX: u32 = 1 << 28;
/// The one proof system that is read.
const GROTH16: u32 = 1;
/// Bytes of the header.
const LEN: usize = 2 * (4 + 32) + 3 * 4 + 3 * G1Affine::LEN + 3 * G2Affine::LEN;

/// Sizes of a key, and its single points. No point is infinity.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// Wires, with wire 0.
    pub wires: u32,
    /// Public wires, without wire 0; fewer than `wires`.
    pub publics: u32,
    /// Size of the evaluation domain, a power of two up to [`DOMAIN_MAX`].
    pub domain: u32,
    /// alpha, in G1.
    pub alpha_g1: G1Affine,
    /// beta, in G1.
    pub beta_g1: G1Affine,
    /// beta, in G2.
    pub beta_g2: G2Affine,
    /// gamma, in G2.
    pub gamma_g2: G2Affine,
    /// delta, in G1.
    pub delta_g1: G1Affine,
    /// delta, in G2.
    pub delta_g2: G2Affine,
}

impl Header {
    /// Reads both sections: the proof system, then fields, length, sizes, points, all of G2 in their subgroup.
    pub(super) fn decode(system: &[u8], content: &[u8]) -> Result<Header, ZkeyError> {
        let mut system = Reader::new(system);
        let got = system.u32()?;
        system.end()?;
        if got != GROTH16 {
            return Err(ZkeyError::System { got });
        }
        let mut reader = Reader::new(content);
        // Length first: of a file over another curve the modulus may be longer than the section is.
        if reader.u32()? as usize != scalar::LEN || limbs(&reader.array()?) != Fq::MODULUS {
            return Err(ZkeyError::Curve);
        }
        scalar::read_field(&mut reader)?;
        if content.len() != LEN {
            let (expected, got) = (LEN as u64, content.len() as u64);
            return Err(ZkeyError::Length { section: Section::Header, expected, got });
        }
        let [wires, publics, domain] = [reader.u32()?, reader.u32()?, reader.u32()?];
        check_sizes(wires, publics, domain)?;
        Ok(Header {
            wires,
            publics,
            domain,
            alpha_g1: point(&mut reader, "alpha1")?,
            beta_g1: point(&mut reader, "beta1")?,
            beta_g2: point(&mut reader, "beta2")?,
            gamma_g2: point(&mut reader, "gamma2")?,
            delta_g1: point(&mut reader, "delta1")?,
            delta_g2: point(&mut reader, "delta2")?,
        })
    }

    /// Appends the content of section 1.
    pub(super) fn put_system(out: &mut Vec<u8>) {
        out.extend_from_slice(&GROTH16.to_le_bytes());
    }

    /// Appends the content of section 2.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.reserve_exact(LEN);
        out.extend_from_slice(&(scalar::LEN as u32).to_le_bytes());
        put_limbs(out, &Fq::MODULUS);
        scalar::put_field(out);
        for count in [self.wires, self.publics, self.domain] {
            out.extend_from_slice(&count.to_le_bytes());
        }
        self.alpha_g1.put(out);
        self.beta_g1.put(out);
        self.beta_g2.put(out);
        self.gamma_g2.put(out);
        self.delta_g1.put(out);
        self.delta_g2.put(out);
    }
}

pub(super) fn check_sizes(wires: u32, publics: u32, domain: u32) -> Result<(), ZkeyError> {
    if publics >= wires {
        return Err(ZkeyError::Publics { publics, wires });
    }
    if !domain.is_power_of_two() || domain > DOMAIN_MAX {
        return Err(ZkeyError::Domain { got: domain });
    }
    Ok(())
}

fn point<P: Point>(reader: &mut Reader<'_>, name: &'static str) -> Result<P, ZkeyError> {
    let refused = |fault| ZkeyError::HeaderPoint { name, fault };
    let point = P::decode_on_curve(reader.take(P::LEN)?).map_err(refused)?;
    if point.is_infinity() {
        return Err(refused(PointFault::Infinity));
    }
    if !point.is_in_subgroup() {
        return Err(refused(PointFault::Subgroup));
    }
    Ok(point)
}
