//! `zera contract`: deploy, call, query, storage.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use serde_json::{Value, json};
use zera_abi::{AccountId, Amount, Height};
use zera_host::validate::{MODULE_MAX, validate};
use zera_host::{Action, ConfigEntry};
use zera_provider::http::Client;
use zera_provider::view::Cursor;

use crate::arg::{self, Account};
use crate::network::{CALL_FUEL, NodeArgs, SignerArgs, blame, block_on, fuel_of, prices, report, send};
use crate::output::{Blame, Failure, Output, Verdict};
use crate::{file, subject};

/// Most bytes of a call's input; a transaction takes no more.
const INPUT_MAX: u64 = 256 * 1024;
/// Most events that are looked through after a call.
const EVENTS: usize = 1000;

/// What to do with contracts.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Deploy a module; prints the contract's address.
    Deploy {
        /// The module.
        #[arg(value_name = "FILE.wasm")]
        wasm: PathBuf,
        /// A configured amount, such as OFFCHAIN_COMP_BOUNTY=4; in ZRA, or in smallest units with a u after them.
        #[arg(long, value_name = "KEY=ZRA", value_parser = arg::assignment)]
        config: Vec<(String, Amount)>,
        /// Money for the contract, from the account that deploys it.
        #[arg(long, value_name = "ZRA", value_parser = arg::amount, default_value = "0")]
        endow: Amount,
        #[command(flatten)]
        signer: SignerArgs,
    },
    /// Call an entry in a transaction.
    Call {
        /// The contract.
        #[arg(value_name = "ADDR", value_parser = arg::id::<AccountId>)]
        contract: AccountId,
        /// The exported function.
        entry: String,
        #[command(flatten)]
        input: CallInput,
        #[command(flatten)]
        signer: SignerArgs,
    },
    /// Call an entry without keeping anything, and print what it returns.
    Query {
        /// The contract.
        #[arg(value_name = "ADDR", value_parser = arg::id::<AccountId>)]
        contract: AccountId,
        /// The exported function.
        entry: String,
        #[command(flatten)]
        input: CallInput,
        /// Who seems to call: an account's id, or its key file.
        #[arg(long, value_name = "ID|KEYFILE")]
        caller: Option<Account>,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// What lies under a key of a contract's storage: exit code 1 where nothing does.
    Storage {
        /// The contract.
        #[arg(value_name = "ADDR", value_parser = arg::id::<AccountId>)]
        contract: AccountId,
        /// The key, as text, or as hex after 0x.
        key: String,
        #[command(flatten)]
        node: NodeArgs,
    },
}

/// The bytes that a contract reads.
#[derive(clap::Args, Debug)]
pub struct CallInput {
    /// The input: hex, or @FILE with the bytes.
    #[arg(long, value_name = "HEX|@FILE", conflicts_with = "predicate_input")]
    input: Option<String>,
    /// The input: a built-in predicate's public bytes, from JSON.
    #[arg(long, value_names = ["NAME", "JSON"], num_args = 2)]
    predicate_input: Option<Vec<String>>,
}

impl CallInput {
    fn bytes(&self) -> Result<Vec<u8>, Failure> {
        match (&self.input, self.predicate_input.as_deref()) {
            (Some(text), _) => arg::bytes(text, INPUT_MAX),
            (None, Some([name, json])) => {
                let predicate = zera_library::by_name(name);
                let missing = || format!("predicate {:?}: not built in (see: zera predicate list)", arg::shorten(name));
                subject::parse_json(predicate.with_context(missing).input()?, json)
            }
            (None, _) => Ok(Vec::new()),
        }
    }
}

/// Runs the command.
///
/// # Errors
/// [`Failure`].
pub fn run(command: &Command, out: Output) -> Result<Verdict, Failure> {
    match command {
        Command::Deploy { wasm, config, endow, signer } => deploy(wasm, config, *endow, signer, out),
        Command::Call { contract, entry, input, signer } => call(contract, entry, &input.bytes()?, signer, out),
        Command::Query { contract, entry, input, caller, node } => {
            let caller = caller.as_ref().map(Account::id).transpose()?;
            query(contract, entry, &input.bytes()?, caller.as_ref(), node, out)
        }
        Command::Storage { contract, key, node } => storage(contract, key, node, out),
    }
}

