//! The published example, end to end on the runner: it asks, is called back, and keeps the answer.

#[path = "support/double.rs"]
#[allow(dead_code, reason = "shared by several test binaries")]
mod double;
#[path = "support/guest.rs"]
#[allow(dead_code, reason = "shared by several test binaries")]
mod guest;

use std::time::Instant;

use double::{Asked, Double, PREDICATE};
use guest::{call, user};
use zera_abi::{Level, Outcome, Status};
use zera_host::{CallEnd, CallReport, Entry, TrapKind};

const WASM: &[u8] = include_bytes!("../../../contracts/prebuilt/special_price.wasm");
const LIMIT: u64 = 20_000_000;

/// A world in which the contract is configured.
fn configured() -> Double {
    let mut world = Double::new();
    for (key, amount) in
        [("OFFCHAIN_COMP_MIN_STAKE", 20), ("OFFCHAIN_COMP_BOUNTY", 500), ("OFFCHAIN_COMP_CALLBACK_FUEL", 2_000_000)]
    {
        world.config.insert(key.as_bytes().to_vec(), amount);
    }
    world
}

fn ask(world: Double, input: &[u8]) -> (Double, CallReport) {
    let (world, report) = call(world, WASM, user("evaluate_complex_condition"), input, LIMIT);
    (world, report.unwrap())
}

fn answer(world: Double, result: bool) -> (Double, CallReport) {
    let (world, report) = call(world, WASM, Entry::Result { handle: 0, result }, &[], LIMIT);
    (world, report.unwrap())
}

fn query(world: Double) -> (Double, Vec<u8>) {
    let (world, report) = call(world, WASM, user("query"), &[], LIMIT);
    match report.unwrap().end {
        CallEnd::Done { data, .. } => (world, data),
        end => panic!("{end:?}"),
    }
}

fn done(report: &CallReport) {
    assert_eq!(report.end, CallEnd::Done { code: 0, data: Vec::new() });
}

fn aborted(report: &CallReport, status: Status, message: &str) {
    let end = CallEnd::Aborted { code: i32::try_from(status.code()).unwrap(), message: message.to_owned() };
    assert_eq!(report.end, end);
    assert!(report.fuel_used < LIMIT, "an abort is not a trap");
}

#[test]
fn asks_for_what_the_snippet_says() {
    let input: Vec<u8> = (0..131).collect();
    let (world, report) = ask(configured(), &input);
    done(&report);
    let asked = Asked {
        predicate: PREDICATE,
        public: input,
        bounty: 500,
        min_stake: 20,
        value_at_risk: 0,
        deadline: 107,
        callback_fuel: 2_000_000,
        expected: Vec::new(),
        level: Level::Accepted,
    };
    assert_eq!(world.asked, [asked]);
    assert!(world.pending.contains(&0), "the contract waits for it");
    assert!(world.storage.is_empty() && world.events.is_empty(), "there is no answer yet");
    assert_eq!(query(world).1, b"");
}

#[test]
fn keeps_the_answer() {
    for (result, value) in [(true, 1), (false, 0)] {
        let (mut world, _) = ask(configured(), b"quotes");
        world.answers.insert(0, (if result { Outcome::True } else { Outcome::False }, Vec::new()));
        let (world, report) = answer(world, result);
        done(&report);
        assert_eq!(world.storage.get(b"state".as_slice()), Some(&vec![value]));
        assert_eq!(world.events, [(b"condition".to_vec(), vec![value])]);
        assert!(world.pending.is_empty(), "cleared");
        assert_eq!(query(world.clone()).1, [value]);
        // A second time there is nothing to clear: the call is undone as a whole.
        aborted(&answer(world, result).1, Status::State, "clear pending computation: E_STATE");
    }
}

#[test]
fn does_nothing_before_the_answer_is_verified() {
    let (world, _) = ask(configured(), b"quotes");
    let (world, report) = answer(world, true);
    done(&report);
    assert!(world.storage.is_empty() && world.events.is_empty());
    assert!(world.pending.contains(&0), "still waiting");
    // Nor for a handle that was never given out.
    let (world, report) = call(world, WASM, Entry::Result { handle: 9, result: true }, &[], LIMIT);
    done(&report.unwrap());
    assert!(world.storage.is_empty());
}

#[test]
fn a_missing_configuration_aborts() {
    for missing in ["OFFCHAIN_COMP_MIN_STAKE", "OFFCHAIN_COMP_BOUNTY", "OFFCHAIN_COMP_CALLBACK_FUEL"] {
        let mut world = configured();
        world.config.remove(missing.as_bytes());
        let (world, report) = ask(world, b"quotes");
        aborted(&report, Status::NotFound, &format!("config {missing}: E_NOT_FOUND"));
        assert!(world.asked.is_empty(), "nothing is asked for without a {missing}");
    }
    let mut world = configured();
    world.config.insert(b"OFFCHAIN_COMP_CALLBACK_FUEL".to_vec(), 1 << 64);
    aborted(&ask(world, b"").1, Status::Limit, "config OFFCHAIN_COMP_CALLBACK_FUEL: E_LIMIT");
}

#[test]
fn what_the_host_refuses_aborts() {
    let mut world = configured();
    world.balance = 499;
    aborted(&ask(world, b"").1, Status::Funds, "request SpecialPriceOraclePredicate: E_FUNDS");
    let long = ask(configured(), &vec![0; 16 * 1024 + 1]).1;
    aborted(&long, Status::Limit, "request SpecialPriceOraclePredicate: E_LIMIT");
}

#[test]
fn heights_beyond_32_bits_abort() {
    let mut world = configured();
    world.height = 1 << 32;
    let message = "height: does not fit 32 bits, use context::height";
    aborted(&ask(world, b"").1, Status::Unsupported, message);
    // The snippet's own addition wraps: a deadline in the past, which the host refuses.
    let mut world = configured();
    world.height = u64::from(u32::MAX);
    aborted(&ask(world, b"").1, Status::Deadline, "request SpecialPriceOraclePredicate: E_DEADLINE");
}

/// The largest input that a request may have is within a call's fuel and the module's memory.
#[test]
fn takes_the_largest_input() {
    let (world, report) = ask(configured(), &vec![7; 16 * 1024]);
    done(&report);
    assert_eq!(world.asked[0].public.len(), 16 * 1024);
}

#[test]
fn costs_little() {
    let (mut world, asking) = ask(configured(), &[0; 131]);
    world.answers.insert(0, (Outcome::True, Vec::new()));
    let (_, answering) = answer(world.clone(), true);
    println!("ask {} fuel, call-back {} fuel, module {} bytes", asking.fuel_used, answering.fuel_used, WASM.len());
    // What an author has to configure for the call-back, with room.
    assert!(answering.fuel_used < 2_400_000, "{}", answering.fuel_used);
    assert!(asking.fuel_used < 4_000_000, "{}", asking.fuel_used);
    let (_, short) =
        call(world.clone(), WASM, Entry::Result { handle: 0, result: true }, &[], answering.fuel_used - 1_000);
    assert_eq!(short.unwrap().end, CallEnd::Trapped { what: TrapKind::OutOfFuel });
    let started = Instant::now();
    for _ in 0..50 {
        let _ = call(world.clone(), WASM, user("query"), &[], LIMIT);
    }
    println!("a call that reads one entry: {:?}, with its thread, instance and validation", started.elapsed() / 50);
}
