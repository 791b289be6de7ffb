//! A second host: the functions of the table written again over another engine, from what the table's docs promise.
//!
//! It shares the [`World`] port and the wire decoders with the first and nothing else: its own reading of pointers, its own
//! bounds, its own limits, and an interpreter in place of a compiler. It counts no fuel (what it is given only ends loops),
//! so it agrees with the first host on everything but what a call costs and where it runs dry.

use std::fmt;

use sha2::{Digest, Sha256};
use wasmi::{Caller, Config, Engine, Error, Extern, Linker, Module, Store, TrapCode, Val, ValType};
use zera_abi::wire::{Claim, Request, WireError};
use zera_abi::{AccountId, Amount, KeyId, Status, TaskId};
use zera_host::{Call, CallEnd, Denied, Entry, TrapKind, World};

/// Bounds the loops of a guest that the first host stopped by its fuel; no call that ends comes near.
const GUARD: u64 = 200_000_000;

/// Why a function does not come back.
#[derive(Debug)]
enum Halt {
    Abort(i32, String),
    Memory,
    Misuse,
    Fault(String),
}

impl fmt::Display for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl wasmi::errors::HostError for Halt {}

/// One call's state.
struct State<W> {
    world: W,
    call: Call,
    returned: Vec<u8>,
    writes: usize,
    events: usize,
    logged: usize,
}

/// The misuse of a host function, whatever the words.
pub const MISUSE: TrapKind = TrapKind::Abi("");

/// An end without the words that only one host has.
pub fn plain(end: CallEnd) -> CallEnd {
    match end {
        CallEnd::Trapped { what: TrapKind::Abi(_) } => CallEnd::Trapped { what: MISUSE },
        end => end,
    }
}

/// An engine with the feature set of contracts.
pub fn engine() -> Engine {
    let mut config = Config::default();
    config.floats(false).wasm_multi_value(true).wasm_bulk_memory(true).wasm_sign_extension(true);
    config.wasm_mutable_global(true).wasm_saturating_float_to_int(false).wasm_reference_types(false);
    config.wasm_tail_call(false).wasm_extended_const(false).wasm_multi_memory(false);
    config.wasm_custom_page_sizes(false).wasm_wide_arithmetic(false);
    // Depth is the first host's to price; here it must only be enough.
    config.set_max_recursion_depth(1 << 20).set_max_stack_height(256 << 20).consume_fuel(true);
    Engine::new(&config)
}

/// What a trap of the engine is called.
pub fn trap(code: TrapCode) -> TrapKind {
    match code {
        TrapCode::UnreachableCodeReached => TrapKind::Unreachable,
        TrapCode::MemoryOutOfBounds => TrapKind::Memory,
        TrapCode::TableOutOfBounds | TrapCode::IndirectCallToNull | TrapCode::BadSignature => TrapKind::Table,
        TrapCode::IntegerDivisionByZero | TrapCode::IntegerOverflow => TrapKind::Arithmetic,
        TrapCode::OutOfFuel => TrapKind::OutOfFuel,
        other => panic!("no contract can cause this: {other:?}"),
    }
}

/// Runs one call, and gives the world back with its end.
pub fn call<W: World + 'static>(world: W, wasm: &[u8], call: Call) -> (W, CallEnd) {
    let engine = engine();
    let module = Module::new(&engine, wasm).expect("a validated module");
    let entry = call.entry.clone();
    let state = State { world, call, returned: Vec::new(), writes: 0, events: 0, logged: 0 };
    let mut store = Store::new(&engine, state);
    store.set_fuel(GUARD).unwrap();
    let mut linker = Linker::new(&engine);
    link(&mut linker);
    let end = run(&mut store, &linker, &module, &entry);
    (store.into_data().world, end)
}

