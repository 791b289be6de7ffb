//! Observations of calls, kept: of each host call its name, a hash of its arguments, its status and the fuel that was used
//! before and after it. A change of a price, a check or an order shows here as a line; `UPDATE_PINS=1` writes them anew.
//!
//! The host has no hook for this. Fuel after the k-th call is read from a contract that makes k calls and aborts, where it is
//! exact; statuses come from the contract that makes them all.

#[path = "support/double.rs"]
#[allow(dead_code, reason = "shared by several test binaries")]
mod double;
#[path = "support/guest.rs"]
#[allow(dead_code, reason = "shared by several test binaries")]
mod guest;
#[path = "engines/sequence.rs"]
#[allow(dead_code, reason = "shared by several test binaries")]
mod sequence;

use std::path::Path;

use double::Double;
use guest::{call, user};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zera_abi::{Outcome, Status};
use zera_host::{CallEnd, CallReport, Entry};

const LIMIT: u64 = 20_000_000;

fn short(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes)[..8])
}

/// Compares with the file of that name, or writes it.
fn compare(name: &str, seen: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_PINS").is_some_and(|value| value == "1") {
        std::fs::write(&path, serde_json::to_string_pretty(seen).unwrap() + "\n").unwrap();
    }
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let (kept, seen) = (kept.as_array().unwrap(), seen.as_array().unwrap());
    for (at, (kept, seen)) in kept.iter().zip(seen).enumerate() {
        assert_eq!(kept, seen, "{name}, observation {at}");
    }
    assert_eq!(kept.len(), seen.len());
}

fn world() -> Double {
    let mut world = Double::new();
    world.config.insert(vec![b'S', b'p', b'e', b'c'], 9);
    world.storage.insert(b"Spec".to_vec(), vec![3; 50]);
    world.answers.insert(0, (Outcome::True, vec![[5; 32]]));
    world
}

fn used(wasm: &[u8]) -> Option<u64> {
    let (_, report) = call(world(), wasm, user("run"), b"input", LIMIT);
    match report.unwrap() {
        CallReport { fuel_used, end: CallEnd::Aborted { .. } } => Some(fuel_used),
        _ => None,
    }
}

#[test]
fn host_calls() {
    let mut rng = ChaCha20Rng::seed_from_u64(0x601d);
    let (mut kept, mut functions) = (Vec::new(), std::collections::BTreeSet::new());
    while kept.len() < 12 {
        let sequence = sequence::random(&mut rng, 10);
        let (world, report) = call(world(), &sequence.module(), user("run"), b"input", LIMIT);
        // Only what came to its end within the limit; the others are compared elsewhere.
        let CallReport { fuel_used, end: CallEnd::Done { data, .. } } = report.unwrap() else { continue };
        let mut before = used(&sequence.aborting_after(0)).unwrap();
        let mut trace = Vec::new();
        for (at, (host_call, arguments)) in sequence.calls.iter().zip(sequence.texts()).enumerate() {
            let after = used(&sequence.aborting_after(at + 1)).unwrap();
            assert!(after > before);
            let status = sequence::statuses(host_call.row)
                .and_then(|_| Status::from_code(u32::from(data[at])))
                .map_or_else(|| data[at].to_string(), |status| status.name().to_owned());
            functions.insert(host_call.row.name);
            trace.push(json!({
                "call": host_call.row.name, "arguments": short(arguments.as_bytes()), "before": before, "after": after,
                "result": status,
            }));
            before = after;
        }
        let memory = hex::encode(&data[sequence.calls.len()..][..8]);
        let writes = format!("{:?}{:?}{:?}", world.storage, world.events, world.asked);
        kept.push(json!({ "trace": trace, "fuel": fuel_used, "memory": memory, "world": short(writes.as_bytes()) }));
    }
    assert!(functions.len() > 20, "{functions:?}");
    compare("host_calls.json", &Value::Array(kept));
}

#[test]
fn the_published_example() {
    const WASM: &[u8] = include_bytes!("../../../contracts/prebuilt/special_price.wasm");
    let mut world = Double::new();
    for (key, amount) in
        [("OFFCHAIN_COMP_MIN_STAKE", 20), ("OFFCHAIN_COMP_BOUNTY", 500), ("OFFCHAIN_COMP_CALLBACK_FUEL", 2_000_000)]
    {
        world.config.insert(key.as_bytes().to_vec(), amount);
    }
    let mut trace = Vec::new();
    for (entry, input) in [
        (user("evaluate_complex_condition"), vec![7; 131]),
        (user("query"), vec![]),
        (Entry::Result { handle: 0, result: true }, vec![]),
        (user("query"), vec![]),
        (Entry::Result { handle: 0, result: true }, vec![]),
        (user("evaluate_complex_condition"), vec![0; 16 * 1024 + 1]),
    ] {
        let name = entry.export().to_owned();
        if entry.is_callback() {
            world.answers.insert(0, (Outcome::True, vec![]));
        }
        let (after, report) = call(world.clone(), WASM, entry, &input, LIMIT);
        let report = report.unwrap();
        let end = match &report.end {
            CallEnd::Done { data, .. } => {
                world = after;
                json!({ "done": hex::encode(data) })
            }
            CallEnd::Aborted { code, message } => json!({ "aborted": code, "message": message }),
            other => panic!("{other:?}"),
        };
        let writes = format!("{:?}{:?}{:?}", world.storage, world.events, world.asked);
        trace.push(json!({
            "call": name, "input": short(&input), "fuel": report.fuel_used, "end": end, "world": short(writes.as_bytes()),
        }));
    }
    compare("special_price.json", &Value::Array(trace));
}
