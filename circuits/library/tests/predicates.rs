//! Every built-in predicate: native answer and circuit agree on valid and invalid statements, nothing else satisfies the
//! rows, and the artefact is byte for byte the one that is pinned.

use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use zera_abi::Outcome;
use zera_library::{
    InputError, Predicate, by_id, by_name, collateral_ratio, compound_growth, range, registry, special_price,
};
use zera_r1cs::{Artefact, Matrices, TapeInputs};
use zera_statement::input_root;

/// Runs the tape, checks rows and statement, and compares the outcome with the native one.
fn agree(predicate: &Predicate, public: &[u8]) -> (Outcome, Vec<Fr>) {
    let artefact = (predicate.artefact)();
    let binding = Fr::from(0x00c0_ffee);
    let z = artefact.tape.run(&TapeInputs { binding, public, private: &[] }).unwrap();
    if let Err(error) = artefact.matrices.check(&z) {
        panic!("{}: {error}, {:?}, {public:?}", predicate.name, error.row().and_then(|row| artefact.spans.text(row)));
    }
    let outcome = (predicate.evaluate)(public, &[]);
    assert_eq!(z[1], Fr::from(outcome.code()), "{}: {public:?}", predicate.name);
    assert_eq!(z[2], binding);
    assert_eq!(z[3], input_root(public));
    // The wrong outcome, another binding, another root: no statement but the right one.
    for (wire, wrong) in (0..4).map(|code| (1, Fr::from(code))).chain([(2, binding + Fr::one()), (3, z[2])]) {
        let mut forged = z.clone();
        forged[wire] = wrong;
        assert_eq!(artefact.matrices.check(&forged).is_ok(), wrong == z[wire], "{}: wire {wire}", predicate.name);
    }
    (outcome, z)
}

fn predicate(name: &str) -> &'static Predicate {
    by_name(name).unwrap()
}

fn special(threshold: u64, max_spread_bps: u16, quotes: &[u64]) -> [u8; special_price::PUBLIC_LEN] {
    special_price::Input { threshold, max_spread_bps, quotes: quotes.to_vec() }.encode().unwrap()
}

/// The definition by counting, without sorting: the oracle for the native answer.
fn special_by_counting(public: &[u8]) -> Outcome {
    let number = |at: usize, len: usize| public[at..at + len].iter().rev().fold(0u128, |v, b| v << 8 | u128::from(*b));
    let (n, bps, threshold) = (number(0, 1) as usize, number(1, 2), number(3, 8));
    let quotes: Vec<u128> = (0..15).map(|i| number(11 + 8 * i, 8)).collect();
    if n == 0 || n > 15 || quotes[n..].iter().any(|quote| *quote > 0) {
        return Outcome::Trap;
    }
    let used = &quotes[..n];
    let below = |v: u128| used.iter().filter(|quote| **quote < v).count();
    let up_to = |v: u128| used.iter().filter(|quote| **quote <= v).count();
    let median = used.iter().copied().find(|v| below(*v) <= (n - 1) / 2 && (n - 1) / 2 < up_to(*v)).unwrap();
    let agree = used.iter().all(|p| used.iter().all(|q| p.saturating_sub(*q) * 10_000 <= bps * median));
    if median > threshold && agree { Outcome::True } else { Outcome::False }
}

fn special_agrees(public: &[u8]) -> Outcome {
    let (outcome, _) = agree(predicate(special_price::NAME), public);
    assert_eq!(outcome, special_by_counting(public), "{public:?}");
    outcome
}

