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
