//! The closed set of imports: types, prices and bodies.
//!
//! # Prices
//! A body checks its ranges, charges, and then acts. The call itself costs [`CALL_COST`](crate::CALL_COST). Prices in fuel:
//!
//! | import | price |
//! |---|---|
//! | `read_public`, `read_private` | [`COPY`] + 1 a byte |
//! | `sha256`, `keccak256` | [`HASH`] + [`HASH_BYTE`] a byte |
//! | `poseidon` | [`POSEIDON`] + [`POSEIDON_CELL`] for each cell beyond two |
//! | `merkle_root` | [`COPY`] + [`POSEIDON`] a level |
//! | `eddsa_verify` | [`EDDSA`] |
//! | `field_add`, `field_sub`, `field_eq`, `field_mul` | [`FIELD`] |
//! | `field_inv` | [`FIELD_INV`] |
//! | `assume`, `bound` | nothing more |
//!
//! # Ranges
//! Addresses, offsets and lengths are unsigned. A range may end where memory or input ends; an empty one may start there. One
//! that starts or ends beyond is a trap, also where nothing would be copied.

use std::fmt;
use std::sync::Arc;

use wasmtime::{Caller, Linker, Memory};

use super::Scalar::{self, I32, I64};
use super::intrinsics::{Cell, Intrinsics};
use super::run::State;
use super::validate::MEMORY_EXPORT;

/// The module that predicates import from.
pub(super) const MODULE: &str = "zera";
/// The import whose calls are counted.
pub(super) const BOUND: &str = "bound";

/// Copying input, beside 1 a byte; checking a Merkle path's ranges.
pub const COPY: u64 = 50;
/// A hash of no bytes.
pub const HASH: u64 = 2_000;
/// A byte that is hashed.
pub const HASH_BYTE: u64 = 20;
/// A Poseidon permutation of two cells; a level of a Merkle path.
pub const POSEIDON: u64 = 60_000;
/// Each cell of a Poseidon permutation beyond two: a round multiplies by a matrix of the width squared.
pub const POSEIDON_CELL: u64 = 60_000;
/// A signature.
pub const EDDSA: u64 = 2_000_000;
/// An operation in the field, its operands checked.
pub const FIELD: u64 = 500;
/// An inverse.
pub const FIELD_INV: u64 = 20_000;

/// Most cells that `poseidon` takes.
const POSEIDON_CELLS_MAX: u32 = 16;
/// Most levels of a Merkle path.
const DEPTH_MAX: u32 = 32;
/// Bytes of a cell, as the guest counts.
const CELL_LEN: u32 = 32;

/// An import and its type.
#[derive(Debug)]
pub(super) struct Import {
    module: &'static str,
    name: &'static str,
    pub(super) params: &'static [Scalar],
    pub(super) results: &'static [Scalar],
}

/// The type as text modules write it.
impl fmt::Display for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |scalars: &[Scalar]| scalars.iter().map(|scalar| scalar.as_str()).collect::<Vec<_>>().join(", ");
        write!(f, "({}) -> ({})", list(self.params), list(self.results))
    }
}

const fn zera(name: &'static str, params: &'static [Scalar], results: &'static [Scalar]) -> Import {
    Import { module: MODULE, name, params, results }
}

/// All that a predicate may import.
const IMPORTS: &[Import] = &[
    zera("read_public", &[I32, I32, I32], &[]),
    zera("read_private", &[I32, I32, I32], &[]),
    zera("assume", &[I32], &[]),
    zera(BOUND, &[I32], &[]),
    zera("sha256", &[I32, I32, I32], &[]),
    zera("keccak256", &[I32, I32, I32], &[]),
    zera("poseidon", &[I32, I32, I32], &[]),
    zera("merkle_root", &[I32, I32, I32, I64, I32], &[]),
    zera("eddsa_verify", &[I32, I32, I32], &[I32]),
    zera("field_add", &[I32, I32, I32], &[]),
    zera("field_sub", &[I32, I32, I32], &[]),
    zera("field_mul", &[I32, I32, I32], &[]),
    zera("field_inv", &[I32, I32], &[]),
    zera("field_eq", &[I32, I32], &[I32]),
    Import { module: "env", name: "abort", params: &[I32, I32, I32, I32], results: &[] },
];

/// The import of this name, where there is one.
pub(super) fn find(module: &str, name: &str) -> Option<&'static Import> {
    IMPORTS.iter().find(|import| import.module == module && import.name == name)
}

