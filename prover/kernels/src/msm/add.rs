//! Many independent affine additions with one inversion between them.
//!
//! `(x1, y1) + (x2, y2)` with `l = (y2 - y1) / (x2 - x1)` is `x3 = l^2 - x1 - x2`, `y3 = l (x1 - x3) - y1`: six products with
//! Montgomery's trick, which shares the division. Eight pairs go side by side, and four products run through the batch, as
//! one would wait for itself.
//!
//! Exceptions are settled in their own lane: equal points are doubled (`l = 3 x1^2 / 2 y1`), opposite ones give infinity, and
//! infinity gives the other point.

use zera_field::{LANES, Lanes, Mask, Packed};

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
    eights: Vec<Eight<L>>,
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

impl<L: Lanes> Adder<L> {
    pub(super) fn new(token: L::Token) -> Adder<L> {
        Adder { token, eights: Vec::new(), chains: [L::one(token); CHAINS], settled: Vec::new() }
    }

    /// `out[to[i]] = pairs[i].0 + pairs[i].1`; nothing where there are no pairs.
    ///
    /// Every sum is written after every point was read, so `out` may be one of the slices, borrowed again.
    #[inline(always)]
    pub(super) fn read(&mut self, first: &[Point<L>], second: &[Point<L>], pairs: &[[u32; 2]]) {
        self.eights.clear();
        self.settled.clear();
        self.chains = [L::one(self.token); CHAINS];
        for (at, eight) in pairs.chunks(LANES).enumerate() {
            if let Some(ahead) = pairs.get((at + AHEAD) * LANES..) {
                for pair in ahead.iter().take(LANES) {
                    prefetch(first, second, pair[0]);
                    prefetch(first, second, pair[1]);
                }
            }
            // The last pair fills the lanes that are over.
            let pair = |lane: usize| eight[lane.min(eight.len() - 1)];
            let mut lefts = [resolve(first, second, pair(0)[0]); LANES];
            let mut rights = [resolve(first, second, pair(0)[1]); LANES];
            let (mut negate_left, mut negate_right) = (0 as Mask, 0 as Mask);
            for lane in 0..LANES {
                let [left, right] = pair(lane);
                lefts[lane] = resolve(first, second, left);
                rights[lane] = resolve(first, second, right);
                negate_left |= ((left & 1) as Mask) << lane;
                negate_right |= ((right & 1) as Mask) << lane;
            }
            let (x1, y1) = L::load_points(self.token, lefts);
            let (x2, y2) = L::load_points(self.token, rights);
            let (y1, y2) = (L::negate(negate_left, y1), L::negate(negate_right, y2));
            let (mut numerator, mut denominator) = (y2.sub_reduced(y1), x2.sub(x1));
            // Equal first coordinates, or a first coordinate 0, which infinity has.
            let suspects = L::maybe_zero(denominator) | L::maybe_zero(x1.loose()) | L::maybe_zero(x2.loose());
            if suspects != 0 {
                let known = exceptions(self.token, [x1, y1, x2, y2], &mut numerator, &mut denominator);
                self.settle(known, at * LANES, eight.len(), [x1, y1, x2, y2]);
            }
            let chain = &mut self.chains[at % CHAINS];
            self.eights.push(Eight { x1, y1, x2, numerator, denominator, before: *chain });
            *chain = L::mul(chain.loose(), denominator);
        }
    }

    /// Writes the sums of the pairs that [`read`](Self::read) took.
    #[inline(always)]
    pub(super) fn write(&mut self, out: &mut [Point<L>], to: &[u32]) {
        if self.eights.is_empty() {
            return;
        }
        // The inverse of each chain from that of their product.
        let [c0, c1, c2, c3] = self.chains;
        let (low, high) = (c0.times(c1), c2.times(c3));
        let inverse = low.times(high).invert(self.token);
        let (of_low, of_high) = (inverse.times(high), inverse.times(low));
        let mut inverses = [of_low.times(c1), of_low.times(c0), of_high.times(c3), of_high.times(c2)];
        for (at, eight) in self.eights.iter().enumerate().rev() {
            let inverse = &mut inverses[at % CHAINS];
            let quotient = inverse.times(eight.before);
            *inverse = L::mul(inverse.loose(), eight.denominator);
            let slope = eight.numerator.times(quotient);
            let x = L::square(slope.loose()).sub_two(eight.x1, eight.x2);
            let y = L::mul(slope.loose(), eight.x1.sub(x)).sub_reduced(eight.y1);
            for (point, to) in L::store_points(x, y).iter().zip(&to[at * LANES..]) {
                out[*to as usize] = *point;
            }
        }
        for (pair, point) in &self.settled {
            out[to[*pair as usize] as usize] = *point;
        }
    }

    /// Keeps what [`exceptions`] knows, for the pairs from `start` on.
    #[cold]
    fn settle(&mut self, known: Known, start: usize, pairs: usize, [x1, y1, x2, y2]: [L; 4]) {
        let (left, right) = (L::store_points(x1, y1), L::store_points(x2, y2));
        let zero = Packed { x: L::Stored::default(), y: L::Stored::default() };
        for lane in 0..pairs {
            let is = |mask: Mask| mask >> lane & 1 == 1;
            let point = if is(known.left) {
                left[lane]
            } else if is(known.right) {
                right[lane]
            } else if is(known.infinite) {
                zero
            } else {
                continue;
            };
            self.settled.push(((start + lane) as u32, point));
        }
    }
}

/// Lanes whose sum is the left point, the right point, infinity.
struct Known {
    left: Mask,
    right: Mask,
    infinite: Mask,
}

/// Exact tests in all lanes. Equal points get the slope of their tangent; what is known gets the denominator 1.
#[inline(always)]
fn exceptions<L: Lanes>(
    token: L::Token,
    [x1, y1, x2, y2]: [L; 4],
    numerator: &mut L,
    denominator: &mut L::Loose,
) -> Known {
    let one_infinite = L::is_zero(x1.loose()) & L::is_zero(y1.loose());
    let two_infinite = L::is_zero(x2.loose()) & L::is_zero(y2.loose());
    let finite = !one_infinite & !two_infinite;
    let same_x = L::is_zero(*denominator) & finite;
    let equal = same_x & L::is_zero(y2.sub(y1));
    let opposite = same_x & !equal;
    let square = L::square(x1.loose());
    let tangent = square.add_reduced(square).add_reduced(square);
    *numerator = L::select(equal, tangent, *numerator);
    let denominators = L::select(equal, y1.add_reduced(y1), L::reduce(*denominator));
    *denominator = L::select(!finite | opposite, L::one(token), denominators).loose();
    Known {
        left: two_infinite & !one_infinite,
        right: one_infinite & !two_infinite,
        infinite: opposite | (one_infinite & two_infinite),
    }
}
