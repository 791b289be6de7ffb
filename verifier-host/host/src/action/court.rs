//! The native court: the host runs a predicate's own program on the input that the chain holds. It settles a challenge (T9d), or
//! shows that a proof which was taken says something else, and withdraws the key.
//!
//! Whoever asks brings the program and the manifest, which the chain knows by their hashes only. A run has an answer where the
//! public input alone decides: no private bytes, no declared values. The run's bounds are the circuit's (`zera.bound`); its fuel
//! is the caller's choice, and a run for which it does not last says nothing.
//!
//! The module is compiled without optimisation and refused where a recursion within its fuel could fill the native stack, so that
//! every node has the same end of every run.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use zera_abi::{AccountId, Amount, Height, KeyId, Outcome, Status, TaskId};
use zera_market::{NativeRun, Ruling, TaskState};
use zera_native::{Inputs, LoadError, Predicate, RunError, Weight};
use zera_r1cs::Manifest;

use super::{Done, Stop, done, refuse};
use crate::event::Event;
use crate::intrinsics::Gadgets;
use crate::registry::Publication;
use crate::state::State;
use crate::world::NodeFault;

/// Most fuel of a native run.
pub const NATIVE_FUEL_MAX: u64 = 100_000_000;

/// What whoever asks for a run brings.
pub(super) struct Run<'a> {
    /// Most fuel of the run.
    pub(super) fuel: u64,
    /// What the transaction was charged.
    pub(super) fee: Amount,
    /// Bytes of the predicate's program.
    pub(super) program: &'a [u8],
    /// Bytes of its manifest.
    pub(super) manifest: &'a [u8],
}

/// What a run decides.
enum Question {
    /// A challenge that nobody has settled.
    Challenge,
    /// A proof of this outcome under this key that was taken, and whose task is not final.
    Proof { key: KeyId, outcome: Outcome },
}

/// What the program takes, where it is one.
pub(super) fn weigh(program: &[u8], manifest: &[u8]) -> Option<Weight> {
    let manifest = Manifest::from_bytes(manifest).ok()?;
    Predicate::weigh(program, &manifest.entry).ok()
}

/// Runs the task's predicate and decides by what it says.
pub(super) fn settle(state: &mut State, sender: AccountId, id: &TaskId, run: &Run<'_>) -> Result<Done, Stop> {
    let Some(task) = state.market.task(id) else {
        return refuse(Status::NotFound, format!("task {id} is not known"));
    };
    let question = question(task.state(), *task.key(), state.height)?;
    let predicate = *task.predicate();
    let Some(row) = state.predicate(&predicate)? else {
        return refuse(Status::NotFound, format!("predicate {predicate} is not published"));
    };
    let Some(input) = state.input(id)? else {
        return refuse(Status::NotFound, format!("the public input of task {id} is not known"));
    };
    let entry = entry(&row.publication, run, input.public.len())?;
    let ran = execute(run, &entry, &input.public)?;
    let Executed { outcome, fuel_used } = ran;
    state.events.push(Event::NativeRun { task: *id, settler: sender, outcome, fuel_used, fee: run.fee });
    match question {
        Question::Challenge => {
            let now = state.height;
            let ruling = state.market.settle_natively(now, id, sender, NativeRun { outcome, fee: run.fee })?;
            match ruling {
                Ruling::Accepted | Ruling::Failed => Ok(done(format!("the native run says {outcome}"))),
                Ruling::Rejected(_) => refuse(Status::No, "a native run is not judged"),
            }
        }
        Question::Proof { outcome: proved, .. } if proved == outcome => {
            refuse(Status::No, format!("the native run says {outcome}, as the proof does"))
        }
        Question::Proof { key, outcome: proved } => {
            let reward = state.market.withdraw_key(key, sender)?;
            state.events.push(Event::KeyContradicted { task: *id, key, reporter: sender, proved, native: outcome });
            Ok(done(format!(
                "the proof says {proved}, the native run {outcome}: key {key} is withdrawn; the reporter is paid {reward} ZRA"
            )))
        }
    }
}

