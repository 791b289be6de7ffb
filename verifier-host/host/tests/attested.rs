//! Attested answers in blocks: a contract that acts on one is told when it falls, and when another takes its place.

#[path = "support/fixture.rs"]
mod fixture;

use fixture::*;

use zera_abi::wire::Request;
use zera_abi::{End, Level, Outcome, Status, TaskId};
use zera_host::{Action, BlockReport, Ending, Event};
use zera_library::range::Input;
use zera_market::{Rules, challenge_digest, commit_digest, reason};

const SALT: [u8; 32] = [5; 32];

/// Asks for an answer that may come without a proof, and locks it for Alice.
fn locked(f: &mut Fixture, input: Input, level: Level) -> TaskId {
    let bytes = f.request(input, level);
    let request = Request { attested: true, ..Request::decode(&bytes).unwrap_or_else(|_| panic!("a request")) };
    let mut bytes = vec![0; request.encoded_len()];
    request.encode(&mut bytes).unwrap();
    let receipt = f.call("ask", bytes);
    assert_eq!(receipt.ending, Ending::Done, "{}", receipt.detail);
    let task = *f.chain.market().unwrap().tasks().next_back().unwrap().id();
    assert_eq!(f.one(ALICE, Action::Lock { task }).ending, Ending::Done);
    task
}

fn attest(f: &mut Fixture, task: TaskId, outcome: Outcome) -> BlockReport {
    f.block(&[(ALICE, Action::Attest { task, outcome, declared: vec![] })])
}

fn challenge(f: &mut Fixture, task: TaskId, claimed: Outcome) {
    let digest = commit_digest(&SALT, &account(BOB), &task, &challenge_digest(claimed));
    assert_eq!(f.one(BOB, Action::Commit { task, digest }).ending, Ending::Done);
    assert_eq!(f.one(BOB, Action::Challenge { task, salt: SALT, claimed }).ending, Ending::Done);
}

/// Entries that were called, in order; all of them ended well.
fn calls(report: &BlockReport) -> Vec<String> {
    let call = |event: &Event| match event {
        Event::Callback { entry, done, detail, .. } => {
            assert!(*done, "{entry}: {detail}");
            Some(entry.clone())
        }
        _ => None,
    };
    report.events.iter().filter_map(call).collect()
}

fn told_revoked(f: &Fixture) -> Option<Vec<u8>> {
    f.chain.storage(&f.contract, b"state\0\0").unwrap()
}

#[test]
fn a_contract_that_is_content_with_a_stake_acts_at_once() {
    let mut f = Fixture::new(mem(), "");
    let task = locked(&mut f, HOLDS, Level::Attested);
    let report = attest(&mut f, task, Outcome::True);
    assert_eq!(report.receipts[0].ending, Ending::Done);
    assert_eq!(calls(&report), ["process_verified_condition_result"]);
    assert_eq!((f.task(&task).level(), f.state_byte()), (Level::Attested, Some(vec![1])));
    // Nobody challenges: it is final, and the contract hears nothing more.
    let mut heard = Vec::new();
    while f.task(&task).level() != Level::Final {
        heard.extend(calls(&f.block(&[])));
    }
    assert_eq!(heard, Vec::<String>::new());
    f.chain.market().unwrap().conserved().unwrap();
}

#[test]
fn a_contract_that_waits_is_called_when_nobody_has_challenged() {
    for level in [Level::Accepted, Level::Final] {
        let mut f = Fixture::new(mem(), "");
        let task = locked(&mut f, HOLDS_NOT, level);
        let report = attest(&mut f, task, Outcome::False);
        assert_eq!((calls(&report), f.state_byte()), (vec![], None));
        let mut heard = Vec::new();
        for _ in 0..=Rules::local().challenge_blocks {
            heard.extend(calls(&f.block(&[])));
        }
        assert_eq!(heard, ["process_verified_condition_result"]);
        assert_eq!((f.task(&task).level(), f.state_byte()), (Level::Final, Some(vec![0])));
    }
}

