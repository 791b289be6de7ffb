//! The native run of predicates: imports, traps, bounds, refused and hostile modules.

#[path = "predicate/bound.rs"]
mod bound;
#[path = "predicate/hostile.rs"]
mod hostile;
#[path = "predicate/imports.rs"]
mod imports;
#[path = "predicate/random.rs"]
mod random;
#[path = "predicate/refused.rs"]
mod refused;
#[path = "predicate/weight.rs"]
mod weight;

use std::sync::Arc;

use zera_abi::Outcome;
use zera_native::predicate::{ENTRY, ToyIntrinsics, TrapKind};
use zera_native::{Inputs, LoadError, Predicate, Run, RunError, Scalar};

const FUEL: u64 = 50_000_000;

/// Every import, under its own name.
const IMPORTS: &str = r#"
    (import "zera" "read_public" (func $read_public (param i32 i32 i32)))
    (import "zera" "read_private" (func $read_private (param i32 i32 i32)))
    (import "zera" "assume" (func $assume (param i32)))
    (import "zera" "bound" (func $bound (param i32)))
    (import "zera" "sha256" (func $sha256 (param i32 i32 i32)))
    (import "zera" "keccak256" (func $keccak256 (param i32 i32 i32)))
    (import "zera" "poseidon" (func $poseidon (param i32 i32 i32)))
    (import "zera" "merkle_root" (func $merkle_root (param i32 i32 i32 i64 i32)))
    (import "zera" "eddsa_verify" (func $eddsa_verify (param i32 i32 i32) (result i32)))
    (import "zera" "field_add" (func $field_add (param i32 i32 i32)))
    (import "zera" "field_sub" (func $field_sub (param i32 i32 i32)))
    (import "zera" "field_mul" (func $field_mul (param i32 i32 i32)))
    (import "zera" "field_inv" (func $field_inv (param i32 i32)))
    (import "zera" "field_eq" (func $field_eq (param i32 i32) (result i32)))
    (import "env" "abort" (func $abort (param i32 i32 i32 i32)))"#;

fn load(wasm: &[u8]) -> Result<Predicate, LoadError> {
    Predicate::load(wasm, ENTRY, Arc::new(ToyIntrinsics))
}

/// A module with every import, a memory of one page that may grow to three, and `rest`.
fn module(rest: &str) -> Vec<u8> {
    let text = format!("(module {IMPORTS} (memory (export \"memory\") 1 3) {rest})");
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A predicate of `module(rest)`.
fn predicate(rest: &str) -> Predicate {
    load(&module(rest)).unwrap_or_else(|error| panic!("{error}: {rest}"))
}

/// A predicate whose entry has this body.
fn entry(body: &str) -> Predicate {
    predicate(&format!("(func (export \"predicate\") (result i32) {body})"))
}

/// Runs twice, and once more from another thread; the three agree.
fn run(predicate: &Predicate, public: &[u8], private: &[u8], fuel: u64) -> Result<Run, RunError> {
    let inputs = Inputs { public, private };
    let first = predicate.run(&inputs, fuel);
    assert_eq!(predicate.run(&inputs, fuel), first);
    let clone = predicate.clone();
    let other = std::thread::scope(|scope| scope.spawn(move || clone.run(&inputs, fuel)).join());
    assert_eq!(other.unwrap_or_else(|_| panic!("the run panicked")), first);
    first
}

fn outcome(predicate: &Predicate) -> Outcome {
    run(predicate, &[], &[], FUEL).unwrap().outcome
}

fn trap(predicate: &Predicate) -> Option<TrapKind> {
    let run = run(predicate, &[], &[], FUEL).unwrap();
    assert_eq!(run.outcome == Outcome::Trap, run.trap.is_some());
    run.trap
}

#[test]
fn the_entry_decides() {
    assert_eq!(outcome(&entry("i32.const 0")), Outcome::False);
    for value in ["1", "2", "0x80000000", "-1"] {
        assert_eq!(outcome(&entry(&format!("i32.const {value}"))), Outcome::True);
    }
}

#[test]
fn parameters_are_the_front_of_the_public_input() {
    let wasm = module(
        "(func (export \"check\") (param i32 i64 i32) (result i32)
            (i32.and (i32.and (i32.eq (local.get 0) (i32.const -2)) (i64.eq (local.get 1) (i64.const 0x1122334455667788)))
                     (i32.eq (local.get 2) (i32.const 7))))",
    );
    let predicate = Predicate::load(&wasm, "check", Arc::new(ToyIntrinsics)).unwrap();
    assert_eq!(predicate.parameters(), [Scalar::I32, Scalar::I64, Scalar::I32]);
    let mut public = Vec::new();
    public.extend((-2_i32).to_le_bytes());
    public.extend(0x1122_3344_5566_7788_i64.to_le_bytes());
    public.extend(7_i32.to_le_bytes());
    assert_eq!(run(&predicate, &public, &[], FUEL).unwrap().outcome, Outcome::True);
    public.push(9);
    assert_eq!(run(&predicate, &public, &[], FUEL).unwrap().outcome, Outcome::True);
    for at in [0, 3, 4, 11, 12, 15] {
        let mut other = public.clone();
        other[at] ^= 1;
        assert_eq!(run(&predicate, &other, &[], FUEL).unwrap().outcome, Outcome::False, "byte {at}");
    }
    assert_eq!(run(&predicate, &public[..15], &[], FUEL), Err(RunError::Parameters { needed: 16, got: 15 }));
    // The same bytes stand at the front of what `read_public` reads.
    let again = predicate_of_param();
    assert_eq!(run(&again, &public, &[], FUEL).unwrap().outcome, Outcome::True);
}

