//! A module through everything: compiled, checked, run as a circuit and natively.

#![allow(dead_code, reason = "each suite uses its own part")]

use ark_bn254::Fr;
use ark_ff::PrimeField;
use std::sync::Arc;
use zera_check::{CheckError, Report};
use zera_compiler::symex::Limits;
use zera_compiler::{Compiled, Diagnostic, Options, compile};
use zera_native::predicate::{Inputs, Predicate, RunError};
use zera_provider::Gadgets;
use zera_r1cs::{Manifest, TapeInputs};
use zera_statement::input_root;

/// Fuel of a native run.
pub const FUEL: u64 = 200_000_000;

/// A predicate, and what the checker says of its certificate.
pub struct Built {
    pub compiled: Compiled,
    pub report: Result<Report, CheckError>,
    native: Predicate,
}

/// Compiles a module's `predicate`, and checks the certificate; panics where only the native side refuses the module.
pub fn build(wasm: &[u8], public_len: u32, private_len: u32) -> Result<Built, Vec<Diagnostic>> {
    build_within(wasm, public_len, private_len, Limits::ORDINARY)
}

/// The same, within other limits.
pub fn build_within(wasm: &[u8], public_len: u32, private_len: u32, limits: Limits) -> Result<Built, Vec<Diagnostic>> {
    let manifest = Manifest::new("test", 1, public_len, private_len, vec![]).unwrap().with_entry("predicate").unwrap();
    let compiled = compile(wasm, &Options { manifest, limits })?;
    let report = zera_check::check(&compiled.artefact);
    let native = Predicate::load(wasm, "predicate", Arc::new(Gadgets)).unwrap_or_else(|error| panic!("{error}"));
    Ok(Built { compiled, report, native })
}

impl Built {
    /// The tape's assignment; all rows are satisfied and the root is the input's.
    pub fn assignment(&self, public: &[u8], private: &[u8]) -> Vec<Fr> {
        let artefact = &self.compiled.artefact;
        let binding = Fr::from(0xb1bd);
        let z = artefact.tape.run(&TapeInputs { binding, public, private }).unwrap_or_else(|error| panic!("{error}"));
        if let Err(error) = artefact.matrices.check(&z) {
            let place = error.row().and_then(|row| artefact.spans.text(row));
            panic!("{error} in {place:?}, on {} and {}", hex::encode(public), hex::encode(private));
        }
        assert_eq!(z[3], input_root(public));
        z
    }

    /// The circuit's outcome.
    pub fn circuit(&self, public: &[u8], private: &[u8]) -> u32 {
        self.assignment(public, private)[1].into_bigint().0[0] as u32
    }

    /// The native outcome; none where the run's fuel does not last.
    pub fn native(&self, public: &[u8], private: &[u8]) -> Option<u32> {
        match self.native.run(&Inputs { public, private }, FUEL) {
            Ok(run) => Some(run.outcome as u32),
            Err(RunError::OutOfFuel { .. }) => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// The outcome that circuit and native run agree on.
    pub fn outcome(&self, public: &[u8], private: &[u8]) -> u32 {
        let native = self.native(public, private).expect("the fuel lasts");
        let circuit = self.circuit(public, private);
        assert_eq!(circuit, native, "circuit and native on {} and {}", hex::encode(public), hex::encode(private));
        circuit
    }
}
