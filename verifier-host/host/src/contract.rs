//! Running a contract: one call is one instance, on one thread, with one limit of fuel.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::{Engine, Extern, ExternType, Linker, Module, Store, Trap, Val, ValType};
use zera_abi::table::{FAILED_EXPORT, MARKER_EXPORT, RESULT_EXPORT, REVOKED_EXPORT};
use zera_abi::{AccountId, CodeHash};
use zera_native::THREAD_STACK_LEN;

use crate::budget::Frame;
use crate::cost::CostSchedule;
use crate::dispatch;
use crate::engine::contract_engine;
use crate::memory::Exit;
use crate::validate::MEMORY_EXPORT;
use crate::world::{NodeFault, World};

/// Most bytes of an entry's name.
pub const ENTRY_NAME_MAX: usize = 64;

/// The name of an export that a user may call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryName(String);

/// Why a user may not call an export of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// Only the host calls it (`E_UNAUTH`).
    #[error("entry: {name} is called by the host only")]
    Reserved {
        /// The name.
        name: &'static str,
    },
    /// Empty or too long.
    #[error("entry: a name has 1 to {ENTRY_NAME_MAX} bytes, got {got}")]
    Length {
        /// Bytes of the name.
        got: usize,
    },
}

impl EntryName {
    /// A name that a user may call: neither one of the host's call-backs nor the marker.
    ///
    /// # Errors
    /// [`EntryError`].
    pub fn parse(name: &str) -> Result<EntryName, EntryError> {
        for reserved in [RESULT_EXPORT, FAILED_EXPORT, REVOKED_EXPORT, MARKER_EXPORT] {
            if name == reserved {
                return Err(EntryError::Reserved { name: reserved });
            }
        }
        if name.is_empty() || name.len() > ENTRY_NAME_MAX {
            return Err(EntryError::Length { got: name.len() });
        }
        Ok(EntryName(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is called. Everything but [`Entry::User`] is the host's own call, and `origin()` says so inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// An entry of the contract's own: `() -> ()` or `() -> i32`.
    User(EntryName),
    /// `process_verified_condition_result(handle, result)`.
    Result {
        /// The contract's handle of the task.
        handle: u64,
        /// The outcome.
        result: bool,
    },
    /// `on_result_failed(handle, reason)`; optional.
    Failed {
        /// The contract's handle of the task.
        handle: u64,
        /// Why there is no answer.
        reason: u16,
    },
    /// `on_result_revoked(handle, reason)`; optional.
    Revoked {
        /// The contract's handle of the task.
        handle: u64,
        /// Why the answer was withdrawn.
        reason: u16,
    },
}

impl Entry {
    /// The export's name.
    pub fn export(&self) -> &str {
        match self {
            Entry::User(name) => name.as_str(),
            Entry::Result { .. } => RESULT_EXPORT,
            Entry::Failed { .. } => FAILED_EXPORT,
            Entry::Revoked { .. } => REVOKED_EXPORT,
        }
    }

    /// Whether the host makes this call by itself.
    pub fn is_callback(&self) -> bool {
        !matches!(self, Entry::User(_))
    }

    fn arguments(&self) -> Vec<Val> {
        match self {
            Entry::User(_) => Vec::new(),
            Entry::Result { handle, result } => vec![Val::I64(handle.cast_signed()), Val::I32(i32::from(*result))],
            Entry::Failed { handle, reason } | Entry::Revoked { handle, reason } => {
                vec![Val::I64(handle.cast_signed()), Val::I32(i32::from(*reason))]
            }
        }
    }
}

/// One call of a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The contract that runs.
    pub contract: AccountId,
    /// Who signed the transaction; the contract itself in a call-back.
    pub caller: AccountId,
    /// What is called.
    pub entry: Entry,
    /// The call's input.
    pub input: Vec<u8>,
    /// Most fuel that it may use; what exceeds [`CostSchedule::call_fuel_max`] is not used.
    pub fuel_limit: u64,
}

/// What a call did. Unless it is [`CallEnd::Done`], the caller undoes the call's writes, events and tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallReport {
    /// Fuel to pay for: exact where the guest returned or aborted, the whole limit where it trapped.
    pub fuel_used: u64,
    /// How it ended.
    pub end: CallEnd,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallEnd {
    /// The guest returned; its writes stand.
    Done {
        /// What the entry returned; 0 for an entry without a result.
        code: i32,
        /// What it set with `return_data`.
        data: Vec<u8>,
    },
    /// The guest called `abort`; its writes do not stand.
    Aborted {
        /// The guest's code.
        code: i32,
        /// The guest's message, at most 256 bytes before replacement of what is not UTF-8.
        message: String,
    },
    /// The guest broke a rule or ran out of fuel; its writes do not stand and the whole limit is used.
    Trapped {
        /// The rule.
        what: TrapKind,
    },
    /// The module has no such export, or one of another type.
    NoEntry,
}

/// Why a guest was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum TrapKind {
    /// The limit of fuel is used up.
    #[error("out of fuel")]
    OutOfFuel,
    /// An address outside memory: a load, a store, or a range given to a host function.
    #[error("memory access out of bounds")]
    Memory,
    /// A host function was given what its contract excludes.
    #[error("host function misused: {0}")]
    Abi(&'static str),
    /// A call through the table that names no function, or one of another type; a table access out of bounds.
    #[error("bad indirect call")]
    Table,
    /// Division by zero, or a quotient that does not fit.
    #[error("integer division by zero or overflow")]
    Arithmetic,
    /// `unreachable`: in Rust, a panic.
    #[error("unreachable executed")]
    Unreachable,
}

/// Runs contracts. One for a node; calls are made one at a time, in the order of the block.
///
/// Compiled modules are kept in memory only, by code hash, and made again after a restart. Whether a module was in the
/// cache changes nothing that a contract or its receipt can see.
#[derive(Debug)]
pub struct Runner {
    engine: Engine,
    cost: CostSchedule,
    modules: Mutex<BTreeMap<CodeHash, Arc<Module>>>,
}

impl Runner {
    /// A runner with the prices of `cost`.
    ///
    /// # Errors
    /// [`NodeFault`] where this machine can not run the engine.
    pub fn new(cost: CostSchedule) -> Result<Runner, NodeFault> {
        Ok(Runner { engine: contract_engine()?, cost, modules: Mutex::new(BTreeMap::new()) })
    }

    /// The prices in force.
    pub fn cost(&self) -> &CostSchedule {
        &self.cost
    }

    /// Compiles a module that [`validate`](crate::validate) has passed, or finds it in the cache.
    ///
    /// At most about a second within the limits of validation; on a deployment, its price is
    /// [`CostSchedule::deploy`].
    ///
    /// # Errors
    /// [`NodeFault`]: a validated module always compiles.
    pub fn compile(&self, code: &CodeHash, wasm: &[u8]) -> Result<(), NodeFault> {
        self.module(code, wasm).map(|_| ())
    }

    fn module(&self, code: &CodeHash, wasm: &[u8]) -> Result<Arc<Module>, NodeFault> {
        if let Some(module) = self.modules.lock().unwrap_or_else(PoisonError::into_inner).get(code) {
            return Ok(Arc::clone(module));
        }
        let module = Arc::new(Module::new(&self.engine, wasm).map_err(|error| engine_fault("compile", &error))?);
        self.modules.lock().unwrap_or_else(PoisonError::into_inner).insert(*code, Arc::clone(&module));
        Ok(module)
    }

    /// Runs one call and gives the world back, with whatever the call wrote into it.
    ///
    /// The caller undoes those writes unless the call is [`CallEnd::Done`]. After a [`NodeFault`] the block is abandoned;
    /// where a host function panicked, the world may hold half of one write.
    ///
    /// The guest runs on a thread of its own: its stack is far larger than a thread usually has, so that fuel and never
    /// the native stack ends a recursion.
    pub fn call<W: World + Send + 'static>(
        &self,
        world: W,
        code: &CodeHash,
        wasm: &[u8],
        call: Call,
    ) -> (W, Result<CallReport, NodeFault>) {
        let module = match self.module(code, wasm) {
            Ok(module) => module,
            Err(fault) => return (world, Err(fault)),
        };
        lend(world, |slot| {
            on_guest_stack(|| self.run(slot, code, &module, call))?.unwrap_or_else(|_| Err(panic_fault("guest thread")))
        })
    }

    /// As [`Runner::call`], on this thread, which must be one of [`on_guest_stack`] or have as large a stack.
    pub(crate) fn call_here<W: World + Send + 'static>(
        &self,
        world: W,
        code: &CodeHash,
        wasm: &[u8],
        call: Call,
    ) -> (W, Result<CallReport, NodeFault>) {
        let module = match self.module(code, wasm) {
            Ok(module) => module,
            Err(fault) => return (world, Err(fault)),
        };
        lend(world, |slot| self.run(slot, code, &module, call))
    }

