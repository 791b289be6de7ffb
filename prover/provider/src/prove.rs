//! From a task's terms to an answer whose proof has been verified here, step by step.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use rand::rngs::OsRng;
use zera_abi::{KeyId, Outcome, PredicateId};
use zera_kernels::{Arkworks, Engine};
use zera_library::Predicate;
use zera_market::Answer;
use zera_params::Keys;
use zera_r1cs::{Artefact, TapeInputs};
use zera_statement::{Binding, Statement, input_root, scalar_from_be, scalar_to_be};
use zera_verifier::{PreparedKey, Proof, PublicInputs, verify};

use crate::error::DaemonError;

/// What is to be proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The context, with our account as the provider.
    pub binding: Binding,
    /// Public input bytes.
    pub public: Vec<u8>,
    /// Root of them that the chain holds.
    pub input_root: [u8; 32],
}

/// What a provider can prove for a predicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its name.
    pub name: &'static str,
    /// The key that proofs verify under.
    pub key: KeyId,
    /// Public input bytes.
    pub public_len: usize,
    /// Private input bytes; nobody delivers them yet.
    pub private_len: usize,
    /// Rows of its matrices.
    pub rows: u64,
}

/// A step that is done, and the nanoseconds it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "fields are named after what they are")]
pub enum Step {
    /// The native answer.
    Native { outcome: Outcome, ns: u64 },
    /// The assignment, from the tape.
    Witness { wires: u64, ns: u64 },
    /// Every row holds.
    Rows { rows: u64, ns: u64 },
    /// The proof.
    Proof { ns: u64 },
    /// It verifies.
    Verified { ns: u64 },
}

