//! `zera prove --zkey` with a key that snarkjs made, and keys in its form as verifying keys.

#[path = "support/binary.rs"]
mod binary;

use std::path::{Path, PathBuf};

use ark_bn254::G2Affine;
use binary::zera;
use serde_json::Value;
use zera_iden3::{read_wtns, write_wtns};

/// The key, the assignment and the form of the line; a folder to work in.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../circuits/iden3/tests/vectors");
    for (vector, name) in [("snarkjs.zkey", "key.zkey"), ("example.wtns", "good.wtns")] {
        std::fs::copy(vectors.join(vector), dir.path().join(name)).unwrap();
    }
    dir
}

/// The exit code, what was printed, and what was said beside.
fn run(dir: &Path, line: &str) -> (i32, String, String) {
    let output = zera(dir).args(line.split(' ')).output().expect("the binary runs");
    let [out, said] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("UTF-8"));
    (output.status.code().expect("an exit code"), out, said)
}

fn json(dir: &Path, line: &str) -> Value {
    let (code, out, said) = run(dir, &format!("{line} --json"));
    assert_eq!(code, 0, "{line}: {said}");
    serde_json::from_str(&out).expect("one object")
}

const PROVE: &str = "prove --zkey key.zkey --wtns good.wtns -o proof.json --public-out public.json";

