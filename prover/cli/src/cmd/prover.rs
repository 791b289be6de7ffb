//! `zera prover`: what proofs are made with.

use serde_json::json;
use zera_kernels::{Cpu, CpuEngine, Engine};
use zera_prover::plan;

use crate::output::{Blame, Failure, Output, Verdict};

/// What to look at.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Print the instructions that were detected and that are used, threads and memory.
    Info,
}

/// Runs the command.
///
/// # Errors
/// Bad input: `ZERA_CPU` names no backend, or one that this processor lacks.
pub fn run(command: &Command, out: Output) -> Result<Verdict, Failure> {
    let Command::Info = command;
    let used = CpuEngine::from_environment().input()?.name();
    let detected = Cpu::detect().name();
    let missing = Cpu::missing();
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let available_mib = plan::available().map(|bytes| bytes >> 20);
    let json = json!({
        "backend": used,
        "detected": detected,
        "missing_for_avx512ifma": missing,
        "threads": threads,
        "available_mib": available_mib,
    });
    let mut text = format!("backend    {used}\ndetected   {detected}\nthreads    {threads}");
    if let Some(missing) = missing {
        text.push_str(&format!("\nmissing    {missing}, which avx512ifma needs"));
    }
    if let Some(mib) = available_mib {
        text.push_str(&format!("\nmemory     {mib} MiB available"));
    }
    out.result(&json, &text);
    Ok(Verdict::Yes)
}
