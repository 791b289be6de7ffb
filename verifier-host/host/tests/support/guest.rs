//! Text modules, and running them.

use std::sync::OnceLock;

use zera_host::validate::validate;
use zera_host::{Call, CallEnd, CallReport, CostSchedule, Entry, EntryName, NodeFault, Runner, TrapKind};

use crate::double::{CONTRACT, Double, USER};

macro_rules! import_text {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $ty:ident),*) $(-> $ret:ident)?;)*) => {
        /// Every host function as an import of its own name.
        pub const IMPORTS: &str = concat!($(
            "(import \"zera1\" \"", stringify!($name), "\" (func $", stringify!($name),
            $(" (param ", stringify!($ty), ")",)* $(" (result ", stringify!($ret), ")",)? "))\n",
        )*);
    };
}
zera_abi::host_functions!(import_text);

/// Where [`probe`] modules are to write what they return.
pub const OUT: usize = 4_096;
/// How many bytes of it they return.
pub const OUT_LEN: usize = 64;

/// A contract with all imports, one page of memory (at most 16), and `rest`.
pub fn contract(rest: &str) -> Vec<u8> {
    let text = format!("(module {IMPORTS} (memory (export \"memory\") 1 16) (func (export \"zera_abi_1\")) {rest})");
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A contract whose `run` evaluates `body` to an i32, returns it, and returns the bytes at [`OUT`] as data. `data` lies
/// at address 0.
pub fn probe(data: &[u8], body: &str) -> Vec<u8> {
    let data: String = data.iter().map(|byte| format!("\\{byte:02x}")).collect();
    contract(&format!(
        "(data (i32.const 0) \"{data}\")
         (func (export \"run\") (result i32) (local $code i32)
            (local.set $code {body})
            (drop (call $return_data (i32.const {OUT}) (i32.const {OUT_LEN})))
            (local.get $code))"
    ))
}

/// The runner that all tests of a binary share.
pub fn runner() -> &'static Runner {
    static RUNNER: OnceLock<Runner> = OnceLock::new();
    RUNNER.get_or_init(|| Runner::new(CostSchedule::v1()).unwrap())
}

/// The entry of that name.
pub fn user(name: &str) -> Entry {
    Entry::User(EntryName::parse(name).unwrap())
}

/// Validates a module and calls an entry of it.
pub fn call(
    world: Double,
    wasm: &[u8],
    entry: Entry,
    input: &[u8],
    fuel_limit: u64,
) -> (Double, Result<CallReport, NodeFault>) {
    validate(wasm).unwrap_or_else(|error| panic!("refused: {error}"));
    let code = zera_statement::code_hash(wasm);
    let call = Call { contract: CONTRACT, caller: USER, entry, input: input.to_vec(), fuel_limit };
    runner().call(world, &code, wasm, call)
}

/// Runs `run` with all the fuel there is.
pub fn run(world: Double, wasm: &[u8]) -> (Double, CallReport) {
    let (world, report) = call(world, wasm, user("run"), &[], 20_000_000);
    (world, report.unwrap())
}

/// Runs a probe that must return; its code and the bytes at [`OUT`].
pub fn returned(world: Double, wasm: &[u8]) -> (Double, i32, Vec<u8>) {
    let (world, report) = run(world, wasm);
    match report.end {
        CallEnd::Done { code, data } => (world, code, data),
        end => panic!("{end:?}"),
    }
}

/// Runs a module that must trap, and burn the whole limit; why.
pub fn trapped(world: Double, wasm: &[u8]) -> (Double, TrapKind) {
    let (world, report) = run(world, wasm);
    assert_eq!(report.fuel_used, 20_000_000, "a trap burns the limit");
    match report.end {
        CallEnd::Trapped { what } => (world, what),
        end => panic!("{end:?}"),
    }
}
