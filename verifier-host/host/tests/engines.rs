//! Two hosts, two engines, one result: every call here runs on the host and on a second one that shares no code with it
//! beneath the port, and the two must agree on the end of the call, on what it returned and on everything it did.

#[path = "support/double.rs"]
#[allow(dead_code, reason = "shared by several test binaries")]
mod double;
#[path = "support/guest.rs"]
#[allow(dead_code, reason = "shared by several test binaries")]
mod guest;
#[path = "engines/second.rs"]
mod second;
#[path = "engines/sequence.rs"]
#[allow(dead_code, reason = "shared by several test binaries")]
mod sequence;

use std::collections::BTreeSet;

use double::{CONTRACT, Double, PREDICATE, USER};
use guest::{contract, user};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zera_abi::wire::Request;
use zera_abi::{Level, Outcome};
use zera_host::validate::validate;
use zera_host::{Call, CallEnd, CostSchedule, Entry, Runner, TrapKind};

/// Host calls cost nothing, so that no sequence of them runs dry on the host that counts.
fn free() -> Runner {
    let v1 = CostSchedule::v1();
    let cost = CostSchedule {
        host_call: 0,
        memory_base: 0,
        memory_byte: 0,
        memory_page: 0,
        storage_get: 0,
        storage_get_byte: 0,
        storage_set: 0,
        storage_set_byte: 0,
        storage_remove: 0,
        event: 0,
        event_byte: 0,
        sha256: 0,
        sha256_byte: 0,
        poseidon: 0,
        task_open: 0,
        decode_proof: 0,
        verify_base: 0,
        verify_input: 0,
        ..v1
    };
    Runner::new(cost).unwrap()
}

fn a_call(entry: Entry, input: &[u8]) -> Call {
    Call { contract: CONTRACT, caller: USER, entry, input: input.to_vec(), fuel_limit: 20_000_000 }
}

/// Runs a call on both hosts; the worlds and the ends must be the same.
fn both(runner: &Runner, world: Double, wasm: &[u8], call: Call) -> (Double, CallEnd) {
    let code = zera_statement::code_hash(wasm);
    let (first_world, report) = runner.call(world.clone(), &code, wasm, call.clone());
    let (second_world, second_end) = second::call(world, wasm, call.clone());
    let first_end = second::plain(report.unwrap().end);
    assert_eq!(first_end, second_end, "{call:?}");
    assert_eq!(format!("{first_world:?}"), format!("{second_world:?}"), "{call:?}");
    (first_world, first_end)
}

/// A contract's life: each call takes the world that the call before left, as a block does; what does not end well is undone.
fn life(wasm: &[u8], mut world: Double, calls: Vec<(Entry, Vec<u8>)>, answers: &[(u64, Outcome)]) -> Vec<CallEnd> {
    validate(wasm).unwrap();
    let runner = Runner::new(CostSchedule::v1()).unwrap();
    let mut ends = Vec::new();
    for (entry, input) in calls {
        if entry.is_callback() {
            world.answers = answers.iter().map(|(handle, outcome)| (*handle, (*outcome, vec![]))).collect();
        }
        let before = world.clone();
        let (after, end) = both(&runner, world, wasm, a_call(entry, &input));
        world = if matches!(end, CallEnd::Done { .. }) { after } else { before };
        world.height += 1;
        ends.push(end);
    }
    ends
}

fn done(data: &[u8]) -> CallEnd {
    CallEnd::Done { code: 0, data: data.to_vec() }
}

#[test]
fn the_published_example() {
    const WASM: &[u8] = include_bytes!("../../../contracts/prebuilt/special_price.wasm");
    let ask = || user("evaluate_complex_condition");
    let mut world = Double::new();
    for (key, amount) in
        [("OFFCHAIN_COMP_MIN_STAKE", 20), ("OFFCHAIN_COMP_BOUNTY", 500), ("OFFCHAIN_COMP_CALLBACK_FUEL", 2_000_000)]
    {
        world.config.insert(key.as_bytes().to_vec(), amount);
    }
    let calls = vec![
        (ask(), b"quotes".to_vec()),
        (user("query"), vec![]),
        (ask(), vec![7; 16 * 1024]),
        (ask(), vec![7; 16 * 1024 + 1]),
        (Entry::Result { handle: 0, result: true }, vec![]),
        (user("query"), vec![]),
        (Entry::Result { handle: 0, result: true }, vec![]),
        (Entry::Result { handle: 1, result: false }, vec![]),
        (Entry::Result { handle: 9, result: true }, vec![]),
        (Entry::Failed { handle: 1, reason: 3 }, vec![]),
        (user("query"), vec![]),
        (user("absent"), vec![]),
    ];
    let ends = life(WASM, world, calls, &[(0, Outcome::True), (1, Outcome::False)]);
    assert_eq!((&ends[1], &ends[5], &ends[10]), (&done(b""), &done(&[1]), &done(&[0])));
    assert!(matches!(ends[3], CallEnd::Aborted { code: 9, .. }), "{:?}", ends[3]);
    assert!(matches!(ends[6], CallEnd::Aborted { code: 5, .. }), "{:?}", ends[6]);
    assert_eq!(ends[11], CallEnd::NoEntry);
}

