//! The judge of proofs: rebuilds the statement of a claim from the chain's own state and verifies.
//!
//! A verdict is a pure function of key, public inputs and proof. So it may be computed ahead of the block, on any thread
//! and in batches, and is looked up by name when the block is applied; what is missing is computed on the spot.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use zera_abi::{ChainId, KeyId, Status};
use zera_market::ports::{Claim, Verdict, Verify};
use zera_statement::{Binding, Statement, scalar_from_be};
use zera_verifier::{BATCH_MAX, PreparedKey, Proof, PublicInputs, VerifyError, verify, verify_bytes_batch};

use crate::lane::Lanes;
use crate::world::NodeFault;

/// Fewest proofs of a key that are cut off for a lane of their own: what a batch saves, it has saved the most of by then.
const BATCH_LEAST: usize = 8;

/// Most verdicts that a [`Memo`] keeps: 40 blocks full of proofs, about half a megabyte.
pub const MEMO_MAX: usize = 4096;

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

    /// The verdict of that name, if it was computed ahead.
    pub fn get(&self, id: &VerdictId) -> Option<Verdict> {
        self.0.get(id).copied()
    }

    /// The verdict on a proof of `claim`, where it was computed ahead.
    pub(crate) fn known(&self, chain: &ChainId, keys: &Keys, claim: &Claim, proof: &[u8; 256]) -> Option<Verdict> {
        self.get(&ProofJob::new(chain, keys, claim, proof)?.id)
    }
}

/// The last verdicts, true and false ones alike. A proof that comes again, since its transaction did not fit into a block or
/// was sent once more, is not verified again. A verdict is a function of its name, so which ones are kept changes no block.
#[derive(Clone, Debug, Default)]
pub struct Memo {
    found: BTreeMap<VerdictId, Verdict>,
    /// Oldest first.
    order: VecDeque<VerdictId>,
}

impl Memo {
    /// Verdicts of all `jobs`: those that are known, and the others from [`verify_in_lanes`]. At most [`MEMO_MAX`] are kept.
    ///
    /// # Errors
    /// [`NodeFault`] as [`verify_in_lanes`]: then there are no verdicts, and nothing is kept.
    pub fn judge(&mut self, jobs: &[ProofJob], lanes: Lanes) -> Result<Verdicts, NodeFault> {
        let (known, new): (Vec<&ProofJob>, Vec<&ProofJob>) =
            jobs.iter().partition(|job| self.found.contains_key(&job.id));
        let mut verdicts = Verdicts::default();
        verdicts.extend(known.iter().filter_map(|job| self.found.get(&job.id).map(|verdict| (job.id, *verdict))));
        let found = in_batches(&new, lanes, judge_batch)?;
        for (id, verdict) in &found {
            self.keep(*id, *verdict);
        }
        verdicts.extend(found);
        Ok(verdicts)
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether none are.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    fn keep(&mut self, id: VerdictId, verdict: Verdict) {
        if self.found.insert(id, verdict).is_none() {
            self.order.push_back(id);
        }
        while self.order.len() > MEMO_MAX {
            let oldest = self.order.pop_front();
            oldest.map(|id| self.found.remove(&id));
        }
    }
}

/// Prepared keys, all pinned in memory: verification never costs a preparation.
pub type Keys = BTreeMap<KeyId, Arc<PreparedKey>>;

/// A proof that the next block may judge; can be run anywhere.
#[derive(Clone, Debug)]
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

