//! The crate's face: what is built is satisfied by its own tape, says what it should, and nothing else satisfies it.

use ark_bn254::Fr;
use ark_ff::{Field, One, PrimeField, UniformRand, Zero};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use zera_ir::{Bit, Builder, Int, Layout, Lc, Verdict, Word};
use zera_r1cs::{Artefact, Manifest, Matrices, TapeInputs};
use zera_statement::{input_root, poseidon};

const FIRST_DECLARED: usize = 4;

/// A circuit whose declared values are what `body` returns, and whose outcome is 1.
fn build(public: usize, private: usize, declared: usize, body: impl FnOnce(&mut Builder) -> Vec<Lc>) -> Artefact {
    let mut builder = Builder::new(Layout { public_len: public, private_len: private, declared });
    let values = builder.span("body", body);
    let known = Bit::constant;
    let verdict = Verdict { truth: known(true), trap: known(false), exceeded: known(false) };
    let names = (0..declared).map(|i| format!("v{i}")).collect();
    let manifest = Manifest::new("test", 1, public as u32, private as u32, names).unwrap();
    builder.finish(&verdict, &values, manifest, [7; 32]).unwrap()
}

/// The satisfying assignment for these bytes.
fn run(artefact: &Artefact, public: &[u8], private: &[u8]) -> Vec<Fr> {
    let binding = Fr::from(0xb1bd);
    let z = artefact.tape.run(&TapeInputs { binding, public, private }).unwrap();
    if let Err(error) = artefact.matrices.check(&z) {
        panic!("{error} in {:?} for {public:?}", error.row().and_then(|row| artefact.spans.text(row)));
    }
    assert_eq!(z[2], binding);
    assert_eq!(z[3], input_root(public));
    z
}

fn row_terms(matrices: &Matrices, row: usize) -> [Vec<(u32, Fr)>; 3] {
    [&matrices.a, &matrices.b, &matrices.c].map(|matrix| {
        let (wires, coefficients) = matrix.row(row);
        wires.iter().copied().zip(coefficients.iter().copied()).collect()
    })
}

fn holds(matrices: &Matrices, row: usize, z: &[Fr]) -> bool {
    matrices.a.dot(row, z) * matrices.b.dot(row, z) == matrices.c.dot(row, z)
}

/// For each wire the rows that mention it.
fn mentions(matrices: &Matrices) -> Vec<Vec<usize>> {
    let mut rows = vec![Vec::new(); matrices.wires as usize];
    for row in 0..matrices.rows() {
        for (wire, _) in row_terms(matrices, row).into_iter().flatten() {
            if rows[wire as usize].last() != Some(&row) {
                rows[wire as usize].push(row);
            }
        }
    }
    rows
}

/// The wires that can be changed alone, by one of several amounts, without any row noticing.
fn movable(artefact: &Artefact, z: &[Fr]) -> Vec<usize> {
    let matrices = &artefact.matrices;
    let rows = mentions(matrices);
    let mut z = z.to_vec();
    let mut found = Vec::new();
    for wire in 1..z.len() {
        let honest = z[wire];
        // The verifier gives the binding; its row is a square, so the negated binding has the same one.
        let negated = if wire == 2 { Fr::zero() } else { -(honest + honest) };
        for delta in [Fr::one(), -Fr::one(), Fr::from(2), negated, Fr::from(1u64 << 32)] {
            z[wire] = honest + delta;
            if !delta.is_zero() && rows[wire].iter().all(|row| holds(matrices, *row, &z)) {
                found.push(wire);
                break;
            }
        }
        z[wire] = honest;
    }
    found
}