#[test]
fn special_price_at_its_edges() {
    use Outcome::{False, Trap, True};
    const MAX: u64 = u64::MAX;
    let cases: &[(u64, u16, &[u64], Outcome)] = &[
        (100, 0, &[101], True),
        (101, 0, &[101], False),
        (0, 0, &[1], True),
        (0, 0, &[0], False),
        (MAX, 0, &[MAX], False),
        (MAX - 1, 0, &[MAX], True),
        // Two: the lower one is the median.
        (4, 10_000, &[9, 5], True),
        (5, 10_000, &[9, 5], False),
        // Spread exactly at the bound, one beyond it, one bps less.
        (0, 953, &[100, 105, 110], True),
        (0, 952, &[100, 105, 110], False),
        (0, 1_000, &[95, 100, 105], True),
        (0, 999, &[95, 100, 105], False),
        (0, 1_000, &[95, 100, 106], False),
        (0, 0, &[7; 15], True),
        (7, 0, &[7; 15], False),
        (6, 0, &[MAX; 15], True),
        // A quote of 2^64 - 1 ties with the key of unused slots.
        (6, 65_535, &[MAX, MAX - 1, MAX], True),
        (0, 65_535, &[MAX, 0, MAX], True),
        (0, 65_535, &[0, 0, MAX], False),
        // 65,535 bps of the median: 6.5535 times.
        (0, 65_535, &[10_000, 10_000, 75_535], True),
        (0, 65_535, &[10_000, 10_000, 75_536], False),
        (7, 65_535, &[15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1], True),
        (8, 65_535, &[15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1], False),
        (7, 65_535, &[1, 3, 5, 7, 9, 11, 13, 15, 2, 4, 6, 8, 10, 12, 14], True),
    ];
    for (threshold, bps, quotes, expected) in cases {
        assert_eq!(special_agrees(&special(*threshold, *bps, quotes)), *expected, "{threshold} {bps} {quotes:?}");
    }
    // Every count, with as many quotes as the low four bits say and with quotes left over.
    let good = special(0, 65_535, &[5; 15]);
    for n in 0..=255u8 {
        let mut public = good;
        public[0] = n;
        assert_eq!(special_agrees(&public), if n == 15 { True } else { Trap }, "n = {n}");
        public[11 + 8 * usize::from(n.min(15))..].fill(0);
        assert_eq!(special_agrees(&public), if (1..=15).contains(&n) { True } else { Trap }, "n = {n}, cleared");
    }
    // Each bit of each unused slot.
    for (slot, bit) in (3..15).flat_map(|slot| [0, 1, 31, 63].map(|bit| (slot, bit))) {
        let mut public = special(0, 65_535, &[5, 6, 7]);
        public[11 + 8 * slot + bit / 8] |= 1 << (bit % 8);
        assert_eq!(special_agrees(&public), Trap, "slot {slot}, bit {bit}");
    }
    let mut public = special(0, 65_535, &[5, 6, 7]);
    public[11 + 24..].fill(0xff);
    assert_eq!(special_agrees(&public), Trap);
    for public in [&[0u8; 131], &[0xff; 131]] {
        assert_eq!(special_agrees(public), Trap);
    }
}

#[test]
fn special_price_on_random_inputs() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut seen = BTreeMap::new();
    for case in 0..300 {
        let n = 1 + rng.next_u32() as usize % 15;
        let base = if case % 3 == 0 { rng.next_u64() } else { u64::from(rng.next_u32()) + 1 };
        let span = match case % 4 {
            0 => 3,
            1 => base / 20 + 1,
            2 => base / 2 + 1,
            _ => u64::MAX,
        };
        let quotes: Vec<u64> = (0..n).map(|_| base.wrapping_add(rng.next_u64() % span)).collect();
        let mut order = quotes.clone();
        order.sort();
        let median = order[(n - 1) / 2];
        let threshold = median.wrapping_add(u64::from(rng.next_u32() % 3)).wrapping_sub(2);
        // The least bound that holds, or one less.
        let exact = (u128::from(order[n - 1] - order[0]) * 10_000).div_ceil(u128::from(median.max(1)));
        let bps = exact.saturating_sub(u128::from(rng.next_u32() % 2)).min(65_535) as u16;
        let mut public = special(threshold, bps, &quotes);
        if case % 10 == 0 {
            public[rng.next_u32() as usize % 131] ^= 1 << (rng.next_u32() % 8);
        }
        *seen.entry(special_agrees(&public)).or_insert(0) += 1;
    }
    println!("{seen:?}");
    assert!(seen.len() == 3 && seen.values().all(|count| *count >= 10), "{seen:?}");
    for _ in 0..20 {
        let mut public = [0; 131];
        rng.fill_bytes(&mut public);
        special_agrees(&public);
    }
}

