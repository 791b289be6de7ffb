//! Whatever the checker accepts has one assignment: random circuits, whole and broken, against a search.

#[path = "support/oracle.rs"]
mod oracle;

use ark_bn254::Fr;
use ark_ff::{One, Zero};
use oracle::{Answer, search};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::BTreeSet;
use zera_check::{CheckError, Report, check};
use zera_ir::{Bit, Builder, I256, Int, Interval, Layout, Lc, Verdict};
use zera_r1cs::{Artefact, Manifest, Matrices, SparseMatrix, Step, TapeInputs, certificate};

/// Bits of the only input byte that circuits use.
const BITS: usize = 3;
const BINDING: u64 = 0xb1bd;

type Rows = Vec<[Vec<(u32, Fr)>; 3]>;

fn rows(matrices: &Matrices) -> Rows {
    let terms = |matrix: &SparseMatrix, row| {
        let (wires, coefficients) = matrix.row(row);
        wires.iter().copied().zip(coefficients.iter().copied()).collect()
    };
    (0..matrices.rows()).map(|row| [&matrices.a, &matrices.b, &matrices.c].map(|matrix| terms(matrix, row))).collect()
}

fn matrices(like: &Matrices, rows: &Rows) -> Matrices {
    let [a, b, c] = [0, 1, 2].map(|part| {
        let sorted = rows.iter().map(|row| {
            let mut terms = row[part].clone();
            terms.sort_by_key(|(wire, _)| *wire);
            let mut merged: Vec<(u32, Fr)> = Vec::new();
            for (wire, c) in terms {
                match merged.last_mut() {
                    Some((last, sum)) if *last == wire => *sum += c,
                    _ => merged.push((wire, c)),
                }
            }
            merged.retain(|(_, c)| !c.is_zero());
            merged
        });
        SparseMatrix::from_rows(sorted).unwrap()
    });
    Matrices::new(like.publics, like.wires, a, b, c).unwrap()
}

fn finish(builder: Builder, values: &[Lc]) -> Artefact {
    let known = Bit::constant;
    let verdict = Verdict { truth: known(true), trap: known(false), exceeded: known(false) };
    let names = (0..values.len()).map(|i| format!("v{i}")).collect();
    let manifest = Manifest::new("test", 1, 0, 1, names).unwrap();
    builder.finish(&verdict, values, manifest, [7; 32]).unwrap()
}

/// Some primitives on a few input bits; every value that is made may be used again. The last is declared.
fn random_circuit(rng: &mut ChaCha8Rng, operations: usize) -> Artefact {
    let mut builder = Builder::new(Layout { public_len: 0, private_len: 1, declared: 1 });
    let mut bits: Vec<Bit> = builder.private_byte(0)[..BITS].to_vec();
    let mut ints: Vec<Int> = vec![Int::from_bits(&bits[..2]), Int::from_bits(&bits[1..])];
    let mut last = bits[0].lc().clone();
    for _ in 0..operations {
        let mut pick = |len: usize| rng.next_u32() as usize % len;
        let [p, q, r] = [0; 3].map(|_| bits[pick(bits.len())].clone());
        let [x, y] = [0; 2].map(|_| ints[pick(ints.len())].clone());
        let kind = pick(14);
        let table = pick(256) as u8;
        let small = |int: &Int| int.range().hi() - int.range().lo() < 40;
        let bit = match kind {
            0 => Some(builder.and(&p, &q)),
            1 => Some(builder.or(&p, &q.not())),
            2 => Some(builder.xor(&p, &q)),
            3..6 => Some(builder.lookup([&p, &q, &r], table)),
            6 => Some(builder.is_zero_int(&x.sub(&y))),
            7 if small(&x) && small(&y) => Some(builder.less_than(&x, &y)),
            8 => Some(builder.one_hot(&[p.clone(), q.clone(), r.clone()])[pick(8)].clone()),
            _ => None,
        };
        let int = match kind {
            9 if small(&x) && small(&y) => Some(builder.mul_int(&x, &y)),
            10 => Some(builder.select_int(&p, &x, &y)),
            13 if small(&x) && small(&y) && x.range().lo() >= 0 && y.range().lo() >= 0 => {
                let zero = Int::from_bit(&builder.is_zero_int(&y));
                let range = Interval::new(I256::ONE, y.range().hi().max(I256::ONE)).unwrap();
                let divided = builder.divide(&x, &Int::assume_range(y.add(&zero).rep().clone(), range));
                divided.map(|(quotient, remainder)| quotient.add(&remainder.scale(3)))
            }
            11 => Some(x.add(&y.scale(1 + pick(3) as i128)).sub(&Int::from_bit(&q))),
            _ => None,
        };
        if kind == 12 && small(&x) && x.range().lo() >= 0 && x.as_constant().is_none() {
            let split = builder.split(&x);
            last = split[split.len() - 1].lc().clone();
            bits.extend(split);
        }
        last =
            bit.iter().map(|bit| bit.lc().clone()).chain(int.iter().map(|int| int.rep().clone())).fold(last, |_, v| v);
        bits.extend(bit.filter(|bit| bit.as_constant().is_none()));
        ints.extend(int.filter(|int| int.as_constant().is_none()));
    }
    finish(builder, &[last])
}

