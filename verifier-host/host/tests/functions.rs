//! Every host function: what it does, and what it says to each wrong input. The numbers in brackets are rows of the table
//! of inputs that must be refused.

#[path = "support/double.rs"]
mod double;
#[path = "support/guest.rs"]
#[allow(dead_code, reason = "shared by several test binaries")]
mod guest;

use double::{Asked, CHAIN, CONTRACT, Double, GOOD_PROOF, KEY, KEY_INPUTS, PREDICATE, PREDICATE_NAME, USER};
use guest::{OUT, call, contract, probe, returned, trapped, user};
use zera_abi::wire::{Claim, Request};
use zera_abi::{AccountId, Level, Outcome, Status};
use zera_host::{Call, CallEnd, CostSchedule, Runner, TrapKind};

/// A status as the guest's number.
fn code(status: Status) -> i32 {
    i32::try_from(status.code()).unwrap()
}

/// Runs a probe; the status and the bytes at `OUT`.
fn ask(world: Double, data: &[u8], body: &str) -> (Double, Status, Vec<u8>) {
    let (world, code, out) = returned(world, &probe(data, body));
    (world, Status::from_code(u32::try_from(code).unwrap()).unwrap(), out)
}

/// Runs a probe that must trap; why.
fn trap(data: &[u8], body: &str) -> TrapKind {
    let before = Double::new();
    let (after, what) = trapped(before.clone(), &probe(data, body));
    assert_eq!(format!("{after:?}"), format!("{before:?}"), "a call that is stopped before its work changes nothing");
    what
}

#[test]
fn versions_and_addresses() {
    let value = |body| returned(Double::new(), &probe(&[], body)).1;
    assert_eq!(value("(call $abi_version)"), 1);
    assert_eq!(value("(call $protocol_version)"), 1);
    assert_eq!(value("(call $origin)"), 0);
    assert_eq!(value("(i32.wrap_i64 (call $block_height))"), 7);
    for (name, id) in [("chain_id", CHAIN.0), ("self_address", CONTRACT.0), ("caller", USER.0)] {
        let (_, status, out) = ask(Double::new(), &[], &format!("(call ${name} (i32.const {OUT}))"));
        assert_eq!((status, &out[..32]), (Status::Ok, &id[..]), "{name}");
    }
}

#[test]
fn heights_are_64_bits() {
    let mut world = Double::new();
    world.height = u64::MAX - 1;
    let body = "(i64.eq (call $block_height) (i64.const -2))";
    assert_eq!(returned(world, &probe(&[], body)).1, 1);
}

#[test]
fn input_is_read_whole_in_part_and_not_beyond() {
    let wasm = |body: &str| probe(&[], body);
    let run = |body: &str| {
        let (_, report) = call(Double::new(), &wasm(body), user("run"), b"abcdef", 20_000_000);
        match report.unwrap().end {
            CallEnd::Done { code, data } => (code, data),
            end => panic!("{end:?}"),
        }
    };
    assert_eq!(run("(call $input_len)").0, 6);
    let (status, out) = run(&format!("(call $input_read (i32.const {OUT}) (i32.const 2) (i32.const 4))"));
    assert_eq!((status, &out[..5]), (code(Status::Ok), b"cdef\0".as_slice()));
    let none = format!("(call $input_read (i32.const {OUT}) (i32.const 6) (i32.const 0))");
    assert_eq!(run(&none).0, code(Status::Ok));
    for (off, len) in [(2, 5), (7, 0), (-1, 1), (-1, 0)] {
        let (status, out) = run(&format!("(call $input_read (i32.const {OUT}) (i32.const {off}) (i32.const {len}))"));
        assert_eq!((status, out), (code(Status::Buffer), vec![0; 64]), "{off} + {len}");
    }
}

