//! One sum, window by window.

use ark_bn254::Fr;
use ark_ec::AdditiveGroup;
use ark_ec::short_weierstrass::{Projective, SWCurveConfig};
use ark_ff::Zero;
use rayon::prelude::*;
use zera_field::{Backend, Lanes};

use crate::msm::add::Point;
use crate::msm::bases::{Table, infinity};
use crate::msm::digits::{Class, FULL_BITS, SMALL_BITS, Scalars, Window, classify, windows};
use crate::msm::fold::fold;
use crate::msm::tree::Tree;
use crate::msm::window::width_for;

/// Buckets up to which windows are folded together.
const FOLD_TOGETHER: usize = 4096;
/// Groups of windows for each thread: with fewer, threads wait for the last one.
const TASKS_PER_THREAD: usize = 4;

/// `sum scalars[i] * table[i]`, on the current rayon pool. Variable time.
///
/// # Panics
/// Where lengths differ: the caller has compared them.
pub fn sum<B: Backend, L: Lanes<Token = B>, P: SWCurveConfig<BaseField = L::Element, ScalarField = Fr>>(
    backend: B,
    table: &Table<L>,
    scalars: &[Fr],
) -> Projective<P> {
    assert_eq!(table.len(), scalars.len(), "lengths were compared");
    // Widths are for the scalars that are neither 0 nor 1 nor -1.
    let kept = table.kept.as_deref();
    let plain = [Fr::zero(), Fr::from(1u64), -Fr::from(1u64)];
    let costly = |j: &usize| !plain.contains(&scalars[kept.map_or(*j, |kept| kept[*j] as usize)]);
    let width = width_for((0..table.points.len()).filter(costly).count());
    sum_at(backend, table, scalars, width)
}

/// [`sum`] with windows of a given width, one of [`WIDTHS`](super::window::WIDTHS): for whoever measures the choice.
///
/// # Panics
/// Where lengths differ.
pub fn sum_at<B: Backend, L: Lanes<Token = B>, P: SWCurveConfig<BaseField = L::Element, ScalarField = Fr>>(
    backend: B,
    table: &Table<L>,
    scalars: &[Fr],
    width: usize,
) -> Projective<P> {
    assert_eq!(table.len(), scalars.len(), "lengths were compared");
    let count = table.points.len();
    let kept = table.kept.as_deref();
    let of = |j: usize| scalars[kept.map_or(j, |kept| kept[j] as usize)];
    let classes = classify(backend, count, width, of);

    let buckets = 1usize << (width - 1);
    let total = if classes.full.words.is_empty() {
        if classes.small.words.is_empty() { 1 } else { windows(SMALL_BITS, width) }
    } else {
        windows(FULL_BITS, width)
    };
    let threads = rayon::current_num_threads();
    let tasks = if threads == 1 { 1 } else { TASKS_PER_THREAD * threads };
    let together = if buckets <= FOLD_TOGETHER { total.div_ceil(tasks) } else { 1 };
    let groups: Vec<Vec<Projective<P>>> = (0..total)
        .into_par_iter()
        .step_by(together)
        .map(|start| {
            let mut tree = Tree::new(backend);
            let group = start..(start + together).min(total);
            let mut points = vec![infinity(); buckets * group.len()];
            for (window, points) in group.zip(points.chunks_exact_mut(buckets)) {
                fill(&mut tree, table, &classes, width, window, points);
            }
            fold::<B, L, P>(backend, &mut tree, &points, buckets, 1)
        })
        .collect();
    groups
        .into_iter()
        .flatten()
        .rev()
        .fold(Projective::zero(), |sum, window| (0..width).fold(sum, |sum, _| sum.double()) + window)
}

/// Sums the points of each bucket of a window; `points[b - 1]` is bucket `b`.
fn fill<B: Backend, L: Lanes<Token = B>>(
    tree: &mut Tree<B, L>,
    table: &Table<L>,
    classes: &Scalars,
    width: usize,
    window: usize,
    points: &mut [Point<L>],
) {
    // A counting sort: how many references each bucket has, where they start, and there they go.
    let mut ends = vec![0u32; points.len() + 1];
    let ones = if window == 0 { &classes.ones[..] } else { &[] };
    ends[1] += ones.len() as u32;
    let lists: Vec<(&Class, Vec<u32>)> = [(&classes.small, SMALL_BITS), (&classes.full, FULL_BITS)]
        .into_iter()
        .filter(|(_, bits)| window < windows(*bits, width))
        .map(|(class, bits)| {
            let at = Window::new(bits, width, window);
            let keys = class.words.iter().map(|words| {
                let digit = at.digit(words);
                let key = (digit.unsigned_abs() as u32) << 1 | u32::from(digit < 0);
                ends[(key >> 1) as usize] += 1;
                key
            });
            let keys = keys.collect();
            (class, keys)
        })
        .collect();
    // Bucket 0 is nobody's.
    ends[0] = 0;
    let mut start = 0;
    for end in &mut ends {
        let count = *end;
        *end = start;
        start += count;
    }
    let mut references = vec![0u32; start as usize];
    for reference in ones {
        references[ends[1] as usize] = *reference;
        ends[1] += 1;
    }
    for (class, keys) in lists {
        for (key, reference) in keys.iter().zip(&class.references) {
            if key >> 1 != 0 {
                let end = &mut ends[(key >> 1) as usize];
                references[*end as usize] = reference ^ (key & 1);
                *end += 1;
            }
        }
    }
    tree.sums(&table.points, &references, &ends[1..], points);
}