fn run<W: World + 'static>(
    store: &mut Store<State<W>>,
    linker: &Linker<State<W>>,
    module: &Module,
    entry: &Entry,
) -> CallEnd {
    let (name, arguments) = match entry {
        Entry::User(name) => (name.as_str(), vec![]),
        Entry::Result { handle, result } => {
            ("process_verified_condition_result", vec![handle.cast_signed(), i64::from(*result)])
        }
        Entry::Failed { handle, reason } => ("on_result_failed", vec![handle.cast_signed(), i64::from(*reason)]),
        Entry::Revoked { handle, reason } => ("on_result_revoked", vec![handle.cast_signed(), i64::from(*reason)]),
    };
    let instance = match linker.instantiate_and_start(&mut *store, module) {
        Ok(instance) => instance,
        Err(error) => return ended(error),
    };
    let Some(function) = instance.get_func(&*store, name) else { return CallEnd::NoEntry };
    let ty = function.ty(&*store);
    let wanted: &[ValType] = if arguments.is_empty() { &[] } else { &[ValType::I64, ValType::I32] };
    let returns = match ty.results() {
        [] => false,
        [ValType::I32] => arguments.is_empty(),
        _ => return CallEnd::NoEntry,
    };
    if ty.params() != wanted {
        return CallEnd::NoEntry;
    }
    let arguments: Vec<Val> = arguments
        .into_iter()
        .zip(wanted)
        .map(|(value, ty)| if *ty == ValType::I64 { Val::I64(value) } else { Val::I32(value.try_into().unwrap()) })
        .collect();
    let mut results = vec![Val::I32(0); usize::from(returns)];
    match function.call(&mut *store, &arguments, &mut results) {
        Ok(()) => {
            let code = results.first().and_then(Val::i32).unwrap_or(0);
            CallEnd::Done { code, data: std::mem::take(&mut store.data_mut().returned) }
        }
        Err(error) => ended(error),
    }
}

fn ended(error: Error) -> CallEnd {
    if let Some(code) = error.as_trap_code() {
        return CallEnd::Trapped { what: trap(code) };
    }
    match error.downcast_ref::<Halt>() {
        Some(Halt::Abort(code, message)) => CallEnd::Aborted { code: *code, message: message.clone() },
        Some(Halt::Memory) => CallEnd::Trapped { what: TrapKind::Memory },
        Some(Halt::Misuse) => CallEnd::Trapped { what: MISUSE },
        Some(Halt::Fault(message)) => panic!("the world failed: {message}"),
        None => panic!("no contract can cause this: {error}"),
    }
}

macro_rules! link {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $ty:ident),*) $(-> $ret:ident)?;)*) => {
        /// Every row of the table; one that has no body here does not compile.
        fn link<W: World + 'static>(linker: &mut Linker<State<W>>) {
            $(linker.func_wrap("zera1", stringify!($name), |caller: Caller<'_, State<W>>, $($arg: $ty),*| {
                link!(@reply $($ret)?)(Guest(caller).$name($($arg),*))
            }).unwrap();)*
        }
    };
    (@reply) => { |reply: Result<(), Halt>| reply.map_err(Error::host) };
    (@reply $ret:ident) => { |reply: Result<_, Halt>| reply.map(|value| -> $ret { Word::<$ret>::word(value) }).map_err(Error::host) };
}
zera_abi::host_functions!(link);

trait Word<T> {
    fn word(self) -> T;
}

impl Word<i32> for Status {
    fn word(self) -> i32 {
        i32::try_from(self.code()).unwrap()
    }
}

impl Word<i32> for usize {
    fn word(self) -> i32 {
        i32::try_from(self).unwrap()
    }
}

impl Word<i64> for u64 {
    fn word(self) -> i64 {
        self.cast_signed()
    }
}

struct Guest<'c, W>(Caller<'c, State<W>>);

type Told = Result<Status, Halt>;

impl<W: World + 'static> Guest<'_, W> {
    /// Start and end of a range, both as 64-bit numbers: nothing wraps.
    fn span(&self, at: i32, len: u64) -> Result<(usize, usize), Halt> {
        let start = u64::from(at.cast_unsigned());
        let size = self.memory().data_size(&self.0) as u64;
        if start + len > size {
            return Err(Halt::Memory);
        }
        Ok((start as usize, (start + len) as usize))
    }

    fn memory(&self) -> wasmi::Memory {
        match self.0.get_export("memory") {
            Some(Extern::Memory(memory)) => memory,
            _ => panic!("validation sees to it that there is a memory"),
        }
    }

    fn read(&self, at: i32, len: i32) -> Result<Vec<u8>, Halt> {
        let (start, end) = self.span(at, u64::from(len.cast_unsigned()))?;
        Ok(self.memory().data(&self.0)[start..end].to_vec())
    }

    fn read32(&self, at: i32) -> Result<[u8; 32], Halt> {
        Ok(self.read(at, 32)?.try_into().unwrap())
    }

