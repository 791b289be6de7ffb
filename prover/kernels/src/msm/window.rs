//! How wide windows are.

use crate::msm::digits::{FULL_BITS, windows};

/// Widths that sums use.
pub const WIDTHS: std::ops::RangeInclusive<usize> = 2..=18;

/// Additions that a bucket costs, in additions of a point to a bucket: two when buckets are folded, and the last ones are
/// less well filled.
const BUCKET_COST: f64 = 2.5;

/// The width that needs the fewest additions for `n` full scalars: `windows (n + 2.5 buckets)`.
pub fn width_for(n: usize) -> usize {
    let cost =
        |width: usize| windows(FULL_BITS, width) as f64 * (n as f64 + BUCKET_COST * (1u64 << (width - 1)) as f64);
    WIDTHS.min_by(|a, b| cost(*a).total_cmp(&cost(*b))).expect("not empty")
}
