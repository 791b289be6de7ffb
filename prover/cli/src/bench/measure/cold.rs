//! From keys on disk to a first proof.

use anyhow::Context;
use zera_abi::PredicateId;
use zera_params::{load, save};
use zera_prover::Prover;

use super::{Bench, check, pool, prove, random};
use crate::bench::report::Cold;
use crate::bench::subject::Subject;
use crate::cmd::predicate::timed;
use crate::output::{Blame, Failure};

impl Bench<'_> {
    /// On all threads. The files were just written, so the system still has them in memory: a disk's own time is not in it.
    pub(super) fn cold(&self, subject: &Subject) -> Result<Vec<Cold>, Failure> {
        let dir = tempfile::tempdir().context("making a folder for keys").environment()?;
        // Whose keys these are does not matter to their loading.
        save(dir.path(), &PredicateId([0; 32]), &subject.keys).environment()?;
        let verifier = subject.keys.verifying.prepare();
        let pool = pool(self.plan.threads.last().copied().unwrap_or(1))?;
        let mut runs = Vec::new();
        for run in 1..=self.plan.cold {
            self.step(&subject.name, &format!("keys from disk to a first proof, {run} of {}", self.plan.cold))?;
            let (keys, load_ns) = timed(|| pool.install(|| load(dir.path(), &subject.key())));
            let keys = keys.environment()?;
            let (prover, take_ns) =
                timed(|| pool.install(|| Prover::new(self.engine, &keys.proving, subject.matrices())));
            let prover = prover.input()?;
            let (z, witness_ns) = timed(|| pool.install(|| subject.assign()));
            let z = z?;
            let (proof, sample) = pool.install(|| prove(&prover, subject, &z, &random()))?;
            check(subject, &verifier, &z, &proof)?;
            runs.push(Cold { load_ns, take_ns, witness_ns, prove_ns: sample.prove_ns });
        }
        Ok(runs)
    }
}
