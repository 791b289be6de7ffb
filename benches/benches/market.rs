//! Transitions a second, from opening to final, among few and among many accounts; beside the balances alone.

use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zera_abi::Level;
use zera_benches::workload::crowd::{Crowd, TRANSITIONS};

/// Tasks of one iteration.
const TASKS: usize = 500;

/// The tasks live, are counted, and are undone: afterwards everything is as before.
fn check(crowd: &mut Crowd) {
    let before = crowd.market.totals();
    let mark = crowd.market.checkpoint();
    assert_eq!(Crowd::live(&mut crowd.market, crowd.lives.clone()), TASKS * TRANSITIONS);
    crowd.market.conserved().expect("conserved");
    assert!(crowd.market.tasks().all(|task| task.level() == Level::Final));
    assert_ne!(crowd.market.totals(), before);
    crowd.market.rollback(mark);
    assert_eq!((crowd.market.totals(), crowd.market.tasks().len()), (before, 0));
}

fn lives(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("market::lifecycle");
    group.throughput(Throughput::Elements((TASKS * TRANSITIONS) as u64));
    for accounts in [1_000, 100_000] {
        let mut crowd = Crowd::new(accounts, TASKS);
        check(&mut crowd);
        let Crowd { market, lives, map } = &mut crowd;
        // Under a checkpoint, as in a block: what is overwritten is logged. Going back is not timed.
        group.bench_function(format!("accounts={accounts} tasks={TASKS} by=market"), |bench| {
            bench.iter_custom(|count| {
                let mut elapsed = Duration::ZERO;
                for _ in 0..count {
                    let (mark, lives) = (market.checkpoint(), lives.clone());
                    let start = Instant::now();
                    let transitions = Crowd::live(market, lives);
                    elapsed += start.elapsed();
                    assert_eq!(transitions, TASKS * TRANSITIONS);
                    market.rollback(mark);
                }
                elapsed
            });
        });
        group.bench_function(format!("accounts={accounts} tasks={TASKS} by=map"), |bench| {
            bench.iter_custom(|count| {
                let mut elapsed = Duration::ZERO;
                for _ in 0..count {
                    let mut map = map.clone();
                    let start = Instant::now();
                    let transitions = Crowd::live_in_map(&mut map, lives);
                    elapsed += start.elapsed();
                    assert_eq!(transitions, TASKS * TRANSITIONS);
                }
                elapsed
            });
        });
    }
    group.finish();
}

criterion_group! { name = benches; config = zera_benches::workload::criterion(); targets = lives }
criterion_main!(benches);