#[test]
fn range_and_collateral_ratio_at_their_edges() {
    let edges = [0, 1, 2, 1 << 32, (1 << 63) - 1, 1 << 63, u64::MAX - 1, u64::MAX];
    for (x, lo) in edges.iter().flat_map(|x| edges.iter().map(move |lo| (*x, *lo))) {
        for hi in edges {
            let (outcome, _) = agree(predicate(range::NAME), &range::Input { x, lo, hi }.encode());
            assert_eq!(outcome == Outcome::True, lo <= x && x <= hi, "{lo} <= {x} <= {hi}");
        }
    }
    let ratio = |collateral, price, debt, min_ratio_bps| {
        let input = collateral_ratio::Input { collateral, price, debt, min_ratio_bps };
        agree(predicate(collateral_ratio::NAME), &input.encode()).0 == Outcome::True
    };
    // 3,000 at 2.5 are worth 7,500: exactly one and a half times 5,000.
    assert!(ratio(3_000, 250_000_000, 5_000, 15_000));
    assert!(!ratio(3_000, 249_999_999, 5_000, 15_000));
    assert!(!ratio(3_000, 250_000_000, 5_001, 15_000));
    assert!(!ratio(3_000, 250_000_000, 5_000, 15_001));
    assert!(!ratio(0, u64::MAX, 1, 1));
    assert!(ratio(0, 0, 0, u32::MAX) && ratio(0, 0, u64::MAX, 0));
    assert!(ratio(u64::MAX, u64::MAX, u64::MAX, u32::MAX));
    assert!(!ratio(1, 1, u64::MAX, u32::MAX));
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    for _ in 0..60 {
        let (debt, bps) = (rng.next_u64() >> (rng.next_u32() % 60), rng.next_u32() >> (rng.next_u32() % 30));
        let price = (rng.next_u64() >> (rng.next_u32() % 60)).max(1);
        // Where cover just begins, in whole units.
        let least = (u128::from(debt) * u128::from(bps) * 10_000).div_ceil(u128::from(price));
        let Ok(least) = u64::try_from(least) else { continue };
        assert!(ratio(least, price, debt, bps), "{least} {price} {debt} {bps}");
        assert!(least == 0 || !ratio(least - 1, price, debt, bps), "{least} {price} {debt} {bps}");
    }
}

fn growth(principal: u64, target: u64, rate_bps: u16, periods: u16) -> [u8; compound_growth::PUBLIC_LEN] {
    compound_growth::Input { principal, target, rate_bps, periods }.encode()
}

/// The definition in arbitrary precision, by long division digit by digit: the oracle for the native answer.
fn growth_by_hand(public: &[u8]) -> Outcome {
    let number = |at: usize, len: usize| public[at..at + len].iter().rev().fold(0u128, |v, b| v << 8 | u128::from(*b));
    let [principal, target, rate, periods] = [number(0, 8), number(8, 8), number(16, 2), number(18, 2)];
    let mut value: Vec<u8> = principal.to_string().bytes().map(|b| b - b'0').collect();
    for _ in 0..periods.min(16) {
        let mut carry = 0;
        for digit in value.iter_mut().rev() {
            let product = u128::from(*digit) * (10_000 + rate) + carry;
            (*digit, carry) = ((product % 10) as u8, product / 10);
        }
        let mut head: Vec<u8> = format!("{carry:04}").bytes().map(|b| b - b'0').collect();
        head.append(&mut value);
        // A ten-thousandth is four digits.
        head.truncate(head.len() - 4);
        value = head;
    }
    let text: String = value.iter().map(|digit| char::from(b'0' + digit)).collect();
    // What once overflows stays above: it never shrinks.
    match text.parse::<u64>() {
        _ if periods > 16 => Outcome::BoundExceeded,
        _ if principal == 0 => Outcome::Trap,
        Err(_) => Outcome::Trap,
        Ok(value) if u128::from(value) >= target => Outcome::True,
        Ok(_) => Outcome::False,
    }
}

fn growth_agrees(public: &[u8]) -> Outcome {
    let (outcome, _) = agree(predicate(compound_growth::NAME), public);
    assert_eq!(outcome, growth_by_hand(public), "{public:?}");
    outcome
}

