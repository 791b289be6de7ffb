//! What an engine refuses.

/// Bases and scalars differ in number. Nothing was computed: an engine never truncates to the shorter one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("msm: {bases} bases, {scalars} scalars")]
pub struct LengthMismatch {
    /// Number of bases.
    pub bases: usize,
    /// Number of scalars.
    pub scalars: usize,
}

/// Why bytes are no bases in an engine's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormError {
    /// The engine has no form of bases that outlives it.
    #[error("the engine keeps no bases as bytes")]
    None,
    /// The bytes do not start where such values may, or end within one.
    #[error("{len} bytes at {offset} are not values of {size} bytes, aligned to {align}")]
    Bytes {
        /// Where they start.
        offset: usize,
        /// How many there are.
        len: usize,
        /// Bytes of a value.
        size: usize,
        /// What the address of a value is a multiple of.
        align: usize,
    },
    /// Points and bases differ in number.
    #[error("{points} points for {bases} bases")]
    Length {
        /// Points that are there.
        points: usize,
        /// Bases that are no infinity.
        bases: usize,
    },
    /// The indices of the bases that are no infinity do not ascend, or name one that is not there.
    #[error("index {at} of the bases that are no infinity is out of order")]
    Index {
        /// Its place.
        at: usize,
    },
}

/// Why a vector was not transformed; it is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NttError {
    /// The length is no power of two, or the field has no root of unity of that order.
    #[error("ntt: length {0} is not a power of two up to 2^28")]
    Length(usize),
    /// The coset's shift is zero, so its points are not distinct.
    #[error("ntt: the coset shift is zero")]
    Shift,
}
