//! The prebuilt modules, cut and changed: bounded time, an error or a circuit that does what the module does, no panic.

#[path = "support/pipeline.rs"]
mod pipeline;
#[path = "support/prebuilt.rs"]
mod prebuilt;
#[path = "support/smith.rs"]
mod smith;

use prebuilt::{cases, modules, wasm};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use smith::{agrees, smith};
use std::time::{Duration, Instant};
use zera_compiler::symex::Limits;
use zera_compiler::{Options, compile};
use zera_r1cs::Manifest;

/// Enough for most of the modules; the others end here.
const LIMITS: Limits = Limits { iterations: 100, instructions: 30_000, expressions: 40_000, candidates: 256 };
/// Changed copies of each module.
const CHANGED: usize = 25;
/// No damaged module takes longer, on a machine that does other things as well.
const LONGEST: Duration = Duration::from_secs(60);

fn lens(module: &str) -> (u32, u32) {
    let case = &cases(module)[0];
    (case.public.len() as u32, case.private.len() as u32)
}

#[test]
fn cut_at_every_byte() {
    let (mut cut, mut taken) = (0, 0);
    for module in modules() {
        let (wasm, lens) = (wasm(&module), lens(&module));
        let manifest = Manifest::new("test", 1, lens.0, lens.1, vec![]).unwrap().with_entry("predicate").unwrap();
        let options = Options { manifest, limits: LIMITS };
        for len in 0..wasm.len() {
            cut += 1;
            match compile(&wasm[..len], &options) {
                Ok(_) => taken += 1,
                Err(errors) => assert!(!errors.is_empty() && !errors[0].message.is_empty()),
            }
        }
    }
    // Where a section ends nothing is malformed, but data and custom sections alone may go.
    println!("{cut} cut modules, {taken} of them compile");
    assert!(cut > 50_000 && taken < 100);
}

#[test]
fn changed_at_random() {
    let mut rng = ChaCha20Rng::seed_from_u64(11);
    let (mut all, mut taken, mut longest) = (0, 0, (Duration::ZERO, String::new()));
    for module in modules() {
        let (wasm, lens) = (wasm(&module), lens(&module));
        for _ in 0..CHANGED {
            let mut changed = wasm.clone();
            for _ in 0..rng.gen_range(1..4) {
                let at = rng.gen_range(8..changed.len());
                changed[at] = if rng.r#gen() { changed[at] ^ 1 << rng.gen_range(0..8) } else { rng.r#gen() };
            }
            let begun = Instant::now();
            taken += u32::from(agrees(&changed, &changed, lens, LIMITS));
            longest = longest.max((begun.elapsed(), module.clone()));
            all += 1;
        }
    }
    println!("{all} changed modules, {taken} of them compile, the longest: {longest:?}");
    assert!(taken > 100 && longest.0 < LONGEST, "{taken} of {all}, {longest:?}");
}

/// Chains that are deeper than a stack for every one of their kinds, from instructions to rows and certificate.
#[test]
fn long_chains() {
    let steps = [
        "(local.set $a (i32.xor (i32.rotl (local.get $a) (i32.const 1)) (local.get $b)))",
        "(local.set $a (select (local.get $i) (local.get $a) (i32.eq (local.get $b) (local.get $i))))",
        "(local.set $a (i32.and (i32.mul (local.get $a) (local.get $b)) (i32.const 3)))",
        "(if (i32.eq (local.get $b) (local.get $i)) (then (local.set $a (i32.add (local.get $a) (i32.const 1)))))",
        "(local.set $a (i32.add (i32.eqz (local.get $a)) (local.get $i)))",
        "(i32.store (i32.const 4) (i32.add (i32.load (i32.const 4)) (i32.shr_u (local.get $a) (i32.const 31))))
            (local.set $a (i32.sub (local.get $b) (i32.load8_u (i32.const 4))))",
    ];
    let mut taken = 0;
    for step in steps {
        let text = format!(
            r#"(module (memory (export "memory") 1) (func (export "predicate") (param $a i32) (param $b i32) (result i32)
                (local $i i32)
                (loop $l {step}
                    (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 6000))))
                (i32.and (local.get $a) (i32.const 1))))"#
        );
        let begun = Instant::now();
        let limits = Limits { iterations: 10_000, instructions: 1_000_000, expressions: 3_000_000, candidates: 256 };
        // Sums of thousands of terms end at the limit.
        let compiles = agrees(&wat::parse_str(&text).unwrap(), &[3, 0, 0, 0, 5, 0, 0, 0], (8, 0), limits);
        println!("{compiles}, {:?} for {step}", begun.elapsed());
        assert!(begun.elapsed() < LONGEST, "{step}");
        taken += u32::from(compiles);
    }
    assert!(taken >= 3, "{taken}");
}

/// What the fuzz targets do, on bytes that no fuzzer chose.
#[test]
fn the_bodies_of_the_fuzz_targets() {
    let mut rng = ChaCha20Rng::seed_from_u64(12);
    let mut taken = 0;
    for _ in 0..30 {
        let dice: Vec<u8> = (0..2_000).map(|_| rng.r#gen()).collect();
        assert!(!agrees(&dice, &dice, (smith::PUBLIC_LEN, smith::PRIVATE_LEN), smith::LIMITS), "noise compiles");
        let Some(wasm) = smith(&dice) else { continue };
        taken += u32::from(agrees(&wasm, &dice, (smith::PUBLIC_LEN, smith::PRIVATE_LEN), smith::LIMITS));
    }
    assert!(taken > 10, "{taken}");
}
