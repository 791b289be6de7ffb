//! `zera predicate export`: the artefact, and the rows and an assignment in the files of snarkjs and circom.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use serde_json::{Map, Value};
use zera_abi::KeyId;
use zera_iden3::{R1cs, write_wtns};
use zera_r1cs::{Artefact, TapeInputs};

use super::outcome_of;
use crate::cmd::prove::binding;
use crate::output::{Blame, Failure, Output, Verdict};
use crate::subject::Subject;
use crate::{file, predicates};

/// What to write, and where.
#[derive(clap::Args, Debug)]
#[command(group = clap::ArgGroup::new("files").required(true).multiple(true))]
pub struct Args {
    /// A built-in name, a .zpred file, or the id of one in the folder $ZERA_PREDICATES.
    #[arg(value_name = "P")]
    predicate: String,
    /// The artefact's file.
    #[arg(short, long, value_name = "OUT.zpred", group = "files")]
    output: Option<PathBuf>,
    /// The rows' file, as snarkjs and circom have it. Public wires are public inputs: outcome, binding, input root, declared
    /// values; the bits of the input bytes are private inputs.
    #[arg(long, value_name = "OUT.r1cs", group = "files")]
    r1cs: Option<PathBuf>,
    /// The file of an assignment, as snarkjs has it.
    #[arg(long, value_name = "OUT.wtns", group = "files", requires = "public")]
    wtns: Option<PathBuf>,
    /// The assignment's public input: hex, @FILE with the bytes or with JSON, or a JSON object (built-in predicates).
    #[arg(long, value_name = "HEX|@FILE|JSON", requires = "wtns")]
    public: Option<String>,
    /// The assignment's private input: hex, or @FILE with the bytes.
    #[arg(long, value_name = "HEX|@FILE", requires = "wtns")]
    private: Option<String>,
    /// JSON file with chain_id, task_id, provider and not_after, which the assignment is bound to; without it, all zeros.
    #[arg(long, value_name = "FILE", requires = "wtns")]
    context: Option<PathBuf>,
    /// The id of the key that the assignment is bound to; without it, zeros.
    #[arg(long, value_name = "ID", requires = "wtns", value_parser = crate::arg::id::<KeyId>)]
    key_id: Option<KeyId>,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`].
pub fn run(args: &Args, out: Output) -> Result<Verdict, Failure> {
    let subject = predicates::open(&args.predicate)?;
    let artefact = &*subject.artefact;
    // Everything is made before anything is written.
    let mut files: Vec<(&str, &PathBuf, Vec<u8>)> = Vec::new();
    if let Some(path) = &args.output {
        files.push(("file", path, artefact.encode()));
    }
    if let Some(path) = &args.r1cs {
        files.push(("r1cs", path, r1cs(artefact)?));
    }
    let mut json = Map::new();
    let mut text = String::new();
    if let Some(path) = &args.wtns {
        let (outcome, bytes) = wtns(args, &subject)?;
        json.insert("outcome".to_owned(), outcome.into());
        text = format!("outcome {outcome}\n");
        files.push(("wtns", path, bytes));
    }
    let id = artefact.predicate_id();
    json.insert("predicate_id".to_owned(), id.to_string().into());
    for (what, path, bytes) in &files {
        file::write(path, bytes)?;
        json.insert((*what).to_owned(), path.display().to_string().into());
        let count = if *what == "file" { "bytes".to_owned() } else { format!("{what}_bytes") };
        json.insert(count, bytes.len().into());
        text.push_str(&format!("{}: {} bytes, predicate {id}\n", path.display(), bytes.len()));
    }
    out.result(&Value::Object(json), &text);
    Ok(Verdict::Yes)
}

/// The rows; the bits of the input bytes stand right after the public wires.
fn r1cs(artefact: &Artefact) -> Result<Vec<u8>, Failure> {
    let manifest = &artefact.manifest;
    let bits = 8 * (u64::from(manifest.public_len) + u64::from(manifest.private_len));
    let bits = u32::try_from(bits).context("input bits").input()?;
    Ok(R1cs::new(artefact.matrices.clone()).with_private_inputs(bits).input()?.encode())
}

/// The assignment's answer and its file.
fn wtns(args: &Args, subject: &Subject) -> Result<(&'static str, Vec<u8>), Failure> {
    let artefact = &*subject.artefact;
    let public = subject.public(args.public.as_deref().unwrap_or_default())?;
    let private = subject.private(args.private.as_deref())?;
    let key = args.key_id.unwrap_or(KeyId([0; 32]));
    let binding = binding(args.context.as_deref(), artefact.predicate_id(), key)?;
    let inputs = TapeInputs { binding: binding.to_scalar(), public: &public, private: &private };
    let z = artefact.tape.run(&inputs).input()?;
    artefact.matrices.check(&z).input()?;
    let outcome = outcome_of(&z).context("the circuit gives no outcome for this input").input()?;
    if let Some(native) = subject.native.answer(&public, &private).input()?
        && native != outcome
    {
        return Err(Failure::Input(anyhow!("the circuit says {outcome}, the native run {native}")));
    }
    Ok((outcome.as_str(), write_wtns(&z)))
}
