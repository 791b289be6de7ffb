//! The judge of proofs: rebuilds the statement of a claim from the chain's own state and verifies.
//!
//! A verdict is a pure function of key, public inputs and proof. So it may be computed ahead of the block, on any thread
//! and in batches, and is looked up by name when the block is applied; what is missing is computed on the spot.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use zera_abi::{ChainId, KeyId};
use zera_market::ports::{Claim, Verdict, Verify};
use zera_statement::{Binding, Statement, scalar_from_be};
use zera_verifier::{PreparedKey, Proof, PublicInputs, VerifyError, verify, verify_batch};

/// Names a verdict: SHA-256 over key, public inputs and proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VerdictId([u8; 32]);

/// Verdicts computed ahead of a block.
#[derive(Clone, Debug, Default)]
pub struct Verdicts(BTreeMap<VerdictId, Verdict>);

impl Verdicts {
    /// Adds what [`verify_jobs`] found.
    pub fn extend(&mut self, found: impl IntoIterator<Item = (VerdictId, Verdict)>) {
        self.0.extend(found);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Prepared keys, all pinned in memory: verification never costs a preparation.
pub type Keys = BTreeMap<KeyId, Arc<PreparedKey>>;

/// A proof that the next block may judge; can be run anywhere.
#[derive(Clone)]
pub struct ProofJob {
    id: VerdictId,
    key: Arc<PreparedKey>,
    /// `None` where the claim's declared values are not canonical.
    inputs: Option<PublicInputs>,
    proof: Box<[u8; 256]>,
}

impl ProofJob {
    /// Derives the public inputs of `claim`; `None` where its key is not registered.
    pub(crate) fn new(chain: &ChainId, keys: &Keys, claim: &Claim, proof: &[u8; 256]) -> Option<ProofJob> {
        let key = keys.get(&claim.key)?;
        let binding = Binding {
            chain: *chain,
            task: claim.task,
            key: claim.key,
            predicate: claim.predicate,
            provider: claim.provider,
            not_after: claim.not_after,
        };
        let inputs = statement(claim, &binding).map(|statement| PublicInputs::from_scalars(statement.public_inputs()));
        // The claim holds everything that the inputs are derived from, so it names them.
        let mut hasher = Sha256::new_with_prefix(b"zera/verdict/v1");
        hasher.update(claim.key.as_bytes());
        hasher.update(binding.to_bytes());
        hasher.update(claim.input_root);
        hasher.update([claim.outcome.code()]);
        for value in &claim.declared {
            hasher.update(value);
        }
        hasher.update(proof);
        Some(ProofJob {
            id: VerdictId(hasher.finalize().into()),
            key: Arc::clone(key),
            inputs,
            proof: Box::new(*proof),
        })
    }

    fn run(&self) -> Verdict {
        let Some(inputs) = &self.inputs else { return Verdict::Malformed };
        match Proof::decode(self.proof.as_ref()) {
            Err(_) => Verdict::Malformed,
            Ok(proof) => verdict(verify(&self.key, inputs, &proof)),
        }
    }
}

fn statement(claim: &Claim, binding: &Binding) -> Option<Statement> {
    let declared = claim.declared.iter().map(scalar_from_be).collect::<Option<Vec<_>>>()?;
    Some(Statement {
        outcome: claim.outcome,
        binding: binding.to_scalar(),
        input_root: scalar_from_be(&claim.input_root)?,
        declared,
    })
}

fn verdict(result: Result<(), VerifyError>) -> Verdict {
    match result {
        Ok(()) => Verdict::Valid,
        Err(_) => Verdict::Invalid,
    }
}

/// Verdicts of some jobs, one thread; jobs of one key are verified as a batch. Equal to running each alone.
pub fn verify_jobs(jobs: &[ProofJob]) -> Vec<(VerdictId, Verdict)> {
    let mut found = Vec::with_capacity(jobs.len());
    let mut by_key: BTreeMap<KeyId, Vec<(&ProofJob, PublicInputs, Proof)>> = BTreeMap::new();
    for job in jobs {
        match (&job.inputs, Proof::decode(job.proof.as_ref())) {
            (Some(inputs), Ok(proof)) => {
                by_key.entry(job.key.id()).or_default().push((job, inputs.clone(), proof));
            }
            _ => found.push((job.id, Verdict::Malformed)),
        }
    }
    for group in by_key.into_values() {
        let Some(key) = group.first().map(|(job, ..)| Arc::clone(&job.key)) else { continue };
        let (ids, items): (Vec<_>, Vec<_>) =
            group.into_iter().map(|(job, inputs, proof)| (job.id, (inputs, proof))).unzip();
        let results = verify_batch(&key, &items, &[]);
        found.extend(ids.into_iter().zip(results.into_iter().map(verdict)));
    }
    found
}

/// The judge that the market asks while a block is applied.
pub(crate) struct Judge<'a> {
    pub(crate) chain: ChainId,
    pub(crate) keys: &'a Keys,
    pub(crate) verdicts: &'a Verdicts,
}

impl Verify for Judge<'_> {
    fn verify(&mut self, claim: &Claim, proof: &[u8; 256]) -> Verdict {
        match ProofJob::new(&self.chain, self.keys, claim, proof) {
            // A task is opened on a registered key only, and keys are never forgotten.
            None => Verdict::Invalid,
            Some(job) => self.verdicts.0.get(&job.id).copied().unwrap_or_else(|| job.run()),
        }
    }
}
