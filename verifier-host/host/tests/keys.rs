//! Keys: what they cost, when they serve, and how a broken one ends. The key here is made from known scalars, so both
//! outcomes can be proved for one input, as whoever holds a set-up's secrets could.

#[path = "support/fixture.rs"]
mod fixture;
#[path = "support/forger.rs"]
mod forger;

use ark_bn254::Fr;
use fixture::*;
use forger::{Broken, contradiction, exhibit, forged};
use zera_abi::{Amount, End, KeyId, Level, Outcome, Status, TaskId};
use zera_host::{Action, BlockReport, Ending, Event, Exhibit};
use zera_market::Rules;

/// A chain whose predicate is served by the broken key.
fn broken() -> (Fixture, Broken) {
    let mut f = Fixture::new(mem(), "");
    let broken = Broken::new(0);
    let key = broken.key();
    let register = Action::RegisterKey { predicate: f.predicate, key: key.encode() };
    assert_eq!(f.one(OWNER, register).ending, Ending::Done);
    f.key = key.id();
    (f, broken)
}

fn free(f: &Fixture, who: u8) -> Amount {
    f.chain.market().unwrap().account(&account(who)).free
}

fn revoked(report: &BlockReport) -> usize {
    report.events.iter().filter(|event| matches!(event, Event::TaskRevoked { .. })).count()
}