#[test]
fn configuration_is_an_amount_or_missing() {
    let mut world = Double::new();
    world.config.insert(b"BOUNTY".to_vec(), u128::MAX - 5);
    let body = format!("(call $config_amount (i32.const 0) (i32.const 6) (i32.const {OUT}))");
    let (_, status, out) = ask(world.clone(), b"BOUNTY", &body);
    assert_eq!((status, &out[..16]), (Status::Ok, (u128::MAX - 5).to_le_bytes().as_slice()));
    let (_, status, out) = ask(world.clone(), b"STAKES", &body);
    assert_eq!((status, out), (Status::NotFound, vec![0; 64]));
    let long = format!("(call $config_amount (i32.const 0) (i32.const 129) (i32.const {OUT}))");
    assert_eq!(ask(world, &[b'k'; 129], &long).1, Status::NotFound);
}

#[test]
fn storage_round_trip() {
    let mut world = Double::new();
    world.storage.insert(b"key".to_vec(), b"value".to_vec());
    let get = |cap: usize| {
        let lengths = OUT + 32;
        format!(
            "(call $storage_get (i32.const 0) (i32.const 3) (i32.const {OUT}) (i32.const {cap}) (i32.const {lengths}))"
        )
    };
    let (_, status, out) = ask(world.clone(), b"key", &get(5));
    assert_eq!((status, &out[..6], &out[32..36]), (Status::Ok, b"value\0".as_slice(), [5, 0, 0, 0].as_slice()));
    // Too little room: the length and nothing else; a query without room is allowed.
    for cap in [0, 4] {
        let (_, status, out) = ask(world.clone(), b"key", &get(cap));
        assert_eq!((status, &out[..5], &out[32..36]), (Status::Buffer, [0; 5].as_slice(), [5, 0, 0, 0].as_slice()));
    }
    let (_, status, out) = ask(world.clone(), b"kez", &get(5));
    assert_eq!((status, out), (Status::NotFound, vec![0; 64]));

    let set = "(call $storage_set (i32.const 0) (i32.const 3) (i32.const 3) (i32.const 2))";
    let (after, status, _) = ask(world.clone(), b"key42", set);
    assert_eq!((status, after.storage.get(b"key".as_slice())), (Status::Ok, Some(&b"42".to_vec())));
    let remove = "(call $storage_remove (i32.const 0) (i32.const 3))";
    let (after, status, _) = ask(world.clone(), b"key", remove);
    assert_eq!((status, after.storage.len()), (Status::Ok, 0));
    assert_eq!(ask(world, b"kez", remove).1, Status::NotFound);
}

#[test]
fn storage_limits() {
    for (klen, vlen, expected) in
        [(128, 16_384, Status::Ok), (129, 1, Status::Limit), (1, 16_385, Status::Limit), (0, 0, Status::Ok)]
    {
        let set = format!("(call $storage_set (i32.const 0) (i32.const {klen}) (i32.const 0) (i32.const {vlen}))");
        let (world, status, _) = ask(Double::new(), &[], &set);
        assert_eq!((status, world.storage.len()), (expected, usize::from(expected == Status::Ok)), "{klen}, {vlen}");
    }
    let get = "(call $storage_get (i32.const 0) (i32.const 129) (i32.const 0) (i32.const 0) (i32.const 0))";
    assert_eq!(ask(Double::new(), &[], get).1, Status::Limit);
    assert_eq!(ask(Double::new(), &[], "(call $storage_remove (i32.const 0) (i32.const 129))").1, Status::Limit);
}

/// A loop that counts how often a host call says `OK`, `times` times.
fn count_ok(times: u32, body: &str) -> Vec<u8> {
    contract(&format!(
        "(func (export \"run\") (result i32) (local $ok i32) (local $n i32)
            (loop (local.set $ok (i32.add (local.get $ok) (i32.eq (i32.const 1) {body})))
                  (local.set $n (i32.add (local.get $n) (i32.const 1)))
                  (br_if 0 (i32.lt_u (local.get $n) (i32.const {times}))))
            (local.get $ok))"
    ))
}

