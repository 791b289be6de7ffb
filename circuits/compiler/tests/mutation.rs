//! Compiled circuits hold together: no wire can have another value, no row is there for nothing.
//!
//! - Every wire, changed in every small way, breaks a row, but for the don't-cares that the checker lists and for private
//!   bits, which the program may well ignore.
//! - At an assignment the rows have full rank: no wires can be moved together, however little.
//! - Without any one row the checker of the certificate refuses; without some of them a changed wire passes, too.

#[path = "support/pipeline.rs"]
mod pipeline;
#[path = "support/prebuilt.rs"]
mod prebuilt;

use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};
use pipeline::{Built, build};
use std::collections::{BTreeMap, BTreeSet};
use zera_check::check;
use zera_r1cs::{Matrices, SparseMatrix};

/// Prebuilt modules, by what their rows do.
const MODULES: [&str; 6] = ["bits", "dispatch", "division", "early_exit", "read32", "trap"];

/// What the prebuilt ones lack: private input (and a byte of it that nothing reads), merged memory, shifts, signed
/// comparison, a bound.
const TEXT: &str = r#"(module
    (import "zera" "read_private" (func $read (param i32 i32 i32)))
    (import "zera" "bound" (func $bound (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 16) "\01\03\07\0f\1f\3f\7f\ff")
    (func (export "predicate") (param $a i32) (param $b i64) (result i32) (local $i i32) (local $s i64)
        (call $read (i32.const 0) (i32.const 0) (i32.const 6))
        (if (i32.lt_s (local.get $a) (i32.load (i32.const 0)))
            (then (i32.store8 (i32.const 1) (local.get $a)))
            (else (i64.store (i32.const 3) (local.get $b))))
        (loop $again
            (call $bound (i32.const 2))
            (local.set $s (i64.add (i64.rotl (local.get $s) (i64.const 7))
                (i64.load8_u (i32.add (i32.const 16) (i32.and (i32.const 7) (i32.shr_u (local.get $a) (local.get $i)))))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $i) (i32.and (i32.const 3) (i32.load8_u (i32.const 1))))))
        (i64.lt_s (i64.shr_s (local.get $b) (local.get $s)) (i64.load (i32.const 0)))))"#;

/// A circuit and some inputs.
struct Fixture {
    name: String,
    built: Built,
    inputs: Vec<(Vec<u8>, Vec<u8>)>,
}

fn fixtures() -> Vec<Fixture> {
    let mut all: Vec<Fixture> = MODULES
        .iter()
        .map(|name| {
            let cases = prebuilt::cases(name);
            let (public, private) = (cases[0].public.len() as u32, cases[0].private.len() as u32);
            let built = build(&prebuilt::wasm(name), public, private).unwrap_or_else(|e| panic!("{name}: {}", e[0]));
            // One case of each outcome.
            let mut seen = BTreeSet::new();
            let cases = cases.into_iter().filter(|case| seen.insert(case.outcome));
            Fixture { name: (*name).to_owned(), built, inputs: cases.map(|case| (case.public, case.private)).collect() }
        })
        .collect();
    let built = build(&wat::parse_str(TEXT).unwrap(), 12, 7).unwrap_or_else(|errors| panic!("{}", errors[0]));
    let inputs = [
        ("050000000300000000000080", "0a000000010200"),
        ("ffffffff0102030405060708", "0001f000000055"),
        ("000000800000000000000000", "ff0300ff00ffff"),
    ];
    let inputs = inputs.map(|(public, private)| (hex::decode(public).unwrap(), hex::decode(private).unwrap()));
    all.push(Fixture { name: "text".to_owned(), built, inputs: inputs.to_vec() });
    all
}

/// Rows by wire, and the sums of an assignment.
struct Sums<'a> {
    matrices: &'a Matrices,
    z: Vec<Fr>,
    rows: Vec<[Fr; 3]>,
    /// Rows and coefficients of each wire: A, B, C.
    wires: Vec<Vec<(usize, [Fr; 3])>>,
}

fn parts(matrices: &Matrices) -> [&SparseMatrix; 3] {
    [&matrices.a, &matrices.b, &matrices.c]
}

