//! Every integer instruction, with unknown and with known operands.

use super::harness::{EDGES, agree, samples};

const BINARY: [&str; 15] = [
    "add", "sub", "mul", "div_s", "div_u", "rem_s", "rem_u", "and", "or", "xor", "shl", "shr_s", "shr_u", "rotl",
    "rotr",
];
const COMPARE: [&str; 10] = ["eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u"];

fn binary(ty: &str, op: &str) -> (String, &'static str) {
    let result = if COMPARE.contains(&op) || ty == "i32" { "i32" } else { "i64" };
    (
        format!(
            "(func $value (param $a {ty}) (param $b {ty}) (result {result}) ({ty}.{op} (local.get $a) (local.get $b)))"
        ),
        result,
    )
}

#[test]
fn two_unknown_operands() {
    for ty in ["i32", "i64"] {
        for op in BINARY.iter().chain(&COMPARE) {
            let (text, result) = binary(ty, op);
            agree(&text, &[ty, ty], result, &samples(&[ty, ty], 40));
        }
    }
}

#[test]
fn one_known_operand() {
    for ty in ["i32", "i64"] {
        for op in BINARY.iter().chain(&COMPARE) {
            let result = if COMPARE.contains(op) || ty == "i32" { "i32" } else { "i64" };
            let edges = EDGES.iter().chain(&[u64::MAX]).filter(|edge| ty == "i64" || **edge <= 0xffff_ffff);
            for edge in edges {
                let edge = if ty == "i64" { format!("{}", *edge as i64) } else { format!("{}", *edge as i32) };
                for operands in
                    [format!("(local.get 0) ({ty}.const {edge})"), format!("({ty}.const {edge}) (local.get 0)")]
                {
                    let text = format!("(func $value (param {ty}) (result {result}) ({ty}.{op} {operands}))");
                    agree(&text, &[ty], result, &samples(&[ty], 8));
                }
            }
        }
    }
}

#[test]
fn two_known_operands() {
    for ty in ["i32", "i64"] {
        for op in BINARY.iter().chain(&COMPARE) {
            let result = if COMPARE.contains(op) || ty == "i32" { "i32" } else { "i64" };
            let edges: Vec<i64> = [0, 1, 3, 33, -1, -2, i64::from(i32::MIN), i64::from(i32::MAX), i64::MIN, i64::MAX]
                .into_iter()
                .filter(|edge| ty == "i64" || i32::try_from(*edge).is_ok())
                .collect();
            for a in &edges {
                for b in &edges {
                    let text = format!(
                        "(func $value (param i32) (result {result}) ({ty}.{op} ({ty}.const {a}) ({ty}.const {b})))"
                    );
                    agree(&text, &["i32"], result, &[vec![0]]);
                }
            }
        }
    }
}

#[test]
fn one_operand() {
    let unary = [
        ("i32", "i32.eqz", "i32"),
        ("i32", "i32.clz", "i32"),
        ("i32", "i32.ctz", "i32"),
        ("i32", "i32.popcnt", "i32"),
        ("i32", "i32.extend8_s", "i32"),
        ("i32", "i32.extend16_s", "i32"),
        ("i32", "i64.extend_i32_s", "i64"),
        ("i32", "i64.extend_i32_u", "i64"),
        ("i64", "i64.eqz", "i32"),
        ("i64", "i64.clz", "i64"),
        ("i64", "i64.ctz", "i64"),
        ("i64", "i64.popcnt", "i64"),
        ("i64", "i64.extend8_s", "i64"),
        ("i64", "i64.extend16_s", "i64"),
        ("i64", "i64.extend32_s", "i64"),
        ("i64", "i32.wrap_i64", "i32"),
    ];
    for (ty, op, result) in unary {
        let text = format!("(func $value (param {ty}) (result {result}) ({op} (local.get 0)))");
        agree(&text, &[ty], result, &samples(&[ty], 40));
        for edge in [0, 1, -1, 127, 128, -128, 0x8000, 0x1_8000_0000u64 as i64] {
            let edge = if ty == "i64" { edge } else { i64::from(edge as i32) };
            let text = format!("(func $value (param i32) (result {result}) ({op} ({ty}.const {edge})))");
            agree(&text, &["i32"], result, &[vec![0]]);
        }
    }
}

#[test]
fn select_and_chains_of_instructions() {
    let text = "(func $value (param $a i32) (param $b i32) (result i32)
        (select (i32.mul (local.get $a) (i32.const -3)) (i32.sub (local.get $b) (local.get $a))
            (i32.lt_s (i32.add (local.get $a) (i32.const 5)) (local.get $b))))";
    agree(text, &["i32", "i32"], "i32", &samples(&["i32", "i32"], 60));
    let text = "(func $value (param $a i64) (param $b i64) (result i64) (local $t i64)
        (local.set $t (i64.xor (i64.rotl (local.get $a) (i64.const 13)) (i64.add (local.get $b) (local.get $a))))
        (i64.add (i64.mul (local.tee $t (i64.shr_u (local.get $t) (i64.const 7))) (local.get $b))
            (i64.and (local.get $t) (i64.const 0xff00ff))))";
    agree(text, &["i64", "i64"], "i64", &samples(&["i64", "i64"], 60));
}

/// Multiplications by which compilers divide, and others that only look like them: each is the division, or is none.
#[test]
fn multiplied_and_shifted_is_a_division_only_where_it_is_exact() {
    // (mask of x, factor, shift): exact for the mask or not.
    let cases: [(u64, u64, u64); 10] = [
        (0xff, 0xcd, 11),
        (0xfff, 0xcd, 11),
        (0xffff, 0xcccd, 19),
        (0x3_ffff, 0xcccd, 19),
        (0xffff_ffff, 0xcccc_cccd, 35),
        (0xff, 3, 4),
        (0xff, 43, 8),
        (0xffff, 0xaaab, 17),
        (0x7_ffff, 0xaaab, 17),
        (0xff, 5, 9),
    ];
    for (mask, factor, shift) in cases {
        let text = format!(
            "(func $value (param $x i64) (result i64) (i64.shr_u
                (i64.mul (i64.and (local.get $x) (i64.const {mask})) (i64.const {factor})) (i64.const {shift})))"
        );
        let mut inputs: Vec<Vec<u64>> = (0..60).map(|x| vec![mask - x]).collect();
        inputs.extend((0..600).map(|x| vec![x * (mask / 600 + 1)]));
        agree(&text, &["i64"], "i64", &inputs);
    }
}
