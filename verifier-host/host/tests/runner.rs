//! One call: what it costs, how it ends, and that nothing but the guest decides that.

#[path = "support/double.rs"]
#[allow(dead_code, reason = "shared by several test binaries")]
mod double;
#[path = "support/guest.rs"]
#[allow(dead_code, reason = "shared by several test binaries")]
mod guest;

use std::time::Instant;

use double::{CONTRACT, Double, USER};
use guest::{call, contract, run, trapped, user};
use zera_abi::table::{FAILED_EXPORT, MARKER_EXPORT, RESULT_EXPORT, REVOKED_EXPORT};
use zera_host::{Call, CallEnd, CallReport, CostSchedule, Entry, EntryError, EntryName, NodeFault, Runner, TrapKind};

/// The start of a call at 600,000 and 16 declared pages at 64,000 each.
const START: u64 = 1_624_000;
const LIMIT: u64 = 20_000_000;

/// Prices added by hand from the schedule and the operators' table.
#[test]
fn a_call_costs_the_sum_of_its_parts() {
    let (_, report) = run(Double::new(), &contract("(func (export \"run\"))"));
    let empty = report.fuel_used;
    assert_eq!(report.end, CallEnd::Done { code: 0, data: Vec::new() });
    assert!((START..START + 10).contains(&empty), "{empty}");
    for (body, price) in [
        ("(drop (call $origin))", 255 + 300),
        ("(drop (call $chain_id (i32.const 0)))", 1 + 255 + 300 + 300 + 3 * 32),
        (
            "(drop (call $storage_set (i32.const 0) (i32.const 3) (i32.const 0) (i32.const 10)))",
            4 + 255 + 300 + (300 + 3 * 3) + (300 + 3 * 10) + 150_000 + 60 * 10,
        ),
        (
            "(drop (call $storage_get (i32.const 0) (i32.const 3) (i32.const 0) (i32.const 10) (i32.const 0)))",
            5 + 255 + 300 + (300 + 3 * 3) + (300 + 3 * 10) + (300 + 3 * 4) + 60_000 + 10 * 10,
        ),
        ("(drop (call $storage_remove (i32.const 0) (i32.const 3)))", 2 + 255 + 300 + (300 + 3 * 3) + 80_000),
        (
            "(drop (call $emit_event (i32.const 0) (i32.const 3) (i32.const 0) (i32.const 4)))",
            4 + 255 + 300 + (300 + 3 * 3) + (300 + 3 * 4) + 16_000 + 60 * 7,
        ),
        (
            "(drop (call $hash (i32.const 4) (i32.const 0) (i32.const 466) (i32.const 0)))",
            4 + 255 + 300 + (300 + 3 * 466) + (300 + 3 * 32) + 2 * 300_000,
        ),
        (
            "(drop (call $verify_groth16 (i32.const 0) (i32.const 0) (i32.const 96) (i32.const 0)))",
            4 + 255 + 300 + (300 + 3 * 32) + (300 + 3 * 96) + (300 + 3 * 256) + 3_280_000,
        ),
    ] {
        let (_, report) = run(Double::new(), &contract(&format!("(func (export \"run\") {body})")));
        assert_eq!(report.fuel_used, empty + price, "{body}");
    }
}

const WORK: &str = "(func (export \"run\") (result i32) (local i32)
    (loop (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (local.get 0)))
          (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 1000))))
    (drop (call $storage_set (i32.const 0) (i32.const 4) (i32.const 8) (i32.const 4)))
    (i32.load (i32.const 8)))";

#[test]
fn fuel_is_the_same_every_time_and_in_a_cold_cache() {
    let wasm = contract(WORK);
    let (_, first) = run(Double::new(), &wasm);
    assert_eq!(first.end, CallEnd::Done { code: 499_500, data: Vec::new() });
    for _ in 0..3 {
        assert_eq!(run(Double::new(), &wasm).1, first);
    }
    let fresh = Runner::new(CostSchedule::v1()).unwrap();
    let call = Call { contract: CONTRACT, caller: USER, entry: user("run"), input: Vec::new(), fuel_limit: LIMIT };
    let (_, again) = fresh.call(Double::new(), &zera_statement::code_hash(&wasm), &wasm, call);
    assert_eq!(again.unwrap(), first);
}

/// Exactly enough is enough; one less is out of fuel, and costs what was given.
#[test]
fn the_last_unit_of_fuel_counts() {
    let wasm = contract(WORK);
    let (_, report) = run(Double::new(), &wasm);
    let (_, exact) = call(Double::new(), &wasm, user("run"), &[], report.fuel_used);
    assert_eq!(exact.unwrap(), report);
    // The engine looks at its fuel at the head of a function and of a loop, the host before every price: a limit below the
    // last price is found there.
    let short = report.fuel_used - 1_000;
    let (_, short_report) = call(Double::new(), &wasm, user("run"), &[], short);
    let end = CallEnd::Trapped { what: TrapKind::OutOfFuel };
    assert_eq!(short_report.unwrap(), CallReport { fuel_used: short, end });
}

