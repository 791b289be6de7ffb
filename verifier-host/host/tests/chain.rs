//! Blocks end to end: a contract asks, a provider proves, the block that carries the proof calls the contract back.

#[path = "support/fixture.rs"]
mod fixture;

use fixture::*;

use std::sync::Arc;

use zera_abi::wire::Request;
use zera_abi::{Amount, Blocks, ChainId, End, Height, Level, Outcome, PredicateId, Status};
use zera_host::{
    Action, CallEnd, Chain, Ending, EntryName, Event, Genesis, Publication, Rejection, SignedTx, Tx, Verdicts,
};
use zera_library::range::{self};
use zera_market::{Answer, Rules, commit_digest};
use zera_params::dev_keys;

#[test]
fn the_block_that_carries_the_proof_calls_the_contract_back_and_money_moves_at_final() {
    for (input, byte) in [(HOLDS, 1), (HOLDS_NOT, 0)] {
        let mut f = Fixture::new(mem(), "");
        let task = f.ask(input, Level::Accepted);
        assert_eq!(f.one(ALICE, Action::Lock { task }).ending, Ending::Done);
        let before = f.chain.market().unwrap().account(&account(ALICE));
        assert_eq!(f.state_byte(), None);
        let answer = f.answer(ALICE, &task);
        let report = f.block(&[(ALICE, Action::Submit { task, answer })]);
        let accepted = report.events.iter().position(|e| matches!(e, Event::TaskAccepted { .. })).unwrap();
        let called = report.events.iter().position(|e| matches!(e, Event::Callback { done: true, .. })).unwrap();
        assert!(accepted < called);
        assert_eq!(f.state_byte(), Some(vec![byte]), "the contract acted in the same block");
        assert_eq!(f.task(&task).level(), Level::Accepted);
        // Cleared exactly once.
        assert_eq!(f.call("clear_first", vec![]).ending, Ending::Aborted { code: 5, message: "state".into() });
        let window = Rules::local().final_blocks;
        for _ in 0..=window {
            f.block(&[]);
        }
        assert_eq!(f.task(&task).level(), Level::Final);
        let after = f.chain.market().unwrap().account(&account(ALICE));
        assert!(after.locked.is_zero() && after.free > before.free.checked_add(before.locked).unwrap());
        f.chain.market().unwrap().conserved().unwrap();
    }
}

#[test]
fn a_contract_that_waits_for_final_is_called_at_final() {
    let mut f = Fixture::new(mem(), "");
    let task = f.ask(HOLDS, Level::Final);
    f.one(ALICE, Action::Lock { task });
    let answer = f.answer(ALICE, &task);
    f.one(ALICE, Action::Submit { task, answer });
    assert_eq!((f.task(&task).level(), f.state_byte()), (Level::Accepted, None));
    while f.task(&task).level() != Level::Final {
        f.block(&[]);
    }
    assert_eq!(f.state_byte(), Some(vec![1]));
}

#[test]
fn a_copied_or_corrupted_proof_costs_its_sender_and_changes_no_contract() {
    let mut f = Fixture::new(mem(), "");
    let first = f.ask(HOLDS, Level::Accepted);
    f.one(ALICE, Action::Lock { task: first });
    let answer = f.answer(ALICE, &first);
    // Nobody but the holder may submit, whatever the proof.
    let stolen = f.one(BOB, Action::Submit { task: first, answer: answer.clone() });
    assert_eq!(stolen.ending, Ending::Refused(Status::Unauthorized));
    f.one(ALICE, Action::Submit { task: first, answer: answer.clone() });
    assert_eq!(
        f.one(ALICE, Action::Submit { task: first, answer: answer.clone() }).ending,
        Ending::Refused(Status::State)
    );
    // The same question again, answered with a copy: task and provider are in the statement.
    let second = f.ask(HOLDS, Level::Accepted);
    f.one(BOB, Action::Lock { task: second });
    let stake = f.task(&second).escrow().stake;
    let copied = f.one(BOB, Action::Submit { task: second, answer: answer.clone() });
    assert_eq!(copied.ending, Ending::Rejected(Status::No));
    assert!(f.task(&second).escrow().stake < stake);
    // Malformed bytes cost the same and say so.
    let malformed = Answer { proof: Box::new([0xff; 256]), ..answer };
    let receipt = f.one(BOB, Action::Submit { task: second, answer: malformed });
    assert_eq!(receipt.ending, Ending::Rejected(Status::Encoding));
    assert_eq!(f.task(&second).level(), Level::Pending);
    // An honest proof of the other outcome does not exist; claiming it with the right proof is refused.
    let right = f.answer(BOB, &second);
    let flipped = Answer { outcome: Outcome::False, ..right.clone() };
    let report = f.block(&[(BOB, Action::Submit { task: second, answer: flipped })]);
    assert!(report.events.iter().any(|e| matches!(e, Event::RescueOpened { late: false, .. })), "third bad proof");
    let submissions = f.chain.submissions(&second).unwrap();
    assert_eq!(submissions.iter().map(|s| s.accepted).collect::<Vec<_>>(), [false; 3]);
    // Alice rescues with a proof of her own.
    let answer = f.answer(ALICE, &second);
    let digest = commit_digest(&[5; 32], &account(ALICE), &second, &answer.digest());
    assert_eq!(f.one(ALICE, Action::Commit { task: second, digest }).ending, Ending::Done);
    let reveal = Action::Reveal { task: second, salt: [5; 32], answer };
    assert_eq!(f.one(ALICE, reveal).ending, Ending::Done);
    assert_eq!(f.task(&second).level(), Level::Accepted);
}