/// At the prices of the first schedule a call runs out of fuel before it has written 256 times, so these are free.
#[test]
fn a_call_writes_256_times() {
    let cost = CostSchedule { storage_set: 0, storage_remove: 0, ..CostSchedule::v1() };
    let runner = Runner::new(cost).unwrap();
    for (body, counted) in [
        ("(call $storage_set (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1))", 256),
        // A removal counts, found or not: half of these say `OK`, and the other half used up the other half of the writes.
        (
            "(i32.add (i32.eq (i32.const 1) (call $storage_set (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0)))
                      (i32.mul (i32.const 0) (call $storage_remove (i32.const 0) (i32.const 1))))",
            128,
        ),
    ] {
        let wasm = count_ok(300, body);
        let call = Call {
            contract: CONTRACT,
            caller: USER,
            entry: user("run"),
            input: Vec::new(),
            fuel_limit: 20_000_000,
        };
        let (_, report) = runner.call(Double::new(), &zera_statement::code_hash(&wasm), &wasm, call);
        assert_eq!(report.unwrap().end, CallEnd::Done { code: counted, data: Vec::new() });
    }
}

#[test]
fn a_call_emits_32_events() {
    let body = "(call $emit_event (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 2))";
    let (world, ok, _) = returned(Double::new(), &count_ok(40, body));
    assert_eq!((ok, world.events.len()), (32, 32));
    assert_eq!(world.events[0], (vec![0], vec![0, 0]));
    for (tlen, dlen, expected) in
        [(64, 1024, Status::Ok), (65, 0, Status::Limit), (0, 1025, Status::Limit), (0, 0, Status::Ok)]
    {
        let body = format!("(call $emit_event (i32.const 0) (i32.const {tlen}) (i32.const 0) (i32.const {dlen}))");
        let (world, status, _) = ask(Double::new(), &[], &body);
        assert_eq!((status, world.events.len()), (expected, usize::from(expected == Status::Ok)), "{tlen}, {dlen}");
    }
}

#[test]
fn hashes_by_algorithm() {
    let body = |alg: i32| format!("(call $hash (i32.const {alg}) (i32.const 0) (i32.const 3) (i32.const {OUT}))");
    let (_, status, out) = ask(Double::new(), b"abc", &body(1));
    let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!((status, hex::encode(&out[..32])), (Status::Ok, sha256.to_owned()));
    let (_, status, out) = ask(Double::new(), b"abc", &body(4));
    let root = zera_statement::scalar_to_be(&zera_statement::input_root(b"abc"));
    assert_eq!((status, &out[..32]), (Status::Ok, root.as_slice()));
    // [88]
    for alg in [0, 2, 3, 5, -1] {
        assert!(matches!(trap(b"abc", &body(alg)), TrapKind::Abi(_)), "algorithm {alg}");
    }
}

#[test]
fn hashing_more_than_fuel_pays_for_is_not_done() {
    let body = |len: usize| format!("(call $hash (i32.const 4) (i32.const 0) (i32.const {len}) (i32.const {OUT}))");
    // 16,384 bytes are 36 permutations: 10.8 M, within the limit; 65,536 bytes are 141: 42.3 M.
    assert_eq!(ask(Double::new(), &[], &body(16_384)).1, Status::Ok);
    let body = body(65_536);
    assert_eq!(trap(&[], &format!("(block (result i32) {body})")), TrapKind::OutOfFuel);
}

#[test]
fn names_resolve() {
    let body = |len: usize| format!("(call $predicate_id (i32.const 0) (i32.const {len}) (i32.const {OUT}))");
    let (_, status, out) = ask(Double::new(), PREDICATE_NAME, &body(PREDICATE_NAME.len()));
    assert_eq!((status, &out[..32]), (Status::Ok, PREDICATE.0.as_slice()));
    // [68]
    assert_eq!(ask(Double::new(), b"Nobody", &body(6)).1, Status::NotFound);
    assert_eq!(ask(Double::new(), b"", &body(0)).1, Status::NotFound);
    assert_eq!(ask(Double::new(), &[b'n'; 65], &body(65)).1, Status::NotFound);
}

fn request() -> Request<'static> {
    Request {
        predicate: PREDICATE,
        public: b"quotes",
        bounty: 500,
        min_stake: 20,
        value_at_risk: 3,
        deadline: 107,
        callback_fuel: 1_000_000,
        expected: &[9; 32],
        attested: false,
        level: Level::Final,
    }
}