/// The values of the input bits, and of the binding.
fn given(artefact: &Artefact, byte: u8) -> Vec<(u32, Fr)> {
    let first = artefact.matrices.publics + 1;
    let bits = (0..8).map(|i| (first + i, Fr::from(byte >> i & 1)));
    bits.chain([(2, Fr::from(BINDING))]).collect()
}

/// What the search says over all inputs: the worst of `Two`, `Unknown`, else `One`.
fn worst(artefact: &Artefact, free: &[u32]) -> Answer {
    let free: BTreeSet<u32> = free.iter().copied().collect();
    let mut worst = Answer::One;
    for byte in 0..1 << BITS {
        match search(&artefact.matrices, &given(artefact, byte), &free) {
            Answer::Two(wire) => return Answer::Two(wire),
            Answer::Unknown => worst = Answer::Unknown,
            _ => {}
        }
    }
    worst
}

fn steps(artefact: &Artefact) -> Vec<Step> {
    certificate::decode(&artefact.certificate).unwrap()
}

fn accepted(artefact: &Artefact) -> Report {
    match check(artefact) {
        Ok(report) => report,
        Err(error) => panic!("{error}\n{:?}", steps(artefact)),
    }
}

#[test]
fn random_circuits_are_certified_and_have_one_assignment() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (mut refused, mut unknown) = (0, 0);
    for case in 0..150 {
        let artefact = random_circuit(&mut rng, 6);
        let report = accepted(&artefact);
        assert!(report.assumed.is_empty());
        let all = certificate::decode(&artefact.certificate).unwrap();
        assert_eq!(report.steps, all.len());
        match worst(&artefact, &report.free) {
            Answer::One => {}
            Answer::Unknown => unknown += 1,
            answer => panic!("case {case}: {answer:?}"),
        }
        for byte in 0..1 << BITS {
            let inputs = TapeInputs { binding: Fr::from(BINDING), public: &[], private: &[byte] };
            let z = artefact.tape.run(&inputs).unwrap();
            assert_eq!(artefact.matrices.check(&z), Ok(()));
        }
        refused += report.asserted.len();
    }
    println!("rows that are not shown to accept every input: {refused}; searches given up: {unknown}");
    assert!(refused < 4 && unknown < 8);
}

/// Without a row that is not an assertion, and with the row weakened to nothing, some step fails.
#[test]
fn no_row_can_be_deleted() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for _ in 0..60 {
        let artefact = random_circuit(&mut rng, 6);
        for row in 0..artefact.matrices.rows() {
            let mut broken = artefact.clone();
            let mut without = rows(&artefact.matrices);
            without[row] = Default::default();
            broken.matrices = matrices(&artefact.matrices, &without);
            assert!(check(&broken).is_err(), "row {row} {:?}", rows(&artefact.matrices)[row]);
        }
    }
}

/// One change to the rows: a coefficient, a wire, a term.
fn mutate(rng: &mut ChaCha8Rng, like: &Matrices) -> Matrices {
    let mut changed = rows(like);
    for _ in 0..1 + rng.next_u32() % 2 {
        let mut pick = |len: usize| rng.next_u32() as usize % len;
        let row = pick(changed.len());
        let part = pick(3);
        let deltas = [Fr::one(), -Fr::one(), Fr::from(2), -Fr::from(2)];
        let terms = &mut changed[row][part];
        let wire = pick(like.wires as usize) as u32;
        match (pick(5), terms.len()) {
            (0, len) if len > 0 => terms[pick(len)].1 += deltas[pick(4)],
            (1, len) if len > 0 => terms[pick(len)].0 = wire,
            (2, len) if len > 0 => drop(terms.remove(pick(len))),
            (3, len) if len > 0 => terms[pick(len)].1 *= deltas[1 + pick(3)],
            _ => terms.push((wire, deltas[pick(4)])),
        }
    }
    matrices(like, &changed)
}