#[test]
fn a_callback_that_traps_loses_its_own_writes_and_nothing_else() {
    let mut f = Fixture::new(mem(), "unreachable");
    let task = f.ask(HOLDS, Level::Accepted);
    f.one(ALICE, Action::Lock { task });
    let answer = f.answer(ALICE, &task);
    let report = f.block(&[(ALICE, Action::Submit { task, answer })]);
    assert!(report.events.iter().any(|e| matches!(e, Event::Callback { done: false, .. })));
    assert_eq!((f.task(&task).level(), f.state_byte()), (Level::Accepted, None));
    // The answer stands, uncleared: the contract clears it later.
    assert_eq!(f.call("clear_first", vec![]).ending, Ending::Done);
}

#[test]
fn what_is_refused_leaves_nothing_but_fee_and_nonce() {
    let mut f = Fixture::new(mem(), "");
    let totals = f.chain.market().unwrap().totals();
    let before = f.chain.market().unwrap().account(&account(OWNER)).free;
    let request = f.request(HOLDS, Level::Accepted);
    let receipt = f.call("ask_and_trap", request);
    assert_eq!(receipt.ending, Ending::Trapped);
    assert_eq!(f.chain.market().unwrap().tasks().len(), 0);
    assert_eq!(f.state_byte(), None);
    let after = f.chain.market().unwrap().totals();
    assert_eq!(after.treasury.checked_sub(totals.treasury), Some(receipt.fee));
    assert_eq!(before.checked_sub(f.chain.market().unwrap().account(&account(OWNER)).free), Some(receipt.fee));
    assert_eq!(f.chain.nonce(&account(OWNER)).unwrap(), f.nonces[&OWNER]);
    // Too much money: fee paid, nothing moved.
    let all = Amount::from_zra(1_000_000).unwrap();
    let receipt = f.one(ALICE, Action::Transfer { to: account(BOB), amount: all });
    assert_eq!(receipt.ending, Ending::Refused(Status::Funds));
    assert_eq!(f.chain.market().unwrap().account(&account(BOB)).free, Amount::from_zra(1_000).unwrap());
}

#[test]
fn a_user_can_not_call_what_the_host_calls() {
    let mut f = Fixture::new(mem(), "");
    for entry in ["process_verified_condition_result", "on_result_failed", "on_result_revoked", "zera_abi_1"] {
        assert_eq!(f.call(entry, vec![]).ending, Ending::Refused(Status::Unauthorized), "{entry}");
    }
    assert_eq!(f.call("no_such_entry", vec![]).ending, Ending::Refused(Status::NotFound));
}

