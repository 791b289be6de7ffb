//! Runs a program in wasmtime and evaluates its graph.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use wasmtime::{Caller, Extern, Instance, Linker, Memory, Module, Store, Val};
use zera_compiler::diagnostic::Diagnostic;
use zera_compiler::symex::{Execution, Limits, Options, execute};

/// Fuel of a native run.
const FUEL: u64 = 100_000_000;

/// Numbers at which integer instructions change their minds.
pub const EDGES: [u64; 14] = [
    0,
    1,
    2,
    3,
    7,
    31,
    33,
    0x7f,
    0x80,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
];

pub fn options(public_len: u32, private_len: u32) -> Options {
    Options { entry: "predicate".into(), public_len, private_len, limits: Limits::ORDINARY }
}

/// The module of a text; one that does not export its memory, or has none, does so here.
pub fn module(text: &str) -> Vec<u8> {
    const EXPORT: &str = "(export \"memory\")";
    let text = match (text.contains("\"memory\""), text.contains("(memory ")) {
        (true, _) => text.to_owned(),
        (false, true) => text.replacen("(memory ", &format!("(memory {EXPORT} "), 1),
        // Last, since imports come first.
        (false, false) => match text.trim_end().strip_suffix(')') {
            Some(fields) => format!("{fields} (memory {EXPORT} 0))"),
            None => text.to_owned(),
        },
    };
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The graph of a text.
pub fn graph<'a>(wasm: &'a [u8], options: &Options) -> Execution<'a> {
    execute(wasm, options).unwrap_or_else(|errors| panic!("{}", errors[0]))
}

/// Why a text is refused: the first reason.
pub fn refused(text: &str, options: &Options) -> Diagnostic {
    match execute(&module(text), options) {
        Ok(_) => panic!("taken: {text}"),
        Err(mut errors) => errors.remove(0),
    }
}

/// What the graph says: 0 false, 1 true, 2 trap, 3 bound exceeded.
pub fn outcome(execution: &Execution<'_>, public: &[u8], private: &[u8]) -> u32 {
    let evaluation = execution.graph.eval(public, private);
    if let Some(broken) = evaluation.broken_bound() {
        panic!("{broken}, on {public:?} and {private:?}");
    }
    if execution.traps.iter().any(|trap| evaluation.bit(*trap)) {
        2
    } else if evaluation.bit(execution.exceeded) {
        3
    } else {
        u32::from(evaluation.bit(execution.truth))
    }
}

struct Host {
    public: Vec<u8>,
    private: Vec<u8>,
}

fn memory(caller: &mut Caller<'_, Host>) -> Memory {
    match caller.get_export("memory") {
        Some(Extern::Memory(memory)) => memory,
        _ => panic!("the module exports no memory"),
    }
}

/// A module in wasmtime, with the imports that need no circuit.
pub struct Native {
    module: Module,
    linker: Linker<Host>,
}

impl Native {
    pub fn new(wasm: &[u8]) -> Native {
        let engine = zera_native::engine().expect("this machine runs wasm");
        let module = Module::new(&engine, wasm).expect("the module is valid");
        let mut linker: Linker<Host> = Linker::new(&engine);
        type Input = fn(&Host) -> &Vec<u8>;
        let inputs: [(&str, Input); 2] = [("read_public", |host| &host.public), ("read_private", |host| &host.private)];
        for (name, input) in inputs {
            let read = move |mut caller: Caller<'_, Host>, dst: u32, offset: u32, len: u32| {
                let range = offset as usize..offset as usize + len as usize;
                let bytes = input(caller.data()).get(range).map(<[u8]>::to_vec);
                let bytes = bytes.ok_or_else(|| wasmtime::Error::msg("input"))?;
                memory(&mut caller).write(&mut caller, dst as usize, &bytes).map_err(wasmtime::Error::from)
            };
            linker.func_wrap("zera", name, read).expect("a new name");
        }
        let assume = |condition: i32| {
            if condition == 0 { Err(wasmtime::Error::msg("assume")) } else { Ok(()) }
        };
        linker.func_wrap("zera", "assume", assume).expect("a new name");
        let abort =
            |_: i32, _: i32, _: i32, _: i32| -> Result<(), wasmtime::Error> { Err(wasmtime::Error::msg("abort")) };
        linker.func_wrap("env", "abort", abort).expect("a new name");
        Native { module, linker }
    }

    /// The result of an export, none for a trap.
    pub fn call(&self, name: &str, args: &[Val], public: &[u8], private: &[u8]) -> Option<Val> {
        let host = Host { public: public.to_vec(), private: private.to_vec() };
        let mut store = Store::new(self.module.engine(), host);
        store.set_fuel(FUEL).expect("fuel is on");
        let instance: Instance = self.linker.instantiate(&mut store, &self.module).ok()?;
        let function = instance.get_func(&mut store, name).expect("the export");
        let mut results = [Val::I32(0)];
        match function.call(&mut store, args, &mut results) {
            Ok(()) => Some(results[0]),
            Err(_) => {
                assert!(store.get_fuel().is_ok_and(|fuel| fuel > 0), "the program does not end");
                None
            }
        }
    }
}