    /// Only after [`Guest::span`] has passed.
    fn write(&mut self, at: i32, bytes: &[u8]) {
        let start = at.cast_unsigned() as usize;
        self.memory().data_mut(&mut self.0)[start..start + bytes.len()].copy_from_slice(bytes);
    }

    /// Writes to a place of its own length.
    fn give(&mut self, at: i32, bytes: &[u8]) -> Told {
        self.span(at, bytes.len() as u64)?;
        self.write(at, bytes);
        Ok(Status::Ok)
    }

    fn variable(&mut self, out: i32, cap: i32, len_out: i32, bytes: &[u8]) -> Told {
        self.write(len_out, &u32::try_from(bytes.len()).unwrap().to_le_bytes());
        if bytes.len() as u64 > u64::from(cap.cast_unsigned()) {
            return Ok(Status::Buffer);
        }
        self.write(out, bytes);
        Ok(Status::Ok)
    }

    fn parts(&mut self) -> (&mut W, AccountId) {
        let state = self.0.data_mut();
        (&mut state.world, state.call.contract)
    }

    fn called_back(&self) -> bool {
        !matches!(self.0.data().call.entry, Entry::User(_))
    }

    fn abi_version(self) -> Result<usize, Halt> {
        Ok(1)
    }

    fn protocol_version(self) -> Result<usize, Halt> {
        Ok(zera_abi::PROTOCOL_VERSION as usize)
    }

    fn chain_id(mut self, out: i32) -> Told {
        let id = self.parts().0.chain_id();
        self.give(out, &id.0)
    }

    fn self_address(mut self, out: i32) -> Told {
        let id = self.parts().1;
        self.give(out, &id.0)
    }

    fn caller(mut self, out: i32) -> Told {
        let id = if self.called_back() { self.parts().1 } else { self.0.data().call.caller };
        self.give(out, &id.0)
    }

    fn origin(self) -> Result<usize, Halt> {
        Ok(usize::from(self.called_back()))
    }

    fn block_height(mut self) -> Result<u64, Halt> {
        Ok(self.parts().0.height().0)
    }

    fn input_len(self) -> Result<usize, Halt> {
        Ok(self.0.data().call.input.len())
    }

    fn input_read(mut self, out: i32, off: i32, len: i32) -> Told {
        let len = u64::from(len.cast_unsigned());
        self.span(out, len)?;
        let off = u64::from(off.cast_unsigned());
        let input = self.0.data().call.input.clone();
        if off + len > input.len() as u64 {
            return Ok(Status::Buffer);
        }
        self.write(out, &input[off as usize..(off + len) as usize]);
        Ok(Status::Ok)
    }

    fn config_amount(mut self, key: i32, klen: i32, out: i32) -> Told {
        let key = self.read(key, klen)?;
        self.span(out, 16)?;
        let (world, contract) = self.parts();
        match world.config_amount(&contract, &key).map_err(fault)? {
            Some(amount) if key.len() <= 128 => self.give(out, &amount.units().to_le_bytes()),
            _ => Ok(Status::NotFound),
        }
    }

    fn storage_get(mut self, key: i32, klen: i32, out: i32, cap: i32, len_out: i32) -> Told {
        let key = self.read(key, klen)?;
        self.span(out, u64::from(cap.cast_unsigned()))?;
        self.span(len_out, 4)?;
        if key.len() > 128 {
            return Ok(Status::Limit);
        }
        let (world, contract) = self.parts();
        match world.storage_get(&contract, &key).map_err(fault)? {
            Some(value) => self.variable(out, cap, len_out, &value),
            None => Ok(Status::NotFound),
        }
    }

    fn storage_set(mut self, key: i32, klen: i32, val: i32, vlen: i32) -> Told {
        let (key, value) = (self.read(key, klen)?, self.read(val, vlen)?);
        if key.len() > 128 || value.len() > 16_384 || !self.one_more_write() {
            return Ok(Status::Limit);
        }
        let (world, contract) = self.parts();
        world.storage_set(&contract, &key, &value).map_err(fault)?;
        Ok(Status::Ok)
    }

    fn storage_remove(mut self, key: i32, klen: i32) -> Told {
        let key = self.read(key, klen)?;
        if key.len() > 128 || !self.one_more_write() {
            return Ok(Status::Limit);
        }
        let (world, contract) = self.parts();
        let there = world.storage_remove(&contract, &key).map_err(fault)?;
        Ok(if there { Status::Ok } else { Status::NotFound })
    }