#[test]
fn two_outcomes_for_one_input_withdraw_the_key_and_refund_what_is_in_flight() {
    let (mut f, broken) = broken();
    let before = f.chain.market().unwrap().totals();
    // One task waits, one is locked, one is answered (falsely) and acted on, one is final.
    let old = f.ask(HOLDS, Level::Accepted);
    f.one(ALICE, Action::Lock { task: old });
    let answer = forged(&f, &broken, ALICE, &old, Outcome::False);
    assert_eq!(f.one(ALICE, Action::Submit { task: old, answer }).ending, Ending::Done);
    while f.task(&old).level() != Level::Final {
        f.block(&[]);
    }
    let alice = f.chain.market().unwrap().account(&account(ALICE));
    let (waiting, locked, acted) =
        (f.ask(HOLDS, Level::Final), f.ask(HOLDS, Level::Accepted), f.ask(HOLDS, Level::Accepted));
    f.block(&[(ALICE, Action::Lock { task: locked }), (ALICE, Action::Lock { task: acted })]);
    let answer = forged(&f, &broken, ALICE, &acted, Outcome::False);
    assert_eq!(f.one(ALICE, Action::Submit { task: acted, answer }).ending, Ending::Done);
    let handle = |f: &Fixture, task: &TaskId| f.chain.input(task).unwrap().unwrap().handle.to_le_bytes().to_vec();
    let told = |f: &mut Fixture, task: &TaskId| {
        let input = handle(f, task);
        f.call("is_verified", input).ending
    };
    assert_eq!((told(&mut f, &old), told(&mut f, &acted)), (Ending::Done, Ending::Done));
    // A contract that checks proofs itself relies on the key too.
    let raw = {
        let inputs = [Fr::from(1u64), Fr::from(2u64), Fr::from(3u64)];
        let scalars = inputs.iter().flat_map(zera_statement::scalar_to_be);
        f.key.0.into_iter().chain(scalars).chain(broken.forge(&inputs)).collect::<Vec<u8>>()
    };
    assert_eq!(f.call("verify", raw.clone()).ending, Ending::Done);

    let bob = free(&f, BOB);
    let receipt = f.one(BOB, contradiction(&f, &broken, BOB));
    assert_eq!(receipt.ending, Ending::Done, "{}", receipt.detail);
    let reward = Rules::local().key_deposit;
    assert_eq!(
        free(&f, BOB),
        bob.checked_add(reward).unwrap().checked_sub(receipt.fee).unwrap(),
        "the key's own deposit"
    );
    // From the next transaction on nobody acts on the key: no new tasks, no answers, no raw proofs.
    let refused =
        |status: Status| Ending::Aborted { code: i32::try_from(status.code()).unwrap(), message: "state".into() };
    let asked = Action::Call { contract: f.contract, entry: "ask".into(), input: f.request(HOLDS, Level::Accepted) };
    let proved = Action::Call { contract: f.contract, entry: "verify".into(), input: raw };
    let first = Action::Call { contract: f.contract, entry: "is_verified".into(), input: handle(&f, &old) };
    let third = Action::Call { contract: f.contract, entry: "is_verified".into(), input: handle(&f, &acted) };
    let report = f.block(&[(OWNER, asked), (OWNER, proved), (OWNER, first), (OWNER, third)]);
    let endings: Vec<Ending> = report.receipts.into_iter().map(|receipt| receipt.ending).collect();
    let expected = [refused(Status::Key), refused(Status::Key), Ending::Done, refused(Status::No)];
    assert_eq!(endings, expected);
    let answer = forged(&f, &broken, ALICE, &locked, Outcome::True);
    let late = f.one(ALICE, Action::Submit { task: locked, answer });
    assert!(matches!(late.ending, Ending::Refused(Status::Key | Status::State)), "{:?}", late.ending);
    f.block(&[]);
    for task in [waiting, locked, acted] {
        let record = f.task(&task);
        assert_eq!((record.end(), f.chain.market().unwrap().answer_stands(&task)), (End::Revoked, false));
        assert!(f.chain.market().unwrap().account(&account(ALICE)).locked.is_zero());
    }
    // What was final stays so.
    assert_eq!(f.task(&old).level(), Level::Final);
    assert!(f.chain.market().unwrap().answer_stands(&old));
    assert_eq!(f.chain.storage(&f.contract, b"state\0\0").unwrap().map(|v| v.len()), Some(1), "on_result_revoked ran");
    // Alice paid fees and nothing else.
    assert!(
        free(&f, ALICE) <= alice.free
            && free(&f, ALICE).checked_add(Amount::from_zra(1).unwrap()).unwrap() > alice.free
    );
    let totals = f.chain.market().unwrap().totals();
    assert_eq!((totals.sum(), totals.minted), (Some(totals.minted), before.minted));
    // Once is enough, and a withdrawn key never comes back.
    let again = contradiction(&f, &broken, BOB);
    assert_eq!(f.one(BOB, again).ending, Ending::Refused(Status::Duplicate));
    let register = Action::RegisterKey { predicate: f.predicate, key: broken.key().encode() };
    assert_eq!(f.one(OWNER, register).ending, Ending::Refused(Status::Duplicate));
    assert_eq!(f.one(OWNER, Action::Unregister { key: f.key }).ending, Ending::Refused(Status::Key));
}

#[test]
fn a_false_report_changes_nothing_and_its_reporter_pays() {
    let (mut f, broken) = broken();
    let root = [3; 32];
    let (yes, no) = (exhibit(&f, &broken, BOB, Outcome::True, &root), exhibit(&f, &broken, BOB, Outcome::False, &root));
    let other_root = exhibit(&f, &broken, BOB, Outcome::False, &[4; 32]);
    let strangers = |outcome| exhibit(&f, &broken, ALICE, outcome, &root);
    let cases = [
        ("same outcome", yes.clone(), yes.clone(), Status::No),
        ("the second is of another input", yes.clone(), other_root, Status::No),
        ("the outcome was changed", yes.clone(), Exhibit { outcome: Outcome::Trap, ..no.clone() }, Status::No),
        ("another's report", strangers(Outcome::True), strangers(Outcome::False), Status::Unauthorized),
        ("no proof", yes.clone(), Exhibit { proof: [0xff; 256], ..no.clone() }, Status::Encoding),
        ("declared values", yes.clone(), Exhibit { declared: vec![[0; 32]], ..no.clone() }, Status::Count),
    ];
    for (what, first, second, status) in cases {
        let before = free(&f, BOB);
        let receipt =
            f.one(BOB, Action::Contradict { key: f.key, input_root: root, exhibits: Box::new([first, second]) });
        assert_eq!(receipt.ending, Ending::Refused(status), "{what}");
        assert_eq!(before.checked_sub(free(&f, BOB)), Some(receipt.fee), "{what}: pays, and pays nothing else");
        assert!(receipt.fuel_used > 2 * f.chain.cost().unwrap().verify(3), "{what}: pays for two verifications");
        assert!(!f.chain.market().unwrap().key_is_withdrawn(&f.key), "{what}");
    }
    let unknown = Action::Contradict { key: KeyId([1; 32]), input_root: root, exhibits: Box::new([yes, no]) };
    assert_eq!(f.one(BOB, unknown).ending, Ending::Refused(Status::Key));
}

