//! The built-in predicates are certified, and a large circuit in time.

use std::time::Instant;
use zera_check::check;
use zera_ir::{Bit, Builder, Layout, Verdict, Word};
use zera_library::gadgets::sha256::sha256;
use zera_library::registry;
use zera_r1cs::Manifest;

#[test]
fn every_built_in_predicate_is_certified() {
    for predicate in registry() {
        let artefact = (predicate.artefact)();
        let report = check(artefact).unwrap_or_else(|error| panic!("{}: {error}", predicate.name));
        println!(
            "{}: {} rows, {} wires, {} free, {} assumed, {} rows may refuse, certificate {} bytes",
            predicate.name,
            report.rows,
            report.wires,
            report.free.len(),
            report.assumed.len(),
            report.asserted.len(),
            artefact.certificate.len(),
        );
        let free =
            ["SpecialPriceOraclePredicate", "RangePredicate", "CollateralRatioPredicate", "CompoundGrowthPredicate"]
                .map(|name| usize::from(name == predicate.name))
                .into_iter()
                .zip([1, 0, 0, 3])
                .map(|(this, free)| this * free)
                .sum::<usize>();
        assert_eq!(report.free.len(), free, "{}", predicate.name);
        if predicate.name != "SpecialPriceOraclePredicate" {
            assert!(
                report.assumed.is_empty() && report.asserted.is_empty(),
                "{}: every input has a witness",
                predicate.name
            );
            continue;
        }
        // The sorted list is advice: 15 ranks, pinned by the rows for the multiset (1 and 14) and the order (14), which
        // no step uses; and as nothing is known of the ranks, neither median nor spread are seen to fit their comparisons.
        assert_eq!(report.assumed.len(), 15);
        let mut places: Vec<&str> =
            report.asserted.iter().filter_map(|row| artefact.spans.text(*row as usize)).collect();
        places.dedup();
        assert_eq!(places, ["sorted: same multiset", "sorted: ascending", "median > threshold", "spread within bound"]);
        assert_eq!(report.asserted.len(), 15 + 14 + 2);
    }
}

/// SHA-256: nothing of `e` is assumed, of `a` the bits and the majorities are.
#[test]
fn two_rounds_at_once_assume_one_half() {
    for (len, wires) in [(3, 3070), (32, 3070), (55, 3070), (64, 6239)] {
        let mut builder = Builder::new(Layout { public_len: 0, private_len: len, declared: 0 });
        let bits: Vec<Bit> = (0..len).flat_map(|at| builder.private_byte(at).to_vec()).collect();
        let digest = sha256(&mut builder, &bits);
        let verdict = Verdict { truth: digest[0].clone(), trap: Bit::constant(false), exceeded: Bit::constant(false) };
        let manifest = Manifest::new("hash", 1, 0, len as u32, vec![]).unwrap();
        let artefact = builder.finish(&verdict, &[], manifest, [0; 32]).unwrap();
        let report = check(&artefact).unwrap();
        assert_eq!(report.assumed.len(), wires, "{len} bytes");
    }
}

/// Rounds of additions, rotations and bit functions on words of 32 bits, as in a hash.
#[test]
fn a_hundred_thousand_rows_take_about_a_second() {
    let mut builder = Builder::new(Layout { public_len: 0, private_len: 32, declared: 0 });
    let mut state: Vec<Word> = (0..8).map(|i| builder.private_word(4 * i, 4)).collect();
    while builder.rows() < 100_000 {
        let [a, b, c] = [0, 1, 2].map(|i| builder.word_bits(&state[i]));
        let rotated = |bits: &[Bit], by: usize| -> Vec<Bit> { (0..32).map(|i| bits[(i + by) % 32].clone()).collect() };
        let parts = [rotated(&a, 6), rotated(&a, 11), rotated(&a, 25)];
        let mut mixed = Vec::new();
        let mut chosen = Vec::new();
        for i in 0..32 {
            mixed.push(builder.lookup([&parts[0][i], &parts[1][i], &parts[2][i]], 0x96));
            chosen.push(builder.lookup([&a[i], &b[i], &c[i]], 0xca));
        }
        let sum = builder.word_add(&Word::from_bits(&mixed), &Word::from_bits(&chosen));
        let next = builder.word_add(&sum, &state[7]);
        state.rotate_right(1);
        state[0] = Word::from_bits(&builder.word_bits(&next));
    }
    let truth = builder.word_equal(&state[0].clone(), &Word::constant(32, 7));
    let verdict = Verdict { truth, trap: Bit::constant(false), exceeded: Bit::constant(false) };
    let manifest = Manifest::new("large", 1, 0, 32, vec![]).unwrap();
    let artefact = builder.finish(&verdict, &[], manifest, [0; 32]).unwrap();
    let start = Instant::now();
    let report = check(&artefact).unwrap();
    println!("{} rows, certificate {} bytes: {:?}", report.rows, artefact.certificate.len(), start.elapsed());
    assert!(report.asserted.is_empty() && report.assumed.is_empty());
}