#[test]
fn poseidon_has_circoms_counts_and_the_native_value() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for (inputs, expected) in [(1, 213), (2, 240), (3, 261), (4, 297), (5, 321), (16, 609)] {
        let mut rows = 0;
        let artefact = build(0, 31 * inputs, 1, |builder| {
            let elements: Vec<Lc> = (0..inputs)
                .map(|i| {
                    let bits: Vec<Bit> = (0..31).flat_map(|j| builder.private_byte(31 * i + j).to_vec()).collect();
                    Int::from_bits(&bits).rep().clone()
                })
                .collect();
            let before = builder.rows();
            let hash = builder.poseidon(&elements).unwrap();
            rows = builder.rows() - before;
            vec![hash]
        });
        println!("poseidon({inputs}): {rows} rows");
        assert_eq!(rows, expected, "poseidon({inputs})");
        for _ in 0..3 {
            let mut private = vec![0; 31 * inputs];
            rng.fill_bytes(&mut private);
            let z = run(&artefact, &[], &private);
            let elements: Vec<Fr> = private.chunks(31).map(Fr::from_le_bytes_mod_order).collect();
            assert_eq!(Some(z[FIRST_DECLARED]), poseidon::hash(&elements));
        }
    }
    let mut builder = Builder::new(Layout { public_len: 0, private_len: 0, declared: 0 });
    assert_eq!(builder.poseidon(&[]), None);
    assert_eq!(builder.poseidon(&vec![Lc::zero(); 17]), None);
    let constant = builder.poseidon(&[Lc::constant(Fr::from(5))]).unwrap();
    assert_eq!(constant.as_constant(), poseidon::hash(&[Fr::from(5)]), "known inputs cost no row");
}

/// Lengths around the ends of elements and blocks. `run` compares the root with the native one.
#[test]
fn the_root_is_the_native_one_at_every_kind_of_length() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for len in [0, 1, 30, 31, 32, 62, 63, 464, 465, 466, 500, 931] {
        let artefact = build(len, 3, 0, |_| vec![]);
        let mut public = vec![0; len];
        rng.fill_bytes(&mut public);
        let z = run(&artefact, &public, &[1, 2, 3]);
        assert_eq!(z[1], Fr::one());
        let statement = artefact.matrices.rows() - 8 * (len + 3) - 3;
        println!("public bytes {len}: {} rows, {statement} of them for the root", artefact.matrices.rows());
        for wire in [1, 2, 3] {
            let mut forged = z.clone();
            forged[wire] += Fr::one();
            assert!(artefact.matrices.check(&forged).is_err(), "wire {wire} of {len} bytes");
        }
    }
}

/// What `small` computes from a byte, natively.
fn expected(byte: u8) -> [u64; 9] {
    let (x, y) = (u64::from(byte & 15), u64::from(byte >> 4));
    let picked = [5, 9, x, y];
    [
        u64::from(x < y),
        u64::from(x <= y),
        u64::from(x == y),
        u64::from(x == 0),
        x * y,
        x.min(y),
        x.max(y),
        u64::from((x < y) ^ (y == 0)),
        picked[byte as usize & 3],
    ]
}

/// Every gadget once, over a byte of two numbers `x + 16 y`.
fn small() -> Artefact {
    build(1, 0, 9, |builder| {
        let bits = builder.public_byte(0).to_vec();
        let (x, y) = (Int::from_bits(&bits[..4]), Int::from_bits(&bits[4..]));
        let mut rows = builder.rows();
        let mut cost = |builder: &Builder, expected: usize| {
            assert_eq!(builder.rows() - rows, expected);
            rows = builder.rows();
        };
        let less = builder.less_than(&x, &y);
        cost(builder, 5);
        let at_most = builder.at_most(&x, &y);
        cost(builder, 5);
        let equal = builder.equal(&x, &y);
        cost(builder, 2);
        let zero = builder.is_zero_int(&x);
        cost(builder, 2);
        let product = builder.mul_int(&x, &y);
        cost(builder, 1);
        let (least, greatest) = builder.compare_exchange(&x, &y);
        cost(builder, 1); // The comparison is there already.
        let y_zero = builder.is_zero_int(&y);
        let either = builder.xor(&less, &y_zero);
        cost(builder, 3);
        let hot = builder.one_hot(&bits[..2]);
        cost(builder, 1);
        let items = [Int::constant(5), Int::constant(9), x.clone(), y.clone()];
        let picked = builder.select_one_hot(&hot, &items);
        cost(builder, 2); // The second item less the first is a constant.
        let bit = |bit: &Bit| bit.lc().clone();
        vec![
            bit(&less),
            bit(&at_most),
            bit(&equal),
            bit(&zero),
            product.rep().clone(),
            least.rep().clone(),
            greatest.rep().clone(),
            bit(&either),
            picked.rep().clone(),
        ]
    })
}

