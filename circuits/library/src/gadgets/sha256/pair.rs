//! Two rounds at once: Ch and Maj of both in one row a bit position each.
//!
//! Ch and Maj are only ever summed, so their bits need no wires. Row `i` makes one wire for position `i` of both rounds,
//! `F_t + W F_(t+1)` with `W = 2^40`, and one equation splits the two sums that the rounds reduce:
//!
//! `sum_i 2^i (F_t,i + W F_(t+1),i) + s_t + W s_(t+1) = u_t + W u_(t+1)`
//!
//! where `s` are the other summands, known integers within `0..2^38`, and `u` has the bits of the sums, each with its
//! row (Bool), the highest without a wire.
//!
//! # Correctness
//! The bits of round `t + 1`'s newest word occur in the rows of both rounds, so wires are not pinned one row after the
//! other. They are nevertheless the only ones:
//! 1. Let all `F` be as they should. Both sides of the equation are integers below `2^80`, so it holds over the
//!    integers, and their low digits in base `W` are equal: `sum_i 2^i F_t,i + s_t = u_t`. The left side is a function
//!    of words that rounds before `t` fixed, so `u_t` is the only one, and so are its bits.
//! 2. With those bits `s_(t+1)` and `F_(t+1)` are fixed, and the high digits fix `u_(t+1)`.
//! 3. Ch's wire is a product of two combinations of four bits, so it is as it should be (`choices`), and `e` is an
//!    ordinary joint split ([`zera_ir::OpenSplit`]), its `W` just above the first sum. Maj's may be wrong at some
//!    positions, and then the equation fails (`majorities`); that is not in the certificate.

use super::{CH, MAJ, Rounds, WIDTH, sigma};
use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};
use zera_ir::I256;
use zera_ir::{Bit, Builder, Int, Lc, ProductSum, Value};

/// `W = 2^40`.
const DIGIT_BITS: u64 = 40;
/// How far off a wrong majority is: `2^100`.
const FAR_BITS: u64 = 100;

/// The two new words of each sequence, `e` and `a`; `extra` is added to the second of each before it is reduced.
pub fn two_rounds(
    builder: &mut Builder,
    rounds: &Rounds,
    k: [u32; 2],
    w: [&Int; 2],
    extra: [&Int; 2],
) -> [[Vec<Bit>; 2]; 2] {
    let [d, c, b, a] = rounds.a.last_chunk::<4>().expect("four words");
    let [h, g, f, e] = rounds.e.last_chunk::<4>().expect("four words");
    let int = |word: &[Bit]| Int::from_bits(word);
    let k = k.map(|k| Int::constant(u128::from(k)));

    // e' = d + h + Sigma1(e) + Ch(e, f, g) + k + w, twice.
    let rest = int(d).add(&int(h)).add(&sigma(builder, e, [6, 11, 25])).add(&k[0]).add(w[0]);
    let first = values(builder, [e, f, g], CH);
    let low = Digit::new(builder, rest, &first);
    let open = builder.open_split(low.value, low.bits as u32);
    let e1 = open.digits().to_vec();
    let rest = int(c).add(&int(g)).add(&sigma(builder, &e1[..WIDTH], [6, 11, 25])).add(&k[1]).add(w[1]).add(extra[0]);
    let second = values(builder, [&e1[..WIDTH], e, f], CH);
    let high = Digit::new(builder, rest, &second);
    let shared = choices(builder, open.base(), [&e1[..WIDTH], e, f, g], [&first, &second]);
    let e2 = builder.close_split(open, [low.rest.rep(), high.rest.rep()], &shared, high.value, high.bits as u32);

    // a' = e' - d + Sigma0(a) + Maj(a, b, c), twice; the first extra is in e'.
    let rest = int(&e1[..WIDTH]).sub(&int(d)).add(&sigma(builder, a, [2, 13, 22]));
    let first = values(builder, [a, b, c], MAJ);
    let low = Digit::new(builder, rest, &first);
    let a1 = builder.assume_bits(low.value, low.bits, low.bits);
    let rest =
        int(&e2[..WIDTH]).sub(extra[0]).sub(&int(c)).add(&sigma(builder, &a1[..WIDTH], [2, 13, 22])).add(extra[1]);
    let second = values(builder, [&a1[..WIDTH], a, b], MAJ);
    let high = Digit::new(builder, rest, &second);
    let sum = majorities(builder, [&a1[..WIDTH], a, b, c], [&first, &second]);
    let a2 = builder.assume_bits(high.value, high.bits, high.bits - 1);
    equation(builder, &sum, &low, &a1, &high, &a2);

    [[e1, e2], [a1, a2]].map(|words| words.map(|bits| bits[..WIDTH].to_vec()))
}

