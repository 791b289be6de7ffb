//! Samples, their quantiles, and the time of one piece of work.

use std::hint::black_box;
use std::time::Instant;

/// A p99.9 this many times the p99 is the scheduler's and not the work's.
const SCHEDULER: f64 = 1.25;

/// Quantiles of samples in nanoseconds; with fewer samples than a quantile asks for, it is the greatest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantiles {
    /// Samples.
    pub n: usize,
    /// The median.
    pub p50: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The 99.9th percentile.
    pub p999: f64,
}

impl Quantiles {
    /// Of samples in any order; zeros where there are none.
    pub fn of(mut samples: Vec<f64>) -> Quantiles {
        samples.sort_by(f64::total_cmp);
        let n = samples.len();
        let at = |thousandths: usize| {
            let rank = (n * thousandths).div_ceil(1_000).saturating_sub(1);
            samples.get(rank).copied().unwrap_or(0.0)
        };
        Quantiles { n, p50: at(500), p99: at(990), p999: at(999) }
    }

    /// What a price is made of: the p99.9, or the p99 where the p99.9 tells of other programs on the machine.
    pub fn basis(&self) -> (f64, &'static str) {
        if self.p999 > SCHEDULER * self.p99 { (self.p99, "p99") } else { (self.p999, "p99.9") }
    }
}

/// One class of inputs of an item.
#[derive(Clone, Debug)]
pub struct Class {
    /// The entry of the schedule.
    pub item: &'static str,
    /// The class.
    pub class: String,
    /// Nanoseconds a unit, baseline taken away.
    pub per_unit: Quantiles,
}

impl Class {
    /// A class of `samples`, in nanoseconds a unit.
    pub fn new(item: &'static str, class: impl Into<String>, samples: Vec<f64>) -> Class {
        Class { item, class: class.into(), per_unit: Quantiles::of(samples) }
    }
}

/// Nanoseconds of `work`.
pub fn time<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    let output = black_box(work());
    let elapsed = start.elapsed();
    drop(output);
    elapsed.as_nanos() as f64
}

/// `count` samples of `work` on one input after the other.
pub fn times<I, T>(count: usize, inputs: &[I], mut work: impl FnMut(&I) -> T) -> Vec<f64> {
    let turns = inputs.iter().cycle().take(count + 1);
    // The first one fills caches and tables that are filled once in a node's life.
    turns.map(|input| time(|| work(black_box(input)))).skip(1).collect()
}

/// Each sample less `base`, divided by `units`; never below zero.
pub fn per_unit(samples: &[f64], base: f64, units: usize) -> Vec<f64> {
    samples.iter().map(|sample| (sample - base).max(0.0) / units as f64).collect()
}

/// The median of samples.
pub fn median(samples: &[f64]) -> f64 {
    Quantiles::of(samples.to_vec()).p50
}

/// Work and baseline in turns, so that a machine that slows down slows both: samples of work, less the median baseline,
/// by unit.
pub fn beside(count: usize, units: usize, mut work: impl FnMut() -> f64, mut base: impl FnMut() -> f64) -> Vec<f64> {
    work();
    base();
    let (worked, based): (Vec<f64>, Vec<f64>) = (0..count).map(|_| (work(), base())).unzip();
    per_unit(&worked, median(&based), units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_samples_and_the_last_of_few() {
        let samples: Vec<f64> = (1..=2_000).rev().map(f64::from).collect();
        let found = Quantiles::of(samples);
        assert_eq!((found.n, found.p50, found.p99, found.p999), (2_000, 1_000.0, 1_980.0, 1_998.0));
        let few = Quantiles::of(vec![3.0, 1.0, 2.0]);
        assert_eq!((few.p50, few.p99, few.p999), (2.0, 3.0, 3.0));
        assert_eq!(Quantiles::of(Vec::new()).p999, 0.0);
    }

    #[test]
    fn a_tail_of_the_scheduler_is_told() {
        assert_eq!(Quantiles { n: 1, p50: 1.0, p99: 2.0, p999: 2.4 }.basis(), (2.4, "p99.9"));
        assert_eq!(Quantiles { n: 1, p50: 1.0, p99: 2.0, p999: 9.0 }.basis(), (2.0, "p99"));
    }

    #[test]
    fn the_baseline_is_taken_away() {
        assert_eq!(per_unit(&[110.0, 90.0], 100.0, 10), [1.0, 0.0]);
        let mut turn = 0.0;
        let samples = beside(
            4,
            2,
            || {
                turn += 1.0;
                100.0 + turn
            },
            || 100.0,
        );
        assert_eq!(samples, [1.0, 1.5, 2.0, 2.5]);
    }
}
