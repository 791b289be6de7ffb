//! The author's commands, through the binary: from a module to a predicate that is run, tested, described and compared.

#[path = "support/binary.rs"]
mod binary;

use std::path::{Path, PathBuf};

use binary::zera;
use serde_json::{Value, json};

/// Modules that are compiled here, one for each thing that programs do.
const MODULES: [&str; 16] = [
    "aes128",
    "bits",
    "bounded",
    "dispatch",
    "division",
    "early_exit",
    "forest",
    "gbdt_nested",
    "keccak",
    "mlp",
    "prices",
    "prices.rust",
    "read32",
    "sha256",
    "sort_net",
    "trap",
];

fn contracts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/predicates")
}

fn module(name: &str) -> String {
    contracts().join(format!("prebuilt/{name}.wasm")).to_str().unwrap().to_owned()
}

fn cases(name: &str) -> String {
    let stem = name.split('.').next().unwrap();
    contracts().join(format!("cases/{stem}.json")).to_str().unwrap().to_owned()
}

/// Standard output as one object, the exit code, and standard error.
fn ask(dir: &Path, args: &[&str]) -> (Value, i32, String) {
    let output = zera(dir).args(args).arg("--json").output().expect("the binary runs");
    let code = output.status.code().expect("an exit code");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!error.contains("internal error") && !error.contains("panicked"), "{args:?}: {error}");
    (serde_json::from_slice(&output.stdout).unwrap_or(Value::Null), code, error)
}

fn done(dir: &Path, args: &[&str]) -> Value {
    let (value, code, error) = ask(dir, args);
    assert_eq!(code, 0, "{args:?}: {value} {error}");
    value
}

/// Compiles a prebuilt module for the inputs of its cases.
fn compile(dir: &Path, name: &str, more: &[&str]) -> Value {
    let listed: Value = serde_json::from_slice(&std::fs::read(cases(name)).unwrap()).unwrap();
    let len = |input: &str| (listed[0][input].as_str().unwrap().len() / 2).to_string();
    let (module, out) = (module(name), format!("{name}.zpred"));
    let (public, private) = (len("public"), len("private"));
    let args = ["predicate", "compile", &module, "-o", &out, "--public-bytes", &public, "--private-bytes", &private];
    done(dir, &[&args[..], more].concat())
}

/// A module of this text, in a file.
fn text(dir: &Path, name: &str, wat: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, wat::parse_str(wat).unwrap()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// `a * b == c` of the first three public numbers.
fn product(dir: &Path, name: &str) -> String {
    let wat = r#"(module (memory (export "memory") 1)
        (func $times (param i32 i32) (result i32) (i32.mul (local.get 0) (local.get 1)))
        (func (export "predicate") (param i32 i32 i32) (result i32)
          (i32.eq (call $times (local.get 0) (local.get 1)) (local.get 2))))"#;
    text(dir, name, wat)
}

#[test]
fn every_module_is_compiled_and_answers_its_cases() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for name in MODULES {
        let compiled = compile(dir, name, &[]);
        let file = format!("{name}.zpred");
        assert_eq!((&compiled["assumed"], &compiled["name"]), (&json!(0), &json!(name)), "{compiled}");
        let info = done(dir, &["predicate", "info", &file, "--top", "100000"]);
        for key in
            ["rows", "body_rows", "wires", "publics", "digest", "predicate_id", "program_hash", "tape_operations"]
        {
            assert_eq!(compiled[key], info[key], "{name}: {key}");
        }
        let sum = |table: &str| -> u64 {
            info[table].as_array().unwrap().iter().map(|entry| entry["rows"].as_u64().unwrap()).sum()
        };
        assert_eq!((sum("by_function"), sum("by_line")), (info["body_rows"].as_u64().unwrap(), sum("by_function")));
        assert_eq!(sum("by_kind"), info["rows"].as_u64().unwrap(), "{name}");
        let tested = done(dir, &["predicate", "test", &file, &cases(name)]);
        assert!(tested["failed"] == 0 && tested["passed"].as_u64().unwrap() > 3, "{name}: {tested}");
    }
    // The same bytes again, and the same program under another name: the rows are the same, the ids are not.
    let bytes = std::fs::read(dir.join("trap.zpred")).unwrap();
    let first = compile(dir, "trap", &[]);
    assert_eq!(std::fs::read(dir.join("trap.zpred")).unwrap(), bytes, "not deterministic");
    let second = compile(dir, "trap", &["--name", "other", "--version", "2"]);
    assert_eq!(first["digest"], second["digest"]);
    assert_ne!(first["predicate_id"], second["predicate_id"]);
}

