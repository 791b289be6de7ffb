//! `bound`: outcome 3, counted by loop, and never before a trap that came first.

use super::harness::{graph, module, options, outcome, refused};

/// Outcomes of a predicate of two i32 for `a` and `b` below `most`, against a model.
fn check(text: &str, most: u32, model: impl Fn(u32, u32) -> u32) {
    let text = format!(r#"(module (import "zera" "bound" (func $bound (param i32))) {text})"#);
    let wasm = module(&text);
    let execution = graph(&wasm, &options(8, 0));
    for a in 0..most {
        for b in 0..most {
            let public = [a.to_le_bytes(), b.to_le_bytes()].concat();
            assert_eq!(outcome(&execution, &public, &[]), model(a, b), "a {a}, b {b}\n{text}");
        }
    }
}

#[test]
fn a_loop_may_run_as_often_as_its_bound_says() {
    let text = r#"(func (export "predicate") (param $a i32) (param $b i32) (result i32) (local $n i32)
        (block $done (loop $l
            (br_if $done (i32.ge_u (local.get $n) (local.get $a)))
            (call $bound (i32.const 5))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br $l)))
        (i32.lt_u (local.get $n) (i32.const 4)))"#;
    check(text, 9, |a, _| if a > 5 { 3 } else { u32::from(a < 4) });
    // A bound that the input gives, compared without sign.
    let text = text.replace("(i32.const 5)", "(local.get $b)");
    // The loop must still end when it is compiled.
    let text = text.replace(
        "(local $n i32)",
        "(local $n i32) (if (i32.gt_u (local.get $a) (i32.const 6)) (then (return (i32.const 1))))",
    );
    check(&text, 9, |a, b| {
        if a > 6 {
            1
        } else if a > b {
            3
        } else {
            u32::from(a < 4)
        }
    });
}

#[test]
fn each_activation_counts_anew_and_conditional_calls_count_when_made() {
    let text = r#"(func (export "predicate") (param $a i32) (param $b i32) (result i32) (local $i i32) (local $j i32)
        (loop $outer
            (call $bound (i32.const 9))
            (local.set $j (i32.const 0))
            (loop $inner
                (if (i32.lt_u (local.get $j) (local.get $a)) (then (call $bound (i32.const 3))))
                (local.set $j (i32.add (local.get $j) (i32.const 1)))
                (br_if $inner (i32.lt_u (local.get $j) (i32.const 6))))
            (if (i32.eq (local.get $i) (local.get $b)) (then (call $bound (i32.const 2))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $outer (i32.lt_u (local.get $i) (i32.const 3))))
        (i32.const 1))"#;
    // With b = i the outer loop has made i + 1 + 1 calls.
    check(text, 8, |a, b| if a > 3 || (b < 3 && b + 2 > 2) { 3 } else { 1 });
    // Outside of loops a function counts for itself.
    let text = r#"(func $f (param $x i32)
            (call $bound (i32.const 1)) (if (local.get $x) (then (call $bound (i32.const 1)))))
        (func (export "predicate") (param $a i32) (param $b i32) (result i32)
            (call $f (i32.eq (local.get $a) (i32.const 2))) (call $f (i32.const 0)) (i32.const 1))"#;
    check(text, 4, |a, _| if a == 2 { 3 } else { 1 });
}

#[test]
fn what_came_first_decides() {
    let text = r#"(func (export "predicate") (param $a i32) (param $b i32) (result i32)
        (if (i32.eq (local.get $a) (i32.const 1)) (then unreachable))
        (if (i32.eq (local.get $b) (i32.const 1)) (then (call $bound (i32.const 0))))
        (if (i32.eq (local.get $a) (i32.const 2)) (then unreachable))
        (if (i32.eq (local.get $b) (i32.const 2)) (then (call $bound (i32.const 0)) unreachable))
        (drop (i32.div_u (local.get $b) (i32.sub (local.get $a) (i32.const 3))))
        (call $bound (i32.sub (local.get $a) (i32.const 4)))
        (i32.const 0))"#;
    check(text, 6, |a, b| match (a, b) {
        (1, _) => 2,
        (_, 1) => 3,
        (2, _) => 2,
        (_, 2) => 3,
        (3, _) => 2,
        (4, _) => 3,
        _ => 0,
    });
    // A call that does not return is a trap only if it can not exceed a bound.
    let text = r#"(func $fail (param $x i32) (if (local.get $x) (then (call $bound (i32.const 0)))))
        (func (export "predicate") (param $a i32) (param $b i32) (result i32)
            (if (i32.gt_u (local.get $a) (i32.const 1)) (then (call $fail (local.get $b)) unreachable))
            (local.get $a))"#;
    check(text, 4, |a, b| if a > 1 { if b > 0 { 3 } else { 2 } } else { a });
}

#[test]
fn a_loop_without_bound_is_refused_with_its_line() {
    let text = r#"(module (func $spin (export "predicate") (param $a i32) (result i32)
        (loop $l (local.set $a (i32.add (local.get $a) (i32.const 3))) (br_if $l (local.get $a))) (i32.const 1)))"#;
    let mut options = options(4, 0);
    options.limits.iterations = 100;
    let error = refused(text, &options);
    assert_eq!(error.code, "loop");
    assert_eq!(error.place.expect("a place").function, "spin");
    assert!(error.help.expect("help").contains("zera.bound(n)"));
}

/// It was taken here, and the native run would not load it.
#[test]
fn bound_is_called_directly_only() {
    let with = |more: &str| {
        format!(
            r#"(module (import "zera" "bound" (func $bound (param i32))) (import "zera" "assume" (func $assume (param i32)))
                {more} (func $f (export "predicate") (result i32) (i32.const 1)))"#
        )
    };
    for (more, place) in [
        ("(table funcref (elem $f $bound))", "in the table"),
        ("(table 2 funcref) (elem (i32.const 1) func $bound)", "in the table"),
        ("(elem func $bound)", "in the table"),
        (r#"(export "b" (func $bound))"#, "exported"),
    ] {
        let error = refused(&with(more), &options(0, 0));
        assert_eq!(error.code, "bound", "{more}");
        assert!(error.message.contains(place), "{error}");
    }
    // Other imports may be in the table.
    let text = with(r#"(table funcref (elem $f $assume)) (export "a" (func $assume))"#);
    graph(&module(&text), &options(0, 0));
}
