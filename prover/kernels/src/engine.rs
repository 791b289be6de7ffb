//! The port: what a prover asks of an engine.

use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ff::Zero;

use crate::error::{FormError, LengthMismatch, NttError};
use crate::store::Slice;

/// Largest `log_n` of a transform: `2^28` divides `r - 1` and `2^29` does not.
pub const MAX_LOG_N: u32 = 28;

/// Which way a transform goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Coefficients to evaluations.
    Forward,
    /// Evaluations to coefficients; the exact inverse, `1 / n` included.
    Inverse,
}

/// A transform over the points `shift * w^i`, `i = 0..n`, natural order on both sides.
///
/// `w` is arkworks' root of unity of order `n` (`Fr::get_root_of_unity(n)`), `n` the vector's length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transform {
    /// Which way.
    pub direction: Direction,
    /// The coset's shift, never zero; `None` is the subgroup itself.
    pub coset: Option<Fr>,
}

impl Transform {
    /// Coefficients to evaluations over the subgroup.
    pub const FORWARD: Transform = Transform { direction: Direction::Forward, coset: None };
    /// Evaluations over the subgroup to coefficients.
    pub const INVERSE: Transform = Transform { direction: Direction::Inverse, coset: None };

    /// Coefficients to evaluations over the coset of `shift`.
    pub const fn forward_on(shift: Fr) -> Transform {
        Transform { direction: Direction::Forward, coset: Some(shift) }
    }

    /// Evaluations over the coset of `shift` to coefficients.
    pub const fn inverse_on(shift: Fr) -> Transform {
        Transform { direction: Direction::Inverse, coset: Some(shift) }
    }

    /// The checks that every engine makes before it touches the vector.
    ///
    /// # Errors
    /// [`NttError::Length`], then [`NttError::Shift`].
    pub fn check(&self, len: usize) -> Result<(), NttError> {
        if !len.is_power_of_two() || len.trailing_zeros() > MAX_LOG_N {
            return Err(NttError::Length(len));
        }
        if self.coset.is_some_and(|shift| shift.is_zero()) {
            return Err(NttError::Shift);
        }
        Ok(())
    }
}

/// Bases that an engine holds in its own form, so that a key is converted once and summed many times.
pub trait Bases<G>: Send + Sync {
    /// Bases, infinities included.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `sum scalars[i] * bases[i]`; the identity for none. On the current rayon pool.
    ///
    /// # Errors
    /// [`LengthMismatch`] with both lengths.
    fn sum(&self, scalars: &[Fr]) -> Result<G, LengthMismatch>;

    /// What can be kept in a file and given to [`Engine::adopt_g1`] or [`Engine::adopt_g2`]; `None` where that is nothing.
    fn parts(&self) -> Option<Parts<&[u8]>> {
        None
    }
}

/// Bases in an engine's form, as bytes in this machine's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts<T> {
    /// Bases, infinities included.
    pub len: usize,
    /// Those that are no infinity.
    pub points: T,
    /// Which bases these are, as ascending indices of 32 bits; `None`: all of them.
    pub kept: Option<T>,
}

/// Transforms of one size, in the two orders of work that quotients need, with roots and powers kept.
///
/// Below, `H` is the subgroup of order `n`, `w` its root, and `A`, `B`, `C` the polynomials of degree below `n` with the given
/// values on it.
pub trait Quotients: Send + Sync {
    /// The coefficients of `(A B - C) / (X^n - 1)`, with the one of `X^place(i)` at `i`.
    ///
    /// The quotient has degree `n - 2` where `a b = c` everywhere, so `out[n - 1]` is zero.
    ///
    /// # Errors
    /// [`NttError::Length`]: vectors of another length.
    fn divide(&self, a: Vec<Fr>, b: Vec<Fr>, c: Vec<Fr>) -> Result<Vec<Fr>, NttError>;

    /// The values of `A B - C`, `c = a b`, at `v w^i` for all `i`, with `v^2 = w` the root of order `2 n`.
    ///
    /// # Errors
    /// [`NttError::Length`]: vectors of another length; then a domain that no coset is left for.
    fn odd(&self, a: Vec<Fr>, b: Vec<Fr>) -> Result<Vec<Fr>, NttError>;

    /// Where [`divide`](Self::divide) puts what; it keeps `0` and `n - 1`.
    fn place(&self, i: usize) -> usize;
}

/// Sums points and transforms vectors. Variable time.
///
/// Bases are points of the curve (and of the r-subgroup in G2) or infinity; an engine does not check that. The result is
/// a value, so two engines agree on it whatever their projective coordinates are.
pub trait Engine: Send + Sync {
    /// A short name for logs and records.
    fn name(&self) -> &'static str;

    /// Takes bases in G1.
    fn load_g1(&self, bases: &[G1Affine]) -> Box<dyn Bases<G1Projective>>;

    /// Takes bases in G2.
    fn load_g2(&self, bases: &[G2Affine]) -> Box<dyn Bases<G2Projective>>;

    /// The name of the form that [`Bases::parts`] are in: engines that share it read each other's. `None` where there is none.
    fn form(&self) -> Option<&'static str> {
        None
    }

    /// Bases in G1 that [`Bases::parts`] gave, of an engine of this form. Their bytes are not copied.
    ///
    /// Lengths and indices are checked; that points are those of the list is for the caller to know.
    ///
    /// # Errors
    /// [`FormError`].
    fn adopt_g1(&self, parts: Parts<Slice>) -> Result<Box<dyn Bases<G1Projective>>, FormError> {
        let _ = parts;
        Err(FormError::None)
    }

    /// The same in G2.
    ///
    /// # Errors
    /// [`FormError`].
    fn adopt_g2(&self, parts: Parts<Slice>) -> Result<Box<dyn Bases<G2Projective>>, FormError> {
        let _ = parts;
        Err(FormError::None)
    }

    /// Transforms `values` in place.
    ///
    /// # Errors
    /// [`NttError`]; `values` is then unchanged.
    fn ntt(&self, values: &mut [Fr], transform: Transform) -> Result<(), NttError>;

    /// What quotients over `n` points need.
    ///
    /// # Errors
    /// [`NttError::Length`].
    fn quotients(&self, n: usize) -> Result<Box<dyn Quotients>, NttError>;

    /// `sum scalars[i] * bases[i]` in G1; the identity for none.
    ///
    /// # Errors
    /// [`LengthMismatch`] with both lengths.
    fn msm_g1(&self, bases: &[G1Affine], scalars: &[Fr]) -> Result<G1Projective, LengthMismatch> {
        same_length(bases.len(), scalars.len())?;
        self.load_g1(bases).sum(scalars)
    }

    /// `sum scalars[i] * bases[i]` in G2; the identity for none.
    ///
    /// # Errors
    /// [`LengthMismatch`] with both lengths.
    fn msm_g2(&self, bases: &[G2Affine], scalars: &[Fr]) -> Result<G2Projective, LengthMismatch> {
        same_length(bases.len(), scalars.len())?;
        self.load_g2(bases).sum(scalars)
    }
}

/// Both lengths, or the error that names them.
pub(crate) fn same_length(bases: usize, scalars: usize) -> Result<(), LengthMismatch> {
    if bases == scalars { Ok(()) } else { Err(LengthMismatch { bases, scalars }) }
}