#[test]
fn inputs_are_given_by_fields() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let manifest = contracts().join("rust/prices/predicate.toml");
    let out = ["-o", "p.zpred", "--manifest", manifest.to_str().unwrap()];
    let compiled = done(dir, &[&["predicate", "compile", &module("prices.rust")][..], &out].concat());
    assert_eq!((&compiled["name"], &compiled["version"]), (&json!("prices"), &json!(1)));
    let info = done(dir, &["predicate", "info", "p.zpred"]);
    assert_eq!(info["fields"][0], json!({"name": "prices", "input": "public", "offset": 0, "type": "u32[9]"}));
    assert_eq!(info["imports"], json!(["zera.read_public"]));

    // The cases' own bytes, read back as fields, mean the same.
    let listed: Value = serde_json::from_slice(&std::fs::read(cases("prices")).unwrap()).unwrap();
    let mut by_fields = Vec::new();
    for case in listed.as_array().unwrap() {
        let bytes = hex::decode(case["public"].as_str().unwrap()).unwrap();
        let numbers: Vec<u32> = bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect();
        let input = json!({"prices": &numbers[..9], "mean_min": numbers[9].to_string(), "median_min": numbers[10]});
        by_fields.push(json!({"name": case["name"], "input": input, "outcome": case["outcome"]}));
    }
    std::fs::write(dir.join("cases.json"), serde_json::to_vec(&by_fields).unwrap()).unwrap();
    let tested = done(dir, &["predicate", "test", "p.zpred", "cases.json"]);
    assert_eq!(tested["passed"], by_fields.len());

    let input = by_fields[0]["input"].to_string();
    let run = done(dir, &["predicate", "run", "p.zpred", "--public", &input]);
    let same = done(dir, &["predicate", "run", "p.zpred", "--public", listed[0]["public"].as_str().unwrap()]);
    assert_eq!((&run["outcome"], &run["native"], &run["circuit"]), (&json!("true"), &json!("true"), &json!("true")));
    assert_eq!(
        (&run["input_root"], &run["fuel"], &run["satisfied"]),
        (&same["input_root"], &same["fuel"], &json!(true))
    );
    for bad in [r#"{"prices":[1,2]}"#, "{}", "{", "00", &input.replace("mean_min", "mean"), &input.replace('[', "[-1,")]
    {
        assert_eq!(ask(dir, &["predicate", "run", "p.zpred", "--public", bad]).1, 2, "{bad}");
    }
}

#[test]
fn a_case_that_does_not_hold_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    done(dir, &["predicate", "compile", &product(dir, "p.wasm"), "-o", "p.zpred", "--public-bytes", "12"]);
    let listed = r#"[{"name": "six", "public": "020000000300000006000000", "outcome": "true"},
        {"name": "seven", "public": "020000000300000007000000", "private": "", "outcome": 1}]"#;
    std::fs::write(dir.join("c.json"), listed).unwrap();
    let (told, code, _) = ask(dir, &["predicate", "test", "p.zpred", "c.json"]);
    assert_eq!((code, &told["passed"], &told["failed"]), (1, &json!(1), &json!(1)));
    // Natively, and by the circuit.
    let failures = told["failures"].as_array().unwrap();
    assert!(failures.len() == 2 && failures.iter().all(|failure| failure["case"] == "seven"), "{told}");
    for bad in ["[]", "{}", "[{}]", "[", r#"[{"name":"a","public":"00","outcome":1}]"#, &listed.replace(": 1}", ": 9}")]
    {
        std::fs::write(dir.join("bad.json"), bad).unwrap();
        assert_eq!(ask(dir, &["predicate", "test", "p.zpred", "bad.json"]).1, 2, "{bad}");
    }
}