#[test]
fn compound_growth_at_its_edges() {
    use Outcome::{BoundExceeded, False, Trap, True};
    const MAX: u64 = u64::MAX;
    let cases: &[(u64, u64, u16, u16, Outcome)] = &[
        // 5 % of 1,000,000 for twelve periods, each rounded down: 1,795,851.
        (1_000_000, 1_795_851, 500, 12, True),
        (1_000_000, 1_795_852, 500, 12, False),
        // Below a whole unit of growth nothing grows, however long.
        (19, 20, 500, 16, False),
        (20, 21, 500, 1, True),
        (7, 7, 0, 16, True),
        (7, 8, 0, 16, False),
        (7, 7, 65_535, 0, True),
        (7, 0, 65_535, 0, True),
        // Zero principal.
        (0, 0, 0, 0, Trap),
        (0, 0, 500, 16, Trap),
        // 2^64 - 1 stands still without growth, and is beyond the last unit with a basis point.
        (MAX, MAX, 0, 16, True),
        (MAX, 0, 1, 1, Trap),
        (MAX, 0, 1, 0, True),
        (1 << 63, MAX, 10_000, 1, Trap),
        ((1 << 63) - 1, MAX - 1, 10_000, 1, True),
        ((1 << 63) - 1, MAX, 10_000, 1, False),
        // 2^16 doubles sixteen times to 2^32; 2^48 to 2^64, one too many.
        (1 << 16, 1 << 32, 10_000, 16, True),
        (1 << 48, 0, 10_000, 16, Trap),
        (1 << 48, 1 << 63, 10_000, 15, True),
        ((1 << 48) - 1, 1 << 63, 10_000, 16, True),
        // The overflow may come long before the end, and the low bits that go on say nothing.
        (MAX, 0, 65_535, 16, Trap),
        (MAX, MAX, 65_535, 1, Trap),
        // The bound comes before everything.
        (1, 1, 0, 17, BoundExceeded),
        (0, 0, 0, 17, BoundExceeded),
        (MAX, 0, 65_535, 31, BoundExceeded),
        (1, 1, 0, 32, BoundExceeded),
        (1, 1, 0, 1 << 15, BoundExceeded),
        (1, 1, 0, u16::MAX, BoundExceeded),
    ];
    for (principal, target, rate, periods, expected) in cases {
        let public = growth(*principal, *target, *rate, *periods);
        assert_eq!(growth_agrees(&public), *expected, "{principal} {target} {rate} {periods}");
    }
    for periods in (0..40).chain([48, 63, 64, 272, 1_024, 32_784]) {
        assert_eq!(growth_agrees(&growth(5, 5, 100, periods)), if periods > 16 { BoundExceeded } else { True });
    }
}

#[test]
fn compound_growth_on_random_inputs() {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let mut seen = BTreeMap::new();
    for case in 0..300u32 {
        let principal = (rng.next_u64() >> (rng.next_u32() % 64)) * u64::from(case % 25 != 0);
        let rate = (rng.next_u32() >> (16 + rng.next_u32() % 16)) as u16;
        let periods = (rng.next_u32() % 18) as u16;
        // Around the value that is reached, where one is.
        let mut reached = u128::from(principal);
        (0..periods).for_each(|_| reached = (reached * (10_000 + u128::from(rate)) / 10_000).min(1 << 100));
        let target = u64::try_from(reached).unwrap_or(u64::MAX).saturating_add(u64::from(case % 2));
        *seen.entry(growth_agrees(&growth(principal, target, rate, periods))).or_insert(0) += 1;
    }
    println!("{seen:?}");
    assert!(seen.len() == 4 && seen.values().all(|count| *count >= 10), "{seen:?}");
}

/// Rows that mention a wire, for each wire.
fn mentions(matrices: &Matrices) -> Vec<Vec<usize>> {
    let mut rows = vec![Vec::new(); matrices.wires as usize];
    for row in 0..matrices.rows() {
        for wire in [&matrices.a, &matrices.b, &matrices.c].into_iter().flat_map(|matrix| matrix.row(row).0) {
            rows[*wire as usize].push(row);
        }
    }
    rows
}

/// The wires that can move alone by one without any row noticing.
fn movable(artefact: &Artefact, z: &[Fr]) -> Vec<usize> {
    let Artefact { matrices, .. } = artefact;
    let rows = mentions(matrices);
    let mut z = z.to_vec();
    let mut found = Vec::new();
    for wire in 1..z.len() {
        z[wire] += Fr::one();
        let holds = |row: &usize| matrices.a.dot(*row, &z) * matrices.b.dot(*row, &z) == matrices.c.dot(*row, &z);
        if rows[wire].iter().all(holds) {
            found.push(wire);
        }
        z[wire] -= Fr::one();
    }
    found
}

