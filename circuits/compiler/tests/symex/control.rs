//! Control flow: blocks, loops, branches with values, tables, calls, early exits.

use super::harness::{agree, graph, module, options, samples};

fn small(types: &[&str], most: u64) -> Vec<Vec<u64>> {
    let mut all = vec![vec![]];
    for _ in types {
        all = all.iter().flat_map(|s: &Vec<u64>| (0..=most).map(|v| [s.clone(), vec![v]].concat())).collect();
    }
    all
}

#[test]
fn if_with_and_without_else_and_values() {
    let text = "(func $value (param $a i32) (param $b i32) (result i32)
        (if (i32.lt_u (local.get $a) (local.get $b)) (then (local.set $a (i32.const 9))))
        (if (result i32) (local.get $a)
            (then (i32.add (local.get $a) (local.get $b)))
            (else (if (result i32) (i32.eq (local.get $b) (i32.const 2)) (then (i32.const 5)) (else (local.get $b))))))";
    agree(text, &["i32", "i32"], "i32", &samples(&["i32", "i32"], 30));
    // An if whose parameter passes through where there is no else.
    let text = "(func $value (param $a i32) (param $b i32) (result i32)
        (local.get $a)
        (if (param i32) (result i32) (local.get $b) (then (i32.mul (i32.const 3)))))";
    agree(text, &["i32", "i32"], "i32", &samples(&["i32", "i32"], 30));
}

#[test]
fn branches_to_outer_labels_with_values() {
    let text = "(func $value (param $a i32) (param $b i32) (result i32)
        (block $out (result i32)
            (block $mid (result i32)
                (block $in (result i32)
                    (br_if $out (i32.const 100) (i32.eq (local.get $a) (i32.const 1)))
                    (br_if $mid (i32.eq (local.get $a) (i32.const 2)))
                    (br_if $in (i32.eq (local.get $b) (i32.const 3)))
                    (drop)
                    (if (i32.gt_u (local.get $b) (i32.const 7)) (then (return (i32.const 55))))
                    (local.set $a (i32.const 77))
                    (i32.const 4))
                (i32.add (local.get $a)))
            (i32.mul (i32.const 10))))";
    agree(text, &["i32", "i32"], "i32", &small(&["i32", "i32"], 9));
    let text = "(func $value (param $a i32) (param $b i32) (result i32)
        (block (result i32 i32)
            (block (result i64 i32)
                (br_if 1 (local.get $b) (local.get $a) (i32.eqz (local.get $a)))
                (drop) (drop)
                (br_if 0 (i64.const 7) (local.get $a) (i32.lt_u (local.get $b) (i32.const 3)))
                (br 1 (i32.const 1) (local.get $b)) )
            (br_if 0 (i32.wrap_i64) (local.get $a) (local.get $b)) )
        (i32.sub))";
    let _ = text;
    let text = "(func $value (param $a i32) (param $b i32) (result i32)
        (block $two (result i32 i32)
            (local.get $b) (local.get $a)
            (br_if $two (i32.eqz (local.get $a)))
            (i32.const 3) (i32.mul)
            (br_if $two (i32.lt_u (local.get $b) (i32.const 3)))
            (drop) (drop)
            (i32.const 1) (local.get $b)
            (br $two))
        (i32.sub))";
    agree(text, &["i32", "i32"], "i32", &small(&["i32", "i32"], 6));
}

#[test]
fn br_table_groups_targets_and_has_a_default() {
    let text = "(func $value (param $a i32) (param $b i32) (result i32)
        (block $d (block $c (block $b (block $a
            (br_table $a $b $a $c $b $d (local.get $a)))
            (return (i32.add (local.get $b) (i32.const 10))))
            (local.set $b (i32.const 20)) (br $c))
            (return (i32.add (local.get $b) (i32.const 30))))
        (i32.add (local.get $b) (i32.const 40)))";
    agree(text, &["i32", "i32"], "i32", &samples(&["i32", "i32"], 20));
    // Masked: the default can not be reached; one target only.
    let text = "(func $value (param $a i32) (result i32)
        (block $b (block $a (br_table $a $b $a $b $b (i32.and (local.get $a) (i32.const 3)))) (return (i32.const 1)))
        (block $x (br_table $x $x $x (local.get $a)))
        (i32.const 2))";
    agree(text, &["i32"], "i32", &samples(&["i32"], 20));
    // To a loop and with a value.
    let text = "(func $value (param $a i32) (result i32) (local $n i32)
        (block $out (result i32)
            (loop $again
                (local.set $n (i32.add (local.get $n) (i32.const 1)))
                (local.set $a (i32.shr_u (local.get $a) (i32.const 1)))
                (block $odd (br_table $again $odd (i32.and (local.get $a) (i32.const 1))))
                (br_if $again (i32.gt_u (local.get $a) (i32.const 40))))
            (br_table $out 0 (local.get $n) (i32.and (local.get $a) (i32.const 1)))))";
    let inputs: Vec<Vec<u64>> =
        [1u64, 3, 7, 0xff, 0xffff_fffe, 0x5555, 42, 81, 80, 0x8000_0001].map(|a| vec![a]).into();
    agree(
        &text.replace(
            "(br_table $again $odd (i32.and (local.get $a) (i32.const 1)))",
            "(br_table $again $odd (i32.lt_u (local.get $a) (i32.const 3)))",
        ),
        &["i32"],
        "i32",
        &inputs,
    );
}