#[test]
fn a_program_that_is_not_its_circuit_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for (name, operator) in [("sum", "i32.add"), ("product", "i32.mul")] {
        let wat = format!(
            r#"(module (memory (export "memory") 1) (func (export "predicate") (param i32 i32) (result i32)
               (i32.eq ({operator} (local.get 0) (local.get 1)) (i32.const 4))))"#
        );
        let out = format!("{name}.zpred");
        let wasm = text(dir, name, &wat);
        done(dir, &["predicate", "compile", &wasm, "-o", &out, "--public-bytes", "8", "--name", "p"]);
    }
    // The rows of the sum beside the program of the product: every part is well formed, and the answers differ.
    let read = |name: &str| zera_r1cs::Artefact::decode(&std::fs::read(dir.join(name)).unwrap()).unwrap();
    let (sum, product) = (read("sum.zpred"), read("product.zpred"));
    let mixed = zera_r1cs::Artefact::new(
        sum.manifest,
        product.program_hash,
        sum.matrices,
        sum.tape,
        sum.certificate,
        sum.spans,
        sum.booleans,
    );
    let mixed = mixed.unwrap().with_program(product.program).unwrap();
    std::fs::write(dir.join("mixed.zpred"), mixed.encode()).unwrap();
    let run = |public: &str| ask(dir, &["predicate", "run", "mixed.zpred", "--public", public]);
    let (told, code, _) = run("0100000003000000");
    assert_eq!(
        (code, &told["native"], &told["circuit"], &told["agree"]),
        (1, &json!("false"), &json!("true"), &json!(false))
    );
    assert_eq!(run("0200000002000000").1, 0, "where they agree");
}

#[test]
fn an_assignment_that_breaks_a_row_is_told_with_the_row() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    done(dir, &["predicate", "compile", &product(dir, "p.wasm"), "-o", "p.zpred", "--public-bytes", "12"]);
    let artefact = zera_r1cs::Artefact::decode(&std::fs::read(dir.join("p.zpred")).unwrap()).unwrap();
    // One coefficient of a row of the program is another: the tape does not know.
    let row = (0..artefact.matrices.rows())
        .find(|row| artefact.spans.text(*row).is_some_and(|text| !text.starts_with("statement")))
        .expect("the program has rows");
    let rows = |matrix: &zera_r1cs::SparseMatrix, double: bool| {
        let rows = (0..matrix.rows()).map(|at| {
            let (wires, scalars) = matrix.row(at);
            let scale = if double && at == row { 7u64 } else { 1 };
            let scale = zera_statement::Fr::from(scale);
            wires.iter().zip(scalars).map(|(wire, scalar)| (*wire, *scalar * scale)).collect::<Vec<_>>()
        });
        zera_r1cs::SparseMatrix::from_rows(rows.collect::<Vec<_>>()).unwrap()
    };
    let old = &artefact.matrices;
    let matrices =
        zera_r1cs::Matrices::new(old.publics, old.wires, rows(&old.a, true), rows(&old.b, false), rows(&old.c, false));
    let broken = zera_r1cs::Artefact::new(
        artefact.manifest.clone(),
        artefact.program_hash,
        matrices.unwrap(),
        artefact.tape.clone(),
        artefact.certificate.clone(),
        artefact.spans.clone(),
        artefact.booleans.clone(),
    );
    let broken = broken.unwrap().with_program(artefact.program.clone()).unwrap();
    std::fs::write(dir.join("broken.zpred"), broken.encode()).unwrap();
    let public = "ffffffffffffffff01000000";
    let (told, code, _) = ask(dir, &["predicate", "run", "broken.zpred", "--public", public]);
    assert_eq!((code, &told["satisfied"], &told["row"]["row"]), (1, &json!(false), &json!(row)), "{told}");
    assert_eq!(told["row"]["place"], artefact.spans.text(row).unwrap());
    assert!(["a", "b", "c"].iter().all(|value| told["row"][value].is_string()), "{told}");
}