/// `2^i (Ch(x1, x2, x3) + W Ch(x0, x1, x2))` for each bit `i` of four words: a row and a wire each.
///
/// `p = (x3 - 2 x1 + W x0 + x2) (x3 - W x0 - x2)` is `2 (x1 x2 - x1 x3) + 2 W (x0 x1 - x0 x2) + x3 - W^2 x0 - x2`, since
/// bits are their own squares, and `Ch(x, y, z) = z + x y - x z`. So the wire is `2^(i-1)` times
/// `p + x3 + (2 W + 1) x2 + W^2 x0`.
fn choices(builder: &mut Builder, w: Fr, words: [&[Bit]; 4], choices: [&[Value]; 2]) -> Vec<ProductSum> {
    let (one, two) = (Fr::one(), Fr::from(2));
    let half = two.inverse().expect("2 is not zero");
    let row = |i: usize| {
        let [x0, x1, x2, x3] = words.map(|word| word[i].lc());
        let left = Lc::combine([(one, x3), (-two, x1), (w, x0), (one, x2)]);
        let right = Lc::combine([(one, x3), (-w, x0), (-one, x2)]);
        let factor = half * power(i as u64);
        let linear = Lc::combine([(one, x3), (two * w + one, x2), (w * w, x0)]).scale(factor);
        let value = [(choices[0][i], power(i as u64)), (choices[1][i], w * power(i as u64))];
        let value = builder.value_sum(Fr::zero(), &value);
        builder.product_sum(value, [&left, &right], factor.inverse().expect("a power of two is not zero"), &linear)
    };
    (0..WIDTH).map(row).collect()
}

/// `sum_i 2^i (Maj(x1, x2, x3) + W Maj(x0, x1, x2))` over the bits `i` of four words: a row a bit.
///
/// Both majorities are `x1` where `x1 = x2`, else `x3` and `x0`. The row of the wire `m`, with `v = 2^100`, is
///
/// `(m - x3 - W x0 + v (1 - x1 - x2)) (m - v x1 + (v - 1 - W) x2) = 0`
///
/// | x1 x2 | first factor zero | second factor zero |
/// |---|---|---|
/// | 0 0 | x3 + W x0 - v | **0** |
/// | 0 1 | **x3 + W x0** | 1 + W - v |
/// | 1 0 | **x3 + W x0** | v |
/// | 1 1 | x3 + W x0 + v | **1 + W** |
///
/// # Correctness
/// Where `m` is not the value in bold it is off by `v` or `-v` and an integer below `2^41`. Were it wrong at the
/// positions `I`, the sum would be off by `v sum_I +-2^i`, where the sum is not zero (its lowest term is odd beside the
/// others) and below `2^32`, and by less than `2^73`: by an integer that is at least `2^99` and less than `2^133` in
/// absolute value. But in the equation both sides, the sum as it should be and the rest, are below `2^80`, and
/// `2^133 < r`: it fails.
fn majorities(builder: &mut Builder, words: [&[Bit]; 4], majorities: [&[Value]; 2]) -> Lc {
    let (one, w, v) = (Fr::one(), digit(), power(FAR_BITS));
    let constant = Lc::constant(one);
    let mut parts = Vec::with_capacity(WIDTH);
    for i in 0..WIDTH {
        let [x0, x1, x2, x3] = words.map(|word| word[i].lc());
        let value = builder.value_sum(Fr::zero(), &[(majorities[0][i], one), (majorities[1][i], w)]);
        let m = builder.assume_wire(value);
        let left = Lc::combine([(one, &m), (-one, x3), (-w, x0), (v, &constant), (-v, x1), (-v, x2)]);
        let right = Lc::combine([(one, &m), (-v, x1), (v - one - w, x2)]);
        builder.assert_product(&left, &right, &Lc::zero());
        parts.push((power(i as u64), m));
    }
    Lc::combine(parts.iter().map(|(factor, lc)| (*factor, lc)))
}

/// A sum to be split: `rest + sum_i 2^i f_i`, with `rest` lifted by a multiple of `2^32` so that it is not negative.
struct Digit {
    rest: Int,
    value: Value,
    bits: usize,
}

impl Digit {
    fn new(builder: &mut Builder, rest: Int, f: &[Value]) -> Self {
        let lo = rest.range().lo();
        let lift = if lo < I256::ZERO { (-lo >> WIDTH) + I256::ONE } else { I256::ZERO };
        let rest = rest.add(&Int::constant(lift << WIDTH));
        let range = rest.add(&Int::constant((1u64 << WIDTH) - 1)).range();
        let bits = range.unsigned_bits().expect("lifted") as usize;
        assert!(bits as u64 + 2 <= DIGIT_BITS, "sha256: a sum of {bits} bits");
        let mut terms = vec![(builder.value(rest.rep()), Fr::one())];
        terms.extend((0..).zip(f).map(|(i, f)| (*f, power(i))));
        let value = builder.value_sum(Fr::zero(), &terms);
        Digit { rest, value, bits }
    }
}

/// The equation, which makes the high sum's highest bit 0 or 1.
fn equation(builder: &mut Builder, sum: &Lc, low: &Digit, low_bits: &[Bit], high: &Digit, high_bits: &[Bit]) {
    let w = digit();
    let (low_int, high_int) = (Int::from_bits(low_bits), Int::from_bits(high_bits));
    let one = Fr::one();
    let highest = Lc::combine([
        (one, sum),
        (one, low.rest.rep()),
        (w, high.rest.rep()),
        (-one, low_int.rep()),
        (-w, high_int.rep()),
    ]);
    let weight = w * power(high.bits as u64 - 1);
    builder.assert_boolean(&highest.scale(weight.inverse().expect("a power of two is not zero")));
}

/// A function of three words, bit by bit, without rows.
fn values(builder: &mut Builder, words: [&[Bit]; 3], table: u8) -> Vec<Value> {
    (0..WIDTH)
        .map(|i| {
            let inputs = words.map(|word| builder.value(word[i].lc()));
            builder.value_lookup(inputs, table)
        })
        .collect()
}

fn digit() -> Fr {
    power(DIGIT_BITS)
}

fn power(exponent: u64) -> Fr {
    Fr::from(2).pow([exponent])
}
