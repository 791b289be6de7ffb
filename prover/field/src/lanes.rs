//! Eight elements of a field at a time.

use core::fmt::Debug;

use ark_bn254::{Fq, Fq2};
use ark_ff::{Field, One};
use bytemuck::{Pod, Zeroable};

/// Elements in one vector.
pub const LANES: usize = 8;

/// One bit a lane, lane 0 lowest.
pub type Mask = u8;

/// A point in affine coordinates as a backend keeps it in memory: one cache line in G1, two in G2.
///
/// Coordinates are in the backend's own representation. `(0, 0)`, which is on neither curve, stands for infinity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Packed<S> {
    /// First coordinate.
    pub x: S,
    /// Second coordinate.
    pub y: S,
}

// SAFETY: zero bytes are zero words, and zero words are a value.
unsafe impl<S: Zeroable> Zeroable for Packed<S> {}
// SAFETY: `repr(C)`, and two coordinates of 32 or 64 bytes, which is all that a `Coordinate` is, leave no padding at an alignment
// of 64; every bit pattern of words is a value.
unsafe impl<S: Coordinate> Pod for Packed<S> {}

const _: () = assert!(size_of::<Packed<[u64; 4]>>() == 64 && size_of::<Packed<[u64; 8]>>() == 128);

/// A coordinate in memory: four words, or eight in the quadratic extension.
pub trait Coordinate: Pod + Debug + Default + PartialEq + Eq + AsRef<[u64]> + Send + Sync + sealed::Sealed {}

impl Coordinate for [u64; 4] {}
impl Coordinate for [u64; 8] {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for [u64; 4] {}
    impl Sealed for [u64; 8] {}
}

/// Eight elements of a field in one backend's representation.
///
/// # Correctness
/// Two types carry the bounds, so that what overflows does not compile. With `p` the field's prime:
/// - `Self` is *reduced*: below `2^255 < 2.65 p`. Every function that returns `Self` gives that.
/// - [`Loose`](Self::Loose) is below `2^255 + 3 p < 5.65 p`: a sum or a difference of two reduced values. It can be multiplied, reduced and
///   compared with zero, not added again.
pub trait Lanes: Copy + Send + Sync + 'static {
    /// The backend's token: what makes lanes out of nothing asks for it.
    type Token: Copy + Send + Sync + 'static;
    /// One element, as arkworks has it.
    type Element: Field;
    /// A sum or a difference.
    type Loose: Copy;
    /// Whether a product waits longer for its factors than it takes, so that independent ones should stand side by side.
    const SIDE_BY_SIDE: bool;
    /// One element in memory: words of this backend's representation, below `2^255` each coefficient.
    type Stored: Coordinate;

    /// The same element in every lane.
    fn splat(token: Self::Token, element: Self::Element) -> Self;
    /// Converts; costs a multiplication.
    fn from_array(token: Self::Token, elements: &[Self::Element; LANES]) -> Self;
    /// Converts; costs a multiplication and a full reduction.
    fn to_array(self) -> [Self::Element; LANES];

    /// The same value.
    fn loose(self) -> Self::Loose;
    /// `a + b`.
    fn add(self, other: Self) -> Self::Loose;
    /// `a - b`.
    fn sub(self, other: Self) -> Self::Loose;
    /// `a - b - c`.
    fn sub_two(self, b: Self, c: Self) -> Self;
    /// Below `2^255` again.
    fn reduce(loose: Self::Loose) -> Self;
    /// Product.
    fn mul(a: Self::Loose, b: Self::Loose) -> Self;
    /// Square.
    fn square(a: Self::Loose) -> Self;

    /// A superset of the lanes that are zero; false alarms have probability about `2^-48` a lane. A few operations.
    fn maybe_zero(a: Self::Loose) -> Mask;
    /// The lanes that are zero.
    fn is_zero(a: Self::Loose) -> Mask;
    /// `a` in the lanes of the mask, `b` in the others.
    fn select(mask: Mask, a: Self, b: Self) -> Self;
    /// Lane `i` gets lane `i ^ K`, for `K` of 1, 2 and 4.
    fn exchange<const K: usize>(self) -> Self;

    /// Vector `i`, lane `j` and vector `j`, lane `i` change places.
    fn transpose(vectors: [Self; LANES]) -> [Self; LANES];

    /// Reads eight stored elements.
    fn load(token: Self::Token, rows: &[Self::Stored; LANES]) -> Self;
    /// Writes them.
    fn store(self, rows: &mut [Self::Stored; LANES]);
    /// Gathers eight points.
    fn load_points(token: Self::Token, rows: [&Packed<Self::Stored>; LANES]) -> (Self, Self);
    /// Writes eight points.
    fn store_points(x: Self, y: Self, rows: &mut [Packed<Self::Stored>; LANES]);
    /// `-a` in the lanes of the mask, where `a` is at most `p`, as canonical values are; the others stay.
    fn negate(mask: Mask, a: Self) -> Self;
    /// `-a` of a stored element below `p`, itself below or equal to `p`.
    fn negate_stored(a: &Self::Stored) -> Self::Stored;
    /// The unique representation: below `p`.
    fn canonical(self) -> Self;

    /// Zero.
    #[inline(always)]
    fn zero(token: Self::Token) -> Self {
        Self::splat(token, <Self::Element as ark_ff::AdditiveGroup>::ZERO)
    }

    /// One.
    #[inline(always)]
    fn one(token: Self::Token) -> Self {
        Self::splat(token, Self::Element::one())
    }

    /// `a + b`, reduced.
    #[inline(always)]
    fn add_reduced(self, other: Self) -> Self {
        Self::reduce(self.add(other))
    }

    /// `a - b`, reduced.
    #[inline(always)]
    fn sub_reduced(self, other: Self) -> Self {
        Self::reduce(self.sub(other))
    }

    /// Product of reduced values.
    #[inline(always)]
    fn times(self, other: Self) -> Self {
        Self::mul(self.loose(), other.loose())
    }

    /// The inverse in every lane, none of which is zero: one inversion and six products.
    ///
    /// # Panics
    /// Where a lane is zero.
    #[inline(always)]
    fn invert(self, token: Self::Token) -> Self {
        // q1: products of pairs of lanes; q2: of fours; the last of all eight, in every lane.
        let q1 = self.times(self.exchange::<1>());
        let q2 = q1.times(q1.exchange::<2>());
        let all = q2.times(q2.exchange::<4>());
        let inverse = Self::splat(token, Self::invert_element(all.to_array()[0]).expect("no lane is zero"));
        let of_q2 = inverse.times(q2.exchange::<4>());
        let of_q1 = of_q2.times(q1.exchange::<2>());
        of_q1.times(self.exchange::<1>())
    }

    /// The inverse of one element, `None` of zero.
    fn invert_element(element: Self::Element) -> Option<Self::Element>;
}

