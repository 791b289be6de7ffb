//! `.zkey`, version 1: a Groth16 proving key of snarkjs.
//!
//! ```text
//! sections (crate::FileError has the frame), magic "zkey"; numbers u32 LE
//!   1    proof system, 1 for Groth16
//!   2    0    4    bytes of a coordinate, 32
//!        4    32   q, modulus of the coordinates (little-endian)
//!        36   4    bytes of a scalar, 32
//!        40   32   r, modulus of the scalars
//!        72   4    wires, with wire 0
//!        76   4    publics, without wire 0
//!        80   4    n, size of the domain, a power of two
//!        84   ..   alpha (G1), beta (G1), beta (G2), gamma (G2), delta (G1), delta (G2)
//!   3    IC       publics + 1 points of G1
//!   4    number of entries, then per entry: matrix (0 A, 1 B), row, wire, coefficient * R^2 (32)
//!   5    A        wires points of G1
//!   6    B1       wires points of G1
//!   7    B2       wires points of G2
//!   8    C        wires - publics - 1 points of G1, of the private wires
//!   9    H        n points of G1
//!   10   the ceremony's transcript; neither needed nor read
//! ```
//! A G1 point is x, y; a G2 point x.c0, x.c1, y.c0, y.c1; a coordinate is 32 bytes, little-endian, in Montgomery form
//! (times R = 2^256). All zeros are infinity. C of the system is not in the file: where rows hold, it is the product.
//!
//! With `L` the Lagrange polynomials of the domain of `2 n` points, `H_i = L_(2i+1)(tau) / delta`: over the odd ones of
//! these points alone `A B - C` differs from zero, and `sum_i (A B - C)(w^(2i+1)) H_i` is `(A B - C)(tau) / delta`. arkworks'
//! keys hold `tau^i (tau^n - 1) / delta` in its place. All other lists are the same in both.
//!
//! Source: snarkjs 0.7.6, `zkey_utils.js`, `zkey_new.js`, `groth16_prove.js`.

mod coefficient; // section 4
mod error; // why bytes are no key
mod header; // sections 1 and 2
mod point; // points and lists of them
mod write; // the writer

pub use coefficient::{Coefficient, Coefficients, Matrix};
pub use error::{PointFault, Section, ZkeyError};
pub use header::{DOMAIN_MAX, Header};
pub use point::{Point, Points};
pub use write::{ZkeyParts, write_zkey};

use crate::file::{present, sections};
use ark_bn254::{G1Affine, G2Affine};

const MAGIC: &str = "zkey";
const VERSION: u32 = 1;
/// Section types that mean something here or to snarkjs.
const SECTIONS: usize = 10;

/// A key in a file's bytes: its header checked, its lists of the lengths that the header says, their content not yet read.
///
/// Nothing is copied, so the bytes may be a memory map's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Zkey<'a> {
    /// Sizes, and the points that there is one of.
    pub header: Header,
    /// `IC_0 .. IC_publics`; none is infinity.
    pub ic: Points<'a, G1Affine>,
    /// The terms of A and B.
    pub coefficients: Coefficients<'a>,
    /// A at tau, a point a wire.
    pub a: Points<'a, G1Affine>,
    /// B at tau, a point a wire.
    pub b_g1: Points<'a, G1Affine>,
    /// The same in G2.
    pub b_g2: Points<'a, G2Affine>,
    /// `(beta A + alpha B + C) / delta` at tau, a point a private wire.
    pub c: Points<'a, G1Affine>,
    /// `L_(2i+1)(tau) / delta`, a point an element of the domain.
    pub h: Points<'a, G1Affine>,
}

/// The key of a file.
///
/// Sections come in any order; those of other types are stepped over. Takes constant memory, and 0.3 ms for the
/// header's points; the lists are decoded, with their checks, as they are read.
///
/// # Errors
/// [`ZkeyError`]: the frame, the header, then the length of each list.
pub fn read_zkey(bytes: &[u8]) -> Result<Zkey<'_>, ZkeyError> {
    let sections = sections::<SECTIONS>(bytes, MAGIC, VERSION)?;
    let section = |section: Section| present(&sections, section.number());
    let header = Header::decode(present(&sections, 1)?, section(Section::Header)?)?;
    let Header { wires, publics, domain, .. } = header;
    let statement = u64::from(publics) + 1;
    let [wires, domain] = [wires, domain].map(u64::from);
    Ok(Zkey {
        ic: Points::new(Section::Ic, section(Section::Ic)?, statement)?,
        coefficients: Coefficients::new(section(Section::Coefficients)?, header.wires, header.domain)?,
        a: Points::new(Section::A, section(Section::A)?, wires)?,
        b_g1: Points::new(Section::B1, section(Section::B1)?, wires)?,
        b_g2: Points::new(Section::B2, section(Section::B2)?, wires)?,
        // The header has `statement <= wires`.
        c: Points::new(Section::C, section(Section::C)?, wires - statement)?,
        h: Points::new(Section::H, section(Section::H)?, domain)?,
        header,
    })
}

impl Zkey<'_> {
    /// Decodes every point and coefficient, and keeps none.
    ///
    /// One thread. About 0.1 ms a wire, nearly all of it the subgroup check in G2: two minutes for a million wires.
    ///
    /// # Errors
    /// [`ZkeyError::Point`], [`ZkeyError::Entry`], [`ZkeyError::Value`]: the first one.
    pub fn check(&self) -> Result<(), ZkeyError> {
        for list in [&self.ic, &self.a, &self.b_g1, &self.c, &self.h] {
            list.iter().try_for_each(|point| point.map(drop))?;
        }
        self.b_g2.iter().try_for_each(|point| point.map(drop))?;
        self.coefficients.iter().try_for_each(|entry| entry.map(drop))
    }
}
