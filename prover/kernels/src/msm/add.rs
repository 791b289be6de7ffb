//! Many independent affine additions with one inversion between them.
//!
//! `(x1, y1) + (x2, y2)` with `l = (y2 - y1) / (x2 - x1)` is `x3 = l^2 - x1 - x2`, `y3 = l (x1 - x3) - y1`: six products with
//! Montgomery's trick, which shares the division. Eight pairs go side by side, and four products run through the batch, as
//! one would wait for itself.
//!
//! Exceptions are settled in their own lane: equal points are doubled (`l = 3 x1^2 / 2 y1`), opposite ones give infinity, and
//! infinity gives the other point.

use zera_field::{Backend, LANES, Lanes, Mask, Packed, Work};

use crate::msm::bases::infinity;

/// A point in lanes' own form.
pub(super) type Point<L> = Packed<<L as Lanes>::Stored>;

/// Marks a reference into the second slice.
pub(super) const SECOND: u32 = 1 << 31;
/// Points that a slice may hold.
pub(super) const POINTS_MAX: usize = 1 << 30;

/// A reference to a point: bit 0 says that it is negated, bit 31 which slice it is in; the index is between them.
pub(super) const fn index(reference: u32) -> usize {
    ((reference & !SECOND) >> 1) as usize
}

/// Additions that share an inversion: about 250 bytes each in G1 until they are done.
pub(super) const BATCH: usize = 1024;
/// Running products.
const CHAINS: usize = 4;
/// Vectors between a point's prefetch and its use.
const AHEAD: usize = 4;

/// What the way back needs of eight additions.
#[derive(Clone, Copy)]
struct Eight<L: Lanes> {
    x1: L,
    y1: L,
    x2: L,
    numerator: L,
    denominator: L::Loose,
    /// Product of the chain's denominators before this one.
    before: L,
}

/// Additions under way.
pub(super) struct Adder<L: Lanes> {
    token: L::Token,
    eights: Box<[Eight<L>]>,
    /// Pairs taken.
    pairs: usize,
    chains: [L; CHAINS],
    /// Sums that are known already, and whose they are.
    settled: Vec<(u32, Point<L>)>,
}

/// The point that a reference names.
#[inline(always)]
fn resolve<'a, S>(first: &'a [Packed<S>], second: &'a [Packed<S>], reference: u32) -> &'a Packed<S> {
    let points = if reference & SECOND == 0 { first } else { second };
    &points[index(reference)]
}

/// Asks for a point's cache lines.
#[inline(always)]
fn prefetch<S>(first: &[Packed<S>], second: &[Packed<S>], reference: u32) {
    #[cfg(target_arch = "x86_64")]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let points = if reference & SECOND == 0 { first } else { second };
        let point: *const i8 = points.as_ptr().wrapping_add(index(reference)).cast();
        // SAFETY: a prefetch reads nothing that a program could see, and faults nowhere.
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(point);
            if size_of::<Packed<S>>() > 64 {
                _mm_prefetch::<_MM_HINT_T0>(point.wrapping_add(64));
            }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (first, second, reference);
}