#[test]
fn a_request_is_checked_against_what_was_published() {
    let mut f = Fixture::new(mem(), "");
    let good = f.request(HOLDS, Level::Accepted);
    let decoded = |bytes: &[u8]| Request::decode(bytes).map(|request| request.deadline);
    assert!(decoded(&good).is_ok());
    let status = |f: &mut Fixture, change: &dyn Fn(&mut Request<'_>)| {
        let mut request = Request::decode(&good).unwrap();
        change(&mut request);
        let mut bytes = vec![0; request.encoded_len()];
        request.encode(&mut bytes).unwrap();
        match f.call("ask", bytes).ending {
            Ending::Aborted { code, .. } => Status::from_code(u32::try_from(code).unwrap()).unwrap(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(status(&mut f, &|r| r.predicate = PredicateId([9; 32])), Status::NotFound);
    assert_eq!(status(&mut f, &|r| r.public = &[0; 23]), Status::Limit);
    assert_eq!(status(&mut f, &|r| r.deadline = 1), Status::Deadline);
    assert_eq!(status(&mut f, &|r| r.deadline = u64::MAX), Status::Deadline);
    assert_eq!(status(&mut f, &|r| r.bounty = u128::MAX), Status::Funds);
    assert_eq!(status(&mut f, &|r| r.expected = &[0; 32]), Status::Count);
    assert_eq!(status(&mut f, &|r| r.callback_fuel = u64::MAX), Status::Limit);
    assert_eq!(status(&mut f, &|r| r.level = Level::Attested), Status::Unsupported);
    assert_eq!(f.chain.market().unwrap().tasks().len(), 0);
}

#[test]
fn an_open_task_can_be_cancelled_by_its_contract_and_expires_by_itself() {
    let mut f = Fixture::new(mem(), "");
    let task = f.ask(HOLDS, Level::Accepted);
    for _ in 0..=Rules::local().cancel_delay_blocks {
        f.block(&[]);
    }
    assert_eq!(f.call("cancel_first", vec![]).ending, Ending::Done);
    assert_eq!(f.task(&task).end(), End::Cancelled);
    // Nobody locks: the task expires and the contract is told.
    let task = f.ask(HOLDS, Level::Accepted);
    let mut events = Vec::new();
    for _ in 0..200 {
        events.extend(f.block(&[]).events);
    }
    assert_eq!(f.task(&task).end(), End::Expired);
    assert!(events.iter().any(|e| matches!(e, Event::Callback { entry, .. } if entry == "on_result_failed")));
    f.chain.market().unwrap().conserved().unwrap();
}

#[test]
fn a_development_key_is_refused_where_the_network_is_none() {
    let genesis = Genesis { development: false, ..genesis() };
    let mut chain = Chain::open(mem(), &genesis).unwrap();
    let artefact = (zera_library::by_name(range::NAME).unwrap().artefact)();
    let keys = dev_keys(&artefact.matrices).unwrap();
    let sign = |nonce, action| {
        let tx = Tx {
            chain: genesis.chain_id(),
            sender: account(OWNER),
            nonce,
            expiry: Height(9),
            fuel_limit: FUEL,
            action,
        };
        tx.sign(&key(OWNER)).unwrap()
    };
    let register = Action::RegisterKey { predicate: artefact.predicate_id(), key: keys.verifying.encode() };
    let txs = vec![sign(0, Action::Publish(publication(artefact))), sign(1, register)];
    let report = chain.apply(txs, Verdicts::default()).unwrap();
    assert_eq!(report.receipts[1].ending, Ending::Refused(Status::Key));
    assert!(report.receipts[1].detail.contains("development"), "{}", report.receipts[1].detail);
    assert_eq!(chain.key(&keys.verifying.id()).unwrap(), None);
}

#[test]
fn names_keys_and_predicates_belong_to_their_owners() {
    let mut f = Fixture::new(mem(), "");
    let again = publication(f.artefact);
    assert_eq!(f.one(OWNER, Action::Publish(again.clone())).ending, Ending::Refused(Status::Duplicate));
    let newer = Publication { manifest_hash: [9; 32], ..again };
    assert_eq!(f.one(BOB, Action::Publish(newer.clone())).ending, Ending::Refused(Status::Unauthorized));
    let key = f.keys.verifying.encode();
    let predicate = f.predicate;
    let register = |key: Vec<u8>, predicate| Action::RegisterKey { predicate, key };
    assert_eq!(f.one(BOB, register(key.clone(), predicate)).ending, Ending::Refused(Status::Unauthorized));
    assert_eq!(f.one(OWNER, register(key.clone(), predicate)).ending, Ending::Refused(Status::Duplicate));
    assert_eq!(f.one(OWNER, register(key[1..].to_vec(), predicate)).ending, Ending::Refused(Status::Encoding));
    assert_eq!(f.one(OWNER, register(key, PredicateId([7; 32]))).ending, Ending::Refused(Status::NotFound));
    // The owner repoints the name: it means the new version only after the time lock.
    assert_eq!(f.one(OWNER, Action::Publish(newer.clone())).ending, Ending::Done);
    let name = f.chain.predicate_name(range::NAME).unwrap().unwrap();
    let now = f.chain.head().height;
    assert_eq!(name.at(now), predicate);
    assert_eq!(name.at(now.checked_add(Blocks(5)).unwrap()), newer.id());
}

#[test]
fn transactions_that_no_block_takes_cost_nothing() {
    let mut f = Fixture::new(mem(), "");
    let pay = Action::Transfer { to: account(BOB), amount: Amount::from_units(1) };
    let good = f.sign(ALICE, pay.clone());
    f.chain.admit(&good).unwrap();
    let change = |change: &dyn Fn(&mut Tx)| {
        let mut tx = good.tx().clone();
        change(&mut tx);
        tx.sign(&key(ALICE)).unwrap()
    };
    let refused = |f: &Fixture, tx: &SignedTx| f.chain.admit(tx).unwrap_err();
    assert_eq!(refused(&f, &change(&|tx| tx.chain = ChainId([0; 32]))), Rejection::Chain);
    assert!(matches!(refused(&f, &change(&|tx| tx.expiry = Height(1))), Rejection::Expired { .. }));
    assert!(matches!(refused(&f, &change(&|tx| tx.nonce = 5)), Rejection::NonceGap { .. }));
    assert!(matches!(refused(&f, &change(&|tx| tx.fuel_limit = 1)), Rejection::FuelLimit { .. }));
    assert!(matches!(refused(&f, &change(&|tx| tx.fuel_limit = u64::MAX)), Rejection::FuelCeiling { .. }));
    let before = f.chain.market().unwrap().account(&account(ALICE));
    let gap = change(&|tx| tx.nonce = 1);
    let late = change(&|tx| tx.expiry = Height(1));
    let report = f.apply(vec![late, gap]);
    assert_eq!((report.receipts.len(), report.rejected.len(), report.deferred.len()), (0, 1, 1));
    assert_eq!(f.chain.market().unwrap().account(&account(ALICE)), before);
    // Once in a block, the same bytes are a duplicate.
    f.apply(vec![good.clone()]);
    assert_eq!(refused(&f, &good), Rejection::Duplicate);
}

#[test]
fn a_full_block_defers_the_rest_in_order() {
    let mut f = Fixture::new(mem(), "");
    let contract = f.contract;
    let txs: Vec<SignedTx> =
        (0..30).map(|_| f.sign(OWNER, Action::Call { contract, entry: "clear_first".into(), input: vec![] })).collect();
    let report = f.apply(txs.clone());
    let taken = report.receipts.len();
    assert!(taken > 0 && taken < 30, "{taken} calls of 20 M fuel fit 400 M");
    assert_eq!(report.deferred, txs[taken..].to_vec());
    let rest = f.apply(report.deferred);
    assert_eq!(rest.receipts.len(), 30 - taken);
}

#[test]
fn verdicts_ahead_or_inline_restart_or_replay_give_the_same_roots() {
    let run = |ahead: bool, restart: bool| {
        let store = mem();
        let mut f = Fixture::new(Arc::clone(&store), "");
        f.ahead = ahead;
        let task = f.ask(HOLDS, Level::Accepted);
        f.one(ALICE, Action::Lock { task });
        let answer = f.answer(ALICE, &task);
        let wrong = Answer { outcome: Outcome::False, ..answer.clone() };
        f.one(ALICE, Action::Submit { task, answer: wrong });
        if restart {
            let head = f.chain.head().clone();
            f.chain = Fixture::open(Arc::clone(&store));
            assert_eq!(*f.chain.head(), head);
        }
        f.one(ALICE, Action::Submit { task, answer });
        for _ in 0..20 {
            f.block(&[]);
        }
        (f.chain.head().clone(), f.log)
    };
    let (head, log) = run(true, false);
    assert_eq!(run(false, false).0, head);
    assert_eq!(run(true, true).0, head);
    // A second node from genesis, given the blocks' transactions.
    let mut replica = Fixture::open(mem());
    for txs in log {
        replica.apply(txs, Verdicts::default()).unwrap();
    }
    assert_eq!(*replica.head(), head);
}

#[test]
fn another_chains_data_is_refused() {
    let store = mem();
    Fixture::open(Arc::clone(&store));
    let other = Genesis { name: "other".into(), ..genesis() };
    let error = Chain::open(store, &other).err().expect("another chain");
    assert!(error.to_string().contains("belongs to chain"), "{error}");
}

#[test]
fn a_query_keeps_nothing() {
    let mut f = Fixture::new(mem(), "");
    let request = f.request(HOLDS, Level::Accepted);
    let head = f.chain.head().clone();
    let entry = EntryName::parse("ask").unwrap();
    let report = f.chain.query(f.contract, account(OWNER), entry, &request).unwrap().unwrap();
    assert!(matches!(report.end, CallEnd::Done { .. }));
    assert_eq!(f.chain.market().unwrap().tasks().len(), 0);
    let report = f.block(&[]);
    assert_eq!(report.events, vec![]);
    assert_ne!(report.header, head);
}