    /// Runs on the guest's thread. Takes the world from the slot and puts it back.
    fn run<W: World + Send + 'static>(
        &self,
        slot: &mut Option<W>,
        code: &CodeHash,
        module: &Module,
        call: Call,
    ) -> Result<CallReport, NodeFault> {
        let limit = call.fuel_limit.min(self.cost.call_fuel_max);
        let done = |fuel_used, end| Ok(CallReport { fuel_used, end });
        let Some(returns) = entry_type(module, &call.entry) else { return done(0, CallEnd::NoEntry) };
        let start = self.cost.start(memory_pages(module));
        let Some(fuel) = limit.checked_sub(start) else {
            return done(limit, CallEnd::Trapped { what: TrapKind::OutOfFuel });
        };
        let Some(world) = slot.take() else { return Err(panic_fault("no world")) };
        let (arguments, export) = (call.entry.arguments(), call.entry.export().to_owned());
        let mut store = Store::new(&self.engine, Frame::new(world, call, self.cost.clone()));
        let mut results = vec![Val::I32(0); usize::from(returns)];
        let ended =
            catch_unwind(AssertUnwindSafe(|| guest(&mut store, module, fuel, &export, &arguments, &mut results)));
        // Only a call that completed has a fuel that means something.
        let left = if let Ok(Ok(())) = ended { store.get_fuel().ok() } else { None };
        let (world, data) = store.into_data().into_parts();
        *slot = Some(world);
        match ended {
            Ok(Ok(())) => {
                let left = left.ok_or_else(|| NodeFault::Engine { what: "fuel", message: "not metered".to_owned() })?;
                let code = results.first().and_then(Val::i32).unwrap_or(0);
                done(limit.saturating_sub(left), CallEnd::Done { code, data })
            }
            Ok(Err(Stop::Setup(fault))) => Err(fault),
            Ok(Err(Stop::Guest(error))) => match judge(error, code)? {
                // The host function read the fuel before the guest was unwound; afterwards it is worthless.
                Judged::Aborted { code, message, fuel_left } => {
                    done(limit.saturating_sub(fuel_left), CallEnd::Aborted { code, message })
                }
                Judged::Trapped(what) => done(limit, CallEnd::Trapped { what }),
            },
            Err(payload) => Err(NodeFault::panic(payload.as_ref())),
        }
    }
}

