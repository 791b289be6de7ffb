//! `bound`: by hand, and random programs against a plain interpreter with one counter for each activation of a loop.

use std::fmt::Write;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zera_abi::Outcome;

use super::{entry, outcome, predicate, run};

/// A predicate that is true where no bound is exceeded.
fn ends(rest: &str, body: &str) -> Outcome {
    outcome(&predicate(&format!(
        "{rest} (func (export \"predicate\") (result i32) (local i32 i32) {body} (i32.const 1))"
    )))
}

/// A loop that runs `times` times on local `local`; the local starts at zero.
fn repeat(local: u32, times: u32, body: &str) -> String {
    format!(
        "(local.set {local} (i32.const 0))
         (loop {body}
            (local.set {local} (i32.add (local.get {local}) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get {local}) (i32.const {times}))))"
    )
}

fn call(n: i64) -> String {
    format!("(call $bound (i32.const {n}))")
}

fn expect(rest: &str, body: &str, exceeded: bool) {
    let expected = if exceeded { Outcome::BoundExceeded } else { Outcome::True };
    assert_eq!(ends(rest, body), expected, "{rest} {body}");
}

#[test]
fn the_call_that_exceeds_ends_the_run() {
    for (times, n, exceeded) in [(5, 5, false), (6, 5, true), (1, 0, true), (1, 1, false), (100, 0xffff_ffff, false)] {
        expect("", &repeat(0, times, &call(n)), exceeded);
    }
    // The argument is the call's own: the count is compared with the one at hand.
    expect("", &repeat(0, 3, "(call $bound (i32.sub (i32.const 3) (local.get 0)))"), true);
    expect("", &repeat(0, 3, "(call $bound (i32.add (i32.const 1) (local.get 0)))"), false);
}

#[test]
fn outside_loops_the_function_counts() {
    expect("", &call(1), false);
    expect("", &call(0), true);
    expect("", &(call(9) + &call(1)), true);
    expect("", &format!("(block (if (i32.const 1) (then {})) {}) {}", call(3), call(3), call(3)), false);
    expect("", &format!("(block (if (i32.const 1) (then {})) {}) {}", call(3), call(3), call(2)), true);
    // A loop in between has a count of its own, and the function's goes on after it.
    expect("", &(call(2) + &repeat(0, 5, &call(5)) + &call(2)), false);
    expect("", &(call(1) + &repeat(0, 5, &call(5)) + &call(1)), true);
}

#[test]
fn call_sites_of_one_loop_share_the_count() {
    expect("", &repeat(0, 2, &(call(4) + &call(4))), false);
    expect("", &repeat(0, 2, &(call(4) + &call(3))), true);
    let both = format!("(if (i32.and (local.get 0) (i32.const 1)) (then {}) (else {}))", call(4), call(4));
    expect("", &repeat(0, 4, &both), false);
    expect("", &repeat(0, 5, &both), true);
}

#[test]
fn an_inner_loop_counts_anew_each_time_it_is_entered() {
    let inner = |times, n| repeat(1, times, &call(n));
    expect("", &repeat(0, 9, &inner(3, 3)), false);
    expect("", &repeat(0, 9, &inner(4, 3)), true);
    expect("", &repeat(0, 3, &(call(3) + &inner(8, 8))), false);
    expect("", &repeat(0, 4, &(call(3) + &inner(8, 8))), true);
    // The outer loop's calls after the inner loop go on where they were.
    expect("", &repeat(0, 3, &(call(6) + &inner(8, 8) + &call(6))), false);
    expect("", &repeat(0, 3, &(call(5) + &inner(8, 8) + &call(5))), true);
    // Two loops side by side.
    expect("", &repeat(0, 2, &(inner(3, 3) + &inner(4, 4))), false);
    expect("", &repeat(0, 2, &(inner(3, 3) + &inner(4, 3))), true);
}

#[test]
fn a_branch_to_the_header_does_not_reset_and_leaving_does() {
    // Two paths back to the header, from within blocks.
    let body = format!(
        "(local.set 0 (i32.const 0))
         (loop $l {}
            (local.set 0 (i32.add (local.get 0) (i32.const 1)))
            (block (br_if $l (i32.eq (local.get 0) (i32.const 1))))
            (block (block (br_table 2 2 2 0 (local.get 0))))
            )",
        call(3)
    );
    expect("", &body, false);
    expect("", &body.replace("i32.const 3))", "i32.const 2))"), true);
    // Left by a branch in the middle, and entered again by the loop around.
    let left = |n| {
        repeat(
            0,
            5,
            &format!(
                "(block $out (loop $l {}
                    (local.set 1 (i32.add (local.get 1) (i32.const 1)))
                    (br_if $out (i32.eqz (i32.rem_u (local.get 1) (i32.const 3))))
                    (br $l)))",
                call(n)
            ),
        )
    };
    expect("", &left(3), false);
    expect("", &left(2), true);
}

