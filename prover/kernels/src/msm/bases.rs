//! Bases in a backend's form.

use ark_ec::AffineRepr;
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use zera_field::{Backend, LANES, Lanes, Packed, Work};

use crate::engine::Parts;
use crate::error::FormError;
use crate::msm::add::{POINTS_MAX, Point};
use crate::store::{Slice, Store};

/// Bases as one backend sums them: canonical, infinities left out.
///
/// 64 bytes a point in G1 and 128 in G2, and 4 bytes each where there are infinities.
pub struct Table<L: Lanes> {
    /// Points that are not infinity.
    pub(super) points: Store<Point<L>>,
    /// Which bases they are; `None`: all of them.
    pub(super) kept: Option<Store<u32>>,
    len: usize,
}

impl<L: Lanes> Table<L> {
    /// Converts: a multiplication for each coordinate.
    ///
    /// # Panics
    /// For `2^30` bases or more.
    pub fn new<P: SWCurveConfig<BaseField = L::Element>>(backend: L::Token, bases: &[Affine<P>]) -> Table<L>
    where
        L::Token: Backend,
    {
        assert!(bases.len() < POINTS_MAX, "{} bases", bases.len());
        let kept: Vec<u32> = (0u32..).zip(bases).filter(|(_, base)| !base.is_zero()).map(|(i, _)| i).collect();
        let mut points = Vec::with_capacity(kept.len());
        for eight in kept.chunks(LANES) {
            let base = |lane: usize| &bases[eight[lane.min(eight.len() - 1)] as usize];
            let (x, y) = (std::array::from_fn(|lane| base(lane).x), std::array::from_fn(|lane| base(lane).y));
            points.extend_from_slice(&backend.run(Pack::<L> { token: backend, x: &x, y: &y })[..eight.len()]);
        }
        let kept = (kept.len() != bases.len()).then(|| kept.into());
        Table { points: points.into(), kept, len: bases.len() }
    }

    /// What [`parts`](Self::parts) gave.
    ///
    /// # Errors
    /// [`FormError`].
    pub fn adopt(parts: Parts<Slice>) -> Result<Table<L>, FormError> {
        let points: Store<Point<L>> = Store::seen(parts.points)?;
        let kept: Option<Store<u32>> = parts.kept.map(Store::seen).transpose()?;
        let bases = kept.as_ref().map_or(parts.len, |kept| kept.len());
        if bases != points.len() || bases >= POINTS_MAX {
            return Err(FormError::Length { points: points.len(), bases });
        }
        let mut least = 0;
        for (at, &index) in kept.iter().flat_map(|kept| kept.iter()).enumerate() {
            if index < least || index as usize >= parts.len {
                return Err(FormError::Index { at });
            }
            least = index + 1;
        }
        Ok(Table { points, kept, len: parts.len })
    }

    /// As bytes.
    pub fn parts(&self) -> Parts<&[u8]> {
        Parts { len: self.len, points: self.points.bytes(), kept: self.kept.as_ref().map(Store::bytes) }
    }

    /// Bases, infinities included.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

struct Pack<'a, L: Lanes> {
    token: L::Token,
    x: &'a [L::Element; LANES],
    y: &'a [L::Element; LANES],
}

impl<L: Lanes> Work for Pack<'_, L> {
    type Output = [Point<L>; LANES];

    #[inline(always)]
    fn run(self) -> Self::Output {
        let (x, y) = (L::from_array(self.token, self.x), L::from_array(self.token, self.y));
        let mut points = [infinity(); LANES];
        L::store_points(x.canonical(), y.canonical(), &mut points);
        points
    }
}

struct Unpack<'a, L: Lanes> {
    token: L::Token,
    point: &'a Point<L>,
}

impl<L: Lanes> Work for Unpack<'_, L> {
    type Output = (L::Element, L::Element);

    #[inline(always)]
    fn run(self) -> Self::Output {
        let (x, y) = L::load_points(self.token, [self.point; LANES]);
        (x.to_array()[0], y.to_array()[0])
    }
}

/// A packed point as arkworks has it.
pub(super) fn unpack<L: Lanes, P: SWCurveConfig<BaseField = L::Element>>(
    backend: L::Token,
    point: &Point<L>,
) -> Affine<P>
where
    L::Token: Backend,
{
    if is_infinite(point) {
        return Affine::zero();
    }
    let (x, y) = backend.run(Unpack::<L> { token: backend, point });
    Affine::new_unchecked(x, y)
}

/// `(0, 0)`.
#[inline(always)]
pub(super) fn is_infinite<S: AsRef<[u64]>>(point: &Packed<S>) -> bool {
    // The first word decides for all points but very few.
    let zero = |words: &[u64]| words.iter().all(|word| *word == 0);
    zero(point.y.as_ref()) && zero(point.x.as_ref())
}

/// Infinity.
pub(super) fn infinity<S: Default>() -> Packed<S> {
    Packed { x: S::default(), y: S::default() }
}