impl<'a> Sums<'a> {
    fn new(matrices: &'a Matrices, z: Vec<Fr>) -> Sums<'a> {
        let rows = (0..matrices.rows()).map(|row| parts(matrices).map(|part| part.dot(row, &z))).collect();
        let mut wires = vec![Vec::new(); matrices.wires as usize];
        for row in 0..matrices.rows() {
            let mut found: BTreeMap<u32, [Fr; 3]> = BTreeMap::new();
            for (at, part) in parts(matrices).into_iter().enumerate() {
                let (indices, coefficients) = part.row(row);
                for (wire, c) in indices.iter().zip(coefficients) {
                    found.entry(*wire).or_insert([Fr::zero(); 3])[at] = *c;
                }
            }
            for (wire, coefficients) in found {
                wires[wire as usize].push((row, coefficients));
            }
        }
        Sums { matrices, z, rows, wires }
    }

    /// Whether all rows but one hold with a wire moved.
    fn holds(&self, wire: u32, by: Fr, but: Option<usize>) -> bool {
        self.wires[wire as usize].iter().all(|(row, coefficients)| {
            let [a, b, c] = [0, 1, 2].map(|part| self.rows[*row][part] + coefficients[part] * by);
            Some(*row) == but || a * b == c
        })
    }

    /// Small ways to move a wire: to its neighbours, to 0 and 1, to its complement as a bit, to its negative, by a word.
    fn moves(&self, wire: u32) -> Vec<Fr> {
        let value = self.z[wire as usize];
        let word = Fr::from(1u64 << 32);
        let others = [
            value + Fr::one(),
            value - Fr::one(),
            Fr::zero(),
            Fr::one(),
            Fr::one() - value,
            -value,
            value + word,
            value - word,
            value + word.square(),
            value + value,
        ];
        others.into_iter().map(|other| other - value).filter(|by| !by.is_zero()).collect()
    }

    /// Wires that can be moved together without breaking a row, to the first order, by their number; `but` are still.
    fn kernel(&self, but: &BTreeSet<u32>) -> usize {
        // The derivative of A B - C, row by row.
        let mut rows: Vec<BTreeMap<u32, Fr>> = vec![BTreeMap::new(); self.matrices.rows()];
        for (wire, of) in self.wires.iter().enumerate() {
            for (row, [a, b, c]) in of {
                let slope = *a * self.rows[*row][1] + *b * self.rows[*row][0] - c;
                if !slope.is_zero() && !but.contains(&(wire as u32)) {
                    rows[*row].insert(wire as u32, slope);
                }
            }
        }
        // Where one wire is left in a row it is still: most go this way, in the order in which they were made.
        let mut open: BTreeSet<u32> = (0..self.matrices.wires).filter(|wire| !but.contains(wire)).collect();
        let mut single: Vec<usize> = (0..rows.len()).filter(|row| rows[*row].len() == 1).collect();
        while let Some(row) = single.pop() {
            let Some((&wire, _)) = rows[row].first_key_value() else { continue };
            open.remove(&wire);
            for (row, _) in &self.wires[wire as usize] {
                if rows[*row].remove(&wire).is_some() && rows[*row].len() == 1 {
                    single.push(*row);
                }
            }
        }
        // The rest by elimination, shortest rows first.
        rows.retain(|row| !row.is_empty());
        let mut rank = 0;
        while let Some(at) = (0..rows.len()).min_by_key(|at| rows[*at].len()) {
            let pivot = rows.swap_remove(at);
            let Some((&wire, slope)) = pivot.first_key_value() else { continue };
            rank += 1;
            for row in &mut rows {
                let Some(factor) = row.remove(&wire) else { continue };
                let factor = factor / slope;
                for (other, c) in pivot.iter().skip(1) {
                    let sum = row.entry(*other).or_insert(Fr::zero());
                    *sum -= factor * c;
                    if sum.is_zero() {
                        row.remove(other);
                    }
                }
            }
            rows.retain(|row| !row.is_empty());
        }
        open.len() - rank
    }
}

fn assignments(fixture: &Fixture) -> Vec<Sums<'_>> {
    let matrices = &fixture.built.compiled.artefact.matrices;
    fixture.inputs.iter().map(|(a, b)| Sums::new(matrices, fixture.built.assignment(a, b))).collect()
}

/// Wires of the private bits.
fn private_bits(fixture: &Fixture) -> std::ops::Range<u32> {
    let artefact = &fixture.built.compiled.artefact;
    let first = artefact.matrices.publics + 1 + 8 * artefact.manifest.public_len;
    first..first + 8 * artefact.manifest.private_len
}

