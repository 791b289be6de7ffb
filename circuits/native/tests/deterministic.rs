//! The configuration refuses what may differ between machines and counts fuel by the table.

use wasmtime::{Engine, Instance, Module, OptLevel, Store, Trap};
use zera_native::{THREAD_STACK_LEN, deterministic_config, engine};

/// Runs `run` of a text module on a thread with the guest stack; the fuel used, where the call completed.
fn run(engine: &Engine, text: &str, limit: u64) -> Result<u64, Trap> {
    let module = Module::new(engine, wat::parse_str(text).unwrap()).unwrap();
    std::thread::scope(|scope| {
        let guest = || {
            let mut store = Store::new(engine, ());
            store.set_fuel(limit).unwrap();
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
            match run.call(&mut store, ()) {
                Ok(()) => Ok(limit - store.get_fuel().unwrap()),
                Err(error) => Err(*error.downcast_ref::<Trap>().unwrap()),
            }
        };
        std::thread::Builder::new().stack_size(THREAD_STACK_LEN).spawn_scoped(scope, guest).unwrap().join().unwrap()
    })
}

#[test]
fn what_may_differ_is_refused() {
    let engine = engine().unwrap();
    for (what, text) in [
        ("float", "(module (func (result f64) f64.const 0))"),
        ("float parameter", "(module (func (param f32)))"),
        ("simd", "(module (func (result i32) v128.const i64x2 0 0 i32x4.extract_lane 0))"),
        ("threads", "(module (memory 1 1 shared))"),
        ("memory64", "(module (memory i64 1 1))"),
        ("two memories", "(module (memory 1 1) (memory 1 1))"),
        ("tail call", "(module (func $f return_call $f))"),
        ("reference types", "(module (func (param externref)))"),
        ("gc", "(module (type (struct (field i32))))"),
        ("exceptions", "(module (tag))"),
        ("extended const", "(module (global i32 (i32.add (i32.const 1) (i32.const 2))))"),
    ] {
        let bytes = wat::parse_str(text).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(Module::new(&engine, bytes).is_err(), "{what} is accepted");
    }
    // Written out, because text of these proposals is not read everywhere: `i64.mul_wide_u`, and pages of one byte.
    let wide = b"\0asm\x01\0\0\0\x01\x08\x01\x60\x02\x7e\x7e\x02\x7e\x7e\x03\x02\x01\0\x0a\x0a\x01\x08\0\x20\0\x20\x01\xfc\x16\x0b";
    let pages = b"\0asm\x01\0\0\0\x05\x05\x01\x09\x01\x01\0";
    for (bytes, words) in [(&wide[..], "wide arithmetic"), (&pages[..], "custom page sizes")] {
        let error = format!("{:#}", Module::new(&engine, bytes).unwrap_err());
        assert!(error.contains(words), "{error}");
    }
}

/// Costs read off the table by hand; a flat cost for entering a function is the engine's own 1.
#[test]
fn fuel_follows_the_table() {
    let engine = engine().unwrap();
    let base = run(&engine, "(module (func (export \"run\")))", 1_000).unwrap();
    for (fuel, body) in [
        (2 + 1, "(drop (i32.load (i32.const 0)))"),
        (2 + 2, "(i32.store (i32.const 0) (i32.const 1))"),
        (8 + 2, "(drop (i32.div_u (i32.const 6) (i32.const 2)))"),
        (255 + 1, "(call $nothing)"),
        (3 + 1 + 4096, "(memory.fill (i32.const 0) (i32.const 7) (i32.const 4096))"),
        (1 + 255 + 255, "(drop (memory.grow (i32.const 1)))"),
        (0, "(block (nop))"),
    ] {
        let text = format!("(module (memory 1 2) (func $nothing) (func (export \"run\") {body}))");
        assert_eq!(run(&engine, &text, 100_000), Ok(base + fuel), "{body}");
    }
}

/// Both optimisation levels end a recursion by fuel, at the same depth, not by the native stack.
#[test]
fn recursion_ends_by_fuel_on_both_levels() {
    let mut plain = deterministic_config();
    plain.cranelift_opt_level(OptLevel::None);
    let text = "(module (func $f (call $f)) (func (export \"run\") (call $f)))";
    for engine in [engine().unwrap(), Engine::new(&plain).unwrap()] {
        assert_eq!(run(&engine, text, 20_000_000), Err(Trap::OutOfFuel));
    }
}

#[test]
fn both_levels_use_the_same_fuel() {
    let mut plain = deterministic_config();
    plain.cranelift_opt_level(OptLevel::None);
    let text = "(module (memory 1 1) (func (export \"run\") (local i32)
        (loop (i32.store (local.get 0) (i32.mul (local.get 0) (local.get 0)))
              (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 4))) (i32.const 4000))))))";
    let fuel = run(&engine().unwrap(), text, 1_000_000).unwrap();
    assert_eq!(run(&Engine::new(&plain).unwrap(), text, 1_000_000), Ok(fuel));
    assert!(fuel > 10_000, "{fuel}");
}

/// Why contracts are compiled without optimisation. The module recurses before it computes anything, so a level costs a
/// call and little else; but it sees the same 1,200 values twice, and the optimiser keeps each of them in the frame.
#[test]
fn the_optimiser_makes_frames_that_the_module_does_not_show() {
    let value = |n: usize| format!("(i64.mul (local.get 1) (i64.const {}))", 2 * n + 3);
    // Each to a place of its own: of two stores to one place, the optimiser drops the first.
    let store = |at: usize| (0..1_200).map(move |n| format!("(i64.store (i32.const {}) {})", at + 8 * n, value(n)));
    let text = format!(
        "(module (memory 1 1) (func $nothing)
            (func $f (param i32 i64)
                (if (local.get 0) (then (call $f (local.get 0) (local.get 1)) (return)))
                {} (call $nothing) {})
            (func (export \"run\") (call $f (i32.const 1) (i64.const 5))))",
        store(0).collect::<String>(),
        store(10_000).collect::<String>()
    );
    // 2,000,000 / 255 levels of 16 * (2 + 3) + 256 bytes would be below 3 MiB.
    for (level, end) in [(OptLevel::None, Trap::OutOfFuel), (OptLevel::Speed, Trap::StackOverflow)] {
        let mut config = deterministic_config();
        config.cranelift_opt_level(level).max_wasm_stack(16 << 20);
        assert_eq!(run(&Engine::new(&config).unwrap(), &text, 2_000_000), Err(end), "{level:?}");
    }
}