#[test]
fn loops_that_the_input_ends() {
    // Collatz with a cap: every iteration may be the last.
    let text = "(func $value (param $a i32) (result i32) (local $n i32)
        (local.set $a (i32.and (local.get $a) (i32.const 31)))
        (block $done (loop $next
            (br_if $done (i32.le_u (local.get $a) (i32.const 1)))
            (br_if $done (i32.ge_u (local.get $n) (i32.const 9)))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (if (i32.and (local.get $a) (i32.const 1))
                (then (local.set $a (i32.add (i32.mul (local.get $a) (i32.const 3)) (i32.const 1))))
                (else (local.set $a (i32.shr_u (local.get $a) (i32.const 1)))))
            (br $next)))
        (i32.add (i32.mul (local.get $n) (i32.const 1000)) (local.get $a)))";
    agree(text, &["i32"], "i32", &small(&["i32"], 31));
    // while at the end, continue, break, return from two nested loops.
    let text = "(func $value (param $a i32) (param $b i32) (result i32) (local $i i32) (local $j i32) (local $s i32)
        (loop $outer
            (local.set $j (i32.const 0))
            (block $break (loop $inner
                (if (i32.eq (local.get $j) (local.get $b)) (then
                    (local.set $s (i32.add (local.get $s) (i32.const 100))) (br $break)))
                (if (i32.eq (i32.add (local.get $i) (local.get $j)) (local.get $a)) (then
                    (if (i32.eq (local.get $b) (i32.const 5)) (then (return (i32.sub (i32.const 0) (local.get $s)))))
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br_if $outer (i32.lt_u (local.get $i) (i32.const 4)))))
                (local.set $s (i32.add (local.get $s) (i32.const 1)))
                (local.set $j (i32.add (local.get $j) (i32.const 1)))
                (br_if $inner (i32.lt_u (local.get $j) (i32.const 3)))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $outer (i32.lt_u (local.get $i) (i32.const 4))))
        (local.get $s))";
    agree(text, &["i32", "i32"], "i32", &small(&["i32", "i32"], 8));
    // A loop with parameters and results.
    let text = "(func $value (param $a i32) (result i32) (local $n i32)
        (i32.const 0) (i32.and (local.get $a) (i32.const 15))
        (loop $l (param i32 i32) (result i32)
            (local.set $n)
            (i32.add (local.get $n))
            (i32.sub (local.get $n) (i32.const 1))
            (br_if $l (i32.gt_s (local.get $n) (i32.const 1)))
            (drop)))";
    agree(text, &["i32"], "i32", &small(&["i32"], 20));
}

#[test]
fn calls_recursion_and_multiple_results() {
    let text = "(func $pair (param $a i32) (result i32 i64)
            (if (i32.eqz (local.get $a)) (then (return (i32.const 7) (i64.const 9))))
            (i32.mul (local.get $a) (local.get $a)) (i64.extend_i32_s (local.get $a)))
        (func $sum (param $n i32) (param $x i32) (result i32)
            (if (result i32) (local.get $n)
                (then (i32.add (local.get $x) (call $sum (i32.sub (local.get $n) (i32.const 1)) (i32.mul (local.get $x) (i32.const 3)))))
                (else (i32.const 1))))
        (func $value (param $a i32) (param $b i32) (result i32) (local $w i64)
            (call $pair (local.get $a)) (local.set $w)
            (i32.add (i32.wrap_i64 (local.get $w)))
            (i32.add (call $sum (i32.const 9) (local.get $b))))";
    agree(text, &["i32", "i32"], "i32", &samples(&["i32", "i32"], 20));
}

