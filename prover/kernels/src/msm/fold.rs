//! Weighted sums of buckets.
//!
//! `sum k P_k` by running sums takes two additions a point, one after the other; cut into segments, the segments go side by
//! side. The segments' own sums are again such a problem, a segment's length times smaller.

use ark_ec::AdditiveGroup;
use ark_ec::short_weierstrass::{Projective, SWCurveConfig};
use ark_ff::Zero;
use zera_field::{Backend, Lanes};

use crate::msm::add::{BATCH, Point, SECOND};
use crate::msm::bases::{infinity, is_infinite, unpack};
use crate::msm::tree::{Batch, Sums, Tree};

/// Sizes that are summed one addition after the other.
const SMALL: usize = 8;
/// Segments at a time, over all problems: what an inversion is shared by.
const SIDE_BY_SIDE: usize = 512;

/// For each of `points.len() / size` problems of `size` points: `sum (k + first) P_k`, for `first` of 0 and 1.
///
/// `size` is a power of two.
pub(super) fn fold<B: Backend, L: Lanes<Token = B>, P: SWCurveConfig<BaseField = L::Element>>(
    backend: B,
    tree: &mut Tree<B, L>,
    points: &[Point<L>],
    size: usize,
    first: usize,
) -> Vec<Projective<P>> {
    let problems = points.len() / size;
    if size <= SMALL {
        return points.chunks_exact(size).map(|points| one_by_one::<B, L, P>(backend, points, first)).collect();
    }
    let segment = (problems * size / SIDE_BY_SIDE).next_power_of_two().clamp(4, size / 2);
    let (running, totals) = segments(backend, tree, points, segment, first);
    let per_problem = size / segment;

    // sum (k + first) P_k = sum of totals + segment * sum s R_s, with the running sum R_s of segment s.
    let references: Vec<u32> =
        (0..totals.len() as u32).filter(|i| !is_infinite(&totals[*i as usize])).map(|i| i << 1).collect();
    let ends: Vec<u32> = (1..=problems)
        .map(|problem| {
            references.partition_point(|reference| (*reference as usize >> 1) < problem * per_problem) as u32
        })
        .collect();
    let mut sums = vec![infinity(); problems];
    tree.sums(&totals, &references, &ends, &mut sums);
    let weighted = fold::<B, L, P>(backend, tree, &running, per_problem, 0);
    let shifted =
        weighted.into_iter().map(|point| (0..segment.trailing_zeros()).fold(point, |point, _| point.double()));
    shifted.zip(&sums).map(|(point, sum)| point + unpack::<L, P>(backend, sum)).collect()
}

/// Running sums of all segments, and their sums.
fn segments<B: Backend, L: Lanes<Token = B>>(
    backend: B,
    tree: &mut Tree<B, L>,
    points: &[Point<L>],
    segment: usize,
    first: usize,
) -> (Vec<Point<L>>, Vec<Point<L>>) {
    let mut running: Vec<Point<L>> = points.iter().skip(segment - 1).step_by(segment).copied().collect();
    let mut totals = running.clone();
    let mut step = Step { pairs: Vec::new(), to: Vec::new(), sums: vec![infinity(); BATCH] };
    for k in (0..segment - 1).rev() {
        step.add(backend, tree, &mut running, points, |lane| lane * segment + k);
        if k + first > 0 {
            step.add(backend, tree, &mut totals, &running, |lane| lane);
        }
    }
    (running, totals)
}

struct Step<L: Lanes> {
    pairs: Vec<[u32; 2]>,
    to: Vec<u32>,
    sums: Vec<Point<L>>,
}

impl<B: Backend, L: Lanes<Token = B>> Step<L> {
    /// `sums[lane] += points[of(lane)]` in all lanes.
    fn add(
        &mut self,
        backend: B,
        tree: &mut Tree<B, L>,
        sums: &mut [Point<L>],
        points: &[Point<L>],
        of: impl Fn(usize) -> usize,
    ) {
        self.pairs.clear();
        self.to.clear();
        for (lane, sum) in sums.iter_mut().enumerate() {
            let at = of(lane);
            if is_infinite(&points[at]) {
                continue;
            }
            if is_infinite(sum) {
                *sum = points[at];
                continue;
            }
            self.pairs.push([(lane as u32) << 1, SECOND | (at as u32) << 1]);
            self.to.push(lane as u32);
        }
        for (pairs, to) in self.pairs.chunks(BATCH).zip(self.to.chunks(BATCH)) {
            backend.run(Batch { adder: &mut tree.adder, first: sums, second: points, pairs });
            backend.run(Sums { adder: &mut tree.adder, out: &mut self.sums });
            for (to, sum) in to.iter().zip(&self.sums) {
                sums[*to as usize] = *sum;
            }
        }
    }
}

fn one_by_one<B: Backend, L: Lanes<Token = B>, P: SWCurveConfig<BaseField = L::Element>>(
    backend: B,
    points: &[Point<L>],
    first: usize,
) -> Projective<P> {
    let (mut running, mut total) = (Projective::<P>::zero(), Projective::<P>::zero());
    for (k, point) in points.iter().enumerate().rev() {
        running += unpack::<L, P>(backend, point);
        if k + first > 0 {
            total += running;
        }
    }
    total
}
