//! Every integer instruction at the edges, with unknown and with known operands, through rows and tape: the right result is
//! outcome 1, another one 0, a trap 2, as Rust's arithmetic says and as the native run does.

#[path = "support/pipeline.rs"]
mod pipeline;

use pipeline::{Built, build};
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

const BINARY: [&str; 25] = [
    "add", "sub", "mul", "div_s", "div_u", "rem_s", "rem_u", "and", "or", "xor", "shl", "shr_s", "shr_u", "rotl",
    "rotr", "eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u",
];
const UNARY: [(&str, &str); 16] = [
    ("i32", "i32.eqz"),
    ("i32", "i32.clz"),
    ("i32", "i32.ctz"),
    ("i32", "i32.popcnt"),
    ("i32", "i32.extend8_s"),
    ("i32", "i32.extend16_s"),
    ("i32", "i64.extend_i32_s"),
    ("i32", "i64.extend_i32_u"),
    ("i64", "i64.eqz"),
    ("i64", "i64.clz"),
    ("i64", "i64.ctz"),
    ("i64", "i64.popcnt"),
    ("i64", "i64.extend8_s"),
    ("i64", "i64.extend16_s"),
    ("i64", "i64.extend32_s"),
    ("i64", "i32.wrap_i64"),
];

fn bits(ty: &str) -> u32 {
    if ty == "i64" { 64 } else { 32 }
}

fn cut(ty: &str, value: u64) -> u64 {
    if ty == "i64" { value } else { value & 0xffff_ffff }
}

fn signed(ty: &str, value: u64) -> i64 {
    if ty == "i64" { value as i64 } else { i64::from(value as u32 as i32) }
}

/// The edges of a type.
fn edges(ty: &str) -> Vec<u64> {
    let bits = bits(ty);
    let least = 1u64 << (bits - 1);
    let mut all = vec![0, 1, 2, 3, 7, 8, 9, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 0x7fff, 0x8000, 0x1_0000];
    all.extend([least, least - 1, least + 1, least + 2, u64::MAX, u64::MAX - 1, u64::MAX - 31, u64::MAX - 127]);
    if bits == 64 {
        all.extend([0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xffff_ffff, 0x1_0000_0000, 0x1_0000_0001]);
    }
    all.into_iter().map(|value| cut(ty, value)).collect()
}

/// What Rust says; none for a trap.
fn binary(ty: &str, op: &str, a: u64, b: u64) -> Option<u64> {
    let (bits, x, y) = (bits(ty), signed(ty, a), signed(ty, b));
    let by = (b % u64::from(bits)) as u32;
    let rotate = |left: u32| if left == 0 { a } else { a << left | a >> (bits - left) };
    let least = if ty == "i64" { i64::MIN } else { i64::from(i32::MIN) };
    let value = match op {
        "add" => a.wrapping_add(b),
        "sub" => a.wrapping_sub(b),
        "mul" => a.wrapping_mul(b),
        "div_s" if y == 0 || (x == least && y == -1) => return None,
        "div_s" => (x / y) as u64,
        "div_u" => a.checked_div(b)?,
        "rem_s" if y == 0 => return None,
        "rem_s" => x.wrapping_rem(y) as u64,
        "rem_u" => a.checked_rem(b)?,
        "and" => a & b,
        "or" => a | b,
        "xor" => a ^ b,
        "shl" => a << by,
        "shr_s" => (x >> by) as u64,
        "shr_u" => a >> by,
        "rotl" => rotate(by),
        "rotr" => rotate((bits - by) % bits),
        "eq" => u64::from(a == b),
        "ne" => u64::from(a != b),
        "lt_s" => u64::from(x < y),
        "lt_u" => u64::from(a < b),
        "gt_s" => u64::from(x > y),
        "gt_u" => u64::from(a > b),
        "le_s" => u64::from(x <= y),
        "le_u" => u64::from(a <= b),
        "ge_s" => u64::from(x >= y),
        "ge_u" => u64::from(a >= b),
        _ => panic!("{op}"),
    };
    Some(cut(ty, value))
}

fn unary(ty: &str, op: &str, a: u64) -> u64 {
    let (result, name) = op.split_once('.').unwrap();
    let result = if name == "eqz" { "i32" } else { result };
    let zeros = |count: u32| u64::from(count.min(bits(ty)));
    let value = match name {
        "eqz" => u64::from(a == 0),
        "clz" => zeros(a.leading_zeros() - (64 - bits(ty))),
        "ctz" => zeros(a.trailing_zeros()),
        "popcnt" => u64::from(a.count_ones()),
        "extend8_s" => a as u8 as i8 as u64,
        "extend16_s" => a as u16 as i16 as u64,
        "extend32_s" | "extend_i32_s" => a as u32 as i32 as u64,
        _ => a,
    };
    cut(result, value)
}

fn result<'a>(ty: &'a str, op: &str) -> &'a str {
    if BINARY[15..].contains(&op) { "i32" } else { ty }
}

fn compiled(text: &str, types: &[&str]) -> Built {
    let wasm = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    build(&wasm, types.iter().map(|ty| bits(ty) / 8).sum(), 0).unwrap_or_else(|errors| panic!("{}\n{text}", errors[0]))
}

fn public(types: &[&str], values: &[u64]) -> Vec<u8> {
    let bytes =
        types.iter().zip(values).flat_map(|(ty, value)| value.to_le_bytes().into_iter().take(bits(ty) as usize / 8));
    bytes.collect()
}

