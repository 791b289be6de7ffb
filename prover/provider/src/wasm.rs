//! The native run of a WASM predicate: its module, loaded once and kept.

use std::fmt;
use std::sync::{Arc, OnceLock};

use zera_host::Gadgets;
use zera_native::{Inputs, Predicate, Run, RunError};

use crate::prove::ProveFault;

/// Fuel of a native run where the operator says nothing: about a second of the reference machine, since an instruction costs
/// about a nanosecond. A predicate of a million rows takes a few per cent of it.
pub const FUEL: u64 = 1_000_000_000;

/// A program, and what it may take. Clones share the compiled code.
#[derive(Clone)]
pub struct Wasm {
    module: Arc<[u8]>,
    entry: Arc<str>,
    fuel: u64,
    loaded: Arc<OnceLock<Result<Predicate, String>>>,
}

impl fmt::Debug for Wasm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.module.len();
        f.debug_struct("Wasm").field("entry", &self.entry).field("bytes", &bytes).field("fuel", &self.fuel).finish()
    }
}

impl Wasm {
    /// A module and the function to call, with [`FUEL`] a run. Nothing is looked at before the first run or [`load`](Wasm::load).
    pub fn new(module: &[u8], entry: &str) -> Wasm {
        Wasm { module: module.into(), entry: entry.into(), fuel: FUEL, loaded: Arc::default() }
    }

    /// Its bytes.
    pub fn module(&self) -> &[u8] {
        &self.module
    }

    /// With this much fuel a run.
    #[must_use]
    pub fn with_fuel(self, fuel: u64) -> Wasm {
        Wasm { fuel, ..self }
    }

    /// Validates and compiles the module, the first time only: tens of milliseconds.
    ///
    /// # Errors
    /// [`ProveFault::NoNative`]: it is no predicate, or this machine can not compile it.
    pub fn load(&self) -> Result<&Predicate, ProveFault> {
        let load = || Predicate::load(&self.module, &self.entry, Arc::new(Gadgets)).map_err(|error| error.to_string());
        self.loaded.get_or_init(load).as_ref().map_err(|what| ProveFault::NoNative(what.clone()))
    }

    /// Runs the program once; deterministic.
    ///
    /// # Errors
    /// [`ProveFault::OutOfFuel`], which says nothing about the answer; [`ProveFault::NoNative`].
    pub fn run(&self, public: &[u8], private: &[u8]) -> Result<Run, ProveFault> {
        self.run_within(public, private, self.fuel)
    }

    /// [`run`](Wasm::run) with another limit of fuel.
    ///
    /// # Errors
    /// As [`run`](Wasm::run).
    pub fn run_within(&self, public: &[u8], private: &[u8], fuel: u64) -> Result<Run, ProveFault> {
        match self.load()?.run(&Inputs { public, private }, fuel) {
            Ok(run) => Ok(run),
            Err(RunError::OutOfFuel { fuel }) => Err(ProveFault::OutOfFuel { fuel }),
            Err(error) => Err(ProveFault::NoNative(error.to_string())),
        }
    }
}
