//! Modules made to cost: an answer in bounded time, and no panic.

use std::time::{Duration, Instant};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zera_native::Inputs;

use super::{load, module};

/// Far more than any of these takes; without the limits, several take minutes.
const PATIENCE: Duration = Duration::from_secs(120);

/// Loads a module with `rest`, and says whether it was accepted.
fn takes(what: &str, rest: &str) -> bool {
    let wasm = module(&format!("{rest} (func (export \"predicate\") (result i32) i32.const 1)"));
    let begun = Instant::now();
    let loaded = load(&wasm);
    let elapsed = begun.elapsed();
    let end = loaded.as_ref().map_or_else(ToString::to_string, |_| "accepted".to_owned());
    println!("{what}: {} bytes, {elapsed:?}: {end}", wasm.len());
    assert!(elapsed < PATIENCE, "{what}: {elapsed:?}");
    loaded.is_ok()
}

#[test]
fn compiling_takes_bounded_time() {
    assert!(!takes("100,000 locals", &format!("(func (local {}))", "i64 ".repeat(100_000))));
    assert!(!takes("80,000 nested blocks", &format!("(func {}{})", "block ".repeat(80_000), "end ".repeat(80_000))));
    assert!(!takes("80,000 nested loops", &format!("(func {}{})", "loop ".repeat(80_000), "end ".repeat(80_000))));
    assert!(!takes("a br_table of 250,000", &format!("(func (br_table {} (i32.const 0)))", "0 ".repeat(250_000))));
    assert!(takes("4,000 functions", &"(func (param i32) (result i32) (i32.load (local.get 0)))".repeat(4_000)));
    assert!(takes("60,000 calls", &format!("(func $f) (func {})", "call $f ".repeat(60_000))));
    let live = format!("(func (param i32) {}{})", "local.get 0 ".repeat(80_000), "i32.add ".repeat(79_999) + "drop");
    assert!(takes("80,000 live operands", &live));
    assert!(takes(
        "80,000 divisions",
        &format!("(func (param i64) local.get 0 {} drop)", "local.get 0 i64.div_s ".repeat(80_000))
    ));
    // At the limits of control flow.
    let targets: String = (0..500).map(|n| format!("{n} ")).collect();
    let table = format!("local.get 0 if (br_table {targets} (local.get 0)) end ");
    let flow = format!("(func (param i32) {} {} {})", "block ".repeat(500), table.repeat(30), "end ".repeat(500));
    assert!(takes("br_tables to 500 blocks", &flow));
    let sets: String = (0..250).map(|n| format!("(local.set {n} (i32.load (i32.const {n})))")).collect();
    let gets: String = (0..250).map(|n| format!("(i32.store (i32.const 0) (local.get {n}))")).collect();
    let joins = format!(
        "(func (local {}) {} block (br_if 0 (local.get 0)) (br_table {} (local.get 0)) end {sets} {} {gets})",
        "i32 ".repeat(250),
        "block ".repeat(128),
        (0..128).map(|n| format!("{n} ")).collect::<String>(),
        "end ".repeat(128)
    );
    assert!(takes("250 locals where 128 blocks end", &joins));
    let all: String = (0..1_000).map(|n| format!("(local.set {n} (i32.add (local.get {n}) (i32.const 1)))")).collect();
    let loops = format!(
        "(func (local {}) {} {all} {})",
        "i32 ".repeat(1_000),
        "loop ".repeat(32),
        "local.get 0 br_if 0 end ".repeat(32)
    );
    assert!(takes("1,000 locals in 32 loops", &loops));
}

/// Truncated, flipped, and with large numbers where counts are: the same answer twice, and no panic. What is still a
/// predicate runs.
#[test]
fn damaged_modules_are_answered() {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let whole = module(
        "(table 2 2 funcref) (elem (i32.const 0) $f $f) (data (i32.const 8) \"abc\") (global $g (mut i64) (i64.const 3))
         (start $s) (func $s (global.set $g (i64.const 4)))
         (func $f (param i32) (result i32) (local i64)
            (loop (call $bound (i32.const 5)) (br_if 0 (i32.wrap_i64 (local.tee 1 (i64.sub (local.get 1) (i64.const 1))))))
            (call_indirect (param i32) (result i32) (i32.const 1) (local.get 0)))
         (func (export \"predicate\") (param i32) (result i32)
            (call $sha256 (i32.const 0) (i32.const 0) (i32.const 9))
            (block (block (br_table 0 1 0 (local.get 0)))) (call $f (i32.const 0)))",
    );
    load(&whole).unwrap();
    for len in 0..whole.len() {
        assert_eq!(load(&whole[..len]).err(), load(&whole[..len]).err());
    }
    let mut kept = 0;
    for _ in 0..3_000 {
        let mut wasm = whole.clone();
        let at = rng.gen_range(0..wasm.len());
        match rng.gen_range(0..4) {
            0 => wasm.insert(at, rng.r#gen()),
            1 => drop(wasm.remove(at)),
            2 => drop(wasm.splice(at..at, [0xff, 0xff, 0xff, 0xff, 0x0f])),
            _ => wasm[at] ^= 1 << rng.gen_range(0..8),
        }
        if let Ok(predicate) = load(&wasm) {
            kept += 1;
            let inputs = Inputs { public: &[1; 64], private: &[] };
            assert_eq!(predicate.run(&inputs, 100_000), predicate.run(&inputs, 100_000));
        }
    }
    println!("{kept} of 3000 are predicates still");
    assert!(kept > 100);
}

/// What a running guest can ask for is bounded as well: all memory there may be, filled many times, ends by fuel.
#[test]
fn running_takes_bounded_memory() {
    let text = "(module (memory (export \"memory\") 1)
        (func (export \"predicate\") (result i32)
            (drop (memory.grow (i32.const 255))) (if (i32.ne (memory.size) (i32.const 256)) (then unreachable))
            (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 16777216)) (drop (memory.grow (i32.const 65535))) (br 0))
            (i32.const 1)))";
    let predicate = load(&wat::parse_str(text).unwrap()).unwrap();
    let inputs = Inputs { public: &[], private: &[] };
    let error = predicate.run(&inputs, 200_000_000).unwrap_err();
    assert_eq!(error, zera_native::RunError::OutOfFuel { fuel: 200_000_000 });
}
