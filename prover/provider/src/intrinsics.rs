//! What a predicate's program may ask of its host, by the library that the circuits come from.

use std::sync::{Arc, OnceLock};

use zera_library::gadgets::{eddsa, field, keccak, merkle, poseidon, sha256};
use zera_native::predicate::{Cell, Inputs, Intrinsics, LoadError, Predicate, Run};

use crate::prove::ProveFault;

/// Fuel of a native run: beyond what a program costs that compiles. About 10 seconds at the most.
pub const FUEL: u64 = 1 << 33;

/// The intrinsics of the ABI, each the native twin of its circuit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gadgets;

impl Intrinsics for Gadgets {
    fn sha256(&self, bytes: &[u8]) -> [u8; 32] {
        sha256::digest(bytes)
    }

    fn keccak256(&self, bytes: &[u8]) -> [u8; 32] {
        keccak::digest(bytes)
    }

    fn poseidon(&self, cells: &[Cell]) -> Option<Cell> {
        poseidon::hash_cells(cells)
    }

    fn merkle_root(&self, leaf: &Cell, siblings: &[Cell], index: u64) -> Option<Cell> {
        merkle::root(leaf, siblings, index)
    }

    fn eddsa_verify(&self, key: &[Cell; 2], signature: &[Cell; 3], message: &Cell) -> Option<bool> {
        eddsa::verify(key, signature, message)
    }

    fn field_add(&self, a: &Cell, b: &Cell) -> Option<Cell> {
        field::add(a, b)
    }

    fn field_sub(&self, a: &Cell, b: &Cell) -> Option<Cell> {
        field::sub(a, b)
    }

    fn field_mul(&self, a: &Cell, b: &Cell) -> Option<Cell> {
        field::mul(a, b)
    }

    fn field_inv(&self, a: &Cell) -> Option<Cell> {
        field::inverse(a)
    }

    fn field_eq(&self, a: &Cell, b: &Cell) -> Option<bool> {
        field::equal(a, b)
    }
}

/// The program of a predicate, compiled for this machine when it is first run.
#[derive(Debug)]
pub struct Module {
    wasm: Vec<u8>,
    entry: String,
    loaded: OnceLock<Result<Predicate, LoadError>>,
}

impl Module {
    /// The program of these bytes, whose answer is the exported function `entry`'s. Nothing is checked yet.
    pub fn new(wasm: Vec<u8>, entry: String) -> Arc<Module> {
        Arc::new(Module { wasm, entry, loaded: OnceLock::new() })
    }

    /// The program, ready to run.
    ///
    /// # Errors
    /// [`LoadError`]: no predicate, or one that this machine does not compile.
    pub fn load(&self) -> Result<&Predicate, LoadError> {
        let load = || Predicate::load(&self.wasm, &self.entry, Arc::new(Gadgets));
        self.loaded.get_or_init(load).as_ref().map_err(Clone::clone)
    }

    /// Runs the program once, with [`FUEL`].
    ///
    /// # Errors
    /// [`ProveFault::NoNative`] where it gives none of the four outcomes.
    pub fn run(&self, public: &[u8], private: &[u8]) -> Result<Run, ProveFault> {
        let no_answer = |error: &dyn std::fmt::Display| ProveFault::NoNative(error.to_string());
        let predicate = self.load().map_err(|error| no_answer(&error))?;
        predicate.run(&Inputs { public, private }, FUEL).map_err(|error| no_answer(&error))
    }
}