#[test]
fn a_false_answer_falls_by_a_proof_and_the_contract_is_told_both() {
    let mut f = Fixture::new(mem(), "");
    let task = locked(&mut f, HOLDS, Level::Attested);
    attest(&mut f, task, Outcome::False);
    assert_eq!(f.state_byte(), Some(vec![0]));
    challenge(&mut f, task, Outcome::True);
    let answer = f.answer(BOB, &task);
    // A copy of it earns nobody anything: the settler is in the statement.
    let copied = f.one(OWNER, Action::Settle { task, answer: answer.clone() });
    assert_eq!(copied.ending, Ending::Rejected(Status::No));
    let report = f.block(&[(BOB, Action::Settle { task, answer })]);
    assert_eq!(report.receipts[0].ending, Ending::Done, "{}", report.receipts[0].detail);
    assert_eq!(calls(&report), ["on_result_revoked", "process_verified_condition_result"]);
    assert_eq!(told_revoked(&f), Some(vec![reason::OVERTURNED as u8]));
    assert_eq!((f.task(&task).level(), f.state_byte()), (Level::Accepted, Some(vec![1])));
    let bob = f.chain.market().unwrap().account(&account(BOB));
    while f.task(&task).level() != Level::Final {
        f.block(&[]);
    }
    let market = f.chain.market().unwrap();
    market.conserved().unwrap();
    assert!(market.account(&account(BOB)).free > bob.free.checked_add(bob.locked).unwrap(), "it pays to be right");
    assert!(market.account(&account(ALICE)).locked.is_zero());
}

#[test]
fn a_right_answer_is_upheld_and_the_contract_hears_nothing() {
    let mut f = Fixture::new(mem(), "");
    let task = locked(&mut f, HOLDS, Level::Attested);
    attest(&mut f, task, Outcome::True);
    challenge(&mut f, task, Outcome::False);
    let answer = f.answer(ALICE, &task);
    let report = f.block(&[(ALICE, Action::Settle { task, answer })]);
    assert_eq!(report.receipts[0].ending, Ending::Done);
    assert_eq!(calls(&report), Vec::<String>::new());
    assert_eq!((f.task(&task).level(), f.state_byte()), (Level::Accepted, Some(vec![1])));
}

#[test]
fn silence_takes_the_answer_back() {
    let mut f = Fixture::new(mem(), "");
    let task = locked(&mut f, HOLDS, Level::Attested);
    attest(&mut f, task, Outcome::True);
    challenge(&mut f, task, Outcome::False);
    let mut heard = Vec::new();
    for _ in 0..=Rules::local().respond_blocks {
        heard.extend(calls(&f.block(&[])));
    }
    assert_eq!(heard, ["on_result_revoked"]);
    assert_eq!(told_revoked(&f), Some(vec![reason::UNSETTLED as u8]));
    assert_eq!((f.task(&task).level(), f.task(&task).end()), (Level::Pending, End::None));
    // The task is open again, and its next answer is told like the first; who was silent takes no locks for a while.
    assert_eq!(f.one(ALICE, Action::Lock { task }).ending, Ending::Refused(Status::State));
    assert_eq!(f.one(BOB, Action::Lock { task }).ending, Ending::Done);
    let answer = f.answer(BOB, &task);
    let report = f.block(&[(BOB, Action::Submit { task, answer })]);
    assert_eq!(calls(&report), ["process_verified_condition_result"]);
}

#[test]
fn an_unproved_answer_is_taken_where_it_was_asked_for_alone() {
    let mut f = Fixture::new(mem(), "");
    let task = f.ask(HOLDS, Level::Accepted);
    f.one(ALICE, Action::Lock { task });
    let refused = f.one(ALICE, Action::Attest { task, outcome: Outcome::True, declared: vec![] });
    assert_eq!(refused.ending, Ending::Refused(Status::Unsupported));
    // Waiting for an unproved answer without taking one asks for nothing.
    let request = f.request(HOLDS, Level::Attested);
    assert_ne!(f.call("ask", request).ending, Ending::Done);
    // Call-backs of all answers that may come are paid when it opens.
    let rules = Rules::local();
    assert_eq!((rules.callbacks_max(Level::Accepted), rules.callbacks_max(Level::Attested)), (1, 7));
}