#[test]
fn what_can_not_be_compiled_is_refused_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let good = product(dir, "good.wasm");
    let float = text(
        dir,
        "float.wasm",
        r#"(module (memory (export "memory") 1) (func $half (export "predicate") (param i32) (result i32)
           (i32.trunc_f32_u (f32.mul (f32.convert_i32_u (local.get 0)) (f32.const 0.5)))))"#,
    );
    let endless = text(
        dir,
        "endless.wasm",
        r#"(module (memory (export "memory") 1) (func (export "predicate") (param i32) (result i32)
           (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (i32.const 1)))"#,
    );
    std::fs::write(dir.join("nonsense.wasm"), "not a module").unwrap();
    std::fs::write(dir.join("unknown.toml"), "name = 'p'\npublic = 12").unwrap();
    std::fs::write(dir.join("type.toml"), "[[field]]\nname = 'x'\ninput = 'public'\ntype = 'f32'\noffset = 0").unwrap();
    let long = "x".repeat(65);
    let cases: &[&[&str]] = &[
        &["missing.wasm"],
        &["."],
        &[&good, "--name", &long],
        &[&good, "--name", "two words"],
        &[&good, "--entry", ""],
        &[&good, "--version", "-1"],
        &[&good, "--public-bytes", "4294967296"],
        &[&good, "--public-bytes", "4294967295"],
        &[&good, "--private-bytes", "4294967295"],
        &[&good, "--manifest", "unknown.toml"],
        &[&good, "--manifest", "type.toml"],
        &[&good, "--manifest", "missing.toml"],
        &[&good, "--update-lock"],
    ];
    for args in cases {
        let (_, code, error) = ask(dir, &[&["predicate", "compile", "-o", "out.zpred"][..], args].concat());
        assert_eq!((code, error.lines().count()), (2, 1), "{args:?}: {error}");
    }
    let refused: [(&[&str], &str); 6] = [
        (&[&good, "--public-bytes", "12", "--private-bytes", "16777216"], ""),
        (&["nonsense.wasm"], ""),
        (&[&float, "--public-bytes", "4"], "half"),
        (&[&good, "--entry", "nothing"], ""),
        (&[&good, "--public-bytes", "11"], ""),
        (&[&endless, "--public-bytes", "4", "--loop-limit", "10"], "func[0]"),
    ];
    for (args, function) in refused {
        let args = [&["predicate", "compile", "-o", "out.zpred"][..], args].concat();
        let (told, code, _) = ask(dir, &args);
        let error = &told["errors"][0];
        assert_eq!(code, 2, "{args:?}: {told}");
        assert!(error["code"].is_string() && error["message"].is_string(), "{args:?}: {told}");
        if !function.is_empty() {
            assert!(error["function"] == function && error["offset"].as_u64().is_some(), "{args:?}: {told}");
        }
        let prose = zera(dir).args(&args).output().unwrap();
        let shown = String::from_utf8_lossy(&prose.stderr).into_owned();
        assert!(prose.stdout.is_empty() && prose.status.code() == Some(2), "{shown}");
        assert!(shown.starts_with(&format!("error[{}]: ", error["code"].as_str().unwrap())), "{shown}");
    }
    assert!(!dir.join("out.zpred").exists());
    let nowhere = ["predicate", "compile", &good, "--public-bytes", "12", "-o", "no/such/folder.zpred"];
    assert_eq!(ask(dir, &nowhere).1, 3);
}

