//! Sums of bits that share rows by twos: random bitwise functions, summed, split and used again, agree with the native run
//! on random inputs, all rows are satisfied, and the certificate shows that nothing else satisfies them.

#[path = "support/pipeline.rs"]
mod pipeline;

use pipeline::{Built, build};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// Words that a program reads.
const WORDS: usize = 8;

/// A program that runs `body` over words `$w0` to `$w7` of its input, of which `$w8` is the result, and returns whether
/// its bits, turned by one, are the last word of the input.
fn program(body: &str) -> Built {
    let locals: String = (0..=WORDS).map(|at| format!("(local $w{at} i32) ")).collect();
    let loads: String =
        (0..WORDS).map(|at| format!("(local.set $w{at} (i32.load offset={} (i32.const 0)))\n", 4 * at)).collect();
    let text = format!(
        "(module (import \"zera\" \"read_public\" (func $read (param i32 i32 i32)))
        (memory (export \"memory\") 1)
        (func (export \"predicate\") (result i32) {locals}
        (call $read (i32.const 0) (i32.const 0) (i32.const {len}))
        {loads}{body}
        (i32.eq (i32.rotl (local.get $w8) (i32.const 1)) (i32.load offset={at} (i32.const 0)))))",
        len = 4 * WORDS + 4,
        at = 4 * WORDS,
    );
    let wasm = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    build(&wasm, 4 * WORDS as u32 + 4, 0).unwrap_or_else(|errors| panic!("{}\n{text}", errors[0]))
}

/// Holds for random inputs, with the right result and with wrong ones.
fn hold(built: &Built, random: &mut ChaCha20Rng, result: impl Fn(&[u32]) -> u32) {
    for round in 0..6 {
        let words: Vec<u32> = (0..WORDS).map(|_| if round == 0 { u32::MAX } else { random.r#gen::<u32>() }).collect();
        let right = result(&words).rotate_left(1);
        for (claimed, outcome) in [(right, 1), (right ^ 1 << random.gen_range(0..32), 0), (right.wrapping_add(1), 0)] {
            let bytes: Vec<u8> = words.iter().chain([&claimed]).flat_map(|word| word.to_le_bytes()).collect();
            assert_eq!(built.outcome(&bytes, &[]), outcome);
        }
    }
    let report = built.report.as_ref().unwrap_or_else(|error| panic!("certificate: {error}"));
    assert_eq!(report.assumed, Vec::<u32>::new());
}

/// Rows of a kind.
fn rows(built: &Built, kind: &str) -> u32 {
    let spans = built.compiled.artefact.spans.iter().filter(|span| span.text.ends_with(kind));
    spans.map(|span| span.rows.end - span.rows.start).sum()
}

fn get(at: usize) -> String {
    format!("(local.get $w{at})")
}

fn op(name: &str, a: impl AsRef<str>, b: impl AsRef<str>) -> String {
    format!("(i32.{name} {} {})", a.as_ref(), b.as_ref())
}

fn not(a: impl AsRef<str>) -> String {
    op("xor", a, "(i32.const -1)")
}

#[test]
fn two_words_of_products_are_summed_in_a_row_a_bit() {
    let random = &mut ChaCha20Rng::seed_from_u64(1);
    let sum = op("add", op("xor", get(0), get(1)), op("and", get(2), get(3)));
    let built = program(&format!("(local.set $w8 {sum})"));
    hold(&built, random, |w| (w[0] ^ w[1]).wrapping_add(w[2] & w[3]));
    assert_eq!(rows(&built, "packed logic"), 32);
    assert_eq!(rows(&built, "|logic"), 0);
    // One that is used twice has wires.
    let twice = op("mul", op("or", get(0), get(1)), op("add", op("or", get(0), get(1)), get(2)));
    let built = program(&format!("(local.set $w8 {twice})"));
    hold(&built, random, |w| (w[0] | w[1]).wrapping_mul((w[0] | w[1]).wrapping_add(w[2])));
    assert_eq!(rows(&built, "packed logic"), 0);
}

#[test]
fn choices_of_two_sums_share_rows() {
    let random = &mut ChaCha20Rng::seed_from_u64(2);
    let choice = |x: usize, y: usize, z: usize| op("xor", get(z), op("and", get(x), op("xor", get(y), get(z))));
    let body = format!(
        "(local.set $w4 {})\n(local.set $w8 {})",
        op("add", get(3), choice(0, 1, 2)),
        op("add", op("add", get(5), op("xor", get(4), op("rotr", get(4), "(i32.const 3)"))), choice(4, 0, 1)),
    );
    let built = program(&body);
    hold(&built, random, |w| {
        let choice = |x: u32, y: u32, z: u32| x & y | !x & z;
        let new = w[3].wrapping_add(choice(w[0], w[1], w[2]));
        w[5].wrapping_add(new ^ new.rotate_right(3)).wrapping_add(choice(new, w[0], w[1]))
    });
    assert_eq!(rows(&built, "packed logic"), 32 + 16, "32 for choices, 32 sums of two bits by twos");
}

#[test]
fn choices_share_rows_whatever_is_negated_and_whichever_arm_is_shared() {
    let random = &mut ChaCha20Rng::seed_from_u64(4);
    for case in 0..64u32 {
        let negated = |bit: u32, text: String| if case >> bit & 1 == 1 { not(text) } else { text };
        let value = |bit: u32, word: u32| if case >> bit & 1 == 1 { !word } else { word };
        let choice = |x: String, y: String, z: String| op("or", op("and", &x, y), op("and", not(&x), z));
        // The first has arms 1 and 2, the second 0 and one of the first's, in either order.
        let shared = if case >> 4 & 1 == 1 { 2 } else { 1 };
        let first = choice(get(0), negated(0, get(1)), negated(1, get(2)));
        let [a, b] = [negated(2, get(0)), negated(3, get(shared))];
        let [a, b] = if case >> 5 & 1 == 1 { [b, a] } else { [a, b] };
        let body = format!(
            "(local.set $w4 {})\n(local.set $w8 {})",
            op("add", get(3), op("mul", first, "(i32.const 3)")),
            op("sub", get(5), choice(get(4), a, b)),
        );
        let built = program(&body);
        hold(&built, random, |w| {
            let choice = |x: u32, y: u32, z: u32| x & y | !x & z;
            let new = w[3].wrapping_add(choice(w[0], value(0, w[1]), value(1, w[2])).wrapping_mul(3));
            let [a, b] = [value(2, w[0]), value(3, w[shared])];
            let [a, b] = if case >> 5 & 1 == 1 { [b, a] } else { [a, b] };
            w[5].wrapping_sub(choice(new, a, b))
        });
        assert_eq!(rows(&built, "packed logic"), 32, "case {case}");
    }
}

#[test]
fn sums_with_more_than_digits_and_cells_between_them_are_split_apart() {
    let random = &mut ChaCha20Rng::seed_from_u64(5);
    let choice = |x: usize, y: usize, z: usize| op("xor", get(z), op("and", get(x), op("xor", get(y), get(z))));
    type Extra = (String, fn(u32, &[u32]) -> u32, u32);
    let extras: [Extra; 5] = [
        (op("mul", get(4), get(5)), |new, w| new.wrapping_mul(w[5]), 0),
        (op("eq", get(4), get(5)), |new, w| u32::from(new == w[5]), 0),
        (op("lt_u", get(4), get(5)), |new, w| u32::from(new < w[5]), 0),
        // A digit in the sum itself.
        (op("and", get(4), "(i32.const 1)"), |new, _| new & 1, 0),
        // Cells of cells of digits are bounded one after the other.
        (
            op("and", op("xor", op("rotl", get(4), "(i32.const 5)"), get(5)), op("or", get(4), get(7))),
            |new, w| (new.rotate_left(5) ^ w[5]) & (new | w[7]),
            32,
        ),
    ];
    for (extra, value, shared) in extras {
        let body = format!(
            "(local.set $w4 {})\n(local.set $w8 {})",
            op("add", get(3), choice(0, 1, 2)),
            op("add", extra, choice(4, 0, 1)),
        );
        let built = program(&body);
        hold(&built, random, |w| {
            let choice = |x: u32, y: u32, z: u32| x & y | !x & z;
            let new = w[3].wrapping_add(choice(w[0], w[1], w[2]));
            value(new, w).wrapping_add(choice(new, w[0], w[1]))
        });
        assert_eq!(rows(&built, "packed logic"), shared, "{body}");
    }
}

#[test]
fn what_only_looks_like_a_pair_is_left_alone() {
    let random = &mut ChaCha20Rng::seed_from_u64(6);
    let choice = |x: usize, y: usize, z: usize| op("xor", get(z), op("and", get(x), op("xor", get(y), get(z))));
    // Three words, each of which chooses among the others: no product of four.
    let body = format!(
        "(local.set $w4 {})\n(local.set $w8 {})",
        op("rotl", op("add", get(3), choice(0, 1, 2)), "(i32.const 1)"),
        op("add", op("xor", get(4), get(5)), choice(2, 0, 1)),
    );
    let built = program(&body);
    hold(&built, random, |w| {
        let choice = |x: u32, y: u32, z: u32| x & y | !x & z;
        let new = w[3].wrapping_add(choice(w[0], w[1], w[2])).rotate_left(1);
        (new ^ w[5]).wrapping_add(choice(w[2], w[0], w[1]))
    });
    assert_eq!(rows(&built, "packed logic"), 16, "only the sums of two bits");
    // The highest digit of a product that just fits is no wire but a long combination.
    let half = |at: usize| op("and", get(at), "(i32.const 0xffff)");
    let body = format!("(local.set $w8 {})", op("add", get(2), op("xor", op("mul", half(0), half(1)), get(3))));
    let built = program(&body);
    hold(&built, random, |w| w[2].wrapping_add(((w[0] & 0xffff) * (w[1] & 0xffff)) ^ w[3]));
    assert_eq!(rows(&built, "packed logic"), 15, "31 bits by twos");
}

/// A random bitwise function of words, as text and as what it computes.
type Function = (String, Box<dyn Fn(&[u32]) -> u32>);

fn bitwise(random: &mut ChaCha20Rng, words: &[usize]) -> Function {
    let pick = |random: &mut ChaCha20Rng| -> Function {
        let at = *words.choose(random).unwrap();
        match random.gen_range(0..4) {
            0 => (not(get(at)), Box::new(move |w: &[u32]| !w[at])),
            1 => {
                let by = random.gen_range(1..32u32);
                (op("rotl", get(at), format!("(i32.const {by})")), Box::new(move |w: &[u32]| w[at].rotate_left(by)))
            }
            _ => (get(at), Box::new(move |w: &[u32]| w[at])),
        }
    };
    let [(x, f), (y, g), (z, h)] = [pick(random), pick(random), pick(random)];
    match random.gen_range(0..6) {
        0 => (op("xor", &x, &y), Box::new(move |w| f(w) ^ g(w))),
        1 => (op("and", &x, &y), Box::new(move |w| f(w) & g(w))),
        2 => (op("or", &x, &y), Box::new(move |w| f(w) | g(w))),
        3 => (op("or", op("and", &x, &y), op("and", not(&x), &z)), Box::new(move |w| f(w) & g(w) | !f(w) & h(w))),
        4 => (op("xor", op("and", &x, &y), op("and", not(&x), &z)), Box::new(move |w| f(w) & g(w) | !f(w) & h(w))),
        _ => (
            op("or", op("or", op("and", &x, &y), op("and", &x, &z)), op("and", &y, &z)),
            Box::new(move |w| f(w) & g(w) | f(w) & h(w) | g(w) & h(w)),
        ),
    }
}

#[test]
fn random_sums_are_what_they_should_be() {
    let random = &mut ChaCha20Rng::seed_from_u64(3);
    let mut packed = 0;
    for _ in 0..40 {
        // Steps that each write a word: a sum of words, constants and bitwise functions, some with factors or shifts.
        let (mut body, mut steps) = (String::new(), Vec::new());
        for step in 0..random.gen_range(2..5) {
            let words: Vec<usize> = (0..WORDS).collect();
            let mut terms: Vec<(u32, Function)> = Vec::new();
            for _ in 0..random.gen_range(1..4) {
                let factor = *[1, 1, 1, 2, 3, 0x8000_0001, u32::MAX].choose(random).unwrap();
                terms.push((factor, bitwise(random, &words)));
            }
            let mut text = get(step);
            for (factor, (term, _)) in &terms {
                text = op("add", &text, op("mul", term, format!("(i32.const {})", *factor as i32)));
            }
            let to = (step + 4) % WORDS;
            body += &format!("(local.set $w{to} {text})\n");
            steps.push((step, to, terms));
        }
        let last = steps.last().unwrap().1;
        body += &format!("(local.set $w8 {})\n", get(last));
        let built = program(&body);
        hold(&built, random, |w| {
            let mut w = w.to_vec();
            for (from, to, terms) in &steps {
                let sum = terms.iter().map(|(factor, (_, f))| factor.wrapping_mul(f(&w)));
                w[*to] = sum.fold(w[*from], u32::wrapping_add);
            }
            w[last]
        });
        packed += rows(&built, "packed logic");
    }
    assert!(packed > 1000, "{packed} rows of pairs");
}