#[test]
fn a_proof_is_made_and_verifies_under_every_form_of_its_key() {
    let dir = folder();
    let dir = dir.path();
    let told = json(dir, PROVE);
    assert_eq!((&told["wires"], &told["inputs"], &told["domain"]), (&5.into(), &2.into(), &8.into()));
    assert_eq!(told["origin"], "ceremony");
    assert!(told.get("seconds").is_none());
    let text = std::fs::read_to_string(dir.join("public.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), serde_json::json!(["35", "3"]));
    assert_eq!(json(dir, "key info key.zkey")["key_id"], told["key_id"]);
    json(dir, "key export key.zkey --snarkjs vk.json -o vk.bin");
    for vk in ["key.zkey", "vk.json", "vk.bin"] {
        let line = format!("verify --vk {vk} --public public.json --proof proof.json");
        assert_eq!(json(dir, &line)["verified"], true, "{vk}");
    }
    std::fs::write(dir.join("public.json"), r#"["36", "3"]"#).unwrap();
    assert_eq!(run(dir, "verify --vk key.zkey --public public.json --proof proof.json").0, 1);
}

#[test]
fn a_key_is_converted_once_and_again_where_what_was_kept_is_damaged() {
    let dir = folder();
    let dir = dir.path();
    let kept = || -> Vec<PathBuf> {
        let entries = std::fs::read_dir(dir.join("kept")).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.is_file()).collect()
    };
    assert_eq!(json(dir, &format!("{PROVE} --no-cache"))["key"], "not kept");
    assert!(!dir.join("kept").exists());
    assert_eq!(json(dir, PROVE)["key"], "made");
    assert_eq!(json(dir, PROVE)["key"], "kept");
    json(dir, "verify --vk key.zkey --public public.json --proof proof.json");
    let [path] = &kept()[..] else { panic!("one packed key") };
    let good = std::fs::read(path).unwrap();
    for bytes in [&good[..good.len() - 1], &good[..100], b"", &[good.as_slice(), b"more"].concat()] {
        std::fs::write(path, bytes).unwrap();
        let (code, out, said) = run(dir, &format!("{PROVE} --json"));
        assert_eq!(code, 0, "{said}");
        assert!(said.starts_with("note: ") && said.contains("packed key: ") && said.lines().count() == 1, "{said}");
        assert_eq!(serde_json::from_str::<Value>(&out).unwrap()["key"], "made");
        assert_eq!(std::fs::read(path).unwrap(), good);
    }
    // Another backend keeps its own.
    let portable = zera(dir).args(PROVE.split(' ')).arg("--json").env("ZERA_CPU", "portable").output().unwrap();
    let told: Value = serde_json::from_slice(&portable.stdout).expect("one object");
    assert_eq!(told["key"], if kept().len() == 2 { "made" } else { "kept" });
    // A folder that cannot be: the proof is made all the same.
    std::fs::write(dir.join("file"), b"").unwrap();
    let (code, out, said) = run(dir, &format!("{PROVE} --cache file --json"));
    assert_eq!((code, serde_json::from_str::<Value>(&out).unwrap()["key"].clone()), (0, "not kept".into()), "{said}");
    assert!(said.contains("the key is not kept"), "{said}");
}

/// What comes through a pipe can be read once, and is as good as a file.
#[cfg(unix)]
#[test]
fn a_key_comes_through_a_pipe() {
    let dir = folder();
    let dir = dir.path();
    assert!(std::process::Command::new("mkfifo").arg(dir.join("pipe")).status().unwrap().success());
    for word in ["made", "kept"] {
        let (from, to) = (dir.join("key.zkey"), dir.join("pipe"));
        let writer = std::thread::spawn(move || std::fs::write(to, std::fs::read(from).unwrap()));
        let line = PROVE.replace("key.zkey", "pipe");
        assert_eq!(json(dir, &line)["key"], word);
        writer.join().unwrap().expect("all of it was read");
    }
}

/// A key that is kept is one whose every point was checked; the sum over one that is used once fails as the proof is verified.
#[test]
fn a_point_outside_the_subgroup_is_never_kept() {
    let dir = folder();
    let dir = dir.path();
    let mut bytes = std::fs::read(dir.join("key.zkey")).unwrap();
    let start = bytes.windows(12).position(|bytes| bytes == [7, 0, 0, 0, 128, 2, 0, 0, 0, 0, 0, 0]).expect("section 7");
    let outside = (1u64..).find_map(|x| G2Affine::get_point_from_x_unchecked(x.into(), false)).expect("half of all x");
    assert!(!outside.is_in_correct_subgroup_assuming_on_curve());
    for (i, coordinate) in [outside.x.c0, outside.x.c1, outside.y.c0, outside.y.c1].into_iter().enumerate() {
        for (j, word) in coordinate.0.0.into_iter().enumerate() {
            bytes[start + 12 + 128 + 32 * i + 8 * j..][..8].copy_from_slice(&word.to_le_bytes());
        }
    }
    std::fs::write(dir.join("key.zkey"), bytes).unwrap();
    refused(dir, PROVE, "key.zkey: zkey: section 7 (B2): point 1: not in the subgroup of order r");
    assert_eq!(
        std::fs::read_dir(dir.join("kept"))
            .map_or(0, |entries| entries.filter(|entry| entry.as_ref().unwrap().path().is_file()).count()),
        0
    );
}

#[test]
fn times_are_told_where_they_are_asked_for() {
    let dir = folder();
    let steps =
        ["load", "matvec", "ntt", "msm_a", "msm_b_g1", "msm_b_g2", "msm_h", "msm_l", "prove", "verify", "total"];
    let told = json(dir.path(), &format!("{PROVE} --time"));
    let seconds = told["seconds"].as_object().expect("times");
    assert_eq!(seconds.len(), steps.len());
    assert!(steps.iter().all(|step| seconds[*step].as_f64().is_some_and(|time| time > 0.0)), "{seconds:?}");
    assert!(seconds["prove"].as_f64() < seconds["total"].as_f64());
    let (code, out, _) = run(dir.path(), &format!("{PROVE} --time"));
    assert_eq!(code, 0);
    for step in steps {
        assert!(out.lines().any(|line| line.starts_with(&format!("{step} ")) && line.ends_with(" s")), "{step}: {out}");
    }
}

/// Exit code 2, one line that says this, and no file.
fn refused(dir: &Path, line: &str, what: &str) {
    let (code, out, said) = run(dir, line);
    assert_eq!((code, out.as_str()), (2, ""), "{line}: {said}");
    assert!(said.starts_with("zera: ") && said.lines().count() == 1 && said.contains(what), "{line}: {said}");
    assert!(!dir.join("proof.json").exists() && !dir.join("public.json").exists(), "{line}");
}

#[test]
fn an_assignment_that_does_not_satisfy_is_bad_input() {
    let dir = folder();
    let dir = dir.path();
    let good = read_wtns(&std::fs::read(dir.join("good.wtns")).unwrap()).unwrap();
    for wire in 1..good.len() {
        let mut bad = good.clone();
        bad[wire] += good[0];
        std::fs::write(dir.join("good.wtns"), write_wtns(&bad)).unwrap();
        refused(dir, PROVE, "does not satisfy");
    }
    std::fs::write(dir.join("good.wtns"), write_wtns(&good[..4])).unwrap();
    refused(dir, PROVE, "good.wtns: assignment: expected 5 values, got 4");
    std::fs::write(dir.join("good.wtns"), write_wtns(&[&good[1..2], &good[1..]].concat())).unwrap();
    refused(dir, PROVE, "wire 0 is not 1");
}

#[test]
fn damaged_keys_are_refused_with_their_place() {
    let dir = folder();
    let dir = dir.path();
    let good = std::fs::read(dir.join("key.zkey")).unwrap();
    let cut = |len: usize| std::fs::write(dir.join("key.zkey"), &good[..len]).unwrap();
    cut(good.len() - 1);
    refused(dir, PROVE, "key.zkey: zkey: length does not match the sections");
    cut(3);
    refused(dir, PROVE, "key.zkey: does not start as a .zkey file");
    // Sections lie in whatever order snarkjs wrote them; this is the start of A.
    let start = good.windows(12).position(|bytes| bytes == [5, 0, 0, 0, 64, 1, 0, 0, 0, 0, 0, 0]).expect("section 5");
    let mut bad = good.clone();
    bad[start + 12 + 64] ^= 1;
    std::fs::write(dir.join("key.zkey"), bad).unwrap();
    refused(dir, PROVE, "key.zkey: zkey: section 5 (A): point 1: not on the curve");
}

#[test]
fn a_predicate_and_a_key_of_snarkjs_are_two_commands() {
    let dir = folder();
    for more in ["RangePredicate", "--keys keys", "--public 00", "--private 00", "--context c.json"] {
        refused(dir.path(), &format!("{PROVE} {more}"), "cannot be used with");
    }
    let rest = "-o proof.json --public-out public.json";
    refused(dir.path(), &format!("prove --zkey key.zkey {rest}"), "--wtns");
    refused(dir.path(), &format!("prove --wtns good.wtns {rest}"), "");
    refused(dir.path(), &format!("prove {rest}"), "not provided");
    refused(dir.path(), &format!("prove RangePredicate --keys keys --public 00 --time {rest}"), "--zkey");
}