fn deploy(
    path: &Path,
    config: &[(String, Amount)],
    endowment: Amount,
    signer: &SignerArgs,
    out: Output,
) -> Result<Verdict, Failure> {
    let wasm = file::read(path, MODULE_MAX as u64)?;
    // What the host would refuse for a fee is refused here for nothing.
    let facts = validate(&wasm).with_context(|| path.display().to_string()).input()?;
    let config: Vec<ConfigEntry> =
        config.iter().map(|(key, amount)| ConfigEntry { key: key.clone(), amount: *amount }).collect();
    let wallet = signer.wallet()?;
    let action = Action::Deploy { wasm, config, endowment };
    let result = block_on(async {
        let (_, cost) = prices(wallet.client()).await?;
        let functions = cost.deploy_function.saturating_mul(u64::from(facts.functions));
        let fuel = fuel_of(&cost, &wallet.account(), &action).saturating_add(functions);
        send(&wallet, action, fuel).await
    })?;
    let address: Option<AccountId> = result.data.as_slice().try_into().ok().map(AccountId).filter(|_| result.is_done());
    let mut extra: Vec<(&str, Value)> = vec![("entries", facts.entries.join(" ").into())];
    if let Some(address) = address {
        extra.insert(0, ("contract", address.to_string().into()));
    }
    Ok(report(out, &result, "deployed", &extra))
}

fn call(contract: &AccountId, entry: &str, input: &[u8], signer: &SignerArgs, out: Output) -> Result<Verdict, Failure> {
    let wallet = signer.wallet()?;
    let action = Action::Call { contract: *contract, entry: entry.to_owned(), input: input.to_vec() };
    let (result, tasks) = block_on(async {
        let result = send(&wallet, action, CALL_FUEL).await?;
        let tasks = if result.is_done() { opened(wallet.client(), contract, result.height).await } else { Vec::new() };
        Ok((result, tasks))
    })?;
    let mut extra: Vec<(&str, Value)> = Vec::new();
    if !result.data.is_empty() {
        extra.push(("returned", hex::encode(&result.data).into()));
    }
    match tasks.as_slice() {
        [] => {}
        [task] => extra.push(("task", task.clone().into())),
        tasks => extra.push(("tasks", tasks.to_vec().into())),
    }
    Ok(report(out, &result, &format!("called {entry}"), &extra))
}

/// Tasks that the contract opened in this block, by whatever call; none where the node does not say.
async fn opened(client: &Client, contract: &AccountId, height: Height) -> Vec<String> {
    let after = Cursor { height: Height(height.0.saturating_sub(1)), index: u32::MAX };
    let events = client.events_page(Some(after), EVENTS).await.unwrap_or_default();
    let here = events.iter().filter(|event| event.height == height && event.event == "task_opened");
    let ours = here.filter(|event| event.account("contract").as_ref() == Some(contract));
    ours.filter_map(|event| event.task()).map(|task| task.to_string()).collect()
}

fn query(
    contract: &AccountId,
    entry: &str,
    input: &[u8],
    caller: Option<&AccountId>,
    node: &NodeArgs,
    out: Output,
) -> Result<Verdict, Failure> {
    let client = node.client()?;
    let view = block_on(async { client.query(contract, caller, entry, input).await.map_err(blame) })?;
    let mut text = format!("{}\ndata  {}\nfuel  {}", view.end, hex::encode(&view.data), view.fuel_used);
    if !view.detail.is_empty() {
        text.push_str(&format!("\n{}", view.detail));
    }
    out.result(&serde_json::to_value(&view).unwrap_or_default(), &text);
    Ok(if view.end == "done" { Verdict::Yes } else { Verdict::No })
}

fn storage(contract: &AccountId, key: &str, node: &NodeArgs, out: Output) -> Result<Verdict, Failure> {
    let bytes = match key.strip_prefix("0x") {
        Some(digits) => arg::hex(digits).map_err(|error| anyhow!(error)).input()?,
        None => key.as_bytes().to_vec(),
    };
    let client = node.client()?;
    let value = block_on(async {
        let value = client.storage(contract, &bytes).await.map_err(blame)?;
        if value.is_none() {
            // An empty place and an unknown contract look the same so far.
            client.contract(contract).await.map_err(blame)?;
        }
        Ok(value)
    })?;
    let shown = value.as_ref().map(hex::encode);
    let text = shown.clone().unwrap_or_else(|| "nothing there".to_owned());
    out.result(&json!({"key": hex::encode(&bytes), "value": shown}), &text);
    Ok(if value.is_some() { Verdict::Yes } else { Verdict::No })
}