enum Stop {
    /// Before the guest ran.
    Setup(NodeFault),
    /// While the guest ran.
    Guest(wasmtime::Error),
}

fn guest<W: World + Send + 'static>(
    store: &mut Store<Frame<W>>,
    module: &Module,
    fuel: u64,
    export: &str,
    arguments: &[Val],
    results: &mut [Val],
) -> Result<(), Stop> {
    let setup = |what| move |error: wasmtime::Error| Stop::Setup(engine_fault(what, &error));
    store.limiter(|frame| frame.limits() as &mut dyn wasmtime::ResourceLimiter);
    store.set_fuel(fuel).map_err(setup("fuel"))?;
    let mut linker = Linker::new(store.engine());
    dispatch::link(&mut linker).map_err(setup("link"))?;
    let instance = linker.instantiate(&mut *store, module).map_err(|error| match error.downcast_ref::<Trap>() {
        // A data or element segment that does not fit: the guest's own mistake, found when its memory is filled.
        Some(_) => Stop::Guest(error),
        None => Stop::Setup(engine_fault("instantiate", &error)),
    })?;
    let missing = |what| Stop::Setup(NodeFault::Engine { what, message: "validated module without it".to_owned() });
    let memory = instance.get_memory(&mut *store, MEMORY_EXPORT).ok_or_else(|| missing("memory"))?;
    store.data_mut().set_memory(memory);
    let Some(Extern::Func(function)) = instance.get_export(&mut *store, export) else { return Err(missing("entry")) };
    function.call(&mut *store, arguments, results).map_err(Stop::Guest)
}