impl<L: Lanes> Adder<L>
where
    L::Token: Backend,
{
    pub(super) fn new(token: L::Token) -> Adder<L> {
        let one = L::one(token);
        let (x1, y1, x2, numerator, denominator, before) = (one, one, one, one, one.loose(), one);
        let eights = vec![Eight { x1, y1, x2, numerator, denominator, before }; BATCH / LANES].into();
        Adder { token, eights, pairs: 0, chains: [one; CHAINS], settled: Vec::new() }
    }

    /// Takes pairs to be added, [`BATCH`] at most; [`write`](Self::write) gives the sums.
    #[inline(always)]
    pub(super) fn read(&mut self, first: &[Point<L>], second: &[Point<L>], pairs: &[[u32; 2]]) {
        assert!(pairs.len() <= BATCH);
        self.pairs = pairs.len();
        self.settled.clear();
        self.chains = [L::one(self.token); CHAINS];
        let (eights, rest) = pairs.as_chunks::<LANES>();
        for (at, eight) in eights.iter().enumerate() {
            for pair in pairs[at * LANES..].iter().skip(AHEAD * LANES).take(LANES) {
                prefetch(first, second, pair[0]);
                prefetch(first, second, pair[1]);
            }
            self.read_eight(first, second, eight, at, LANES);
        }
        if let [one, ..] = rest {
            // The first pair fills the lanes that are over.
            let mut eight = [*one; LANES];
            eight[..rest.len()].copy_from_slice(rest);
            self.read_eight(first, second, &eight, eights.len(), rest.len());
        }
    }

    #[inline(always)]
    fn read_eight(
        &mut self,
        first: &[Point<L>],
        second: &[Point<L>],
        pairs: &[[u32; 2]; LANES],
        at: usize,
        count: usize,
    ) {
        let mut lefts = [resolve(first, second, pairs[0][0]); LANES];
        let mut rights = [resolve(first, second, pairs[0][1]); LANES];
        let (mut negate_left, mut negate_right) = (0 as Mask, 0 as Mask);
        for lane in 0..LANES {
            let [left, right] = pairs[lane];
            lefts[lane] = resolve(first, second, left);
            rights[lane] = resolve(first, second, right);
            negate_left |= ((left & 1) as Mask) << lane;
            negate_right |= ((right & 1) as Mask) << lane;
        }
        let (x1, mut y1) = L::load_points(self.token, lefts);
        let (x2, mut y2) = L::load_points(self.token, rights);
        (y1, y2) = (L::negate(negate_left, y1), L::negate(negate_right, y2));
        let (mut numerator, mut denominator) = (y2.sub_reduced(y1), x2.sub(x1));
        // Equal first coordinates, or a first coordinate 0, which infinity has.
        let suspects = L::maybe_zero(denominator) | L::maybe_zero(x1.loose()) | L::maybe_zero(x2.loose());
        if suspects != 0 {
            let points = [x1, y1, x2, y2];
            let (known, slopes) = self.token.run(Exceptions { token: self.token, points, numerator, denominator });
            (numerator, denominator) = slopes;
            self.settle(known, at * LANES, count, points);
        }
        let chain = &mut self.chains[at % CHAINS];
        let eight = &mut self.eights[at];
        eight.x1 = x1;
        eight.y1 = y1;
        eight.x2 = x2;
        eight.numerator = numerator;
        eight.denominator = denominator;
        eight.before = *chain;
        *chain = L::mul(chain.loose(), denominator);
    }

    /// Writes the sums of the pairs that [`read`](Self::read) took, in order.
    #[inline(always)]
    pub(super) fn write(&mut self, out: &mut [Point<L>]) {
        let out = &mut out[..self.pairs];
        if out.is_empty() {
            return;
        }
        // The inverse of each chain from that of their product.
        let [c0, c1, c2, c3] = self.chains;
        let (low, high) = (c0.times(c1), c2.times(c3));
        let inverse = low.times(high).invert(self.token);
        let (of_low, of_high) = (inverse.times(high), inverse.times(low));
        let mut inverses = [of_low.times(c1), of_low.times(c0), of_high.times(c3), of_high.times(c2)];
        let eights = &self.eights[..self.pairs.div_ceil(LANES)];
        let (groups, rest) = eights.as_chunks::<CHAINS>();
        for (chain, eight) in rest.iter().enumerate().rev() {
            let [point] = finish([eight], [&mut inverses[chain]]);
            store::<L>(point, &mut out[(groups.len() * CHAINS + chain) * LANES..]);
        }
        for (at, group) in groups.iter().enumerate().rev() {
            let out = &mut out[at * CHAINS * LANES..];
            if L::SIDE_BY_SIDE {
                let points = finish(group.each_ref(), inverses.each_mut());
                for (chain, point) in points.iter().enumerate() {
                    store::<L>(*point, &mut out[chain * LANES..]);
                }
            } else {
                for (chain, eight) in group.iter().enumerate() {
                    let [point] = finish([eight], [&mut inverses[chain]]);
                    store::<L>(point, &mut out[chain * LANES..]);
                }
            }
        }
        for (pair, point) in &self.settled {
            out[*pair as usize] = *point;
        }
    }

    /// Keeps what [`exceptions`] knows, for the pairs from `start` on.
    #[cold]
    fn settle(&mut self, known: Known, start: usize, pairs: usize, [x1, y1, x2, y2]: [L; 4]) {
        let (mut left, mut right) = ([infinity(); LANES], [infinity(); LANES]);
        L::store_points(x1, y1, &mut left);
        L::store_points(x2, y2, &mut right);
        for lane in 0..pairs {
            let is = |mask: Mask| mask >> lane & 1 == 1;
            let point = if is(known.left) {
                left[lane]
            } else if is(known.right) {
                right[lane]
            } else if is(known.infinite) {
                infinity()
            } else {
                continue;
            };
            self.settled.push(((start + lane) as u32, point));
        }
    }
}

