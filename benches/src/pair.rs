//! Two rivals, timed in turns.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::BenchmarkGroup;
use criterion::measurement::WallTime;

/// Times `ours` and `peer` in turns, each under its name.
///
/// In either bench an iteration runs both on one input of `setup`, in alternating order, and counts the one: caches and
/// clock speed are what the other left, for both alike. A bench thus takes twice the time that it reports. The clock is read
/// at every turn, some tens of nanoseconds: not for work below ten microseconds.
///
/// The two benches are still two stretches of time, and where other programs run, one may be the luckier. So the median
/// over all turns of what ours took over what the peer took next to it is printed: the ratio to quote.
pub fn pair<I, A, B>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    mut setup: impl FnMut() -> I,
    (name, mut ours): (&str, impl FnMut(&I) -> A),
    (peer_name, mut peer): (&str, impl FnMut(&I) -> B),
) {
    let mut ratios = Vec::new();
    let mut turns = |count: u64| {
        let (mut total, mut peer_total) = (Duration::ZERO, Duration::ZERO);
        for _ in 0..count {
            let input = setup();
            let (one, other);
            if ratios.len().is_multiple_of(2) {
                one = time(&mut ours, &input);
                other = time(&mut peer, &input);
            } else {
                other = time(&mut peer, &input);
                one = time(&mut ours, &input);
            }
            total += one;
            peer_total += other;
            ratios.push(one.as_secs_f64() / other.as_secs_f64().max(1e-9));
        }
        (total, peer_total)
    };
    group.bench_function(name, |bench| bench.iter_custom(|count| turns(count).0));
    group.bench_function(peer_name, |bench| bench.iter_custom(|count| turns(count).1));
    let turns = ratios.len();
    if let Some(ratio) = median(ratios) {
        println!("in turns: {name} takes {ratio:.3} of {peer_name}, median of {turns}");
    }
}

fn time<I, T>(work: &mut impl FnMut(&I) -> T, input: &I) -> Duration {
    let start = Instant::now();
    let output = black_box(work(black_box(input)));
    let elapsed = start.elapsed();
    drop(output);
    elapsed
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
