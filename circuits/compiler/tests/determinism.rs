//! Equal modules give equal artefacts: on one thread, on several at once, and in another process.

#[path = "support/prebuilt.rs"]
mod prebuilt;

use prebuilt::{cases, wasm};
use sha2::{Digest, Sha256};
use std::process::Command;
use zera_compiler::symex::Limits;
use zera_compiler::{Options, compile};
use zera_r1cs::Manifest;

/// From one row for an instruction to thousands, of all three languages.
const MODULES: [&str; 8] =
    ["allowlist", "dispatch", "division", "early_exit", "forest.O0", "merkle", "mlp", "prices.rust.debug"];
/// Set where this test runs itself in another process.
const CHILD: &str = "ZERA_DETERMINISM_CHILD";

/// Name and digest of the artefact, a line.
fn line(module: &str) -> String {
    let case = &cases(module)[0];
    let (public_len, private_len) = (case.public.len() as u32, case.private.len() as u32);
    let manifest = Manifest::new("test", 1, public_len, private_len, vec![]).unwrap().with_entry("predicate").unwrap();
    let options = Options { manifest, limits: Limits::ORDINARY };
    let compiled = compile(&wasm(module), &options).unwrap_or_else(|errors| panic!("{module}: {}", errors[0]));
    format!("{module} {}\n", hex::encode(Sha256::digest(compiled.artefact.encode())))
}

fn lines() -> String {
    MODULES.iter().map(|module| line(module)).collect()
}

#[test]
fn threads_and_processes_make_no_difference() {
    let alone = lines();
    if std::env::var_os(CHILD).is_some() {
        print!("\n{alone}");
        return;
    }
    for threads in [2, 8] {
        std::thread::scope(|scope| {
            let all: Vec<_> = (0..threads).map(|_| scope.spawn(lines)).collect();
            for thread in all {
                assert_eq!(thread.join().unwrap(), alone, "{threads} threads");
            }
        });
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "threads_and_processes_make_no_difference", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let text = String::from_utf8(child.stdout).unwrap();
    assert!(child.status.success() && text.contains(&alone), "in another process:\n{text}\nhere:\n{alone}");
}
