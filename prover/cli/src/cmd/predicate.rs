//! `zera predicate`: compile, test, diff, list, info, run, export, profile, explain, publish, fetch, name.

mod compile;
mod diff;
mod explain;
mod export;
mod info;
mod profile;
mod run;
pub mod test;

use std::path::PathBuf;
use std::time::Instant;

use ed25519_dalek::Signer;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zera_abi::{Outcome, PredicateId};
use zera_host::Action;
use zera_node::{artefact_message, publication};
use zera_r1cs::Artefact;
use zera_statement::Fr;

use crate::file;
use crate::network::{FUEL, NodeArgs, SignerArgs, blame, block_on, report, send};
use crate::output::{Failure, Output, Verdict};
use crate::predicates;
use crate::subject::Subject;

/// What to do with predicates.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Compile a WebAssembly program: rows, witness tape and certificate, which is checked before anything is written.
    Compile(compile::Args),
    /// Run a predicate on a file of cases: natively, by its tape and by every row.
    Test {
        /// A built-in name, a .zpred file, or the id of one in the folder $ZERA_PREDICATES.
        #[arg(value_name = "P")]
        predicate: String,
        /// A list of {"name", "public", "private", "outcome"}, or with "input" by fields in place of the bytes.
        #[arg(value_name = "CASES.json")]
        cases: PathBuf,
    },
    /// What changed between two predicates: rows, functions, digests, ids.
    Diff {
        /// The older one.
        #[arg(value_name = "OLD")]
        old: String,
        /// The newer one.
        #[arg(value_name = "NEW")]
        new: String,
    },
    /// The built-in predicates.
    List,
    /// Sizes, digests and manifest of a predicate; of a program, which functions and lines its rows come from.
    Info {
        /// A built-in name, a .zpred file, or the id of one in the folder $ZERA_PREDICATES.
        #[arg(value_name = "P")]
        predicate: String,
        /// How many functions, lines and kinds of rows to list.
        #[arg(long, value_name = "N", default_value_t = 10)]
        top: usize,
    },
    /// Run a predicate on an input: natively, and through its circuit.
    Run {
        /// A built-in name, a .zpred file, or the id of one in the folder $ZERA_PREDICATES.
        #[arg(value_name = "P")]
        predicate: String,
        #[command(flatten)]
        input: InputArgs,
    },
    /// Write a predicate's artefact, or its rows and an assignment for snarkjs.
    Export(export::Args),
    /// Where a predicate's rows come from: by function, source line and kind.
    Profile(profile::Args),
    /// One row as an equation, with its place and, for an input, its values.
    Explain(explain::Args),
    /// Publish a predicate on a network, under its name, and give the node its file. What is published already keeps its
    /// name, and the file is given alone.
    Publish {
        /// A built-in name, a .zpred file, or the id of one in the folder $ZERA_PREDICATES.
        #[arg(value_name = "P")]
        predicate: String,
        #[command(flatten)]
        signer: SignerArgs,
    },
    /// Get a published predicate's file from a node.
    Fetch {
        /// The predicate's id.
        #[arg(value_name = "ID", value_parser = crate::arg::id::<PredicateId>)]
        predicate: PredicateId,
        /// The file to write.
        #[arg(short, long, value_name = "OUT.zpred")]
        output: PathBuf,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Point a name of yours at a published predicate, after the network's time lock; a free name at once.
    Name {
        /// The name: 1 to 64 of A-Z a-z 0-9 . _ -
        name: String,
        /// The predicate's id.
        #[arg(value_name = "ID", value_parser = crate::arg::id::<PredicateId>)]
        predicate: PredicateId,
        #[command(flatten)]
        signer: SignerArgs,
    },
}