/// The sums of `N` vectors, of one chain each, step by step beside each other: a step waits for the one before it, and the
/// others fill the time.
#[inline(always)]
fn finish<L: Lanes, const N: usize>(eights: [&Eight<L>; N], inverses: [&mut L; N]) -> [(L, L); N] {
    let mut slopes = [*inverses[0]; N];
    for i in 0..N {
        slopes[i] = inverses[i].times(eights[i].before);
    }
    for i in 0..N {
        *inverses[i] = L::mul(inverses[i].loose(), eights[i].denominator);
    }
    for i in 0..N {
        slopes[i] = slopes[i].times(eights[i].numerator);
    }
    let mut points = [(slopes[0], slopes[0]); N];
    for i in 0..N {
        points[i].0 = L::square(slopes[i].loose()).sub_two(eights[i].x1, eights[i].x2);
    }
    for i in 0..N {
        points[i].1 = L::mul(slopes[i].loose(), eights[i].x1.sub(points[i].0)).sub_reduced(eights[i].y1);
    }
    points
}

/// Writes eight points, or as many as there is room for.
#[inline(always)]
fn store<L: Lanes>((x, y): (L, L), out: &mut [Point<L>]) {
    if let Some(eight) = out.first_chunk_mut::<LANES>() {
        L::store_points(x, y, eight);
    } else {
        let mut eight = [infinity(); LANES];
        L::store_points(x, y, &mut eight);
        out.copy_from_slice(&eight[..out.len()]);
    }
}

/// Lanes whose sum is the left point, the right point, infinity.
struct Known {
    left: Mask,
    right: Mask,
    infinite: Mask,
}

/// Exact tests in all lanes. Equal points get the slope of their tangent; what is known gets the denominator 1.
struct Exceptions<L: Lanes> {
    token: L::Token,
    points: [L; 4],
    numerator: L,
    denominator: L::Loose,
}

impl<L: Lanes> Work for Exceptions<L> {
    type Output = (Known, (L, L::Loose));

    #[inline(always)]
    fn run(self) -> Self::Output {
        let Exceptions { token, points: [x1, y1, x2, y2], numerator, denominator } = self;
        let one_infinite = L::is_zero(x1.loose()) & L::is_zero(y1.loose());
        let two_infinite = L::is_zero(x2.loose()) & L::is_zero(y2.loose());
        let finite = !one_infinite & !two_infinite;
        let same_x = L::is_zero(denominator) & finite;
        let equal = same_x & L::is_zero(y2.sub(y1));
        let opposite = same_x & !equal;
        let square = L::square(x1.loose());
        let tangent = square.add_reduced(square).add_reduced(square);
        let denominators = L::select(equal, y1.add_reduced(y1), L::reduce(denominator));
        let denominator = L::select(!finite | opposite, L::one(token), denominators).loose();
        let known = Known {
            left: two_infinite & !one_infinite,
            right: one_infinite & !two_infinite,
            infinite: opposite | (one_infinite & two_infinite),
        };
        (known, (L::select(equal, tangent, numerator), denominator))
    }
}
