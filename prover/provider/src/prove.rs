//! From a task's terms to an answer whose proof has been verified here, step by step.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Instant;

use rand::rngs::OsRng;
use zera_abi::{KeyId, Outcome, PredicateId};
use zera_kernels::{CpuEngine, Engine};
use zera_market::Answer;
use zera_params::Keys;
use zera_prover::{Blinding, ProveError, Watch};
use zera_r1cs::{Artefact, TapeInputs};
use zera_statement::{Binding, Statement, input_root, scalar_from_be, scalar_to_be};
use zera_verifier::{PreparedKey, Proof, PublicInputs, verify};

use crate::error::DaemonError;
use crate::predicate::{Native, Preview, Program};
use crate::private::PrivateBytes;
use crate::wasm;

/// What is to be proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The context, with our account as the provider.
    pub binding: Binding,
    /// Public input bytes.
    pub public: Vec<u8>,
    /// Private input bytes.
    pub private: PrivateBytes,
    /// Root of them that the chain holds.
    pub input_root: [u8; 32],
}

/// What a provider can prove for a predicate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its name.
    pub name: String,
    /// The key that proofs verify under.
    pub key: KeyId,
    /// Public input bytes.
    pub public_len: usize,
    /// Private input bytes.
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
        /// By the native run, in a word.
        native: &'static str,
    },
    /// The predicate's program gives no answer here.
    #[error("no native answer: {0}")]
    NoNative(String),
    /// The native run used up its fuel, which says nothing about the answer.
    #[error("no native answer: {fuel} fuel did not last")]
    OutOfFuel {
        /// What it was given.
        fuel: u64,
    },
    /// The file of a predicate is not what it should be.
    #[error("{0}")]
    Artefact(String),
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

    /// What the answer will be: cheap against a proof.
    ///
    /// # Errors
    /// [`ProveFault`]; then nothing may be staked.
    fn preview(&self, predicate: &PredicateId, public: &[u8], private: &[u8]) -> Result<Preview, ProveFault>;

    /// Takes up a predicate that the network knows and this provider does not: `bytes` are a `.zpred` file, `key` the key that
    /// tasks are pinned to. CPU-bound, seconds where keys are made.
    ///
    /// # Errors
    /// [`ProveFault`], also where this prover takes up none.
    fn learn(&self, predicate: &PredicateId, key: &KeyId, bytes: &[u8], rows_max: u64) -> Result<(), ProveFault> {
        let _ = (key, bytes, rows_max);
        Err(ProveFault::NotServed(*predicate))
    }

    /// Offers a predicate no longer.
    fn forget(&self, predicate: &PredicateId) {
        let _ = predicate;
    }

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

/// The prover of this project, for the predicates of its library and any other that has an artefact.
pub struct Groth16 {
    engine: Box<dyn Engine>,
    served: RwLock<BTreeMap<PredicateId, Arc<Served>>>,
    /// Where keys of predicates that are taken up later are kept, or made; none are taken up without.
    learned: Option<PathBuf>,
    /// Fuel of the native run of those.
    fuel: u64,
}

struct Served {
    program: Program,
    keys: Arc<Keys>,
    prepared: PreparedKey,
    /// The keys in the engine's form, from the first proof on.
    prover: OnceLock<zera_prover::Prover>,
}

impl Served {
    fn new(program: Program, keys: Arc<Keys>) -> Arc<Served> {
        let prepared = keys.verifying.prepare();
        Arc::new(Served { program, keys, prepared, prover: OnceLock::new() })
    }

    fn prover(&self, engine: &dyn Engine) -> Result<&zera_prover::Prover, ProveError> {
        if let Some(prover) = self.prover.get() {
            return Ok(prover);
        }
        let prover = zera_prover::Prover::new(engine, &self.keys.proving, &self.program.artefact.matrices)?;
        Ok(self.prover.get_or_init(|| prover))
    }
}

