//! How long a proof takes on this machine: measured, kept, and corrected by every job.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;
use zera_abi::{AccountId, ChainId, Height, PredicateId, TaskId};
use zera_statement::{Binding, input_root, scalar_to_be};

use crate::error::DaemonError;
use crate::journal::Journal;
use crate::prove::{Order, Prover, Step};
use crate::workshop::Workshop;

/// Measurements that count: the greatest of the last few stands for the 95th percentile.
const KEPT: usize = 8;

/// What the last jobs took, by predicate; all steps from the native run to our own verification, in nanoseconds.
#[derive(Debug, Default)]
pub(crate) struct Estimates(Mutex<BTreeMap<PredicateId, Vec<u64>>>);

impl Estimates {
    /// What a job of this predicate takes at most, by the last few; `None` before the first.
    pub(crate) fn work_ns(&self, predicate: &PredicateId) -> Option<u64> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(predicate)?.iter().copied().max()
    }

    pub(crate) fn learn(&self, predicate: PredicateId, work_ns: u64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = all.entry(predicate).or_default();
        if last.len() >= KEPT {
            last.remove(0);
        }
        last.push(work_ns);
    }
}

/// The time of one step.
pub(crate) const fn step_ns(step: &Step) -> u64 {
    match step {
        Step::Native { ns, .. }
        | Step::Witness { ns, .. }
        | Step::Rows { ns, .. }
        | Step::Proof { ns }
        | Step::Verified { ns } => *ns,
    }
}

/// Proves a sample of `predicate` and returns the nanoseconds of all steps.
///
/// # Errors
/// [`DaemonError::Predicate`]: a predicate whose sample can not be proved is not to be offered.
pub(crate) async fn measure(
    prover: &Arc<dyn Prover>,
    workshop: &Workshop,
    predicate: &PredicateId,
) -> Result<u64, DaemonError> {
    let fail = |what: String| {
        let name = prover.offer(predicate).map_or_else(|| predicate.to_string(), |offer| offer.name);
        DaemonError::Predicate { predicate: name, what }
    };
    let offer = prover.offer(predicate).ok_or_else(|| fail("not served".to_owned()))?;
    let (public, private) = (prover.sample(predicate), vec![0; offer.private_len].into());
    let binding = Binding {
        chain: ChainId([0; 32]),
        task: TaskId([0; 32]),
        key: offer.key,
        predicate: *predicate,
        provider: AccountId([0; 32]),
        not_after: Height(0),
    };
    let root = scalar_to_be(&input_root(&public));
    let (sum, total) = oneshot::channel();
    let (mut work_ns, mut sum) = (0u64, Some(sum));
    let tell = move |step: Step| {
        work_ns = work_ns.saturating_add(step_ns(&step));
        if matches!(step, Step::Verified { .. })
            && let Some(sum) = sum.take()
        {
            let _ = sum.send(work_ns);
        }
    };
    let ticket = workshop.hand_over(Order { binding, public, private, input_root: root }, Height(0), Box::new(tell));
    match ticket.result.await {
        Ok(Ok(_)) => total.await.map_err(|_| fail("calibration: the proof was not verified".to_owned())),
        Ok(Err(fault)) => Err(fail(format!("calibration: {fault}"))),
        Err(_) => Err(fail("calibration: the workshop closed".to_owned())),
    }
}

/// What the job book knows of this machine, or a measurement that it will know.
///
/// # Errors
/// [`DaemonError`].
pub(crate) async fn calibrate(
    prover: &Arc<dyn Prover>,
    workshop: &Workshop,
    journal: &Journal,
    predicate: &PredicateId,
    threads: usize,
) -> Result<(u64, bool), DaemonError> {
    if let Some(work_ns) = journal.calibration(predicate, threads)? {
        return Ok((work_ns, false));
    }
    let work_ns = measure(prover, workshop, predicate).await?;
    journal.set_calibration(predicate, threads, work_ns)?;
    Ok((work_ns, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_of_the_last_eight_counts() {
        let (estimates, predicate) = (Estimates::default(), PredicateId([1; 32]));
        assert_eq!(estimates.work_ns(&predicate), None);
        estimates.learn(predicate, 900);
        (0..7).for_each(|_| estimates.learn(predicate, 100));
        assert_eq!(estimates.work_ns(&predicate), Some(900));
        estimates.learn(predicate, 200);
        assert_eq!(estimates.work_ns(&predicate), Some(200));
    }
}
