//! Modules that are not taken, and modules made to exhaust the compiler: bounded time, an error, no panic.

use super::harness::{agree, graph, module, options, outcome, refused, samples};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use std::time::{Duration, Instant};
use zera_compiler::diagnostic::Diagnostic;
use zera_compiler::symex::execute;

fn predicate(body: &str) -> String {
    format!(r#"(module (memory 1) (func $f (export "predicate") (param i32) (result i32) (local i64) {body}))"#)
}

#[test]
fn what_is_not_integer_wasm_is_refused_with_its_place() {
    let all = [
        (predicate("(drop (f32.add (f32.const 1) (f32.const 2))) (i32.const 1)"), "float", "f32.const"),
        (predicate("(drop (i32.trunc_sat_f64_u (f64.load (i32.const 0)))) (i32.const 1)"), "float", "f64.load"),
        (predicate("(drop (v128.const i64x2 0 0)) (i32.const 1)"), "simd", "v128.const"),
        (predicate("(atomic.fence) (i32.const 1)"), "threads", "atomic_fence"),
        (predicate("(return_call $f (i32.const 1))"), "tail-call", "return_call"),
        (predicate("(drop (ref.func $f)) (i32.const 1)"), "reference-types", "ref.func"),
    ];
    for (text, code, name) in all {
        let error = refused(&text, &options(4, 0));
        assert_eq!(error.code, code, "{error}");
        assert!(error.message.contains(name), "{error}");
        assert_eq!(error.place.as_ref().expect("a place").function, "f");
    }
    let init = r#"(module (memory 1) (data $d "abc") (func (export "predicate") (result i32)
        (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1)) (i32.const 1)))"#;
    assert_eq!(refused(init, &options(0, 0)).code, "passive-segment");
    for (text, code) in [
        (r#"(module (import "env" "f" (func)) (func (export "predicate") (result i32) (i32.const 1)))"#, "import"),
        (
            r#"(module (import "zera" "assume" (func (param i64))) (func (export "predicate") (result i32) (i32.const 1)))"#,
            "import",
        ),
        (
            r#"(module (import "env" "memory" (memory 1)) (func (export "predicate") (result i32) (i32.const 1)))"#,
            "import",
        ),
        (r#"(module (func (export "other") (result i32) (i32.const 1)))"#, "entry"),
        (r#"(module (func (export "predicate") (result i64) (i64.const 1)))"#, "entry"),
        (r#"(module (func (export "predicate") (result i32) (i32.const 1)) (memory 257))"#, "memory-size"),
        (
            r#"(module (memory 1) (data (i32.const 65535) "ab") (func (export "predicate") (result i32) (i32.const 1)))"#,
            "segment",
        ),
        (
            r#"(module (table 1 funcref) (elem (i32.const 1) $f) (func $f (export "predicate") (result i32) (i32.const 1)))"#,
            "segment",
        ),
        (
            r#"(module (table 1 funcref) (elem (i32.const 2) func) (func (export "predicate") (result i32) (i32.const 1)))"#,
            "segment",
        ),
        (r#"(module (func (export "predicate") (param f32) (result i32) (i32.const 1)))"#, "invalid-module"),
    ] {
        assert_eq!(refused(text, &options(0, 0)).code, code, "{text}");
    }
}

/// The first error of a text, within a few seconds.
fn exhausted(text: &str) -> Diagnostic {
    *soon(&module(text)).err().unwrap_or_else(|| panic!("taken: {text}"))
}

/// Whether a module is taken, within a few seconds.
fn soon(wasm: &[u8]) -> Result<(), Box<Diagnostic>> {
    let begun = Instant::now();
    let mut options = options(8, 0);
    options.limits.instructions = 3_000_000;
    options.limits.expressions = 1_000_000;
    let result = execute(wasm, &options).map(drop).map_err(|mut errors| Box::new(errors.remove(0)));
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?} for {result:?}", begun.elapsed());
    result
}

#[test]
fn programs_without_end_are_given_up() {
    assert_eq!(exhausted(&predicate("(loop $l (br $l)) unreachable")).code, "instructions");
    assert_eq!(exhausted(&predicate("(drop (call $f (local.get 0))) (i32.const 1)")).code, "recursion");
    let text = predicate(
        "(if (result i32) (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 1)))",
    );
    assert_eq!(exhausted(&text).code, "recursion");
    assert_eq!(
        exhausted(&predicate(
            "(loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br $l)) unreachable"
        ))
        .code,
        "instructions"
    );
    let text = predicate(
        "(loop $l (local.set 0 (i32.mul (local.get 0) (local.get 0))) (br_if $l (local.get 0))) (i32.const 1)",
    );
    assert!(["loop", "expressions", "instructions"].contains(&exhausted(&text).code));
    // Two branches to the header double nothing: paths are merged before the next iteration.
    let text = predicate(
        "(loop $l (br_if $l (i32.and (local.get 0) (i32.const 1))) (local.set 0 (i32.shr_u (local.get 0) (i32.const 1))) (br_if $l (local.get 0))) (i32.const 1)",
    );
    assert_eq!(exhausted(&text).code, "loop");
}

#[test]
fn many_conditions_one_after_the_other_make_no_exponential_work() {
    let step = "(if (i32.and (local.get 0) (i32.const 1)) (then (local.set 1 (i64.add (local.get 1) (i64.const 3))))) (local.set 0 (i32.shr_u (local.get 0) (i32.const 1)))";
    let text = predicate(&format!("{} (i64.eq (local.get 1) (i64.const 96))", step.repeat(32)));
    let wasm = module(&text);
    let execution = graph(&wasm, &options(4, 0));
    assert_eq!(outcome(&execution, &[255; 4], &[]), 1);
    assert_eq!(outcome(&execution, &[255, 255, 254, 255], &[]), 0);
}

#[test]
fn deep_nesting_and_wide_tables() {
    let nested = |depth: usize| predicate(&format!("{}{} (i32.const 1)", "(block ".repeat(depth), ")".repeat(depth)));
    assert!(execute(&module(&nested(990)), &options(4, 0)).is_ok());
    assert_eq!(refused(&nested(1_001), &options(4, 0)).code, "nesting");
    let wide = predicate(&format!("(block $b (br_table {} (local.get 0))) (i32.const 1)", "$b ".repeat(60_000)));
    assert!(execute(&module(&wide), &options(4, 0)).is_ok());
    let two = predicate(&format!(
        "(block $a (block $b (br_table {} (local.get 0))) (return (i32.const 0))) (i32.const 1)",
        "$a $b ".repeat(300)
    ));
    let wasm = module(&two);
    let execution = graph(&wasm, &options(4, 0));
    assert_eq!([0u32, 1, 598, 599, 600].map(|v| outcome(&execution, &v.to_le_bytes(), &[])), [1, 0, 1, 0, 0]);
}

/// Deeper than any stack: in blocks, in parentheses that never close, in calls.
#[test]
fn nesting_without_measure() {
    for open in [&[0x02, 0x40][..], &[0x03, 0x40], &[0x41, 0, 0x04, 0x40]] {
        for closed in [40_000, 0] {
            let ends = std::iter::repeat_n(0x0b, closed);
            let body: Vec<u8> = [0].into_iter().chain(open.repeat(40_000)).chain(ends).chain([0x41, 1, 0x0b]).collect();
            let error = soon(&with_body(&body)).expect_err("nested deeply");
            assert_eq!(error.code, if closed > 0 { "nesting" } else { "invalid-module" }, "{error}");
        }
    }
    let calls: String = (0..2_000).map(|at| format!("(func $f{at} (call $f{}))", at + 1)).collect();
    let text =
        format!(r#"(module {calls} (func $f2000) (func (export "predicate") (result i32) (call $f0) (i32.const 1)))"#);
    assert_eq!(exhausted(&text).code, "recursion");
}

/// A module whose only function has this body, of any length.
fn with_body(body: &[u8]) -> Vec<u8> {
    let leb = |mut value: usize| {
        let mut bytes = Vec::new();
        while value > 127 {
            bytes.push((value & 127) as u8 | 128);
            value >>= 7;
        }
        bytes.push(value as u8);
        bytes
    };
    let section = |id: u8, content: &[u8]| [&[id][..], &leb(content.len()), content].concat();
    let code = [&[1][..], &leb(body.len()), body].concat();
    [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, &[1, 0x60, 0, 1, 0x7f]),
        section(3, &[1, 0]),
        section(5, &[1, 0, 1]),
        section(7, b"\x02\x09predicate\0\0\x06memory\x02\0"),
        section(10, &code),
    ]
    .concat()
}

/// As many as 256 KiB hold: functions, types, exports, globals, segments, entries of a table.
#[test]
fn as_many_of_everything_as_there_is_room_for() {
    let many = |count: u32, one: &dyn Fn(u32) -> String| (0..count).map(one).collect::<String>();
    let entry = r#"(func (export "predicate") (param i32) (result i32) (i32.const 1))"#;
    let all = [
        format!("{} {entry}", many(60_000, &|_| "(func)".to_owned())),
        format!("{} {entry}", many(25_000, &|at| format!(r#"(func (export "{at}"))"#))),
        format!("{} {entry}", many(60_000, &|_| "(global i32 (i32.const 0))".to_owned())),
        format!(
            r#"(memory (export "memory") 1) {} {entry}"#,
            many(40_000, &|at| format!(r#"(data (i32.const {at}) "x")"#))
        ),
        format!("(table 65536 funcref) (elem (i32.const 0) {}) (func $f) {entry}", "$f ".repeat(65_536)),
        format!("{} {entry}", many(900, &|at| format!("(type (func (param {}) ))", "i32 ".repeat(at as usize % 200)))),
        format!(r#"(func (export "predicate") (param {}) (result i32) (i32.const 1))"#, "i64 ".repeat(900)),
        format!("(func $l (local {})) {entry}", "i64 ".repeat(49_000)),
    ];
    for text in all {
        let text = format!("(module {text})");
        // Taken, or refused with a reason.
        if let Err(error) = soon(&module(&text)) {
            assert!(["too-large", "input-length"].contains(&error.code), "{error} for {}", &text[..200]);
        }
    }
}

/// Accesses that may go anywhere, one after the other; all of a large memory; any function of a large table.
#[test]
fn addresses_and_indices_without_measure() {
    let anywhere = "(i32.store (local.get 0) (i32.load (i32.add (local.get 0) (i32.const 64))))";
    assert_eq!(exhausted(&predicate(&format!("{anywhere} (i32.const 1)"))).code, "address");
    let some = "(i32.store (i32.and (local.get 0) (i32.const 0xffc)) (i32.add (local.get 0)
        (i32.load (i32.and (i32.const 0xffc) (i32.mul (local.get 0) (i32.load (i32.const 8)))))))
        (local.set 0 (i32.mul (local.get 0) (i32.load (i32.const 12))))";
    let error = exhausted(&predicate(&format!("{} (i32.const 1)", some.repeat(400))));
    assert!(["expressions", "instructions"].contains(&error.code), "{error}");
    for (body, code) in [
        ("(memory.fill (i32.const 0) (i32.const 7) (local.get 0))", "length"),
        ("(memory.copy (local.get 0) (i32.const 0) (i32.const 60000))", "address"),
        ("(memory.copy (local.get 0) (i32.shr_u (local.get 0) (i32.const 3)) (local.get 0))", "address"),
        ("(loop $l (drop (memory.grow (local.get 0))) (br $l))", "memory-grow"),
        (
            "(loop $l (drop (memory.grow (i32.const 1)))
                (memory.fill (i32.const 0) (local.get 0) (i32.shl (memory.size) (i32.const 16))) (br $l))",
            "instructions",
        ),
    ] {
        assert_eq!(exhausted(&predicate(&format!("{body} (i32.const 1)"))).code, code, "{body}");
    }
    let functions: String =
        (0..3_000).map(|at| format!("(func $f{at} (type $t) (i32.mul (local.get 0) (i32.const {at})))")).collect();
    let elements: String = (0..3_000).map(|at| format!("$f{at} ")).collect();
    let text = format!(
        r#"(module (type $t (func (param i32) (result i32))) (table funcref (elem {elements})) {functions}
            (func (export "predicate") (param i32) (result i32)
                (call_indirect (type $t) (local.get 0) (local.get 0))))"#
    );
    if let Err(error) = soon(&module(&text)) {
        assert_ne!(error.code, "invalid-module", "{error}");
    }
}

#[test]
fn many_locals_and_many_functions() {
    let locals = format!(
        r#"(module (func $g (local {}) ) (func (export "predicate") (param i32) (result i32)
            (loop $l (call $g) (br $l)) unreachable))"#,
        "i64 ".repeat(40_000)
    );
    assert_eq!(exhausted(&locals).code, "instructions");
    let functions: String = (0..20_000).map(|at| format!("(func $f{at} (call $f{}))", at + 1)).collect();
    let text = format!(
        r#"(module {functions} (func $f20000) (func (export "predicate") (result i32) (call $f19950) (i32.const 1)))"#
    );
    assert_eq!(outcome(&graph(&module(&text), &options(0, 0)), &[], &[]), 1);
}

#[test]
fn a_module_of_more_than_256_kib_is_refused_but_not_for_its_debug_information() {
    let large = format!(
        r#"(module (memory 6) (data (i32.const 0) "{}") (func (export "predicate") (result i32) (i32.const 1)))"#,
        "a".repeat(270_000)
    );
    assert_eq!(refused(&large, &options(0, 0)).code, "too-large");
    let custom = format!(
        r#"(module (@custom "x" "{}") (func (export "predicate") (result i32) (i32.const 1)))"#,
        "a".repeat(270_000)
    );
    assert!(execute(&module(&custom), &options(0, 0)).is_ok());
}

/// Whose bits are looked for through the words they were chosen from: in a circle once, and until the stack was full.
#[test]
fn selections_of_selections() {
    let text = "(func $value (param $a i32) (param $b i32) (param $c i32) (result i32)
        (local.set $a (select (local.get $a) (local.get $b) (local.get $c)))
        (local.set $a (select (local.get $a) (local.get $b) (local.get $c)))
        (local.set $b (select (local.get $b) (local.get $a) (i32.eqz (local.get $c))))
        (local.set $a (select (local.get $b) (local.get $a) (local.get $c)))
        (i32.xor (local.get $a) (local.get $b)))";
    agree(text, &["i32", "i32", "i32"], "i32", &samples(&["i32", "i32", "i32"], 20));
    let chain = |body: &str, rounds: u32| {
        module(&format!(
            r#"(module (func (export "predicate") (param $a i32) (param $b i32) (param $c i32) (param $d i32) (result i32)
                (local $i i32) (local $t i32)
                (loop $l {body}
                    (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const {rounds}))))
                (i32.xor (local.get $a) (local.get $b))))"#
        ))
    };
    // A long line of them, and one whose paths double with every round.
    let line =
        chain("(local.set $a (select (local.get $i) (local.get $a) (i32.eq (local.get $c) (local.get $i))))", 1_000);
    assert!(execute(&line, &options(16, 0)).is_ok());
    let doubling = chain(
        "(local.set $t (select (local.get $a) (local.get $b) (i32.eq (local.get $c) (local.get $i))))
        (local.set $b (select (local.get $b) (local.get $a) (i32.eq (local.get $d) (local.get $i))))
        (local.set $a (local.get $t))",
        30,
    );
    assert!(execute(&doubling, &options(16, 0)).is_ok());
}