#[test]
fn small_integers_exhaustively_and_every_wire_is_pinned() {
    let artefact = small();
    let mut free_seen = 0;
    for byte in 0..=255u8 {
        let z = run(&artefact, &[byte], &[]);
        let got: Vec<Fr> = z[FIRST_DECLARED..FIRST_DECLARED + 9].to_vec();
        assert_eq!(got, expected(byte).map(Fr::from), "byte {byte}");
        for wire in (0..artefact.matrices.wires).filter(|wire| artefact.booleans.contains(*wire)) {
            let value = z[wire as usize];
            assert!(value.is_zero() || value.is_one(), "wire {wire} is marked boolean, byte {byte}");
        }
        let (x, y) = (byte & 15, byte >> 4);
        // The inverses of x - y, x and y are free where those are zero.
        let free = usize::from(x == y) + usize::from(x == 0) + usize::from(y == 0);
        assert_eq!(movable(&artefact, &z).len(), free, "byte {byte}");
        free_seen += free;
    }
    assert_eq!(free_seen, 48);
}

/// Changes one wire, then lets every row but `without` repair the wire that it defines; `None` unless all hold.
fn forge(artefact: &Artefact, without: usize, z: &[Fr], changes: &[(usize, Fr)]) -> Option<Vec<Fr>> {
    let matrices = &artefact.matrices;
    let mut forged = z.to_vec();
    changes.iter().for_each(|(wire, delta)| forged[*wire] += delta);
    let fixed: Vec<usize> = changes.iter().map(|(wire, _)| *wire).collect();
    for row in (0..matrices.rows()).filter(|row| *row != without) {
        if holds(matrices, row, &forged) {
            continue;
        }
        let [a, b, c] = row_terms(matrices, row);
        // A product's wire is the newest; a public value has the row to itself.
        let own = |wire: u32| a.iter().chain(&b).all(|(other, _)| *other != wire);
        let owner = match c.as_slice() {
            [(wire, coefficient)] => Some((*wire, *coefficient)),
            _ => c.last().copied(),
        };
        let (wire, coefficient) = owner.filter(|(wire, _)| own(*wire) && ![0, 2].contains(wire))?;
        if fixed.contains(&(wire as usize)) {
            return None;
        }
        let error = matrices.a.dot(row, &forged) * matrices.b.dot(row, &forged) - matrices.c.dot(row, &forged);
        forged[wire as usize] += error * coefficient.inverse().unwrap();
    }
    (0..matrices.rows()).all(|row| row == without || holds(matrices, row, &forged)).then_some(forged)
}

/// Without any one row the same input has another assignment, so no row is there in vain and none can be lost unseen.
#[test]
fn every_row_is_needed() {
    let artefact = small();
    let matrices = &artefact.matrices;
    let assignments: Vec<Vec<Fr>> = [0x53, 0x35, 0xff, 0x00, 0x0a, 0xa0, 0x7e, 0x80, 0xc3, 0x99]
        .iter()
        .map(|b| run(&artefact, &[*b], &[]))
        .collect();
    'rows: for row in 0..matrices.rows() {
        // Its wires and its neighbour's: the second row of a zero test does not mention the inverse.
        let near = (row.saturating_sub(1)..=row).flat_map(|row| row_terms(matrices, row));
        let wires: Vec<u32> = near.flatten().map(|(wire, _)| wire).collect();
        for z in &assignments {
            for wire in wires.iter().rev().filter(|wire| ![0, 2].contains(*wire)).map(|wire| *wire as usize) {
                let powers = (0..8).flat_map(|k| [Fr::from(1u64 << k), -Fr::from(1u64 << k)]);
                for delta in powers.chain([-z[wire]]).filter(|delta| !delta.is_zero()) {
                    if forge(&artefact, row, z, &[(wire, delta)]).is_some() {
                        continue 'rows;
                    }
                    // An input bit: the byte stays what it was where another bit makes up for it.
                    let compensated = (wire + 1..z.len().min(wire + 8)).any(|other| {
                        let weight = Fr::from(1u64 << (other - wire));
                        delta == weight && forge(&artefact, row, z, &[(wire, delta), (other, -Fr::one())]).is_some()
                    });
                    let carried = (1..8).any(|k| {
                        let half = Fr::from(1u64 << k).inverse().unwrap();
                        let other = wire.saturating_sub(k);
                        delta.is_one() && forge(&artefact, row, z, &[(wire, -half), (other, Fr::one())]).is_some()
                    });
                    if compensated || carried {
                        continue 'rows;
                    }
                }
            }
        }
        panic!("row {row} ({:?}) can be deleted", artefact.spans.text(row));
    }
}

