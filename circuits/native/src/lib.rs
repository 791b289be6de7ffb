//! The one deterministic wasmtime configuration, and the native run of predicates under it.
//!
//! Two nodes that run the same module on the same input must agree on its result and on the fuel it used, whatever machine
//! they are. That holds for one front end only (Cranelift), for calls that complete, and with everything switched off that
//! may differ: floats, SIMD, threads, the clock, and the depth of the native stack. Contracts and the native run of a
//! predicate are both consensus, so both take their engine from here.
//!
//! What a caller must know:
//! - Fuel is exact after a call that completed. After a trap it is not: charge the whole limit, never read it.
//! - [`WASM_STACK_LEN`] is far more than a thread usually has. Run guests on a thread with [`THREAD_STACK_LEN`].

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod predicate;

pub use predicate::{Inputs, Intrinsics, LoadError, Predicate, Run, RunError, Scalar, Weight};

use wasmtime::{Config, Engine, Inlining, OperatorCost, OptLevel, Strategy, WasmBacktraceDetails, WasmFeatures};

/// Native stack that a guest may use. With [`CALL_COST`] for every call, fuel ends a recursion before this does, for
/// modules whose frames are bounded accordingly (the host's depth rule).
pub const WASM_STACK_LEN: usize = 512 << 20;
/// Stack of the thread that runs a guest: the guest's own, and room for host functions beneath it.
pub const THREAD_STACK_LEN: usize = 640 << 20;
/// Fuel of a call; the most that an operator can cost, so that depth is dear.
pub const CALL_COST: u8 = 255;

/// The engine can not be built on this machine.
#[derive(Debug, thiserror::Error)]
#[error("wasm engine: {message}")]
pub struct EngineError {
    /// The engine's words.
    pub message: String,
}

/// Fuel by operator: about one nanosecond each on the reference machine.
///
/// Everything 1, structure 0, division 8, memory access 2, calls 255, `br_table` 8, bulk memory 1 a byte, `memory.grow`
/// 255 and 255 a page (who runs the guest prices its memory beside that).
pub const fn operator_cost() -> OperatorCost {
    let mut cost = OperatorCost::new();
    cost.I32DivS = 8;
    cost.I32DivU = 8;
    cost.I32RemS = 8;
    cost.I32RemU = 8;
    cost.I64DivS = 8;
    cost.I64DivU = 8;
    cost.I64RemS = 8;
    cost.I64RemU = 8;
    cost.I32Load = 2;
    cost.I64Load = 2;
    cost.I32Load8S = 2;
    cost.I32Load8U = 2;
    cost.I32Load16S = 2;
    cost.I32Load16U = 2;
    cost.I64Load8S = 2;
    cost.I64Load8U = 2;
    cost.I64Load16S = 2;
    cost.I64Load16U = 2;
    cost.I64Load32S = 2;
    cost.I64Load32U = 2;
    cost.I32Store = 2;
    cost.I64Store = 2;
    cost.I32Store8 = 2;
    cost.I32Store16 = 2;
    cost.I64Store8 = 2;
    cost.I64Store16 = 2;
    cost.I64Store32 = 2;
    cost.Call = CALL_COST;
    cost.CallIndirect = CALL_COST;
    cost.Br = 2;
    cost.BrIf = 2;
    cost.If = 2;
    cost.BrTable = 8;
    cost.MemoryGrow = 255;
    cost.variable.memory_copy_per_byte = 1;
    cost.variable.memory_fill_per_byte = 1;
    cost.variable.memory_init_per_byte = 1;
    cost.variable.memory_grow_per_page = 255;
    cost
}

/// The configuration that consensus runs under.
///
/// Threads, components and async are not compiled in at all. The collector is compiled in only because builds without it
/// can abort (RUSTSEC-2026-0570); nothing that needs it is enabled.
pub fn deterministic_config() -> Config {
    let mut config = Config::new();
    // One front end, and the same fuel on every back end of it.
    config.strategy(Strategy::Cranelift).cranelift_opt_level(OptLevel::Speed).compiler_inlining(Inlining::No);
    config.consume_fuel(true).operator_cost(operator_cost()).epoch_interruption(false);
    // Integers only. Canonical NaNs are belt and braces: without floats there are none.
    config.wasm_features(WasmFeatures::FLOATS, false).cranelift_nan_canonicalization(true);
    config.wasm_simd(false).wasm_relaxed_simd(false).wasm_memory64(false).wasm_multi_memory(false);
    config.wasm_tail_call(false).wasm_reference_types(false).wasm_function_references(false).wasm_gc(false);
    config.wasm_exceptions(false).wasm_extended_const(false).wasm_custom_page_sizes(false);
    config.wasm_wide_arithmetic(false).wasm_stack_switching(false).gc_support(false);
    config.wasm_bulk_memory(true).wasm_multi_value(true);
    config.max_wasm_stack(WASM_STACK_LEN).async_stack_size(THREAD_STACK_LEN);
    // Nothing of a trap but its kind is used; details would be read from an environment variable.
    config.wasm_backtrace_max_frames(None).wasm_backtrace_details(WasmBacktraceDetails::Disable);
    config.native_unwind_info(false).generate_address_map(false).parallel_compilation(false);
    config.memory_init_cow(false).memory_may_move(false);
    config
}

/// An engine of [`deterministic_config`].
///
/// # Errors
/// [`EngineError`] where this machine can not run it.
pub fn engine() -> Result<Engine, EngineError> {
    Engine::new(&deterministic_config()).map_err(|error| EngineError { message: format!("{error:#}") })
}