/// A type of parameters: `i32` or `i64`.
pub fn width(ty: &str) -> u32 {
    if ty == "i64" { 64 } else { 32 }
}

pub fn val(ty: &str, value: u64) -> Val {
    if ty == "i64" { Val::I64(value as i64) } else { Val::I32(value as i32) }
}

fn number(value: &Val) -> u64 {
    match value {
        Val::I32(value) => u64::from(*value as u32),
        Val::I64(value) => *value as u64,
        other => panic!("{other:?}"),
    }
}

fn bytes(types: &[&str], values: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (ty, value) in types.iter().zip(values) {
        bytes.extend_from_slice(&value.to_le_bytes()[..width(ty) as usize / 8]);
    }
    bytes
}

/// Compares `$value`, a function of `types`, with its graph on some arguments: its whole result, by a predicate that
/// compares the result with one more argument.
pub fn agree(text: &str, types: &[&str], result: &str, inputs: &[Vec<u64>]) -> u32 {
    let gets: String = (0..types.len()).map(|at| format!("(local.get {at})")).collect();
    let text = format!(
        r#"(module {text}
            (export "value" (func $value))
            (func (export "predicate") (param {}) (param {result}) (result i32)
                ({result}.eq (call $value {gets}) (local.get {}))))"#,
        types.join(" "),
        types.len(),
    );
    let wasm = module(&text);
    let mut all: Vec<&str> = types.to_vec();
    all.push(result);
    let public_len = all.iter().map(|ty| width(ty) / 8).sum();
    let execution = match execute(&wasm, &options(public_len, 0)) {
        Ok(execution) => execution,
        Err(errors) => panic!("{}\n{text}", errors[0]),
    };
    let native = Native::new(&wasm);
    for values in inputs {
        let args: Vec<Val> = types.iter().zip(values).map(|(ty, value)| val(ty, *value)).collect();
        let value = native.call("value", &args, &[], &[]).map(|value| number(&value));
        for flip in [0, 1, 1 << (width(result) - 1)] {
            let mut values = values.clone();
            values.push(value.unwrap_or(0) ^ flip);
            let expected = if value.is_none() { 2 } else { u32::from(flip == 0) };
            let found = outcome(&execution, &bytes(&all, &values), &[]);
            assert_eq!(found, expected, "value {value:x?} of {values:x?}\n{text}");
        }
    }
    execution.graph.nodes() as u32
}

/// Arguments: all pairs (or singles, or a sample of more) of edges, and random ones of all sizes.
pub fn samples(types: &[&str], random: usize) -> Vec<Vec<u64>> {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let mut samples = Vec::new();
    let mask = |ty: &str, value: u64| if ty == "i64" { value } else { value & 0xffff_ffff };
    if types.len() <= 2 {
        let edges = |ty: &str| -> Vec<u64> {
            let mut edges: Vec<u64> = EDGES.iter().chain(&[u64::MAX]).map(|value| mask(ty, *value)).collect();
            edges.sort_unstable();
            edges.dedup();
            edges
        };
        samples = vec![vec![]];
        for ty in types {
            samples =
                samples.iter().flat_map(|s| edges(ty).into_iter().map(|e| [s.clone(), vec![e]].concat())).collect();
        }
    }
    for _ in 0..random {
        let sample = types.iter().map(|ty| mask(ty, rng.r#gen::<u64>() >> rng.gen_range(0..64)));
        samples.push(sample.collect());
    }
    samples
}