fn encode(request: &Request<'_>) -> Vec<u8> {
    let mut bytes = vec![0; request.encoded_len()];
    request.encode(&mut bytes).unwrap();
    bytes
}

fn send(len: usize) -> String {
    format!("(call $request_offchain_computation (i32.const 0) (i32.const {len}) (i32.const {OUT}))")
}

#[test]
fn a_request_arrives_as_it_was_written() {
    let bytes = encode(&request());
    let (world, status, out) = ask(Double::new(), &bytes, &send(bytes.len()));
    assert_eq!((status, &out[..8]), (Status::Ok, [0; 8].as_slice()));
    let asked = Asked {
        predicate: PREDICATE,
        public: b"quotes".to_vec(),
        bounty: 500,
        min_stake: 20,
        value_at_risk: 3,
        deadline: 107,
        callback_fuel: 1_000_000,
        expected: vec![9; 32],
        level: Level::Final,
    };
    assert_eq!(world.asked, [asked]);
    let (_, status, out) = ask(world, &bytes, &send(bytes.len()));
    assert_eq!((status, &out[..8]), (Status::Ok, [1, 0, 0, 0, 0, 0, 0, 0].as_slice()));
}

#[test]
fn requests_that_the_world_refuses() {
    let refused = |request: Request<'_>| {
        let bytes = encode(&request);
        let (world, status, out) = ask(Double::new(), &bytes, &send(bytes.len()));
        assert_eq!((world.asked.len(), &out[..8]), (0, [0; 8].as_slice()));
        status
    };
    // [68]
    assert_eq!(refused(Request { predicate: zera_abi::PredicateId([1; 32]), ..request() }), Status::NotFound);
    // [69]
    assert_eq!(refused(Request { deadline: 7, ..request() }), Status::Deadline);
    // [70]
    for bounty in [0, 1_001, u128::MAX] {
        assert_eq!(refused(Request { bounty, ..request() }), Status::Funds);
    }
    // A commitment that no declared value can equal.
    assert_eq!(refused(Request { expected: &[0xff; 32], ..request() }), Status::Encoding);
}

/// [72], [73]
#[test]
fn requests_that_are_none() {
    let bytes = encode(&request());
    for len in [0, 1, 36, bytes.len() - 1] {
        assert!(matches!(trap(&bytes, &send(len)), TrapKind::Abi(_)), "length {len}");
    }
    // One byte more than the fields say.
    assert!(matches!(trap(&bytes, &send(bytes.len() + 1)), TrapKind::Abi(_)));
    let mut flags = bytes.clone();
    flags[bytes.len() - 4] = 4;
    assert!(matches!(trap(&flags, &send(bytes.len())), TrapKind::Abi(_)));
    // 16 KiB + 1 of public input, and more declared values than a key has.
    let mut long = bytes.clone();
    long[32..36].copy_from_slice(&16_385_u32.to_le_bytes());
    assert_eq!(ask(Double::new(), &long, &send(17_000)).1, Status::Limit);
    let mut many = bytes.clone();
    many[36 + 6 + 64] = 14;
    assert_eq!(ask(Double::new(), &many, &send(17_000)).1, Status::Limit);
}

#[test]
fn the_largest_request_can_be_paid_for() {
    let public = vec![7; 16 * 1024];
    let bytes = encode(&Request { public: &public, ..request() });
    let (world, status, _) = ask(Double::new(), &bytes, &send(bytes.len()));
    assert_eq!((status, world.asked.len()), (Status::Ok, 1));
}

/// A world with two tasks: 0 is answered, 1 is not.
fn with_tasks() -> Double {
    let mut world = Double::new();
    for _ in 0..2 {
        let request = request();
        zera_host::World::request(&mut world, &CONTRACT, &request).unwrap();
    }
    world.answers.insert(0, (Outcome::True, vec![[5; 32]]));
    world
}

