//! `zera prove --zkey`: a proof with a key and an assignment of snarkjs.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rand::rngs::OsRng;
use serde_json::json;
use zera_iden3::{read_wtns, read_zkey};
use zera_kernels::{CpuEngine, Slice};
use zera_params::origin;
use zera_prover::{Blinding, SnarkjsProver, Stage, Watch};
use zera_verifier::{Fr, Proof, PublicInputs, VerifyingKey, verify};

use super::Args;
use crate::cmd::key::pretty;
use crate::cmd::predicate::timed;
use crate::output::{Blame, Failure, Output, Verdict};
use crate::progress::Progress;
use crate::{cache, file, snarkjs, zkey};

/// Most bytes of an assignment's file: as many values as matrices may have wires, and the frame.
const WTNS_MAX: u64 = 32 * (1 << 25) + 128;

/// Runs the command.
///
/// # Errors
/// [`Failure`]. An assignment that does not satisfy the circuit is bad input: nothing is written.
pub fn run(args: &Args, key_path: &Path, wtns_path: &Path, out: Output) -> Result<Verdict, Failure> {
    let start = Instant::now();
    let progress = Progress::start("loading the key");
    let z = assignment(wtns_path)?;
    let engine = CpuEngine::from_environment().input()?;
    let (verifying, prover, key) = keys(args, key_path, &engine, &progress)?;
    let load = start.elapsed();

    let mut stage = |stage: Stage| progress.step(format!("proving: {}", stage.name()));
    let watch = Watch { progress: &mut stage, cancelled: &AtomicBool::new(false) };
    let proved = prover.prove(&z, &Blinding::random(&mut OsRng), watch);
    let (proof, timings) = proved.with_context(|| wtns_path.display().to_string()).input()?;
    let proof = Proof::from_points(proof.a, proof.b, proof.c).context(REFUSED).input()?;
    let inputs = PublicInputs::from_scalars(z[1..=key.publics].to_vec());
    // The key does not hold the whole circuit, so this is where a row that does not hold shows.
    let (verified, verify_ns) = timed(|| verify(&verifying.prepare(), &inputs, &proof));
    verified.context(REFUSED).input()?;
    drop(progress);

    file::write(&args.output, pretty(&snarkjs::proof_to_json(&proof)).as_bytes())?;
    file::write(&args.public_out, pretty(&snarkjs::public_to_json(&inputs)).as_bytes())?;
    let mut times = vec![("load", load)];
    times.extend(Stage::ALL.map(|stage| (word(stage), timings.of(stage))));
    times.extend([("prove", timings.total), ("verify", Duration::from_nanos(verify_ns)), ("total", start.elapsed())]);
    tell(args, &verifying, &key, &times, out);
    Ok(Verdict::Yes)
}

fn assignment(path: &Path) -> Result<Vec<Fr>, Failure> {
    let bytes = file::read_after(path, |start| {
        if start != b"wtns" {
            bail!("does not start as a .wtns file");
        }
        Ok(WTNS_MAX)
    })?;
    read_wtns(&bytes).with_context(|| path.display().to_string()).input()
}

/// What is told of a key.
struct Key {
    wires: usize,
    publics: usize,
    domain: usize,
    origin: cache::Origin,
}

fn keys(
    args: &Args,
    path: &Path,
    engine: &CpuEngine,
    progress: &Progress,
) -> Result<(VerifyingKey, SnarkjsProver, Key), Failure> {
    let bytes = zkey::read(path)?;
    let named = || path.display().to_string();
    let file = read_zkey(&bytes).with_context(named).input()?;
    let verifying = zkey::verifying(&file).with_context(named).input()?;
    let [wires, publics, domain] =
        [file.header.wires, file.header.publics, file.header.domain].map(|number| number as usize);
    super::room(wires, domain)?;

    let cache = args.cache.open();
    let source = if cache.keeps() { cache.digest(bytes.file(), &bytes) } else { [0; 32] };
    let make = || {
        progress.step("converting the key, which is done once");
        super::room_to_convert(wires, domain, file.coefficients.len())?;
        let proving = zkey::proving(&file, cache.keeps().then_some(engine)).with_context(named).input()?;
        SnarkjsProver::new(engine, proving).with_context(named).input()
    };
    let open = |packed: &Slice| SnarkjsProver::unpack(engine, packed, &source);
    let (prover, origin) = cache.key(engine, &source, open, make, |prover, file| prover.pack(engine, &source, file))?;
    Ok((verifying, prover, Key { wires, publics, domain, origin }))
}

fn tell(args: &Args, verifying: &VerifyingKey, key: &Key, times: &[(&str, Duration)], out: Output) {
    let Key { wires, publics, domain, origin: kept } = key;
    let mut json = json!({
        "key_id": verifying.id().to_string(),
        "origin": origin(verifying).name(),
        "inputs": publics,
        "wires": wires,
        "domain": domain,
        "key": kept.word(),
        "proof": args.output,
        "public": args.public_out,
    });
    let mut text = format!(
        "proof      {}\npublic     {}\nkey id     {}\nwires      {wires}, {publics} public, domain {domain}\npacked key {}",
        args.output.display(),
        args.public_out.display(),
        verifying.id(),
        kept.word(),
    );
    if args.time {
        let seconds = times.iter().map(|(step, time)| ((*step).to_owned(), json!(time.as_secs_f64())));
        json["seconds"] = seconds.collect::<serde_json::Map<_, _>>().into();
        for (step, time) in times {
            text.push_str(&format!("\n{step:<10} {:.6} s", time.as_secs_f64()));
        }
    }
    if verifying.is_dev() {
        text.push_str("\nA development key: anyone can make such a proof for anything.");
    }
    out.result(&json, &text);
}

/// What a proof that does not verify means.
const REFUSED: &str = "the assignment does not satisfy the key's circuit: the new proof does not verify";

/// A stage in a report of times.
const fn word(stage: Stage) -> &'static str {
    match stage {
        Stage::Rows => "matvec",
        Stage::Quotient => "ntt",
        Stage::MsmA => "msm_a",
        Stage::MsmBG1 => "msm_b_g1",
        Stage::MsmBG2 => "msm_b_g2",
        Stage::MsmH => "msm_h",
        Stage::MsmL => "msm_l",
    }
}