/// Directions in which an assignment can move, to first order, while binding and input bits stand still: what is left of
/// the wires after eliminating with the Jacobian's rows. Finds freedom that moves many wires at once.
fn freedom(artefact: &Artefact, z: &[Fr]) -> Vec<u32> {
    let Artefact { matrices, manifest, .. } = artefact;
    let input_bits = matrices.publics + 1..matrices.publics + 1 + 8 * manifest.public_len;
    let fixed = |wire: u32| wire == 0 || wire == 2 || input_bits.contains(&wire);
    // Pivot wire -> what it equals, in wires below it that have no pivot.
    let mut pivots: BTreeMap<u32, BTreeMap<u32, Fr>> = BTreeMap::new();
    for row in 0..matrices.rows() {
        let (a, b) = (matrices.a.dot(row, z), matrices.b.dot(row, z));
        let mut equation: BTreeMap<u32, Fr> = BTreeMap::new();
        for (matrix, factor) in [(&matrices.a, b), (&matrices.b, a), (&matrices.c, -Fr::one())] {
            let (wires, coefficients) = matrix.row(row);
            for (wire, coefficient) in wires.iter().zip(coefficients).filter(|(wire, _)| !fixed(**wire)) {
                *equation.entry(*wire).or_default() += factor * coefficient;
            }
        }
        let mut left = BTreeMap::new();
        while let Some((wire, coefficient)) = equation.pop_last() {
            match pivots.get(&wire) {
                _ if coefficient.is_zero() => {}
                Some(equal) => equal.iter().for_each(|(w, c)| *equation.entry(*w).or_default() += coefficient * c),
                None => drop(left.insert(wire, coefficient)),
            }
        }
        if let Some((wire, coefficient)) = left.pop_last() {
            let inverse = -coefficient.inverse().unwrap();
            left.values_mut().for_each(|c| *c *= inverse);
            pivots.insert(wire, left);
        }
    }
    (1..matrices.wires).filter(|wire| !fixed(*wire) && !pivots.contains_key(wire)).collect()
}

#[test]
fn nothing_but_the_inverse_of_zero_is_free() {
    let range = range::Input { x: 5, lo: 5, hi: u64::MAX }.encode();
    let ratio = collateral_ratio::Input { collateral: 3, price: 9 << 40, debt: 77, min_ratio_bps: 12_345 }.encode();
    let mut left_over = special(3, 700, &[9, 9, 8]);
    left_over[130] = 1;
    let cases: Vec<(&str, Vec<u8>, usize)> = vec![
        (range::NAME, range.to_vec(), 0),
        (range::NAME, vec![0; 24], 0),
        (range::NAME, vec![0xff; 24], 0),
        (collateral_ratio::NAME, ratio.to_vec(), 0),
        (collateral_ratio::NAME, vec![0; 28], 0),
        // A high period, the principal and the faults are each tested for zero; the inverse of what is zero is free.
        (compound_growth::NAME, growth(1_000, 2_000, 500, 12).to_vec(), 2),
        (compound_growth::NAME, growth(u64::MAX, 0, u16::MAX, 16).to_vec(), 1),
        (compound_growth::NAME, growth(0, 0, 7, 3).to_vec(), 2),
        (compound_growth::NAME, growth(9, 9, 0, 17).to_vec(), 1),
        (compound_growth::NAME, vec![0; 20], 2),
        (compound_growth::NAME, vec![0xff; 20], 0),
        // The number of faults is tested for zero; where there is none, its inverse is free.
        (special_price::NAME, special(3, 700, &[9, 9, 8]).to_vec(), 1),
        (special_price::NAME, special(0, 65_535, &[15, 2, 13, 4, 11, 6, 9, 8, 7, 10, 5, 12, 3, 14, 1]).to_vec(), 1),
        (special_price::NAME, special(0, 0, &[u64::MAX; 15]).to_vec(), 1),
        (special_price::NAME, left_over.to_vec(), 0),
        (special_price::NAME, vec![0; 131], 0),
        (special_price::NAME, vec![0xff; 131], 0),
    ];
    for (name, public, expected) in cases {
        let (_, z) = agree(predicate(name), &public);
        let artefact = (predicate(name).artefact)();
        let alone = movable(artefact, &z);
        assert_eq!(alone.len(), expected, "{name}: {public:?}: wires {alone:?}");
        let together: Vec<usize> = freedom(artefact, &z).iter().map(|wire| *wire as usize).collect();
        assert_eq!(together, alone, "{name}: {public:?}");
        for wire in alone {
            let texts: Vec<_> =
                mentions(&artefact.matrices)[wire].iter().map(|row| artefact.spans.text(*row)).collect();
            let tests_for_zero =
                [[Some("malformed")], [Some("beyond the bound")], [Some("no principal")], [Some("trap")]];
            assert!(tests_for_zero.iter().any(|text| texts == text), "one row, and nothing else uses it: {texts:?}");
        }
        for wire in (0..artefact.matrices.wires).filter(|wire| artefact.booleans.contains(*wire)) {
            assert!(z[wire as usize].is_zero() || z[wire as usize].is_one(), "{name}: boolean wire {wire}");
        }
    }
}