#[test]
fn a_task_from_pending_to_cleared() {
    let handle = |name: &str, handle: i64| format!("(call ${name} (i64.const {handle}))");
    let store = |world, task| ask(world, &[], &handle("store_pending_computation", task));
    let clear = |world, task| ask(world, &[], &handle("clear_pending_computation", task));
    let (world, status, _) = store(with_tasks(), 0);
    assert_eq!(status, Status::Ok);
    let (world, status, _) = store(world, 0);
    assert_eq!(status, Status::State);
    assert_eq!(ask(world.clone(), &[], &handle("is_computation_verified", 0)).1, Status::Ok);
    assert_eq!(ask(world.clone(), &[], &handle("is_computation_verified", 1)).1, Status::No);
    let (world, status, _) = clear(world, 0);
    assert_eq!(status, Status::Ok);
    // [78]
    assert_eq!(clear(world, 0).1, Status::State);
    // [81], and every other function of a handle.
    for unknown in [2, -1, i64::MIN] {
        for name in ["is_computation_verified", "store_pending_computation", "clear_pending_computation", "cancel_task"]
        {
            assert_eq!(ask(with_tasks(), &[], &handle(name, unknown)).1, Status::NotFound, "{name} {unknown}");
        }
    }
    let (world, status, _) = ask(with_tasks(), &[], &handle("cancel_task", 1));
    assert_eq!(status, Status::Ok);
    // [82]
    assert_eq!(ask(world, &[], &handle("cancel_task", 1)).1, Status::State);
}

#[test]
fn a_contract_pays_what_it_has_and_no_more() {
    let mut world = Double::new();
    world.balance = 1_000;
    let cases = [
        (0, Status::Ok, 1_000),
        (1_000, Status::Ok, 0),
        (1_001, Status::Funds, 1_000),
        (u128::MAX, Status::Funds, 1_000),
    ];
    for (units, status, left) in cases {
        let data = [&[9; 32], units.to_le_bytes().as_slice()].concat();
        let (after, got, _) = ask(world.clone(), &data, "(call $transfer (i32.const 0) (i32.const 32))");
        assert_eq!((got, after.balance), (status, left), "{units}");
        let paid = (status == Status::Ok).then_some((AccountId([9; 32]), units));
        assert_eq!(after.paid, Vec::from_iter(paid), "{units}");
    }
    let (_, status, out) = ask(world, &[], &format!("(call $balance (i32.const {OUT}))"));
    assert_eq!((status, &out[..16]), (Status::Ok, 1_000u128.to_le_bytes().as_slice()));
    // Pointers that leave memory pay nobody.
    for (to, amount) in [(65_505, 0), (0, 65_521), (-1, 0), (0, -1)] {
        trap(&[], &format!("(call $transfer (i32.const {to}) (i32.const {amount}))"));
    }
    trap(&[], "(call $balance (i32.const 65521))");
}

#[test]
fn tasks_by_handle_and_by_id() {
    let by_handle = format!("(call $task_id (i64.const 1) (i32.const {OUT}))");
    let (_, status, out) = ask(with_tasks(), &[], &by_handle);
    assert_eq!((status, &out[..32]), (Status::Ok, Double::task(1).0.as_slice()));
    let unknown = format!("(call $task_id (i64.const 2) (i32.const {OUT}))");
    assert_eq!(ask(with_tasks(), &[], &unknown).1, Status::NotFound);

    let by_id = format!("(call $task_handle (i32.const 0) (i32.const {OUT}))");
    let (_, status, out) = ask(with_tasks(), &Double::task(1).0, &by_id);
    assert_eq!((status, &out[..8]), (Status::Ok, 1_u64.to_le_bytes().as_slice()));
    // [79]
    assert_eq!(ask(with_tasks(), &Double::new().foreign.0, &by_id).1, Status::Unauthorized);
    assert_eq!(ask(with_tasks(), &[0; 32], &by_id).1, Status::NotFound);
}

