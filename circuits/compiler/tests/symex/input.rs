//! What programs read: parameters, public and private bytes, assumptions, aborts.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use wasmtime::Val;

use super::harness::{Native, graph, module, options, outcome, refused};

const IMPORTS: &str = r#"(import "zera" "read_public" (func $public (param i32 i32 i32)))
    (import "zera" "read_private" (func $private (param i32 i32 i32)))
    (import "zera" "assume" (func $assume (param i32)))
    (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
    (memory (export "memory") 1 1)"#;

/// Compares a predicate with one i32 parameter on random inputs whose bytes are below `most`.
fn check(text: &str, public_len: u32, private_len: u32, most: u8) {
    let text = format!("(module {IMPORTS} {text})");
    let wasm = module(&text);
    let execution = graph(&wasm, &options(public_len, private_len));
    let native = Native::new(&wasm);
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let mut seen = [0; 3];
    for _ in 0..150 {
        let mut bytes = |len| (0..len).map(|_| rng.gen_range(0..most)).collect::<Vec<u8>>();
        let (mut public, private) = (bytes(public_len), bytes(private_len));
        public[1..4].fill(0);
        let result = native.call("predicate", &[Val::I32(i32::from(public[0]))], &public, &private);
        let expected = result.map_or(2, |result| u32::from(result.unwrap_i32() != 0));
        assert_eq!(outcome(&execution, &public, &private), expected, "{public:?} {private:?}\n{text}");
        seen[expected as usize] += 1;
    }
    assert!(seen.iter().filter(|count| **count > 0).count() >= 2, "one outcome only: {seen:?}\n{text}");
}

#[test]
fn bytes_at_known_places() {
    let text = r#"(func (export "predicate") (param $a i32) (result i32)
        (call $public (i32.const 2) (i32.const 1) (i32.const 7))
        (call $private (i32.const 100) (i32.const 2) (i32.const 4))
        (call $assume (i32.ne (local.get $a) (i32.const 3)))
        (if (i32.eq (local.get $a) (i32.const 4)) (then (call $abort (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))))
        (i32.gt_u (i32.load (i32.const 5)) (i32.load (i32.const 100))))"#;
    check(text, 8, 6, 6);
}

#[test]
fn bytes_at_unknown_places() {
    let text = r#"(func (export "predicate") (param $a i32) (result i32)
        (if (i32.gt_u (local.get $a) (i32.const 9)) (then (return (i32.const 1))))
        (call $private (i32.const 0) (local.get $a) (i32.const 2))
        (call $public (i32.add (local.get $a) (i32.const 1)) (i32.const 3) (i32.and (local.get $a) (i32.const 3)))
        (i32.lt_u (i32.load (i32.const 0)) (i32.const 0x500)))"#;
    check(text, 6, 8, 12);
}

#[test]
fn out_of_range_reads_are_traps() {
    for (to, from, len, traps) in [
        (0, 0, 8, false),
        (0, 1, 8, true),
        (0, 8, 0, false),
        (0, 9, 0, true),
        (65528, 0, 8, false),
        (65529, 0, 8, true),
        (0, -1, 1, true),
        (0, 0, -1, true),
        (-1, 0, 0, true),
    ] {
        let text = format!(
            r#"(module {IMPORTS} (func (export "predicate") (result i32)
                (call $public (i32.const {to}) (i32.const {from}) (i32.const {len})) (i32.const 1)))"#
        );
        let wasm = module(&text);
        let native = Native::new(&wasm).call("predicate", &[], &[1; 8], &[]).is_none();
        let found = outcome(&graph(&wasm, &options(8, 0)), &[1; 8], &[]);
        assert_eq!((native, found), (traps, if traps { 2 } else { 1 }), "{text}");
    }
}

#[test]
fn parameters_are_the_first_bytes_of_the_public_input() {
    let text = r#"(module (func (export "check") (param i64 i32) (result i32)
        (i32.and (i64.eq (local.get 0) (i64.const 0x0807060504030201)) (i32.eq (local.get 1) (i32.const 0x0c0b0a09)))))"#;
    let wasm = module(text);
    let mut options = options(13, 0);
    options.entry = "check".into();
    let execution = graph(&wasm, &options);
    let public: Vec<u8> = (1..14).collect();
    assert_eq!(outcome(&execution, &public, &[]), 1);
    for at in 0..12 {
        let mut public = public.clone();
        public[at] ^= 0x80;
        assert_eq!(outcome(&execution, &public, &[]), 0);
    }
    options.public_len = 11;
    assert_eq!(refused(text, &options).code, "input-length");
}
