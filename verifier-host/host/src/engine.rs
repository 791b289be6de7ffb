//! The engine that contracts run on.

use wasmtime::{Engine, OptLevel};

use crate::world::NodeFault;

/// The deterministic configuration, compiled without optimisation.
///
/// The depth rule (see [`validate`](crate::validate)) bounds a native frame by what a function has of parameters, locals and
/// operands. That bound holds only where a value lives no longer than the module says: the optimiser's value numbering and
/// loop hoisting keep thousands of values alive that the module drops at once, and a function of 64 KiB then has a frame of
/// many times the bound, at the same price of a call. Results and fuel are the same on both levels; contracts are short, and
/// compiling is faster.
pub(crate) fn contract_engine() -> Result<Engine, NodeFault> {
    let mut config = zera_native::deterministic_config();
    config.cranelift_opt_level(OptLevel::None);
    Engine::new(&config).map_err(|error| NodeFault::Engine { what: "configure", message: format!("{error:#}") })
}