#[test]
fn a_key_is_unregistered_by_its_owner_once_no_task_is_open_on_it() {
    let (mut f, _) = broken();
    let key = f.key;
    let deposit = Rules::local().key_deposit;
    assert_eq!(f.one(BOB, Action::Unregister { key }).ending, Ending::Refused(Status::Unauthorized));
    let task = f.ask(HOLDS, Level::Accepted);
    assert_eq!(f.one(OWNER, Action::Unregister { key }).ending, Ending::Refused(Status::State));
    for _ in 0..Rules::local().cancel_delay_blocks {
        f.block(&[]);
    }
    assert_eq!(f.one(OWNER, Action::Cancel { task }).ending, Ending::Done);
    let before = free(&f, OWNER);
    let receipt = f.one(OWNER, Action::Unregister { key });
    assert_eq!(receipt.ending, Ending::Done, "{}", receipt.detail);
    assert_eq!(free(&f, OWNER), before.checked_add(deposit).unwrap().checked_sub(receipt.fee).unwrap());
    let request = f.request(HOLDS, Level::Accepted);
    assert!(matches!(f.call("ask", request).ending, Ending::Aborted { .. }), "no new task on it");
    assert!(f.one(OWNER, Action::Unregister { key }).ending != Ending::Done, "once");
    assert_eq!(f.one(OWNER, Action::Unregister { key: KeyId([1; 32]) }).ending, Ending::Refused(Status::Key));
}

#[test]
fn tasks_are_revoked_64_a_block_and_a_restart_goes_on() {
    let store = mem();
    let (mut f, broken) = {
        let mut f = Fixture::new(std::sync::Arc::clone(&store), "");
        let broken = Broken::new(0);
        let register = Action::RegisterKey { predicate: f.predicate, key: broken.key().encode() };
        assert_eq!(f.one(OWNER, register).ending, Ending::Done);
        f.key = broken.key().id();
        (f, broken)
    };
    let transfer = Action::Transfer { to: f.contract, amount: Amount::from_zra(500).unwrap() };
    assert_eq!(f.one(OWNER, transfer).ending, Ending::Done);
    // A block takes only as many calls as its fuel allows; what waits goes into the next ones.
    let request = f.request(HOLDS, Level::Accepted);
    let call = Action::Call { contract: f.contract, entry: "ask".into(), input: request };
    let mut report = f.block(&vec![(OWNER, call); 70]);
    while !report.deferred.is_empty() {
        report = f.apply(report.deferred);
    }
    let tasks: Vec<TaskId> = f.chain.market().unwrap().tasks().map(|task| *task.id()).collect();
    let open = |f: &Fixture| tasks.iter().filter(|task| f.task(task).end() == End::None).count();
    let before = open(&f);
    assert_eq!(before, 70);
    let action = contradiction(&f, &broken, BOB);
    let report = f.block(&[(BOB, action)]);
    assert_eq!((revoked(&report), open(&f)), (0, before));
    let report = f.block(&[]);
    assert_eq!((revoked(&report), open(&f)), (64, before - 64));
    f.chain = Fixture::open(store);
    f.block(&[]);
    assert_eq!(open(&f), 0);
    f.chain.market().unwrap().conserved().unwrap();
}