fn predicate_of_param() -> Predicate {
    predicate(
        "(func (export \"predicate\") (param i64) (result i32)
            (call $read_public (i32.const 16) (i32.const 0) (i32.const 8))
            (i64.eq (i64.load (i32.const 16)) (local.get 0)))",
    )
}

#[test]
fn every_trap_is_outcome_2() {
    for (what, body) in [
        (TrapKind::Unreachable, "unreachable"),
        (TrapKind::Memory, "(i32.load (i32.const 65533))"),
        (TrapKind::Memory, "(i32.load offset=0xffffffff (i32.const -1))"),
        (TrapKind::Memory, "(i64.store8 (i32.const 65536) (i64.const 0)) (i32.const 1)"),
        (TrapKind::Memory, "(memory.fill (i32.const 65535) (i32.const 0) (i32.const 2)) (i32.const 1)"),
        (TrapKind::Memory, "(memory.copy (i32.const 0) (i32.const 65535) (i32.const 2)) (i32.const 1)"),
        (TrapKind::Arithmetic, "(i32.div_s (i32.const 1) (i32.const 0))"),
        (TrapKind::Arithmetic, "(i32.rem_u (i32.const 1) (i32.const 0))"),
        (TrapKind::Arithmetic, "(i32.div_s (i32.const 0x80000000) (i32.const -1))"),
        (TrapKind::Arithmetic, "(i64.eqz (i64.div_s (i64.const 0x8000000000000000) (i64.const -1)))"),
        (TrapKind::Assume, "(call $assume (i32.const 0)) (i32.const 1)"),
        (TrapKind::Abort, "(call $abort (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4)) (i32.const 1)"),
        (TrapKind::Table, "(call_indirect $t (result i32) (i32.const 0))"),
        (TrapKind::Table, "(call_indirect $t (result i32) (i32.const 2))"),
        (TrapKind::Table, "(call_indirect $t (param i32) (result i32) (i32.const 5) (i32.const 1))"),
    ] {
        let rest = "(table $t 2 2 funcref) (elem (i32.const 1) $one) (func $one (result i32) (i32.const 1))";
        let entry = predicate(&format!("{rest} (func (export \"predicate\") (result i32) {body})"));
        assert_eq!(trap(&entry), Some(what), "{body}");
        // The same in the start function.
        let start = format!("(start $s) (func $s (drop (call $p))) (func $p (result i32) {body})");
        let entry = predicate(&format!("{rest} {start} (func (export \"predicate\") (result i32) (i32.const 1))"));
        assert_eq!(trap(&entry), Some(what), "in start: {body}");
    }
    let fine = "(i32.rem_s (i32.const 0x80000000) (i32.const -1))";
    assert_eq!(outcome(&entry(fine)), Outcome::False);
}

#[test]
fn start_runs_first_and_every_run_starts_afresh() {
    let predicate = predicate(
        "(global $g (mut i32) (i32.const 0)) (start $s)
         (func $s (global.set $g (i32.const 5)) (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))))
         (func (export \"predicate\") (result i32)
            (global.set $g (i32.add (global.get $g) (i32.const 1)))
            (i32.and (i32.eq (global.get $g) (i32.const 6)) (i32.eq (i32.load (i32.const 0)) (i32.const 1))))",
    );
    assert_eq!(outcome(&predicate), Outcome::True);
}