    fn one_more_write(&mut self) -> bool {
        let writes = &mut self.0.data_mut().writes;
        *writes += 1;
        *writes <= 256
    }

    fn emit_event(mut self, topic: i32, tlen: i32, data: i32, dlen: i32) -> Told {
        let (topic, data) = (self.read(topic, tlen)?, self.read(data, dlen)?);
        if topic.len() > 64 || data.len() > 1_024 {
            return Ok(Status::Limit);
        }
        self.0.data_mut().events += 1;
        if self.0.data().events > 32 {
            return Ok(Status::Limit);
        }
        let (world, contract) = self.parts();
        world.emit(&contract, &topic, &data);
        Ok(Status::Ok)
    }

    fn hash(mut self, alg: i32, input: i32, len: i32, out: i32) -> Told {
        let input = self.read(input, len)?;
        self.span(out, 32)?;
        let digest: [u8; 32] = match alg {
            1 => Sha256::digest(&input).into(),
            4 => zera_statement::scalar_to_be(&zera_statement::input_root(&input)),
            _ => return Err(Halt::Misuse),
        };
        self.give(out, &digest)
    }

    fn predicate_id(mut self, name: i32, nlen: i32, out: i32) -> Told {
        let name = self.read(name, nlen)?;
        self.span(out, 32)?;
        match self.parts().0.predicate_by_name(&name).map_err(fault)? {
            Some(id) if name.len() <= 64 => self.give(out, &id.0),
            _ => Ok(Status::NotFound),
        }
    }

    fn request_offchain_computation(mut self, req: i32, rlen: i32, out: i32) -> Told {
        let bytes = self.read(req, rlen)?;
        self.span(out, 8)?;
        let request = match Request::decode(&bytes) {
            Ok(request) => request,
            Err(WireError::Limit) => return Ok(Status::Limit),
            Err(_) => return Err(Halt::Misuse),
        };
        for value in request.expected.chunks(32) {
            if zera_statement::scalar_from_be(value.try_into().unwrap()).is_none() {
                return Ok(Status::Encoding);
            }
        }
        let (world, contract) = self.parts();
        match told(world.request(&contract, &request))? {
            Ok(handle) => self.give(out, &handle.to_le_bytes()),
            Err(status) => Ok(status),
        }
    }

    fn store_pending_computation(mut self, handle: i64) -> Told {
        let (world, contract) = self.parts();
        world.store_pending(&contract, handle.cast_unsigned()).map_err(fault)
    }

    #[expect(clippy::wrong_self_convention, reason = "the table's name")]
    fn is_computation_verified(mut self, handle: i64) -> Told {
        let (world, contract) = self.parts();
        world.is_verified(&contract, handle.cast_unsigned()).map_err(fault)
    }

    fn clear_pending_computation(mut self, handle: i64) -> Told {
        let (world, contract) = self.parts();
        world.clear_pending(&contract, handle.cast_unsigned()).map_err(fault)
    }

    fn task_id(mut self, handle: i64, out: i32) -> Told {
        self.span(out, 32)?;
        let (world, contract) = self.parts();
        match world.task_id(&contract, handle.cast_unsigned()).map_err(fault)? {
            Some(task) => self.give(out, &task.0),
            None => Ok(Status::NotFound),
        }
    }

    fn task_handle(mut self, task: i32, out: i32) -> Told {
        let task = TaskId(self.read32(task)?);
        self.span(out, 8)?;
        let (world, contract) = self.parts();
        match told(world.task_handle(&contract, &task))? {
            Ok(handle) => self.give(out, &handle.to_le_bytes()),
            Err(status) => Ok(status),
        }
    }

    fn task_status(mut self, handle: i64, out: i32) -> Told {
        self.span(out, 4)?;
        let (world, contract) = self.parts();
        match world.task_status(&contract, handle.cast_unsigned()).map_err(fault)? {
            Some(status) => {
                let reason = status.reason.to_le_bytes();
                self.give(out, &[status.level.code(), status.end.code(), reason[0], reason[1]])
            }
            None => Ok(Status::NotFound),
        }
    }

