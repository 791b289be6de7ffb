//! What a module weighs, and that a run within its weight ends by fuel and not by the stack.

use std::sync::Arc;

use zera_native::predicate::ToyIntrinsics;
use zera_native::{Inputs, LoadError, Predicate, RunError};

use super::{ENTRY, FUEL, entry, module};

fn weigh(rest: &str) -> zera_native::Weight {
    Predicate::weigh(&module(rest), ENTRY).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_weight_counts_functions_pages_and_the_fullest_frame() {
    let small = weigh("(func (export \"predicate\") (result i32) i32.const 1)");
    assert_eq!((small.functions, small.memory_pages, small.joins, small.flow), (1, 3, 0, 0));
    // One operand, the 36 of a module that imports `bound`, and five of its widest type.
    assert_eq!(small.frame, 16 * (1 + 35 + 5) + 256);
    let more = weigh(
        "(func (export \"predicate\") (param i32 i64) (result i32) (local i64 i64)
            (block (local.set 0 (i32.const 1))) (i32.add (local.get 0) (i32.const 2)))",
    );
    assert_eq!((more.frame, more.joins, more.flow), (16 * (4 + 2 + 35 + 5) + 256, 1, 1));
    let no_maximum = "(module (memory (export \"memory\") 2) (func (export \"predicate\") (result i32) i32.const 0))";
    let open = Predicate::weigh(&wat::parse_str(no_maximum).unwrap(), ENTRY).unwrap();
    assert_eq!((open.memory_pages, open.frame), (256, 16 * (1 + 1) + 256));
    let refused = Predicate::weigh(b"\0asm", ENTRY);
    assert!(matches!(refused, Err(LoadError::Invalid { .. })), "{refused:?}");
}

/// Frames as full as 200 parameters and locals and 400 live operands make them: the fuel ends the recursion.
#[test]
fn a_recursion_within_its_weight_runs_out_of_fuel() {
    let (types, live) = ("i64 ".repeat(60), "(i64.add (local.get 3) (call $some)) ".repeat(400));
    let sum = "i64.add ".repeat(399);
    let arguments = "(local.get 1) ".repeat(60);
    let text = format!(
        "(func $some (result i64) i64.const 1)
         (func $deep (param {types}) (result i64) (local {types} {types})
            {live} (call $deep {arguments}) drop {sum})
         (func (export \"predicate\") (result i32)
            (i64.eqz (call $deep {})))",
        "(i64.const 7) ".repeat(60)
    );
    let wasm = module(&text);
    let weight = Predicate::weigh(&wasm, ENTRY).unwrap();
    assert!(weight.frame > 16 * 600, "{weight:?}");
    let predicate = Predicate::load_plain(&wasm, ENTRY, Arc::new(ToyIntrinsics)).unwrap();
    let fuel = weight.fuel_max();
    let ran = predicate.run(&Inputs { public: &[], private: &[] }, fuel);
    assert_eq!(ran, Err(RunError::OutOfFuel { fuel }));
}

#[test]
fn plain_code_gives_the_same_outcome_and_fuel() {
    let body = "(local i64) (loop (call $bound (i32.const 9)) (local.set 0 (i64.add (local.get 0) (i64.const 3)))
        (br_if 0 (i64.lt_u (local.get 0) (i64.const 20)))) (call $sha256 (i32.const 0) (i32.const 0) (i32.const 64))
        (i32.load (i32.const 0))";
    let inputs = Inputs { public: &[], private: &[] };
    let fast = entry(body).run(&inputs, FUEL).unwrap();
    let wasm = module(&format!("(func (export \"predicate\") (result i32) {body})"));
    let plain = Predicate::load_plain(&wasm, ENTRY, Arc::new(ToyIntrinsics)).unwrap();
    assert_eq!(plain.run(&inputs, FUEL).unwrap(), fast);
    assert!(fast.fuel_used > 2_000);
    // So much is enough; what comes after the last check alone could do with less.
    assert_eq!(plain.run(&inputs, fast.fuel_used).unwrap(), fast);
    let short = fast.fuel_used / 2;
    assert_eq!(plain.run(&inputs, short), Err(RunError::OutOfFuel { fuel: short }));
}