/// Why an import does not return to the guest.
#[derive(Debug, thiserror::Error)]
pub(super) enum Exit {
    /// The guest's mistake, with the fuel that was left.
    #[error("trap: {why}")]
    Trap { why: TrapKind, fuel_left: u64 },
    /// The count exceeds the bound.
    #[error("bound exceeded")]
    Bound { fuel_left: u64 },
    /// The price exceeds the fuel that is left.
    #[error("out of fuel")]
    OutOfFuel,
    /// The engine failed.
    #[error("{0}")]
    Fault(String),
}

/// What a trap was, for the author's eyes; the outcome is the same for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrapKind {
    /// `unreachable`: in Rust, a panic.
    #[error("unreachable executed")]
    Unreachable,
    /// A load, a store or a bulk operation outside memory, or an import's range.
    #[error("range outside memory")]
    Memory,
    /// A call through the table that names no function, or one of another type.
    #[error("bad indirect call")]
    Table,
    /// Division by zero, or a quotient that does not fit.
    #[error("integer division by zero or overflow")]
    Arithmetic,
    /// A range outside the public or the private input.
    #[error("range outside the input")]
    Input,
    /// `assume` of zero.
    #[error("assumption does not hold")]
    Assume,
    /// AssemblyScript's `abort`.
    #[error("abort called")]
    Abort,
    /// An operand that an intrinsic is not defined for.
    #[error("intrinsic called with operands outside its domain")]
    Operand,
}

/// One call of an import: its caller's memory, state and fuel.
struct Host<'c> {
    caller: Caller<'c, State>,
    memory: Memory,
}

