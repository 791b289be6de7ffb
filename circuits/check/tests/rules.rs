//! Each rule on rows written by hand, with what it must refuse.

#[path = "support/oracle.rs"]
mod oracle;

use ark_bn254::Fr;
use ark_ff::Field;
use oracle::{Answer, search};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::BTreeSet;
use std::ops::Range;
use zera_check::{CheckError, Reason, Report, check_steps, lint};
use zera_r1cs::{Matrices, SparseMatrix, Step};

type Terms = Vec<(u32, i64)>;

/// Rows over small integers; wires count from the constant 0.
#[derive(Clone, Default)]
struct Rows(Vec<[Terms; 3]>);

impl Rows {
    fn push(&mut self, a: &[(u32, i64)], b: &[(u32, i64)], c: &[(u32, i64)]) -> u32 {
        self.0.push([a.to_vec(), b.to_vec(), c.to_vec()]);
        self.0.len() as u32 - 1
    }

    fn bits(&mut self, wires: Range<u32>) {
        wires.for_each(|wire| _ = self.push(&[(wire, 1)], &[(0, -1), (wire, 1)], &[]));
    }

    fn matrices(&self, wires: u32) -> Matrices {
        let field = |value: i64| if value < 0 { -Fr::from(value.unsigned_abs()) } else { Fr::from(value as u64) };
        let [a, b, c] = [0, 1, 2].map(|part| {
            let terms = |row: &[Terms; 3]| {
                row[part].iter().filter(|(_, c)| *c != 0).map(|(wire, c)| (*wire, field(*c))).collect::<Vec<_>>()
            };
            SparseMatrix::from_rows(self.0.iter().map(terms)).unwrap()
        });
        Matrices::new(0, wires, a, b, c).unwrap()
    }

    /// [`checked`] for these rows.
    fn check(&self, wires: u32, values: &[u32], bits: Range<u32>, steps: &[Step]) -> Result<Report, CheckError> {
        checked(&self.matrices(wires), values, bits, steps)
    }
}

/// Checks, with `values` and then `bits` given, and compares with a search over all bits and some values.
fn checked(matrices: &Matrices, values: &[u32], bits: Range<u32>, steps: &[Step]) -> Result<Report, CheckError> {
    let result = check_steps(matrices, values, bits.clone(), steps);
    if let Ok(report) = &result {
        let free: BTreeSet<u32> = report.free.iter().copied().collect();
        for point in 0..1u64 << bits.len() {
            for salt in [0u64, 1, 5, 1 << 40].into_iter().take(if values.is_empty() { 1 } else { 4 }) {
                let spelled = bits.clone().enumerate().map(|(i, wire)| (wire, Fr::from(point >> i & 1)));
                let given: Vec<(u32, Fr)> =
                    spelled.chain(values.iter().map(|wire| (*wire, Fr::from(salt + u64::from(*wire))))).collect();
                let answer = search(matrices, &given, &free);
                assert!(matches!(answer, Answer::One | Answer::None), "{answer:?} at {given:?}");
                assert!(answer == Answer::One || !report.asserted.is_empty(), "refused at {given:?}");
            }
        }
    }
    result
}

