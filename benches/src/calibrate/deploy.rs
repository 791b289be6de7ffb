//! What validating and compiling takes, for the modules that take longest within the limits.

use std::fmt::Write;

use zera_host::validate::{FUNCTIONS_MAX, LOOPS_MAX, ModuleFacts, validate};
use zera_host::{CostSchedule, Runner};

use super::Effort;
use super::sample::{Class, median, per_unit, time};
use crate::workload::SPECIAL_PRICE_WASM;

/// Locals of a function that has many: about as many as the rule of frames allows.
const LOCALS: u32 = 180;

/// A module and what is in it.
pub(super) struct Bomb {
    pub(super) word: &'static str,
    pub(super) wasm: Vec<u8>,
    pub(super) facts: ModuleFacts,
}

fn bomb(word: &'static str, functions: &str) -> Bomb {
    let text = format!(
        "(module (memory (export \"memory\") 1 1) (global $g (mut i64) (i64.const 0)) (func (export \"zera_abi_1\")) \
         (func $f (param i32) (result i32) (local.get 0)) {functions})"
    );
    from_wasm(word, wat::parse_str(text).expect("a module"))
}

fn from_wasm(word: &'static str, wasm: Vec<u8>) -> Bomb {
    let facts = validate(&wasm).unwrap_or_else(|error| panic!("{word}: {error}"));
    Bomb { word, wasm, facts }
}

/// `count` functions whose bodies repeat `body` `times` times.
fn repeat(count: u32, locals: u32, body: &str, times: usize) -> String {
    let mut text = String::new();
    let locals = " i64".repeat(locals as usize);
    let body = body.repeat(times);
    for _ in 0..count {
        let _ = write!(text, "(func (param i32) (local{locals}) {body})");
    }
    text
}

/// Modules that are slow to compile, by what makes them so.
pub(super) fn bombs() -> Vec<Bomb> {
    // Bodies of some 60 KiB, three to a module: 64 KiB and 256 KiB are the limits.
    let bodies = |body: &str, len: usize| repeat(3, 1, body, 60_000 / len);
    vec![
        bomb("functions", &repeat(FUNCTIONS_MAX - 2, 0, "", 1)),
        bomb("functions with locals", &repeat(FUNCTIONS_MAX - 2, LOCALS, "", 1)),
        bomb("straight line", &bodies("(local.set 0 (i32.add (local.get 0) (i32.const 3)))", 7)),
        bomb("memory", &bodies("(i32.store (local.get 0) (i32.load (local.get 0)))", 10)),
        bomb("branches", &bodies("(if (local.get 0) (then (local.set 0 (i32.const 1))))", 9)),
        bomb("loops", &repeat(520, 1, "(loop (br_if 0 (local.get 0)))", LOOPS_MAX as usize)),
        bomb("calls", &bodies("(local.set 0 (call $f (local.get 0)))", 6)),
        bomb("globals", &bodies("(global.set $g (i64.mul (global.get $g) (local.get 1)))", 7)),
        bomb("divisions", &bodies("(local.set 0 (i32.div_s (local.get 0) (local.get 0)))", 7)),
        from_wasm("special price", SPECIAL_PRICE_WASM.to_vec()),
        from_wasm("loops of calibration", super::guest::module(2)),
    ]
}

/// A new runner each time has nothing compiled.
fn compile(bomb: &Bomb, count: usize) -> Vec<f64> {
    let code = zera_statement::code_hash(&bomb.wasm);
    (0..count)
        .map(|_| {
            let runner = Runner::new(CostSchedule::v1()).expect("the engine starts");
            time(|| {
                validate(&bomb.wasm).expect("deployable");
                runner.compile(&code, &bomb.wasm).expect("compiles");
            })
        })
        .collect()
}

pub(super) fn classes(effort: Effort) -> Vec<Class> {
    let empty = bomb("empty", "");
    let base = compile(&empty, effort.compiles * 10);
    let (least, mut found) = (median(&base), vec![Class::new("deploy_base", "empty", base)]);
    let mut function = 0.0;
    for bomb in bombs() {
        let samples = compile(&bomb, effort.compiles);
        let functions = (bomb.facts.functions - empty.facts.functions) as usize;
        if bomb.word.starts_with("functions") {
            // Bytes are charged beside, and this takes them as free: the function's price is no lower for it.
            let each = per_unit(&samples, least, functions);
            function = median(&each).max(function);
            found.push(Class::new("deploy_function", bomb.word, each));
        } else {
            let rest = least + function * functions as f64;
            found.push(Class::new("deploy_byte", bomb.word, per_unit(&samples, rest, bomb.facts.bytes)));
        }
    }
    found
}
