//! Private bytes that a request fixed: sealed to the holder of the lock, demanded, delivered on the chain, complained of. The key is
//! one that proves anything, so nothing depends on what a predicate makes of the bytes.

#[path = "support/delivery.rs"]
mod delivery;
#[path = "support/fixture.rs"]
mod fixture;
#[path = "support/forger.rs"]
mod forger;

use std::sync::Arc;

use delivery::*;
use fixture::*;
use forger::binding_of;
use zera_abi::{End, Outcome, Status, TaskId};
use zera_host::sealed::{Address, OVERHEAD, open, seal};
use zera_host::{Action, Chain, Ending, Event};
use zera_market::{Answer, Delivery, reason};

fn ended(f: &Fixture, task: &TaskId) -> (End, u16) {
    (f.task(task).end(), f.task(task).reason())
}

#[test]
fn what_is_delivered_on_the_chain_opens_for_the_holder_who_answers_with_it() {
    let store = mem();
    let (mut f, broken) = chain(Arc::clone(&store), PRIVATE.len() as u32);
    let task = demanded(&mut f);
    assert!(f.task(&task).delivers());
    let before = f.task(&task).state().clone();
    deliver(&mut f, task, PRIVATE);
    assert_ne!(*f.task(&task).state(), before, "the clock goes on");
    let delivered = f.chain.delivered(&task).unwrap().expect("delivered");
    assert_eq!(open(&address(&f, &task), &secret(&f, &task), delivered.sealed()), Ok(PRIVATE.to_vec()));
    assert_eq!(delivered.tx().tx().sender, account(OWNER), "by who created the contract");
    // It is state like any other: there after a restart.
    let head = f.chain.head().hash();
    drop(std::mem::replace(&mut f.chain, Fixture::open(mem())));
    f.chain = Fixture::open(store);
    assert_eq!((f.chain.head().hash(), f.chain.delivered(&task).unwrap()), (head, Some(delivered)));

    let declared = expected();
    let binding = binding_of(&f, account(ALICE), task, f.task(&task).not_after());
    let proof = broken.prove(binding, f.task(&task).input_root(), Outcome::False, &declared);
    let answer = Answer { outcome: Outcome::False, declared: declared.to_vec(), proof: Box::new(proof) };
    done(f.one(ALICE, Action::Submit { task, answer }));
    assert_eq!(f.task(&task).answer().map(|(outcome, _)| outcome), Some(Outcome::False));
    assert_eq!(f.chain.delivered(&task).unwrap(), None, "of no more use");
    f.chain.market().unwrap().conserved().unwrap();
}

#[test]
fn events_name_the_key_the_demand_and_how_it_ended() {
    let (mut f, _) = chain(mem(), PRIVATE.len() as u32);
    let task = held(&mut f, 2);
    let (provider, sealing_key) = (account(ALICE), secret(&f, &task).key());
    let report = f.block(&[(ALICE, Action::SealingKey { task, key: sealing_key })]);
    assert_eq!(report.events, [Event::SealingKeyGiven { task, provider, sealing_key }]);
    f.block(&[]);
    let report = f.block(&[(ALICE, Action::Demand { task })]);
    let fee = f.chain.market().unwrap().rules().demand_fee;
    let until = f.chain.head().height.checked_add(zera_abi::Blocks(12)).unwrap();
    assert_eq!(report.events, [Event::DeliveryDemanded { task, provider, fee, until }]);
    let sealed = seal(&address(&f, &task), PRIVATE, &[9; 32]).unwrap();
    let report = f.block(&[(OWNER, Action::Deliver { task, sealed })]);
    let [Event::DemandClosed { delivered: true, fee_paid, .. }] = &report.events[..] else {
        panic!("{:?}", report.events)
    };
    assert_eq!(*fee_paid, fee);
}

#[test]
fn who_does_not_deliver_pays_and_the_contract_is_told() {
    let (mut f, _) = chain(mem(), PRIVATE.len() as u32);
    let task = demanded(&mut f);
    let before = f.chain.market().unwrap().account(&account(ALICE)).free;
    let mut events = Vec::new();
    while f.task(&task).state().name() == "assigned" {
        events = f.block(&[]).events;
    }
    assert_eq!(ended(&f, &task), (End::Failed, reason::INPUT_UNAVAILABLE));
    let [Event::InputUnavailable { wrong: false, paid, stake_returned, fee_returned, .. }, told] = &events[..] else {
        panic!("{events:?}")
    };
    let Event::Callback { entry, .. } = told else { panic!("{told:?}") };
    assert_eq!(entry, "on_result_failed");
    let gained = [paid, stake_returned, fee_returned].into_iter().try_fold(before, |sum, part| sum.checked_add(*part));
    assert_eq!(Some(f.chain.market().unwrap().account(&account(ALICE)).free), gained);
    f.chain.market().unwrap().conserved().unwrap();
}

