//! `zera predicate`: list, info, run, export, profile, explain, publish, fetch, name.

mod explain;
mod export;
mod profile;

use std::path::PathBuf;
use std::time::Instant;

use ed25519_dalek::Signer;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zera_abi::{Outcome, PredicateId};
use zera_host::Action;
use zera_node::{artefact_message, publication};
use zera_r1cs::{Artefact, TapeInputs};
use zera_statement::{Fr, input_root, scalar_to_be};

use crate::file;
use crate::network::{FUEL, NodeArgs, SignerArgs, blame, block_on, report, send};
use crate::output::{Blame, Failure, Output, Verdict};
use crate::predicates;
use crate::subject::Subject;

/// What to do with predicates.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// The built-in predicates.
    List,
    /// Sizes, digests and manifest of a predicate.
    Info {
        /// A built-in name, a .zpred file, or the id of one in the folder $ZERA_PREDICATES.
        #[arg(value_name = "P")]
        predicate: String,
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
    /// Public input: hex, @FILE with the bytes or with JSON, or a JSON object (built-in predicates).
    #[arg(long, value_name = "HEX|@FILE|JSON")]
    pub public: String,
    /// Private input: hex, or @FILE with the bytes.
    #[arg(long, value_name = "HEX|@FILE")]
    pub private: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`].
pub fn run(command: &Command, out: Output) -> Result<Verdict, Failure> {
    match command {
        Command::List => list(out),
        Command::Info { predicate } => info(&predicates::open(predicate)?, out),
        Command::Run { predicate, input } => evaluate(&predicates::open(predicate)?, input, out),
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

fn info(subject: &Subject, out: Output) -> Result<Verdict, Failure> {
    let artefact = &*subject.artefact;
    let matrices = &artefact.matrices;
    let manifest = &artefact.manifest;
    let nonzeros = [&matrices.a, &matrices.b, &matrices.c].map(|matrix| matrix.nonzeros());
    // As the prover's transforms have it: rows, public wires and the constant, rounded up to a power of two.
    let domain = (matrices.rows() as u64 + u64::from(matrices.publics) + 1).next_power_of_two();
    let bytes = artefact.encode().len();
    let json = json!({
        "rows": matrices.rows(),
        "wires": matrices.wires,
        "publics": matrices.publics,
        "nonzeros": {"a": nonzeros[0], "b": nonzeros[1], "c": nonzeros[2]},
        "domain": domain,
        "digest": hex::encode(matrices.digest()),
        "predicate_id": artefact.predicate_id().to_string(),
        "program_hash": hex::encode(artefact.program_hash),
        "manifest": {
            "name": manifest.name,
            "version": manifest.version,
            "public_len": manifest.public_len,
            "private_len": manifest.private_len,
            "declared": manifest.declared,
            "hash": hex::encode(manifest.hash()),
        },
        "bytes": bytes,
        "built_in": subject.built_in().is_some(),
    });
    let declared = if manifest.declared.is_empty() { "none".to_owned() } else { manifest.declared.join(", ") };
    let text = format!(
        "name          {} (version {})\nrows          {}, a domain of {domain}\nwires         {}, {} of them public\n\
         nonzeros      {} in A, {} in B, {} in C\ninput         {} public bytes, {} private bytes\n\
         declared      {declared}\ndigest        {}\nprogram hash  {}\nmanifest hash {}\npredicate id  {}\nbytes         {bytes}",
        manifest.name,
        manifest.version,
        matrices.rows(),
        matrices.wires,
        matrices.publics,
        nonzeros[0],
        nonzeros[1],
        nonzeros[2],
        manifest.public_len,
        manifest.private_len,
        hex::encode(matrices.digest()),
        hex::encode(artefact.program_hash),
        hex::encode(manifest.hash()),
        artefact.predicate_id(),
    );
    out.result(&json, &text);
    Ok(Verdict::Yes)
}

/// Exit code 0 whatever the outcome; 1 where a row does not hold or circuit and native run disagree.
fn evaluate(subject: &Subject, input: &InputArgs, out: Output) -> Result<Verdict, Failure> {
    let artefact = &*subject.artefact;
    let public = subject.public(&input.public)?;
    let private = subject.private(input.private.as_deref())?;

    let (native, ns) = timed(|| subject.native.answer(&public, &private));
    let native = native.input()?;
    let native_ns = native.map(|_| ns);
    // No context: nothing here is proved to anybody.
    let inputs = TapeInputs { binding: Fr::from(0u64), public: &public, private: &private };
    let (z, witness_ns) = timed(|| artefact.tape.run(&inputs));
    let z = z.input()?;
    let (checked, rows_ns) = timed(|| artefact.matrices.check(&z));
    let circuit = outcome_of(&z);
    let satisfied = checked.is_ok();
    let outcome = native.or(circuit);
    let agree = native.is_none() || native == circuit;
    let root = hex::encode(scalar_to_be(&input_root(&public)));
    let declared: Vec<String> = declared(artefact, &z).map(|value| hex::encode(scalar_to_be(value))).collect();

    let mut json = json!({
        "predicate": artefact.manifest.name,
        "predicate_id": artefact.predicate_id().to_string(),
        "outcome": outcome.map(Outcome::as_str),
        "native": native.map(Outcome::as_str),
        "circuit": circuit.map(Outcome::as_str),
        "satisfied": satisfied,
        "input_root": root,
        "declared": declared,
        "rows": artefact.matrices.rows(),
        "wires": artefact.matrices.wires,
        "times_ns": {"native": native_ns, "witness": witness_ns, "rows": rows_ns},
    });
    let word = |outcome: Option<Outcome>| outcome.map_or("none", Outcome::as_str);
    let time = |ns: Option<u64>| ns.map_or_else(|| "none beside the circuit".to_owned(), shown);
    let mut text = String::new();
    if let Some(predicate) = subject.built_in() {
        text.push_str(&format!("input        {}\n", (predicate.describe)(&public)));
    }
    text.push_str(&format!(
        "outcome      {}\nnative       {} ({})\ncircuit      {} (witness {}, {} rows {})\nsatisfied    {satisfied}\n\
         input root   {root}",
        word(outcome),
        word(native),
        time(native_ns),
        word(circuit),
        shown(witness_ns),
        artefact.matrices.rows(),
        shown(rows_ns),
    ));
    if let Err(unsatisfied) = checked {
        let place = unsatisfied.row().and_then(|row| artefact.spans.text(row));
        let what = place.map_or_else(|| unsatisfied.to_string(), |place| format!("{unsatisfied}: {place}"));
        text.push_str(&format!("\nunsatisfied  {what}"));
        json["unsatisfied"] = what.into();
    }
    if !agree {
        text.push_str("\nnative run and circuit disagree");
    }
    out.result(&json, &text);
    Ok(if satisfied && agree { Verdict::Yes } else { Verdict::No })
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