    /// The name of its verdict.
    pub fn id(&self) -> VerdictId {
        self.id
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
    let mut queues: BTreeMap<KeyId, Vec<&ProofJob>> = BTreeMap::new();
    for job in jobs {
        queues.entry(job.key.id()).or_default().push(job);
    }
    queues.into_values().flat_map(|queue| judge_batch(&queue)).collect()
}

/// As [`verify_jobs`], in lanes: a queue for each key, cut into batches of at most [`BATCH_MAX`], so that every lane has its
/// share. Each proof once; neither the lanes nor the order of `jobs` change what comes back.
///
/// # Errors
/// [`NodeFault::Panic`] where a lane panicked, [`NodeFault::Thread`] where one does not start: then there are no verdicts at
/// all.
pub fn verify_in_lanes(jobs: &[ProofJob], lanes: Lanes) -> Result<Vec<(VerdictId, Verdict)>, NodeFault> {
    in_batches(&jobs.iter().collect::<Vec<_>>(), lanes, judge_batch)
}

type Judged = Vec<(VerdictId, Verdict)>;

fn in_batches(
    jobs: &[&ProofJob],
    lanes: Lanes,
    judge: impl Fn(&[&ProofJob]) -> Judged + Sync,
) -> Result<Judged, NodeFault> {
    let mut queues: BTreeMap<KeyId, BTreeMap<VerdictId, &ProofJob>> = BTreeMap::new();
    for job in jobs {
        queues.entry(job.key.id()).or_default().insert(job.id, job);
    }
    let total: usize = queues.values().map(BTreeMap::len).sum();
    let share = total.div_ceil(lanes.count()).clamp(BATCH_LEAST, BATCH_MAX);
    let mut batches: Vec<Vec<&ProofJob>> = Vec::new();
    for queue in queues.into_values() {
        let queue: Vec<&ProofJob> = queue.into_values().collect();
        // As few as the share allows, of about one length.
        let len = queue.len().div_ceil(queue.len().div_ceil(share).max(1)).max(1);
        batches.extend(queue.chunks(len).map(<[&ProofJob]>::to_vec));
    }
    batches.sort_by_key(|batch| Reverse(batch.len()));
    Ok(lanes.run(&batches, |batch| judge(batch))?.into_iter().flatten().collect())
}

/// Verdicts of jobs of one key.
fn judge_batch(batch: &[&ProofJob]) -> Judged {
    let (mut found, mut waiting, mut inputs) = (Vec::with_capacity(batch.len()), Vec::new(), Vec::new());
    for job in batch {
        match &job.inputs {
            None => found.push((job.id, Verdict::Malformed)),
            Some(known) => {
                waiting.push(*job);
                inputs.push(known.encode());
            }
        }
    }
    let Some(first) = waiting.first() else { return found };
    let items: Vec<(&[u8], &[u8])> =
        inputs.iter().zip(&waiting).map(|(inputs, job)| (inputs.as_slice(), job.proof.as_ref().as_slice())).collect();
    let statuses = verify_bytes_batch(&first.key, &items, &[]);
    found.extend(waiting.iter().zip(statuses).map(|(job, status)| {
        let verdict = match status {
            Status::Ok => Verdict::Valid,
            Status::No => Verdict::Invalid,
            Status::Encoding => Verdict::Malformed,
            // The count of inputs, which is looked at first there and last where a proof stands alone.
            _ => job.run(),
        };
        (job.id, verdict)
    }));
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
            Some(job) => self.verdicts.get(&job.id).unwrap_or_else(|| job.run()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use ark_bn254::{Fr, G1Affine, G2Affine};
    use ark_ec::{AffineRepr, CurveGroup};
    use zera_verifier::VerifyingKey;

    use super::*;

    fn lanes(count: usize) -> Lanes {
        Lanes::new(NonZeroUsize::new(count).unwrap())
    }

    fn key(alpha: u64) -> Arc<PreparedKey> {
        let g1 = |scalar: u64| (G1Affine::generator() * Fr::from(scalar)).into_affine();
        let g2 = |scalar: u64| (G2Affine::generator() * Fr::from(scalar)).into_affine();
        let ic = [g1(20_001), g1(20_002)];
        Arc::new(VerifyingKey::from_points(g1(alpha), g2(2_000_003), g2(5_003), g2(7_000_003), &ic).unwrap().prepare())
    }

    /// A job that is not worth running: its name is all that is looked at.
    fn job(key: &Arc<PreparedKey>, name: u16) -> ProofJob {
        let mut id = [0; 32];
        id[..2].copy_from_slice(&name.to_be_bytes());
        ProofJob { id: VerdictId(id), key: Arc::clone(key), inputs: None, proof: Box::new([0; 256]) }
    }

    #[test]
    fn a_batch_holds_one_key_and_64_proofs_at_most_and_every_lane_has_its_share() {
        let keys = [key(1_000_003), key(1_000_033)];
        // 150 proofs of one key and 10 of another, some twice.
        let jobs: Vec<ProofJob> =
            (0..150).map(|n| job(&keys[0], n)).chain((200..210).map(|n| job(&keys[1], n))).collect();
        let twice: Vec<&ProofJob> = jobs.iter().rev().chain(&jobs).collect();
        for (count, batches) in [
            (1, vec![50, 50, 50, 10]),
            (2, vec![50, 50, 50, 10]),
            (4, vec![38, 38, 38, 36, 10]),
            (8, vec![19, 19, 19, 19, 19, 19, 19, 17, 10]),
        ] {
            let seen = std::sync::Mutex::new(Vec::new());
            let judge = |batch: &[&ProofJob]| {
                assert!(batch.iter().all(|job| job.key.id() == batch[0].key.id()) && batch.len() <= BATCH_MAX);
                seen.lock().unwrap().push(batch.len());
                batch.iter().map(|job| (job.id, Verdict::Valid)).collect()
            };
            let found = in_batches(&twice, lanes(count), judge).unwrap();
            let mut seen = seen.into_inner().unwrap();
            seen.sort_unstable_by_key(|len| Reverse(*len));
            assert_eq!(seen, batches, "{count} lanes");
            let mut ids: Vec<VerdictId> = found.into_iter().map(|(id, _)| id).collect();
            ids.sort_unstable();
            assert_eq!(ids, jobs.iter().map(|job| job.id).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_lane_that_panics_is_a_fault_and_never_a_verdict() {
        let key = key(1_000_003);
        let jobs: Vec<ProofJob> = (0..40).map(|n| job(&key, n)).collect();
        let jobs: Vec<&ProofJob> = jobs.iter().collect();
        for count in [1, 2, 4] {
            let judge = |batch: &[&ProofJob]| {
                assert!(batch.iter().all(|job| job.id.0[1] != 27), "job 27");
                batch.iter().map(|job| (job.id, Verdict::Valid)).collect()
            };
            let ended = in_batches(&jobs, lanes(count), judge);
            assert!(matches!(&ended, Err(NodeFault::Panic { message }) if message == "job 27"), "{ended:?}");
        }
    }

    #[test]
    fn a_memo_forgets_the_oldest() {
        let mut memo = Memo::default();
        let id = |n: usize| {
            let mut id = [0; 32];
            id[..8].copy_from_slice(&n.to_be_bytes());
            VerdictId(id)
        };
        for n in 0..=MEMO_MAX {
            memo.keep(id(n), if n % 2 == 0 { Verdict::Valid } else { Verdict::Invalid });
            memo.keep(id(n), if n % 2 == 0 { Verdict::Valid } else { Verdict::Invalid });
        }
        assert_eq!((memo.len(), memo.found.len()), (MEMO_MAX, MEMO_MAX));
        assert!(!memo.found.contains_key(&id(0)));
        assert_eq!(memo.found.get(&id(1)), Some(&Verdict::Invalid));
    }
}
