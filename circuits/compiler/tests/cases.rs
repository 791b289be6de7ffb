//! The prebuilt predicates through the whole pipeline: every case has its outcome in the circuit and natively, at every
//! level of optimisation; rows are within the ceilings, and what `rows.txt` says (`UPDATE_PINS=1` writes it anew).

#[path = "support/pipeline.rs"]
mod pipeline;
#[path = "support/prebuilt.rs"]
mod prebuilt;

use pipeline::{Built, build};
use prebuilt::{Case, cases, modules};
use std::collections::{BTreeMap, HashSet};
use std::num::NonZero;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;
use zera_r1cs::{Matrices, SparseMatrix};

/// Most body rows, by module.
const CEILINGS: [(&str, usize); 8] = [
    ("aes128", 14_200),
    ("forest", 1_700),
    ("keccak", 92_200),
    ("mlp", 1_600),
    ("prices", 1_300),
    ("prices.rust", 1_450),
    ("read32", 36),
    ("sha256", 16_300),
];

/// Body rows of a module whose cases all hold, and its wires that the certificate takes on trust.
fn hold(module: &str) -> (usize, usize) {
    let wasm = prebuilt::wasm(module);
    let cases = cases(module);
    let lens = |case: &Case| (case.public.len() as u32, case.private.len() as u32);
    let (public_len, private_len) = lens(&cases[0]);
    assert!(cases.iter().all(|case| lens(case) == (public_len, private_len)), "{module}: cases of several lengths");
    let start = Instant::now();
    let built = match build(&wasm, public_len, private_len) {
        Ok(built) => built,
        Err(errors) => panic!("{module}: {}", errors[0]),
    };
    let elapsed = start.elapsed();
    for case in &cases {
        let outcome = built.outcome(&case.public, &case.private);
        assert_eq!(outcome, case.outcome, "{module}, {}", case.name);
    }
    nothing_is_left_to_eliminate(module, &built);
    let rows = built.compiled.body_rows;
    let report = built.report.as_ref().unwrap_or_else(|error| panic!("{module}: certificate: {error}"));
    let (assumed, asserted) = (report.assumed.len(), report.asserted.len());
    println!("{module}: {rows} body rows, {assumed} assumed, {asserted} asserted, {elapsed:?}, {} cases", cases.len());
    // Only hand-made circuits have arguments that the checker does not follow.
    let hashes_or_curves = ["eddsa", "field", "sha_gadget", "template", "voter"].contains(&module);
    assert!(assumed == 0 || hashes_or_curves, "{module}: {assumed} wires on trust");
    (rows, assumed)
}

/// No row says of private wires only that a sum is zero, so that one of them could go, and no two rows say the same; but
/// for divisions by constants, where all digits of quotient and remainder have wires.
fn nothing_is_left_to_eliminate(module: &str, built: &Built) {
    let Matrices { a, b, c, publics, .. } = &built.compiled.artefact.matrices;
    let constant = |matrix: &SparseMatrix, row: usize| matrix.row(row).0.iter().all(|wire| *wire == 0);
    let private = |row: usize| c.row(row).0.iter().all(|wire| *wire == 0 || wire > publics);
    let spans = &built.compiled.artefact.spans;
    for row in 0..a.rows() {
        let linear = (constant(a, row) || constant(b, row)) && private(row);
        let place = spans.text(row).unwrap_or_default();
        assert!(!linear || place.ends_with("|division"), "{module}: row {row} is linear, {place}");
    }
    let mut seen = HashSet::new();
    for row in 0..a.rows() {
        let mut factors = [a.row(row), b.row(row)];
        factors.sort();
        assert!(seen.insert((factors, c.row(row))), "{module}: row {row} is there twice, {:?}", spans.text(row));
    }
}

#[test]
fn every_case_has_its_outcome_and_rows_are_as_recorded() {
    let modules = modules();
    let (next, rows) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let work = || {
        while let Some(module) = modules.get(next.fetch_add(1, Relaxed)) {
            let found = hold(module);
            rows.lock().unwrap().insert(module.as_str(), found);
        }
    };
    std::thread::scope(|scope| {
        (0..std::thread::available_parallelism().map_or(1, NonZero::get)).for_each(|_| {
            scope.spawn(work);
        });
    });
    let rows = rows.into_inner().unwrap();
    assert_eq!(rows.len(), modules.len());
    let text: String = rows.iter().map(|(module, (rows, assumed))| format!("{module} {rows} {assumed}\n")).collect();
    let pins = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rows.txt");
    if std::env::var_os("UPDATE_PINS").is_some_and(|value| value == "1") {
        std::fs::write(&pins, &text).unwrap();
    }
    for (module, most) in CEILINGS {
        let (found, _) = rows[module];
        assert!(found <= most, "{module}: {found} body rows, at most {most}");
    }
    assert_eq!(text, std::fs::read_to_string(&pins).unwrap(), "rows changed: UPDATE_PINS=1 records them");
}