    fn task_outcome(mut self, handle: i64, out: i32, cap: i32, len_out: i32) -> Told {
        self.span(out, u64::from(cap.cast_unsigned()))?;
        self.span(len_out, 4)?;
        let (world, contract) = self.parts();
        match told(world.task_outcome(&contract, handle.cast_unsigned()))? {
            Ok((outcome, declared)) => {
                let bytes = [vec![outcome.code()], declared.concat()].concat();
                self.variable(out, cap, len_out, &bytes)
            }
            Err(status) => Ok(status),
        }
    }

    fn cancel_task(mut self, handle: i64) -> Told {
        let (world, contract) = self.parts();
        world.cancel(&contract, handle.cast_unsigned()).map_err(fault)
    }

    fn balance(mut self, out: i32) -> Told {
        self.span(out, 16)?;
        let (world, contract) = self.parts();
        let balance = world.balance(&contract);
        self.give(out, &balance.units().to_le_bytes())
    }

    fn transfer(mut self, to: i32, amount: i32) -> Told {
        let to = AccountId(self.read32(to)?);
        let amount: [u8; 16] = self.read(amount, 16)?.try_into().unwrap();
        let (world, contract) = self.parts();
        Ok(world.transfer(&contract, &to, Amount::from_units(u128::from_le_bytes(amount))))
    }

    fn verify_groth16(mut self, key: i32, inputs: i32, ilen: i32, proof: i32) -> Told {
        let key = KeyId(self.read32(key)?);
        let inputs = self.read(inputs, ilen)?;
        let proof = self.read(proof, 256)?.try_into().unwrap();
        if inputs.len() % 32 != 0 {
            return Err(Halt::Misuse);
        }
        let count = inputs.len() / 32;
        if !(1..=16).contains(&count) {
            return Ok(Status::Count);
        }
        let world = self.parts().0;
        match world.key_inputs(&key).map_err(fault)? {
            Some(expected) if expected == count => world.verify_raw(&key, &inputs, &proof).map_err(fault),
            Some(_) => Ok(Status::Count),
            None => Ok(Status::Key),
        }
    }

    fn verify_statement(mut self, key: i32, claim: i32, clen: i32, proof: i32) -> Told {
        let key = KeyId(self.read32(key)?);
        let bytes = self.read(claim, clen)?;
        let proof = self.read(proof, 256)?.try_into().unwrap();
        let claim = match Claim::decode(&bytes) {
            Ok(claim) => claim,
            Err(WireError::Limit | WireError::Outcome) => return Ok(Status::Limit),
            Err(_) => return Err(Halt::Misuse),
        };
        let (world, contract) = self.parts();
        if claim.not_after < world.height().0 {
            return Ok(Status::Deadline);
        }
        match world.key_inputs(&key).map_err(fault)? {
            Some(expected) if expected == 3 + claim.declared.len() / 32 => {
                world.verify_claim(&contract, &key, &claim, &proof).map_err(fault)
            }
            Some(_) => Ok(Status::Count),
            None => Ok(Status::Key),
        }
    }

    fn return_data(mut self, at: i32, len: i32) -> Told {
        let bytes = self.read(at, len)?;
        if bytes.len() > 4_096 {
            return Ok(Status::Limit);
        }
        self.0.data_mut().returned = bytes;
        Ok(Status::Ok)
    }

    fn abort(self, code: i32, at: i32, len: i32) -> Result<(), Halt> {
        let message = self.read(at, len)?;
        if message.len() > 256 {
            return Err(Halt::Misuse);
        }
        Err(Halt::Abort(code, String::from_utf8_lossy(&message).into_owned()))
    }

    fn debug(mut self, at: i32, len: i32) -> Result<(), Halt> {
        let text = self.read(at, len)?;
        if self.0.data().logged + text.len() <= 16_384 {
            self.0.data_mut().logged += text.len();
            let (world, contract) = self.parts();
            world.log(&contract, &text);
        }
        Ok(())
    }
}

fn fault(fault: zera_host::NodeFault) -> Halt {
    Halt::Fault(fault.to_string())
}

/// A decision of the rules is a status; a failure is not.
fn told<T>(reply: Result<T, Denied>) -> Result<Result<T, Status>, Halt> {
    match reply {
        Ok(value) => Ok(Ok(value)),
        Err(Denied::Status(status)) => Ok(Err(status)),
        Err(Denied::Fault(error)) => Err(fault(error)),
    }
}