enum Judged {
    Aborted { code: i32, message: String, fuel_left: u64 },
    Trapped(TrapKind),
}

/// Tells the guest's mistakes from the node's. What is not known to be the guest's is the node's.
fn judge(error: wasmtime::Error, code: &CodeHash) -> Result<Judged, NodeFault> {
    let error = match error.downcast::<Exit>() {
        Ok(Exit::Abort { code, message, fuel_left }) => return Ok(Judged::Aborted { code, message, fuel_left }),
        Ok(Exit::OutOfFuel) => return Ok(Judged::Trapped(TrapKind::OutOfFuel)),
        Ok(Exit::Memory) => return Ok(Judged::Trapped(TrapKind::Memory)),
        Ok(Exit::Abi(what)) => return Ok(Judged::Trapped(TrapKind::Abi(what))),
        Ok(Exit::Fault(fault)) => return Err(fault),
        Err(error) => error,
    };
    let what = match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => TrapKind::OutOfFuel,
        Some(Trap::MemoryOutOfBounds) => TrapKind::Memory,
        Some(Trap::TableOutOfBounds | Trap::IndirectCallToNull | Trap::BadSignature) => TrapKind::Table,
        Some(Trap::IntegerOverflow | Trap::IntegerDivisionByZero) => TrapKind::Arithmetic,
        Some(Trap::UnreachableCodeReached) => TrapKind::Unreachable,
        Some(Trap::StackOverflow) => return Err(NodeFault::StackOverflow { code: *code }),
        _ => return Err(engine_fault("run", &error)),
    };
    Ok(Judged::Trapped(what))
}

fn engine_fault(what: &'static str, error: &wasmtime::Error) -> NodeFault {
    NodeFault::Engine { what, message: format!("{error:#}") }
}

/// Runs `work` on a thread whose stack a guest may use up to its fuel; where it panics, with what.
///
/// A thread costs some 100 us with its stack, as much as a small call, so whoever makes many calls makes them on one.
///
/// # Errors
/// [`NodeFault::Thread`] where it does not start: then nothing of `work` was done.
pub(crate) fn on_guest_stack<R: Send>(work: impl FnOnce() -> R + Send) -> Result<std::thread::Result<R>, NodeFault> {
    std::thread::scope(|scope| {
        let guest = std::thread::Builder::new().name("guest".to_owned()).stack_size(THREAD_STACK_LEN);
        guest.spawn_scoped(scope, work).map(std::thread::ScopedJoinHandle::join).map_err(NodeFault::Thread)
    })
}

/// Lends `world` to a run. It waits in a slot that outlives the run's thread, so that it comes back even where that can not start.
pub(crate) fn lend<W, R>(world: W, run: impl FnOnce(&mut Option<W>) -> R) -> (W, R) {
    let mut slot = Some(world);
    let report = run(&mut slot);
    match slot {
        Some(world) => (world, report),
        // A run puts the world back on every path, including a panic of a host function.
        None => unreachable!("a run gives the world back"),
    }
}

fn panic_fault(message: &str) -> NodeFault {
    NodeFault::Panic { message: message.to_owned() }
}

/// Whether the entry returns a value; `None` where there is no such export of the right type.
fn entry_type(module: &Module, entry: &Entry) -> Option<bool> {
    let Some(ExternType::Func(function)) = module.get_export(entry.export()) else { return None };
    let callback = [ValType::I64, ValType::I32];
    let wanted: &[ValType] = if entry.is_callback() { &callback } else { &[] };
    let params = function.params().len() == wanted.len() && function.params().zip(wanted).all(|(a, b)| a.matches(b));
    let mut results = function.results();
    match (params, results.next(), results.next()) {
        (true, None, _) => Some(false),
        (true, Some(ValType::I32), None) if !entry.is_callback() => Some(true),
        _ => None,
    }
}

/// The declared maximum of memory; validation has seen to it that there is one.
fn memory_pages(module: &Module) -> u32 {
    let maximum = match module.get_export(MEMORY_EXPORT) {
        Some(ExternType::Memory(memory)) => memory.maximum(),
        _ => None,
    };
    maximum.and_then(|pages| u32::try_from(pages).ok()).unwrap_or(u32::MAX)
}
