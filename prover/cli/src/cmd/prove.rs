//! `zera prove`: an answer and its proof, in snarkjs' JSON.

mod zkey; // with a key and an assignment of snarkjs

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use anyhow::{Context, anyhow};
use rand::rngs::OsRng;
use serde::Deserialize;
use serde_json::json;
use zera_abi::{AccountId, ChainId, Height, KeyId, PredicateId, TaskId};
use zera_kernels::{CpuEngine, Slice};
use zera_params::{Manifest, load, load_manifest, origin};
use zera_prover::assignment::domain_size;
use zera_prover::{Blinding, Plan, Prover, Sizes, Stage, Watch, plan};
use zera_r1cs::{Matrices, TapeInputs};
use zera_statement::{Binding, Statement, input_root, scalar_to_be};
use zera_verifier::{Proof, PublicInputs, VerifyingKey, verify};

use crate::cache::CacheArgs;
use crate::cmd::key::pretty;
use crate::cmd::predicate::{declared, outcome_of, shown, timed};
use crate::output::{Blame, Failure, Output, Verdict};
use crate::progress::Progress;
use crate::subject::Subject;
use crate::{file, predicates, snarkjs};

/// Most bytes of a context file.
const CONTEXT_MAX: u64 = 4096;

/// What to prove, and where to write it.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A built-in name, a .zpred file, or the id of one in the folder $ZERA_PREDICATES.
    #[arg(value_name = "P", required_unless_present = "zkey", conflicts_with = "zkey")]
    predicate: Option<String>,
    /// The folder of keys.
    #[arg(long, value_name = "DIR", required_unless_present = "zkey", conflicts_with = "zkey")]
    keys: Option<PathBuf>,
    /// Public input: hex, @FILE with the bytes or with JSON, or a JSON object: of a built-in predicate's form, or by fields.
    #[arg(long, value_name = "HEX|@FILE|JSON", required_unless_present = "zkey", conflicts_with = "zkey")]
    public: Option<String>,
    /// Private input: hex, @FILE with the bytes or with JSON, or a JSON object by fields.
    #[arg(long, value_name = "HEX|@FILE|JSON", conflicts_with = "zkey")]
    private: Option<String>,
    /// JSON file with chain_id, task_id, provider and not_after, which the proof is bound to; without it, all zeros.
    #[arg(long, value_name = "FILE", conflicts_with = "zkey")]
    context: Option<PathBuf>,
    /// Instead of a predicate, a proving key of snarkjs: any circuit of circom's.
    #[arg(long, value_name = "FILE.zkey", requires = "wtns")]
    zkey: Option<PathBuf>,
    /// The assignment, as circom's and snarkjs' calculators write it.
    #[arg(long, value_name = "FILE.wtns", requires = "zkey")]
    wtns: Option<PathBuf>,
    /// Say how many seconds each step took.
    #[arg(long, requires = "zkey")]
    time: bool,
    #[command(flatten)]
    cache: CacheArgs,
    /// The proof's file.
    #[arg(short, long, value_name = "PROOF.json")]
    output: PathBuf,
    /// The public inputs' file.
    #[arg(long, value_name = "PUBLIC.json")]
    public_out: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContextFile {
    chain_id: String,
    task_id: String,
    provider: String,
    not_after: u64,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`].
pub fn run(args: &Args, out: Output) -> Result<Verdict, Failure> {
    match args {
        Args { zkey: Some(zkey), wtns: Some(wtns), .. } => zkey::run(args, zkey, wtns, out),
        Args { predicate: Some(predicate), keys: Some(keys), public: Some(public), .. } => {
            answer(args, predicate, keys, public, out)
        }
        _ => Err(Failure::Input(anyhow!("prove: expected P, --keys and --public, or --zkey and --wtns"))),
    }
}

/// Writes a predicate's answer for an input, with its proof.
fn answer(args: &Args, predicate: &str, keys: &Path, public: &str, out: Output) -> Result<Verdict, Failure> {
    let subject = predicates::open(predicate)?;
    let public = subject.public(public)?;
    let private = subject.private(args.private.as_deref())?;
    let predicate = subject.artefact.predicate_id();
    let manifest = manifest(keys, &predicate)?;
    let binding = binding(args.context.as_deref(), predicate, manifest.key)?;
    let made = make(&subject, keys, &args.cache, &public, &private, &binding)?;
    file::write(&args.output, pretty(&snarkjs::proof_to_json(&made.proof)).as_bytes())?;
    let publics = PublicInputs::from_scalars(made.statement.public_inputs());
    file::write(&args.public_out, pretty(&snarkjs::public_to_json(&publics)).as_bytes())?;
    tell(args, &binding, &made, out);
    Ok(Verdict::Yes)
}

/// A proved answer.
pub struct Made {
    /// What the proof says.
    pub statement: Statement,
    /// The proof; it has been verified.
    pub proof: Proof,
    verifying: VerifyingKey,
    times: [(&'static str, u64); 3],
}

/// Answers and proves, with the key that `binding` names, and verifies the proof before it leaves the house.
///
/// # Errors
/// [`Failure`]: keys of another predicate or damaged, a native run that disagrees, an input without an outcome.
pub fn make(
    subject: &Subject,
    keys: &Path,
    cache: &CacheArgs,
    public: &[u8],
    private: &[u8],
    binding: &Binding,
) -> Result<Made, Failure> {
    let artefact = &*subject.artefact;
    let matrices = &artefact.matrices;
    let progress = Progress::start("loading keys");
    let engine = CpuEngine::from_environment().input()?;
    room(matrices.wires as usize, domain_size(matrices))?;
    let (manifest, verifying) = load_manifest(keys, &binding.key).input()?;
    let prover = prover(cache, keys, &manifest, matrices, &engine)?;

    progress.step("computing the witness");
    let inputs = TapeInputs { binding: binding.to_scalar(), public, private };
    let (z, witness_ns) = timed(|| artefact.tape.run(&inputs));
    let z = z.input()?;
    let outcome = outcome_of(&z).context("the circuit gives no outcome for this input").input()?;
    if let Some(native) = subject.native.answer(public, private).input()?
        && native != outcome
    {
        return Err(Failure::Input(anyhow!("the circuit says {outcome}, the native run {native}")));
    }
    let statement = Statement {
        outcome,
        binding: inputs.binding,
        input_root: input_root(public),
        declared: declared(artefact, &z).copied().collect(),
    };
    let mut stage = |stage: Stage| progress.step(format!("proving: {}", stage.name()));
    let watch = Watch { progress: &mut stage, cancelled: &AtomicBool::new(false) };
    let proved = timed(|| prover.prove(matrices, &z, &Blinding::random(&mut OsRng), watch));
    let (proof, prove_ns) = (proved.0.input()?.0, proved.1);
    let proof = Proof::from_points(proof.a, proof.b, proof.c).input()?;
    let publics = PublicInputs::from_scalars(statement.public_inputs());
    // Keys of another circuit of the same size show here, and nothing false leaves the house.
    let (verified, verify_ns) = timed(|| verify(&verifying.prepare(), &publics, &proof));
    verified.context("the new proof does not verify: keys and predicate do not belong together").input()?;
    let times = [("witness", witness_ns), ("proof", prove_ns), ("verification", verify_ns)];
    Ok(Made { statement, proof, verifying, times })
}

/// The folder's proving key as the engine has it, kept or converted.
fn prover(
    cache: &CacheArgs,
    keys: &Path,
    manifest: &Manifest,
    matrices: &Matrices,
    engine: &CpuEngine,
) -> Result<Prover, Failure> {
    let cache = cache.open();
    let source = &manifest.proving_key_sha256;
    let make = || {
        room_to_convert(matrices.wires as usize, domain_size(matrices), 0)?;
        let keys = load(keys, &manifest.key).input()?;
        if let Some(outside) = cache.keeps().then(|| engine.outside_subgroup(&keys.proving.b_g2_query)).flatten() {
            return Err(anyhow!("proving key: b_g2_query: point {outside} is not in the subgroup of order r")).input();
        }
        Prover::new(engine, &keys.proving, matrices).input()
    };
    let open = |packed: &Slice| Prover::unpack(engine, packed, source, matrices);
    Ok(cache.key(engine, source, open, make, |prover, file| prover.pack(engine, source, file))?.0)
}

/// Refuses a proof that would need more memory than there is available, where the system says how much that is.
fn room(wires: usize, domain: usize) -> Result<(), Failure> {
    let sizes = Sizes { wires: wires as u64, domain: domain as u64 };
    let plan = Plan::of(sizes, rayon::current_num_threads() as u64);
    plan::available().map_or(Ok(()), |available| plan.check(available)).input()
}

/// The same for a key that is decoded before it is taken, with this many terms in its matrices.
fn room_to_convert(wires: usize, domain: usize, terms: usize) -> Result<(), Failure> {
    let sizes = Sizes { wires: wires as u64, domain: domain as u64 };
    let plan = Plan::of(sizes, rayon::current_num_threads() as u64).converting(sizes, terms as u64);
    plan::available().map_or(Ok(()), |available| plan.check(available)).input()
}

fn tell(args: &Args, binding: &Binding, made: &Made, out: Output) {
    let Made { statement, verifying, times, .. } = made;
    let outcome = statement.outcome;
    let ns: serde_json::Map<_, _> = times.iter().map(|(step, ns)| ((*step).to_owned(), json!(ns))).collect();
    let json = json!({
        "outcome": outcome.as_str(),
        "predicate_id": binding.predicate.to_string(),
        "key_id": binding.key.to_string(),
        "origin": origin(verifying).name(),
        "input_root": hex::encode(scalar_to_be(&statement.input_root)),
        "binding": hex::encode(binding.to_bytes()),
        "context": args.context.is_some(),
        "proof": args.output,
        "public": args.public_out,
        "times_ns": ns,
    });
    let mut text = format!(
        "outcome    {outcome}\nproof      {}\npublic     {}\nkey id     {}\n",
        args.output.display(),
        args.public_out.display(),
        binding.key
    );
    let times: Vec<String> = times.iter().map(|(step, ns)| format!("{step} {}", shown(*ns))).collect();
    text.push_str(&format!("times      {}", times.join(", ")));
    if args.context.is_none() {
        text.push_str("\nNo --context: chain, task, provider and last height are zeros, so no chain takes this proof.");
    }
    if verifying.is_dev() {
        text.push_str("\nA development key: anyone can make such a proof for anything.");
    }
    out.result(&json, &text);
}

/// The folder's manifest, where its keys are for this predicate.
fn manifest(dir: &Path, predicate: &PredicateId) -> Result<Manifest, Failure> {
    let manifest = Manifest::read(dir).input()?;
    if manifest.predicate != *predicate {
        let (dir, found) = (dir.display(), manifest.predicate);
        return Err(Failure::Input(anyhow!("{dir}: keys for predicate {found}, expected {predicate}")));
    }
    Ok(manifest)
}

/// The binding of a context file, which has all but key and predicate; of zeros without one.
///
/// # Errors
/// Bad input.
pub fn binding(path: Option<&Path>, predicate: PredicateId, key: KeyId) -> Result<Binding, Failure> {
    let Some(path) = path else {
        return Ok(Binding {
            chain: ChainId([0; 32]),
            task: TaskId([0; 32]),
            key,
            predicate,
            provider: AccountId([0; 32]),
            not_after: Height(0),
        });
    };
    let read = || -> anyhow::Result<Binding> {
        let bytes = file::read(path, CONTEXT_MAX).map_err(|failure| anyhow!("{failure}"))?;
        let context: ContextFile = serde_json::from_slice(&bytes)?;
        let field = |name: &str, error: zera_abi::id::IdError| anyhow!("{name}: {error}");
        Ok(Binding {
            chain: context.chain_id.parse().map_err(|error| field("chain_id", error))?,
            task: context.task_id.parse().map_err(|error| field("task_id", error))?,
            key,
            predicate,
            provider: context.provider.parse().map_err(|error| field("provider", error))?,
            not_after: Height(context.not_after),
        })
    };
    read().with_context(|| format!("context {}", path.display())).input()
}