#[test]
fn each_activation_of_a_function_counts_for_itself() {
    let f = |n| format!("(func $f (param i32) (local i32) {})", repeat(1, 3, &call(n)));
    let calls = repeat(0, 6, "(call $f (i32.const 0))");
    expect(&f(3), &calls, false);
    expect(&f(2), &calls, true);
    // Recursion from inside the loop: 3 levels, 2 rounds each.
    let recursion = |n| {
        format!(
            "(func $f (param i32) (local i32)
                (if (i32.eqz (local.get 0)) (then return))
                {})",
            repeat(1, 2, &format!("{} (call $f (i32.sub (local.get 0) (i32.const 1)))", call(n)))
        )
    };
    expect(&recursion(2), "(call $f (i32.const 3))", false);
    expect(&recursion(1), "(call $f (i32.const 3))", true);
    // A caller's loop is not the callee's.
    expect(&format!("(func $f {})", call(1)), &repeat(0, 9, "(call $f)"), false);
    expect(&format!("(func $f {} {})", call(1), call(1)), &repeat(0, 9, "(call $f)"), true);
}

#[test]
fn loops_with_parameters_and_dead_code() {
    let body = |n: i64| {
        format!(
            "(i32.const 4) (loop (param i32) (result i32) {}
                (i32.sub (i32.const 1)) (local.tee 0) (local.get 0) (br_if 0)) drop
             (block (br 0) {} (loop {}))",
            call(n),
            call(0),
            call(0)
        )
    };
    expect("", &body(4), false);
    expect("", &body(3), true);
}

#[test]
fn the_first_of_trap_and_bound_ends_the_run() {
    assert_eq!(outcome(&entry(&format!("{} unreachable", call(0)))), Outcome::BoundExceeded);
    assert_eq!(outcome(&entry(&format!("(call $assume (i32.const 0)) {} (i32.const 1)", call(0)))), Outcome::Trap);
    let start = format!("(start $s) (func $s {}) (func (export \"predicate\") (result i32) unreachable)", call(0));
    assert_eq!(outcome(&predicate(&start)), Outcome::BoundExceeded);
}

