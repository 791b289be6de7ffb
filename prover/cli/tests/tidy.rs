//! The shape of the house, asserted: which crate may lean on which, and what no source file may hold.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace is two folders up")
}

/// Direct dependencies of every workspace crate, tests left out.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let mut found = BTreeMap::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("a name").to_owned();
        let direct = package["dependencies"]
            .as_array()
            .expect("dependencies")
            .iter()
            .filter(|dependency| dependency["kind"].is_null())
            .map(|dependency| dependency["name"].as_str().expect("a name").to_owned())
            .collect();
        found.insert(name, direct);
    }
    found
}

fn reaches(graph: &BTreeMap<String, BTreeSet<String>>, from: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut todo = vec![from.to_owned()];
    while let Some(name) = todo.pop() {
        for next in graph.get(&name).into_iter().flatten() {
            if seen.insert(next.clone()) {
                todo.push(next.clone());
            }
        }
    }
    seen
}

#[test]
fn checking_never_links_proving() {
    let graph = dependencies();
    for checking in ["zera-host", "zera-verifier", "zera-market", "zera-ledger", "zera-simulate"] {
        let reached = reaches(&graph, checking);
        for proving in ["zera-kernels", "zera-prover", "zera-provider", "zera-params", "zera-compiler", "ark-groth16"] {
            assert!(!reached.contains(proving), "{checking} reaches {proving}");
        }
    }
    // What checks a certificate shares no code with what writes one.
    let checker = reaches(&graph, "zera-check");
    for writing in ["zera-ir", "zera-compiler", "zera-library"] {
        assert!(!checker.contains(writing), "zera-check reaches {writing}");
    }
    // The prover is generic over circuits and never names one.
    let prover = reaches(&graph, "zera-prover");
    for circuit in ["zera-library", "zera-ir", "zera-compiler"] {
        assert!(!prover.contains(circuit), "zera-prover reaches {circuit}");
    }
}

#[test]
fn heavy_dependencies_are_named_where_they_belong() {
    let graph = dependencies();
    let allowed: &[(&str, &[&str])] = &[
        ("wasmtime", &["zera-host", "zera-native"]),
        ("wasmparser", &["zera-compiler", "zera-host", "zera-native"]),
        ("wasm-encoder", &["zera-native"]),
        ("redb", &["zera-ledger", "zera-provider"]),
        ("axum", &["zera-node"]),
        ("reqwest", &["zera-provider"]),
        ("tokio", &["zera-node", "zera-provider", "zera-cli"]),
        ("ark-groth16", &["zera-prover", "zera-params"]),
        ("clap", &["zera-cli"]),
    ];
    for (dependency, crates) in allowed {
        // Benches measure anything, and nothing depends on them.
        for (name, direct) in graph.iter().filter(|(name, _)| *name != "zera-benches") {
            assert!(!direct.contains(*dependency) || crates.contains(&name.as_str()), "{name} names {dependency}");
        }
    }
}

#[test]
fn dependencies_point_one_way() {
    let graph = dependencies();
    let allowed: &[(&str, &[&str])] = &[
        ("zera-abi", &[]),
        ("zera-statement", &["zera-abi"]),
        ("zera-r1cs", &["zera-abi", "zera-statement"]),
        ("zera-ir", &["zera-abi", "zera-statement", "zera-r1cs"]),
        ("zera-library", &["zera-abi", "zera-statement", "zera-r1cs", "zera-ir"]),
        ("zera-native", &["zera-abi"]),
        ("zera-check", &["zera-r1cs", "zera-statement"]),
        ("zera-compiler", &["zera-abi", "zera-statement", "zera-r1cs", "zera-ir", "zera-library"]),
        ("zera-field", &[]),
        ("zera-kernels", &["zera-field"]),
        ("zera-prover", &["zera-kernels", "zera-r1cs"]),
        ("zera-verifier", &["zera-abi", "zera-field"]),
        ("zera-params", &["zera-abi", "zera-r1cs", "zera-statement", "zera-verifier", "zera-kernels"]),
        ("zera-market", &["zera-abi"]),
        ("zera-ledger", &["zera-market"]),
        ("zera-figure", &[]),
        ("zera-simulate", &["zera-abi", "zera-figure", "zera-market"]),
        (
            "zera-host",
            &["zera-abi", "zera-library", "zera-market", "zera-native", "zera-r1cs", "zera-statement", "zera-verifier"],
        ),
    ];
    for (name, crates) in allowed {
        let inside = graph[*name].iter().filter(|dependency| dependency.starts_with("zera-"));
        for dependency in inside {
            assert!(crates.contains(&dependency.as_str()), "{name} leans on {dependency}");
        }
    }
    for (name, direct) in &graph {
        for top in ["zera-cli", "zera-benches"] {
            assert!(!direct.contains(top), "{name} leans on {top}");
        }
    }
}

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("a folder of the workspace") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                sources(&path, found);
            }
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

