//! Programs as providers hold them: the native run beside the circuit that was compiled of the same module.

use serde_json::Value;
use zera_abi::{KeyId, Outcome};
use zera_compiler::{Options, compile, symex::Limits};
use zera_provider::prove::ProveFault;
use zera_provider::{Groth16, KeySource, Native, Program, Prover};
use zera_r1cs::{Artefact, Manifest};

fn compiled(wasm: &[u8], public_len: u32, private_len: u32) -> Artefact {
    let manifest = Manifest::new("program", 1, public_len, private_len, vec![]).unwrap();
    let manifest = manifest.with_entry("predicate").unwrap();
    compile(wasm, &Options { manifest, limits: Limits::ORDINARY }).expect("compiles").artefact
}

/// Whether a byte is above `bound`.
fn above(bound: u8) -> Vec<u8> {
    wat::parse_str(format!(
        r#"(module
            (import "zera" "read_public" (func $read (param i32 i32 i32)))
            (memory (export "memory") 1)
            (func (export "predicate") (result i32)
                (call $read (i32.const 0) (i32.const 0) (i32.const 1))
                (i32.gt_u (i32.load8_u (i32.const 0)) (i32.const {bound}))))"#
    ))
    .unwrap()
}

/// Another program in the file than the one that its rows were made of; the id commits to the program, not to their agreement.
fn with_other_program(artefact: Artefact, program: Vec<u8>) -> Artefact {
    use sha2::Digest;
    let hash = sha2::Sha256::digest(&program).into();
    let Artefact { manifest, matrices, tape, certificate, spans, booleans, .. } = artefact;
    let other = Artefact::new(manifest, hash, matrices, tape, certificate, spans, booleans).unwrap();
    other.with_program(program).unwrap()
}

/// The committed modules with the committed cases, whose outcomes come from an implementation in another language.
#[test]
fn the_pre_check_of_the_examples_is_right_and_is_what_the_circuit_says() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/predicates");
    for (module, cases) in [("prices.rust", "prices"), ("mlp", "mlp"), ("allowlist", "allowlist")] {
        let wasm = std::fs::read(folder.join(format!("prebuilt/{module}.wasm"))).unwrap();
        let cases = std::fs::read(folder.join(format!("cases/{cases}.json"))).unwrap();
        let cases: Vec<Value> = serde_json::from_slice(&cases).unwrap();
        let bytes = |case: &Value, field: &str| hex::decode(case[field].as_str().unwrap()).unwrap();
        let len = |field| u32::try_from(bytes(&cases[0], field).len()).unwrap();
        let program = Program::of(compiled(&wasm, len("public"), len("private")));
        assert!(matches!(program.native, Native::Wasm(_)));
        assert_eq!(program.sample().len(), len("public") as usize);
        for case in &cases {
            let outcome = u8::try_from(case["outcome"].as_u64().unwrap()).ok().and_then(Outcome::from_code).unwrap();
            let preview = program.preview(&bytes(case, "public"), &bytes(case, "private")).unwrap();
            assert_eq!(preview.outcome, outcome, "{module}: {}", case["name"]);
        }
    }
}

/// A stake on it would be lost: the proof could only say what the rows say.
#[test]
fn a_circuit_that_disagrees_with_its_program_is_found_before_a_lock() {
    let honest = Program::of(compiled(&above(5), 1, 0));
    assert_eq!(honest.preview(&[6], &[]).unwrap().outcome, Outcome::True);
    let program = Program::of(with_other_program(compiled(&above(5), 1, 0), above(6)));
    assert_eq!(program.preview(&[5], &[]).unwrap().outcome, Outcome::False);
    let fault = program.preview(&[6], &[]).unwrap_err();
    assert!(matches!(fault, ProveFault::Disagree { native: "false", .. }), "{fault}");
}

#[test]
fn fuel_that_does_not_last_is_no_outcome() {
    let program = Program::of(compiled(&above(5), 1, 0));
    let fault = program.clone().with_fuel(3).preview(&[6], &[]).unwrap_err();
    assert!(matches!(fault, ProveFault::OutOfFuel { fuel: 3 }), "{fault}");
    assert_eq!(program.preview(&[6], &[]).unwrap().outcome, Outcome::True, "the limit is that clone's alone");
}

#[test]
fn what_is_no_program_is_refused_before_keys_are_made() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("keys");
    let source = KeySource::Given(std::collections::BTreeMap::new());
    let prover = Groth16::load(&source, Some(&[]), &[]).unwrap().with_learning(folder.clone());
    let broken = with_other_program(compiled(&above(5), 1, 0), b"\0asm\x01\0\0\0".to_vec());
    let fault = prover.learn(&broken.predicate_id(), &KeyId([0; 32]), &broken.encode(), 1 << 22).unwrap_err();
    assert!(matches!(fault, ProveFault::NoNative(_)), "{fault}");
    assert!(!folder.exists());
}
