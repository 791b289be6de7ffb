//! The depth rule: whatever a validated module does to make frames large and recursion deep, fuel ends it, not the stack.

#[path = "support/double.rs"]
#[allow(dead_code, reason = "shared by several test binaries")]
mod double;
#[path = "support/guest.rs"]
#[allow(dead_code, reason = "shared by several test binaries")]
mod guest;

use std::fmt::Write;
use std::time::Instant;

use double::Double;
use guest::{contract, trapped};
use zera_host::TrapKind;

/// Runs a recursion that must end by fuel, and soon.
fn ends_by_fuel(what: &str, wasm: &[u8]) {
    let started = Instant::now();
    let (_, trap) = trapped(Double::new(), wasm);
    let elapsed = started.elapsed();
    println!("{what}: {elapsed:?}, {} bytes", wasm.len());
    assert_eq!(trap, TrapKind::OutOfFuel, "{what}");
    assert!(elapsed.as_secs() < 10, "{what}: {elapsed:?}");
}

#[test]
fn plain_recursion() {
    ends_by_fuel("plain", &contract("(func $f (call $f)) (func (export \"run\") (call $f))"));
}

#[test]
fn mutual_recursion_through_the_table() {
    let wasm = contract(
        "(type $t (func)) (table 2 2 funcref) (elem (i32.const 0) $f $g)
         (func $f (call_indirect (type $t) (i32.const 1))) (func $g (call_indirect (type $t) (i32.const 0)))
         (func (export \"run\") (call $f))",
    );
    ends_by_fuel("indirect", &wasm);
}

/// As many values as the rule allows, all of them alive across the recursive call: each is set before and used after.
#[test]
fn the_largest_frame_the_rule_allows() {
    let locals = 190;
    let mut body = String::new();
    for local in 1..=locals {
        write!(body, "(local.set {local} (i64.add (local.get 0) (i64.const {local})))").unwrap();
    }
    body.push_str("(call $f (i64.add (local.get 0) (i64.const 1)))");
    for local in 1..=locals {
        write!(body, "(i64.store (i32.const {}) (local.get {local}))", 8 * local).unwrap();
    }
    let declared = "i64 ".repeat(locals);
    let wasm = contract(&format!(
        "(func $f (param i64) (local {declared}) {body}) (func (export \"run\") (call $f (i64.const 0)))"
    ));
    // Locals are given their values before the call, at 3 fuel each, so this is far less deep than an empty recursion.
    ends_by_fuel("many live values", &wasm);
    // The same with values that cost nothing to have: parameters only.
    let wasm = contract(&format!(
        "(func $f (param {p}) (call $f {get}) {store}) (func (export \"run\") (call $f {zero}))",
        p = "i64 ".repeat(16),
        get = (0..16).map(|local| format!("(local.get {local})")).collect::<String>(),
        store = (0..16).map(|local| format!("(i64.store (i32.const 0) (local.get {local}))")).collect::<String>(),
        zero = "(i64.const 0)".repeat(16),
    ));
    ends_by_fuel("parameters", &wasm);
}

/// Thousands of values that an optimiser would keep alive across a whole function, because it sees them twice. The module
/// itself has three locals, and the recursion comes before any of it: deep and cheap.
#[test]
fn values_that_an_optimiser_would_keep() {
    let (mut first, mut second) = (String::new(), String::new());
    for value in 0..1_200 {
        let sum = format!("(i64.mul (local.get 1) (i64.const {}))", 2 * value + 3);
        write!(first, "(i64.store (i32.const {}) {sum})", 8 * value).unwrap();
        write!(second, "(i64.store (i32.const {}) {sum})", 10_000 + 8 * value).unwrap();
    }
    let wasm = contract(&format!(
        "(func $f (param i32 i64) (local i32)
            (if (local.get 0) (then (call $f (local.get 0) (local.get 1)) (return)))
            {first} (drop (call $block_height)) {second})
         (func (export \"run\") (call $f (i32.const 1) (i64.const 5)))"
    ));
    ends_by_fuel("common values", &wasm);
}
