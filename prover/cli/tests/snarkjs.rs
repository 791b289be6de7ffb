//! Compiled predicates in snarkjs 0.7.6: their rows, assignments, keys and proofs, and its keys here. Only with ZERA_SNARKJS set to snarkjs'
//! command line, `cli.cjs`; nothing is fetched.

#![cfg(unix)]

#[path = "support/binary.rs"]
mod binary;
#[path = "../../groth16/tests/support/zkey.rs"]
mod zkey;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use binary::zera;
use serde_json::Value;
use zera_iden3::{read_r1cs, read_wtns, write_wtns};

/// Prebuilt modules; the first is taken through a setup by snarkjs.
const MODULES: [&str; 8] = ["trap", "bits", "dispatch", "division", "early_exit", "forest", "prices.rust", "read32"];
/// Powers of tau for the first module's rows.
const POWER: &str = "9";

fn predicates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/predicates")
}

/// What the command printed, and whether it ended well.
fn snarkjs(cli: &OsStr, dir: &Path, line: &str) -> (bool, String) {
    let output = Command::new("node").current_dir(dir).arg(cli).args(line.split(' ')).output().expect("node runs");
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

fn done(dir: &Path, line: &str) -> Value {
    let output = zera(dir).args(line.split(' ')).arg("--json").output().expect("the binary runs");
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stdout));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Compiles a module, and writes its rows and one assignment for each of its cases: their number.
fn files(dir: &Path, module: &str) -> usize {
    let text = std::fs::read(predicates().join(format!("cases/{}.json", module.split('.').next().unwrap()))).unwrap();
    let cases: Vec<Value> = serde_json::from_slice(&text).unwrap();
    let hex = |case: &Value, name: &str| case[name].as_str().unwrap().to_owned();
    let len = |name: &str| hex(&cases[0], name).len() / 2;
    let wasm = predicates().join(format!("prebuilt/{module}.wasm"));
    let wasm = wasm.to_str().unwrap();
    let (public, private) = (len("public"), len("private"));
    done(dir, &format!("predicate compile {wasm} --public-bytes {public} --private-bytes {private} -o {module}.zpred"));
    for (at, case) in cases.iter().enumerate() {
        let private = hex(case, "private");
        let private = if private.is_empty() { private } else { format!(" --private {private}") };
        let public = hex(case, "public");
        done(
            dir,
            &format!(
                "predicate export {module}.zpred --r1cs {module}.r1cs --wtns {module}.{at}.wtns --public {public}{private}"
            ),
        );
    }
    cases.len()
}

#[test]
fn rows_and_assignments_of_compiled_predicates() {
    let Some(cli) = std::env::var_os("ZERA_SNARKJS") else { return };
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for module in MODULES {
        let cases = files(dir, module);
        let system = read_r1cs(&std::fs::read(dir.join(format!("{module}.r1cs"))).unwrap()).unwrap();
        let (ended, info) = snarkjs(&cli, dir, &format!("r1cs info {module}.r1cs"));
        for line in [
            format!("# of Wires: {}", system.matrices.wires),
            format!("# of Constraints: {}", system.matrices.rows()),
            format!("# of Public Inputs: {}", system.matrices.publics),
            format!("# of Private Inputs: {}", system.private_inputs),
            "# of Outputs: 0".to_owned(),
        ] {
            assert!(ended && info.contains(&line), "{module}: {line}: {info}");
        }
        for case in 0..cases.min(2) {
            let check = |name: &str| snarkjs(&cli, dir, &format!("wtns check {module}.r1cs {name}")).1;
            let good = format!("{module}.{case}.wtns");
            assert!(check(&good).contains("WITNESS IS CORRECT"), "{good}");
            // The other outcome.
            let mut z = read_wtns(&std::fs::read(dir.join(&good)).unwrap()).unwrap();
            z[1] = if z[1] == 1u64.into() { 0u64.into() } else { 1u64.into() };
            std::fs::write(dir.join("bad.wtns"), write_wtns(&z)).unwrap();
            assert!(check("bad.wtns").contains("WITNESS IS NOT CORRECT"), "{good}");
        }
        println!("{module}: {} rows, {cases} cases", system.matrices.rows());
    }
}

