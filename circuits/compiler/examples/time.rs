//! Time of compiling and what comes out: `time [-n RUNS] [PUBLIC PRIVATE] FILE...`.
//!
//! Without lengths they are those of the first case in `../cases/NAME.json`, where `NAME` is the file's name up to the
//! first point. Prints the best of the runs for each file: symbolic execution, everything after it, and encoding, in
//! milliseconds; then the SHA-256 of the artefact, by which two builds of the compiler can be compared.

use sha2::{Digest, Sha256};
use std::path::Path;
use std::time::Instant;
use zera_compiler::symex::{self, Limits};
use zera_compiler::{Options, compile};
use zera_r1cs::Manifest;

/// Lengths of the inputs of the first case.
fn lengths(path: &Path) -> Option<(u32, u32)> {
    let name = path.file_name()?.to_str()?.split('.').next()?;
    let path = path.canonicalize().ok()?;
    let cases = path.parent()?.parent()?.join(format!("cases/{name}.json"));
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(cases).ok()?).ok()?;
    let length = |field: &str| Some(json[0][field].as_str()?.len() as u32 / 2);
    Some((length("public")?, length("private")?))
}

fn main() {
    let mut args = std::env::args().skip(1).peekable();
    let mut runs = 1;
    if args.peek().is_some_and(|arg| arg == "-n") {
        args.next();
        runs = args.next().and_then(|text| text.parse().ok()).expect("-n RUNS");
    }
    let mut number = || args.next_if(|text| text.parse::<u32>().is_ok()).and_then(|text| text.parse().ok());
    let given: Option<(u32, u32)> = number().zip(number());
    for path in args {
        let wasm = std::fs::read(&path).expect("a file");
        let (public_len, private_len) = given.or_else(|| lengths(Path::new(&path))).expect("lengths of the inputs");
        let manifest =
            Manifest::new("time", 1, public_len, private_len, vec![]).and_then(|m| m.with_entry("predicate"));
        let options = Options { manifest: manifest.expect("a manifest"), limits: Limits::ORDINARY };
        let entry = options.manifest.entry.clone();
        let execution = symex::Options { entry, public_len, private_len, limits: options.limits };
        let mut best = [f64::MAX; 3];
        let mut digest = String::new();
        for _ in 0..runs {
            let start = Instant::now();
            let executed = symex::execute(&wasm, &execution).is_ok();
            let symex = start.elapsed();
            let start = Instant::now();
            let compiled = compile(&wasm, &options);
            let whole = start.elapsed();
            let start = Instant::now();
            digest = match &compiled {
                Ok(compiled) if executed => {
                    let digest: String =
                        Sha256::digest(compiled.artefact.encode()).iter().map(|byte| format!("{byte:02x}")).collect();
                    format!("{} rows, {digest}", compiled.artefact.matrices.rows())
                }
                _ => "refused".to_owned(),
            };
            let times = [symex, whole.saturating_sub(symex), start.elapsed()];
            for (best, time) in best.iter_mut().zip(times) {
                *best = best.min(time.as_secs_f64() * 1e3);
            }
        }
        let [symex, lower, encode] = best;
        println!("{path}: {symex:.1} + {lower:.1} ms, encoding {encode:.1} ms, {digest}");
    }
}