#[test]
fn whatever_is_accepted_after_a_change_of_the_rows_has_one_assignment() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut counts = [[0; 3]; 2];
    for _ in 0..600 {
        let mut artefact = random_circuit(&mut rng, 5);
        artefact.matrices = mutate(&mut rng, &artefact.matrices);
        let result = check(&artefact);
        let free = match &result {
            Ok(report) => report.free.clone(),
            Err(_) => steps(&artefact)
                .iter()
                .filter_map(|step| match step {
                    Step::IsZero { inverse, .. } => Some(*inverse),
                    _ => None,
                })
                .collect(),
        };
        let answer = worst(&artefact, &free);
        if let (Ok(_), Answer::Two(wire)) = (&result, &answer) {
            panic!("accepted, but wire {wire} has two values: {:?}\n{:?}", rows(&artefact.matrices), steps(&artefact));
        }
        let column = match answer {
            Answer::Two(_) => 0,
            Answer::Unknown => 1,
            _ => 2,
        };
        counts[usize::from(result.is_ok())][column] += 1;
    }
    println!("two, unknown, one: refused {:?}, accepted {:?}", counts[0], counts[1]);
    assert!(counts[0][0] > 40 && counts[1][2] > 80, "{counts:?}");
}

/// A certificate is a list of claims: changed, it is refused, or it still shows what is true.
#[test]
fn whatever_is_accepted_after_a_change_of_the_certificate_has_one_assignment() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..600 {
        let mut artefact = random_circuit(&mut rng, 5);
        let mut all = steps(&artefact);
        let mut pick = |len: usize| rng.next_u32() as usize % len;
        let (i, j) = (pick(all.len()), pick(all.len()));
        let (row, wire) = (pick(artefact.matrices.rows()) as u32, pick(artefact.matrices.wires as usize) as u32);
        match pick(5) {
            0 => all.swap(i, j),
            1 => drop(all.remove(i)),
            2 => all[i] = Step::Solve { row, wire },
            3 => all[i] = Step::Digits { row, wires: vec![wire] },
            _ => all.insert(i, Step::IsZero { rows: [row, row + 1], inverse: wire, zero: wire + 1 }),
        }
        artefact.certificate = certificate::encode(&all);
        match check(&artefact) {
            Ok(report) => {
                assert!(report.assumed.is_empty());
                let answer = worst(&artefact, &report.free);
                assert!(!matches!(answer, Answer::Two(_)), "{answer:?} {all:?}");
                accepted += 1;
            }
            Err(_) => refused += 1,
        }
    }
    println!("accepted {accepted}, refused {refused}");
    assert!(accepted > 30 && refused > 300);
}

/// The row's wires that are not known yet.
fn open(rows: &Rows, row: usize, known: &BTreeSet<u32>) -> Vec<u32> {
    let wires: BTreeSet<u32> = rows[row].iter().flatten().map(|(wire, _)| *wire).collect();
    wires.difference(known).copied().collect()
}

/// Rows are broken, then steps are sought that the checker accepts for them, each row tried in every way: whatever it
/// takes, it must not be a lie.
#[test]
fn no_certificate_is_found_for_rows_with_two_assignments() {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let mut counts = [0; 3];
    for _ in 0..150 {
        let mut artefact = random_circuit(&mut rng, 4);
        artefact.matrices = mutate(&mut rng, &artefact.matrices);
        let rows = rows(&artefact.matrices);
        let hints = steps(&artefact);
        let first = artefact.matrices.publics + 1;
        let mut known: BTreeSet<u32> = (first..first + 8).chain([0, 2]).collect();
        let mut found: Vec<Step> = Vec::new();
        let mut tried: BTreeSet<(usize, Vec<u32>)> = BTreeSet::new();
        let report = 'search: loop {
            let mut moved = false;
            for row in 0..rows.len() + hints.len() {
                let (step, wires) = match row.checked_sub(rows.len()).map(|at| &hints[at]) {
                    None => {
                        let wires = open(&rows, row, &known);
                        let at = row as u32;
                        match wires[..] {
                            [] => continue,
                            [wire] => (Step::Solve { row: at, wire }, wires),
                            _ => (Step::Digits { row: at, wires: wires.clone() }, wires),
                        }
                    }
                    Some(Step::IsZero { rows, inverse, zero }) => {
                        let step = Step::IsZero { rows: *rows, inverse: *inverse, zero: *zero };
                        (step, vec![*inverse, *zero])
                    }
                    Some(Step::Divide { rows, wires }) => {
                        (Step::Divide { rows: *rows, wires: wires.clone() }, wires.clone())
                    }
                    _ => continue,
                };
                let mine = open(&rows, row.min(rows.len() - 1), &known);
                if !tried.insert((row, if row < rows.len() { mine } else { vec![found.len() as u32] })) {
                    continue;
                }
                found.push(step);
                artefact.certificate = certificate::encode(&found);
                match check(&artefact) {
                    Ok(report) => break 'search Some(report),
                    Err(CheckError::Step { .. }) => drop(found.pop()),
                    Err(CheckError::Undetermined { .. }) => {
                        known.extend(wires);
                        moved = true;
                    }
                    Err(_) => break 'search None,
                }
            }
            if !moved {
                break None;
            }
        };
        let Some(report) = report else {
            counts[0] += 1;
            continue;
        };
        let answer = worst(&artefact, &report.free);
        assert!(!matches!(answer, Answer::Two(_)), "{answer:?}: {rows:?}\n{found:?}");
        counts[if answer == Answer::One { 1 } else { 2 }] += 1;
    }
    println!("no certificate {}, one assignment {}, unknown {}", counts[0], counts[1], counts[2]);
    assert!(counts[0] > 20 && counts[1] > 15);
}

