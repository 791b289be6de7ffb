//! `zera predicate compile`: a program, as a predicate.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Value, json};
use zera_check::{CheckError, Report};
use zera_compiler::symex::Limits;
use zera_compiler::{Compiled, Diagnostic, Options};
use zera_provider::Wasm;
use zera_r1cs::{Artefact, Manifest};

use crate::lock::Lock;
use crate::output::{Blame, Failure, Output, Verdict};
use crate::places::Places;
use crate::progress::Progress;
use crate::{file, manifest};

/// Most bytes of a module's file: custom sections, line tables among them, may be longer than the program.
const MODULE_MAX: u64 = 1 << 26;

/// What to compile. Options go before what the manifest's file says.
#[derive(clap::Args, Debug)]
#[command(disable_version_flag = true)]
pub struct Args {
    /// The WebAssembly module.
    #[arg(value_name = "FILE.wasm")]
    module: PathBuf,
    /// The file to write.
    #[arg(short, long, value_name = "OUT.zpred")]
    output: PathBuf,
    /// The exported function (default: predicate).
    #[arg(long, value_name = "NAME")]
    entry: Option<String>,
    /// Bytes of public input (default: 0).
    #[arg(long, value_name = "N")]
    public_bytes: Option<u32>,
    /// Bytes of private input (default: 0).
    #[arg(long, value_name = "N")]
    private_bytes: Option<u32>,
    /// Let the answer commit to the private bytes.
    #[arg(long)]
    commit_private: bool,
    /// Name of the predicate (default: the module's file name).
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Its version (default: 1).
    #[arg(long, value_name = "N")]
    version: Option<u32>,
    /// predicate.toml: name, version, entry, lengths and fields of the inputs.
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Most iterations of one loop that begin under a condition.
    #[arg(long, value_name = "N", default_value_t = Limits::ORDINARY.iterations)]
    loop_limit: u32,
    /// predicate.lock: written where it is not there; else the rows must stay within its budget.
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
    /// Write the lock anew, whatever grew.
    #[arg(long, requires = "lock")]
    update_lock: bool,
}

/// Exit code 1 where the rows are not shown to leave no choice, or are not as the lock has them; nothing is written then.
///
/// # Errors
/// [`Failure`].
pub fn run(args: &Args, out: Output) -> Result<Verdict, Failure> {
    let wasm = file::read(&args.module, MODULE_MAX)?;
    let manifest = args.manifest()?;
    let before = args.lock.as_deref().map_or(Ok(None), Lock::read)?;
    let limits = Limits { iterations: args.loop_limit, ..Limits::ORDINARY };
    let progress = Progress::start("compiling");
    let start = Instant::now();
    let compiled = match zera_compiler::compile(&wasm, &Options { manifest, limits }) {
        Ok(compiled) => compiled,
        Err(diagnostics) => return Ok(diagnose(&diagnostics, out)),
    };
    let compile_ms = milliseconds(start);
    let artefact = &compiled.artefact;
    // What no provider could run natively is no predicate.
    Wasm::new(&wasm, &artefact.manifest.entry).load().input()?;
    progress.step(format!("checking the certificate of {} rows", artefact.matrices.rows()));
    let start = Instant::now();
    let report = match zera_check::check(artefact) {
        Ok(report) => report,
        Err(error) => return Ok(unchecked(artefact, &error, out)),
    };
    let check_ms = milliseconds(start);
    drop(progress);
    if let Some(outcome) = compiled.constant {
        Output::progress(&format!(
            "warning: the outcome is {outcome} for every input; are the lengths right ({} public, {} private bytes)?",
            artefact.manifest.public_len, artefact.manifest.private_len
        ));
    }

    let places = Places::of(artefact);
    let lock = Lock::of(artefact, &places);
    let broken = match &before {
        Some(before) if !args.update_lock => before.broken_by(&lock),
        _ => Vec::new(),
    };
    if !broken.is_empty() {
        return Ok(grown(&broken, args.lock.as_deref(), out));
    }
    let bytes = artefact.encode();
    file::write(&args.output, &bytes)?;
    if let Some(path) = args.lock.as_deref().filter(|_| before.is_none() || args.update_lock) {
        lock.write(path)?;
    }
    let json = json!({
        "file": args.output,
        "bytes": bytes.len(),
        "name": artefact.manifest.name,
        "version": artefact.manifest.version,
        "rows": artefact.matrices.rows(),
        "body_rows": compiled.body_rows,
        "wires": artefact.matrices.wires,
        "publics": artefact.matrices.publics,
        "digest": lock.digest,
        "predicate_id": lock.predicate_id,
        "program_hash": lock.program_hash,
        "tape_operations": artefact.tape.operations(),
        "nodes": compiled.nodes,
        "constant_outcome": compiled.constant.map(|outcome| outcome as u32),
        "steps": report.steps,
        "assumed": report.assumed.len(),
        "asserted": report.asserted.len(),
        "compile_ms": compile_ms,
        "check_ms": check_ms,
    });
    out.result(&json, &text(args, &compiled, &lock, &report, (compile_ms, check_ms)));
    Ok(Verdict::Yes)
}

