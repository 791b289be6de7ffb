//! The predicates of the demo that are programs: modules as three compilers left them, made into circuits when it starts.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, anyhow};
use serde::Deserialize;
use zera_abi::Outcome;
use zera_compiler::{Options, compile, symex::Limits};
use zera_params::Keys;
use zera_provider::Program;
use zera_r1cs::Manifest;
use zera_r1cs::manifest::COMMITMENT;

use crate::output::Output;

/// A module, and what is known of it.
#[derive(Debug)]
pub struct Source {
    /// Its name in the manifest.
    pub name: &'static str,
    /// The name on the chain that contracts ask by.
    pub asked_as: &'static str,
    /// What it is written in.
    pub language: &'static str,
    /// The module.
    pub module: &'static [u8],
    /// Public input bytes.
    public_len: u32,
    /// Private input bytes.
    private_len: u32,
    /// Whether it declares what they commit to.
    commits: bool,
    /// Inputs and outcomes by an implementation in another language, as JSON.
    cases: &'static str,
}

/// Index of the program in Rust.
pub const RUST: usize = 0;
/// Index of the program in C.
pub const C: usize = 1;
/// Index of the program in AssemblyScript.
pub const ASSEMBLY_SCRIPT: usize = 2;
/// Index of the same program as a predicate that declares what its private bytes commit to.
pub const FIXED: usize = 3;

macro_rules! predicates {
    ($path:literal) => {
        concat!("../../../../../contracts/predicates/", $path)
    };
}

/// Every one.
pub static ALL: [Source; 4] = [
    Source {
        name: "prices",
        asked_as: "fair-prices",
        language: "Rust",
        module: include_bytes!(predicates!("prebuilt/prices.rust.wasm")),
        public_len: 44,
        private_len: 0,
        commits: false,
        cases: include_str!(predicates!("cases/prices.json")),
    },
    Source {
        name: "mlp",
        asked_as: "classifier",
        language: "C",
        module: include_bytes!(predicates!("prebuilt/mlp.wasm")),
        public_len: 65,
        private_len: 0,
        commits: false,
        cases: include_str!(predicates!("cases/mlp.json")),
    },
    Source {
        name: "allowlist",
        asked_as: "may-buy",
        language: "AssemblyScript",
        module: include_bytes!(predicates!("prebuilt/allowlist.wasm")),
        public_len: 92,
        private_len: 267,
        commits: false,
        cases: include_str!(predicates!("cases/allowlist.json")),
    },
    Source {
        name: "allowlist-fixed",
        asked_as: "may-buy-fixed",
        language: "AssemblyScript",
        module: include_bytes!(predicates!("prebuilt/allowlist.wasm")),
        public_len: 92,
        private_len: 267,
        commits: true,
        cases: include_str!(predicates!("cases/allowlist.json")),
    },
];

/// An input and its outcome.
#[derive(Debug, PartialEq, Eq)]
pub struct Case {
    /// Public bytes.
    pub public: Vec<u8>,
    /// Private bytes.
    pub private: Vec<u8>,
    /// What the answer is.
    pub outcome: Outcome,
}

#[derive(Deserialize)]
struct Written {
    name: String,
    public: String,
    private: String,
    outcome: u8,
}

impl Source {
    /// The case of this name.
    ///
    /// # Errors
    /// Where there is none.
    pub fn case(&self, name: &str) -> anyhow::Result<Case> {
        let cases: Vec<Written> = serde_json::from_str(self.cases).context("the cases")?;
        let written = cases.into_iter().find(|case| case.name == name);
        let written = written.with_context(|| format!("{} has no case {name:?}", self.name))?;
        Ok(Case {
            public: hex::decode(written.public)?,
            private: hex::decode(written.private)?,
            outcome: Outcome::from_code(written.outcome).context("no outcome has this code")?,
        })
    }

    fn compile(&self) -> anyhow::Result<Program> {
        let declared = if self.commits { vec![COMMITMENT.to_owned()] } else { Vec::new() };
        let manifest = Manifest::new(self.name, 1, self.public_len, self.private_len, declared)?;
        let manifest = manifest.with_commitment(self.commits)?;
        let options = Options { manifest: manifest.with_entry("predicate")?, limits: Limits::ORDINARY };
        let compiled = compile(self.module, &options).map_err(|diagnostics| {
            let said: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
            anyhow!("{}: {}", self.name, said.join("; "))
        })?;
        Ok(Program::of(compiled.artefact))
    }
}

/// A program that is compiled and has keys.
pub struct Ready {
    /// What it was made of.
    pub source: &'static Source,
    /// The circuit, with the module in its file.
    pub program: Program,
    /// Development keys.
    pub keys: Arc<Keys>,
}

/// Compiles a module and makes its development keys in `dir`.
///
/// # Errors
/// Where it does not compile; the disk's.
pub async fn make_ready(source: &'static Source, dir: &Path, out: Output) -> anyhow::Result<Ready> {
    let began = Instant::now();
    let program = tokio::task::spawn_blocking(|| source.compile()).await??;
    out.say(&format!(
        "   {}: {} bytes of WASM from {} are {} rows, compiled in {} ms",
        source.name,
        source.module.len(),
        source.language,
        program.artefact.matrices.rows(),
        began.elapsed().as_millis()
    ));
    let (began, dir, artefact) = (Instant::now(), dir.to_path_buf(), program.artefact.clone());
    let made = tokio::task::spawn_blocking(move || zera_params::dev_keys_cached(&dir, &artefact)).await??;
    out.say(&format!("   development keys: {} ms", began.elapsed().as_millis()));
    Ok(Ready { source, program, keys: Arc::new(made) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the stories ask, and that nothing but the bytes of the module is compiled.
    #[test]
    fn every_case_is_of_the_lengths_that_the_circuit_reads_and_ends_as_it_says() {
        for source in &ALL {
            let cases: Vec<Written> = serde_json::from_str(source.cases).unwrap();
            let program = source.compile().unwrap();
            assert_eq!(program.artefact.program, source.module);
            assert!(cases.iter().any(|case| case.outcome == 0) && cases.iter().any(|case| case.outcome == 1));
            for written in cases {
                let case = source.case(&written.name).unwrap();
                let preview = program.preview(&case.public, &case.private).unwrap();
                assert_eq!(preview.outcome, case.outcome, "{}: {}", source.name, written.name);
            }
            assert!(source.case("no such case").is_err());
        }
    }
}