fn without(matrices: &Matrices, gone: usize) -> Matrices {
    let [a, b, c] = parts(matrices).map(|part| {
        let rows = (0..part.rows()).map(|row| {
            let (wires, coefficients) = part.row(row);
            let len = if row == gone { 0 } else { wires.len() };
            wires.iter().copied().zip(coefficients.iter().copied()).take(len).collect::<Vec<_>>()
        });
        SparseMatrix::from_rows(rows).unwrap()
    });
    Matrices::new(matrices.publics, matrices.wires, a, b, c).unwrap()
}

#[test]
fn a_changed_wire_breaks_a_row() {
    for fixture in fixtures() {
        let report = fixture.built.report.as_ref().unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
        assert!(report.assumed.is_empty());
        let (free, private) = (BTreeSet::from_iter(report.free.iter().copied()), private_bits(&fixture));
        let (mut tried, mut ignored) = (0, BTreeSet::new());
        for sums in assignments(&fixture) {
            for wire in (0..report.wires).filter(|wire| !free.contains(wire)) {
                for by in sums.moves(wire) {
                    tried += 1;
                    let other = sums.z[wire as usize] + by;
                    let bit = private.contains(&wire) && (other.is_zero() || other.is_one());
                    // The binding is given; its own row squares it.
                    let given = wire == 2 && other == -sums.z[2];
                    let holds = sums.holds(wire, by, None);
                    assert!(
                        !holds || bit || given,
                        "{}: wire {wire}, {} or {other}",
                        fixture.name,
                        sums.z[wire as usize]
                    );
                    ignored.extend((holds && bit).then_some(wire));
                }
            }
        }
        // Nothing reads the last private byte of the text.
        assert_eq!(ignored.len(), if fixture.name == "text" { 8 } else { 0 });
        println!(
            "{}: {} wires, {} don't-cares, {tried} changes, {} private bits that may be ignored",
            fixture.name,
            report.wires,
            free.len(),
            ignored.len()
        );
    }
}

/// A don't-care is one: in an assignment where its row leaves it open it may be anything.
#[test]
fn a_dont_care_is_one() {
    let mut open = 0;
    for fixture in fixtures() {
        let free = &fixture.built.report.as_ref().unwrap().free;
        for sums in assignments(&fixture) {
            open += free.iter().filter(|wire| sums.holds(**wire, Fr::one(), None)).count();
        }
    }
    assert!(open > 0);
}

#[test]
fn wires_can_not_be_moved_together() {
    for fixture in fixtures() {
        let report = fixture.built.report.as_ref().unwrap();
        let matrices = &fixture.built.compiled.artefact.matrices;
        // Given: the constant, the binding, the input bits.
        let first = matrices.publics + 1;
        let mut given: BTreeSet<u32> = [0, 2].into_iter().chain(first..private_bits(&fixture).end).collect();
        given.extend(&report.free);
        for sums in assignments(&fixture) {
            assert_eq!(sums.kernel(&given), 0, "{}", fixture.name);
            // A row that determines the outcome gone, it can be moved.
            let last = sums.wires[1][0].0;
            let less = without(matrices, last);
            assert_eq!(Sums::new(&less, sums.z.clone()).kernel(&given), 1, "{}: without row {last}", fixture.name);
        }
    }
}

#[test]
fn a_deleted_row_is_noticed() {
    for (at, fixture) in fixtures().into_iter().enumerate() {
        let report = fixture.built.report.as_ref().unwrap();
        let artefact = &fixture.built.compiled.artefact;
        let sums = &assignments(&fixture)[0];
        let (mut rows, mut passed) = (0, 0);
        let mut broken = artefact.clone();
        for row in 0..artefact.matrices.rows() {
            // Hashing of the input is alike in all.
            if at > 0 && artefact.spans.text(row).is_some_and(|text| text.starts_with("statement")) {
                continue;
            }
            rows += 1;
            broken.matrices = without(&artefact.matrices, row);
            assert!(check(&broken).is_err(), "{}: row {row} in {:?}", fixture.name, artefact.spans.text(row));
            let mut wires = parts(&artefact.matrices).into_iter().flat_map(|part| part.row(row).0);
            passed += u32::from(wires.any(|wire| {
                let free = report.free.contains(wire) || sums.holds(*wire, Fr::one(), None);
                !free && sums.holds(*wire, Fr::one(), Some(row))
            }));
        }
        println!(
            "{}: {rows} rows, without each of which the checker refuses; without {passed} of them a changed wire passes",
            fixture.name
        );
        assert!(rows > 30);
    }
}