/// A wrong length makes a program that always traps: legal, and hardly ever meant.
#[test]
fn an_outcome_that_no_input_changes_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let wasm = contracts().join("prebuilt/prices.wasm").display().to_string();
    for (len, constant) in [("44", Value::Null), ("43", Value::from(2))] {
        let args = ["predicate", "compile", &wasm, "--public-bytes", len, "-o", "p.zpred"];
        let (told, code, error) = ask(dir, &args);
        assert_eq!((code, &told["constant_outcome"]), (0, &constant), "{told}");
        assert_eq!(error.contains("warning"), !constant.is_null(), "{error}");
    }
}

#[test]
fn a_lock_stops_what_grows() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let lock = ["--lock", "predicate.lock"];
    let run = |more: &[&str]| {
        let module = dir.join("p.wasm").to_str().unwrap().to_owned();
        ask(dir, &[&["predicate", "compile", &module, "-o", "p.zpred"][..], &lock, more].concat())
    };
    product(dir, "p.wasm");
    assert_eq!(run(&["--public-bytes", "12"]).1, 0);
    let first = std::fs::read_to_string(dir.join("predicate.lock")).unwrap();
    let compiled = std::fs::read(dir.join("p.zpred")).unwrap();
    assert_eq!(run(&["--public-bytes", "12"]).1, 0, "nothing changed");

    // Another name changes the id alone; more public bytes, the rows of the same program.
    assert_eq!(run(&["--public-bytes", "12", "--name", "q"]).1, 0);
    let (told, code, _) = run(&["--public-bytes", "13"]);
    assert!(code == 1 && told["broken"][0].as_str().unwrap().contains("same program"), "{told}");

    // A program that costs more: what grew is said, and neither file is written.
    std::fs::write(dir.join("p.zpred"), &compiled).unwrap();
    let dearer = r#"(module (memory (export "memory") 1)
        (func $times (param i32 i32) (result i32) (i32.mul (i32.mul (local.get 0) (local.get 1)) (local.get 1)))
        (func (export "predicate") (param i32 i32 i32) (result i32)
          (i32.eq (call $times (local.get 0) (local.get 1)) (local.get 2))))"#;
    text(dir, "p.wasm", dearer);
    let (told, code, _) = run(&["--public-bytes", "12"]);
    let broken: Vec<&str> = told["broken"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(code, 1);
    assert!(broken[0].starts_with("body: ") && broken.iter().any(|line| line.contains("function times")), "{told}");
    assert_eq!(std::fs::read(dir.join("p.zpred")).unwrap(), compiled);
    assert_eq!(std::fs::read_to_string(dir.join("predicate.lock")).unwrap(), first);

    std::fs::copy(dir.join("p.zpred"), dir.join("old.zpred")).unwrap();
    assert_eq!(run(&["--public-bytes", "12", "--update-lock"]).1, 0);
    assert_ne!(std::fs::read_to_string(dir.join("predicate.lock")).unwrap(), first);
    assert_eq!(run(&["--public-bytes", "12"]).1, 0);
    let diff = done(dir, &["predicate", "diff", "old.zpred", "p.zpred"]);
    let grown = diff["functions"].as_array().unwrap().iter().find(|entry| entry["function"] == "times").unwrap();
    assert!(grown["change"].as_i64().unwrap() > 0 && diff["same"] == false, "{diff}");
    let same = done(dir, &["predicate", "diff", "p.zpred", "p.zpred"]);
    assert!(same["same"] == true && same["rows"] == 0 && same["functions"] == json!([]), "{same}");

    std::fs::write(dir.join("predicate.lock"), "rows = 1").unwrap();
    assert_eq!(run(&["--public-bytes", "12"]).1, 2);
}
