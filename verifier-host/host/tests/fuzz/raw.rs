//! A module by itself on three engines: the compiler without and with its optimiser, and an interpreter.

use sha2::{Digest, Sha256};
use wasmtime::{Engine, Instance, Module, OptLevel, Store, Trap, Val, ValType};
use zera_host::TrapKind;

/// How a call of an export ended, and what it left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What was returned, or why nothing was.
    pub end: Result<Vec<i64>, TrapKind>,
    /// SHA-256 of the memory afterwards, with its length in front.
    pub memory: (usize, [u8; 32]),
    /// Fuel used, where it means something.
    pub fuel: Option<u64>,
}

/// The deterministic configuration at a level of optimisation.
pub fn engine(level: OptLevel) -> Engine {
    let mut config = zera_native::deterministic_config();
    config.cranelift_opt_level(level);
    Engine::new(&config).unwrap()
}

/// Exported functions with the types of their parameters, in the order of the module.
pub fn functions(module: &Module) -> Vec<(String, Vec<ValType>)> {
    let exports = module.exports();
    exports.filter_map(|export| Some((export.name().to_owned(), export.ty().func()?.params().collect()))).collect()
}

/// Calls an export of a fresh instance. `words` are cut to the types of the parameters.
pub fn compiled(module: &Module, name: &str, words: &[i64], fuel: u64) -> Seen {
    let mut store = Store::new(module.engine(), ());
    store.set_fuel(fuel).unwrap();
    let instance = match Instance::new(&mut store, module, &[]) {
        Ok(instance) => instance,
        Err(error) => return Seen { end: Err(trap(&error)), memory: (0, [0; 32]), fuel: None },
    };
    let function = instance.get_func(&mut store, name).unwrap();
    let ty = function.ty(&store);
    let arguments: Vec<Val> = ty
        .params()
        .zip(words)
        .map(|(ty, word)| if ty.is_i64() { Val::I64(*word) } else { Val::I32(*word as i32) })
        .collect();
    let mut results = vec![Val::I32(0); ty.results().len()];
    let ended = function.call(&mut store, &arguments, &mut results);
    let values = || results.iter().map(|value| value.i64().unwrap_or_else(|| i64::from(value.unwrap_i32()))).collect();
    let memory = instance.get_memory(&mut store, "memory").unwrap().data(&store);
    let memory = (memory.len(), Sha256::digest(memory).into());
    match ended {
        Ok(()) => Seen { end: Ok(values()), memory, fuel: Some(fuel - store.get_fuel().unwrap()) },
        Err(error) => Seen { end: Err(trap(&error)), memory, fuel: None },
    }
}

fn trap(error: &wasmtime::Error) -> TrapKind {
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => TrapKind::OutOfFuel,
        Some(Trap::MemoryOutOfBounds) => TrapKind::Memory,
        Some(Trap::TableOutOfBounds | Trap::IndirectCallToNull | Trap::BadSignature) => TrapKind::Table,
        Some(Trap::IntegerOverflow | Trap::IntegerDivisionByZero) => TrapKind::Arithmetic,
        Some(Trap::UnreachableCodeReached) => TrapKind::Unreachable,
        _ => panic!("no contract can cause this: {error:?}"),
    }
}

/// The same call on the interpreter. Its fuel only ends loops, and is not ours.
pub fn interpreted(module: &wasmi::Module, name: &str, words: &[i64]) -> Seen {
    let mut store = wasmi::Store::new(module.engine(), ());
    store.set_fuel(50_000_000).unwrap();
    let linker = wasmi::Linker::new(store.engine());
    let trap = |error: &wasmi::Error| match error.as_trap_code() {
        Some(code) => crate::second::trap(code),
        None => panic!("no contract can cause this: {error}"),
    };
    let instance = match linker.instantiate_and_start(&mut store, module) {
        Ok(instance) => instance,
        Err(error) => return Seen { end: Err(trap(&error)), memory: (0, [0; 32]), fuel: None },
    };
    let function = instance.get_func(&store, name).unwrap();
    let ty = function.ty(&store);
    let arguments: Vec<wasmi::Val> = ty
        .params()
        .iter()
        .zip(words)
        .map(|(ty, word)| match ty {
            wasmi::ValType::I64 => wasmi::Val::I64(*word),
            _ => wasmi::Val::I32(*word as i32),
        })
        .collect();
    let mut results = vec![wasmi::Val::I32(0); ty.results().len()];
    let end = match function.call(&mut store, &arguments, &mut results) {
        Ok(()) => Ok(results
            .iter()
            .map(|value| value.i64().unwrap_or_else(|| i64::from(value.i32().expect("an integer"))))
            .collect()),
        Err(error) => Err(trap(&error)),
    };
    let memory = instance.get_memory(&store, "memory").unwrap();
    let memory = memory.data(&store);
    Seen { end, memory: (memory.len(), Sha256::digest(memory).into()), fuel: None }
}