impl Args {
    fn manifest(&self) -> Result<Manifest, Failure> {
        let mut source = self.manifest.as_deref().map_or(Ok(manifest::Source::default()), manifest::read)?;
        source.entry = self.entry.clone().or(source.entry);
        source.name = self.name.clone().or(source.name);
        source.version = self.version.or(source.version);
        source.public_bytes = self.public_bytes.or(source.public_bytes);
        source.private_bytes = self.private_bytes.or(source.private_bytes);
        source.commit_private |= self.commit_private;
        let stem = self.module.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        source.manifest(&stem)
    }
}

fn text(args: &Args, compiled: &Compiled, lock: &Lock, report: &Report, (compile, check): (u64, u64)) -> String {
    let artefact = &compiled.artefact;
    let mut certificate = "holds".to_owned();
    if !report.assumed.is_empty() {
        certificate.push_str(&format!(", {} wires taken on trust", report.assumed.len()));
    }
    if !report.asserted.is_empty() {
        certificate.push_str(&format!("; {} rows may refuse inputs, as far as it shows", report.asserted.len()));
    }
    format!(
        "{}: {} (version {})\nrows          {}, {} of them the program's\nwires         {}\ntape          {} operations\n\
         certificate   {certificate}\ndigest        {}\nprogram hash  {}\npredicate id  {}\ntime          {compile} ms, \
         {check} ms to check",
        args.output.display(),
        artefact.manifest.name,
        artefact.manifest.version,
        lock.rows,
        compiled.body_rows,
        artefact.matrices.wires,
        artefact.tape.operations(),
        lock.digest,
        lock.program_hash,
        lock.predicate_id,
    )
}

/// What is wrong with the program: prose to standard error, or one object.
fn diagnose(diagnostics: &[Diagnostic], out: Output) -> Verdict {
    if out.is_json() {
        let errors: Vec<Value> = diagnostics
            .iter()
            .map(|diagnostic| {
                let place = diagnostic.place.as_ref();
                json!({
                    "code": diagnostic.code,
                    "message": diagnostic.message,
                    "help": diagnostic.help,
                    "function": place.map(|place| &place.function),
                    "offset": place.map(|place| place.offset),
                    "file": place.and_then(|place| place.file.as_ref()),
                    "line": place.map(|place| place.line).filter(|line| *line > 0),
                })
            })
            .collect();
        out.result(&json!({ "errors": errors }), "");
    } else {
        diagnostics.iter().for_each(|diagnostic| Output::progress(&diagnostic.to_string()));
        let count = diagnostics.len();
        Output::progress(&format!("zera: not compiled: {count} error{}", if count == 1 { "" } else { "s" }));
    }
    Verdict::Refused
}

/// The certificate does not hold: a defect of the compiler, which no proof may rest on.
fn unchecked(artefact: &Artefact, error: &CheckError, out: Output) -> Verdict {
    let row = match error {
        CheckError::Step { row, .. } => Some(*row),
        _ => None,
    };
    let place = row.and_then(|row| artefact.spans.text(row as usize));
    let json = json!({"checked": false, "error": error.to_string(), "row": row, "place": place});
    let shown = place.map_or_else(String::new, |place| format!("\n  --> {place}"));
    complain(&json, &format!("error[certificate]: {error}{shown}\nzera: not written"), out);
    Verdict::No
}

fn grown(broken: &[String], lock: Option<&Path>, out: Output) -> Verdict {
    let lock = lock.map_or_else(String::new, |path| path.display().to_string());
    let lines: String = broken.iter().map(|line| format!("error[lock]: {line}\n")).collect();
    let text = format!("{lines}  --> {lock}\n  help: --update-lock accepts it\nzera: not written");
    complain(&json!({"lock": lock, "broken": broken}), &text, out);
    Verdict::No
}

/// Prints to standard output with `--json`, else to standard error.
fn complain(json: &Value, text: &str, out: Output) {
    if out.is_json() {
        out.result(json, "");
    } else {
        Output::progress(text);
    }
}

fn milliseconds(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}
