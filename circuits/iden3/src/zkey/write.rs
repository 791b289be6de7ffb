//! The writer.

use super::coefficient::{self, Matrix};
use super::error::{Section, ZkeyError};
use super::header::{Header, check_sizes};
use super::point::Point;
use super::{MAGIC, VERSION};
use crate::file::Writer;
use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ff::One;
use zera_r1cs::Matrices;

/// What a file is made of: the parts of a proving key, as arkworks has them, but for `h`.
#[derive(Clone, Copy, Debug)]
pub struct ZkeyParts<'a> {
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
    /// `IC_0 .. IC_publics`.
    pub ic: &'a [G1Affine],
    /// A at tau, a point a wire.
    pub a: &'a [G1Affine],
    /// B at tau, a point a wire.
    pub b_g1: &'a [G1Affine],
    /// The same in G2.
    pub b_g2: &'a [G2Affine],
    /// Points of the private wires.
    pub c: &'a [G1Affine],
    /// `L_(2i+1)(tau) / delta` over the domain of twice as many points: snarkjs' list, not arkworks' powers of tau.
    pub h: &'a [G1Affine],
}

/// The file of a key, without a transcript of a ceremony (section 10), which a key from elsewhere has none of.
///
/// Rows of A and B go into section 4, and behind them those of wire 0 and the public wires. Whether the points are a key of
/// these matrices is not checked. `788 + 44 t + 320 wires + 64 n` bytes, for `t` terms with those of the public wires.
///
/// # Errors
/// [`ZkeyError::Count`] where a list has another length than the matrices give, with `n` the number of rows, public wires
/// and wire 0, rounded up to a power of two; [`ZkeyError::Entries`]; [`ZkeyError::Domain`].
pub fn write_zkey(parts: &ZkeyParts<'_>, matrices: &Matrices) -> Result<Vec<u8>, ZkeyError> {
    let (wires, publics) = (matrices.wires as usize, matrices.publics as usize);
    let domain = (matrices.rows() + publics + 1).next_power_of_two();
    for (section, expected, got) in [
        (Section::Ic, publics + 1, parts.ic.len()),
        (Section::A, wires, parts.a.len()),
        (Section::B1, wires, parts.b_g1.len()),
        (Section::B2, wires, parts.b_g2.len()),
        (Section::C, wires - publics - 1, parts.c.len()),
        (Section::H, domain, parts.h.len()),
    ] {
        if expected != got {
            return Err(ZkeyError::Count { section, expected, got });
        }
    }
    // At most 2^24 rows and 2^25 wires: `Matrices` has ceilings.
    let domain = domain as u32;
    check_sizes(matrices.wires, matrices.publics, domain)?;
    let entries = matrices.a.nonzeros() + matrices.b.nonzeros() + publics + 1;
    let entries = u32::try_from(entries).map_err(|_| ZkeyError::Entries { got: entries })?;

    let header = Header {
        wires: matrices.wires,
        publics: matrices.publics,
        domain,
        alpha_g1: parts.alpha_g1,
        beta_g1: parts.beta_g1,
        beta_g2: parts.beta_g2,
        gamma_g2: parts.gamma_g2,
        delta_g1: parts.delta_g1,
        delta_g2: parts.delta_g2,
    };
    let mut file = Writer::new(MAGIC, VERSION);
    file.section(1, Header::put_system);
    file.section(Section::Header.number(), |out| header.put(out));
    put_points(&mut file, Section::Ic, parts.ic);
    file.section(Section::Coefficients.number(), |out| {
        out.extend_from_slice(&entries.to_le_bytes());
        put_terms(out, matrices);
    });
    put_points(&mut file, Section::A, parts.a);
    put_points(&mut file, Section::B1, parts.b_g1);
    put_points(&mut file, Section::B2, parts.b_g2);
    put_points(&mut file, Section::C, parts.c);
    put_points(&mut file, Section::H, parts.h);
    Ok(file.finish())
}

/// Appends the terms, by row, and those of A first.
fn put_terms(out: &mut Vec<u8>, matrices: &Matrices) {
    for row in 0..matrices.rows() {
        for (name, matrix) in [(Matrix::A, &matrices.a), (Matrix::B, &matrices.b)] {
            let (wires, coefficients) = matrix.row(row);
            for (&wire, value) in wires.iter().zip(coefficients) {
                coefficient::put(out, name, row as u32, wire, value);
            }
        }
    }
    for wire in 0..=matrices.publics {
        coefficient::put(out, Matrix::A, matrices.rows() as u32 + wire, wire, &Fr::one());
    }
}

fn put_points<P: Point>(file: &mut Writer, section: Section, points: &[P]) {
    file.section(section.number(), |out| {
        out.reserve_exact(points.len() * P::LEN);
        points.iter().for_each(|point| point.put(out));
    });
}