/// The last argument is compared with the result: the right one, and one with a bit changed. Natively only where asked.
fn expect(built: &Built, types: &[&str], values: &[u64], value: Option<u64>, natively: bool) {
    let last = types[types.len() - 1];
    for flip in [0, 1 << (bits(last) - 1)] {
        let expected = if value.is_none() { 2 } else { u32::from(flip == 0) };
        let public = public(types, &[values, &[value.unwrap_or(0) ^ flip]].concat());
        assert_eq!(built.circuit(&public, &[]), expected, "{value:x?} of {values:x?}");
        if natively {
            assert_eq!(built.native(&public, &[]), Some(expected), "natively, {value:x?} of {values:x?}");
        }
    }
}

/// Does the pieces of some work on all cores.
fn each<T: Sync>(pieces: &[T], work: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(|| {
                while let Some(piece) = pieces.get(next.fetch_add(1, Relaxed)) {
                    work(piece);
                }
            });
        }
    });
}

fn pairs() -> Vec<(&'static str, &'static str)> {
    ["i32", "i64"].into_iter().flat_map(|ty| BINARY.map(|op| (ty, op))).collect()
}

#[test]
fn two_unknown_operands() {
    each(&pairs(), |(ty, op)| {
        let result = result(ty, op);
        let types = [*ty, ty, result];
        let built = compiled(
            &format!(
                r#"(module (memory (export "memory") 1) (func (export "predicate") (param {ty} {ty} {result}) (result i32)
                    ({result}.eq ({ty}.{op} (local.get 0) (local.get 1)) (local.get 2))))"#
            ),
            &types,
        );
        for (at, a) in edges(ty).into_iter().enumerate() {
            for (bt, b) in edges(ty).into_iter().enumerate() {
                // A third of the pairs, and whatever traps.
                let value = binary(ty, op, a, b);
                if (at + bt) % 3 == 0 || value.is_none() {
                    expect(&built, &types, &[a, b], value, (at + bt) % 28 == 0);
                }
            }
        }
    });
}

/// One module for each instruction and side; the first argument says which edge is the known operand.
#[test]
fn one_known_operand() {
    each(&pairs(), |(ty, op)| {
        let result = result(ty, op);
        let types = ["i32", ty, result];
        for known_first in [false, true] {
            let arms: String = edges(ty)
                .iter()
                .enumerate()
                .map(|(at, edge)| {
                    let known = format!("({ty}.const {})", signed(ty, *edge));
                    let (a, b) =
                        if known_first { (known.as_str(), "(local.get 1)") } else { ("(local.get 1)", known.as_str()) };
                    format!(
                        "(if (i32.eq (local.get 0) (i32.const {at}))
                            (then (return ({result}.eq ({ty}.{op} {a} {b}) (local.get 2)))))\n"
                    )
                })
                .collect();
            let text = format!(
                r#"(module (memory (export "memory") 1) (func (export "predicate") (param i32 {ty} {result}) (result i32) {arms} (i32.const 0)))"#
            );
            let built = compiled(&text, &types);
            for (at, known) in edges(ty).into_iter().enumerate() {
                for (bt, other) in edges(ty).into_iter().enumerate().filter(|(bt, _)| (at + bt) % 7 == 0) {
                    let value = if known_first { binary(ty, op, known, other) } else { binary(ty, op, other, known) };
                    expect(&built, &types, &[at as u64, other], value, (at + bt) % 28 == 0);
                }
            }
        }
    });
}

#[test]
fn one_operand_known_and_unknown() {
    each(&UNARY, |(ty, op)| {
        let result = if op.ends_with("eqz") { "i32" } else { &op[..3] };
        let types = ["i32", ty, result];
        let arms: String = edges(ty)
            .iter()
            .enumerate()
            .map(|(at, edge)| {
                format!(
                    "(if (i32.eq (local.get 0) (i32.const {at}))
                        (then (return ({result}.eq ({op} ({ty}.const {})) (local.get 2)))))\n",
                    signed(ty, *edge)
                )
            })
            .collect();
        let text = format!(
            r#"(module (memory (export "memory") 1) (func (export "predicate") (param i32 {ty} {result}) (result i32) {arms}
                ({result}.eq ({op} (local.get 1)) (local.get 2))))"#
        );
        let built = compiled(&text, &types);
        for (at, edge) in edges(ty).into_iter().enumerate() {
            let value = Some(unary(ty, op, edge));
            expect(&built, &types, &[at as u64, 0], value, true);
            expect(&built, &types, &[1_000, edge], value, true);
        }
    });
}

/// Divisors that can not be zero, which the compiler knows and the checker has to see.
#[test]
fn divisors_that_are_odd() {
    each(&pairs(), |(ty, op)| {
        if !op.contains("div") && !op.contains("rem") {
            return;
        }
        let types = [*ty, ty, ty];
        let text = format!(
            r#"(module (memory (export "memory") 1) (func (export "predicate") (param {ty} {ty} {ty}) (result i32)
                ({ty}.eq ({ty}.{op} (local.get 0) ({ty}.or ({ty}.const 1) (local.get 1))) (local.get 2))))"#
        );
        let built = compiled(&text, &types);
        for a in edges(ty) {
            for b in edges(ty).into_iter().step_by(3) {
                expect(&built, &types, &[a, b], binary(ty, op, a, b | 1), false);
            }
        }
    });
}