/// What there is to decide, before anything is run.
fn question(state: &TaskState, key: KeyId, now: Height) -> Result<Question, Stop> {
    match state {
        TaskState::Challenged { until, .. } if now > *until => {
            refuse(Status::Deadline, format!("the challenge was to be settled by height {until}"))
        }
        TaskState::Challenged { .. } => Ok(Question::Challenge),
        TaskState::Accepted { dispute: Some(dispute), .. } if dispute.native_fee.is_some() => {
            refuse(Status::State, "a native run has settled it already")
        }
        TaskState::Accepted { outcome, .. } => Ok(Question::Proof { key, outcome: *outcome }),
        _ => refuse(Status::State, "neither challenged nor proved and not yet final"),
    }
}

/// The function to call, once it is sure that these bytes are the predicate and that the public input alone decides.
fn entry(publication: &Publication, run: &Run<'_>, public_len: usize) -> Result<String, Stop> {
    if run.fuel > NATIVE_FUEL_MAX {
        return refuse(
            Status::Limit,
            format!("a native run has at most {NATIVE_FUEL_MAX} fuel, asked for {}", run.fuel),
        );
    }
    if Sha256::digest(run.manifest).as_slice() != publication.manifest_hash {
        return refuse(Status::Encoding, "the manifest is not the predicate's");
    }
    if Sha256::digest(run.program).as_slice() != publication.program_hash {
        return refuse(Status::Encoding, "the program is not the predicate's");
    }
    let manifest = match Manifest::from_bytes(run.manifest) {
        Ok(manifest) => manifest,
        Err(error) => return refuse(Status::Encoding, error.to_string()),
    };
    if manifest.entry.is_empty() {
        return refuse(Status::Unsupported, "the predicate has no program with an entry");
    }
    // The manifest is in the predicate's id; what the publisher said beside it is not.
    if manifest.private_len != 0 || publication.private_len != 0 {
        return refuse(Status::Unsupported, "the predicate reads private bytes, which nobody here has");
    }
    if !manifest.declared.is_empty() || publication.declared != 0 {
        return refuse(Status::Unsupported, "the predicate declares values, and a native run has none");
    }
    if usize::try_from(manifest.public_len).ok() != Some(public_len) {
        let why = format!("the predicate takes {} public bytes, the task has {public_len}", manifest.public_len);
        return refuse(Status::Unsupported, why);
    }
    Ok(manifest.entry)
}

/// How a run ended.
struct Executed {
    outcome: Outcome,
    /// All that it was given, after an instruction's trap.
    fuel_used: u64,
}

fn execute(run: &Run<'_>, entry: &str, public: &[u8]) -> Result<Executed, Stop> {
    let engine = |message| Stop::Fault(NodeFault::Engine { what: "native run", message });
    let unusable = |error: LoadError| match error {
        LoadError::Engine { message } => engine(message),
        error => Stop::Refused(Status::Unsupported, error.to_string()),
    };
    let most = Predicate::weigh(run.program, entry).map_err(unusable)?.fuel_max();
    if run.fuel > most {
        let why = format!("with frames as large as this program's a run has at most {most} fuel");
        return refuse(Status::Limit, why);
    }
    let predicate = Predicate::load_plain(run.program, entry, Arc::new(Gadgets)).map_err(unusable)?;
    match predicate.run(&Inputs { public, private: &[] }, run.fuel) {
        Ok(ran) => Ok(Executed { outcome: ran.outcome, fuel_used: ran.fuel_used }),
        Err(error @ RunError::OutOfFuel { .. }) => refuse(Status::Limit, format!("{error}: that settles nothing")),
        Err(error @ RunError::Parameters { .. }) => refuse(Status::Unsupported, error.to_string()),
        Err(error) => Err(engine(error.to_string())),
    }
}