#[test]
fn globals_are_part_of_a_path() {
    let text = "(global $g (mut i32) (i32.const 5)) (global $h (mut i64) (i64.const -1)) (global $c i32 (i32.const 3))
        (func $bump (param $x i32) (if (local.get $x) (then
            (global.set $g (i32.add (global.get $g) (local.get $x))) (global.set $h (i64.const 8)))))
        (func $value (param $a i32) (param $b i32) (result i32)
            (call $bump (local.get $a)) (call $bump (i32.and (local.get $b) (global.get $c)))
            (i32.add (global.get $g) (i32.wrap_i64 (global.get $h))))";
    agree(text, &["i32", "i32"], "i32", &samples(&["i32", "i32"], 20));
}

#[test]
fn calls_through_the_table() {
    let text = "(type $t (func (param i32) (result i32))) (type $u (func (result i32)))
        (table 9 funcref)
        (elem (i32.const 1) $inc $dbl $inc $other $neg)
        (func $inc (type $t) (i32.add (local.get 0) (i32.const 1)))
        (func $dbl (type $t) (i32.shl (local.get 0) (i32.const 1)))
        (func $neg (type $t) (if (i32.eq (local.get 0) (i32.const 3)) (then unreachable)) (i32.sub (i32.const 0) (local.get 0)))
        (func $other (type $u) (i32.const 4))
        (func $value (param $a i32) (param $b i32) (result i32)
            (i32.add (call_indirect (type $t) (i32.const 8) (i32.const 2))
                (call_indirect (type $t) (local.get $b) (local.get $a))))";
    agree(text, &["i32", "i32"], "i32", &small(&["i32", "i32"], 10));
    for index in [0, 4, 8, 9, -1] {
        let text = text.replace("(local.get $a)", &format!("(i32.const {index})"));
        agree(&text, &["i32", "i32"], "i32", &[vec![0, 1]]);
    }
}

#[test]
fn traps_on_some_paths() {
    let text = "(func $value (param $a i32) (param $b i32) (result i32)
        (block $b
            (br_if $b (i32.lt_u (local.get $a) (i32.const 5)))
            (if (i32.eq (local.get $b) (i32.const 2)) (then unreachable))
            (local.set $a (i32.const 50)))
        (if (i32.eqz (local.get $b)) (then
            (if (i32.eq (local.get $a) (i32.const 3)) (then unreachable) (else (return (i32.const 8))))))
        (i32.div_s (local.get $a) (i32.sub (local.get $b) (i32.const 4))))";
    agree(text, &["i32", "i32"], "i32", &small(&["i32", "i32"], 8));
    agree(text, &["i32", "i32"], "i32", &samples(&["i32", "i32"], 10));
    // Every path traps.
    agree(
        "(func $value (param i32) (result i32) (if (local.get 0) (then unreachable)) unreachable)",
        &["i32"],
        "i32",
        &small(&["i32"], 2),
    );
    // A call that does not return is a trap, whatever it would do.
    let text = "(func $panic (param i32) (loop $l (br $l)))
        (func $value (param $a i32) (result i32)
            (if (i32.gt_u (local.get $a) (i32.const 3)) (then unreachable)) (local.get $a))";
    agree(text, &["i32"], "i32", &small(&["i32"], 6));
}

/// What rustc makes of `a[i]` with a check: the trap costs no selection of the values after it.
#[test]
fn a_checked_access_has_the_guard_of_its_block() {
    let text = r#"(module (memory 1)
        (func $panic (param i32) unreachable)
        (func (export "predicate") (param $i i32) (param $x i32) (result i32)
            (block $ok (br_if $ok (i32.lt_u (local.get $i) (i32.const 4))) (call $panic (local.get $i)) unreachable)
            (i32.store (i32.const 8) (i32.add (local.get $x) (i32.const 1)))
            (if (local.get $x) (then unreachable))
            (i32.eq (i32.load (i32.const 8)) (i32.const 1))))"#;
    let wasm = module(text);
    let execution = graph(&wasm, &options(8, 0));
    assert_eq!(execution.traps.len(), 2);
    let plain = module(&text.replace("unreachable", "nop"));
    let without = graph(&plain, &options(8, 0));
    // The result does not mention the guards: it is the expression that a program without checks has.
    assert!(
        execution.graph.nodes() <= without.graph.nodes() + 1 + 40,
        "{} {}",
        execution.graph.nodes(),
        without.graph.nodes()
    );
}