/// The probe itself: a row less, and it finds the freedom.
#[test]
fn a_missing_row_is_freedom() {
    let artefact = (predicate(range::NAME).artefact)();
    let (_, z) = agree(predicate(range::NAME), &range::Input { x: 5, lo: 3, hi: 9 }.encode());
    let mut without = Vec::new();
    for row in 0..artefact.matrices.rows() {
        let keep = |matrix: &zera_r1cs::SparseMatrix| {
            let rows = (0..artefact.matrices.rows()).filter(|kept| *kept != row).map(|kept| {
                let (wires, coefficients) = matrix.row(kept);
                wires.iter().copied().zip(coefficients.iter().copied()).collect::<Vec<_>>()
            });
            zera_r1cs::SparseMatrix::from_rows(rows).unwrap()
        };
        // Bool rows are the exception: without one, the others still leave no room to first order.
        let text = artefact.spans.text(row).unwrap_or("");
        let boolean = artefact.matrices.c.row(row).0.is_empty();
        if boolean || !(text.contains("both") || text.contains("outcome") || text.contains("binding")) {
            continue;
        }
        let Artefact { matrices: m, .. } = artefact;
        let mut fewer = artefact.clone();
        fewer.matrices = Matrices::new(m.publics, m.wires, keep(&m.a), keep(&m.b), keep(&m.c)).unwrap();
        assert_eq!(freedom(&fewer, &z).len(), 1, "row {row}, {text}");
        without.push(row);
    }
    assert_eq!(without.len(), 3);
}

#[test]
fn rows_are_counted() {
    let expected = [
        (special_price::NAME, 2_587, 1_184),
        (range::NAME, 563, 131),
        (collateral_ratio::NAME, 609, 145),
        (compound_growth::NAME, 3_075, 2_673),
    ];
    for (name, rows, body) in expected {
        let artefact = (predicate(name).artefact)();
        let m = &artefact.matrices;
        let mut by_span: Vec<(String, u32)> = Vec::new();
        for span in artefact.spans.iter() {
            by_span.push((span.text.clone(), span.rows.end - span.rows.start));
        }
        let statement: u32 =
            by_span.iter().filter(|(text, _)| text.starts_with("statement")).map(|(_, rows)| rows).sum();
        let in_b: std::collections::BTreeSet<u32> =
            (0..m.rows()).flat_map(|row| m.b.row(row).0.iter().copied()).collect();
        println!(
            "{name}: {} rows ({} in the body), {} wires, {} of them in B, nonzeros {} {} {}, domain {}, file {} bytes, tape {} operations",
            m.rows(),
            m.rows() - statement as usize,
            m.wires,
            in_b.len(),
            m.a.nonzeros(),
            m.b.nonzeros(),
            m.c.nonzeros(),
            (m.rows() + m.publics as usize + 1).next_power_of_two(),
            artefact.encode().len(),
            artefact.tape.operations(),
        );
        by_span.iter().for_each(|(text, rows)| println!("    {rows:5} {text}"));
        assert_eq!((m.rows(), m.rows() - statement as usize), (rows, body), "{name}");
    }
}