#[test]
fn task_status_and_outcome() {
    let status = |handle: u64| format!("(call $task_status (i64.const {handle}) (i32.const {OUT}))");
    let mut world = with_tasks();
    world.cancelled.insert(1);
    assert_eq!(ask(world.clone(), &[], &status(0)).2[..4], [2, 0, 0, 0]);
    assert_eq!(ask(world.clone(), &[], &status(1)).2[..4], [0, 4, 2, 1]);
    assert_eq!(ask(world, &[], &status(2)).1, Status::NotFound);

    let outcome = |handle: u64, cap: usize| {
        let len = OUT + 40;
        format!("(call $task_outcome (i64.const {handle}) (i32.const {OUT}) (i32.const {cap}) (i32.const {len}))")
    };
    let (_, status, out) = ask(with_tasks(), &[], &outcome(0, 33));
    assert_eq!(
        (status, out[0], &out[1..33], &out[40..44]),
        (Status::Ok, 1, [5; 32].as_slice(), [33, 0, 0, 0].as_slice())
    );
    let (_, status, out) = ask(with_tasks(), &[], &outcome(0, 32));
    assert_eq!((status, &out[..33], &out[40..44]), (Status::Buffer, [0; 33].as_slice(), [33, 0, 0, 0].as_slice()));
    assert_eq!(ask(with_tasks(), &[], &outcome(1, 33)).1, Status::No);
    assert_eq!(ask(with_tasks(), &[], &outcome(2, 33)).1, Status::NotFound);
}

/// key at 0, proof at 32, inputs at 288.
fn raw(ilen: usize) -> String {
    format!("(call $verify_groth16 (i32.const 0) (i32.const 288) (i32.const {ilen}) (i32.const 32))")
}

fn proof_and(key: [u8; 32], proof: u8, rest: &[u8]) -> Vec<u8> {
    let mut data = key.to_vec();
    data.extend([proof; 256]);
    data.extend(rest);
    data
}

#[test]
fn raw_proofs() {
    let inputs: Vec<u8> = (0..128).collect();
    let (world, status, _) = ask(Double::new(), &proof_and(KEY.0, GOOD_PROOF[0], &inputs), &raw(128));
    assert_eq!((status, world.verified_raw), (Status::Ok, vec![inputs.clone()]));
    assert_eq!(ask(Double::new(), &proof_and(KEY.0, 1, &inputs), &raw(128)).1, Status::No);
    assert_eq!(ask(Double::new(), &proof_and(KEY.0, 0xff, &inputs), &raw(128)).1, Status::Encoding);
    assert_eq!(ask(Double::new(), &proof_and([0; 32], 0x42, &inputs), &raw(128)).1, Status::Key);
    // [26], [27], [28]
    for count in [0, 3, 5, 16, 17] {
        let (world, status, _) = ask(Double::new(), &proof_and(KEY.0, 0x42, &inputs), &raw(32 * count));
        assert_eq!((status, world.verified_raw.len()), (Status::Count, 0), "{count} inputs");
    }
    for len in [1, 31, 127, 129] {
        assert!(matches!(trap(&proof_and(KEY.0, 0x42, &inputs), &raw(len)), TrapKind::Abi(_)), "{len} bytes");
    }
    // [28]: 2^31 inputs do not even fit the numbers; as bytes they cost more than there is.
    assert_eq!(trap(&[], &raw(1 << 31)), TrapKind::OutOfFuel);
}

fn claim() -> Claim<'static> {
    Claim {
        outcome: Outcome::True,
        provider: AccountId([2; 32]),
        not_after: 7,
        context: [3; 32],
        public: b"in",
        declared: &[4; 32],
    }
}

fn claim_call(key: [u8; 32], proof: u8, claim: &Claim<'_>, change: impl Fn(&mut Vec<u8>)) -> (Vec<u8>, String) {
    let mut bytes = vec![0; 4_000];
    let len = claim.encode(&mut bytes).unwrap();
    bytes.truncate(len);
    change(&mut bytes);
    let body =
        format!("(call $verify_statement (i32.const 0) (i32.const 288) (i32.const {}) (i32.const 32))", bytes.len());
    (proof_and(key, proof, &bytes), body)
}

