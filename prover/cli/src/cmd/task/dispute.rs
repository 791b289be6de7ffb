//! `zera task lock`, `attest`, `challenge` and `settle`: an answer without a proof, and what becomes of it, by hand.

use std::path::PathBuf;

use anyhow::anyhow;
use rand::RngCore;
use rand::rngs::OsRng;
use serde_json::json;
use zera_abi::{Outcome, TaskId};
use zera_host::Action;
use zera_market::{Answer, challenge_digest, commit_digest};
use zera_params::Manifest;
use zera_provider::view::{TaskStage, TaskView};
use zera_provider::{Case, Client, Program, Wallet};
use zera_statement::{Binding, input_root, scalar_from_be, scalar_to_be};

use super::find;
use crate::arg;
use crate::cache::CacheArgs;
use crate::cmd::prove;
use crate::network::{FUEL, SignerArgs, block_on, fuel_of, prices, report, send};
use crate::output::{Blame, Failure, Output, Verdict};
use crate::predicates;
use crate::subject::{Given, Subject};

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
    /// The folder of keys to prove with.
    #[arg(long, value_name = "DIR", required_unless_present = "native", conflicts_with = "native")]
    keys: Option<PathBuf>,
    /// Have the chain run the predicate: a .zpred file or an id; where nothing is given, the file that the node has.
    #[arg(long, value_name = "P", num_args = 0..=1, default_missing_value = "")]
    native: Option<String>,
    /// Private input, where the predicate reads any: hex, @FILE, or a JSON object by fields.
    #[arg(long, value_name = "HEX|@FILE|JSON", conflicts_with = "native")]
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

/// Proves the answer of a challenged task, whichever it is, and sends it; or has the chain run the predicate.
///
/// # Errors
/// [`Failure`].
pub fn settle(args: &Settle, out: Output) -> Result<Verdict, Failure> {
    let client = args.signer.client()?;
    let wallet = args.signer.wallet()?;
    // Files are read before the node is asked for anything.
    let brought = match args.native.as_deref() {
        Some(name) if !name.is_empty() => Some(block_on(predicates::open_on(name, &client))?),
        _ => None,
    };
    let private = Given::private(args.private.as_deref().unwrap_or_default())?;
    if let Some(keys) = &args.keys {
        Manifest::read(keys).input()?;
    }
    let task = block_on(find(&client, &args.task))?;
    if args.native.is_some() {
        let subject = match brought {
            Some(subject) => subject,
            None => block_on(predicates::open_on(&task.predicate.to_string(), &client))?,
        };
        return settle_natively(subject, &task, &wallet, out);
    }
    let Some(keys) = &args.keys else {
        return Err(Failure::Input(anyhow!("either --keys or --native")));
    };
    if task.state != TaskStage::Challenged {
        return Err(Failure::Input(anyhow!("task {}: {}, not challenged", task.id, task.state)));
    }
    let chain = block_on(async { client.status().await.map_err(crate::network::blame) })?.chain_id;
    let subject = block_on(predicates::open_on(&task.predicate.to_string(), &client))?;
    let private = subject.private_of(private)?;
    let binding = Binding {
        chain,
        task: task.id,
        key: task.key,
        predicate: task.predicate,
        provider: wallet.account(),
        not_after: task.not_after,
    };
    if scalar_from_be(&task.input_root) != Some(input_root(&task.public)) {
        return Err(Failure::Environment(anyhow!("task {}: its public input does not have its root", task.id)));
    }
    let made = prove::make(&subject, keys, &args.cache, &task.public, &private, &binding)?;
    let outcome = made.statement.outcome;
    let declared = made.statement.declared.iter().map(scalar_to_be).collect();
    let answer = Answer { outcome, declared, proof: Box::new(made.proof.encode()) };
    let action = Action::Settle { task: task.id, answer };
    let (_, cost) = block_on(prices(&client))?;
    let fuel = fuel_of(&cost, &wallet.account(), &action);
    let result = block_on(send(&wallet, action, fuel))?;
    let upheld = task.outcome == Some(outcome);
    Ok(report(out, &result, "settled", &[("outcome", outcome.as_str().into()), ("upheld", json!(upheld))]))
}

/// Brings the program before the chain, which runs it on the input that it holds.
fn settle_natively(
    subject: Subject,
    task: &TaskView,
    wallet: &Wallet<Client>,
    out: Output,
) -> Result<Verdict, Failure> {
    if !matches!(task.state, TaskStage::Challenged | TaskStage::Accepted) {
        return Err(Failure::Input(anyhow!("task {}: {}, neither challenged nor accepted", task.id, task.state)));
    }
    let client = wallet.client();
    let name = subject.artefact.manifest.name.clone();
    let program = Program { artefact: subject.artefact, native: subject.native };
    if program.id() != task.predicate {
        return Err(Failure::Input(anyhow!("{name}: is predicate {}, the task's is {}", program.id(), task.predicate)));
    }
    // What it will say is known before a fee is paid.
    let case = Case::new(&program, &task.public).map_err(|why| Failure::Input(anyhow!("{name}: {why}")))?;
    let outcome = case.outcome;
    if task.state == TaskStage::Accepted && task.outcome == Some(outcome) {
        return Err(Failure::Input(anyhow!("task {}: the native run says {outcome} as well", task.id)));
    }
    let (_, cost) = block_on(prices(client))?;
    let result = block_on(send(wallet, case.action(task.id), case.price(&cost)))?;
    let upheld = task.outcome == Some(outcome);
    let extra = [("outcome", outcome.as_str().into()), ("upheld", json!(upheld)), ("native_fuel", json!(case.fuel))];
    Ok(report(out, &result, "settled", &extra))
}