#[test]
fn sources_keep_the_rules() {
    let root = root();
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 50, "the walk found {} files", files.len());
    // Spelled in two halves, so that this file does not hold them.
    let banned = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("todo", "!("), concat!("unimplemented", "!(")];
    for path in &files {
        let text = std::fs::read_to_string(path).expect("UTF-8");
        let shown = path.strip_prefix(&root).unwrap_or(path).display();
        assert!(text.is_ascii(), "{shown}: source is ASCII");
        assert_ne!(path.file_name().and_then(|name| name.to_str()), Some("mod.rs"), "{shown}: modules are foo.rs");
        for word in banned {
            assert!(!text.contains(word), "{shown}: holds {word}");
        }
        let guest = path.starts_with(root.join("contracts"));
        if path.ends_with("src/lib.rs") && !path.starts_with(root.join("contracts/examples")) {
            // Instructions and prefetches, and the one memory map: crates that deny blocks without a reason.
            let crates = ["prover/field", "prover/kernels", "circuits/iden3"];
            let computes = crates.iter().any(|dir| path.starts_with(root.join(dir)));
            let denies = text.contains("unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks");
            let forbids = text.contains("#![forbid(unsafe_code)]");
            assert!(guest || forbids || (computes && denies), "{shown}: does not forbid unsafe code");
            let documented = text.starts_with("//!") || text.starts_with("#![doc");
            assert!(documented, "{shown}: has no crate docs");
        }
        // The guest side needs it for its imports and its heap, kernels for instructions that not every processor has, keys
        // to be used where they lie in a file, and the comparison for other people's libraries; and nowhere else.
        let files = [
            "contracts/sdk/src/imports.rs",
            "contracts/sdk/src/heap.rs",
            "contracts/sdk/predicate/src/imports.rs",
            "prover/field/src/backend/avx512ifma.rs",
            "prover/field/src/backend/portable/carry.rs",
            "prover/field/src/backend/portable/mulx.rs",
            "prover/field/src/lanes.rs",
            "prover/kernels/src/msm/add.rs",
            "circuits/iden3/src/map.rs",
            "benches/compare/src/rapidsnark.rs",
        ];
        let may = files.iter().any(|file| *path == root.join(file))
            || path.starts_with(root.join("prover/field/src/backend/avx512ifma"));
        for form in [concat!("unsafe", " {"), concat!("unsafe", " fn"), concat!("unsafe", " impl")] {
            assert!(may || !text.contains(form), "{shown}: holds unsafe code");
        }
    }
}

#[test]
fn domain_types_are_not_serialised() {
    let root = root();
    for folder in [
        "contracts/abi",
        "circuits",
        "verifier-host/market",
        "verifier-host/host",
        "verifier-host/verifier",
        "verifier-host/ledger",
    ] {
        let mut files = Vec::new();
        sources(&root.join(folder), &mut files);
        for path in files {
            let text = std::fs::read_to_string(&path).expect("UTF-8");
            assert!(!text.contains("derive(Serialize"), "{}: converts in node/src/view.rs instead", path.display());
        }
    }
}
