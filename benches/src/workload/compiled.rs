//! Hash functions in C and Rust as the compiler takes them: modules as they are checked in, and a case of each.

use ark_bn254::Fr;
use serde_json::Value;
use zera_compiler::symex::Limits;
use zera_compiler::{Compiled, Options, compile};
use zera_r1cs::{Manifest, TapeInputs};

/// A module and inputs that it answers yes to.
pub struct Module {
    /// Name of the module.
    pub name: &'static str,
    /// The module.
    pub wasm: &'static [u8],
    /// Public input of its first case.
    pub public: Vec<u8>,
    /// Private input of its first case.
    pub private: Vec<u8>,
    outcome: u64,
}

/// SHA-256 and Keccak.
pub fn modules() -> [Module; 2] {
    macro_rules! predicate {
        ($path:literal) => {
            concat!("../../../contracts/predicates/", $path)
        };
    }
    [
        Module::new(
            "sha256",
            include_bytes!(predicate!("prebuilt/sha256.wasm")),
            include_str!(predicate!("cases/sha256.json")),
        ),
        Module::new(
            "keccak",
            include_bytes!(predicate!("prebuilt/keccak.wasm")),
            include_str!(predicate!("cases/keccak.json")),
        ),
    ]
}

impl Module {
    fn new(name: &'static str, wasm: &'static [u8], cases: &str) -> Module {
        let cases: Value = serde_json::from_str(cases).expect("cases are JSON");
        let bytes = |field: &str| {
            let text = cases[0][field].as_str().expect("an input is text");
            let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("an input is hexadecimal");
            (0..text.len()).step_by(2).map(byte).collect()
        };
        let outcome = cases[0]["outcome"].as_u64().expect("a case has an outcome");
        Module { name, wasm, public: bytes("public"), private: bytes("private"), outcome }
    }

    /// Compiles the module.
    pub fn compile(&self) -> Compiled {
        let (public, private) = (self.public.len() as u32, self.private.len() as u32);
        let manifest = Manifest::new(self.name, 1, public, private, vec![]).and_then(|m| m.with_entry("predicate"));
        let options = Options { manifest: manifest.expect("a manifest"), limits: Limits::ORDINARY };
        compile(self.wasm, &options).expect("the module compiles")
    }

    /// What the tape of the module reads.
    pub fn inputs(&self) -> TapeInputs<'_> {
        TapeInputs { binding: Fr::from(1), public: &self.public, private: &self.private }
    }

    /// Asserts that the circuit gives the case its outcome.
    pub fn assert_answer(&self, compiled: &Compiled) {
        let artefact = &compiled.artefact;
        let z = artefact.tape.run(&self.inputs()).expect("a case has an assignment");
        assert_eq!(artefact.matrices.check(&z), Ok(()));
        assert_eq!(z[1], Fr::from(self.outcome));
    }
}
