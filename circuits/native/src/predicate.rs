//! The native run of a WASM predicate: the answer that a proof of it must give as well.
//!
//! A predicate is a module with an exported function `(i32 | i64)* -> i32`, whose parameters are the first bytes of the
//! public input, little-endian, and imports from a closed set (`zera.read_public`, `zera.sha256`, .., `env.abort`). It is
//! validated on its bytes, instrumented so that `zera.bound` is called with its count, and compiled once; each run has a
//! fresh memory, the start function first.
//!
//! | what ends a run first | result |
//! |---|---|
//! | the entry returns 0 | [`Outcome::False`] |
//! | the entry returns anything else | [`Outcome::True`] |
//! | a trap, in the start function as well; `assume(0)`, `abort`, a bad range, a bad operand | [`Outcome::Trap`] |
//! | a call of `bound` that makes its count exceed its argument | [`Outcome::BoundExceeded`] |
//! | the fuel | [`RunError::OutOfFuel`] |
//! | the native stack, memory or threads of this machine; an intrinsic that panics | [`RunError::Failed`] |
//!
//! The stack is the environment's: how much of it a call takes is the compiler's choice, so a recursion that fills it has no
//! outcome. Calls are dear in fuel ([`CALL_COST`](crate::CALL_COST)), and functions with small frames run out of fuel first:
//! [`WASM_STACK_LEN`](crate::WASM_STACK_LEN) holds a million frames of 512 bytes, which cost 255 million. `memory.grow` pays for every page it
//! asks for, whether it gets them or not, so that asking for four thousand million runs out of fuel.

mod error;
pub mod imports;
mod instrument;
mod intrinsics;
mod run;
pub mod structure;
pub mod validate;
pub mod weight;

use std::fmt;
use std::sync::Arc;

use wasmtime::{Engine, InstancePre, Linker, Module, OptLevel};
use zera_abi::Outcome;

pub use error::{LoadError, Place, RunError};
pub use imports::TrapKind;
pub use intrinsics::{Cell, Intrinsics, TOY_PRIME, ToyIntrinsics};
pub use weight::Weight;

use crate::{EngineError, deterministic_config, engine};

/// The name of the entry where the author gives no other.
pub const ENTRY: &str = "predicate";

/// The type of an entry's parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// 32 bits.
    I32,
    /// 64 bits.
    I64,
}

impl Scalar {
    /// Bytes in the public input.
    #[allow(clippy::len_without_is_empty, reason = "a length in bytes, never 0")]
    pub const fn len(self) -> usize {
        match self {
            Scalar::I32 => 4,
            Scalar::I64 => 8,
        }
    }

    /// The type as WebAssembly's text writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Scalar::I32 => "i32",
            Scalar::I64 => "i64",
        }
    }
}

/// What a run is given.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'i> {
    /// The public input, the entry's parameters first.
    pub public: &'i [u8],
    /// The private input.
    pub private: &'i [u8],
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its outcome.
    pub outcome: Outcome,
    /// Fuel of the instrumented module and of its imports. Exact where the entry returned or an import ended the run; after
    /// an instruction's trap all that the run was given, because the engine does not count exactly there.
    pub fuel_used: u64,
    /// What the trap was, where it was one.
    pub trap: Option<TrapKind>,
}

/// A predicate that was validated, instrumented and compiled. Clones share the code.
#[derive(Clone)]
pub struct Predicate {
    instance: InstancePre<run::State>,
    entry: Arc<str>,
    parameters: Arc<[Scalar]>,
    intrinsics: Arc<dyn Intrinsics + Send + Sync>,
}

impl fmt::Debug for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Predicate").field("entry", &self.entry).field("parameters", &self.parameters).finish()
    }
}

impl Predicate {
    /// Validates, instruments and compiles a module, for runs of its exported function `entry` with these intrinsics.
    ///
    /// The engine is [`engine`]'s. Time and memory are bounded by the limits in [`validate`] and [`structure`].
    ///
    /// # Errors
    /// [`LoadError`]; a module of the subset that is refused by [`LoadError::Engine`] is this machine's fault.
    pub fn load(
        wasm: &[u8],
        entry: &str,
        intrinsics: Arc<dyn Intrinsics + Send + Sync>,
    ) -> Result<Predicate, LoadError> {
        Predicate::load_on(wasm, entry, intrinsics, engine)
    }

    /// [`load`](Predicate::load) without optimisation, for those who must agree on every run: outcome and fuel are the same, it
    /// compiles faster and runs slower, and within [`Weight::fuel_max`] no run fills the native stack.
    ///
    /// # Errors
    /// [`LoadError`], as for [`load`](Predicate::load).
    pub fn load_plain(
        wasm: &[u8],
        entry: &str,
        intrinsics: Arc<dyn Intrinsics + Send + Sync>,
    ) -> Result<Predicate, LoadError> {
        Predicate::load_on(wasm, entry, intrinsics, || {
            let mut config = deterministic_config();
            config.cranelift_opt_level(OptLevel::None);
            Engine::new(&config).map_err(|error| EngineError { message: format!("{error:#}") })
        })
    }

    /// What a module takes, without compiling it. Linear in its length.
    ///
    /// # Errors
    /// [`LoadError`] where it is no predicate with this entry.
    pub fn weigh(wasm: &[u8], entry: &str) -> Result<Weight, LoadError> {
        validate::validate(wasm, entry).map(|facts| facts.weight)
    }

    fn load_on(
        wasm: &[u8],
        entry: &str,
        intrinsics: Arc<dyn Intrinsics + Send + Sync>,
        engine: impl FnOnce() -> Result<Engine, EngineError>,
    ) -> Result<Predicate, LoadError> {
        let facts = validate::validate(wasm, entry)?;
        let failed = |message: String| LoadError::Engine { message: error::line(&message) };
        let instrumented = instrument::instrument(wasm, &facts).map_err(failed)?;
        let engine = engine().map_err(|error| failed(error.to_string()))?;
        let module = Module::new(&engine, instrumented).map_err(|error| failed(format!("{error:#}")))?;
        let mut linker = Linker::new(&engine);
        let linked = imports::link(&mut linker).and_then(|()| linker.instantiate_pre(&module));
        let instance = linked.map_err(|error| failed(format!("{error:#}")))?;
        Ok(Predicate { instance, entry: entry.into(), parameters: facts.parameters.into(), intrinsics })
    }

    /// The entry's parameters: the first bytes of the public input.
    pub fn parameters(&self) -> &[Scalar] {
        &self.parameters
    }

    /// What the module imports, as `zera.sha256`, sorted, each once; what it imports it need not call.
    pub fn imports(&self) -> Vec<String> {
        let imports = self.instance.module().imports();
        let names: std::collections::BTreeSet<String> =
            imports.map(|import| format!("{}.{}", import.module(), import.name())).collect();
        names.into_iter().collect()
    }

    /// Runs the predicate once, with a fresh memory, on a thread of its own.
    ///
    /// Deterministic: the same inputs and fuel give the same [`Run`] on every machine that gives one. Beside the module's
    /// memory (16 MiB at most) a run may touch [`WASM_STACK_LEN`](crate::WASM_STACK_LEN) of stack.
    ///
    /// # Errors
    /// [`RunError`]: what is none of the four outcomes.
    pub fn run(&self, inputs: &Inputs<'_>, fuel: u64) -> Result<Run, RunError> {
        run::run(&self.instance, &self.entry, &self.parameters, &self.intrinsics, inputs, fuel)
    }
}
