//! `zera task lock`, `attest`, `challenge` and `settle`: an answer without a proof, and what becomes of it, by hand.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, anyhow};
use rand::RngCore;
use rand::rngs::OsRng;
use serde_json::json;
use zera_abi::{Outcome, TaskId};
use zera_host::Action;
use zera_kernels::CpuEngine;
use zera_market::{Answer, challenge_digest, commit_digest};
use zera_params::{Manifest, load_manifest};
use zera_prover::{Blinding, Watch};
use zera_provider::view::{TaskStage, TaskView};
use zera_r1cs::TapeInputs;
use zera_statement::{Binding, Statement, input_root, scalar_from_be, scalar_to_be};
use zera_verifier::{Proof, PublicInputs, verify};

use super::find;
use crate::arg;
use crate::cache::CacheArgs;
use crate::cmd::predicate::{declared, outcome_of};
use crate::cmd::prove;
use crate::network::{FUEL, SignerArgs, block_on, fuel_of, prices, report, send};
use crate::output::{Blame, Failure, Output, Verdict};
use crate::predicates;
use crate::progress::Progress;

/// Which task, and who acts.
#[derive(clap::Args, Debug)]
pub struct Lock {
    /// The task.
    #[arg(value_name = "ID", value_parser = arg::id::<TaskId>)]
    task: TaskId,
    #[command(flatten)]
    signer: SignerArgs,
}

/// What the outcome is said to be.
#[derive(clap::Args, Debug)]
pub struct Say {
    /// The task.
    #[arg(value_name = "ID", value_parser = arg::id::<TaskId>)]
    task: TaskId,
    /// The outcome: true or false; of a challenge trap or bound-exceeded, too.
    #[arg(value_name = "OUTCOME", value_parser = outcome)]
    outcome: Outcome,
    #[command(flatten)]
    signer: SignerArgs,
}

/// What to prove the answer with.
#[derive(clap::Args, Debug)]
pub struct Settle {
    /// The task.
    #[arg(value_name = "ID", value_parser = arg::id::<TaskId>)]
    task: TaskId,
    /// The folder of keys.
    #[arg(long, value_name = "DIR")]
    keys: PathBuf,
    /// Private input, where the predicate reads any: hex, @FILE, or a JSON object by fields.
    #[arg(long, value_name = "HEX|@FILE|JSON")]
    private: Option<String>,
    #[command(flatten)]
    cache: CacheArgs,
    #[command(flatten)]
    signer: SignerArgs,
}

fn outcome(text: &str) -> Result<Outcome, String> {
    [Outcome::True, Outcome::False, Outcome::Trap, Outcome::BoundExceeded]
        .into_iter()
        .find(|outcome| outcome.as_str().replace(' ', "-") == text)
        .ok_or_else(|| "expected true, false, trap or bound-exceeded".to_owned())
}

/// Locks a task at the next block's price.
///
/// # Errors
/// [`Failure`].
pub fn lock(args: &Lock, out: Output) -> Result<Verdict, Failure> {
    let wallet = args.signer.wallet()?;
    let result = block_on(send(&wallet, Action::Lock { task: args.task }, FUEL))?;
    Ok(report(out, &result, "locked", &[]))
}

/// Answers a locked task without a proof.
///
/// # Errors
/// [`Failure`].
pub fn attest(args: &Say, out: Output) -> Result<Verdict, Failure> {
    let wallet = args.signer.wallet()?;
    let action = Action::Attest { task: args.task, outcome: args.outcome, declared: Vec::new() };
    let result = block_on(send(&wallet, action, FUEL))?;
    Ok(report(out, &result, "attested", &[("outcome", args.outcome.as_str().into())]))
}

/// Commits to a challenge and reveals it in the block after.
///
/// # Errors
/// [`Failure`].
pub fn challenge(args: &Say, out: Output) -> Result<Verdict, Failure> {
    let (wallet, task) = (args.signer.wallet()?, args.task);
    let mut salt = [0; 32];
    OsRng.fill_bytes(&mut salt);
    let digest = commit_digest(&salt, &wallet.account(), &task, &challenge_digest(args.outcome));
    let committed = block_on(send(&wallet, Action::Commit { task, digest }, FUEL))?;
    if !committed.is_done() {
        return Ok(report(out, &committed, "committed", &[]));
    }
    // A transaction after it is in a later block.
    let result = block_on(send(&wallet, Action::Challenge { task, salt, claimed: args.outcome }, FUEL))?;
    Ok(report(out, &result, "challenged", &[("claimed", args.outcome.as_str().into())]))
}