#[test]
fn start_may_read_its_input() {
    let predicate = predicate(
        "(start $s) (func $s (call $read_private (i32.const 8) (i32.const 1) (i32.const 2)))
         (func (export \"predicate\") (result i32) (i32.eq (i32.load (i32.const 8)) (i32.const 0x0302)))",
    );
    assert_eq!(run(&predicate, &[], &[1, 2, 3], FUEL).unwrap().outcome, Outcome::True);
}

#[test]
fn memory_grows_to_its_own_maximum_or_to_256_pages() {
    let grown = |memory: &str, by: i32| {
        let text = format!(
            "(module (memory (export \"memory\") {memory})
                (func (export \"predicate\") (result i32) (i32.ne (memory.grow (i32.const {by})) (i32.const -1))))"
        );
        // Each page is paid for, whether there is one or not.
        run(&load(&wat::parse_str(text).unwrap()).unwrap(), &[], &[], 1 << 41).unwrap().outcome
    };
    for (memory, by, grows) in [
        ("1 3", 2, true),
        ("1 3", 3, false),
        ("1", 255, true),
        ("1", 256, false),
        ("1 1000", 255, true),
        ("1 1000", 256, false),
        ("256", 0, true),
        ("256 65536", 1, false),
        ("0", -1, false),
    ] {
        let expected = if grows { Outcome::True } else { Outcome::False };
        assert_eq!(grown(memory, by), expected, "memory {memory} grows by {by}");
    }
}

#[test]
fn multi_value_indirect_calls_bulk_memory_and_signs() {
    let predicate = predicate(
        "(table 2 funcref) (elem (i32.const 0) $swap $same) (type $pair (func (param i32 i32) (result i32 i32)))
         (data $d \"\\01\\02\\03\\04\")
         (func $swap (type $pair) (local.get 1) (local.get 0))
         (func $same (type $pair) (local.get 0) (local.get 1))
         (func (export \"predicate\") (result i32) (local i32)
            ;; 10 - 3, swapped: 3 - 10.
            (i32.const 10) (i32.const 3) (i32.const 0) (call_indirect (type $pair)) i32.sub
            (i32.ne (i32.const -7)) (if (then unreachable))
            (i32.const 10) (i32.const 3) (i32.const 1) (call_indirect (type $pair)) i32.sub
            (i32.ne (i32.const 7)) (if (then unreachable))
            ;; A loop that takes two values and leaves two.
            (i32.const 1) (i32.const 0)
            (loop (param i32 i32) (result i32 i32)
                (local.set 0) (i32.mul (i32.const 2)) (local.tee 0 (i32.add (local.get 0) (i32.const 1)))
                (br_if 0 (i32.lt_u (local.get 0) (i32.const 5))))
            drop (i32.ne (i32.const 32)) (if (then unreachable))
            (memory.init $d (i32.const 3) (i32.const 0) (i32.const 4)) (data.drop $d)
            (memory.copy (i32.const 4) (i32.const 3) (i32.const 4))
            (memory.fill (i32.const 8) (i32.const 0xff) (i32.const 1))
            (i64.ne (i64.load (i32.const 3)) (i64.const 0x0000ff0403020101)) (if (then unreachable))
            (i32.extend8_s (i32.const 0x80)) (i32.eq (i32.const -128)))",
    );
    assert_eq!(run(&predicate, &[], &[], FUEL).map(|run| (run.outcome, run.trap)), Ok((Outcome::True, None)));
}

#[test]
fn fuel_is_none_of_the_outcomes() {
    let endless = entry("(loop (br 0)) (i32.const 1)");
    assert_eq!(run(&endless, &[], &[], 1_000_000), Err(RunError::OutOfFuel { fuel: 1_000_000 }));
    let recursion = predicate("(func $f (call $f)) (func (export \"predicate\") (result i32) (call $f) (i32.const 1))");
    assert_eq!(run(&recursion, &[], &[], 20_000_000), Err(RunError::OutOfFuel { fuel: 20_000_000 }));
    // Exactly as much as it uses is enough, and it is exact.
    let predicate = entry("(call $sha256 (i32.const 0) (i32.const 0) (i32.const 100)) (i32.const 1)");
    let used = run(&predicate, &[], &[], FUEL).unwrap().fuel_used;
    assert!((2_000 + 20 * 100 + 255..2_000 + 20 * 100 + 300).contains(&used), "{used}");
    assert_eq!(run(&predicate, &[], &[], used).map(|run| run.outcome), Ok(Outcome::True));
    assert!(matches!(run(&predicate, &[], &[], used - 100), Err(RunError::OutOfFuel { .. })));
}

/// Frames of 32 KiB fill the stack long before a fuel of 10^9 is spent: an environment's failure, not a trap.
#[test]
fn a_full_native_stack_is_no_outcome() {
    let load = |n: usize| format!("(i64.load offset={} (i32.const 0))", 8 * n);
    let locals: String = (0..4_000).map(|n| format!("(local.set {} {})", n + 1, load(n))).collect();
    // Each to a place of its own: of two stores to one place, the optimiser drops the first.
    let store = |n: usize| format!("(i64.store offset={} (i32.const 0) (local.get {}))", 32_000 + 8 * n, n + 1);
    let stores: String = (0..4_000).map(store).collect();
    let predicate = predicate(&format!(
        "(func $f (param i32) (local {}) {locals} (call $f (local.get 0)) {stores})
         (func (export \"predicate\") (result i32) (call $f (i32.const 0)) (i32.const 1))",
        "i64 ".repeat(4_000)
    ));
    let inputs = Inputs { public: &[], private: &[] };
    let failed = predicate.run(&inputs, 100_000_000_000).unwrap_err();
    assert!(matches!(&failed, RunError::Failed { message } if message.contains("stack")), "{failed}");
}

#[test]
fn predicates_are_shared_between_threads() {
    fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    shared(&entry("i32.const 1"));
}