/// Why there is no answer. None of these is the task's fault: something here is wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProveFault {
    /// Nothing here proves this predicate under this key.
    #[error("no keys here for predicate {0}")]
    NotServed(PredicateId),
    /// The bytes are not those of the root.
    #[error("the public input does not have the root that the chain holds")]
    Root,
    /// The tape has no assignment.
    #[error(transparent)]
    Tape(#[from] zera_r1cs::TapeError),
    /// A row does not hold.
    #[error(transparent)]
    Rows(#[from] zera_r1cs::Unsatisfied),
    /// The assignment's outcome is not the native one: circuit and program disagree.
    #[error("the circuit says {circuit}, the native run {native}")]
    Disagree {
        /// By the assignment.
        circuit: String,
        /// By the native run.
        native: Outcome,
    },
    /// The prover refused.
    #[error(transparent)]
    Prove(#[from] zera_prover::ProveError),
    /// The proof is no proof.
    #[error(transparent)]
    Proof(#[from] zera_verifier::ProofError),
    /// The proof does not verify here, so it would not on the chain.
    #[error("the proof does not verify: {0}")]
    Verify(#[from] zera_verifier::VerifyError),
    /// A bug.
    #[error("the prover panicked: {0}")]
    Panicked(String),
}

/// The port: who computes answers.
pub trait Prover: Send + Sync + 'static {
    /// What is offered for a predicate; `None` where it is not served.
    fn offer(&self, predicate: &PredicateId) -> Option<Offer>;

    /// Every predicate that is served.
    fn predicates(&self) -> Vec<PredicateId>;

    /// An input to measure with, of the predicate's length.
    fn sample(&self, predicate: &PredicateId) -> Vec<u8>;

    /// The native answer: cheap against a proof. `None` where the predicate is not served.
    fn native(&self, predicate: &PredicateId, public: &[u8]) -> Option<Outcome>;

    /// Proves, verifies, and tells each step as it is done. CPU-bound, on the current rayon pool.
    ///
    /// # Errors
    /// [`ProveFault`]; then nothing may be submitted.
    fn prove(&self, order: &Order, tell: &mut dyn FnMut(Step)) -> Result<Answer, ProveFault>;
}

/// Where proving keys come from.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// Development keys, made once and kept in this folder, one folder a predicate.
    Folder(PathBuf),
    /// Keys that are in memory already.
    Given(BTreeMap<PredicateId, Arc<Keys>>),
}

/// The prover of this project, for the predicates of its library.
pub struct Groth16 {
    engine: Box<dyn Engine>,
    served: BTreeMap<PredicateId, Served>,
}

struct Served {
    predicate: &'static Predicate,
    artefact: &'static Artefact,
    keys: Arc<Keys>,
    prepared: PreparedKey,
}

impl Groth16 {
    /// Loads keys for `predicates`, or for all of the library.
    ///
    /// Blocking: artefacts are built and proving keys read or made, seconds the first time.
    ///
    /// # Errors
    /// [`DaemonError::Predicate`] for one that the library does not have, or that there are no keys for.
    pub fn load(source: &KeySource, predicates: Option<&[PredicateId]>) -> Result<Groth16, DaemonError> {
        let mut chosen: Vec<(PredicateId, &'static Predicate)> = Vec::new();
        match predicates {
            Some(ids) => {
                for id in ids {
                    let predicate = zera_library::by_id(id).ok_or_else(|| DaemonError::Predicate {
                        predicate: id.to_string(),
                        what: "not in this build's library".to_owned(),
                    })?;
                    chosen.push((*id, predicate));
                }
            }
            None => {
                let all = zera_library::registry().iter();
                chosen.extend(all.map(|predicate| ((predicate.artefact)().predicate_id(), predicate)));
            }
        }
        let mut served = BTreeMap::new();
        for (id, predicate) in chosen {
            let artefact = (predicate.artefact)();
            let keys = match source {
                KeySource::Folder(dir) => {
                    zera_params::dev_keys_cached(dir, artefact).map(Arc::new).map_err(|error| {
                        DaemonError::Predicate { predicate: predicate.name.into(), what: error.to_string() }
                    })?
                }
                KeySource::Given(given) => match given.get(&id) {
                    Some(keys) => Arc::clone(keys),
                    // Named predicates must be served; of the whole library, what there are keys for.
                    None if predicates.is_none() => continue,
                    None => {
                        let what = "no keys were given".to_owned();
                        return Err(DaemonError::Predicate { predicate: predicate.name.into(), what });
                    }
                },
            };
            let prepared = keys.verifying.prepare();
            served.insert(id, Served { predicate, artefact, keys, prepared });
        }
        Ok(Groth16 { engine: Box::new(Arkworks), served })
    }

    /// With another engine.
    #[must_use]
    pub fn with_engine(self, engine: Box<dyn Engine>) -> Groth16 {
        Groth16 { engine, ..self }
    }
}

impl Prover for Groth16 {
    fn offer(&self, predicate: &PredicateId) -> Option<Offer> {
        let served = self.served.get(predicate)?;
        let manifest = &served.artefact.manifest;
        Some(Offer {
            name: served.predicate.name,
            key: served.prepared.id(),
            public_len: manifest.public_len as usize,
            private_len: manifest.private_len as usize,
            rows: served.artefact.matrices.rows() as u64,
        })
    }

    fn predicates(&self) -> Vec<PredicateId> {
        self.served.keys().copied().collect()
    }

    fn sample(&self, predicate: &PredicateId) -> Vec<u8> {
        let Some(served) = self.served.get(predicate) else { return Vec::new() };
        let example = serde_json::from_str(served.predicate.example).ok();
        let example = example.and_then(|json| (served.predicate.parse)(&json).ok());
        // A predicate is total: zeros at worst prove a trap, at the same cost.
        example.unwrap_or_else(|| vec![0; served.artefact.manifest.public_len as usize])
    }

    fn native(&self, predicate: &PredicateId, public: &[u8]) -> Option<Outcome> {
        self.served.get(predicate).map(|served| (served.predicate.evaluate)(public, &[]))
    }

    fn prove(&self, order: &Order, tell: &mut dyn FnMut(Step)) -> Result<Answer, ProveFault> {
        let Order { binding, public, input_root: expected_root } = order;
        let served = self.served.get(&binding.predicate).filter(|served| served.prepared.id() == binding.key);
        let Served { predicate, artefact, keys, prepared } = served.ok_or(ProveFault::NotServed(binding.predicate))?;
        let root = input_root(public);
        if scalar_to_be(&root) != *expected_root {
            return Err(ProveFault::Root);
        }

        let (native, ns) = timed(|| (predicate.evaluate)(public, &[]));
        tell(Step::Native { outcome: native, ns });

        let inputs = TapeInputs { binding: binding.to_scalar(), public, private: &[] };
        let (z, ns) = timed(|| artefact.tape.run(&inputs));
        let z = z?;
        tell(Step::Witness { wires: z.len() as u64, ns });

        let matrices = &artefact.matrices;
        let (rows, ns) = timed(|| matrices.check(&z));
        rows?;
        tell(Step::Rows { rows: matrices.rows() as u64, ns });

        // The statement is rebuilt as the chain will, and must be what the assignment says.
        let declared = z.get(4..=matrices.publics as usize).unwrap_or_default().to_vec();
        let statement = Statement { outcome: native, binding: inputs.binding, input_root: root, declared };
        let publics = statement.public_inputs();
        if z.get(1..=matrices.publics as usize) != Some(publics.as_slice()) {
            let circuit = z.get(1).map(ToString::to_string).unwrap_or_default();
            return Err(ProveFault::Disagree { circuit, native });
        }

        let (proof, ns) = timed(|| zera_prover::prove(self.engine.as_ref(), &keys.proving, matrices, &z, &mut OsRng));
        let (proof, _) = proof?;
        tell(Step::Proof { ns });

        let bytes = Proof::from_points(proof.a, proof.b, proof.c)?.encode();
        let declared: Vec<[u8; 32]> = statement.declared.iter().map(scalar_to_be).collect();
        // From the bytes that go out, not from the values they were made of.
        let (verified, ns) = timed(|| -> Result<(), ProveFault> {
            let sent =
                Statement { declared: declared.iter().filter_map(scalar_from_be).collect(), ..statement.clone() };
            verify(prepared, &PublicInputs::from_scalars(sent.public_inputs()), &Proof::decode(&bytes)?)?;
            Ok(())
        });
        verified?;
        tell(Step::Verified { ns });
        Ok(Answer { outcome: native, declared, proof: Box::new(bytes) })
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let start = Instant::now();
    let value = work();
    (value, u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX))
}