#[test]
fn the_askers() {
    let public = [9; 40];
    let request = Request {
        predicate: PREDICATE,
        public: &public,
        bounty: 5,
        min_stake: 1,
        value_at_risk: 0,
        deadline: 1_000,
        callback_fuel: 100_000,
        expected: &[],
        attested: false,
        level: Level::Accepted,
    };
    let mut bytes = vec![0; request.encoded_len()];
    request.encode(&mut bytes).unwrap();
    for (text, calls_back) in [
        (include_str!("support/asker.wat").replace("TRAP", ""), true),
        (include_str!("support/asker.wat").replace("TRAP", "unreachable"), false),
    ] {
        let wasm = wat::parse_str(text).unwrap();
        let calls = vec![
            (user("ask"), bytes.clone()),
            (user("ask"), bytes[..bytes.len() - 1].to_vec()),
            (user("ask_and_trap"), bytes.clone()),
            (user("ask"), bytes.clone()),
            (user("cancel_first"), vec![]),
            (user("cancel_first"), vec![]),
            (Entry::Result { handle: 0, result: true }, vec![]),
            (Entry::Failed { handle: 1, reason: 258 }, vec![]),
            (user("clear_first"), vec![]),
        ];
        let ends = life(&wasm, Double::new(), calls, &[(0, Outcome::True), (1, Outcome::False)]);
        assert_eq!(ends[0], done(&[]));
        assert_eq!(ends[1], CallEnd::Trapped { what: second::MISUSE });
        assert_eq!(ends[2], CallEnd::Trapped { what: TrapKind::Unreachable });
        assert_eq!(ends[6] == done(&[]), calls_back);
        assert_eq!(ends[7], done(&[]));
    }
}

/// What ends a call besides a host function: each trap of the machine, on both engines.
#[test]
fn traps_of_the_machine() {
    for (body, what) in [
        ("unreachable", TrapKind::Unreachable),
        ("(drop (i32.div_s (i32.const 1) (i32.const 0)))", TrapKind::Arithmetic),
        ("(drop (i64.div_s (i64.const 0x8000000000000000) (i64.const -1)))", TrapKind::Arithmetic),
        ("(drop (i32.rem_u (i32.const 1) (i32.const 0)))", TrapKind::Arithmetic),
        ("(drop (i64.load (i32.const 65529)))", TrapKind::Memory),
        ("(i32.store8 offset=0xffffffff (i32.const 1) (i32.const 0))", TrapKind::Memory),
        ("(memory.fill (i32.const 65535) (i32.const 0) (i32.const 2))", TrapKind::Memory),
        ("(memory.copy (i32.const 0) (i32.const 65536) (i32.const 1))", TrapKind::Memory),
        ("(call_indirect (type $t) (i32.const 0))", TrapKind::Table),
        ("(call_indirect (type $t) (i32.const 2))", TrapKind::Table),
        ("(call_indirect (type $u) (i32.const 7) (i32.const 1))", TrapKind::Table),
    ] {
        // A write before the trap shows that both worlds stand where the guest stopped.
        let wasm = contract(&format!(
            "(type $t (func)) (type $u (func (param i32))) (table 2 2 funcref) (elem (i32.const 1) $f) (func $f)
             (func (export \"run\")
                (drop (call $storage_set (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 8))) {body})"
        ));
        let (world, end) = both(guest::runner(), Double::new(), &wasm, a_call(user("run"), &[]));
        assert_eq!(end, CallEnd::Trapped { what }, "{body}");
        assert_eq!(world.storage.len(), 1);
    }
    // Remainder of the least number by -1 is no overflow; memory grows to its maximum and answers -1 beyond.
    let wasm = contract(
        "(func (export \"run\") (result i32)
            (drop (memory.grow (i32.const 15)))
            (i32.add (memory.grow (i32.const 1)) (i32.rem_s (i32.const 0x80000000) (i32.const -1))))",
    );
    let (_, end) = both(guest::runner(), Double::new(), &wasm, a_call(user("run"), &[]));
    assert_eq!(end, CallEnd::Done { code: -1, data: vec![] });
}