#[test]
fn claims() {
    assert_eq!(claim().declared.len() / 32 + 3, KEY_INPUTS);
    let judge = |key, proof, claim: Claim<'_>| {
        let (data, body) = claim_call(key, proof, &claim, |_| {});
        let (world, status, _) = ask(Double::new(), &data, &body);
        (status, world.verified_claims)
    };
    assert_eq!(judge(KEY.0, 0x42, claim()), (Status::Ok, 1));
    assert_eq!(judge(KEY.0, 1, claim()), (Status::No, 1));
    assert_eq!(judge(KEY.0, 0xff, claim()), (Status::Encoding, 1));
    assert_eq!(judge([0; 32], 0x42, claim()), (Status::Key, 0));
    assert_eq!(judge(KEY.0, 0x42, Claim { declared: &[], ..claim() }), (Status::Count, 0));
    assert_eq!(judge(KEY.0, 0x42, Claim { declared: &[4; 64], ..claim() }), (Status::Count, 0));
    assert_eq!(judge(KEY.0, 0x42, Claim { not_after: 6, ..claim() }), (Status::Deadline, 0));
    // [34]
    let (data, body) = claim_call(KEY.0, 0x42, &claim(), |bytes| bytes[0] = 4);
    assert_eq!(ask(Double::new(), &data, &body).1, Status::Limit);
    let (data, body) = claim_call(KEY.0, 0x42, &claim(), |bytes| bytes.truncate(76));
    assert!(matches!(trap(&data, &body), TrapKind::Abi(_)));
    let (data, body) = claim_call(KEY.0, 0x42, &claim(), |bytes| bytes.push(0));
    assert!(matches!(trap(&data, &body), TrapKind::Abi(_)));
}

/// A wrong proof, a wrong key and a wrong count cost what a right proof costs.
#[test]
fn verification_costs_the_same_whatever_comes_of_it() {
    let fuel = |key, proof, ilen| {
        let (_, report) = guest::run(Double::new(), &probe(&proof_and(key, proof, &[0; 128]), &raw(ilen)));
        report.fuel_used
    };
    let right = fuel(KEY.0, 0x42, 128);
    assert_eq!(fuel(KEY.0, 1, 128), right);
    assert_eq!(fuel(KEY.0, 0xff, 128), right);
    assert_eq!(fuel([0; 32], 0x42, 128), right);
    // One input more: its price, and 32 bytes copied.
    assert_eq!(fuel(KEY.0, 0x42, 160), right + 160_000 + 3 * 32);
}

#[test]
fn return_data_stands_once() {
    let set = "(call $return_data (i32.const 0) (i32.const 3))";
    let run = |body: &str, memory: &[u8]| {
        let data: String = memory.iter().map(|byte| format!("\\{byte:02x}")).collect();
        let text = format!("(data (i32.const 0) \"{data}\") (func (export \"run\") (result i32) {body})");
        let (_, code, data) = returned(Double::new(), &contract(&text));
        (code, data)
    };
    assert_eq!(run(set, b"abc"), (1, b"abc".to_vec()));
    let twice =
        "(drop (call $return_data (i32.const 0) (i32.const 2))) (call $return_data (i32.const 1) (i32.const 2))";
    assert_eq!(run(twice, b"abc"), (1, b"bc".to_vec()));
    assert_eq!(run("(call $return_data (i32.const 0) (i32.const 4096))", b"").1.len(), 4096);
    let long = format!("(drop {set}) (call $return_data (i32.const 0) (i32.const 4097))");
    assert_eq!(run(&long, b"abc"), (code(Status::Limit), b"abc".to_vec()));
}

#[test]
fn debug_lines_are_logged_up_to_a_limit() {
    let line = "(block (result i32) (call $debug (i32.const 0) (i32.const 4)) (i32.const 1))";
    let (world, _, _) = ask(Double::new(), b"line", line);
    assert_eq!(world.log, [b"line".to_vec()]);
    let long = "(block (result i32) (call $debug (i32.const 0) (i32.const 9000)) (i32.const 1))";
    let (world, ok, _) = returned(Double::new(), &count_ok(3, long));
    assert_eq!((ok, world.log.len()), (3, 1), "the rest is paid for and dropped");
}