impl Groth16 {
    /// Loads keys for `predicates`, or for all of the library and of `programs`.
    ///
    /// Blocking: artefacts are built and proving keys read or made, seconds the first time.
    ///
    /// # Errors
    /// [`DaemonError::Predicate`] for one that is neither in the library nor among `programs`, or that there are no keys for.
    pub fn load(
        source: &KeySource,
        predicates: Option<&[PredicateId]>,
        programs: &[Program],
    ) -> Result<Groth16, DaemonError> {
        let mut chosen: Vec<(PredicateId, Program)> = Vec::new();
        match predicates {
            Some(ids) => {
                for id in ids {
                    let given = programs.iter().find(|program| program.id() == *id).cloned();
                    let program = given.or_else(|| zera_library::by_id(id).map(Program::built_in));
                    let program = program.ok_or_else(|| DaemonError::Predicate {
                        predicate: id.to_string(),
                        what: "neither in this build's library nor among the files given".to_owned(),
                    })?;
                    chosen.push((*id, program));
                }
            }
            None => {
                let library = zera_library::registry().iter().map(Program::built_in);
                chosen.extend(library.chain(programs.iter().cloned()).map(|program| (program.id(), program)));
            }
        }
        let mut served = BTreeMap::new();
        for (id, program) in chosen {
            let name = || program.artefact.manifest.name.clone();
            let keys = match source {
                KeySource::Folder(dir) => zera_params::dev_keys_cached(dir, &program.artefact)
                    .map(Arc::new)
                    .map_err(|error| DaemonError::Predicate { predicate: name(), what: error.to_string() })?,
                KeySource::Given(given) => match given.get(&id) {
                    Some(keys) => Arc::clone(keys),
                    // Named predicates must be served; of the whole library, what there are keys for.
                    None if predicates.is_none() => continue,
                    None => {
                        let what = "no keys were given".to_owned();
                        return Err(DaemonError::Predicate { predicate: name(), what });
                    }
                },
            };
            served.insert(id, Served::new(program, keys));
        }
        let engine = CpuEngine::from_environment().map_err(|error| DaemonError::Engine(error.to_string()))?;
        Ok(Groth16 { engine: Box::new(engine), served: RwLock::new(served), learned: None, fuel: wasm::FUEL })
    }

    /// With another engine.
    #[must_use]
    pub fn with_engine(self, engine: Box<dyn Engine>) -> Groth16 {
        Groth16 { engine, ..self }
    }

    /// Takes up predicates that the network knows; their development keys are kept in `folder`.
    #[must_use]
    pub fn with_learning(self, folder: PathBuf) -> Groth16 {
        Groth16 { learned: Some(folder), ..self }
    }

    /// With this much fuel for a native run of predicates that are taken up; those that were given have their own.
    #[must_use]
    pub fn with_fuel(self, fuel: u64) -> Groth16 {
        Groth16 { fuel, ..self }
    }

    fn served(&self, predicate: &PredicateId) -> Result<Arc<Served>, ProveFault> {
        let served = self.served.read().unwrap_or_else(PoisonError::into_inner);
        served.get(predicate).cloned().ok_or(ProveFault::NotServed(*predicate))
    }
}

impl Prover for Groth16 {
    fn offer(&self, predicate: &PredicateId) -> Option<Offer> {
        let served = self.served(predicate).ok()?;
        let artefact = &served.program.artefact;
        Some(Offer {
            name: artefact.manifest.name.clone(),
            key: served.prepared.id(),
            public_len: artefact.manifest.public_len as usize,
            private_len: artefact.manifest.private_len as usize,
            rows: artefact.matrices.rows() as u64,
        })
    }