#[test]
fn words_wrap_as_machine_words_do() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    for width in [8u32, 16, 32, 64] {
        let bytes = width as usize / 8;
        let artefact = build(0, 2 * bytes, 13, |builder| {
            let (a, b) = (builder.private_word(0, bytes), builder.private_word(bytes, bytes));
            // Far out of range in both directions before anything is reduced.
            let k = Word::constant(width, 0xdead_beef_cafe_f00d);
            let sum = builder.word_add(&a, &b);
            let difference = builder.word_sub(&a, &b);
            let deep = builder.word_mul(&difference, &difference);
            let deep = builder.word_mul(&deep, &sum);
            let deep = builder.word_sub(&deep, &k);
            let shifted = builder.word_shl(&sum, 3);
            let words = [
                sum.clone(),
                difference.clone(),
                deep.clone(),
                shifted,
                builder.word_shr(&difference, 5),
                builder.word_and(&a, &difference),
                builder.word_or(&a, &sum),
                builder.word_xor(&difference, &sum),
            ];
            let mut values: Vec<Lc> = words.iter().map(|word| builder.reduced(word).rep().clone()).collect();
            let equal = builder.word_equal(&sum, &difference);
            let less = builder.word_less_unsigned(&difference, &sum);
            let less_signed = builder.word_less_signed(&difference, &a);
            let chosen = builder.word_select(&less, &sum, &deep);
            values.extend([equal.lc().clone(), less.lc().clone(), less_signed.lc().clone()]);
            values.push(builder.reduced(&chosen).rep().clone());
            values.push(builder.reduced_signed(&difference).rep().clone());
            values
        });
        println!("words of {width} bits: {} rows", artefact.matrices.rows());
        let mask = u64::MAX >> (64 - width);
        let signed = |value: u64| ((value << (64 - width)) as i64) >> (64 - width);
        let edges = [0, 1, mask, mask >> 1, (mask >> 1) + 1];
        let mut cases: Vec<(u64, u64)> = edges.iter().flat_map(|a| edges.iter().map(move |b| (*a, *b))).collect();
        cases.extend((0..20).map(|_| (rng.next_u64() & mask, rng.next_u64() & mask)));
        for (a, b) in cases {
            let private: Vec<u8> = [a, b].iter().flat_map(|x| x.to_le_bytes()[..bytes].to_vec()).collect();
            let z = run(&artefact, &[], &private);
            let (sum, difference) = (a.wrapping_add(b) & mask, a.wrapping_sub(b) & mask);
            let deep = difference.wrapping_mul(difference).wrapping_mul(sum).wrapping_sub(0xdead_beef_cafe_f00d) & mask;
            let less = difference < sum;
            let expected = [
                sum,
                difference,
                deep,
                (sum << 3) & mask,
                difference >> 5,
                a & difference,
                a | sum,
                difference ^ sum,
                u64::from(sum == difference),
                u64::from(less),
                u64::from(signed(difference) < signed(a)),
                if less { sum } else { deep },
            ];
            assert_eq!(z[FIRST_DECLARED..FIRST_DECLARED + 12], expected.map(Fr::from), "width {width}, {a}, {b}");
            let signed_difference = signed(difference);
            let magnitude = Fr::from(signed_difference.unsigned_abs());
            let field = if signed_difference < 0 { -magnitude } else { magnitude };
            assert_eq!(z[FIRST_DECLARED + 12], field, "width {width}, {a}, {b}");
        }
    }
}

#[test]
fn what_is_known_costs_nothing() {
    let mut builder = Builder::new(Layout { public_len: 16, private_len: 0, declared: 0 });
    let (x, y) = (builder.public_int(0, 8), builder.public_int(8, 8));
    let before = builder.rows();
    assert_eq!(builder.less_than(&x, &x.add(&y)).as_constant(), None);
    let between = builder.rows();
    assert_eq!(between - before, 66, "x - (x + y) spans 65 bits and a sign");
    assert_eq!(builder.less_than(&x, &x.add(&Int::constant(1u128 << 64))).as_constant(), Some(true));
    assert_eq!(builder.less_than(&x, &Int::constant(1u128 << 64)).as_constant(), Some(true));
    assert_eq!(builder.less_than(&y, &Int::constant(0)).as_constant(), Some(false));
    assert_eq!(builder.equal(&y, &Int::constant(-1)).as_constant(), Some(false));
    assert_eq!(builder.split(&x).len(), 64);
    assert_eq!(builder.split(&Int::constant(6)).len(), 3);
    let bit = builder.public_byte(0)[0].clone();
    assert_eq!(builder.split(&Int::from_bit(&bit)), vec![bit.clone()]);
    assert_eq!(builder.and(&bit, &Bit::constant(true)), bit);
    assert_eq!(builder.or(&bit, &Bit::constant(true)).as_constant(), Some(true));
    assert_eq!(builder.xor(&bit, &Bit::constant(true)), bit.not());
    assert_eq!(builder.select_int(&Bit::constant(false), &x, &y), y);
    builder.select_int(&bit, &Int::constant(7), &Int::constant(3));
    builder.mul_int(&x, &Int::constant(10));
    assert_eq!(builder.rows(), between);
}

