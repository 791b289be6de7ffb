//! `zera predicate export`, `profile` and `explain`, through the binary.

#![cfg(unix)]

#[path = "support/binary.rs"]
mod binary;

use std::path::Path;

use binary::zera;
use serde_json::Value;
use zera_iden3::{read_r1cs, read_wtns};
use zera_library::by_name;

const NAME: &str = "SpecialPriceOraclePredicate";

fn ask(dir: &Path, args: &[&str]) -> (Value, i32) {
    let output = zera(dir).args(args).arg("--json").output().expect("the binary runs");
    let code = output.status.code().expect("an exit code");
    (serde_json::from_slice(&output.stdout).unwrap_or(Value::Null), code)
}

fn text(dir: &Path, args: &[&str]) -> String {
    let output = zera(dir).args(args).output().expect("the binary runs");
    assert!(output.status.success(), "{args:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn rows_and_an_assignment_for_snarkjs() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let predicate = by_name(NAME).unwrap();
    let artefact = (predicate.artefact)();
    let files = ["--r1cs", "p.r1cs", "--wtns", "p.wtns", "-o", "p.zpred"];
    let export = [&["predicate", "export", NAME, "--public", predicate.example][..], &files].concat();
    let (told, code) = ask(dir, &export);
    assert_eq!((code, &told["file"], &told["r1cs"]), (0, &"p.zpred".into(), &"p.r1cs".into()), "{told}");
    assert_eq!(told["outcome"], ask(dir, &["predicate", "run", NAME, "--public", predicate.example]).0["outcome"]);
    let read = |name: &str| std::fs::read(dir.join(name)).unwrap();
    assert_eq!(read("p.zpred"), artefact.encode());
    let system = read_r1cs(&read("p.r1cs")).unwrap();
    assert_eq!(system.matrices, artefact.matrices);
    assert_eq!((system.outputs, system.private_inputs), (0, 8 * artefact.manifest.public_len));
    let z = read_wtns(&read("p.wtns")).unwrap();
    assert_eq!(artefact.matrices.check(&z), Ok(()));

    // Bound to another key, the binding moves and nothing else that is public does.
    let key = "11".repeat(32);
    let args = ["predicate", "export", NAME, "--public", predicate.example, "--wtns", "q.wtns", "--key-id", &key];
    assert_eq!(ask(dir, &args).1, 0);
    let other = read_wtns(&read("q.wtns")).unwrap();
    assert!(z[2] != other[2] && z[1] == other[1] && z[3] == other[3]);
    assert_eq!(artefact.matrices.check(&other), Ok(()));

    for bad in [
        &["--wtns", "r.wtns"][..],
        &["--public", "00"],
        &["--r1cs", "r.r1cs", "--context", "c.json"],
        &["--wtns", "r.wtns", "--public", "00", "--r1cs", "r.r1cs"],
        &[],
    ] {
        assert_eq!(ask(dir, &[&["predicate", "export", NAME][..], bad].concat()).1, 2, "{bad:?}");
    }
    assert!(
        !dir.join("r.r1cs").exists() && !dir.join("r.wtns").exists(),
        "nothing is written where something is wrong"
    );
}

#[test]
fn a_profile_has_every_row_once() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let rows = (by_name(NAME).unwrap().artefact)().matrices.rows() as u64;
    let args = ["predicate", "profile", NAME, "--folded", "p.folded", "--svg", "p.svg"];
    let (told, code) = ask(dir, &args);
    assert_eq!((code, told["rows"].as_u64()), (0, Some(rows)));
    let folded = std::fs::read_to_string(dir.join("p.folded")).unwrap();
    let counts = folded.lines().map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap());
    assert_eq!(counts.sum::<u64>(), rows);
    assert!(folded.contains("statement;public bytes 1048\n"), "{folded}");
    let svg = std::fs::read(dir.join("p.svg")).unwrap();
    assert!(String::from_utf8_lossy(&svg).contains(&format!("all: {rows} rows (100.0%)")));
    assert_eq!(ask(dir, &args).1, 0);
    assert_eq!(std::fs::read(dir.join("p.svg")).unwrap(), svg, "the same twice");
    let table = text(dir, &["predicate", "profile", NAME]);
    assert!(table.starts_with(&format!("{rows} rows\n")) && table.contains("public bytes"), "{table}");
}

#[test]
fn a_row_is_an_equation_of_named_wires() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let predicate = by_name(NAME).unwrap();
    let rows = (predicate.artefact)().matrices.rows();
    let shown = text(dir, &["predicate", "explain", NAME, "9"]);
    assert!(shown.contains("place  statement: public bytes") && shown.contains("public[1].bit 1"), "{shown}");
    let last = (rows - 1).to_string();
    let (told, code) = ask(dir, &["predicate", "explain", NAME, &last, "--public", predicate.example]);
    assert_eq!((code, &told["holds"]), (0, &true.into()), "{told}");
    assert!(told["equation"].as_str().unwrap().contains(") * (") && told["values"].is_object(), "{told}");
    for bad in [&[&rows.to_string()[..]][..], &["x"], &["0", "--public", "00"], &["0", "--private", "00"]] {
        assert_eq!(ask(dir, &[&["predicate", "explain", NAME][..], bad].concat()).1, 2, "{bad:?}");
    }
}