#[test]
fn a_complaint_holds_where_nothing_opens_or_something_else_does() {
    let other: Vec<u8> = PRIVATE.iter().map(|byte| byte ^ 1).collect();
    let elsewhere = |f: &Fixture, task: &TaskId| Address { provider: account(BOB), ..address(f, task) };
    type Make = fn(&Fixture, &TaskId, &[u8], Address) -> Vec<u8>;
    let garbage: [Make; 3] = [
        |_, _, _, _| vec![1; PRIVATE.len() + OVERHEAD],
        |f, task, other, _| seal(&address(f, task), other, &[9; 32]).unwrap(),
        |_, _, _, elsewhere| seal(&elsewhere, PRIVATE, &[9; 32]).unwrap(),
    ];
    for (at, make) in garbage.into_iter().enumerate() {
        let (mut f, _) = chain(mem(), PRIVATE.len() as u32);
        let task = demanded(&mut f);
        let to = elsewhere(&f, &task);
        let sealed = make(&f, &task, &other, to);
        done(f.one(OWNER, Action::Deliver { task, sealed }));
        let action = Action::Complain { task, secret: secret(&f, &task).to_bytes() };
        let report = f.block(&[(ALICE, action)]);
        done(report.receipts[0].clone());
        assert!(matches!(report.events[0], Event::InputUnavailable { wrong: true, .. }), "case {at}");
        assert!(matches!(report.events[1], Event::Callback { .. }), "told in the same block");
        assert_eq!(ended(&f, &task), (End::Failed, reason::INPUT_UNAVAILABLE));
        assert_eq!(f.chain.delivered(&task).unwrap(), None);
        f.chain.market().unwrap().conserved().unwrap();
    }
}

#[test]
fn a_complaint_of_the_right_bytes_changes_nothing() {
    let (mut f, _) = chain(mem(), PRIVATE.len() as u32);
    let task = demanded(&mut f);
    let shown = secret(&f, &task).to_bytes();
    let refused = |f: &mut Fixture, who: u8, secret: [u8; 32], status: Status| {
        let escrow = *f.task(&task).escrow();
        let receipt = f.one(who, Action::Complain { task, secret });
        assert_eq!(receipt.ending, Ending::Refused(status), "{}", receipt.detail);
        assert_eq!((f.task(&task).state().name(), *f.task(&task).escrow()), ("assigned", escrow));
    };
    refused(&mut f, ALICE, shown, Status::State);
    deliver(&mut f, task, PRIVATE);
    refused(&mut f, ALICE, shown, Status::No);
    refused(&mut f, BOB, shown, Status::Unauthorized);
    refused(&mut f, ALICE, [7; 32], Status::Unauthorized);
    assert!(f.chain.delivered(&task).unwrap().is_some());
}

/// Else a holder could give an odd encoding of its own key, to which bytes are sealed that only seem to be for another.
#[test]
fn a_complaint_needs_the_very_key_that_was_given() {
    let (mut f, _) = chain(mem(), PRIVATE.len() as u32);
    let task = held(&mut f, 2);
    let mut odd = secret(&f, &task).key();
    odd[31] ^= 0x80;
    done(f.one(ALICE, Action::SealingKey { task, key: odd }));
    f.block(&[]);
    done(f.one(ALICE, Action::Demand { task }));
    let sealed = seal(&Address { key: odd, ..address(&f, &task) }, PRIVATE, &[9; 32]).unwrap();
    done(f.one(OWNER, Action::Deliver { task, sealed }));
    let receipt = f.one(ALICE, Action::Complain { task, secret: secret(&f, &task).to_bytes() });
    assert_eq!(receipt.ending, Ending::Refused(Status::Unauthorized), "{}", receipt.detail);
}

