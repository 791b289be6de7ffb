//! Proofs of a block, verified in parallel ahead of it.
//!
//! Pure work only: verdicts come back by name, so neither the chunks nor their order reach the chain.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::ThreadPool;
use rayon::prelude::*;
use zera_host::{ProofJob, Verdicts, verify_jobs};

use crate::error::{Fault, panic_message};

/// Most jobs of one chunk: the greatest batch that the verifier checks at once.
const CHUNK_MAX: usize = 64;

/// Verifies `jobs` on `workers`.
///
/// # Errors
/// [`Fault::Worker`] where a worker panicked: then there are no verdicts at all.
pub(crate) fn verify(workers: &ThreadPool, jobs: &[ProofJob]) -> Result<Verdicts, Fault> {
    let mut verdicts = Verdicts::default();
    verdicts.extend(in_chunks(workers, jobs, verify_jobs)?);
    Ok(verdicts)
}

/// Runs `work` over chunks of `jobs`, about one for each worker; the results in order.
fn in_chunks<J: Sync, R: Send>(
    workers: &ThreadPool,
    jobs: &[J],
    work: impl Fn(&[J]) -> Vec<R> + Sync,
) -> Result<Vec<R>, Fault> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let chunk = jobs.len().div_ceil(workers.current_num_threads().max(1)).clamp(1, CHUNK_MAX);
    // Nothing of a half-done chunk is kept, so there is no state that a panic could leave broken.
    catch_unwind(AssertUnwindSafe(|| workers.install(|| jobs.par_chunks(chunk).flat_map_iter(&work).collect())))
        .map_err(|payload| Fault::Worker { message: panic_message(payload.as_ref()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workers(threads: usize) -> ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a small pool starts")
    }

    #[test]
    fn every_job_is_run_once_in_order_whatever_the_threads() {
        for threads in [1, 2, 4] {
            for count in [0usize, 1, 3, 63, 64, 65, 300] {
                let jobs: Vec<usize> = (0..count).collect();
                let found = in_chunks(&workers(threads), &jobs, |chunk| {
                    assert!(chunk.len() <= CHUNK_MAX);
                    chunk.iter().map(|job| job * 2).collect()
                });
                assert_eq!(found.expect("no panic"), jobs.iter().map(|job| job * 2).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn a_panic_is_a_fault_and_never_a_verdict() {
        let jobs: Vec<usize> = (0..100).collect();
        let found = in_chunks(&workers(2), &jobs, |chunk| {
            assert!(!chunk.contains(&77), "job 77");
            chunk.to_vec()
        });
        assert!(matches!(found, Err(Fault::Worker { message }) if message == "job 77"));
    }
}
