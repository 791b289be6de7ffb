//! The measuring.

mod cold; // keys from disk to a first proof
mod saturated; // every processor at a proof of its own

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use rand::rngs::OsRng;
use rayon::{ThreadPool, ThreadPoolBuilder};
use zera_abi::Status;
use zera_abi::wire::PROOF_LEN;
use zera_host::CostSchedule;
use zera_kernels::CpuEngine;
use zera_params::manifest::proving_key_len;
use zera_prover::{Blinding, Peer, Prover, Stage, Watch};
use zera_statement::Fr;
use zera_verifier::{PreparedKey, Proof, PublicInputs, verify, verify_bytes};

use crate::bench::machine::{Memory, memory_of};
use crate::bench::plan::Plan;
use crate::bench::report::{Cell, Kind, Measured, Sample, Sizes};
use crate::bench::subject::Subject;
use crate::bench::unit;
use crate::cmd::predicate::timed;
use crate::network::{block_on, stop_signal};
use crate::output::{Blame, Failure};
use crate::progress::Progress;

/// Verifications are short: so many of them, whatever a plan says of proofs.
const VERIFICATIONS: usize = 100;

/// Whether the person who waits has had enough.
#[derive(Clone)]
pub struct Patience(Arc<AtomicBool>);

impl Patience {
    /// Ends with the first signal to stop; a second one ends the process at once.
    pub fn start() -> Patience {
        let patience = Patience(Arc::new(AtomicBool::new(false)));
        let flag = Arc::clone(&patience.0);
        // Without the thread a signal ends the process as it does by itself.
        let _thread = std::thread::Builder::new().name("zera-signal".to_owned()).spawn(move || {
            while block_on(stop_signal()).is_ok() {
                if flag.swap(true, Ordering::Relaxed) {
                    std::process::exit(3);
                }
            }
        });
        patience
    }

    /// # Errors
    /// The environment's, once it has ended.
    pub fn check(&self) -> Result<(), Failure> {
        if self.0.load(Ordering::Relaxed) {
            return Err(Failure::Environment(anyhow!("interrupted: nothing is written")));
        }
        Ok(())
    }
}

/// What measures.
pub struct Bench<'a> {
    /// How much.
    pub plan: &'a Plan,
    /// With what.
    pub engine: &'a CpuEngine,
    /// Until when.
    pub patience: &'a Patience,
    /// Whom to tell.
    pub progress: &'a Progress,
}

/// A subject, ready to be proved.
struct Ready<'a> {
    subject: &'a Subject,
    prover: Prover,
    z: Vec<Fr>,
    verifier: PreparedKey,
}

/// Pool of so many threads.
///
/// # Errors
/// The environment's.
pub fn pool(threads: usize) -> Result<ThreadPool, Failure> {
    ThreadPoolBuilder::new().num_threads(threads).build().context("starting threads").environment()
}