#[test]
fn less_than_the_memory_costs_is_out_of_fuel_before_the_start() {
    for limit in [0, START - 1] {
        let (_, report) = call(Double::new(), &contract("(func (export \"run\"))"), user("run"), &[], limit);
        let end = CallEnd::Trapped { what: TrapKind::OutOfFuel };
        assert_eq!(report.unwrap(), CallReport { fuel_used: limit, end });
    }
}

#[test]
fn a_limit_beyond_the_schedule_is_not_used() {
    let (_, report) =
        call(Double::new(), &contract("(func (export \"run\") (loop (br 0)))"), user("run"), &[], u64::MAX);
    assert_eq!(report.unwrap().fuel_used, LIMIT);
}

/// [93], [94]
#[test]
fn traps_burn_the_limit() {
    let arithmetic = TrapKind::Arithmetic;
    let looped = |then: &str| {
        format!(
            "(func (export \"run\") (local i32)
                (loop (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 100000))))
                {then})"
        )
    };
    let div = looped("(drop (i32.div_u (i32.const 1) (i32.const 0)))");
    let far = looped("(drop (i32.load (i32.const 0x7fffffff)))");
    for (what, text, kind) in [
        ("loop", "(func (export \"run\") (loop (br 0)))", TrapKind::OutOfFuel),
        ("division", div.as_str(), arithmetic),
        ("overflow", "(func (export \"run\") (drop (i32.div_s (i32.const 0x80000000) (i32.const -1))))", arithmetic),
        ("load", far.as_str(), TrapKind::Memory),
        ("unreachable", "(func (export \"run\") unreachable)", TrapKind::Unreachable),
        (
            "null call",
            "(type $t (func)) (table 1 1 funcref) (func (export \"run\") (call_indirect (type $t) (i32.const 0)))",
            TrapKind::Table,
        ),
        (
            "outside the table",
            "(type $t (func)) (table 1 1 funcref) (func (export \"run\") (call_indirect (type $t) (i32.const 1)))",
            TrapKind::Table,
        ),
        (
            "wrong type",
            "(type $t (func (param i32))) (table 1 1 funcref) (elem (i32.const 0) $f) (func $f)
             (func (export \"run\") (call_indirect (type $t) (i32.const 1) (i32.const 0)))",
            TrapKind::Table,
        ),
        (
            "fill",
            "(func (export \"run\") (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br 0)))",
            TrapKind::OutOfFuel,
        ),
        ("grow", "(func (export \"run\") (loop (drop (memory.grow (i32.const 1))) (br 0)))", TrapKind::OutOfFuel),
    ] {
        let started = Instant::now();
        let (_, trap) = trapped(Double::new(), &contract(text));
        assert_eq!(trap, kind, "{what}");
        assert!(started.elapsed().as_secs() < 5, "{what} took {:?}", started.elapsed());
    }
}

#[test]
fn memory_grows_to_its_declared_maximum_and_no_further() {
    let wasm = contract(
        "(func (export \"run\") (result i32) (drop (memory.grow (i32.const 15))) (memory.grow (i32.const 1)))",
    );
    assert_eq!(run(Double::new(), &wasm).1.end, CallEnd::Done { code: -1, data: Vec::new() });
    let wasm = contract(
        "(func (export \"run\") (result i32) (drop (memory.grow (i32.const 14))) (memory.grow (i32.const 1)))",
    );
    assert_eq!(run(Double::new(), &wasm).1.end, CallEnd::Done { code: 15, data: Vec::new() });
}

/// The guest's memory and globals are new in every call.
#[test]
fn calls_share_nothing_but_the_world() {
    let wasm = contract(
        "(global $g (mut i32) (i32.const 1))
         (func (export \"run\") (result i32)
            (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
            (global.set $g (i32.add (global.get $g) (i32.const 1)))
            (i32.mul (i32.load (i32.const 0)) (global.get $g)))",
    );
    for _ in 0..2 {
        assert_eq!(run(Double::new(), &wasm).1.end, CallEnd::Done { code: 2, data: Vec::new() });
    }
}

#[test]
fn an_abort_keeps_the_fuel_that_is_left() {
    let abort = |len: usize| {
        format!(
            "(data (i32.const 0) \"no bounty\")
             (func (export \"run\")
                (drop (call $storage_set (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1)))
                (call $abort (i32.const -7) (i32.const 0) (i32.const {len})) unreachable)"
        )
    };
    let (_, report) = run(Double::new(), &contract(&abort(9)));
    assert_eq!(report.end, CallEnd::Aborted { code: -7, message: "no bounty".to_owned() });
    // The engine fills memory from an active segment at the price of `memory.init`: three operands and nine bytes.
    let before = (3 + 9) + 4 + 255 + 300 + 303 + 303 + 150_060 + 3 + 255 + 300 + 327;
    assert!((START + before..START + before + 10).contains(&report.fuel_used), "{}", report.fuel_used);
    assert_eq!(run(Double::new(), &contract(&abort(9))).1, report, "the same every time");
    let (_, long) = run(Double::new(), &contract(&abort(256)));
    assert!(matches!(long.end, CallEnd::Aborted { .. }));
    assert!(matches!(trapped(Double::new(), &contract(&abort(257))).1, TrapKind::Abi(_)));
    // What is no text is shown as such; the receipt stays a text.
    let text = abort(2).replace("no bounty", "\\ff\\41");
    let (_, odd) = run(Double::new(), &contract(&text));
    assert_eq!(odd.end, CallEnd::Aborted { code: -7, message: "\u{fffd}A".to_owned() });
}

/// [80]
#[test]
fn users_can_not_name_what_only_the_host_calls() {
    for name in [RESULT_EXPORT, FAILED_EXPORT, REVOKED_EXPORT, MARKER_EXPORT] {
        assert_eq!(EntryName::parse(name), Err(EntryError::Reserved { name }));
    }
    assert_eq!(EntryName::parse(""), Err(EntryError::Length { got: 0 }));
    assert_eq!(EntryName::parse(&"n".repeat(65)), Err(EntryError::Length { got: 65 }));
    assert!(EntryName::parse("run").is_ok());
}

#[test]
fn entries_that_are_none() {
    let wasm = contract(
        "(func (export \"takes\") (param i32)) (func (export \"gives\") (result i64) (i64.const 0))
         (global (export \"global\") i32 (i32.const 0)) (func $other)",
    );
    for name in ["takes", "gives", "global", "memory", "other", "absent"] {
        let (_, report) = call(Double::new(), &wasm, user(name), &[], LIMIT);
        assert_eq!(report.unwrap(), CallReport { fuel_used: 0, end: CallEnd::NoEntry }, "{name}");
    }
}

#[test]
fn call_backs_come_from_the_host() {
    let keep = |export: &str, code: i32| {
        format!(
            "(func (export \"{export}\") (param i64 i32)
                (i64.store (i32.const 0) (local.get 0)) (i32.store (i32.const 8) (local.get 1))
                (i32.store (i32.const 12) (call $origin)) (drop (call $caller (i32.const 16)))
                (drop (call $emit_event (i32.const 0) (i32.const {code}) (i32.const 0) (i32.const 48))))"
        )
    };
    let wasm = contract(&format!("{} {} {}", keep(RESULT_EXPORT, 0), keep(FAILED_EXPORT, 1), keep(REVOKED_EXPORT, 2)));
    for (topic, entry, second) in [
        (0, Entry::Result { handle: u64::MAX, result: true }, 1),
        (0, Entry::Result { handle: 5, result: false }, 0),
        (1, Entry::Failed { handle: 6, reason: 2 }, 2),
        (2, Entry::Revoked { handle: 7, reason: u16::MAX }, 65_535_u32),
    ] {
        let handle = match &entry {
            Entry::Result { handle, .. } | Entry::Failed { handle, .. } | Entry::Revoked { handle, .. } => *handle,
            Entry::User(_) => unreachable!(),
        };
        let (world, report) = call(Double::new(), &wasm, entry, &[], LIMIT);
        assert!(matches!(report.unwrap().end, CallEnd::Done { .. }));
        let (name, data) = &world.events[0];
        assert_eq!(name.len(), topic);
        assert_eq!(data[..8], handle.to_le_bytes());
        assert_eq!(data[8..12], second.to_le_bytes());
        assert_eq!(data[12..16], 1_u32.to_le_bytes(), "origin");
        assert_eq!(data[16..48], CONTRACT.0, "caller");
    }
    // They are optional.
    let (_, report) = call(Double::new(), &contract(""), Entry::Failed { handle: 0, reason: 0 }, &[], LIMIT);
    assert_eq!(report.unwrap().end, CallEnd::NoEntry);
}

/// A failure of the node is never a result of the contract, and the world comes back all the same.
#[test]
fn faults_of_the_node() {
    let get = contract(
        "(func (export \"run\")
            (drop (call $storage_get (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0))))",
    );
    let mut world = Double::new();
    world.broken = true;
    world.height = 42;
    let (world, report) = call(world, &get, user("run"), &[], LIMIT);
    assert!(matches!(report, Err(NodeFault::State { .. })), "{report:?}");
    assert_eq!(world.height, 42);

    let emit = contract(
        "(func (export \"run\")
            (drop (call $emit_event (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0))))",
    );
    let mut world = Double::new();
    world.panics = true;
    world.height = 43;
    let (world, report) = call(world, &emit, user("run"), &[], LIMIT);
    match report {
        Err(NodeFault::Panic { message }) => assert_eq!(message, "the double was told to panic"),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.height, 43);
}

/// A module that validation has not seen is the node's mistake.
#[test]
fn bytes_that_are_no_module_are_a_fault() {
    let runner = Runner::new(CostSchedule::v1()).unwrap();
    let code = zera_statement::code_hash(b"not wasm");
    assert!(matches!(runner.compile(&code, b"not wasm"), Err(NodeFault::Engine { what: "compile", .. })));
}