/// A predicate's input.
#[derive(clap::Args, Debug)]
pub struct InputArgs {
    /// Public input: hex, @FILE with the bytes or with JSON, or a JSON object: of a built-in predicate's form, or by fields.
    #[arg(long, value_name = "HEX|@FILE|JSON")]
    pub public: String,
    /// Private input: hex, @FILE with the bytes or with JSON, or a JSON object by fields.
    #[arg(long, value_name = "HEX|@FILE|JSON")]
    pub private: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`].
pub fn run(command: &Command, out: Output) -> Result<Verdict, Failure> {
    match command {
        Command::List => list(out),
        Command::Compile(args) => compile::run(args, out),
        Command::Test { predicate, cases } => test::run(&predicates::open(predicate)?, cases, out),
        Command::Diff { old, new } => Ok(diff::run(&predicates::open(old)?, &predicates::open(new)?, out)),
        Command::Info { predicate, top } => info::run(&predicates::open(predicate)?, *top, out),
        Command::Run { predicate, input } => run::run(&predicates::open(predicate)?, input, out),
        Command::Export(args) => export::run(args, out),
        Command::Profile(args) => profile::run(args, out),
        Command::Explain(args) => explain::run(args, out),
        Command::Publish { predicate, signer } => publish(&predicates::open(predicate)?, signer, out),
        Command::Fetch { predicate, output, node } => {
            let client = node.client()?;
            let (artefact, bytes) = block_on(predicates::fetch(predicate, &client))?;
            file::write(output, &bytes)?;
            let (name, len) = (&artefact.manifest.name, bytes.len());
            let json = json!({"predicate_id": predicate.to_string(), "name": name, "file": output, "bytes": len});
            out.result(&json, &format!("{}: {len} bytes, predicate {predicate} ({name})", output.display()));
            Ok(Verdict::Yes)
        }
        Command::Name { name, predicate, signer } => {
            let wallet = signer.wallet()?;
            let action = Action::Name { name: name.clone(), predicate: *predicate };
            let result = block_on(send(&wallet, action, FUEL))?;
            let what = if result.is_done() { result.detail.clone() } else { "named".to_owned() };
            Ok(report(out, &result, &what, &[]))
        }
    }
}

fn list(out: Output) -> Result<Verdict, Failure> {
    let mut rows = Vec::new();
    let mut text = String::new();
    for predicate in zera_library::registry() {
        let artefact = (predicate.artefact)();
        let id = artefact.predicate_id().to_string();
        let public_len = artefact.manifest.public_len;
        text.push_str(&format!("{} (version {})\n", predicate.name, predicate.version));
        text.push_str(&format!("   {}\n", predicate.summary));
        text.push_str(&format!("   {public_len} public bytes, {} rows\n", artefact.matrices.rows()));
        text.push_str(&format!("   id       {id}\n   example  {}\n", predicate.example));
        rows.push(json!({
            "name": predicate.name,
            "version": predicate.version,
            "summary": predicate.summary,
            "example": predicate.example,
            "public_len": public_len,
            "rows": artefact.matrices.rows(),
            "predicate_id": id,
        }));
    }
    out.result(&json!({ "predicates": rows }), &text);
    Ok(Verdict::Yes)
}

/// The transaction first, so that the chain knows whose the predicate is; then the file, in its owner's name.
fn publish(subject: &Subject, signer: &SignerArgs, out: Output) -> Result<Verdict, Failure> {
    let (wallet, client, key) = (signer.wallet()?, signer.client()?, signer.key()?);
    let artefact = &*subject.artefact;
    let (id, bytes) = (artefact.predicate_id(), artefact.encode());
    let sha256: [u8; 32] = Sha256::digest(&bytes).into();
    let extra: [(&str, Value); 3] = [
        ("name", artefact.manifest.name.clone().into()),
        ("predicate_id", id.to_string().into()),
        ("artefact", hex::encode(sha256).into()),
    ];
    block_on(async {
        let known = client.predicate(&id.to_string()).await.map_err(blame)?;
        let result = match known.filter(|known| known.id == id && known.owner == wallet.account()) {
            Some(_) => None,
            None => Some(send(&wallet, Action::Publish(publication(artefact)), FUEL).await?),
        };
        if let Some(result) = result.as_ref().filter(|result| !result.is_done()) {
            return Ok(report(out, result, "published", &extra));
        }
        let chain = client.status().await.map_err(blame)?.chain_id;
        let signature = key.sign(&artefact_message(&chain, &sha256)).to_bytes();
        client.put_artefact(&id, &signature, &bytes).await.map_err(blame)?;
        match result {
            Some(result) => Ok(report(out, &result, "published", &extra)),
            None => {
                let json: serde_json::Map<_, _> =
                    extra.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
                let text = format!(
                    "published before; the node has its file\npredicate_id {id}\nartefact     {}",
                    hex::encode(sha256)
                );
                out.result(&Value::Object(json), &text);
                Ok(Verdict::Yes)
            }
        }
    })
}

/// What the assignment says is the answer.
pub fn outcome_of(z: &[Fr]) -> Option<Outcome> {
    let value = z.get(1)?;
    (0..=3u8).filter_map(Outcome::from_code).find(|outcome| *value == Fr::from(u64::from(outcome.code())))
}

/// The declared values of an assignment.
pub fn declared<'a>(artefact: &Artefact, z: &'a [Fr]) -> impl Iterator<Item = &'a Fr> {
    z.iter().take(artefact.matrices.publics as usize + 1).skip(1 + zera_abi::wire::STATEMENT_INPUTS)
}

/// A value and the nanoseconds it took.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let start = Instant::now();
    let value = work();
    (value, u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX))
}

/// Nanoseconds for people.
pub fn shown(ns: u64) -> String {
    match ns {
        0..10_000 => format!("{ns} ns"),
        10_000..10_000_000 => format!("{} us", ns / 1_000),
        10_000_000..10_000_000_000 => format!("{} ms", ns / 1_000_000),
        _ => format!("{} s", ns / 1_000_000_000),
    }
}
