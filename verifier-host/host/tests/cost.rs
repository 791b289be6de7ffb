//! The schedule as data: what is checked in is what the code charges, and a change needs a new version.

use std::collections::BTreeMap;
use std::path::Path;

use zera_host::CostSchedule;

/// Digests of every schedule that a chain may have been started with. A line here is never changed, only added.
const DIGESTS: [(u32, &str); 1] = [(1, "af8a5741fac51eff06444eade00befb54d5ff576a1c02275091d00e548b80076")];

fn text(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("cost").join(name);
    std::fs::read_to_string(path).expect("checked in")
}

/// `name = value` lines; comments start with `#`.
fn toml(text: &str) -> BTreeMap<String, u64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.map(|line| line.split_once(" = ").expect("name = value"));
    pairs.map(|(name, value)| (name.to_owned(), value.parse().expect("a number"))).collect()
}

/// The same of one flat JSON object of numbers.
fn json(text: &str) -> BTreeMap<String, u64> {
    let body = text.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).expect("an object");
    let pairs = body.split(',').map(|pair| pair.split_once(':').expect("name: value"));
    pairs
        .map(|(name, value)| (name.trim().trim_matches('"').to_owned(), value.trim().parse().expect("a number")))
        .collect()
}

#[test]
fn the_files_are_the_schedule() {
    let cost = CostSchedule::v1();
    let entries: BTreeMap<String, u64> =
        cost.entries().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    assert_eq!(entries.len(), cost.entries().len(), "names differ");
    assert_eq!(toml(&text("v1.toml")), entries);
    assert_eq!(json(&text("v1.json")), entries);
}

#[test]
fn a_schedule_never_changes_under_its_version() {
    for (version, digest) in DIGESTS {
        let cost = match version {
            1 => CostSchedule::v1(),
            other => panic!("schedule {other} is gone"),
        };
        assert_eq!(cost.version, version);
        assert_eq!(hex::encode(cost.digest()), digest, "version {version}: a changed price needs a new version");
    }
}

#[test]
fn a_schedule_is_its_entries_and_nothing_less_or_more() {
    let cost = CostSchedule { tx_floor: 7, ..CostSchedule::v1() };
    let entries: Vec<(String, u64)> =
        cost.entries().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    assert_eq!(CostSchedule::from_entries(&entries).as_ref(), Some(&cost));
    assert_eq!(CostSchedule::from_entries(&entries[1..]), None);
    let mut other = entries.clone();
    other[3].0 = "storage_fee".to_owned();
    assert_eq!(CostSchedule::from_entries(&other), None);
    other.push(entries[3].clone());
    assert_eq!(CostSchedule::from_entries(&other), None);
}

#[test]
fn every_price_is_in_the_digest() {
    let cost = CostSchedule::v1();
    let changed = [
        CostSchedule { version: 2, ..cost.clone() },
        CostSchedule { tx_floor: cost.tx_floor + 1, ..cost.clone() },
        CostSchedule { deploy_function: cost.deploy_function + 1, ..cost.clone() },
        // Two prices that change places are another schedule.
        CostSchedule { storage_get: cost.storage_set, storage_set: cost.storage_get, ..cost.clone() },
    ];
    for other in changed {
        assert_ne!(other.digest(), cost.digest());
    }
}