/// A value out of range has no witness: the tape refuses it, and the rows refuse every other attempt of the tape's kind.
#[test]
fn an_asserted_range_is_kept() {
    let artefact = build(1, 0, 0, |builder| {
        let byte = builder.public_int(0, 1);
        let rows = builder.rows();
        builder.assert_unsigned(&byte.rep().add_constant(-Fr::from(100)), 7);
        assert_eq!(builder.rows() - rows, 7);
        vec![]
    });
    for byte in 0..=255u8 {
        let inputs = TapeInputs { binding: Fr::zero(), public: &[byte], private: &[] };
        let satisfied = artefact.tape.run(&inputs).is_ok_and(|z| artefact.matrices.check(&z).is_ok());
        assert_eq!(satisfied, (100..228).contains(&byte), "{byte}");
    }
}

#[test]
fn outcomes_and_declared_values() {
    let artefact = {
        let builder = Builder::new(Layout { public_len: 1, private_len: 0, declared: 1 });
        let bits = builder.public_byte(0).to_vec();
        let verdict = Verdict { truth: bits[0].clone(), trap: bits[1].clone(), exceeded: bits[2].clone() };
        let declared = [Lc::constant(Fr::from(9)).add(bits[3].lc())];
        let manifest = Manifest::new("test", 1, 1, 0, vec!["nine".into()]).unwrap();
        builder.finish(&verdict, &declared, manifest, [0; 32]).unwrap()
    };
    for byte in 0..16u8 {
        let z = run(&artefact, &[byte], &[]);
        let outcome = match (byte & 4, byte & 2) {
            (4, _) => 3,
            (_, 2) => 2,
            _ => u64::from(byte & 1),
        };
        assert_eq!(z[1], Fr::from(outcome));
        assert_eq!(z[4], Fr::from(9 + u64::from(byte >> 3)));
        assert!(movable(&artefact, &z).is_empty());
    }
    let builder = Builder::new(Layout { public_len: 1, private_len: 0, declared: 1 });
    let known = Bit::constant;
    let verdict = Verdict { truth: known(true), trap: known(false), exceeded: known(false) };
    let manifest = Manifest::new("test", 1, 1, 0, vec!["nine".into()]).unwrap();
    let error = builder.finish(&verdict, &[], manifest, [0; 32]).unwrap_err();
    assert_eq!(error.to_string(), "declared values: expected 1, got 0");
}

#[test]
fn rows_carry_their_place_and_building_twice_gives_the_same_bytes() {
    let artefact = small();
    assert_eq!(artefact.spans.text(0), Some("statement: public bytes"));
    assert_eq!(artefact.spans.text(8), Some("statement: input root"));
    assert!(artefact.spans.iter().any(|span| span.text == "body"));
    assert_eq!(artefact.spans.end() as usize, artefact.matrices.rows());
    assert_eq!(artefact.encode(), small().encode());
    assert_eq!(Artefact::decode(&artefact.encode()).as_ref(), Ok(&artefact));
}

