//! From samples to numbers.
//!
//! No sample is thrown away. Percentiles are by nearest rank: the smallest sample that at least p of 100 samples do not
//! exceed, so every percentile is something that happened. With fewer than 100 samples the 99th is the slowest one.

/// Times of one kind of work, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Samples.
    pub n: usize,
    /// The fastest.
    pub min: u64,
    /// The median.
    pub p50: u64,
    /// Of twenty, all but the slowest.
    pub p95: u64,
    /// Of a hundred, all but the slowest.
    pub p99: u64,
    /// The slowest.
    pub max: u64,
    /// The mean, rounded down.
    pub mean: u64,
}

impl Summary {
    /// Of these samples in any order; `None` of none.
    pub fn of(samples: &[u64]) -> Option<Summary> {
        let mut sorted = samples.to_vec();
        sorted.sort_unstable();
        let rank = |percent| nearest_rank(&sorted, percent);
        let total: u128 = sorted.iter().map(|&ns| u128::from(ns)).sum();
        Some(Summary {
            n: sorted.len(),
            min: *sorted.first()?,
            p50: rank(50)?,
            p95: rank(95)?,
            p99: rank(99)?,
            max: *sorted.last()?,
            mean: u64::try_from(total / sorted.len() as u128).ok()?,
        })
    }
}

/// The `ceil(percent / 100 * n)`-th smallest of sorted samples.
pub fn nearest_rank<T: Copy>(sorted: &[T], percent: usize) -> Option<T> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.max(1) - 1).copied()
}

/// The median of ratios, by nearest rank; `None` of none.
pub fn median(mut ratios: Vec<f64>) -> Option<f64> {
    ratios.sort_by(f64::total_cmp);
    nearest_rank(&ratios, 50)
}

/// The middle half of samples by `key`: without the fastest and the slowest quarter, rounded down. Means over it keep sums:
/// parts add up to the whole.
pub fn middle_half<T>(samples: &[T], key: impl Fn(&T) -> u64) -> Vec<&T> {
    let mut sorted: Vec<&T> = samples.iter().collect();
    sorted.sort_by_key(|sample| key(sample));
    let quarter = sorted.len() / 4;
    sorted.drain(quarter..sorted.len() - quarter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples() {
        let hundred: Vec<u64> = (1..=100).rev().collect();
        let of = Summary::of(&hundred).unwrap();
        assert_eq!((of.n, of.min, of.p50, of.p95, of.p99, of.max, of.mean), (100, 1, 50, 95, 99, 100, 50));
        let five = Summary::of(&[30, 10, 50, 20, 40]).unwrap();
        assert_eq!((five.p50, five.p95, five.p99, five.mean), (30, 50, 50, 30));
        let four = Summary::of(&[1, 2, 3, 4]).unwrap();
        assert_eq!((four.p50, four.p95, four.mean), (2, 4, 2));
        let one = Summary::of(&[7]).unwrap();
        assert_eq!((one.min, one.p50, one.p99, one.max), (7, 7, 7, 7));
        assert_eq!(Summary::of(&[]), None);
        assert_eq!(Summary::of(&[u64::MAX, u64::MAX]).unwrap().mean, u64::MAX);
    }

    #[test]
    fn ranks_are_the_nearest_from_above() {
        let sorted = [10, 20, 30, 40];
        for (percent, expected) in [(0, 10), (1, 10), (25, 10), (26, 20), (75, 30), (76, 40), (100, 40)] {
            assert_eq!(nearest_rank(&sorted, percent), Some(expected), "{percent}");
        }
        assert_eq!(nearest_rank::<u64>(&[], 50), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
    }

    #[test]
    fn the_middle_half_keeps_sums() {
        let samples: Vec<[u64; 3]> = (0..9).map(|i| [i * 100, i * 60, i * 40]).rev().collect();
        let middle = middle_half(&samples, |sample| sample[0]);
        assert_eq!(middle.iter().map(|sample| sample[0]).collect::<Vec<_>>(), [200, 300, 400, 500, 600]);
        let sum = |i: usize| middle.iter().map(|sample| sample[i]).sum::<u64>();
        assert_eq!(sum(1) + sum(2), sum(0));
        assert_eq!(middle_half(&[1u64, 2, 3], |&x| x).len(), 3);
        assert!(middle_half(&[0u64; 0], |&x| x).is_empty());
    }
}
