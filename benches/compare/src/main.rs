//! Provers of Groth16 over BN254, measured side by side.
//!
//! ```text
//! zera-compare chain 18 chain_18                           chain_18.zkey, .wtns and .r1cs: x' = x^2 + c, 2^18 - 8 rows
//! zera-compare key circuit.r1cs circuit.zkey               a development key in snarkjs' form
//! zera-compare run --zkey F --wtns F [--threads 1,2] [-n 5] [--rapidsnark librapidsnark.so] [--without ark]
//! zera-compare memory --zkey F --wtns F [--threads 1] [--rapidsnark ...]
//! ```
//! rapidsnark takes as many threads as the process may use: `taskset -c 0 zera-compare run --threads 1 ...`. Provers take turns in one process, on one key and one assignment, keys loaded beforehand; each proves once to warm up.
//! Times are wall times of a call; `idle_percent` is the part of the threads' time in which none of the process's threads ran, by the
//! scheduler's count (threads that wait by turning round count as running). Every proof is verified by this repository's verifier. `run` prints one JSON object a row;
//! `memory` runs a process for each prover and prints its high-water mark.
//!
//! gnark is a library of Go and takes no key of snarkjs, so it has a program of its own, `gnark/`, which makes a key of
//! gnark's for the same rows and proves the same assignment; it prints what `run` and `memory` do. It needs Go 1.25.7
//! or later, and on the first build its modules (`go mod tidy` fetches them and writes `go.sum`):
//!
//! ```text
//! (cd gnark && go mod tidy && go test . && GOAMD64=v4 go build -o ../target/zera-gnark .)      v4: AVX-512; v3: AVX2
//! taskset -c 0   target/zera-gnark --r1cs chain_18.r1cs --wtns chain_18.wtns --threads 1 [--runs 5]
//! taskset -c 0,1 target/zera-gnark --r1cs chain_18.r1cs --wtns chain_18.wtns --threads 2
//! ```

mod arkworks;
mod chain;
mod file;
mod ours;
mod peer;
mod rapidsnark;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};

use crate::peer::Peer;

#[derive(Parser)]
#[command(name = "zera-compare")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Writes key, assignment and rows of a chain of squarings.
    Chain {
        /// Rows: 2^K - 8.
        k: u32,
        /// Files without their endings.
        out: PathBuf,
    },
    /// Writes a development key for a circuit of circom.
    Key {
        /// The circuit.
        r1cs: PathBuf,
        /// The key.
        out: PathBuf,
    },
    /// Measures.
    Run(Options),
    /// Measures memory.
    Memory(Options),
}

#[derive(clap::Args, Clone)]
struct Options {
    #[arg(long)]
    zkey: PathBuf,
    #[arg(long)]
    wtns: PathBuf,
    /// Numbers of threads.
    #[arg(long, value_delimiter = ',', default_value = "1")]
    threads: Vec<usize>,
    /// Proofs of each prover.
    #[arg(short, default_value_t = 5)]
    n: usize,
    /// rapidsnark's shared library.
    #[arg(long)]
    rapidsnark: Option<PathBuf>,
    /// Provers that stay away.
    #[arg(long, value_delimiter = ',')]
    without: Vec<String>,
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Chain { k, out } => chain::write(k, &out),
        Command::Key { r1cs, out } => {
            let circuit = zera_iden3::read_r1cs(&std::fs::read(&r1cs)?)?;
            file::write_key(&circuit.matrices, &out)
        }
        Command::Run(options) => run(&options),
        Command::Memory(options) => memory(&options),
    }
}

/// All provers that are wanted, ready to prove.
fn peers(options: &Options) -> Result<Vec<Box<dyn Peer>>> {
    let mut peers: Vec<Box<dyn Peer>> = Vec::new();
    let wanted = |name: &str| !options.without.iter().any(|without| without == name);
    let wtns = file::read(&options.wtns)?;
    if wanted("zera") {
        peers.push(Box::new(ours::Ours::new(&options.zkey, &wtns, None)?));
    }
    if wanted("zera-portable") {
        peers.push(Box::new(ours::Ours::new(&options.zkey, &wtns, Some("portable"))?));
    }
    if wanted("ark") {
        peers.push(Box::new(arkworks::Ark::new(&file::read(&options.zkey)?, &wtns)?));
    }
    if let Some(library) = &options.rapidsnark
        && wanted("rapidsnark")
    {
        peers.push(Box::new(rapidsnark::Rapidsnark::new(library, file::read(&options.zkey)?, wtns)?));
    }
    Ok(peers)
}

fn run(options: &Options) -> Result<()> {
    let verifier = file::Verifier::new(&options.zkey, &options.wtns)?;
    let mut peers = peers(options)?;
    let name = options.zkey.file_stem().context("a file")?.to_string_lossy().into_owned();
    for threads in &options.threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(*threads).build()?;
        let mut times = vec![Vec::new(); peers.len()];
        let mut idle = vec![Vec::new(); peers.len()];
        for round in 0..=options.n {
            for ((peer, times), idle) in peers.iter_mut().zip(&mut times).zip(&mut idle) {
                let ran = file::ran();
                let (proof, taken) = peer.prove(&pool)?;
                let ran = (file::ran() - ran).as_secs_f64();
                verifier.check(&proof).with_context(|| format!("{}'s proof", peer.name()))?;
                if round > 0 {
                    times.push(taken.as_secs_f64() * 1e3);
                    idle.push((1.0 - ran / (taken.as_secs_f64() * *threads as f64)) * 100.0);
                }
            }
        }
        let medians: Vec<f64> = times.iter_mut().map(|times| median(times)).collect();
        let idles = idle.iter_mut().map(|idle| median(idle));
        for (((peer, times), median), idle) in peers.iter().zip(&times).zip(&medians).zip(idles) {
            let ratio = median / medians[0];
            println!(
                "{}",
                serde_json::json!({"circuit": name, "threads": threads, "prover": peer.name(), "median_ms": round(*median),
                    "min_ms": round(times[0]), "max_ms": round(times[times.len() - 1]), "n": times.len(),
                    "times_first": round(ratio), "idle_percent": round(idle), "phases_ms": peer.phases()})
            );
        }
    }
    Ok(())
}

/// Sorts, and gives the one in the middle.
fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// One process for each prover, which alone decides its high-water mark.
fn memory(options: &Options) -> Result<()> {
    let all = ["zera", "zera-portable", "ark", "rapidsnark"];
    let wanted: Vec<&str> =
        all.into_iter().filter(|name| !options.without.iter().any(|without| without == name)).collect();
    if let [only] = wanted[..] {
        let mut peers = peers(options)?;
        let peer = peers.first_mut().context("no such prover")?;
        let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads[0]).build()?;
        let loaded = file::high_water()?;
        peer.prove(&pool)?;
        println!("{}", serde_json::json!({"prover": only, "loaded_mib": loaded, "proved_mib": file::high_water()?}));
        return Ok(());
    }
    for only in wanted {
        if only == "rapidsnark" && options.rapidsnark.is_none() {
            continue;
        }
        let without: Vec<&str> = all.into_iter().filter(|name| *name != only).collect();
        let mut command = std::process::Command::new(std::env::current_exe()?);
        command.arg("memory").arg("--zkey").arg(&options.zkey).arg("--wtns").arg(&options.wtns);
        command.arg("--threads").arg(options.threads[0].to_string()).arg("--without").arg(without.join(","));
        if let Some(library) = &options.rapidsnark {
            command.arg("--rapidsnark").arg(library);
        }
        if !command.status()?.success() {
            bail!("{only} failed");
        }
    }
    Ok(())
}
