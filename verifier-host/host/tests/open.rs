//! Accounts that ask for themselves, names that are pointed, contracts at their limits, and many timers in one block.

#[path = "support/fixture.rs"]
mod fixture;

use std::sync::Arc;

use fixture::*;
use zera_abi::wire::Request;
use zera_abi::{Amount, End, Level, Outcome, PredicateId, Status, TaskId};
use zera_host::{Action, Ending, Event, MAX_PENDING, RequestBytes};
use zera_library::range::Input;

/// A request by an account, which is not called back.
fn open(f: &Fixture, input: Input, edit: impl FnOnce(&mut Request<'_>)) -> Action {
    let public = input.encode();
    let mut request = Request {
        predicate: f.predicate,
        public: &public,
        bounty: 4_000_000_000,
        min_stake: 1_000_000_000,
        value_at_risk: 0,
        deadline: f.chain.head().height.0 + 100,
        callback_fuel: 0,
        expected: &[],
        attested: false,
        level: Level::Accepted,
    };
    edit(&mut request);
    Action::Open { request: RequestBytes::new(&request).unwrap() }
}

#[test]
fn an_account_asks_for_itself_and_reads_the_answer() {
    let mut f = Fixture::new(mem(), "");
    let action = open(&f, HOLDS, |_| {});
    let nonce = f.nonces[&OWNER];
    let receipt = f.one(OWNER, action);
    assert_eq!(receipt.ending, Ending::Done, "{}", receipt.detail);
    let task = TaskId(receipt.data.as_slice().try_into().unwrap());
    assert_eq!(task, zera_statement::task_id(&f.id, &account(OWNER), nonce), "the nonce is its handle");
    assert_eq!(f.task(&task).requester(), &account(OWNER));
    f.one(ALICE, Action::Lock { task });
    let answer = f.answer(ALICE, &task);
    let report = f.block(&[(ALICE, Action::Submit { task, answer })]);
    assert_eq!(report.receipts[0].ending, Ending::Done);
    assert!(!report.events.iter().any(|event| matches!(event, Event::Callback { .. })), "nobody is called back");
    assert_eq!(f.task(&task).answer().map(|(outcome, _)| outcome), Some(Outcome::True));
    while f.task(&task).level() != Level::Final {
        f.block(&[]);
    }
    // Two of one sender have two ids; before a lock the asker withdraws its own, and nobody else does.
    let (first, second) = (open(&f, HOLDS, |_| {}), open(&f, HOLDS, |_| {}));
    let report = f.block(&[(OWNER, first), (OWNER, second)]);
    assert_ne!(report.receipts[0].data, report.receipts[1].data);
    let task = TaskId(report.receipts[0].data.as_slice().try_into().unwrap());
    for _ in 0..5 {
        f.block(&[]);
    }
    assert_eq!(f.one(BOB, Action::Cancel { task }).ending, Ending::Refused(Status::Unauthorized));
    assert_eq!(f.one(OWNER, Action::Cancel { task }).ending, Ending::Done);
    assert_eq!(f.task(&task).end(), End::Cancelled);
}

#[test]
fn what_is_wrong_with_a_request_is_said_and_costs_only_the_fee() {
    let mut f = Fixture::new(mem(), "");
    let height = f.chain.head().height.0;
    const SHORT: &[u8] = &[0; 3];
    let cases = [
        (open(&f, HOLDS, |r| r.callback_fuel = 1), Status::Unsupported),
        (open(&f, HOLDS, |r| r.level = Level::Attested), Status::Unsupported),
        (open(&f, HOLDS, |r| r.predicate = PredicateId([9; 32])), Status::NotFound),
        (open(&f, HOLDS, |r| r.deadline = height), Status::Deadline),
        (open(&f, HOLDS, |r| r.deadline = u64::MAX), Status::Deadline),
        (open(&f, HOLDS, |r| r.bounty = u128::MAX), Status::Limit),
        (open(&f, HOLDS, |r| r.bounty = 0), Status::Limit),
        (open(&f, HOLDS, |r| r.bounty = 999_000_000_000), Status::Funds),
        (open(&f, HOLDS, |r| r.public = SHORT), Status::Limit),
        (open(&f, HOLDS, |r| r.expected = &[1; 32]), Status::Count),
    ];
    for (index, (action, status)) in cases.into_iter().enumerate() {
        let before = f.chain.market().unwrap().account(&account(BOB)).free;
        let receipt = f.one(BOB, action);
        let refused = matches!(receipt.ending, Ending::Refused(got) if got == status || (status == Status::Limit && got == Status::Funds));
        assert!(refused, "case {index}: {:?}: {}", receipt.ending, receipt.detail);
        assert!(receipt.detail.len() > 10, "case {index} says why");
        let after = f.chain.market().unwrap().account(&account(BOB)).free;
        assert_eq!(before.checked_sub(after), Some(receipt.fee), "case {index}");
    }
    assert_eq!(f.chain.market().unwrap().tasks().len(), 0);
}

#[test]
fn a_name_is_pointed_by_its_owner_after_the_time_lock() {
    let mut f = Fixture::new(mem(), "");
    let other = zera_library::registry().iter().find(|p| p.name != zera_library::range::NAME).unwrap();
    let artefact = (other.artefact)();
    let publish = Action::Publish(publication(artefact));
    assert_eq!(f.one(OWNER, publish).ending, Ending::Done);
    let (old, new) = (f.predicate, artefact.predicate_id());
    let name = || zera_library::range::NAME.to_owned();
    let refused = [
        (BOB, name(), new, Status::Unauthorized),
        (OWNER, name(), PredicateId([1; 32]), Status::NotFound),
        (OWNER, "no spaces".to_owned(), new, Status::Limit),
        (OWNER, String::new(), new, Status::Limit),
    ];
    for (who, name, predicate, status) in refused {
        assert_eq!(f.one(who, Action::Name { name, predicate }).ending, Ending::Refused(status));
    }
    let report = f.block(&[(OWNER, Action::Name { name: name(), predicate: new })]);
    let from = report.header.height.0 + genesis().name_timelock.0;
    let at = |f: &Fixture, height: u64| {
        f.chain.predicate_name(zera_library::range::NAME).unwrap().unwrap().at(zera_abi::Height(height))
    };
    assert_eq!((at(&f, from - 1), at(&f, from)), (old, new));
    // A free name is registered by whoever comes first.
    assert_eq!(f.one(BOB, Action::Name { name: "latest".into(), predicate: new }).ending, Ending::Done);
    assert_eq!(f.chain.predicate_name("latest").unwrap().unwrap().owner, account(BOB));
}

#[test]
fn a_contract_waits_for_256_tasks_and_not_for_one_more() {
    let mut f = Fixture::new(mem(), "");
    let transfer = Action::Transfer { to: f.contract, amount: Amount::from_zra(890).unwrap() };
    assert_eq!(f.one(BOB, transfer).ending, Ending::Done);
    let small = |f: &Fixture| {
        let public = HOLDS.encode();
        let request = Request {
            predicate: f.predicate,
            public: &public,
            bounty: 1_000_000_000,
            min_stake: 10_000_000,
            value_at_risk: 0,
            deadline: f.chain.head().height.0 + 90_000,
            callback_fuel: 0,
            expected: &[],
            attested: false,
            level: Level::Accepted,
        };
        let mut bytes = vec![0; request.encoded_len()];
        request.encode(&mut bytes).unwrap();
        bytes
    };
    for index in 0..MAX_PENDING {
        let request = small(&f);
        let receipt = f.call("ask", request);
        assert_eq!(receipt.ending, Ending::Done, "task {index}: {}", receipt.detail);
    }
    let tasks = f.chain.market().unwrap().tasks().len();
    let request = small(&f);
    let code = i32::try_from(Status::Limit.code()).unwrap();
    assert_eq!(f.call("ask", request).ending, Ending::Aborted { code, message: "state".into() });
    assert_eq!(f.chain.market().unwrap().tasks().len(), tasks, "the task of the refused call is not there either");
}

#[test]
fn many_timers_in_one_block_call_back_within_the_blocks_fuel_and_a_restart_forgets_none() {
    let store = mem();
    let mut f = Fixture::new(Arc::clone(&store), "");
    let transfer = Action::Transfer { to: f.contract, amount: Amount::from_zra(500).unwrap() };
    f.one(BOB, transfer);
    // Each reserves a tenth of what a block gives to call-backs of its clock.
    let public = HOLDS.encode();
    let deadline = f.chain.head().height.0 + 60;
    let tasks = 25;
    let calls: Vec<(u8, Action)> = (0..tasks)
        .map(|_| {
            let request = Request {
                predicate: f.predicate,
                public: &public,
                bounty: 1_000_000_000,
                min_stake: 10_000_000,
                value_at_risk: 0,
                deadline,
                callback_fuel: 20_000_000,
                expected: &[],
                attested: false,
                level: Level::Accepted,
            };
            let mut bytes = vec![0; request.encoded_len()];
            request.encode(&mut bytes).unwrap();
            (OWNER, Action::Call { contract: f.contract, entry: "ask".into(), input: bytes })
        })
        .collect();
    // A block takes as many calls as its fuel allows; what waits goes into the next ones.
    let mut report = f.block(&calls);
    while !report.deferred.is_empty() {
        report = f.apply(report.deferred);
    }
    assert_eq!(f.chain.market().unwrap().tasks().len(), tasks);
    let called = |report: &zera_host::BlockReport| {
        report.events.iter().filter(|event| matches!(event, Event::Callback { done: true, .. })).count()
    };
    let (mut counts, mut ended) = (Vec::new(), 0);
    for _ in 0..120 {
        let report = f.block(&[]);
        ended += report.events.iter().filter(|event| matches!(event, Event::TaskExpired { .. })).count();
        counts.push(called(&report));
        // Reopened after every block: what waits is in the rows.
        f.chain = Fixture::open(Arc::clone(&store));
    }
    assert_eq!((ended, counts.iter().sum::<usize>()), (tasks, tasks), "each is told once");
    assert!(counts.iter().all(|count| *count <= 10), "{counts:?}");
    assert!(counts.contains(&10), "{counts:?}");
}
