//! Random and damaged modules: the validator never panics, and what it accepts compiles and runs the same on three engines.
//!
//! Seeds are fixed. `ZERA_FUZZ_MODULES` sets the number of modules (400 by itself), `ZERA_FUZZ_SEED` another seed.

#[path = "fuzz/raw.rs"]
mod raw;
#[path = "engines/second.rs"]
#[allow(dead_code, reason = "shared by several test binaries")]
mod second;
#[path = "fuzz/smith.rs"]
mod smith;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use wasmtime::{Module, OptLevel};
use zera_host::validate::validate;
use zera_host::{CostSchedule, Runner, TrapKind};

const FUEL: u64 = 2_000_000;

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |value| value.parse().unwrap_or_else(|_| panic!("{name}: a number")))
}

fn seeded(what: u64) -> ChaCha20Rng {
    let seed = setting("ZERA_FUZZ_SEED", 2_026) ^ (what << 32);
    println!("seed {seed}");
    ChaCha20Rng::seed_from_u64(seed)
}

/// Runs on a stack like the one that guests have.
fn deep(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(zera_native::THREAD_STACK_LEN).spawn(test).unwrap();
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn modules_run_the_same_on_three_engines() {
    deep(|| {
        let mut rng = seeded(1);
        let (none, speed) = (raw::engine(OptLevel::None), raw::engine(OptLevel::Speed));
        let interpreter = second::engine();
        let (mut accepted, mut refused, mut completed, mut trapped, mut dry) = (0, 0, 0, 0, 0);
        for round in 0..setting("ZERA_FUZZ_MODULES", 400) {
            let Some(wasm) = smith::module(&mut rng, false) else { continue };
            if validate(&wasm).is_err() {
                refused += 1;
                continue;
            }
            accepted += 1;
            // What was accepted compiles, on every engine.
            let unoptimised = Module::new(&none, &wasm).unwrap_or_else(|error| panic!("round {round}: {error:?}"));
            let optimised = Module::new(&speed, &wasm).unwrap();
            let interpreted =
                wasmi::Module::new(&interpreter, &wasm).unwrap_or_else(|error| panic!("{round}: {error}"));
            for (name, params) in raw::functions(&unoptimised) {
                let words: Vec<i64> =
                    params.iter().map(|_| if rng.gen_bool(0.5) { rng.r#gen() } else { rng.gen_range(-2..9) }).collect();
                let first = raw::compiled(&unoptimised, &name, &words, FUEL);
                let again = raw::compiled(&optimised, &name, &words, FUEL);
                assert_eq!(first, again, "round {round}: {name}{words:?}: the optimiser changed what is seen");
                if first.end == Err(TrapKind::OutOfFuel) {
                    dry += 1;
                    continue;
                }
                let other = raw::interpreted(&interpreted, &name, &words);
                assert_eq!(first.end, other.end, "round {round}: {name}{words:?}");
                assert_eq!(first.memory, other.memory, "round {round}: {name}{words:?}");
                if first.end.is_ok() { completed += 1 } else { trapped += 1 }
            }
        }
        println!(
            "modules: {accepted} accepted, {refused} refused; calls: {completed} completed, {trapped} trapped, {dry} out of fuel"
        );
        assert!(accepted > refused && completed > 0 && trapped > 0, "the dice are loaded");
    });
}

/// Modules with everything that contracts may not have, and damaged ones: an answer, the same one twice, and no panic. What
/// is accepted all the same, compiles.
#[test]
fn the_validator_answers_whatever_it_is_given() {
    let mut rng = seeded(2);
    let runner = Runner::new(CostSchedule::v1()).unwrap();
    let interpreter = second::engine();
    let judge = |wasm: &[u8]| {
        let verdict = validate(wasm);
        assert_eq!(validate(wasm), verdict);
        let Ok(facts) = verdict else { return false };
        assert_eq!(facts.bytes, wasm.len());
        runner.compile(&zera_statement::code_hash(wasm), wasm).unwrap();
        wasmi::Module::new(&interpreter, wasm).unwrap();
        true
    };
    let count = setting("ZERA_FUZZ_MODULES", 400);
    let (mut wild, mut kept) = (0_u32, 0_u32);
    for _ in 0..count {
        if let Some(wasm) = smith::module(&mut rng, true) {
            wild += 1;
            assert!(!judge(&wasm), "a module without the marker is no contract");
        }
    }
    let mut corpus = vec![include_bytes!("../../../contracts/prebuilt/special_price.wasm").to_vec()];
    while corpus.len() < 12 {
        let module = smith::module(&mut rng, false);
        corpus.extend(module.filter(|wasm| validate(wasm).is_ok()));
    }
    let mut damaged = 0;
    for _ in 0..count * 4 {
        let mut wasm = corpus[rng.gen_range(0..corpus.len())].clone();
        match rng.gen_range(0..5) {
            0 => wasm.truncate(rng.gen_range(0..wasm.len())),
            1 => {
                let at = rng.gen_range(0..wasm.len());
                wasm.insert(at, rng.r#gen());
            }
            2 => {
                let at = rng.gen_range(0..wasm.len());
                wasm.remove(at);
            }
            // Counts and indices stand in the first bytes of a section: a large one is a bomb.
            3 => {
                let at = rng.gen_range(8..wasm.len());
                wasm.splice(at..at, [0xff, 0xff, 0xff, 0xff, 0x0f]);
            }
            _ => {
                for _ in 0..rng.gen_range(1..4) {
                    let at = rng.gen_range(0..wasm.len());
                    wasm[at] ^= 1 << rng.gen_range(0..8);
                }
            }
        }
        damaged += 1;
        kept += u32::from(judge(&wasm));
    }
    println!("{wild} wild modules, {damaged} damaged ones of which {kept} are contracts still");
}

fn contract(rest: &str) -> Vec<u8> {
    let text = format!("(module (memory (export \"memory\") 1 16) (func (export \"zera_abi_1\")) {rest})");
    let wasm = wat::parse_str(text).unwrap();
    validate(&wasm).unwrap();
    wasm
}

/// [93]: what never ends runs dry at the same step of the guest on both levels of the compiler, for every limit, and on the
/// interpreter it does not end either. The guest counts its steps in memory, which is looked at afterwards.
#[test]
fn endless_guests_run_dry_at_the_same_step() {
    deep(|| {
        let step = "(i64.store (i32.const 0) (i64.add (i64.load (i32.const 0)) (i64.const 1)))";
        let (none, speed) = (raw::engine(OptLevel::None), raw::engine(OptLevel::Speed));
        for (what, rest) in [
            ("loop", format!("(func (export \"run\") (loop {step} (br 0)))")),
            ("recursion", format!("(func $f (export \"run\") {step} (call $f))")),
            (
                "fill",
                format!(
                    "(func (export \"run\") (loop {step} (memory.fill (i32.const 8) (i32.const 1) (i32.const 4096)) (br 0)))"
                ),
            ),
            ("grow", format!("(func (export \"run\") (loop {step} (drop (memory.grow (i32.const 1))) (br 0)))")),
        ] {
            let wasm = contract(&rest);
            let (unoptimised, optimised) = (Module::new(&none, &wasm).unwrap(), Module::new(&speed, &wasm).unwrap());
            let mut memories = Vec::new();
            for fuel in [1, 100, 10_001, 100_002, 1_000_003, 20_000_000] {
                let first = raw::compiled(&unoptimised, "run", &[], fuel);
                assert_eq!(first.end, Err(TrapKind::OutOfFuel), "{what} at {fuel}");
                assert_eq!(first, raw::compiled(&optimised, "run", &[], fuel), "{what} at {fuel}");
                assert_eq!(first, raw::compiled(&unoptimised, "run", &[], fuel), "{what} at {fuel}");
                memories.push(first.memory);
            }
            assert!(memories.last() != memories.get(3), "{what}: more fuel, more steps");
            if what != "recursion" {
                let interpreted = wasmi::Module::new(&second::engine(), &wasm).unwrap();
                assert_eq!(raw::interpreted(&interpreted, "run", &[]).end, Err(TrapKind::OutOfFuel), "{what}");
            }
        }
    });
}

/// [94]: work first and a trap after it, one on each engine; what was stored before it is there.
#[test]
fn work_and_then_a_trap() {
    deep(|| {
        let work = "(loop (i32.store (i32.const 8) (local.get 0))
            (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 10000))))";
        for (then, what) in [
            ("(drop (i32.div_u (i32.const 1) (i32.const 0)))", TrapKind::Arithmetic),
            ("(drop (i32.load (i32.const 0x7fffffff)))", TrapKind::Memory),
            ("(i64.store (i32.const 65529) (i64.const 1))", TrapKind::Memory),
        ] {
            let wasm = contract(&format!("(func (export \"run\") (local i32) {work} {then})"));
            let seen = [OptLevel::None, OptLevel::Speed]
                .map(|level| raw::compiled(&Module::new(&raw::engine(level), &wasm).unwrap(), "run", &[], FUEL));
            let other = raw::interpreted(&wasmi::Module::new(&second::engine(), &wasm).unwrap(), "run", &[]);
            assert_eq!(seen[0].end, Err(what));
            assert_eq!(seen[0], seen[1]);
            assert_eq!((&seen[0].end, seen[0].memory), (&other.end, other.memory));
        }
    });
}