/// [85], [86]: every pointer of every function, beyond memory and around its end.
#[test]
fn ranges_outside_memory_trap() {
    let calls = [
        "(call $chain_id P)",
        "(call $self_address P)",
        "(call $caller P)",
        "(call $input_read P (i32.const 0) (i32.const 32))",
        "(call $config_amount P (i32.const 32) (i32.const 0))",
        "(call $config_amount (i32.const 0) (i32.const 1) P)",
        "(call $storage_get P (i32.const 32) (i32.const 0) (i32.const 1) (i32.const 0))",
        "(call $storage_get (i32.const 0) (i32.const 1) P (i32.const 32) (i32.const 0))",
        "(call $storage_get (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) P)",
        "(call $storage_set P (i32.const 32) (i32.const 0) (i32.const 1))",
        "(call $storage_set (i32.const 0) (i32.const 1) P (i32.const 32))",
        "(call $storage_remove P (i32.const 32))",
        "(call $emit_event P (i32.const 32) (i32.const 0) (i32.const 1))",
        "(call $emit_event (i32.const 0) (i32.const 1) P (i32.const 32))",
        "(call $hash (i32.const 1) P (i32.const 32) (i32.const 0))",
        "(call $hash (i32.const 1) (i32.const 0) (i32.const 1) P)",
        "(call $predicate_id P (i32.const 32) (i32.const 0))",
        "(call $predicate_id (i32.const 0) (i32.const 1) P)",
        "(call $request_offchain_computation P (i32.const 93) (i32.const 0))",
        "(call $request_offchain_computation (i32.const 0) (i32.const 93) P)",
        "(call $task_id (i64.const 0) P)",
        "(call $task_handle P (i32.const 0))",
        "(call $task_handle (i32.const 0) P)",
        "(call $task_status (i64.const 0) P)",
        "(call $task_outcome (i64.const 0) P (i32.const 32) (i32.const 0))",
        "(call $task_outcome (i64.const 0) (i32.const 0) (i32.const 1) P)",
        "(call $verify_groth16 P (i32.const 0) (i32.const 128) (i32.const 0))",
        "(call $verify_groth16 (i32.const 0) P (i32.const 128) (i32.const 0))",
        "(call $verify_groth16 (i32.const 0) (i32.const 0) (i32.const 128) P)",
        "(call $verify_statement P (i32.const 0) (i32.const 128) (i32.const 0))",
        "(call $verify_statement (i32.const 0) P (i32.const 128) (i32.const 0))",
        "(call $verify_statement (i32.const 0) (i32.const 0) (i32.const 128) P)",
        "(call $return_data P (i32.const 32))",
        "(block (result i32) (call $abort (i32.const 0) P (i32.const 32)) (i32.const 0))",
        "(block (result i32) (call $debug P (i32.const 32)) (i32.const 0))",
    ];
    for call in calls {
        // The last byte of memory, the first beyond it, and one whose end overflows 32 bits; ranges have 4 bytes at least.
        for pointer in [65_535, 65_536, -16, -1] {
            let body = call.replace('P', &format!("(i32.const {pointer})"));
            assert_eq!(trap(&[], &body), TrapKind::Memory, "{body}");
        }
    }
}

/// [87]: the length is paid for before anything is looked at.
#[test]
fn a_length_of_two_gigabytes_is_out_of_fuel() {
    for body in [
        "(call $storage_set (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0x80000000))",
        "(call $hash (i32.const 1) (i32.const 0) (i32.const 0x80000000) (i32.const 0))",
        "(call $storage_get (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0xffffffff) (i32.const 0))",
        "(call $return_data (i32.const 0xfffffff0) (i32.const 0x80000000))",
    ] {
        assert_eq!(trap(&[], body), TrapKind::OutOfFuel, "{body}");
    }
}

/// What is read is copied first: an output over the input changes nothing of what the call works on.
#[test]
fn output_over_input() {
    let (_, code, data) = returned(
        Double::new(),
        &contract(
            "(data (i32.const 0) \"abc\")
             (func (export \"run\") (result i32) (local $code i32)
                (local.set $code (call $hash (i32.const 1) (i32.const 0) (i32.const 3) (i32.const 0)))
                (drop (call $return_data (i32.const 0) (i32.const 32))) (local.get $code))",
        ),
    );
    assert_eq!(code, 1);
    assert_eq!(hex::encode(data), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
