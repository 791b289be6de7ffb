//! What every command that talks to a node has in common.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow};
use serde_json::Value;
use zera_abi::{AccountId, ChainId, Height};
use zera_host::{Action, CostSchedule, Tx};
use zera_provider::http::{Client, Limits};
use zera_provider::view::{CostView, TxResult};
use zera_provider::{ClientError, Patience, Wallet, WalletError};

use crate::output::{Blame, Failure, Output, Verdict};
use crate::progress::Progress;
use crate::{file, keyfile};

/// Fuel limit of a contract call; the host takes no more beside the price of the transaction itself.
pub const CALL_FUEL: u64 = 20_000_000;
/// Fuel limit of a key's registration.
pub const KEY_FUEL: u64 = 30_000_000;
/// Fuel limit of everything else.
pub const FUEL: u64 = 5_000_000;
/// Where a node listens unless told otherwise.
pub const NODE: &str = "127.0.0.1:8645";
/// Most bytes of a token's file.
const TOKEN_MAX: u64 = 4096;

/// The node that a command talks to.
#[derive(clap::Args, Debug)]
pub struct NodeArgs {
    /// The node's address.
    #[arg(long, value_name = "URL", env = "ZERA_NODE", default_value = "http://127.0.0.1:8645")]
    node: String,
    /// File with the token that the node asks for.
    #[arg(long, value_name = "FILE", env = "ZERA_TOKEN_FILE")]
    token_file: Option<PathBuf>,
}

/// The node, and the account that signs.
#[derive(clap::Args, Debug)]
pub struct SignerArgs {
    #[command(flatten)]
    node: NodeArgs,
    /// Key file of the account that signs and pays; see: zera account new.
    #[arg(long, value_name = "FILE", env = "ZERA_KEY")]
    key: PathBuf,
}

impl NodeArgs {
    /// The node's API.
    ///
    /// # Errors
    /// Bad input: no such address, or a token's file that can not be used.
    pub fn client(&self) -> Result<Client, Failure> {
        let token = self.token_file.as_deref().map(token).transpose()?;
        Client::new(&self.node, token, Limits::local()).input()
    }

    /// The address.
    pub fn url(&self) -> &str {
        &self.node
    }
}

impl SignerArgs {
    /// The signer's wallet on the node.
    ///
    /// # Errors
    /// Bad input.
    pub fn wallet(&self) -> Result<Wallet<Client>, Failure> {
        let key = keyfile::read(&self.key)?;
        Ok(Wallet::new(key, Arc::new(self.node.client()?), Patience::local()))
    }

    /// The node's API.
    ///
    /// # Errors
    /// Bad input.
    pub fn client(&self) -> Result<Client, Failure> {
        self.node.client()
    }

    /// The node.
    pub fn node(&self) -> &NodeArgs {
        &self.node
    }

    /// The signer's key.
    ///
    /// # Errors
    /// Bad input.
    pub fn key(&self) -> Result<ed25519_dalek::SigningKey, Failure> {
        keyfile::read(&self.key)
    }
}

/// The token in a file that nobody else can read.
///
/// # Errors
/// Bad input.
pub fn token(path: &Path) -> Result<String, Failure> {
    keyfile::owner_only(path)?;
    let text = file::read_text(path, TOKEN_MAX)?;
    let token = text.trim();
    // What no node takes as a token is no token here either, so that an empty file does not pass for none.
    if !(16..=256).contains(&token.len()) || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(bad(format!("{}: expected a token of 16 to 256 visible characters", path.display())));
    }
    Ok(token.to_owned())
}

/// Runs one command's work to its end.
///
/// # Errors
/// The work's, or the environment's where no runtime starts.
pub fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Runtime::new().context("starting the runtime").environment()?;
    let done = runtime.block_on(work);
    // A thread that is still at work does not hold the command up.
    runtime.shutdown_background();
    done
}

/// A node's no is bad input; no answer, or the node's own trouble, is the environment's.
pub fn blame(error: ClientError) -> Failure {
    match error {
        ClientError::Api { status: 400..=499, .. } if !error.is_transient() => Failure::Input(error.into()),
        error => Failure::Environment(error.into()),
    }
}

fn blame_wallet(error: WalletError) -> Failure {
    match error {
        WalletError::Client(error) => blame(error),
        WalletError::Refused { .. } | WalletError::OtherChain { .. } => Failure::Input(error.into()),
        error => Failure::Environment(error.into()),
    }
}

/// Signs, sends and waits for the block.
///
/// # Errors
/// Where it is in no block.
pub async fn send(wallet: &Wallet<Client>, action: Action, fuel_limit: u64) -> Result<TxResult, Failure> {
    let _progress = Progress::start("waiting for the block");
    wallet.send(action, fuel_limit).await.map_err(blame_wallet)
}

/// The node's prices.
///
/// # Errors
/// The environment's, also where this program is too old for the node.
pub async fn prices(client: &Client) -> Result<(CostView, CostSchedule), Failure> {
    let view = client.cost().await.map_err(blame)?;
    match view.schedule() {
        Some(schedule) => Ok((view, schedule)),
        None => Err(Failure::Environment(anyhow!("the node's cost schedule {} is not known here", view.version))),
    }
}

/// What an action costs before it does anything. Prices depend on lengths, and every other field of a transaction has one.
pub fn fuel_of(cost: &CostSchedule, sender: &AccountId, action: &Action) -> u64 {
    let (chain, action) = (ChainId([0; 32]), action.clone());
    let tx = Tx { chain, sender: *sender, nonce: 0, expiry: Height(0), fuel_limit: 0, action };
    cost.intrinsic(&tx, tx.signed_len())
}

/// Prints what became of a transaction: the answer is no where it did not do what it says.
pub fn report(out: Output, result: &TxResult, what: &str, extra: &[(&str, Value)]) -> Verdict {
    let mut json = serde_json::to_value(result).unwrap_or_default();
    let mut text = if result.is_done() {
        format!("{what} in block {}", result.height)
    } else {
        format!("{} in block {}: {}: {}", result.ending, result.height, result.status.name, result.detail)
    };
    text.push_str(&format!(
        "\ntransaction  {}\nfuel         {}, fee {} ZRA",
        result.hash, result.fuel_used, result.fee
    ));
    for (name, value) in extra {
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.push_str(&format!("\n{name:<12} {shown}"));
        json[*name] = value.clone();
    }
    out.result(&json, &text);
    if result.is_done() { Verdict::Yes } else { Verdict::No }
}

/// Until a person or a supervisor asks the process to stop; the word for what came.
///
/// # Errors
/// The environment's.
pub async fn stop_signal() -> Result<&'static str, Failure> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).context("waiting for SIGTERM").environment()?;
        let mut interrupt = signal(SignalKind::interrupt()).context("waiting for SIGINT").environment()?;
        tokio::select! {
            _ = terminate.recv() => Ok("SIGTERM"),
            _ = interrupt.recv() => Ok("SIGINT"),
        }
    }
    #[cfg(not(unix))]
    {
        tokio::signal::ctrl_c().await.context("waiting for an interrupt").environment()?;
        Ok("interrupt")
    }
}

/// Bad input in one line.
pub fn bad(message: String) -> Failure {
    Failure::Input(anyhow!(message))
}