fn reason(result: Result<Report, CheckError>) -> Reason {
    match result {
        Err(CheckError::Step { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

fn solve(row: u32, wire: u32) -> Step {
    Step::Solve { row, wire }
}

#[test]
fn solve_asks_for_one_linear_wire_and_a_slope_that_is_not_zero() {
    // x (wire 1) is any value, b (2) a bit; y is wire 3.
    let check = |a: &[(u32, i64)], b: &[(u32, i64)], c: &[(u32, i64)]| {
        let mut rows = Rows::default();
        rows.bits(2..3);
        rows.push(a, b, c);
        rows.check(4, &[1], 2..3, &[solve(1, 3)])
    };
    assert!(check(&[(1, 1)], &[(1, 1)], &[(3, 5)]).is_ok(), "y = x^2 / 5");
    assert!(check(&[(3, 1)], &[(0, 7)], &[(1, 1)]).is_ok(), "7 y = x");
    // The slope 2 - b or 1 - 3 b differs from zero, b and 2 - 2 b do not, x is unknown.
    assert!(check(&[(3, 1)], &[(0, 2), (2, -1)], &[(1, 1)]).is_ok());
    assert!(check(&[(0, 1), (2, -3)], &[(1, 1), (3, 1)], &[(0, 5)]).is_ok());
    for slope in [vec![(2, 1)], vec![(0, 2), (2, -2)], vec![(1, 1)]] {
        assert_eq!(reason(check(&[(3, 1)], &slope, &[(0, 1)])), Reason::Slope, "{slope:?}");
    }
    // y + b y = x with y in two places: the slopes add up.
    assert!(check(&[(3, 1)], &[(2, 1)], &[(1, 1), (3, -1)]).is_ok());
    assert_eq!(reason(check(&[(3, 1)], &[(2, 1)], &[(1, 1), (3, 1)])), Reason::Slope, "y (b - 1) = x");
    assert_eq!(reason(check(&[(3, 1)], &[(3, 1)], &[(1, 1)])), Reason::NotLinear);
    assert_eq!(reason(check(&[(1, 1)], &[(1, 1)], &[(2, 1)])), Reason::Absent { wire: 3 });
    assert_eq!(reason(check(&[], &[(3, 1)], &[])), Reason::Slope);
    let mut rows = Rows::default();
    rows.push(&[(1, 1)], &[(0, 1)], &[(2, 1), (3, 1)]);
    assert_eq!(reason(rows.check(4, &[1], 0..0, &[solve(0, 3)])), Reason::Pending { wire: 2 });
    assert_eq!(reason(rows.check(4, &[1], 0..0, &[solve(0, 1)])), Reason::Again { wire: 1 });
    assert_eq!(reason(rows.check(4, &[1, 2], 0..0, &[solve(0, 3), solve(0, 3)])), Reason::Again { wire: 3 });
    assert_eq!(reason(rows.check(4, &[1], 0..0, &[solve(7, 3)])), Reason::NoRow { rows: 1 });
    assert_eq!(reason(rows.check(4, &[1], 0..0, &[solve(0, 4)])), Reason::NoWire { wires: 4 });
    let error = rows.check(4, &[1, 2], 0..0, &[]).unwrap_err();
    assert_eq!(error, CheckError::Undetermined { wire: 3 });
    assert_eq!(rows.check(4, &[1], 2..3, &[]), Err(CheckError::InputBit { wire: 2 }));
    assert_eq!(rows.check(4, &[9], 0..0, &[]), Err(CheckError::InputBit { wire: 9 }));
}

/// Points of the cube that no assignment has do not count: `p = a b`, so `a + b - 2 p` is a bit and so is `1 + a + b - 3 p`
/// never zero.
#[test]
fn enumeration_follows_products_to_their_factors() {
    let mut rows = Rows::default();
    rows.bits(1..3);
    rows.push(&[(1, 1)], &[(2, 1)], &[(3, 1)]);
    // (1 + a + b - 3 p) y = a; at a = b = 0, p = 1 the slope would be -2, at a = 1, b = 1, p = 0 3, at a = b = 1 it is 0.
    rows.push(&[(4, 1)], &[(0, 1), (1, 1), (2, 1), (3, -3)], &[(1, 1)]);
    assert_eq!(reason(rows.check(5, &[], 1..3, &[solve(2, 3), solve(3, 4)])), Reason::Slope);
    // (1 - a + 2 p - b) is zero at a = 1, b = 0 and at a = 0, b = 1; (1 - a + p) only where p is no product.
    rows.0[3][1] = vec![(0, 1), (1, 1), (2, 0), (3, -2)];
    rows.0[3][1].remove(2);
    assert_eq!(
        reason(rows.check(5, &[], 1..3, &[solve(2, 3), solve(3, 4)])),
        Reason::Slope,
        "1 + a - 2 p at a = b = 1"
    );
    rows.0[3][1] = vec![(0, 1), (1, 1), (3, -1)];
    assert!(rows.check(5, &[], 1..3, &[solve(2, 3), solve(3, 4)]).is_ok(), "1 + a - p");
    rows.0[3][1] = vec![(0, 1), (2, 1), (3, -2), (1, 1)];
    rows.0[3][1].sort();
    assert!(rows.check(5, &[], 1..3, &[solve(2, 3), solve(3, 4)]).is_ok(), "1 + (a xor b)");
    // The same with p a bit of its own, not the product.
    rows.0[2] = [vec![(3, 1)], vec![(0, -1), (3, 1)], vec![]];
    assert_eq!(reason(rows.check(5, &[], 1..4, &[solve(3, 4)])), Reason::Slope);
}

/// Nor do those where a two-valued form would have a third value, whether it holds bits alone or products too.
#[test]
fn enumeration_leaves_out_what_two_valued_forms_exclude() {
    // x0 + 2 x1 + 4 x2 = b0 + 2 b1 + 4 t: wires 1 to 3, 4 and 5; t = x2. Then (4 - 2 t) y = x0.
    let mut rows = Rows::default();
    rows.bits(1..6);
    let form = [(1, 1), (2, 2), (3, 4), (4, -1), (5, -2)];
    let shifted: Terms = [(0, -4)].into_iter().chain(form).collect();
    rows.push(&form, &shifted, &[]);
    rows.push(&[(6, 1)], &[(0, 4), (1, -1), (2, -2), (3, -2), (4, 1), (5, 2)], &[(1, 1)]);
    let digits = Step::Digits { row: 5, wires: vec![4, 5] };
    assert_eq!(rows.check(7, &[], 1..4, &[digits.clone(), solve(6, 6)]).unwrap().asserted, [0u32; 0]);
    // With digits that are any bits the slope is zero at x = 6 and b = 0.
    rows.0[5] = Default::default();
    assert_eq!(reason(rows.check(7, &[], 1..6, &[solve(6, 6)])), Reason::Slope);

    // p = x0 x1 (wires 5, 1 and 2) and p + 2 x2 = b + 2 t (wires 3 and 4), so b = p, and 1 + x0 - 2 p + b = 1 + x0 - p.
    let mut rows = Rows::default();
    rows.bits(1..5);
    rows.push(&[(1, 1)], &[(2, 1)], &[(5, 1)]);
    rows.push(&[(3, 2), (4, -1), (5, 1)], &[(0, -2), (3, 2), (4, -1), (5, 1)], &[]);
    rows.push(&[(6, 1)], &[(0, 1), (1, 1), (4, 1), (5, -2)], &[(1, 1)]);
    let steps = [solve(4, 5), Step::Digits { row: 5, wires: vec![4] }, solve(6, 6)];
    assert_eq!(rows.check(7, &[], 1..4, &steps).unwrap().asserted, [0u32; 0]);
    // It is zero at x = 3 and b = 0.
    rows.0[5] = Default::default();
    assert_eq!(reason(rows.check(7, &[], 1..5, &[solve(4, 5), solve(6, 6)])), Reason::Slope);
}

/// A wire that is chosen by a bit is one or the other: its range holds both.
#[test]
fn a_choice_is_in_the_hull_of_what_it_chooses_from() {
    // b = wire 1, y = 2, x = 4 + a number of ten bits, 3 to 12; m = b ? x : y is wire 13. More bits than are enumerated.
    let check = |swap: bool, least: i64| {
        let mut rows = Rows::default();
        rows.bits(1..13);
        let x = |factor: i64| (0..10).map(move |i| (3 + i, factor << i));
        let y = [(0, least), (2, 1)];
        let difference: Terms = [(0, 4 - least), (2, -1)].into_iter().chain(x(1)).collect();
        match swap {
            false => _ = rows.push(&difference, &[(1, 1)], &[(0, -least), (2, -1), (13, 1)]),
            true => {
                let chosen: Terms = difference.iter().map(|(wire, c)| (*wire, -c)).collect();
                let c: Terms = [(0, -4)].into_iter().chain(x(-1)).chain([(13, 1)]).collect();
                rows.push(&chosen, &[(1, 1)], &c);
            }
        }
        // m z = y.
        rows.push(&[(13, 1)], &[(14, 1)], &y);
        check_steps(&rows.matrices(15), &[], 1..13, &[solve(12, 13), solve(13, 14)])
    };
    for swap in [false, true] {
        assert_eq!(reason(check(swap, 0)), Reason::Slope);
        check(swap, 1).unwrap();
    }
}

/// Two products in one row by the difference of squares, `m = a b + 2 c d`: between 0 and 3, which two digits hold.
#[test]
fn a_function_of_few_bits_is_bounded_by_its_values() {
    let check = |weight: i64| {
        let mut rows = Rows::default();
        rows.bits(1..5);
        rows.bits(6..8);
        // (2 a + b - 2 c + 2 d) (2 a + b + 2 c - 2 d) = 4 (a b + 2 c d) + 4 a + b - 4 c - 4 d.
        let c = [(1, 4), (2, 1), (3, -4), (4, -4), (5, 4)];
        rows.push(&[(1, 2), (2, 1), (3, -2), (4, 2)], &[(1, 2), (2, 1), (3, 2), (4, -2)], &c);
        rows.push(&[(5, 1), (6, -1), (7, -weight)], &[(0, 1)], &[]);
        rows.check(8, &[], 1..5, &[solve(6, 5), Step::Digits { row: 7, wires: vec![6, 7] }]).unwrap().asserted
    };
    assert_eq!(check(2), [0u32; 0]);
    assert_eq!(check(3), [7], "3 is no digit's sum");
    // The bound is a fact before any of it is determined.
    let mut rows = Rows::default();
    rows.bits(1..4);
    rows.push(&[(2, 1)], &[(3, 1)], &[(4, 1)]);
    rows.push(&[(1, 1), (2, 1), (4, 2)], &[(0, 1)], &[(3, 1)]);
    let bounded = Step::Bounded { row: 3, wire: 4 };
    let digits = Step::Digits { row: 4, wires: vec![2, 3] };
    assert!(matches!(reason(rows.check(5, &[], 1..2, &[bounded, digits])), Reason::Overlap { .. }));
    let bounded = Step::Bounded { row: 4, wire: 4 };
    assert_eq!(reason(rows.check(5, &[], 1..2, &[bounded])), Reason::Wraps, "halves");
}

/// Half of `p - b0`, where `b0` is the lowest digit of `p`, is made of the other digits.
#[test]
fn halves_are_integers_where_digits_say_so() {
    let check = |divisor: i64| {
        let mut rows = Rows::default();
        rows.bits(1..4);
        rows.bits(5..9);
        rows.push(&[(1, 1), (2, 2), (3, 4)], &[(0, 1)], &[(4, 1)]);
        rows.push(&[(4, 1), (5, -1), (6, -2)], &[(0, -4), (4, 1), (5, -1), (6, -2)], &[]);
        rows.push(&[(4, 1), (5, -1)], &[(0, 1)], &[(7, divisor), (8, 2 * divisor)]);
        let digits = |row, wires| Step::Digits { row, wires };
        let steps = [solve(7, 4), digits(8, vec![5, 6]), digits(9, vec![7, 8])];
        rows.check(9, &[], 1..4, &steps).unwrap().asserted
    };
    assert_eq!(check(2), [0u32; 0]);
    assert_eq!(check(3), [9]);
}

/// `x = b0 + 2 b1 + 4 t` with x given as bits, and everything that can be wrong with digits.
#[test]
fn digits_are_bounded_distinct_and_do_not_wrap() {
    // Wires 1..4 are the bits of x, 4 and 5 its digits again.
    let split = |weights: [i64; 3], size: i64, bits: Range<u32>| {
        let mut rows = Rows::default();
        rows.bits(1..4);
        rows.bits(bits);
        let form = [(1, 1), (2, 2), (3, 4), (4, -weights[0]), (5, -weights[1])];
        let shifted: Terms = [(0, -size)].into_iter().chain(form).collect();
        let row = rows.push(&form, &shifted, &[]);
        let wires = if weights[0] > weights[1] { vec![5, 4] } else { vec![4, 5] };
        rows.check(6, &[], 1..4, &[Step::Digits { row, wires }])
    };
    assert_eq!(split([1, 2, 4], 4, 4..6).unwrap().asserted, [0u32; 0]);
    assert_eq!(split([2, 1, 4], 4, 4..6).unwrap().asserted, [0u32; 0]);
    // Not every x has such digits, but no x has two.
    assert_eq!(split([1, 3, 9], 9, 4..6).unwrap().asserted, [5]);
    assert_eq!(split([1, 2, 4], 8, 4..6).unwrap().asserted, [5]);
    assert_eq!(
        split([1, 1, 4], 4, 4..6).unwrap_err().to_string(),
        "certificate step 0 (row 5, wire 4): digits overlap at wire 5"
    );
    assert_eq!(reason(split([1, 2, 4], 3, 4..6)), Reason::Overlap { wire: 0 });
    assert_eq!(reason(split([1, 2, 4], 4, 4..5)), Reason::Unbounded { wire: 5 });
    assert_eq!(reason(split([1, 2, 4], 0, 4..6)), Reason::NotLinear);
    // Without the slack it is a plain equation; two's complement reaches every value as well.
    let mut rows = Rows::default();
    rows.bits(1..4);
    rows.bits(4..7);
    rows.push(&[(4, 1), (5, 2), (6, -4)], &[(0, 1)], &[(1, 1), (2, 2), (3, -4)]);
    let digits = |wires: &[u32]| [Step::Digits { row: 6, wires: wires.to_vec() }];
    assert_eq!(rows.check(7, &[], 1..4, &digits(&[4, 5, 6])).unwrap().asserted, [0u32; 0]);
    assert_eq!(reason(rows.check(7, &[], 1..4, &digits(&[]))), Reason::Form);
    assert_eq!(reason(rows.check(7, &[], 1..4, &digits(&[4, 4, 5]))), Reason::Overlap { wire: 4 });
    assert_eq!(reason(rows.check(7, &[], 1..4, &digits(&[4, 1]))), Reason::Again { wire: 1 });
    // One at a time, low ones first; the highest one alone can be told from the others neither.
    let one = |wire| Step::Digits { row: 6, wires: vec![wire] };
    assert!(rows.check(7, &[], 1..4, &[one(4), one(5), one(6)]).is_ok());
    assert_eq!(reason(rows.check(7, &[], 1..4, &[one(6), one(5), one(4)])), Reason::NotLinear);
}

/// A number of five bits that is split into three refuses most inputs, however long the form that says what it is: the
/// row itself is no reason to believe that it holds.
#[test]
fn a_split_is_not_its_own_witness() {
    let mut rows = Rows::default();
    rows.bits(1..6);
    rows.bits(6..8);
    let form = [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, -1), (7, -2)];
    let shifted: Terms = [(0, -4)].into_iter().chain(form).collect();
    rows.push(&form, &shifted, &[]);
    let digits = |row: u32, wires: [u32; 2]| Step::Digits { row, wires: wires.to_vec() };
    assert_eq!(rows.check(8, &[], 1..6, &[digits(7, [6, 7])]).unwrap().asserted, [7]);
    // In two steps neither, and two such rows are not each other's.
    let one = |wire| Step::Digits { row: 7, wires: vec![wire] };
    assert_eq!(rows.check(8, &[], 1..6, &[one(6), one(7)]).unwrap().asserted, [7]);
    rows.bits(8..10);
    let form = [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (8, -1), (9, -2)];
    let shifted: Terms = [(0, -4)].into_iter().chain(form).collect();
    let row = rows.push(&form, &shifted, &[]);
    let report = rows.check(10, &[], 1..6, &[digits(7, [6, 7]), digits(row, [8, 9])]).unwrap();
    assert_eq!(report.asserted, [7]);
    // Nor is a bound that the row gives the number.
    let mut rows = Rows::default();
    rows.bits(1..6);
    rows.bits(7..9);
    let solved = rows.push(&[(1, 1), (2, 2), (3, 4), (4, 8), (5, 16)], &[(0, 1)], &[(6, 1)]);
    let row = rows.push(&[(6, 1), (7, -1), (8, -2)], &[(0, -4), (6, 1), (7, -1), (8, -2)], &[]);
    let bounded = Step::Bounded { row, wire: 6 };
    let report = rows.check(9, &[], 1..6, &[bounded, solve(solved, 6), digits(row, [7, 8])]).unwrap();
    assert_eq!(report.asserted, [row]);
}

/// 251 bits: above what integers may reach.
#[test]
fn digits_that_could_wrap_are_refused() {
    for (n, fits) in [(249u32, true), (250, true), (251, false), (254, false)] {
        let first = 2;
        let mut rows = Rows::default();
        rows.bits(first..first + n);
        let like = rows.matrices(first + n);
        let [mut a, mut b, mut c] = [like.a, like.b, like.c];
        let powers = (0..n).map(|i| (first + i, Fr::from(2).pow([u64::from(i)])));
        a.push_row(powers).unwrap();
        b.push_row([(0, Fr::from(1))]).unwrap();
        c.push_row([(1, Fr::from(1))]).unwrap();
        let matrices = Matrices::new(0, first + n, a, b, c).unwrap();
        let steps = [Step::Digits { row: n, wires: (first..first + n).collect() }];
        let result = check_steps(&matrices, &[1], 0..0, &steps);
        assert_eq!(result.is_ok(), fits, "{n} bits: {result:?}");
    }
}

/// Two limbs in one row: the second holds a product of the first's digits, which is bounded but not yet determined.
#[test]
fn limbs_are_determined_one_after_the_other() {
    let build = |limb: i64| {
        let mut rows = Rows::default();
        rows.bits(1..4); // x = x0 + 2 x1, y = x2
        rows.bits(4..7); // low digits 4 and 5, high digit 6
        rows.push(&[(4, 1)], &[(5, 1)], &[(7, 1)]); // z = d0 d1
        // x + limb (y + z) = d0 + 2 d1 + limb (d6 + 2 e), e = wire 8, a bit
        rows.bits(8..9);
        rows.push(
            &[(1, 1), (2, 2), (3, limb), (4, -1), (5, -2), (6, -limb), (7, limb), (8, -2 * limb)],
            &[(0, 1)],
            &[],
        );
        rows
    };
    let low = Step::Digits { row: 8, wires: vec![4, 5] };
    let high = Step::Digits { row: 8, wires: vec![6, 8] };
    let product = solve(6, 7);
    // The bound of z is a fact before z is determined.
    let mut rows = build(4);
    rows.bits(7..8);
    let steps = [low.clone(), product.clone(), high.clone()];
    assert!(rows.check(9, &[], 1..4, &steps).is_ok());
    let without = build(4);
    assert_eq!(reason(without.check(9, &[], 1..4, &steps)), Reason::Unbounded { wire: 7 });
    let mut close = build(3);
    close.bits(7..8);
    assert!(matches!(reason(close.check(9, &[], 1..4, &steps)), Reason::Overlap { .. }));
    let steps = [high, low, product];
    assert_eq!(reason(rows.check(9, &[], 1..4, &steps)), Reason::NotLinear, "the low weights are no multiples of 4");
}

/// `f + x3 + W (g + x1) = u0 + 2 u1 + W (d0 + 2 d1)` with `f = x1 ? x2 : x3` and `g = u0 ? x1 : x2` together in one wire:
/// x1 to x3 are wires 1 to 3, u and d 4 to 7, `m = f + W g` is 8.
struct Joint {
    rows: Vec<[Vec<(u32, Fr)>; 3]>,
}

const PRODUCT: u32 = 7;
const SUM: u32 = 8;

impl Joint {
    /// `2 m = (x3 - 2 x1 + W u0 + x2) (x3 - W u0 - x2) + x3 + (2 W + 1) x2 + W^2 u0`, as in SHA-256's pairs of rounds.
    fn new(w: Fr) -> Joint {
        let (one, two) = (Fr::from(1), Fr::from(2));
        let bit = |wire| [vec![(wire, one)], vec![(0, -one), (wire, one)], vec![]];
        let mut rows: Vec<_> = (1..8).map(bit).collect();
        rows.push([
            vec![(1, -two), (2, one), (3, one), (4, w)],
            vec![(2, -one), (3, one), (4, -w)],
            vec![(2, -two * w - one), (3, -one), (4, -w * w), (8, two)],
        ]);
        rows.push([
            vec![(1, w), (3, one), (4, -one), (5, -two), (6, -w), (7, -two * w), (8, one)],
            vec![(0, one)],
            vec![],
        ]);
        Joint { rows }
    }

    fn check(&self, wires: &[u32], products: &[u32]) -> Result<Report, CheckError> {
        let joint = Step::Joint { row: SUM, wires: wires.to_vec(), products: products.to_vec() };
        let steps = [joint, solve(PRODUCT, 8), Step::Digits { row: SUM, wires: vec![6, 7] }];
        let [a, b, c] = [0, 1, 2].map(|part| SparseMatrix::from_rows(self.rows.iter().map(|row| row[part].clone())));
        checked(&Matrices::new(0, 9, a.unwrap(), b.unwrap(), c.unwrap()).unwrap(), &[], 1..4, &steps)
    }

    /// With a change of the rows.
    fn with(w: u64, change: impl Fn(&mut Vec<[Vec<(u32, Fr)>; 3]>)) -> Result<Report, CheckError> {
        let mut joint = Joint::new(Fr::from(w));
        change(&mut joint.rows);
        joint.check(&[4, 5], &[PRODUCT])
    }
}

#[test]
fn sums_of_functions_of_each_others_digits_are_determined_jointly() {
    let one = Fr::from(1);
    for w in [4u64, 5, 8, 1 << 40] {
        Joint::new(Fr::from(w)).check(&[4, 5], &[PRODUCT]).unwrap();
    }
    // The wire may be any multiple of the value.
    let thirds = |rows: &mut Vec<[Vec<(u32, Fr)>; 3]>| {
        rows[7][2].last_mut().unwrap().1 = Fr::from(6);
        rows[8][0].last_mut().unwrap().1 = Fr::from(3);
    };
    Joint::with(4, thirds).unwrap();
    // A slack beside the low digit, with the same weight.
    let mut joint = Joint::new(Fr::from(4));
    joint.rows[8][0].retain(|(wire, _)| *wire != 5);
    joint.rows[8][1] = [(0, -one)].into_iter().chain(joint.rows[8][0].clone()).collect();
    assert!(matches!(reason(joint.check(&[4], &[PRODUCT])), Reason::Overlap { .. }));
    // All that the product is a function of is known, a and b: a + a b = u does not always have a digit.
    let mut rows = Rows::default();
    rows.bits(1..4);
    rows.push(&[(1, 1)], &[(2, 1)], &[(4, 1)]);
    rows.push(&[(1, 1), (3, -1), (4, 1)], &[(0, 1)], &[]);
    let joint = Step::Joint { row: 4, wires: vec![3], products: vec![3] };
    assert_eq!(rows.check(5, &[], 1..3, &[joint, solve(3, 4)]).unwrap().asserted, [4]);
    // The named digits add up to 3.
    assert!(matches!(reason(Joint::with(3, |_| ())), Reason::Overlap { .. }));
    assert!(matches!(reason(Joint::with(2, |_| ())), Reason::Overlap { .. }));
    // The highest digit of the high sum is the slack, `L (L - 2 W) = 0`.
    let slack = |rows: &mut Vec<[Vec<(u32, Fr)>; 3]>| {
        let form: Vec<(u32, Fr)> = rows[8][0].iter().copied().filter(|(wire, _)| *wire != 7).collect();
        rows[8][1] = [(0, -Fr::from(8))].into_iter().chain(form.clone()).collect();
        rows[8][0] = form;
    };
    let mut joint = Joint::new(Fr::from(4));
    slack(&mut joint.rows);
    // Wire 7 is a digit no more; `7 = x1`.
    joint.rows[6] = [vec![(1, one)], vec![(0, one)], vec![(7, one)]];
    let steps = [
        Step::Joint { row: SUM, wires: vec![5, 4], products: vec![PRODUCT] },
        solve(PRODUCT, 8),
        Step::Digits { row: SUM, wires: vec![6] },
        solve(6, 7),
    ];
    let [a, b, c] = [0, 1, 2].map(|part| SparseMatrix::from_rows(joint.rows.iter().map(|row| row[part].clone())));
    let matrices = Matrices::new(0, 9, a.unwrap(), b.unwrap(), c.unwrap()).unwrap();
    assert_eq!(reason(checked(&matrices, &[], 1..4, &steps)), Reason::NotLinear, "weights are multiples of the first");
    let mut in_order = steps.clone();
    in_order[0] = Step::Joint { row: SUM, wires: vec![4, 5], products: vec![PRODUCT] };
    checked(&matrices, &[], 1..4, &in_order).unwrap();
    // Without the product it is a wire that nothing bounds; with the product it may be named once, and in its own row.
    let joint = Joint::new(Fr::from(4));
    assert_eq!(reason(joint.check(&[4, 5], &[])), Reason::Unbounded { wire: 8 });
    assert_eq!(reason(joint.check(&[4, 5], &[PRODUCT, PRODUCT])), Reason::Form, "in two products");
    assert_eq!(reason(joint.check(&[4, 5], &[PRODUCT, 0])), Reason::Form);
    assert_eq!(reason(joint.check(&[4, 5], &[99])), Reason::NoRow { rows: 9 });
    assert_eq!(reason(joint.check(&[4, 5, 8], &[PRODUCT])), Reason::Form, "no digit itself");
    assert_eq!(reason(joint.check(&[], &[PRODUCT])), Reason::Form);
    assert_eq!(reason(joint.check(&[4, 1], &[PRODUCT])), Reason::Again { wire: 1 });
    assert_eq!(reason(joint.check(&[5], &[PRODUCT])), Reason::Form, "u0 may as well be what the product defines");
}

#[test]
fn joint_digits_ask_for_products_of_bits_with_high_weights_alone() {
    let one = Fr::from(1);
    // Nothing says that a factor of the product, or an undetermined wire beside it, is a bit.
    assert_eq!(reason(Joint::with(4, |rows| rows[3] = Default::default())), Reason::NotBoolean { wire: 4 });
    let even = |rows: &mut Vec<[Vec<(u32, Fr)>; 3]>| rows[3][1][0].1 = -Fr::from(2);
    assert_eq!(reason(Joint::with(8, even)), Reason::NotBoolean { wire: 4 }, "0 or 2");
    let beside = |rows: &mut Vec<[Vec<(u32, Fr)>; 3]>| {
        rows[5] = Default::default();
        rows[7][2].push((6, Fr::from(8)));
        rows[7][2].sort_by_key(|(wire, _)| *wire);
        rows[8][0].retain(|(wire, _)| *wire != 6);
    };
    assert_eq!(reason(Joint::with(4, beside)), Reason::NotBoolean { wire: 6 });
    // A determined one may be anything where it stands alone, but not in a factor.
    let mut joint = Joint::new(Fr::from(4));
    joint.rows[2] = Default::default();
    let [a, b, c] = [0, 1, 2].map(|part| SparseMatrix::from_rows(joint.rows.iter().map(|row| row[part].clone())));
    let matrices = Matrices::new(0, 9, a.unwrap(), b.unwrap(), c.unwrap()).unwrap();
    let step = Step::Joint { row: SUM, wires: vec![4, 5], products: vec![PRODUCT] };
    assert_eq!(reason(checked(&matrices, &[3], 1..3, &[step])), Reason::NotBoolean { wire: 3 });
    // A function of the digit with a low weight.
    let low = |rows: &mut Vec<[Vec<(u32, Fr)>; 3]>| rows[7][0][0] = (1, Fr::from(2));
    assert!(Joint::with(4, low).is_ok(), "a function of known bits");
    let low = |rows: &mut Vec<[Vec<(u32, Fr)>; 3]>| rows[7][1][1].1 += one;
    assert!(matches!(reason(Joint::with(4, low)), Reason::Overlap { .. } | Reason::NotLinear));
    let low = |rows: &mut Vec<[Vec<(u32, Fr)>; 3]>| rows[7][2][2].1 += Fr::from(2);
    assert!(matches!(reason(Joint::with(4, low)), Reason::Overlap { .. }), "u0 again");
    // The wire in a factor as well.
    let squared = |rows: &mut Vec<[Vec<(u32, Fr)>; 3]>| rows[7][0].push((8, one));
    assert_eq!(reason(Joint::with(4, squared)), Reason::NotLinear);
    // Sums that could wrap: two products, d0 and 2 d1, so 5 W.
    let check = |exponent: u64| Joint::new(Fr::from(2).pow([exponent])).check(&[4, 5], &[PRODUCT]);
    check(247).unwrap();
    assert_eq!(reason(check(248)), Reason::Wraps);
    assert_eq!(reason(check(251)), Reason::NotLinear);
}

/// Whatever is accepted after a change of the rows has one assignment, which is what `checked` looks for.
#[test]
fn no_change_makes_joint_digits_ambiguous() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut accepted = 0;
    for _ in 0..500 {
        let w = Fr::from([2u64, 3, 4, 5, 8][rng.next_u32() as usize % 5]);
        let mut joint = Joint::new(w);
        for _ in 0..1 + rng.next_u32() % 2 {
            let mut pick = |len: usize| rng.next_u32() as usize % len;
            let (row, part) = (PRODUCT as usize + pick(2), pick(3));
            let delta = [Fr::from(1), -Fr::from(1), Fr::from(2), w, -w][pick(5)];
            let wire = pick(9) as u32;
            let form = &mut joint.rows[row][part];
            match form.binary_search_by_key(&wire, |(other, _)| *other) {
                Ok(at) if form[at].1 + delta == Fr::from(0) => drop(form.remove(at)),
                Ok(at) => form[at].1 += delta,
                Err(at) => form.insert(at, (wire, delta)),
            }
        }
        accepted += u32::from(joint.check(&[4, 5], &[PRODUCT]).is_ok());
    }
    println!("accepted {accepted} of 500");
    assert!(accepted > 40);
}

#[test]
fn zero_tests_have_both_rows_about_one_form() {
    // x = wire 1; v = 2, z = 3.
    let step = Step::IsZero { rows: [0, 1], inverse: 2, zero: 3 };
    let test = |rows: &Rows| rows.check(4, &[1], 0..0, std::slice::from_ref(&step));
    let mut rows = Rows::default();
    rows.push(&[(0, -6), (1, 1)], &[(2, 1)], &[(0, 1), (3, -1)]);
    rows.push(&[(0, -6), (1, 1)], &[(3, 1)], &[]);
    let report = test(&rows).unwrap();
    assert_eq!((report.free, report.asserted), (vec![2], vec![]));
    let changed = |part: [usize; 2], terms: &[(u32, i64)]| {
        let mut rows = rows.clone();
        rows.0[part[0]][part[1]] = terms.to_vec();
        test(&rows)
    };
    assert!(changed([1, 0], &[(0, -12), (1, 2)]).is_ok(), "twice the form");
    assert!(changed([0, 2], &[(0, 5), (3, -5)]).is_ok(), "5 (1 - z)");
    assert_eq!(reason(changed([1, 0], &[(0, -7), (1, 1)])), Reason::Form, "another form");
    assert_eq!(reason(changed([1, 0], &[])), Reason::Form);
    assert_eq!(reason(changed([0, 2], &[(0, 1), (3, 1)])), Reason::Form);
    assert_eq!(reason(changed([0, 2], &[(3, -1)])), Reason::Form);
    assert_eq!(reason(changed([1, 2], &[(0, 1)])), Reason::Form);
    assert_eq!(reason(changed([1, 1], &[(0, 1), (3, 1)])), Reason::Form);
    assert_eq!(reason(changed([0, 0], &[(0, -6), (3, 1)])), Reason::Pending { wire: 3 });
    let mut used = rows.clone();
    used.push(&[(2, 1)], &[(0, 1)], &[(2, 1)]);
    assert_eq!(test(&used), Err(CheckError::FreeUsed { wire: 2, rows: 3 }));
}

/// `q d + r = a` for `a` of three bits and `d = 1 + d0 + 2 d1`: wires 1 to 3 and 4 to 5, `q` 6 to 8, `r` 9 to 10, and
/// `d - 1 - r = y0 + 2 t` with `y0` wire 11.
#[test]
fn division_asks_for_a_remainder_below_the_divisor() {
    let mut rows = Rows::default();
    rows.bits(1..12);
    rows.push(&[(6, 1), (7, 2), (8, 4)], &[(0, 1), (4, 1), (5, 2)], &[(1, 1), (2, 2), (3, 4), (9, -1), (10, -2)]);
    let room = [(4, 1), (5, 2), (9, -1), (10, -2), (11, -1)];
    let shifted: Terms = [(0, -2)].into_iter().chain(room).collect();
    rows.push(&room, &shifted, &[]);
    let divide = Step::Divide { rows: [11, 12], wires: (6..11).collect() };
    let slack = Step::Digits { row: 12, wires: vec![11] };
    let test = |rows: &Rows| rows.check(12, &[], 1..6, &[divide.clone(), slack.clone()]);
    let report = test(&rows).unwrap();
    assert_eq!(report.asserted, [0u32; 0]);

    let changed = |change: &dyn Fn(&mut Rows)| {
        let mut rows = rows.clone();
        change(&mut rows);
        test(&rows)
    };
    // A divisor that may be zero is no matter: then no remainder is below it, and the rows refuse.
    assert_eq!(
        changed(&|rows| _ = rows.0[11][1].remove(0)).map(|_| ()).unwrap_err().to_string(),
        "certificate step 0 (row 11, wire 6): the remainder is not shown to be within 0..divisor"
    );
    // d - r >= 0 leaves r = d.
    assert_eq!(reason(changed(&|rows| rows.0[12][0].insert(0, (0, 1)))), Reason::Remainder);
    // Nothing keeps y0 from being anything.
    assert_eq!(reason(changed(&|rows| rows.0[10] = Default::default())), Reason::Wraps);
    // Nothing bounds a bit of the quotient, of the remainder.
    assert_eq!(reason(changed(&|rows| rows.0[7] = Default::default())), Reason::Unbounded { wire: 8 });
    assert_eq!(reason(changed(&|rows| rows.0[9] = Default::default())), Reason::Unbounded { wire: 10 });
    // Overlapping digits.
    assert_eq!(reason(changed(&|rows| rows.0[11][0][1].1 = 1)), Reason::Overlap { wire: 7 });
    assert_eq!(reason(changed(&|rows| rows.0[11][2][4].1 = -1)), Reason::Overlap { wire: 10 });
    // A remainder that may be negative.
    assert_eq!(reason(changed(&|rows| rows.0[11][2][3].1 = 1)), Reason::Remainder);
    // The row below is about something else.
    assert_eq!(reason(changed(&|rows| rows.0[12] = Default::default())), Reason::Remainder);
    // Wires left out.
    let some = [Step::Divide { rows: [11, 12], wires: (6..10).collect() }];
    assert_eq!(reason(rows.check(12, &[], 1..6, &some)), Reason::Form);
}

/// A quotient that is one wire, with the split that bounds it: the bound is a fact before the wire is determined.
#[test]
fn a_split_bounds_the_wire_that_it_splits() {
    let mut rows = Rows::default();
    rows.bits(1..4); // a
    // q = wire 4 in 0..4, with q0 = wire 5; r = wire 6 is a bit; a = 2 q + r, so d = 2 and d - 1 - r >= 0 is a bit.
    rows.bits(5..7);
    rows.push(&[(4, 1), (5, -1)], &[(0, -2), (4, 1), (5, -1)], &[]);
    rows.push(&[(4, 1)], &[(0, 2)], &[(1, 1), (2, 2), (3, 4), (6, -1)]);
    rows.push(&[(0, 1), (6, -1)], &[(6, -1)], &[]);
    let bounded = Step::Bounded { row: 5, wire: 4 };
    let divide = Step::Divide { rows: [6, 7], wires: vec![4, 6] };
    let split = Step::Digits { row: 5, wires: vec![5] };
    assert!(rows.check(7, &[], 1..4, &[bounded.clone(), divide.clone(), split.clone()]).is_ok());
    let direct = Step::Digits { row: 6, wires: vec![6, 4] };
    assert!(rows.check(7, &[], 1..4, &[bounded.clone(), direct, split.clone()]).is_ok(), "two digits as well");
    let unbounded = reason(rows.check(7, &[], 1..4, &[divide.clone(), split.clone()]));
    assert_eq!(unbounded, Reason::Unbounded { wire: 4 });
    rows.0[3] = Default::default();
    assert_eq!(reason(rows.check(7, &[], 1..4, &[bounded, divide, split])), Reason::Wraps);
}

#[test]
fn assumptions_are_counted_and_not_public() {
    let mut rows = Rows::default();
    rows.push(&[(2, 1)], &[(2, 1)], &[(1, 1)]);
    let steps = [Step::Assumed { wires: vec![2] }, solve(0, 1)];
    let report = check_steps(&rows.matrices(3), &[], 0..0, &steps).unwrap();
    assert_eq!((report.assumed, report.free, report.steps), (vec![2], vec![], 2));
    let like = rows.matrices(3);
    let public = Matrices::new(2, 3, like.a, like.b, like.c).unwrap();
    assert_eq!(reason(check_steps(&public, &[], 0..0, &steps)), Reason::Public { wire: 2 });
}

#[test]
fn the_lint_follows_constant_slopes_alone() {
    let mut rows = Rows::default();
    rows.push(&[(1, 1)], &[(1, 1)], &[(2, 1)]); // 2 = 1 * 1
    rows.push(&[(2, 1)], &[(3, 1)], &[(1, 1)]); // 3 = 1 / 2: the slope may be zero
    rows.push(&[(4, 3)], &[(0, 1)], &[(1, 1), (2, 1)]); // 4
    rows.push(&[(4, 1)], &[(2, 1)], &[(5, 1), (6, 1)]); // one of 5 and 6
    rows.push(&[(7, 1)], &[(7, 1)], &[(4, 1)]); // a square root
    rows.push(&[(8, 1)], &[(9, 1)], &[(0, 1), (8, 1)]);
    let matrices = rows.matrices(10);
    assert_eq!(lint(&matrices, &[1]), [3, 5, 6, 7, 8, 9]);
    assert_eq!(lint(&matrices, &[1, 3, 5, 7, 8, 9, 77]), [0u32; 0]);
    assert_eq!(lint(&matrices, &[]).len(), 9);
}