#[test]
fn keys_and_proofs_of_snarkjs_for_a_compiled_predicate() {
    let Some(cli) = std::env::var_os("ZERA_SNARKJS") else { return };
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let module = MODULES[0];
    files(dir, module);
    for line in [
        format!("powersoftau new bn128 {POWER} new.ptau"),
        "powersoftau contribute new.ptau one.ptau --name=one -e=one".to_owned(),
        "powersoftau prepare phase2 one.ptau final.ptau".to_owned(),
        format!("groth16 setup {module}.r1cs final.ptau new.zkey"),
        "zkey contribute new.zkey final.zkey --name=two -e=two".to_owned(),
        "zkey export verificationkey final.zkey vk.json".to_owned(),
        format!("groth16 prove final.zkey {module}.0.wtns proof.json public.json"),
        "groth16 verify vk.json public.json proof.json".to_owned(),
    ] {
        let (ended, told) = snarkjs(&cli, dir, &line);
        assert!(ended, "{line}: {told}");
    }
    let (ended, told) = snarkjs(&cli, dir, &format!("zkey verify {module}.r1cs final.ptau final.zkey"));
    assert!(ended && told.contains("ZKey Ok!"), "{told}");
    // Its proof is one here, too.
    assert_eq!(done(dir, "verify --vk vk.json --public public.json --proof proof.json")["verified"], true);
    // And its key makes proofs here that are proofs there.
    let line = format!("prove --zkey final.zkey --wtns {module}.0.wtns -o ours.json --public-out ours.public.json");
    assert_eq!(done(dir, &line)["origin"], "ceremony");
    let (ended, told) = snarkjs(&cli, dir, "groth16 verify vk.json ours.public.json ours.json");
    assert!(ended && told.contains("OK!"), "{told}");
    // And not for another outcome.
    let text = std::fs::read_to_string(dir.join("public.json")).unwrap();
    let mut publics: Vec<String> = serde_json::from_str(&text).unwrap();
    publics[0] = if publics[0] == "0" { "1" } else { "0" }.to_owned();
    std::fs::write(dir.join("other.json"), serde_json::to_vec(&publics).unwrap()).unwrap();
    let (ended, told) = snarkjs(&cli, dir, "groth16 verify vk.json other.json proof.json");
    assert!(!ended && told.contains("Invalid proof"), "{told}");
}

#[test]
fn proofs_of_compiled_predicates_verify_in_snarkjs() {
    let Some(cli) = std::env::var_os("ZERA_SNARKJS") else { return };
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for module in ["read32", "early_exit"] {
        files(dir, module);
        let text = std::fs::read(predicates().join(format!("cases/{module}.json"))).unwrap();
        let cases: Vec<Value> = serde_json::from_slice(&text).unwrap();
        done(dir, &format!("setup dev {module}.zpred -o {module}.keys"));
        done(dir, &format!("key export {module}.keys --snarkjs {module}.vk.json"));
        // One of each outcome: what traps has a proof, too.
        let mut seen = std::collections::BTreeSet::new();
        for case in cases.iter().filter(|case| seen.insert(case["outcome"].as_u64())) {
            let [public, private] = ["public", "private"].map(|name| case[name].as_str().unwrap());
            let private = if private.is_empty() { String::new() } else { format!(" --private {private}") };
            let line = format!(
                "prove {module}.zpred --keys {module}.keys -o proof.json --public-out public.json --public {public}{private}"
            );
            done(dir, &line);
            let line = format!("groth16 verify {module}.vk.json public.json proof.json");
            let (ended, told) = snarkjs(&cli, dir, &line);
            assert!(ended && told.contains("OK!"), "{module}, {}: {told}", case["name"]);
        }
    }
}

#[test]
fn keys_written_here_prove_in_snarkjs() {
    let Some(cli) = std::env::var_os("ZERA_SNARKJS") else { return };
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let module = "read32";
    files(dir, module);
    let system = read_r1cs(&std::fs::read(dir.join(format!("{module}.r1cs"))).unwrap()).unwrap();
    std::fs::write(dir.join("dev.zkey"), zkey::dev_file(&system.matrices)).unwrap();
    for line in [
        "zkey export verificationkey dev.zkey vk.json".to_owned(),
        format!("groth16 prove dev.zkey {module}.0.wtns proof.json public.json"),
    ] {
        let (ended, told) = snarkjs(&cli, dir, &line);
        assert!(ended, "{line}: {told}");
    }
    // The same key by both hands, and by the one that knows no .zkey.
    let id = done(dir, "key info dev.zkey")["key_id"].clone();
    assert_eq!(done(dir, "key info vk.json")["key_id"], id);
    assert_eq!(done(dir, &format!("setup dev {module}.zpred -o keys"))["key_id"], id);
    assert_eq!(done(dir, "verify --vk dev.zkey --public public.json --proof proof.json")["verified"], true);
    let line = format!("prove --zkey dev.zkey --wtns {module}.0.wtns -o ours.json --public-out ours.public.json");
    done(dir, &line);
    let (ended, told) = snarkjs(&cli, dir, "groth16 verify vk.json ours.public.json ours.json");
    assert!(ended && told.contains("OK!"), "{told}");
}