/// Lanes of a prime field.
pub trait PrimeLanes: Lanes<Stored = [u64; 4]> {
    /// Canonical integers, below `p`, four words each; not in Montgomery form.
    fn integers(token: Self::Token, elements: &[Self::Element; LANES]) -> [[u64; 4]; LANES];
}

/// Lanes of the base field's quadratic extension, `u^2 = -1`, and what towers over it need.
///
/// What is a function call here (`dot`, `product`, `squared`) takes its operands in memory: code that multiplies hundreds of times
/// in a loop fits the instruction cache then.
pub trait ExtensionLanes: Lanes<Element = Fq2, Stored = [u64; 8]> {
    /// The coefficients' lanes.
    type Base: PrimeLanes<Token = Self::Token, Element = Fq>;

    /// `c0 + c1 u`.
    fn new(c0: Self::Base, c1: Self::Base) -> Self;
    /// `(c0, c1)`.
    fn coefficients(self) -> (Self::Base, Self::Base);
    /// `c0 - c1 u`, which is the `p`-th power.
    fn conjugate(self) -> Self;
    /// `-a`.
    fn negated(self) -> Self;
    /// `(9 + u) a`: the sextic non-residue times `a`.
    fn times_nonresidue(self) -> Self;
    /// `sum once[i].0 once[i].1 + sum loose[i].0 loose[i].1`, reduced once.
    ///
    /// At most seven products; one with a loose factor counts as 2.14.
    fn dot<const N: usize, const M: usize>(once: [(&Self, &Self); N], loose: [(&Self::Loose, &Self); M]) -> Self;
    /// `a b`.
    fn product(a: &Self, b: &Self) -> Self;
    /// `a^2`.
    fn squared(a: &Self) -> Self;
    /// Lane `i` is lane `from[i]` of `self` where that is below 8, lane `from[i] - 8` of `other` from there to 15.
    fn pick(self, other: Self, from: &[u8; LANES]) -> Self;

    /// `c0 k + c1 k u`.
    #[inline(always)]
    fn scale(self, k: Self::Base) -> Self {
        let (c0, c1) = self.coefficients();
        Self::new(c0.times(k), c1.times(k))
    }
}

/// Whether [`ExtensionLanes::dot`] takes that many products: the constant coefficient, below
/// `(0.0828 N + 0.1765 M + 2) p`, stays below `2^255 > 2.648 p`.
pub(crate) const fn dot_fits(once: usize, loose: usize) -> bool {
    828 * once + 1765 * loose <= 6480
}