/// Matrices, id and file of every predicate. `UPDATE_PINS=1` writes them anew: then ids, and with them keys, change.
#[test]
fn artefacts_are_the_pinned_ones() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pins.txt");
    let mut text = String::from("# name, version, matrices digest, predicate id, SHA-256 of the file\n");
    for predicate in registry() {
        let artefact = (predicate.artefact)();
        let bytes = artefact.encode();
        assert_eq!(Artefact::decode(&bytes).as_ref(), Ok(artefact));
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let (digest, file) = (hex(&artefact.matrices.digest()), hex(&Sha256::digest(&bytes)));
        text += &format!("{} {} {digest} {} {file}\n", predicate.name, predicate.version, artefact.predicate_id());
    }
    if std::env::var_os("UPDATE_PINS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    assert_eq!(text, include_str!("pins.txt"), "after UPDATE_PINS=1, run again");
}

#[test]
fn the_registry_finds_what_it_lists() {
    for predicate in registry() {
        let artefact = (predicate.artefact)();
        assert_eq!(artefact.manifest.name, predicate.name);
        assert_eq!(artefact.manifest.version, predicate.version);
        assert_eq!(artefact.program_hash, zera_library::program_hash(predicate.name, predicate.version));
        assert_eq!(by_name(predicate.name).map(|found| found.name), Some(predicate.name));
        assert_eq!(by_id(&artefact.predicate_id()).map(|found| found.name), Some(predicate.name));
        assert!(!predicate.summary.contains('\n'));
        let example = serde_json::from_str(predicate.example).unwrap();
        let public = (predicate.parse)(&example).unwrap();
        assert_eq!(public.len(), artefact.manifest.public_len as usize);
        assert_eq!((predicate.evaluate)(&public, &[]), Outcome::True, "the example holds");
        assert!(!(predicate.describe)(&public).contains('\n'));
        for wrong in [&public[1..], &[&public[..], &[0]].concat(), &[]] {
            assert_eq!((predicate.evaluate)(wrong, &[]), Outcome::Trap);
            assert!((predicate.describe)(wrong).starts_with("input: expected "));
        }
    }
    assert!(by_name("NoPredicate").is_none());
    assert!(by_id(&zera_abi::PredicateId([0; 32])).is_none());
}

#[test]
fn special_price_inputs_from_json() {
    let parse = |value| (predicate(special_price::NAME).parse)(&value);
    let bytes =
        parse(json!({"threshold": "18446744073709551615", "max_spread_bps": 65535, "quotes": [7, "8"]})).unwrap();
    assert_eq!(bytes, special(u64::MAX, 65_535, &[7, 8]));
    let input = special_price::Input { threshold: u64::MAX, max_spread_bps: 65_535, quotes: vec![7, 8] };
    assert_eq!(special_price::Input::decode(&bytes), Ok(input));
    assert_eq!(
        (predicate(special_price::NAME).describe)(&special(100, 50, &[7, 8])),
        "median of [7, 8] > 100, spread within 50 bps?"
    );
    let errors = [
        (json!({"threshold": 1, "max_spread_bps": 1}), "input: field quotes is missing"),
        (json!({"threshold": 1, "max_spread_bps": 1, "quotes": []}), "input: quotes must have 1 to 15 elements, got 0"),
        (
            json!({"threshold": 1, "max_spread_bps": 1, "quotes": vec![1; 16]}),
            "input: quotes must have 1 to 15 elements, got 16",
        ),
        (
            json!({"threshold": 1, "max_spread_bps": 65536, "quotes": [1]}),
            "input: max_spread_bps must be a whole number within 0..=65535, got 65536",
        ),
        (
            json!({"threshold": -1, "max_spread_bps": 1, "quotes": [1]}),
            "input: threshold must be a whole number within 0..=18446744073709551615, got -1",
        ),
        (
            json!({"threshold": 1, "max_spread_bps": 1, "quotes": [1], "n": 1}),
            "input: unknown field \"n\", the fields are threshold, max_spread_bps, quotes",
        ),
    ];
    for (value, expected) in errors {
        assert_eq!(parse(value).unwrap_err().to_string(), expected);
    }
    let mut public = special(1, 1, &[1]);
    public[0] = 16;
    assert!(matches!(special_price::Input::decode(&public), Err(InputError::Malformed { .. })));
    assert_eq!(special_price::Input::decode(&public[1..]), Err(InputError::Length { expected: 131, got: 130 }));
}
