//! Every processor at a proof of its own.

use std::sync::Barrier;
use std::time::Instant;

use super::{Bench, Ready, pool, random};
use crate::bench::machine::{self, Energy};
use crate::bench::report::Saturated;
use crate::output::Failure;

impl Bench<'_> {
    /// As many workers as processors, one thread each, sharing the key. Each proves until the time is over, and one proof at
    /// least; the rates of the workers are summed, so that it does not matter who ends last.
    pub(super) fn saturated(&self, ready: &Ready<'_>) -> Result<Saturated, Failure> {
        self.step(&ready.subject.name, "proving on every processor at once")?;
        let workers = machine::cpus();
        let pools = (0..workers).map(|_| pool(1)).collect::<Result<Vec<_>, _>>()?;
        let barrier = Barrier::new(workers);
        let work = |pool: &rayon::ThreadPool| -> Result<(u64, f64), Failure> {
            let warm = pool.install(|| ready.prove(&random()));
            // All wait here, those that failed, too.
            barrier.wait();
            let mut last = warm?.1;
            ready.check(&last)?;
            let (start, mut proofs) = (Instant::now(), 0);
            while proofs == 0 || start.elapsed() < self.plan.saturated {
                self.patience.check()?;
                last = pool.install(|| ready.prove(&random()))?.1;
                proofs += 1;
            }
            let seconds = start.elapsed().as_secs_f64();
            ready.check(&last)?;
            Ok((proofs, seconds))
        };
        let before = Energy::now();
        let done: Vec<Result<(u64, f64), Failure>> = std::thread::scope(|scope| {
            let running: Vec<_> = pools.iter().map(|pool| scope.spawn(|| work(pool))).collect();
            running
                .into_iter()
                .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        });
        let after = Energy::now();
        let (mut proofs, mut per_second) = (0, 0.0);
        for worker in done {
            let (count, seconds) = worker?;
            proofs += count;
            per_second += count as f64 / seconds.max(1e-9);
        }
        // The warm-ups are proofs, too.
        let made = (proofs + workers as u64) as f64;
        let joules = before.zip(after).map(|(before, after)| after.joules_since(&before) / made);
        Ok(Saturated { workers, proofs, per_second, joules })
    }
}