impl<'c> Host<'c> {
    fn enter(mut caller: Caller<'c, State>) -> Result<Host<'c>, Exit> {
        let memory = caller.get_export(MEMORY_EXPORT).and_then(wasmtime::Extern::into_memory);
        let memory = memory.ok_or_else(|| Exit::Fault("no memory in a running module".to_owned()))?;
        Ok(Host { caller, memory })
    }

    fn trap(&self, why: TrapKind) -> Exit {
        match fuel_left(&self.caller) {
            Ok(fuel_left) => Exit::Trap { why, fuel_left },
            Err(fault) => fault,
        }
    }

    fn charge(&mut self, price: u64) -> Result<(), Exit> {
        let left = fuel_left(&self.caller)?.checked_sub(price).ok_or(Exit::OutOfFuel)?;
        self.caller.set_fuel(left).map_err(|error| Exit::Fault(format!("{error:#}")))
    }

    /// Checks that a range lies inside memory. Memory never shrinks, so it stays inside.
    fn range(&self, pointer: i32, len: u32) -> Result<std::ops::Range<usize>, Exit> {
        let start = u64::from(pointer.cast_unsigned());
        let end = start + u64::from(len);
        if end > self.memory.data_size(&self.caller) as u64 {
            return Err(self.trap(TrapKind::Memory));
        }
        // Both fit: memory is no longer than a `usize` counts.
        Ok(start as usize..end as usize)
    }

    fn bytes(&self, range: std::ops::Range<usize>) -> Result<&[u8], Exit> {
        self.memory.data(&self.caller).get(range).ok_or_else(|| self.trap(TrapKind::Memory))
    }

    fn put(&mut self, range: std::ops::Range<usize>, bytes: &[u8]) -> Result<(), Exit> {
        self.memory
            .write(&mut self.caller, range.start, bytes)
            .map_err(|_| Exit::Fault("a checked range lies outside memory".to_owned()))
    }

    fn cells(&self, range: std::ops::Range<usize>) -> Result<Vec<Cell>, Exit> {
        let (cells, _) = self.bytes(range)?.as_chunks::<32>();
        Ok(cells.to_vec())
    }

    fn array<const N: usize>(&self, range: std::ops::Range<usize>) -> Result<[Cell; N], Exit> {
        self.cells(range)?.try_into().map_err(|_| self.trap(TrapKind::Memory))
    }

    fn intrinsics(&self) -> Arc<dyn Intrinsics + Send + Sync> {
        Arc::clone(&self.caller.data().intrinsics)
    }

    /// What an intrinsic gives; nothing is a trap.
    fn defined<T>(&self, value: Option<T>) -> Result<T, Exit> {
        value.ok_or_else(|| self.trap(TrapKind::Operand))
    }
}

fn fuel_left(caller: &Caller<'_, State>) -> Result<u64, Exit> {
    caller.get_fuel().map_err(|error| Exit::Fault(format!("{error:#}")))
}

fn read(caller: Caller<'_, State>, [dst, offset, len]: [i32; 3], input: fn(&State) -> &[u8]) -> Result<(), Exit> {
    let mut host = Host::enter(caller)?;
    let to = host.range(dst, len.cast_unsigned())?;
    let (offset, len) = (u64::from(offset.cast_unsigned()), u64::from(len.cast_unsigned()));
    let end = offset + len;
    if end > input(host.caller.data()).len() as u64 {
        return Err(host.trap(TrapKind::Input));
    }
    host.charge(COPY + len)?;
    let (memory, state) = host.memory.data_and_store_mut(&mut host.caller);
    match (memory.get_mut(to), input(state).get(offset as usize..end as usize)) {
        (Some(to), Some(from)) => to.copy_from_slice(from),
        _ => return Err(Exit::Fault("a checked range lies outside".to_owned())),
    }
    Ok(())
}

type Hash = fn(&dyn Intrinsics, &[u8]) -> [u8; 32];

fn hash(caller: Caller<'_, State>, [dst, src, len]: [i32; 3], hash: Hash) -> Result<(), Exit> {
    let mut host = Host::enter(caller)?;
    let (to, from) = (host.range(dst, CELL_LEN)?, host.range(src, len.cast_unsigned())?);
    host.charge(HASH + HASH_BYTE * u64::from(len.cast_unsigned()))?;
    let digest = hash(&*host.intrinsics(), host.bytes(from)?);
    host.put(to, &digest)
}

fn poseidon(caller: Caller<'_, State>, [dst, src, n]: [i32; 3]) -> Result<(), Exit> {
    let mut host = Host::enter(caller)?;
    let n = n.cast_unsigned();
    if !(1..=POSEIDON_CELLS_MAX).contains(&n) {
        return Err(host.trap(TrapKind::Operand));
    }
    let (to, from) = (host.range(dst, CELL_LEN)?, host.range(src, n * CELL_LEN)?);
    host.charge(POSEIDON + POSEIDON_CELL * u64::from(n.saturating_sub(2)))?;
    let cells = host.cells(from)?;
    let cell = host.defined(host.intrinsics().poseidon(&cells))?;
    host.put(to, &cell)
}

fn merkle_root(caller: Caller<'_, State>, [dst, leaf, siblings]: [i32; 3], index: i64, depth: i32) -> Result<(), Exit> {
    let mut host = Host::enter(caller)?;
    let (index, depth) = (index.cast_unsigned(), depth.cast_unsigned());
    if depth > DEPTH_MAX || index >> depth != 0 {
        return Err(host.trap(TrapKind::Operand));
    }
    let (to, leaf) = (host.range(dst, CELL_LEN)?, host.range(leaf, CELL_LEN)?);
    let siblings = host.range(siblings, depth * CELL_LEN)?;
    host.charge(COPY + POSEIDON * u64::from(depth))?;
    let ([leaf], siblings) = (host.array(leaf)?, host.cells(siblings)?);
    let root = host.defined(host.intrinsics().merkle_root(&leaf, &siblings, index))?;
    host.put(to, &root)
}

fn eddsa_verify(caller: Caller<'_, State>, [key, signature, message]: [i32; 3]) -> Result<i32, Exit> {
    let mut host = Host::enter(caller)?;
    let (key, signature) = (host.range(key, 2 * CELL_LEN)?, host.range(signature, 3 * CELL_LEN)?);
    let message = host.range(message, CELL_LEN)?;
    host.charge(EDDSA)?;
    let (key, signature, [message]) = (host.array(key)?, host.array(signature)?, host.array(message)?);
    host.defined(host.intrinsics().eddsa_verify(&key, &signature, &message)).map(i32::from)
}

type Binary<T> = fn(&dyn Intrinsics, &Cell, &Cell) -> Option<T>;

/// An operation on two cells, charged and done.
fn binary<T>(host: &mut Host<'_>, [a, b]: [i32; 2], operation: Binary<T>) -> Result<T, Exit> {
    let (a, b) = (host.range(a, CELL_LEN)?, host.range(b, CELL_LEN)?);
    host.charge(FIELD)?;
    let ([a], [b]) = (host.array(a)?, host.array(b)?);
    host.defined(operation(&*host.intrinsics(), &a, &b))
}

fn field(caller: Caller<'_, State>, [dst, a, b]: [i32; 3], operation: Binary<Cell>) -> Result<(), Exit> {
    let mut host = Host::enter(caller)?;
    let to = host.range(dst, CELL_LEN)?;
    let cell = binary(&mut host, [a, b], operation)?;
    host.put(to, &cell)
}

fn field_inv(caller: Caller<'_, State>, [dst, a]: [i32; 2]) -> Result<(), Exit> {
    let mut host = Host::enter(caller)?;
    let (to, a) = (host.range(dst, CELL_LEN)?, host.range(a, CELL_LEN)?);
    host.charge(FIELD_INV)?;
    let [a] = host.array(a)?;
    let cell = host.defined(host.intrinsics().field_inv(&a))?;
    host.put(to, &cell)
}

/// Ends the run with the fuel that is left.
fn end(caller: &Caller<'_, State>, exit: fn(u64) -> Exit) -> Exit {
    fuel_left(caller).map_or_else(|fault| fault, exit)
}

/// Defines every import, `bound` as instrumentation leaves it.
pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    type Guest<'c> = Caller<'c, State>;
    linker.func_wrap(MODULE, "read_public", |caller: Guest<'_>, dst: i32, offset: i32, len: i32| {
        Ok(read(caller, [dst, offset, len], |state| &state.public)?)
    })?;
    linker.func_wrap(MODULE, "read_private", |caller: Guest<'_>, dst: i32, offset: i32, len: i32| {
        Ok(read(caller, [dst, offset, len], |state| &state.private)?)
    })?;
    linker.func_wrap(MODULE, "assume", |caller: Guest<'_>, condition: i32| match condition {
        0 => Err(end(&caller, |fuel_left| Exit::Trap { why: TrapKind::Assume, fuel_left }).into()),
        _ => wasmtime::Result::Ok(()),
    })?;
    linker.func_wrap(MODULE, BOUND, |caller: Guest<'_>, n: i32, count: i64| {
        if count.cast_unsigned() > u64::from(n.cast_unsigned()) {
            return Err(end(&caller, |fuel_left| Exit::Bound { fuel_left }).into());
        }
        wasmtime::Result::Ok(())
    })?;
    linker.func_wrap(MODULE, "sha256", |caller: Guest<'_>, dst: i32, src: i32, len: i32| {
        Ok(hash(caller, [dst, src, len], |intrinsics, bytes| intrinsics.sha256(bytes))?)
    })?;
    linker.func_wrap(MODULE, "keccak256", |caller: Guest<'_>, dst: i32, src: i32, len: i32| {
        Ok(hash(caller, [dst, src, len], |intrinsics, bytes| intrinsics.keccak256(bytes))?)
    })?;
    linker.func_wrap(MODULE, "poseidon", |caller: Guest<'_>, dst: i32, src: i32, n: i32| {
        Ok(poseidon(caller, [dst, src, n])?)
    })?;
    linker.func_wrap(
        MODULE,
        "merkle_root",
        |caller: Guest<'_>, dst: i32, leaf: i32, siblings: i32, index: i64, depth: i32| {
            Ok(merkle_root(caller, [dst, leaf, siblings], index, depth)?)
        },
    )?;
    linker.func_wrap(MODULE, "eddsa_verify", |caller: Guest<'_>, key: i32, signature: i32, message: i32| {
        Ok(eddsa_verify(caller, [key, signature, message])?)
    })?;
    linker.func_wrap(MODULE, "field_add", |caller: Guest<'_>, dst: i32, a: i32, b: i32| {
        Ok(field(caller, [dst, a, b], |intrinsics, a, b| intrinsics.field_add(a, b))?)
    })?;
    linker.func_wrap(MODULE, "field_sub", |caller: Guest<'_>, dst: i32, a: i32, b: i32| {
        Ok(field(caller, [dst, a, b], |intrinsics, a, b| intrinsics.field_sub(a, b))?)
    })?;
    linker.func_wrap(MODULE, "field_mul", |caller: Guest<'_>, dst: i32, a: i32, b: i32| {
        Ok(field(caller, [dst, a, b], |intrinsics, a, b| intrinsics.field_mul(a, b))?)
    })?;
    linker.func_wrap(MODULE, "field_inv", |caller: Guest<'_>, dst: i32, a: i32| Ok(field_inv(caller, [dst, a])?))?;
    linker.func_wrap(MODULE, "field_eq", |caller: Guest<'_>, a: i32, b: i32| {
        let mut host = Host::enter(caller)?;
        Ok(i32::from(binary(&mut host, [a, b], |intrinsics, a, b| intrinsics.field_eq(a, b))?))
    })?;
    linker.func_wrap("env", "abort", |caller: Guest<'_>, _: i32, _: i32, _: i32, _: i32| {
        let exit: wasmtime::Result<()> =
            Err(end(&caller, |fuel_left| Exit::Trap { why: TrapKind::Abort, fuel_left }).into());
        exit
    })?;
    Ok(())
}
