//! The prebuilt predicates through the whole pipeline: every case has its outcome in the circuit and natively, at every
//! level of optimisation; rows are within the ceilings, and what `rows.txt` says (`UPDATE_PINS=1` writes it anew).

#[path = "support/pipeline.rs"]
mod pipeline;

use pipeline::build;
use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

/// Most body rows, by module.
const CEILINGS: [(&str, usize); 8] = [
    ("aes128", 14_200),
    ("forest", 1_700),
    ("keccak", 92_200),
    ("mlp", 1_600),
    ("prices", 1_300),
    ("prices.rust", 1_450),
    ("read32", 36),
    ("sha256", 17_600),
];

struct Case {
    name: String,
    public: Vec<u8>,
    private: Vec<u8>,
    outcome: u32,
}

fn predicates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/predicates")
}

/// The cases of a module: those of its name up to the first point.
fn cases(module: &str) -> Vec<Case> {
    let path = predicates().join(format!("cases/{}.json", module.split('.').next().unwrap()));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let bytes = |value: &serde_json::Value| hex::decode(value.as_str().unwrap()).unwrap();
    let case = |value: &serde_json::Value| Case {
        name: value["name"].as_str().unwrap().to_owned(),
        public: bytes(&value["public"]),
        private: bytes(&value["private"]),
        outcome: value["outcome"].as_u64().unwrap() as u32,
    };
    json.as_array().unwrap().iter().map(case).collect()
}

fn modules() -> Vec<String> {
    let entries = std::fs::read_dir(predicates().join("prebuilt")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter_map(|name| name.strip_suffix(".wasm").map(str::to_owned)).collect();
    names.sort();
    names
}

/// Body rows of a module whose cases all hold, and its wires that the certificate takes on trust.
fn hold(module: &str) -> (usize, usize) {
    let wasm = std::fs::read(predicates().join(format!("prebuilt/{module}.wasm"))).unwrap();
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
    let rows = built.compiled.body_rows;
    let report = built.report.as_ref().unwrap_or_else(|error| panic!("{module}: certificate: {error}"));
    let (assumed, asserted) = (report.assumed.len(), report.asserted.len());
    println!("{module}: {rows} body rows, {assumed} assumed, {asserted} asserted, {elapsed:?}, {} cases", cases.len());
    // Only hand-made circuits have arguments that the checker does not follow.
    let hashes_or_curves = ["eddsa", "field", "sha_gadget", "template", "voter"].contains(&module);
    assert!(assumed == 0 || hashes_or_curves, "{module}: {assumed} wires on trust");
    (rows, assumed)
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