/// Proves the answer of a challenged task, whichever it is, and sends it.
///
/// # Errors
/// [`Failure`].
pub fn settle(args: &Settle, out: Output) -> Result<Verdict, Failure> {
    let client = args.signer.client()?;
    let wallet = args.signer.wallet()?;
    let task = block_on(find(&client, &args.task))?;
    if task.state != TaskStage::Challenged {
        return Err(Failure::Input(anyhow!("task {}: {}, not challenged", task.id, task.state)));
    }
    let chain = block_on(async { client.status().await.map_err(crate::network::blame) })?.chain_id;
    let subject = block_on(predicates::open_on(&task.predicate.to_string(), &client))?;
    let private = subject.private(args.private.as_deref())?;
    let binding = Binding {
        chain,
        task: task.id,
        key: task.key,
        predicate: task.predicate,
        provider: wallet.account(),
        not_after: task.not_after,
    };
    let answer = answer(args, &task, &subject, &private, &binding)?;
    let outcome = answer.outcome;
    let action = Action::Settle { task: task.id, answer };
    let (_, cost) = block_on(prices(&client))?;
    let fuel = fuel_of(&cost, &wallet.account(), &action);
    let result = block_on(send(&wallet, action, fuel))?;
    let upheld = task.outcome == Some(outcome);
    Ok(report(out, &result, "settled", &[("outcome", outcome.as_str().into()), ("upheld", json!(upheld))]))
}

/// The task's answer with a proof that names the settler, verified before it leaves the house.
fn answer(
    args: &Settle,
    task: &TaskView,
    subject: &crate::subject::Subject,
    private: &[u8],
    binding: &Binding,
) -> Result<Answer, Failure> {
    let progress = Progress::start("loading keys");
    let artefact = &*subject.artefact;
    let manifest = Manifest::read(&args.keys).input()?;
    if manifest.key != task.key {
        return Err(Failure::Input(anyhow!(
            "{}: key {}, the task's is {}",
            args.keys.display(),
            manifest.key,
            task.key
        )));
    }
    let engine = CpuEngine::from_environment().input()?;
    let (manifest, verifying) = load_manifest(&args.keys, &manifest.key).input()?;
    let prover = prove::prover(&args.cache, &args.keys, &manifest, &artefact.matrices, &engine)?;

    progress.step("computing the witness");
    let inputs = TapeInputs { binding: binding.to_scalar(), public: &task.public, private };
    let z = artefact.tape.run(&inputs).input()?;
    let outcome = outcome_of(&z).context("the circuit gives no outcome for this input").input()?;
    let statement = Statement {
        outcome,
        binding: inputs.binding,
        input_root: input_root(&task.public),
        declared: declared(artefact, &z).copied().collect(),
    };
    if scalar_from_be(&task.input_root) != Some(statement.input_root) {
        return Err(Failure::Environment(anyhow!("task {}: its public input does not have its root", task.id)));
    }
    let mut stage = |stage: zera_prover::Stage| progress.step(format!("proving: {}", stage.name()));
    let watch = Watch { progress: &mut stage, cancelled: &AtomicBool::new(false) };
    let (proof, _) = prover.prove(&artefact.matrices, &z, &Blinding::random(&mut OsRng), watch).input()?;
    let proof = Proof::from_points(proof.a, proof.b, proof.c).input()?;
    let publics = PublicInputs::from_scalars(statement.public_inputs());
    verify(&verifying.prepare(), &publics, &proof)
        .context("the new proof does not verify: keys and predicate do not belong together")
        .input()?;
    let declared = statement.declared.iter().map(scalar_to_be).collect();
    Ok(Answer { outcome, declared, proof: Box::new(proof.encode()) })
}