/// Random field elements, far outside any range: products and zero tests are the field's.
#[test]
fn products_and_zero_tests_of_field_elements() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let (c, d) = (Fr::rand(&mut rng), Fr::rand(&mut rng));
    let artefact = build(2, 0, 4, |builder| {
        let [x, y] = [0, 1].map(|i| builder.public_int(i, 1));
        let a = x.rep().scale(c).add(&y.rep().scale(d));
        let b = x.rep().sub(y.rep()).scale(c);
        let first = builder.mul(&a, &b);
        assert_eq!(builder.mul(&b, &a), first, "the same product, whichever factor comes first");
        let zero = builder.is_zero(&b);
        assert_eq!(builder.is_zero(&b), zero);
        vec![first, zero.lc().clone(), builder.select(&zero, &a, x.rep()), b]
    });
    for bytes in [[3, 5], [5, 5], [0, 0], [255, 0]] {
        let z = run(&artefact, &bytes, &[]);
        let [x, y] = bytes.map(Fr::from);
        let (a, b) = (c * x + d * y, c * (x - y));
        let expected = [a * b, Fr::from(u8::from(b.is_zero())), if b.is_zero() { a } else { x }, b];
        assert_eq!(z[FIRST_DECLARED..FIRST_DECLARED + 4], expected);
    }
}

/// All 256 functions of three bits, in one row or two, and nothing else satisfies the rows.
#[test]
fn lookups_are_their_tables_in_one_row_or_two() {
    let mut counts = [0; 3];
    let tables: Vec<u8> = (0..=255).collect();
    for tables in tables.chunks(8) {
        let artefact = build(0, 1, tables.len(), |builder| {
            let byte: Vec<Bit> = builder.private_byte(0).to_vec();
            let lookup = |table: &u8| {
                let before = builder.rows();
                let bit = builder.lookup([&byte[0], &byte[1], &byte[2]], *table);
                counts[builder.rows() - before] += 1;
                bit.lc().clone()
            };
            tables.iter().map(lookup).collect()
        });
        for x in 0..8u8 {
            let z = run(&artefact, &[], &[x]);
            for (at, table) in tables.iter().enumerate() {
                assert_eq!(z[FIRST_DECLARED + at], Fr::from(u64::from(table >> x & 1)), "{table:#x} at {x}");
            }
            // The input's own bits may be either, where no function of them is looked up.
            let bits = FIRST_DECLARED + tables.len()..FIRST_DECLARED + tables.len() + 8;
            assert!(movable(&artefact, &z).iter().all(|wire| bits.contains(wire)), "at {x}");
        }
    }
    // Products are made once, so some of the 64 functions without a cell find half of theirs done.
    assert_eq!(counts[0], 8);
    assert!(counts[2] <= 64 && counts[1] >= 184, "{counts:?}");
}

/// Every dividend of six bits by every divisor of three, and what a range must say first.
#[test]
fn quotients_and_remainders_are_the_integers() {
    let artefact = build(2, 0, 4, |builder| {
        let bits = builder.public_byte(0).to_vec();
        let dividend = Int::from_bits(&bits[..6]);
        let divisor = Int::from_bits(&builder.public_byte(1)[..3]);
        assert_eq!(builder.divide(&dividend, &divisor), None, "the divisor may be zero");
        assert_eq!(builder.divide(&dividend.sub(&divisor), &Int::constant(3)), None, "the dividend may be negative");
        let rows = builder.rows();
        let shifted = divisor.add(&Int::constant(1));
        let (quotient, remainder) = builder.divide(&dividend, &shifted).unwrap();
        assert_eq!(builder.rows() - rows, 6 + 3 + 1 + 3);
        let rows = builder.rows();
        let (tens, ones) = builder.divide(&dividend, &Int::constant(10)).unwrap();
        assert_eq!(builder.rows() - rows, 3 + 4 + 1 + 4);
        let rows = builder.rows();
        assert_eq!(builder.divide(&dividend, &Int::constant(1)), Some((dividend.clone(), Int::constant(0))));
        assert_eq!(builder.divide(&divisor, &Int::constant(9)), Some((Int::constant(0), divisor.clone())));
        assert_eq!(builder.rows(), rows);
        [quotient, remainder, tens, ones].map(|int| int.rep().clone()).to_vec()
    });
    for (a, d) in (0..64u64).flat_map(|a| (0..8).map(move |d| (a, d))) {
        let z = run(&artefact, &[a as u8, d as u8], &[]);
        let expected = [a / (d + 1), a % (d + 1), a / 10, a % 10].map(Fr::from);
        assert_eq!(z[FIRST_DECLARED..FIRST_DECLARED + 4], expected, "{a} by {d}");
    }
    let z = run(&artefact, &[47, 6], &[]);
    assert!(movable(&artefact, &z).iter().all(|wire| (8..24).contains(wire)), "{:?}", movable(&artefact, &z));
}