#[test]
fn imported_twice_it_is_one_count() {
    let text = |n: u32| {
        format!(
            "(module (import \"zera\" \"bound\" (func $a (param i32))) (import \"zera\" \"field_inv\" (func (param i32 i32)))
                (import \"zera\" \"bound\" (func $b (param i32))) (memory (export \"memory\") 1)
                (func (export \"predicate\") (result i32) (call $a (i32.const 1)) (call $b (i32.const {n})) (i32.const 1)))"
        )
    };
    let ends = |n| outcome(&super::load(&wat::parse_str(text(n)).unwrap()).unwrap());
    assert_eq!(ends(2), Outcome::True);
    assert_eq!(ends(1), Outcome::BoundExceeded);
}

// Random programs.

/// A statement. Branches count labels outwards: a loop's is its header, a block's its end, the outermost the function's.
enum Step {
    Bound(u32),
    Call(usize),
    Loop(Vec<Step>),
    Block(Vec<Step>),
    If(Vec<Step>, Vec<Step>),
    Branch { label: usize, always: bool },
}

/// How a sequence was left.
enum Flow {
    Next,
    Branch(usize),
    Ended(Outcome),
}

/// The machine that both sides have: dice, and how many more steps there are before it traps.
struct Machine {
    dice: u32,
    left: u32,
}

impl Machine {
    fn roll(&mut self, sides: u32) -> bool {
        self.dice = self.dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.dice >> 16).is_multiple_of(sides)
    }
}

/// Runs a sequence. `count` belongs to the innermost loop's activation, or the function's.
fn interpret(steps: &[Step], functions: &[Vec<Step>], count: &mut u64, machine: &mut Machine) -> Flow {
    for step in steps {
        machine.left -= 1;
        if machine.left == 0 {
            return Flow::Ended(Outcome::Trap);
        }
        let flow = match step {
            Step::Bound(n) => {
                *count += 1;
                if *count > u64::from(*n) { Flow::Ended(Outcome::BoundExceeded) } else { Flow::Next }
            }
            Step::Call(function) => match interpret(&functions[*function], functions, &mut 0, machine) {
                // A branch to the function's own label is a return.
                Flow::Next | Flow::Branch(_) => Flow::Next,
                ended => ended,
            },
            Step::Loop(body) => {
                let mut own = 0;
                loop {
                    match interpret(body, functions, &mut own, machine) {
                        Flow::Branch(0) => {}
                        Flow::Branch(label) => break Flow::Branch(label - 1),
                        // At the end of the body the dice say whether it goes round again.
                        Flow::Next if !machine.roll(3) => {}
                        other => break other,
                    }
                }
            }
            Step::Block(body) => inside(interpret(body, functions, count, machine)),
            Step::If(then, otherwise) => {
                let body = if machine.roll(2) { then } else { otherwise };
                inside(interpret(body, functions, count, machine))
            }
            Step::Branch { label, always } => {
                if *always || machine.roll(3) {
                    Flow::Branch(*label)
                } else {
                    Flow::Next
                }
            }
        };
        if !matches!(flow, Flow::Next) {
            return flow;
        }
    }
    Flow::Next
}

/// A flow that leaves a block.
fn inside(flow: Flow) -> Flow {
    match flow {
        Flow::Branch(0) => Flow::Next,
        Flow::Branch(label) => Flow::Branch(label - 1),
        other => other,
    }
}

/// Writes a sequence as text.
fn emit(steps: &[Step], out: &mut String) {
    for step in steps {
        out.push_str("(call $step)");
        match step {
            Step::Bound(n) => write!(out, "(call $bound (i32.const {n}))").unwrap(),
            Step::Call(function) => write!(out, "(call $f{function})").unwrap(),
            Step::Loop(body) => {
                out.push_str("(loop ");
                emit(body, out);
                out.push_str("(br_if 0 (i32.eqz (call $roll (i32.const 3)))))");
            }
            Step::Block(body) => {
                out.push_str("(block ");
                emit(body, out);
                out.push(')');
            }
            Step::If(then, otherwise) => {
                out.push_str("(if (call $roll (i32.const 2)) (then ");
                emit(then, out);
                out.push_str(") (else ");
                emit(otherwise, out);
                out.push_str("))");
            }
            Step::Branch { label, always: true } => write!(out, "(br {label})").unwrap(),
            Step::Branch { label, always: false } => write!(out, "(br_if {label} (call $roll (i32.const 3)))").unwrap(),
        }
    }
}

fn random(rng: &mut ChaCha20Rng, depth: usize, functions: usize) -> Vec<Step> {
    let len = rng.gen_range(0..5);
    (0..len)
        .map(|_| match rng.gen_range(0..10) {
            0..=3 => Step::Bound(rng.gen_range(1..9)),
            4 => Step::Call(rng.gen_range(0..functions)),
            5 => Step::Branch { label: rng.gen_range(0..=depth), always: rng.gen_bool(0.1) },
            _ if depth > 5 => Step::Bound(rng.gen_range(4..20)),
            6 | 7 => Step::Loop(random(rng, depth + 1, functions)),
            8 => Step::Block(random(rng, depth + 1, functions)),
            _ => Step::If(random(rng, depth + 1, functions), random(rng, depth + 1, functions)),
        })
        .collect()
}

#[test]
fn random_programs_count_like_the_model() {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let mut seen = [0; 4];
    for round in 0..300 {
        let functions: Vec<Vec<Step>> = (0..3).map(|_| random(&mut rng, 0, 3)).collect();
        let (dice, left) = (rng.r#gen(), 3_000);
        let mut machine = Machine { dice, left };
        let flow = interpret(&[Step::Call(0)], &functions, &mut 0, &mut machine);
        let expected = match flow {
            Flow::Ended(outcome) => outcome,
            _ if machine.dice >> 31 == 1 => Outcome::True,
            _ => Outcome::False,
        };
        let mut text = format!(
            "(global $dice (mut i32) (i32.const {dice})) (global $left (mut i32) (i32.const {left}))
             (func $step
                (global.set $left (i32.sub (global.get $left) (i32.const 1)))
                (if (i32.eqz (global.get $left)) (then unreachable)))
             (func $roll (param i32) (result i32)
                (global.set $dice
                    (i32.add (i32.mul (global.get $dice) (i32.const 1664525)) (i32.const 1013904223)))
                (i32.eqz (i32.rem_u (i32.shr_u (global.get $dice) (i32.const 16)) (local.get 0))))"
        );
        for (index, function) in functions.iter().enumerate() {
            write!(text, "(func $f{index} ").unwrap();
            emit(function, &mut text);
            text.push(')');
        }
        text.push_str(
            "(func (export \"predicate\") (result i32) (call $step) (call $f0)
                (i32.shr_u (global.get $dice) (i32.const 31)))",
        );
        let ended = run(&predicate(&text), &[], &[], 10_000_000).unwrap();
        assert_eq!(ended.outcome, expected, "round {round}: {text}");
        seen[usize::from(expected.code())] += 1;
    }
    println!("false, true, trap, exceeded: {seen:?}");
    assert!(seen.iter().all(|count| *count > 10), "the dice are loaded: {seen:?}");
}
