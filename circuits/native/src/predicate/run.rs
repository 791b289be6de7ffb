//! One run: a store, an instance and a call on a thread of its own.

use std::sync::Arc;

use wasmtime::{InstancePre, ResourceLimiter, Store, Trap, Val};
use zera_abi::Outcome;

use super::error::{RunError, line};
use super::imports::{Exit, TrapKind};
use super::intrinsics::Intrinsics;
use super::validate::{MEMORY_PAGES_MAX, PAGE_LEN, TABLE_ELEMENTS_MAX};
use super::{Inputs, Run, Scalar};
use crate::THREAD_STACK_LEN;

/// What a running predicate was given.
pub(super) struct State {
    pub(super) public: Vec<u8>,
    pub(super) private: Vec<u8>,
    pub(super) intrinsics: Arc<dyn Intrinsics + Send + Sync>,
    limits: Limits,
}

/// Growth beyond the ABI's limit is refused, and the guest sees -1; a growth that this machine can not provide fails the run.
struct Limits;

impl ResourceLimiter for Limits {
    fn memory_growing(&mut self, _: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let most = usize::try_from(MEMORY_PAGES_MAX).unwrap_or(0).saturating_mul(PAGE_LEN);
        Ok(desired <= most && maximum.is_none_or(|maximum| desired <= maximum))
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        // Growth beyond the maximum never comes here: `memory_growing` has refused it.
        Err(error)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired as u64 <= TABLE_ELEMENTS_MAX)
    }

    fn instances(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        1
    }

    fn memories(&self) -> usize {
        1
    }
}

/// The entry's arguments, from the front of the public input.
fn arguments(parameters: &[Scalar], public: &[u8]) -> Result<Vec<Val>, RunError> {
    let mut rest = public;
    let mut take = |scalar: &Scalar| match scalar {
        Scalar::I32 => {
            let (bytes, after) = rest.split_first_chunk()?;
            rest = after;
            Some(Val::I32(i32::from_le_bytes(*bytes)))
        }
        Scalar::I64 => {
            let (bytes, after) = rest.split_first_chunk()?;
            rest = after;
            Some(Val::I64(i64::from_le_bytes(*bytes)))
        }
    };
    let arguments: Option<Vec<_>> = parameters.iter().map(&mut take).collect();
    let needed = parameters.iter().map(|scalar| scalar.len()).sum();
    arguments.ok_or(RunError::Parameters { needed, got: public.len() })
}

/// Runs on a thread with the stack that [`engine`](crate::engine)'s guests may use.
pub(super) fn run(
    instance: &InstancePre<State>,
    entry: &str,
    parameters: &[Scalar],
    intrinsics: &Arc<dyn Intrinsics + Send + Sync>,
    inputs: &Inputs<'_>,
    fuel: u64,
) -> Result<Run, RunError> {
    let arguments = arguments(parameters, inputs.public)?;
    let guest = || {
        let state = State {
            public: inputs.public.to_vec(),
            private: inputs.private.to_vec(),
            intrinsics: Arc::clone(intrinsics),
            limits: Limits,
        };
        let mut store = Store::new(instance.module().engine(), state);
        store.limiter(|state| &mut state.limits as &mut dyn ResourceLimiter);
        match call(&mut store, instance, entry, &arguments, fuel) {
            Ok(value) => {
                let left = store.get_fuel().map_err(|error| failed(&error))?;
                let outcome = if value == 0 { Outcome::False } else { Outcome::True };
                Ok(Run { outcome, fuel_used: fuel.saturating_sub(left), trap: None })
            }
            Err(error) => judge(error, fuel),
        }
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("predicate".to_owned()).stack_size(THREAD_STACK_LEN);
        match thread.spawn_scoped(scope, guest) {
            Ok(thread) => {
                thread.join().unwrap_or_else(|_| Err(RunError::Failed { message: "the run panicked".to_owned() }))
            }
            Err(error) => Err(RunError::Failed { message: format!("guest thread: {error}") }),
        }
    })
}

/// Instantiates, which runs the start function, and calls the entry.
fn call(
    store: &mut Store<State>,
    instance: &InstancePre<State>,
    entry: &str,
    arguments: &[Val],
    fuel: u64,
) -> wasmtime::Result<i32> {
    store.set_fuel(fuel)?;
    let instance = instance.instantiate(&mut *store)?;
    let missing = || wasmtime::Error::from(Exit::Fault("validated module without its entry".to_owned()));
    let function = instance.get_func(&mut *store, entry).ok_or_else(missing)?;
    let mut results = [Val::I32(0)];
    function.call(&mut *store, arguments, &mut results)?;
    results[0].i32().ok_or_else(missing)
}

/// Tells the predicate's outcomes from the environment's failures. What is not known to be the predicate's is not.
fn judge(error: wasmtime::Error, fuel: u64) -> Result<Run, RunError> {
    let ended = |outcome, fuel_left, trap| Ok(Run { outcome, fuel_used: fuel.saturating_sub(fuel_left), trap });
    let error = match error.downcast::<Exit>() {
        Ok(Exit::Trap { why, fuel_left }) => return ended(Outcome::Trap, fuel_left, Some(why)),
        Ok(Exit::Bound { fuel_left }) => return ended(Outcome::BoundExceeded, fuel_left, None),
        Ok(Exit::OutOfFuel) => return Err(RunError::OutOfFuel { fuel }),
        Ok(Exit::Fault(message)) => return Err(RunError::Failed { message }),
        Err(error) => error,
    };
    let why = match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => return Err(RunError::OutOfFuel { fuel }),
        Some(Trap::MemoryOutOfBounds) => TrapKind::Memory,
        Some(Trap::TableOutOfBounds | Trap::IndirectCallToNull | Trap::BadSignature) => TrapKind::Table,
        Some(Trap::IntegerOverflow | Trap::IntegerDivisionByZero) => TrapKind::Arithmetic,
        Some(Trap::UnreachableCodeReached) => TrapKind::Unreachable,
        Some(Trap::StackOverflow) => {
            return Err(RunError::Failed { message: "the native stack is full before the fuel is spent".to_owned() });
        }
        _ => return Err(failed(&error)),
    };
    // After an instruction's trap the engine's own count is not exact.
    ended(Outcome::Trap, 0, Some(why))
}

fn failed(error: &wasmtime::Error) -> RunError {
    RunError::Failed { message: line(&format!("{error:#}")) }
}
