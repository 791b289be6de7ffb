//! Rows of modules: `rows PUBLIC PRIVATE FILE...`.

use std::time::Instant;
use zera_compiler::{Options, compile, symex::Limits};
use zera_r1cs::Manifest;

fn main() {
    let mut args = std::env::args().skip(1);
    let mut number = || args.next().and_then(|text| text.parse().ok()).expect("rows PUBLIC PRIVATE FILE...");
    let (public, private) = (number(), number());
    for path in args {
        let wasm = std::fs::read(&path).expect("a file");
        let manifest = Manifest::new("rows", 1, public, private, vec![]).and_then(|m| m.with_entry("predicate"));
        let options = Options { manifest: manifest.expect("a manifest"), limits: Limits::ORDINARY };
        let start = Instant::now();
        match compile(&wasm, &options) {
            Ok(compiled) => println!(
                "{path}: {} body rows, {} rows, {} nodes, {:?}",
                compiled.body_rows,
                compiled.artefact.matrices.rows(),
                compiled.nodes,
                start.elapsed()
            ),
            Err(diagnostics) => diagnostics.iter().for_each(|diagnostic| println!("{path}: {diagnostic}")),
        }
    }
}
