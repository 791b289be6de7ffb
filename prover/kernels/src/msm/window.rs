//! How wide windows are.

use crate::msm::digits::{FULL_BITS, windows};

/// Widths that sums use.
pub const WIDTHS: std::ops::RangeInclusive<usize> = 2..=18;

/// Additions that a bucket costs, in additions of a point to a bucket: two when buckets are folded, and the last ones are
/// less well filled.
const BUCKET_COST: f64 = 2.5;

/// The width that needs the fewest additions for `n` full scalars: `windows (n + 2.5 buckets)`.
///
/// Held against every width with `cargo run --release -p zera-kernels --example windows`: microseconds of a sum in G1, one thread of
/// an AMD EPYC (Zen 4), the chosen width and its neighbours; the chosen one is the best but for 256 points (7 and 8 take 12 % less) and
/// 4,096 (10 takes 0.5 % less). In G2 the order is the same.
///
/// | points | width - 1 | chosen | width + 1 |
/// | --- | --- | --- | --- |
/// | 256 | 1,326 | 6: 1,233 | 1,098 |
/// | 1,024 | 2,394 | 8: 2,166 | 2,246 |
/// | 4,096 | 6,438 | 9: 6,150 | 6,118 |
/// | 16,384 | 20,312 | 11: 19,570 | 20,808 |
/// | 65,536 | 70,381 | 13: 67,781 | 73,452 |
pub fn width_for(n: usize) -> usize {
    let cost =
        |width: usize| windows(FULL_BITS, width) as f64 * (n as f64 + BUCKET_COST * (1u64 << (width - 1)) as f64);
    WIDTHS.min_by(|a, b| cost(*a).total_cmp(&cost(*b))).expect("not empty")
}