    fn predicates(&self) -> Vec<PredicateId> {
        self.served.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    fn sample(&self, predicate: &PredicateId) -> Vec<u8> {
        self.served(predicate).map(|served| served.program.sample()).unwrap_or_default()
    }

    fn preview(&self, predicate: &PredicateId, public: &[u8], private: &[u8]) -> Result<Preview, ProveFault> {
        self.served(predicate)?.program.preview(public, private)
    }

    fn learn(&self, predicate: &PredicateId, key: &KeyId, bytes: &[u8], rows_max: u64) -> Result<(), ProveFault> {
        let folder = self.learned.as_ref().ok_or(ProveFault::NotServed(*predicate))?;
        let refuse = |what: String| ProveFault::Artefact(format!("predicate {predicate}: {what}"));
        let artefact = Artefact::decode(bytes).map_err(|error| refuse(error.to_string()))?;
        if artefact.predicate_id() != *predicate {
            return Err(refuse(format!("the file is predicate {}", artefact.predicate_id())));
        }
        let rows = artefact.matrices.rows() as u64;
        if rows > rows_max {
            return Err(refuse(format!("{rows} rows, at most {rows_max}")));
        }
        let program = Program::of(artefact).with_fuel(self.fuel);
        if let Native::Wasm(wasm) = &program.native {
            wasm.load()?;
        }
        let artefact = &program.artefact;
        // Milliseconds, before the seconds that proving keys take.
        let made = zera_params::dev_verifying_key(&artefact.matrices).map_err(|error| refuse(error.to_string()))?.id();
        if made != *key {
            return Err(refuse(format!("tasks are pinned to key {key}, the development key is {made}")));
        }
        let keys = zera_params::dev_keys_cached(folder, artefact).map_err(|error| refuse(error.to_string()))?;
        let served = Served::new(program, Arc::new(keys));
        self.served.write().unwrap_or_else(PoisonError::into_inner).insert(*predicate, served);
        Ok(())
    }

    fn forget(&self, predicate: &PredicateId) {
        self.served.write().unwrap_or_else(PoisonError::into_inner).remove(predicate);
    }

    fn prove(&self, order: &Order, tell: &mut dyn FnMut(Step)) -> Result<Answer, ProveFault> {
        let Order { binding, public, private, input_root: expected_root } = order;
        let served = self.served(&binding.predicate)?;
        let Served { program, prepared, .. } = served.as_ref();
        if prepared.id() != binding.key {
            return Err(ProveFault::NotServed(binding.predicate));
        }
        let root = input_root(public);
        if scalar_to_be(&root) != *expected_root {
            return Err(ProveFault::Root);
        }

        let (native, native_ns) = timed(|| program.native.answer(public, private));
        let native = native?;
        if let Some(outcome) = native {
            tell(Step::Native { outcome, ns: native_ns });
        }

        let inputs = TapeInputs { binding: binding.to_scalar(), public, private };
        let (z, ns) = timed(|| program.artefact.tape.run(&inputs));
        let z = z?;
        tell(Step::Witness { wires: z.len() as u64, ns });

        let matrices = &program.artefact.matrices;
        let (rows, ns) = timed(|| matrices.check(&z));
        rows?;
        tell(Step::Rows { rows: matrices.rows() as u64, ns });

        // The statement is rebuilt as the chain will, and must be what the assignment says.
        let outcome = program.outcome(&z, native)?;
        let declared = program.declared(&z).to_vec();
        let statement = Statement { outcome, binding: inputs.binding, input_root: root, declared };
        let publics = statement.public_inputs();
        if z.get(1..=matrices.publics as usize) != Some(publics.as_slice()) {
            let circuit = "another statement".to_owned();
            return Err(ProveFault::Disagree { circuit, native: outcome.as_str() });
        }

        let watch = Watch { progress: &mut |_| (), cancelled: &AtomicBool::new(false) };
        let (proof, ns) =
            timed(|| served.prover(self.engine.as_ref())?.prove(matrices, &z, &Blinding::random(&mut OsRng), watch));
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
        Ok(Answer { outcome, declared, proof: Box::new(bytes) })
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let start = Instant::now();
    let value = work();
    (value, u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX))
}
