//! Points, and lists of them.

use super::error::{PointFault, Section, ZkeyError};
use ark_bn254::{Fq, Fq2, G1Affine, G2Affine, g1, g2};
use ark_ec::AffineRepr;
use ark_ec::short_weierstrass::Affine;
use ark_ff::{AdditiveGroup, BigInt, PrimeField};
use std::fmt;
use std::marker::PhantomData;

/// Bytes of a coordinate.
const COORDINATE: usize = 32;

/// A point of G1 or G2, as these files hold it. Implemented for both, and for nothing else.
pub trait Point: Copy + Sized + sealed::Sealed {
    /// Bytes of one: 64 in G1, 128 in G2.
    const LEN: usize;

    /// Reads a point with canonical coordinates on its curve, or infinity; in G2 its subgroup is not looked at.
    ///
    /// # Errors
    /// [`PointFault::Range`], [`PointFault::Curve`]; and [`PointFault::Range`] for bytes of another number than
    /// [`LEN`](Self::LEN).
    fn decode_on_curve(bytes: &[u8]) -> Result<Self, PointFault>;

    /// Whether a point that is on the curve is in the subgroup of order r. In G1 every point is; in G2 it takes 0.1 ms.
    fn is_in_subgroup(&self) -> bool;

    /// Whether it is the neutral element.
    fn is_infinity(&self) -> bool;

    /// Appends the bytes that [`decode_on_curve`](Self::decode_on_curve) reads.
    fn put(&self, out: &mut Vec<u8>);
}

// The two aliases, spelled out: through them the compiler takes the types for one.
impl Point for Affine<g1::Config> {
    const LEN: usize = 2 * COORDINATE;

    fn decode_on_curve(bytes: &[u8]) -> Result<G1Affine, PointFault> {
        let [x, y] = coordinates(bytes, ["x", "y"])?;
        if [x, y] == [Fq::ZERO; 2] {
            return Ok(G1Affine::identity());
        }
        let point = G1Affine::new_unchecked(x, y);
        if point.is_on_curve() { Ok(point) } else { Err(PointFault::Curve) }
    }

    fn is_in_subgroup(&self) -> bool {
        // G1 has cofactor 1.
        true
    }

    fn is_infinity(&self) -> bool {
        self.is_zero()
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_coordinates(out, [&self.x, &self.y]);
    }
}

impl Point for Affine<g2::Config> {
    const LEN: usize = 4 * COORDINATE;

    fn decode_on_curve(bytes: &[u8]) -> Result<G2Affine, PointFault> {
        let [x0, x1, y0, y1] = coordinates(bytes, ["x.c0", "x.c1", "y.c0", "y.c1"])?;
        if [x0, x1, y0, y1] == [Fq::ZERO; 4] {
            return Ok(G2Affine::identity());
        }
        let point = G2Affine::new_unchecked(Fq2::new(x0, x1), Fq2::new(y0, y1));
        if point.is_on_curve() { Ok(point) } else { Err(PointFault::Curve) }
    }

    fn is_in_subgroup(&self) -> bool {
        self.is_in_correct_subgroup_assuming_on_curve()
    }

    fn is_infinity(&self) -> bool {
        self.is_zero()
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_coordinates(out, [&self.x.c0, &self.x.c1, &self.y.c0, &self.y.c1]);
    }
}

/// A list of points in a file's bytes; each is decoded as it is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Points<'a, P> {
    section: Section,
    /// `P::LEN` bytes a point.
    bytes: &'a [u8],
    point: PhantomData<P>,
}

impl<'a, P: Point> Points<'a, P> {
    pub(super) fn new(section: Section, bytes: &'a [u8], count: u64) -> Result<Points<'a, P>, ZkeyError> {
        let (expected, got) = (count * P::LEN as u64, bytes.len() as u64);
        if expected != got {
            return Err(ZkeyError::Length { section, expected, got });
        }
        Ok(Points { section, bytes, point: PhantomData })
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.bytes.len() / P::LEN
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Point `index`: canonical coordinates, on its curve, in the subgroup, and no infinity in IC.
    ///
    /// # Errors
    /// [`ZkeyError::Point`].
    ///
    /// # Panics
    /// Where `index >= len()`.
    pub fn decode(&self, index: usize) -> Result<P, ZkeyError> {
        let point = self.decode_on_curve(index)?;
        if point.is_in_subgroup() { Ok(point) } else { Err(self.refused(index, PointFault::Subgroup)) }
    }

    /// [`decode`](Self::decode) without the check of the subgroup, which costs a hundred times the others in G2; in G1 the
    /// same.
    ///
    /// Enough where the sum over the points is checked, as that of a proof is.
    ///
    /// # Errors
    /// [`ZkeyError::Point`].
    ///
    /// # Panics
    /// Where `index >= len()`.
    pub fn decode_on_curve(&self, index: usize) -> Result<P, ZkeyError> {
        let bytes = &self.bytes[index * P::LEN..][..P::LEN];
        let point = P::decode_on_curve(bytes).map_err(|fault| self.refused(index, fault))?;
        if point.is_infinity() && self.section == Section::Ic {
            return Err(self.refused(index, PointFault::Infinity));
        }
        Ok(point)
    }

    /// All of them in order, as [`decode`](Self::decode) has them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Result<P, ZkeyError>> + use<'_, 'a, P> {
        (0..self.len()).map(|index| self.decode(index))
    }

    fn refused(&self, index: usize, fault: PointFault) -> ZkeyError {
        ZkeyError::Point { section: self.section, index, fault }
    }
}

/// Names the list; its points would fill pages.
impl<P> fmt::Debug for Points<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Points").field("section", &self.section).field("bytes", &self.bytes.len()).finish()
    }
}

/// The integer of 32 bytes, little-endian.
pub(super) fn limbs(bytes: &[u8; 32]) -> BigInt<4> {
    let mut integer = BigInt([0u64; 4]);
    for (limb, chunk) in integer.0.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *limb = u64::from_le_bytes(*chunk);
    }
    integer
}

/// Appends an integer as [`limbs`] reads it.
pub(super) fn put_limbs(out: &mut Vec<u8>, integer: &BigInt<4>) {
    integer.0.iter().for_each(|limb| out.extend_from_slice(&limb.to_le_bytes()));
}

/// `N` coordinates, each already times R, as arkworks keeps them.
fn coordinates<const N: usize>(bytes: &[u8], names: [&'static str; N]) -> Result<[Fq; N], PointFault> {
    let (words, _) = bytes.as_chunks::<COORDINATE>();
    let mut found = [Fq::ZERO; N];
    for (at, (coordinate, name)) in found.iter_mut().zip(names).enumerate() {
        let integer = words.get(at).map(limbs).filter(|integer| *integer < Fq::MODULUS);
        *coordinate = Fq::new_unchecked(integer.ok_or(PointFault::Range { coordinate: name })?);
    }
    Ok(found)
}

/// Appends coordinates; those of arkworks' infinity are zeros.
fn put_coordinates<const N: usize>(out: &mut Vec<u8>, coordinates: [&Fq; N]) {
    coordinates.iter().for_each(|coordinate| put_limbs(out, &coordinate.0));
}

mod sealed {
    use ark_bn254::{g1, g2};
    use ark_ec::short_weierstrass::Affine;

    pub trait Sealed {}
    impl Sealed for Affine<g1::Config> {}
    impl Sealed for Affine<g2::Config> {}
}
