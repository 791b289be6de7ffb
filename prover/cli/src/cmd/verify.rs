//! `zera verify`: a proof against a key and public inputs.

use std::path::PathBuf;

use anyhow::Context;
use serde_json::json;
use zera_params::origin;
use zera_verifier::{VerifyError, verify};

use crate::cmd::predicate::{shown, timed};
use crate::output::{Blame, Failure, Output, Verdict};
use crate::vk::{self, Found};
use crate::{file, snarkjs};

/// What to verify.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A VK.bin, a keys folder, snarkjs' verification_key.json or a .zkey.
    #[arg(long, value_name = "FILE|DIR")]
    vk: PathBuf,
    /// Public inputs, as snarkjs writes them.
    #[arg(long, value_name = "PUBLIC.json")]
    public: PathBuf,
    /// The proof, as snarkjs writes it.
    #[arg(long, value_name = "PROOF.json")]
    proof: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// [`Failure::Input`] where something is malformed.
pub fn run(args: &Args, out: Output) -> Result<Verdict, Failure> {
    let Found { key, .. } = vk::open(&args.vk)?;
    let public = file::read(&args.public, snarkjs::LEN_MAX)?;
    let public = snarkjs::public_from_json(&public).with_context(|| args.public.display().to_string()).input()?;
    let proof = file::read(&args.proof, snarkjs::LEN_MAX)?;
    let proof = snarkjs::proof_from_json(&proof).with_context(|| args.proof.display().to_string()).input()?;
    let prepared = key.prepare();
    let (verdict, ns) = timed(|| verify(&prepared, &public, &proof));
    if let Err(error @ VerifyError::Count { .. }) = verdict {
        return Err(Failure::Input(error.into()));
    }
    let reason = verdict.as_ref().err().map(ToString::to_string);
    let json = json!({
        "verified": verdict.is_ok(),
        "reason": reason,
        "key_id": key.id().to_string(),
        "inputs": key.inputs(),
        "origin": origin(&key).name(),
        "time_ns": ns,
    });
    let mut text = match &reason {
        None => format!("verified in {} under key {}", shown(ns), key.id()),
        Some(reason) => format!("not verified: {reason}"),
    };
    if key.is_dev() && reason.is_none() {
        text.push_str("\nA development key: anyone can make such a proof for anything.");
    }
    out.result(&json, &text);
    Ok(if verdict.is_ok() { Verdict::Yes } else { Verdict::No })
}
