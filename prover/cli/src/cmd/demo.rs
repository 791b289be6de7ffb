//! `zera demo`: the main job, scripted, on an embedded network.

mod asker;
mod feed;
mod network;
mod prices;
mod program;
mod provider;
mod report;
mod search;
mod story;
mod timeline;
mod watcher;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::logging::Kept;
use crate::output::{Blame, Failure, Output, Verdict};
use network::{Served, Setup};
use report::{Balances, Summary, Times};
use story::Story;
use zera_library::{compound_growth, special_price};

/// The main job on an embedded network, with its stories.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Keep ledger, keys and journals here (an empty or new folder) instead of in a temporary folder.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Milliseconds between blocks.
    #[arg(long, value_name = "MS", default_value_t = 100, value_parser = clap::value_parser!(u64).range(20..=5_000))]
    block_ms: u64,
    /// Where the node's API listens; loopback only.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Threads that a proof may use [default: every core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
}

/// Runs the demo. Exit code 0 only if every story ended as the rules say and money is conserved to the unit.
pub fn run(args: &Args, log: Kept, out: Output) -> Result<Verdict, Failure> {
    if !args.listen.ip().is_loopback() {
        return Err(Failure::Input(anyhow::anyhow!("--listen {}: the demo listens on loopback only", args.listen)));
    }
    let runtime = tokio::runtime::Runtime::new().context("starting the runtime").environment()?;
    let interrupted = async {
        tokio::signal::ctrl_c().await.context("waiting for an interrupt")?;
        anyhow::bail!("interrupted")
    };
    let played = runtime.block_on(async {
        tokio::select! {
            summary = play(args, log, out) => summary,
            stopped = interrupted => stopped,
        }
    });
    let summary = played.environment()?;
    out.result(&summary.to_json(), &summary.to_text());
    Ok(if summary.is_good() { Verdict::Yes } else { Verdict::No })
}

/// Builds a predicate and makes its keys.
async fn set_up(name: &str, data: &Path, out: Output) -> anyhow::Result<Served> {
    let predicate = zera_library::by_name(name).context("the predicate is not built in")?;
    let built = Instant::now();
    let artefact = (predicate.artefact)();
    out.say(&format!(
        "   {name}: {} rows, {} wires, built in {} ms",
        artefact.matrices.rows(),
        artefact.matrices.wires,
        built.elapsed().as_millis()
    ));
    let (made, dir) = (Instant::now(), data.join(network::KEYS_DIR));
    let keys = Arc::new(tokio::task::spawn_blocking(move || zera_params::dev_keys_cached(&dir, artefact)).await??);
    out.say(&format!(
        "   development keys (public by construction; a real network refuses them): {} ms",
        made.elapsed().as_millis()
    ));
    Ok(Served { artefact, keys })
}

async fn play(args: &Args, log: Kept, out: Output) -> anyhow::Result<Summary> {
    let started = Instant::now();
    let temporary = match args.data {
        Some(_) => None,
        None => Some(tempfile::tempdir().context("making a temporary folder")?),
    };
    let data = match (&args.data, &temporary) {
        (Some(dir), _) => dir.clone(),
        (None, Some(dir)) => dir.path().to_path_buf(),
        (None, None) => unreachable!("one of the two is set above"),
    };
    std::fs::create_dir_all(&data).with_context(|| format!("making the folder {}", data.display()))?;
    let threads = match args.threads {
        Some(threads) => usize::from(threads),
        None => std::thread::available_parallelism().context("counting cores")?.get(),
    };

    out.say("A contract asks a question; a provider who stakes a little ZRA computes the answer off-chain and proves it; the");
    out.say(&format!(
        "host verifies the proof, and the contract acts on the answer in the same block. {} stories on one network.",
        Story::ALL.len()
    ));
    out.say("\nSet-up");
    let mut served = Vec::new();
    for name in [special_price::NAME, compound_growth::NAME] {
        served.push(set_up(name, &data, out).await?);
    }
    let mut programs = Vec::new();
    for source in &program::ALL {
        programs.push(program::make_ready(source, &data.join(network::KEYS_DIR), out).await?);
    }
    let rows = served.first().map_or(0, |served| served.artefact.matrices.rows());
    let setup = Setup { data: &data, block: Duration::from_millis(args.block_ms), listen: args.listen, threads, log };
    let network =
        network::start(&setup, &served, programs, started, move |line| out.say(&format!("   {line}"))).await?;
    let status = network.client.status().await?;
    out.say(&format!(
        "   chain {}, a block every {} ms, {} providers",
        timeline::short(&status.chain_id.to_string()),
        status.block_ms,
        network.providers.len()
    ));

    let before = Balances::read(&network).await?;
    let mut endings = Vec::new();
    for (number, story) in (1..).zip(Story::ALL) {
        out.say(&format!("\nStory {number}: {}", story.title()));
        let ending = story.play(&network).await;
        for check in &ending.checks {
            out.say(&format!("   {} {}", if check.holds { "ok  " } else { "FAIL" }, check.what));
        }
        endings.push(ending);
    }
    let after = Balances::read(&network).await?;
    let market = network.client.market().await?;
    let times = Times::of(&network, rows);
    let timeline = network
        .feed
        .since(0)
        .into_iter()
        .filter_map(|seen| network.names.sentence(&seen.event).map(|sentence| (seen, sentence)))
        .collect();
    let summary = Summary {
        chain: status.chain_id,
        endings,
        timeline,
        before,
        after,
        totals: market.totals,
        node_says_conserved: market.conserved,
        supply: network.supply,
        times,
        rows,
        threads,
        elapsed: started.elapsed(),
    };
    network.stop().await?;
    Ok(summary)
}
