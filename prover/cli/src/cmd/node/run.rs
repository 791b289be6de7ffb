//! `zera node run`: a network's node.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use serde_json::json;
use zera_abi::Amount;
use zera_host::Genesis;
use zera_ledger::Ledger;
use zera_node::{ArtefactLimits, ArtefactPlace, BlockMode, Node, NodeConfig, NodeError, Rate, RateLimits};

use super::{GENESIS_FILE, blame_ledger, ledger_path, read_genesis};
use crate::arg::{self, Account};
use crate::network::{NODE, bad, block_on, stop_signal, token};
use crate::output::{Blame, Failure, Output, Verdict};
use crate::progress::Progress;
use crate::{file, genesis};

/// The `.zpred` files in the data folder.
const ARTEFACTS_DIR: &str = "artefacts";

/// How a node runs.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Folder of ledger, genesis and predicates' files; made where it is missing.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Where the API listens; beyond loopback it needs a token.
    #[arg(long, value_name = "ADDR", default_value = NODE)]
    listen: SocketAddr,
    /// Milliseconds between blocks; 0 makes a block for every transaction.
    #[arg(long, value_name = "MS", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(..=3_600_000))]
    block_ms: u64,
    /// The genesis; later starts know it from the data folder.
    #[arg(long, value_name = "FILE.toml", conflicts_with = "dev_account")]
    genesis: Option<PathBuf>,
    /// A first balance of a new development network; the account by its id or key file. Can be repeated.
    #[arg(long, value_name = "ID|KEYFILE=ZRA", value_parser = balance)]
    dev_account: Vec<(Account, Amount)>,
    /// Threads that verify proofs and settle blocks [default: every core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    verify_threads: Option<u16>,
    /// File with the token that clients must show to change anything.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Requests that one client elsewhere may send at once.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate_burst: u32,
    /// Requests a second that one client elsewhere may send for long.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate_per_second: u32,
}

fn balance(text: &str) -> Result<(Account, Amount), String> {
    let (account, amount) = text.rsplit_once('=').ok_or("expected ID=ZRA or KEYFILE=ZRA")?;
    let Ok(account) = account.parse();
    Ok((account, arg::amount(amount)?))
}

/// Runs the command.
///
/// # Errors
/// [`Failure`].
pub fn run(args: &Args, out: Output) -> Result<Verdict, Failure> {
    let token = args.token_file.as_deref().map(token).transpose()?;
    let kept = args.data.join(GENESIS_FILE);
    let (genesis, is_new) = choose(args, &kept)?;
    let genesis_text = genesis::to_toml(&genesis).map_err(bad)?;
    file::make_folder(&args.data)?;
    let progress = Progress::start("opening the ledger");
    let ledger = Ledger::open(ledger_path(&args.data)).map_err(blame_ledger)?;
    drop(progress);
    let config = NodeConfig {
        genesis: genesis.clone(),
        store: Arc::new(ledger),
        listen: args.listen,
        block: match args.block_ms {
            0 => BlockMode::Instant,
            ms => BlockMode::Every(Duration::from_millis(ms)),
        },
        verify_threads: args.verify_threads.map_or_else(cores, usize::from),
        artefacts: (ArtefactPlace::Folder(args.data.join(ARTEFACTS_DIR)), ArtefactLimits::standard()),
        token,
    };
    block_on(async {
        let refill = Duration::from_secs(1) / args.rate_per_second;
        let rates = RateLimits { remote: Rate { burst: args.rate_burst, refill }, ..RateLimits::standard() };
        let node = Node::start_limited(config, rates).await.map_err(blame)?;
        if is_new && let Err(failure) = file::write(&kept, genesis_text.as_bytes()) {
            let _ = node.shutdown().await;
            return Err(failure);
        }
        announce(&node, &genesis, args, out);
        let stopped = tokio::select! {
            fault = node.failed() => Err(Failure::Environment(fault.into())),
            signal = stop_signal() => signal,
        };
        if let Ok(signal) = &stopped {
            Output::progress(&format!("{signal}: finishing the block and shutting down"));
        }
        let height = node.height();
        let ended = node.shutdown().await.environment();
        stopped?;
        ended?;
        Output::progress(&format!("stopped after block {height}"));
        Ok(Verdict::Yes)
    })
}

/// The genesis to start with, and whether it is to be kept.
fn choose(args: &Args, kept: &Path) -> Result<(Genesis, bool), Failure> {
    let given = match (&args.genesis, args.dev_account.as_slice()) {
        (Some(path), _) => Some(read_genesis(path)?),
        (None, []) => None,
        (None, accounts) => {
            let balances = accounts.iter().map(|(account, amount)| Ok((account.id()?, *amount)));
            Some(genesis::development(balances.collect::<Result<_, Failure>>()?))
        }
    };
    let there = if kept.exists() { Some(read_genesis(kept)?) } else { None };
    match (given, there) {
        (Some(given), Some(there)) if given.chain_id() != there.chain_id() => Err(Failure::Input(anyhow!(
            "{}: this folder's chain is {}, the genesis given is {}",
            kept.display(),
            there.chain_id(),
            given.chain_id()
        ))),
        (_, Some(there)) => Ok((there, false)),
        (Some(given), None) => Ok((given, true)),
        (None, None) => Err(Failure::Input(anyhow!(
            "{}: a new network needs a genesis: --genesis FILE.toml, or --dev-account KEYFILE=ZRA",
            args.data.display()
        ))),
    }
}

fn announce(node: &Node, genesis: &Genesis, args: &Args, out: Output) {
    let (address, chain, height) = (node.addr(), genesis.chain_id().to_string(), node.height());
    let json = json!({
        "url": format!("http://{address}"),
        "chain_id": chain,
        "name": genesis.name,
        "development": genesis.development,
        "height": height.0,
        "block_ms": args.block_ms,
        "data": args.data,
    });
    let text = format!(
        "node       http://{address}\nnetwork    {}{}\nchain      {chain}\nheight     {height}\ndata       {}\nCtrl-C stops it.",
        genesis.name,
        if genesis.development { " (development: takes keys whose secrets are public)" } else { "" },
        args.data.display(),
    );
    out.result(&json, &text);
}

fn blame(error: NodeError) -> Failure {
    match error {
        NodeError::Public { .. } | NodeError::Token { .. } | NodeError::Threads { .. } | NodeError::Interval => {
            Failure::Input(error.into())
        }
        NodeError::Open(zera_host::OpenError::Genesis(_) | zera_host::OpenError::OtherChain { .. }) => {
            Failure::Input(error.into())
        }
        error => Failure::Environment(error.into()),
    }
}

/// Threads that this machine runs at a time.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