#[test]
fn keys_demands_and_deliveries_that_are_none_are_refused() {
    let (mut f, _) = chain(mem(), PRIVATE.len() as u32);
    let task = held(&mut f, 2);
    let key = secret(&f, &task).key();
    let sealed = seal(&address(&f, &task), PRIVATE, &[9; 32]).unwrap();
    let refused = |f: &mut Fixture, who: u8, action: Action, status: Status| {
        let receipt = f.one(who, action);
        assert_eq!(receipt.ending, Ending::Refused(status), "{}", receipt.detail);
    };
    refused(&mut f, ALICE, Action::SealingKey { task, key: [0; 32] }, Status::Encoding);
    refused(&mut f, BOB, Action::SealingKey { task, key }, Status::Unauthorized);
    let unknown = TaskId([9; 32]);
    refused(&mut f, ALICE, Action::SealingKey { task: unknown, key }, Status::NotFound);
    refused(&mut f, ALICE, Action::Demand { task }, Status::State);
    refused(&mut f, OWNER, Action::Deliver { task, sealed: sealed.clone() }, Status::State);
    let task = demanded(&mut f);
    refused(&mut f, ALICE, Action::SealingKey { task, key }, Status::State);
    refused(&mut f, BOB, Action::Deliver { task, sealed: sealed.clone() }, Status::Unauthorized);
    refused(&mut f, OWNER, Action::Deliver { task: unknown, sealed: sealed.clone() }, Status::NotFound);
    for len in [0, 1, sealed.len() - 1, sealed.len() + 1, 100_000] {
        refused(&mut f, OWNER, Action::Deliver { task, sealed: vec![1; len] }, Status::Limit);
    }
    assert!(matches!(f.task(&task).delivery(), Delivery::Demanded { .. }));
}

/// Nothing fixes the bytes, or there are more than go on a chain: they may come, and nobody owes them.
#[test]
fn bytes_that_are_not_owed_are_not_demanded() {
    let max = zera_market::Rules::local().delivery_len_max;
    for (private_len, fixed, owed, takes_key) in
        [(max, 2, true, true), (max + 1, 2, false, false), (max, 1, false, true), (max, 0, false, true)]
    {
        let (mut f, _) = chain(mem(), private_len);
        let task = held(&mut f, fixed);
        assert_eq!(f.task(&task).delivers(), owed);
        let key = secret(&f, &task).key();
        let given = f.one(ALICE, Action::SealingKey { task, key }).ending == Ending::Done;
        assert_eq!(given, takes_key, "{private_len} {fixed}");
        f.block(&[]);
        let demanded = f.one(ALICE, Action::Demand { task }).ending;
        let expected = if owed { Ending::Done } else { Ending::Refused(Status::Unsupported) };
        assert_eq!(demanded, expected, "{private_len} {fixed}");
        if owed {
            // The largest there is, which does not open: its complaint fits into a block.
            done(f.one(OWNER, Action::Deliver { task, sealed: vec![1; max as usize + OVERHEAD] }));
            done(f.one(ALICE, Action::Complain { task, secret: secret(&f, &task).to_bytes() }));
        }
    }
}

/// What a complaint costs follows from what was delivered, and is charged whether it holds or not.
#[test]
fn a_complaint_pays_for_what_is_opened() {
    let max = zera_market::Rules::local().delivery_len_max;
    let (mut f, _) = chain(mem(), max);
    let task = demanded(&mut f);
    done(f.one(OWNER, Action::Deliver { task, sealed: vec![1; max as usize + OVERHEAD] }));
    let signed = f.sign(ALICE, Action::Complain { task, secret: [7; 32] });
    let (cost, intrinsic) = (f.chain.cost().unwrap().clone(), f.chain.intrinsic_fuel(&signed).unwrap());
    let whole = intrinsic + cost.complaint(max as usize + OVERHEAD);
    assert!(whole > intrinsic + 10_000_000, "36 permutations and more");
    let mut tx = signed.tx().clone();
    tx.fuel_limit = whole - 1;
    let report = f.apply(vec![tx.sign(&key(ALICE)).unwrap()]);
    let receipt = &report.receipts[0];
    assert_eq!((&receipt.ending, receipt.fuel_used), (&Ending::Refused(Status::Limit), whole - 1));
    let mut tx = f.sign(ALICE, Action::Complain { task, secret: secret(&f, &task).to_bytes() }).tx().clone();
    tx.fuel_limit = whole;
    let report = f.apply(vec![tx.sign(&key(ALICE)).unwrap()]);
    assert_eq!((&report.receipts[0].ending, report.receipts[0].fuel_used), (&Ending::Done, whole));
}

/// The log of a chain with every step gives the same chain again.
#[test]
fn a_replay_ends_in_the_same_state() {
    let (mut f, _) = chain(mem(), PRIVATE.len() as u32);
    let task = demanded(&mut f);
    deliver(&mut f, task, PRIVATE);
    let task = demanded(&mut f);
    deliver(&mut f, task, &[0; PRIVATE.len()]);
    done(f.one(ALICE, Action::Complain { task, secret: secret(&f, &task).to_bytes() }));
    let mut again: Chain = Fixture::open(mem());
    for txs in &f.log {
        again.apply(txs.clone(), zera_host::Verdicts::default()).unwrap();
    }
    assert_eq!(again.head().hash(), f.chain.head().hash());
}