impl Bench<'_> {
    /// Everything about a circuit; `make` makes it, keys included.
    ///
    /// # Errors
    /// [`Failure`]; that a new proof does not verify is one.
    pub fn measure(&self, name: &str, make: impl FnOnce() -> Result<Subject, Failure>) -> Result<Measured, Failure> {
        self.step(name, "making development keys")?;
        let (subject, keys_ns) = timed(make);
        let subject = &subject?;
        let chain = subject.kind == Kind::Chain;
        // First of all, so that the first of them is the process' first proof of this circuit.
        let cold = if chain { Vec::new() } else { self.cold(subject)? };
        let z = subject.assign()?;
        let publics = subject.keys.shape.publics as usize;
        let ready = Ready {
            prover: Prover::new(self.engine, &subject.keys.proving, subject.matrices()).input()?,
            verifier: subject.keys.verifying.prepare(),
            z,
            subject,
        };
        let cells = self.cells(&ready)?;
        let verify = if chain { Vec::new() } else { self.verify(&ready)? };
        let saturated = if chain { None } else { Some(self.saturated(&ready)?) };
        let cost = CostSchedule::v1();
        Ok(Measured {
            name: subject.name.clone(),
            kind: subject.kind,
            sizes: sizes(subject),
            keys_ns,
            cells,
            cold,
            verify,
            verify_fuel: cost.verify(publics),
            claim_fuel: subject.claim().map(|(public, declared)| cost.verify_claim(public, declared)),
            saturated,
        })
    }

    fn step(&self, name: &str, what: &str) -> Result<(), Failure> {
        self.progress.step(format!("{name}: {what}"));
        self.patience.check()
    }

    /// One cell for each number of threads. Memory comes first, while the peer's matrices are not there yet.
    fn cells(&self, ready: &Ready<'_>) -> Result<Vec<Cell>, Failure> {
        let chain = ready.subject.kind == Kind::Chain;
        let (threads, samples) = match chain {
            true => (&self.plan.chain_threads, self.plan.chain_samples),
            false => (&self.plan.threads, self.plan.samples),
        };
        let mut cells = Vec::new();
        for &threads in threads {
            self.step(&ready.subject.name, &format!("memory on {}", unit::threads(threads)))?;
            let pool = pool(threads)?;
            let (proved, memory) = memory_of(|| pool.install(|| ready.prove(&random())));
            ready.check(&proved?.1)?;
            cells.push((pool, memory));
        }
        let peer = Peer::new(ready.subject.matrices());
        cells.into_iter().map(|(pool, memory)| self.cell(ready, &peer, &pool, memory, samples)).collect()
    }

    /// Ours and the peer's in turns, in alternating order.
    fn cell(
        &self,
        ready: &Ready<'_>,
        peer: &Peer,
        pool: &ThreadPool,
        memory: Option<Memory>,
        samples: usize,
    ) -> Result<Cell, Failure> {
        let threads = pool.current_num_threads();
        self.step(
            &ready.subject.name,
            &format!("proving on {}, in turns with {}", unit::threads(threads), Peer::NAME),
        )?;
        let key = &ready.subject.keys.proving;
        let ours = |blinding: &Blinding| pool.install(|| ready.prove(blinding));
        let theirs = |blinding: &Blinding| {
            let (proof, ns) = timed(|| pool.install(|| peer.prove(key, &ready.z, blinding)));
            Ok::<_, Failure>((proof.input()?, ns))
        };
        let mut cell = Cell { threads, memory, ours: Vec::new(), peer: Vec::new() };
        let mut start = Instant::now();
        for turn in 0..self.plan.warmups + samples {
            self.patience.check()?;
            let blinding = random();
            let (our, their) = if turn % 2 == 0 {
                let our = ours(&blinding)?;
                (our, theirs(&blinding)?)
            } else {
                let their = theirs(&blinding)?;
                (ours(&blinding)?, their)
            };
            let (sample, proof) = our;
            if proof != Proof::from_points(their.0.a, their.0.b, their.0.c).input()? {
                return Err(Failure::Environment(anyhow!("{}: the two provers differ", ready.subject.name)));
            }
            if turn < self.plan.warmups {
                start = Instant::now();
                continue;
            }
            cell.ours.push(sample);
            cell.peer.push(their.1);
            if cell.ours.len() >= Plan::LEAST && start.elapsed() > self.plan.cell {
                break;
            }
        }
        Ok(cell)
    }

    /// Decoding and verifying, as the host does it: on one thread.
    fn verify(&self, ready: &Ready<'_>) -> Result<Vec<u64>, Failure> {
        self.step(&ready.subject.name, "verifying")?;
        let (_, proof) = ready.prove(&random())?;
        let (inputs, proof) = (inputs(ready.subject, &ready.z).encode(), proof.encode());
        let mut times = Vec::new();
        for turn in 0..self.plan.warmups + VERIFICATIONS {
            self.patience.check()?;
            let (status, ns) = timed(|| verify_bytes(&ready.verifier, &inputs, &proof));
            if status != Status::Ok {
                return Err(Failure::Environment(anyhow!("{}: a new proof does not verify", ready.subject.name)));
            }
            if turn >= self.plan.warmups {
                times.push(ns);
            }
        }
        Ok(times)
    }
}

impl Ready<'_> {
    /// From the input's bytes to a proof, on the current pool.
    fn prove(&self, blinding: &Blinding) -> Result<(Sample, Proof), Failure> {
        let (z, witness_ns) = timed(|| self.subject.assign());
        let (proof, sample) = prove(&self.prover, self.subject, &z?, blinding)?;
        Ok((Sample { witness_ns, ..sample }, proof))
    }

    fn check(&self, proof: &Proof) -> Result<(), Failure> {
        check(self.subject, &self.verifier, &self.z, proof)
    }
}

/// A proof verifies.
fn check(subject: &Subject, verifier: &PreparedKey, z: &[Fr], proof: &Proof) -> Result<(), Failure> {
    let verified = verify(verifier, &inputs(subject, z), proof);
    verified.with_context(|| format!("{}: a new proof", subject.name)).environment()
}

/// The public inputs of an assignment.
fn inputs(subject: &Subject, z: &[Fr]) -> PublicInputs {
    PublicInputs::from_scalars(z[1..=subject.matrices().publics as usize].to_vec())
}

/// A proof; the sample has no witness time yet.
fn prove(prover: &Prover, subject: &Subject, z: &[Fr], blinding: &Blinding) -> Result<(Proof, Sample), Failure> {
    let watch = Watch { progress: &mut |_| (), cancelled: &AtomicBool::new(false) };
    let (proof, times) = prover.prove(subject.matrices(), z, blinding, watch).input()?;
    let sample = Sample {
        witness_ns: 0,
        stages_ns: Stage::ALL.map(|stage| nanoseconds(times.of(stage))),
        prove_ns: nanoseconds(times.total),
    };
    Ok((Proof::from_points(proof.a, proof.b, proof.c).input()?, sample))
}

fn random() -> Blinding {
    Blinding::random(&mut OsRng)
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn sizes(subject: &Subject) -> Sizes {
    let (matrices, shape) = (subject.matrices(), &subject.keys.shape);
    let nonzeros = [&matrices.a, &matrices.b, &matrices.c].map(|matrix| matrix.nonzeros() as u64);
    Sizes {
        rows: matrices.rows() as u64,
        wires: u64::from(matrices.wires),
        domain: shape.domain(),
        nonzeros: nonzeros.iter().sum(),
        publics: u64::from(matrices.publics),
        proving_key_bytes: proving_key_len(shape),
        verifying_key_bytes: subject.keys.verifying.encode().len() as u64,
        proof_bytes: PROOF_LEN as u64,
    }
}