#[test]
fn damaged_modules_never_panic() {
    let text = r#"(module (type $t (func (param i32) (result i32))) (table 2 funcref) (elem (i32.const 0) $g $g) (memory 1 2)
        (global (mut i32) (i32.const 1)) (data (i32.const 8) "hello")
        (func $g (type $t) (block (result i32) (br_if 0 (local.get 0) (local.get 0)) (drop) (i32.const 2)))
        (func $f (export "predicate") (param i32) (result i32) (local i64)
            (loop $l (local.set 0 (i32.shr_u (local.get 0) (i32.const 9))) (br_if $l (local.get 0)))
            (if (result i32) (i32.load8_u (i32.and (local.get 0) (i32.const 15))) (then (call_indirect (type $t) (local.get 0) (i32.const 1)))
                (else (memory.copy (i32.const 0) (i32.const 4) (i32.const 4)) (global.get 0)))))"#;
    let wasm = module(text);
    let mut options = options(4, 0);
    options.limits.instructions = 20_000;
    options.limits.expressions = 20_000;
    options.limits.iterations = 50;
    assert!(execute(&wasm, &options).is_ok());
    let mut taken = 0;
    // What is cut before the code is no predicate.
    for len in 0..wasm.len() {
        assert!(execute(&wasm[..len], &options).is_err() || len > 100, "{len} bytes of it");
    }
    for at in 0..wasm.len() {
        for bit in 0..8 {
            let mut damaged = wasm.clone();
            damaged[at] ^= 1 << bit;
            taken += u32::from(execute(&damaged, &options).is_ok());
        }
    }
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    for _ in 0..3_000 {
        let mut damaged = wasm.clone();
        for _ in 0..rng.gen_range(1..4) {
            let at = rng.gen_range(8..damaged.len());
            damaged[at] = rng.r#gen();
        }
        taken += u32::from(execute(&damaged, &options).is_ok());
    }
    assert!(taken > 100, "{taken}");
}

/// Native runs read and write an exported memory, so there must be one.
#[test]
fn a_module_without_an_exported_memory_is_refused() {
    for memory in ["", "(memory 1)", r#"(memory (export "mem") 1)"#] {
        let text = format!(r#"(module {memory} (func (export "predicate") (result i32) (i32.const 1)))"#);
        let wasm = wat::parse_str(&text).unwrap();
        let refused = execute(&wasm, &options(0, 0)).err().expect("refused");
        assert_eq!(refused[0].code, "memory", "{text}");
    }
}

/// A sum that grows with every round makes terms, not nodes: the limit counts them, so time does not grow with their square.
#[test]
fn growing_sums_end_at_the_limit() {
    let text = r#"(module (func (export "predicate") (param $c i32) (result i32) (local $i i32) (local $a i32)
        (loop $l
            (local.set $a (select (local.get $i) (local.get $a) (i32.eq (local.get $c) (local.get $i))))
            (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100000))))
        (local.get $a)))"#;
    let mut options = options(4, 0);
    options.limits.expressions = 1_000_000;
    assert_eq!(refused(text, &options).code, "expressions");
}