#[test]
fn steps_before_what_they_need_are_refused() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut moved = 0;
    for _ in 0..40 {
        let artefact = random_circuit(&mut rng, 6);
        let (all, rows) = (steps(&artefact), rows(&artefact.matrices));
        for (late, step) in all.iter().enumerate() {
            let Step::Solve { row, .. } = step else { continue };
            let needs = open(&rows, *row as usize, &BTreeSet::new());
            let makes = |step: &Step| match step {
                Step::Solve { wire, .. } => vec![*wire],
                Step::IsZero { zero, .. } => vec![*zero],
                Step::Digits { wires, .. } | Step::Divide { wires, .. } => wires.clone(),
                _ => vec![],
            };
            let Some(early) = all[..late].iter().position(|step| makes(step).iter().any(|w| needs.contains(w))) else {
                continue;
            };
            let mut order = all.clone();
            let step = order.remove(late);
            order.insert(early, step);
            let mut artefact = artefact.clone();
            artefact.certificate = certificate::encode(&order);
            assert!(matches!(check(&artefact), Err(CheckError::Step { step, .. }) if step == early));
            moved += 1;
        }
    }
    assert!(moved > 100, "{moved}");
}

#[test]
fn a_dont_care_that_is_used_is_refused() {
    let mut builder = Builder::new(Layout { public_len: 0, private_len: 1, declared: 1 });
    let x = Int::from_bits(&builder.private_byte(0)[..2]);
    let zero = builder.is_zero_int(&x);
    let artefact = finish(builder, &[zero.lc().clone()]);
    let report = accepted(&artefact);
    let [inverse] = report.free[..] else { panic!("one don't-care: {:?}", report.free) };
    let mut changed = rows(&artefact.matrices);
    let last = changed.len() - 1;
    assert_eq!(changed[last][2], [(4, Fr::one())], "the declared value's row");
    changed[last][0].push((inverse, Fr::one()));
    let mut used = artefact.clone();
    used.matrices = matrices(&artefact.matrices, &changed);
    let step = report.steps - 1;
    let error = check(&used).unwrap_err();
    assert!(matches!(error, CheckError::Step { step: at, .. } if at == step), "{error}");
    assert!(matches!(worst(&used, &report.free), Answer::Two(_)));
    // In a row that no step needs it is seen at the end.
    let mut changed = rows(&artefact.matrices);
    changed.push([vec![(inverse, Fr::one())], vec![(0, Fr::one())], vec![(inverse, Fr::one())]]);
    used.matrices = matrices(&artefact.matrices, &changed);
    assert_eq!(check(&used), Err(CheckError::FreeUsed { wire: inverse, rows: 3 }));
}

#[test]
fn bytes_that_are_no_certificate_are_refused() {
    let mut artefact = random_circuit(&mut ChaCha8Rng::seed_from_u64(6), 5);
    let bytes = std::mem::take(&mut artefact.certificate);
    assert_eq!(check(&artefact), Err(CheckError::Missing));
    for len in 1..bytes.len() {
        artefact.certificate = bytes[..len].to_vec();
        assert!(check(&artefact).is_err(), "{len} bytes");
    }
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    for _ in 0..2000 {
        let mut noise = bytes.clone();
        for _ in 0..1 + rng.next_u32() % 3 {
            let at = rng.next_u32() as usize % noise.len();
            noise[at] = rng.next_u32() as u8;
        }
        artefact.certificate = noise;
        // Most are refused; none panics, and what is accepted is still right.
        if let Ok(report) = check(&artefact) {
            assert!(report.assumed.is_empty() && report.free.len() < 8);
        }
    }
}