/// Random calls of every host function, honest and hostile: the same status of every call, the same memory after it, the
/// same world, and the same kind of trap. Every status is one that the table documents for the function.
#[test]
fn sequences_of_host_calls() {
    let mut rng = ChaCha20Rng::seed_from_u64(0x5eed);
    let runner = free();
    let (mut seen, mut ends) = (BTreeSet::new(), [0_u32; 3]);
    for round in 0..400 {
        let sequence = sequence::random(&mut rng, 24);
        let wasm = sequence.module();
        let mut world = Double::new();
        world.config.insert(vec![0; 4], 9);
        world.storage.insert(b"Spec".to_vec(), vec![3; rng.gen_range(0..90)]);
        world.height = rng.gen_range(1..20);
        let input: Vec<u8> = (0..rng.gen_range(0..200_u8)).collect();
        let entry = if rng.gen_bool(0.2) { Entry::Result { handle: 0, result: true } } else { user("run") };
        if rng.gen_bool(0.5) {
            world.answers.insert(0, (Outcome::True, vec![[5; 32]; rng.gen_range(0..3)]));
        }
        let (_, end) = both(&runner, world, &wasm, a_call(entry, &input));
        match end {
            CallEnd::Done { data, .. } => {
                ends[0] += 1;
                for (call, status) in sequence.calls.iter().zip(data) {
                    if let Some(documented) = sequence::statuses(call.row) {
                        let name = zera_abi::Status::from_code(u32::from(status)).map(zera_abi::Status::name);
                        let name = name.unwrap_or_else(|| panic!("round {round}: {} says {status}", call.row.name));
                        assert!(
                            documented.contains(&name),
                            "{} says {name}, documented: {documented:?}",
                            call.row.name
                        );
                        seen.insert((call.row.name, name));
                    }
                }
            }
            CallEnd::Aborted { .. } => ends[1] += 1,
            CallEnd::Trapped { what } => {
                assert!(matches!(what, TrapKind::Memory) || what == second::MISUSE, "round {round}: {what:?}");
                ends[2] += 1;
            }
            CallEnd::NoEntry => panic!("round {round}"),
        }
    }
    println!("done, aborted, trapped: {ends:?}; {} pairs of function and status", seen.len());
    assert!(ends.iter().all(|count| *count > 10), "{ends:?}");
    // Every function with a status came through at least once with more than one of them, or it has only one.
    for row in sequence::ROWS {
        let Some(documented) = sequence::statuses(row) else { continue };
        let got = seen.iter().filter(|(name, _)| *name == row.name).count();
        assert!(got >= documented.len().min(2), "{}: {got} of {documented:?}", row.name);
    }
}

/// At the real prices a trap burns the whole limit, whatever ran before it, and nothing else does.
#[test]
fn sequences_pay_their_limit_when_they_trap() {
    let mut rng = ChaCha20Rng::seed_from_u64(0xfee);
    let mut trapped = 0;
    for _ in 0..150 {
        let wasm = sequence::random(&mut rng, 8).module();
        let limit = rng.gen_range(100_000..20_000_000);
        let call = Call { fuel_limit: limit, ..a_call(user("run"), b"input") };
        let code = zera_statement::code_hash(&wasm);
        let run = || guest::runner().call(Double::new(), &code, &wasm, call.clone());
        let (world, report) = run();
        let report = report.unwrap();
        let (again_world, again) = run();
        assert_eq!(again.unwrap(), report, "the same every time");
        assert_eq!(format!("{again_world:?}"), format!("{world:?}"));
        match report.end {
            CallEnd::Trapped { .. } => {
                assert_eq!(report.fuel_used, limit);
                trapped += 1;
            }
            _ => assert!(report.fuel_used <= limit, "{} of {limit}", report.fuel_used),
        }
    }
    assert!(trapped > 30, "{trapped}");
}
