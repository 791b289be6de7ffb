//! Random programs of integer instructions, as text: every one ends, and most of what it computes depends on the input.

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// Bytes of the public input: four parameters (three numbers, and which bit of the result is asked for) and eight more.
pub const PUBLIC_LEN: u32 = 4 + 4 + 8 + 4 + 8;
/// Bytes of the private input.
pub const PRIVATE_LEN: u32 = 8;

const BINARY: [&str; 15] = [
    "add", "sub", "mul", "div_s", "div_u", "rem_s", "rem_u", "and", "or", "xor", "shl", "shr_s", "shr_u", "rotl",
    "rotr",
];
const COMPARE: [&str; 10] = ["eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u"];
const UNARY: [&str; 5] = ["clz", "ctz", "popcnt", "extend8_s", "extend16_s"];
/// Functions that may be called: each by those before it only, the entry being the first.
const HELPERS: usize = 3;

struct Generator {
    rng: ChaCha20Rng,
    /// Which function is being written: it calls those after it.
    function: usize,
    loops: usize,
    counters: usize,
    labels: usize,
    calls: usize,
}

/// The text of the program of a seed.
pub fn program(seed: u64) -> String {
    let rng = ChaCha20Rng::seed_from_u64(seed);
    let mut g = Generator { rng, function: 0, loops: 0, counters: 0, labels: 0, calls: 0 };
    let body = |g: &mut Generator, statements: usize| {
        (g.loops, g.counters, g.calls) = (0, 0, 0);
        let text = g.statements(statements);
        let counters: String = (0..g.counters).map(|at| format!("(local $i{at} i32)")).collect();
        format!("(local $x i32) (local $y i32) (local $z i64) {counters} {text}")
    };
    let statements = g.rng.gen_range(2..9);
    let entry = body(&mut g, statements);
    let mut helpers = String::new();
    for at in 1..=HELPERS {
        g.function = at;
        let text = body(&mut g, 2);
        let value = g.i32(2);
        helpers += &format!(
            "(func $f{at} (type $f) (param $a i32) (param $b i32) (param $c i64) (result i32) {text} {value})\n"
        );
    }
    let data: String = (0..64).map(|_| format!("\\{:02x}", g.rng.r#gen::<u8>())).collect();
    format!(
        r#"(module
        (import "zera" "read_public" (func $read_public (param i32 i32 i32)))
        (import "zera" "read_private" (func $read_private (param i32 i32 i32)))
        (import "zera" "assume" (func $assume (param i32)))
        (import "zera" "bound" (func $bound (param i32)))
        (type $f (func (param i32 i32 i64) (result i32)))
        (memory (export "memory") 1 2)
        (data (i32.const 0) "{data}")
        (table funcref (elem $f1 $f2 $f3))
        (global $g (mut i32) (i32.const 77))
        (global $h (mut i64) (i64.const -5))
        {helpers}
        (func $mix (param $s i32) (param $v i32) (result i32)
            (i32.xor (i32.rotl (local.get $s) (i32.const 5)) (local.get $v)))
        (func $fold (param $v i64) (result i32)
            (i32.add (i32.wrap_i64 (local.get $v)) (i32.wrap_i64 (i64.shr_u (local.get $v) (i64.const 32)))))
        (func (export "predicate") (param $a i32) (param $b i32) (param $c i64) (param $bit i32) (result i32)
            (local $s i32)
            {entry}
            (local.set $s (call $mix (local.get $x) (local.get $y)))
            (local.set $s (call $mix (local.get $s) (call $fold (local.get $z))))
            (local.set $s (call $mix (local.get $s) (global.get $g)))
            (local.set $s (call $mix (local.get $s) (call $fold (global.get $h))))
            (local.set $s (call $mix (local.get $s) (i32.load (i32.const 8))))
            (local.set $s (call $mix (local.get $s) (i32.load (i32.const 20))))
            (local.set $s (call $mix (local.get $s) (i32.load (i32.const 33))))
            (i32.and (i32.const 1) (i32.shr_u (local.get $s) (local.get $bit)))))"#
    )
}

impl Generator {
    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from.choose(&mut self.rng).expect("something to pick")
    }

    fn constant(&mut self) -> i64 {
        let near = self.rng.gen_range(-2..3);
        match self.rng.gen_range(0..5) {
            0 => self.rng.gen_range(-3..40),
            1 => (1i64 << self.rng.gen_range(0..63)).wrapping_add(near),
            2 => i64::from(i32::MIN).wrapping_add(near),
            3 => i64::MIN.wrapping_add(near),
            _ => self.rng.r#gen::<i64>() >> self.rng.gen_range(0..64),
        }
    }

    /// An address: mostly one of a few that are in memory.
    fn address(&mut self, depth: usize) -> String {
        match self.rng.gen_range(0..12) {
            0..5 => format!("(i32.const {})", self.rng.gen_range(0..60)),
            5 if self.rng.gen_bool(0.1) => {
                format!("(i32.sub (i32.const 65548) (i32.and (i32.const 15) {}))", self.i32(depth))
            }
            6 => format!("(i32.mul (i32.const 4) (i32.rem_u {} (i32.const 7)))", self.i32(depth)),
            7 => format!("(i32.add (i32.const 3) (i32.shl (i32.and (i32.const 7) {}) (i32.const 2)))", self.i32(depth)),
            _ => format!("(i32.and (i32.const {}) {})", [3, 7, 12, 31][self.rng.gen_range(0..4)], self.i32(depth)),
        }
    }

    fn i32(&mut self, depth: usize) -> String {
        if depth == 0 {
            return match self.rng.gen_range(0..7) {
                0 => format!("(i32.const {})", self.constant() as i32),
                1 => "(global.get $g)".to_owned(),
                2 => "(i32.wrap_i64 (local.get $c))".to_owned(),
                3 if self.counters > 0 => format!("(local.get $i{})", self.rng.gen_range(0..self.counters)),
                _ => format!("(local.get ${})", self.pick(&["a", "b", "x", "y"])),
            };
        }
        let next = depth - 1;
        match self.rng.gen_range(0..26) {
            0..9 => {
                let (op, first, mut second) = (self.pick(&BINARY), self.i32(next), self.i32(next));
                if op.contains('_') && self.rng.gen_bool(0.95) {
                    // Divisors are rarely zero or all ones.
                    second = format!("(i32.or (i32.const 1) (i32.shr_u {second} (i32.const 1)))");
                }
                format!("(i32.{op} {first} {second})")
            }
            9..12 => {
                let op = self.pick(&COMPARE);
                format!("(i32.{op} {} {})", self.i32(next), self.i32(next))
            }
            12 => {
                let op = self.pick(&COMPARE);
                format!("(i64.{op} {} {})", self.i64(next), self.i64(next))
            }
            13 | 14 => {
                let op = self.pick(&UNARY);
                format!("(i32.{op} {})", self.i32(next))
            }
            15 => format!("(i32.eqz {})", self.i32(next)),
            16 => format!("(i64.eqz {})", self.i64(next)),
            17 => format!("(i32.wrap_i64 {})", self.i64(next)),
            18 => format!("(select {} {} {})", self.i32(next), self.i32(next), self.i32(next)),
            19 | 20 => {
                let op = self.pick(&["load", "load8_s", "load8_u", "load16_s", "load16_u"]);
                format!("(i32.{op} offset={} {})", self.rng.gen_range(0..5), self.address(next))
            }
            21 => format!("(if (result i32) {} (then {}) (else {}))", self.i32(next), self.i32(next), self.i32(next)),
            22 => {
                let label = self.label();
                let text = format!("(br_if {label} {} {})", self.i32(next), self.i32(next));
                format!("(block {label} (result i32) (drop {text}) {})", self.i32(next))
            }
            23 => format!("(local.tee ${} {})", self.pick(&["x", "y"]), self.i32(next)),
            24 if self.may_call() => {
                let to = self.rng.gen_range(self.function + 1..=HELPERS);
                format!("(call $f{to} {} {} {})", self.i32(next), self.i32(next), self.i64(next))
            }
            25 if self.function == 0 && self.may_call() => {
                let most = if self.rng.gen_bool(0.2) { 3 } else { 1 };
                let index = format!("(i32.and (i32.const {most}) {})", self.i32(next));
                let arguments = format!("{} {} {}", self.i32(next), self.i32(next), self.i64(next));
                format!("(call_indirect (type $f) {arguments} {index})")
            }
            _ => "(memory.size)".to_owned(),
        }
    }

    fn i64(&mut self, depth: usize) -> String {
        if depth == 0 {
            return match self.rng.gen_range(0..5) {
                0 => format!("(i64.const {})", self.constant()),
                1 => "(global.get $h)".to_owned(),
                2 => format!("(i64.extend_i32_u (local.get ${}))", self.pick(&["a", "b", "x", "y"])),
                3 => "(local.get $c)".to_owned(),
                _ => "(local.get $z)".to_owned(),
            };
        }
        let next = depth - 1;
        match self.rng.gen_range(0..14) {
            0..6 => {
                let (op, first, mut second) = (self.pick(&BINARY), self.i64(next), self.i64(next));
                if op.contains('_') && self.rng.gen_bool(0.95) {
                    // Divisors are rarely zero or all ones.
                    second = format!("(i64.or (i64.const 1) (i64.shr_u {second} (i64.const 1)))");
                }
                format!("(i64.{op} {first} {second})")
            }
            6 | 7 => {
                let op = self.pick(&["clz", "ctz", "popcnt", "extend8_s", "extend16_s", "extend32_s"]);
                format!("(i64.{op} {})", self.i64(next))
            }
            8 | 9 => format!("(i64.extend_i32_{} {})", self.pick(&["s", "u"]), self.i32(next)),
            10 => format!("(select {} {} {})", self.i64(next), self.i64(next), self.i32(next)),
            11 => {
                let op = self.pick(&["load", "load8_s", "load8_u", "load16_s", "load16_u", "load32_s", "load32_u"]);
                format!("(i64.{op} offset={} {})", self.rng.gen_range(0..5), self.address(next))
            }
            12 => format!("(local.tee $z {})", self.i64(next)),
            _ => format!("(if (result i64) {} (then {}) (else {}))", self.i32(next), self.i64(next), self.i64(next)),
        }
    }

    fn may_call(&mut self) -> bool {
        self.calls += 1;
        self.function < HELPERS && self.loops == 0 && self.calls < 4
    }

    fn label(&mut self) -> String {
        self.labels += 1;
        format!("$l{}", self.labels)
    }

    fn statements(&mut self, count: usize) -> String {
        (0..count).map(|_| self.statement() + "\n").collect()
    }

    fn statement(&mut self) -> String {
        match self.rng.gen_range(0..22) {
            0..4 => format!("(local.set ${} {})", self.pick(&["x", "y", "a"]), self.i32(3)),
            4 | 5 => format!("(local.set ${} {})", self.pick(&["z", "c"]), self.i64(3)),
            6 => format!("(global.set $g {})", self.i32(2)),
            7 => format!("(global.set $h {})", self.i64(2)),
            8 | 9 => {
                let op = self.pick(&["store", "store8", "store16"]);
                format!("(i32.{op} offset={} {} {})", self.rng.gen_range(0..3), self.address(1), self.i32(2))
            }
            10 => {
                let op = self.pick(&["store", "store8", "store16", "store32"]);
                format!("(i64.{op} {} {})", self.address(1), self.i64(2))
            }
            11 => format!("(if {} (then {}) (else {}))", self.i32(2), self.statements(2), self.statements(1)),
            12 => format!("(if {} (then {}))", self.i32(2), self.statements(1)),
            13..16 if self.loops < 2 => self.counted_loop(),
            16 => self.table(),
            17 => {
                format!("(memory.copy {} {} (i32.and (i32.const 3) {}))", self.address(1), self.address(1), self.i32(1))
            }
            18 => format!("(memory.fill {} {} (i32.and (i32.const 3) {}))", self.address(1), self.i32(1), self.i32(1)),
            19 if self.rng.gen_bool(0.3) => format!("(call $assume (i32.ne (i32.const 3) {}))", self.i32(2)),
            20 => {
                let at = self.rng.gen_range(0..8);
                let (from, len) = (self.rng.gen_range(0..8 - at + 1), self.rng.gen_range(0..=at));
                let which = self.pick(&["read_private", "read_public"]);
                format!("(call ${which} {} (i32.const {from}) (i32.const {len}))", self.address(1))
            }
            21 if self.rng.gen_bool(0.2) => format!("(drop (memory.grow (i32.and (i32.const 1) {})))", self.i32(1)),
            _ => format!("(local.set $x {})", self.i32(2)),
        }
    }

    /// Up to four times around, fewer where a condition says so; sometimes a bound is called as well.
    fn counted_loop(&mut self) -> String {
        let (out, again, counter) = (self.label(), self.label(), self.counters);
        self.counters += 1;
        self.loops += 1;
        let bound = if self.rng.gen_bool(0.3) {
            format!("(call $bound (i32.const {}))", self.rng.gen_range(1..5))
        } else {
            String::new()
        };
        let most = if self.rng.gen_bool(0.5) {
            format!("(i32.const {})", self.rng.gen_range(1..5))
        } else {
            format!("(i32.and (i32.const 3) {})", self.i32(1))
        };
        let (before, leave, after) = (self.statements(1), self.i32(1), self.statements(1));
        self.loops -= 1;
        let exit = if self.rng.gen_bool(0.5) { format!("(br_if {out} {leave})") } else { String::new() };
        format!(
            "(local.set $i{counter} (i32.const 0))
            (block {out} (loop {again} {bound} {before} {exit} {after}
                (local.set $i{counter} (i32.add (local.get $i{counter}) (i32.const 1)))
                (br_if {again} (i32.lt_u (local.get $i{counter}) {most}))))"
        )
    }

    fn table(&mut self) -> String {
        let labels = [self.label(), self.label(), self.label()];
        let targets: String = (0..4).map(|_| format!("{} ", labels[self.rng.gen_range(0..3)])).collect();
        let index = self.i32(1);
        let [a, b, c] = &labels;
        let (one, two) = (self.statements(1), self.statements(1));
        let leave = if self.rng.gen_bool(0.5) { format!("(br {a})") } else { String::new() };
        format!("(block {a} (block {b} (block {c} (br_table {targets} {index})) {one} {leave}) {two})")
    }
}
