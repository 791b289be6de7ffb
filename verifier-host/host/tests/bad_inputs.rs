//! Answers that are another's: every field of the statement, changed alone, makes a good proof worthless. The numbers in
//! brackets are rows of the table of inputs that must be refused (`docs/bad_inputs.md`).

#[path = "support/fixture.rs"]
mod fixture;

use std::sync::Arc;

use fixture::*;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zera_abi::{Blocks, ChainId, Height, KeyId, Level, Outcome, PredicateId, Status, TaskId};
use zera_host::{Action, Chain, Ending, Event, Genesis};
use zera_kernels::Arkworks;
use zera_library::range;
use zera_market::{Answer, Rules};
use zera_r1cs::TapeInputs;
use zera_statement::Binding;

type Edit = fn(&mut Binding);

/// A proof by Alice for `task`, of `public`, in the context that `edit` leaves.
fn answer(f: &Fixture, task: &TaskId, public: &[u8], edit: impl FnOnce(&mut Binding)) -> Answer {
    let mut binding = Binding {
        chain: f.id,
        task: *task,
        key: f.key,
        predicate: f.predicate,
        provider: account(ALICE),
        not_after: f.task(task).not_after(),
    };
    edit(&mut binding);
    let outcome = (zera_library::by_name(range::NAME).unwrap().evaluate)(public, &[]);
    let z = f.artefact.tape.run(&TapeInputs { binding: binding.to_scalar(), public, private: &[] }).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let (proof, _) = zera_prover::prove(&Arkworks, &f.keys.proving, &f.artefact.matrices, &z, &mut rng).unwrap();
    let proof = zera_verifier::Proof::from_points(proof.a, proof.b, proof.c).unwrap();
    Answer { outcome, declared: vec![], proof: Box::new(proof.encode()) }
}

/// A task that Alice holds.
fn held(f: &mut Fixture) -> TaskId {
    let task = f.ask(HOLDS, Level::Accepted);
    assert_eq!(f.one(ALICE, Action::Lock { task }).ending, Ending::Done);
    task
}

/// [35] to [41]: chain, contract and task, provider, public input, outcome, predicate, and the key and height beside them.
#[test]
fn a_proof_of_another_context_does_not_verify() {
    let mut f = Fixture::new(mem(), "");
    let public = HOLDS.encode();
    let other = HOLDS_NOT.encode();
    let edits: [(&str, Edit); 6] = [
        ("chain", |b| b.chain = ChainId([1; 32])),
        ("task of another contract, or another of this one", |b| b.task = TaskId([1; 32])),
        ("provider", |b| b.provider = account(BOB)),
        ("predicate", |b| b.predicate = PredicateId([1; 32])),
        ("key", |b| b.key = KeyId([1; 32])),
        ("last height", |b| b.not_after = Height(b.not_after.0 + 1)),
    ];
    let mut submit = |what: &str, make: &dyn Fn(&Fixture, &TaskId) -> Answer| {
        let task = held(&mut f);
        let answer = make(&f, &task);
        let receipt = f.one(ALICE, Action::Submit { task, answer });
        assert_eq!(receipt.ending, Ending::Rejected(Status::No), "{what}: {}", receipt.detail);
        assert_eq!(f.task(&task).level(), Level::Pending, "{what}");
        // The same prover, told the truth, is believed.
        let good = answer_of(&f, &task);
        assert_eq!(f.one(ALICE, Action::Submit { task, answer: good }).ending, Ending::Done, "{what}");
    };
    for (what, edit) in edits {
        submit(what, &|f, task| answer(f, task, &public, edit));
    }
    submit("public input", &|f, task| answer(f, task, &other, |_| {}));
    submit("outcome", &|f, task| Answer { outcome: Outcome::False, ..answer_of(f, task) });
    submit("outcome 2", &|f, task| Answer { outcome: Outcome::Trap, ..answer_of(f, task) });
    submit("outcome 3", &|f, task| Answer { outcome: Outcome::BoundExceeded, ..answer_of(f, task) });
}

fn answer_of(f: &Fixture, task: &TaskId) -> Answer {
    answer(f, task, &HOLDS.encode(), |_| {})
}

/// [24], [25], [42], [75], [77]: who may answer, once, and with how many values.
#[test]
fn an_answer_comes_from_the_holder_once_and_in_its_form() {
    let mut f = Fixture::new(mem(), "");
    let task = f.ask(HOLDS, Level::Accepted);
    let good = answer_of(&f, &task);
    // No lock, so no stake.
    let early = f.one(ALICE, Action::Submit { task, answer: good.clone() });
    assert!(matches!(early.ending, Ending::Refused(Status::State | Status::Unauthorized)), "{:?}", early.ending);
    assert_eq!(f.one(ALICE, Action::Lock { task }).ending, Ending::Done);
    let thief = f.one(BOB, Action::Submit { task, answer: good.clone() });
    assert_eq!(thief.ending, Ending::Refused(Status::Unauthorized));
    let more = Answer { declared: vec![[0; 32]], ..good.clone() };
    assert_eq!(f.one(ALICE, Action::Submit { task, answer: more }).ending, Ending::Refused(Status::Count));
    assert_eq!(f.one(ALICE, Action::Submit { task, answer: good.clone() }).ending, Ending::Done);
    // The task is answered: neither the same proof nor another of the same statement is looked at.
    let mut rng = ChaCha20Rng::seed_from_u64(8);
    let fresh = {
        let binding = Binding {
            chain: f.id,
            task,
            key: f.key,
            predicate: f.predicate,
            provider: account(ALICE),
            not_after: f.task(&task).not_after(),
        };
        let inputs = TapeInputs { binding: binding.to_scalar(), public: &HOLDS.encode(), private: &[] };
        let z = f.artefact.tape.run(&inputs).unwrap();
        let (proof, _) = zera_prover::prove(&Arkworks, &f.keys.proving, &f.artefact.matrices, &z, &mut rng).unwrap();
        zera_verifier::Proof::from_points(proof.a, proof.b, proof.c).unwrap().encode()
    };
    assert_ne!(fresh, *good.proof);
    for proof in [good.proof.clone(), Box::new(fresh)] {
        let answer = Answer { proof, ..good.clone() };
        assert_eq!(f.one(ALICE, Action::Submit { task, answer }).ending, Ending::Refused(Status::State));
    }
}

/// [76]: in the block of the lock's deadline an answer is taken, in the next one the task is up for rescue.
#[test]
fn an_answer_after_the_deadline_is_not_taken() {
    for (late, ending) in [(false, Ending::Done), (true, Ending::Refused(Status::State))] {
        let mut f = Fixture::new(mem(), "");
        let task = held(&mut f);
        let answer = answer_of(&f, &task);
        let last = f.chain.head().height.0 + Rules::local().lock_blocks;
        while f.chain.head().height.0 + 1 < last + u64::from(late) {
            f.block(&[]);
        }
        let report = f.block(&[(ALICE, Action::Submit { task, answer })]);
        assert_eq!(report.receipts[0].ending, ending, "late: {late}");
        let opened = report.events.iter().any(|event| matches!(event, Event::RescueOpened { .. }));
        assert_eq!(opened, late);
    }
}

/// [66]: a key serves from its activation on.
#[test]
fn a_key_is_of_no_use_before_its_activation() {
    let genesis = Genesis { key_activation: Blocks(4), ..genesis() };
    let mut f = Fixture::new(mem(), "");
    let store = mem();
    f.chain = Chain::open(Arc::clone(&store), &genesis).unwrap();
    f.id = f.chain.chain_id().unwrap();
    f.nonces.clear();
    let register = Action::RegisterKey { predicate: f.predicate, key: f.keys.verifying.encode() };
    let publish = Action::Publish(publication(f.artefact));
    let wasm = wat::parse_str(include_str!("support/asker.wat").replace("TRAP", "")).unwrap();
    let deploy = Action::Deploy { wasm, config: vec![], endowment: zera_abi::Amount::from_zra(100).unwrap() };
    let report = f.block(&[(OWNER, publish), (OWNER, register), (OWNER, deploy)]);
    f.contract = zera_abi::AccountId(report.receipts[2].data.as_slice().try_into().unwrap());
    let from = report.header.height.0 + 4;
    let code = i32::try_from(Status::Key.code()).unwrap();
    while f.chain.head().height.0 + 1 < from {
        let request = f.request(HOLDS, Level::Accepted);
        assert_eq!(f.call("ask", request).ending, Ending::Aborted { code, message: "state".into() });
    }
    let request = f.request(HOLDS, Level::Accepted);
    assert_eq!(f.call("ask", request).ending, Ending::Done);
}

/// [71]: a stake below the rules' least is raised to it, so no task has a cheaper one.
#[test]
fn the_rules_least_stake_holds_whatever_is_asked_for() {
    let mut f = Fixture::new(mem(), "");
    let task = held(&mut f);
    assert!(f.task(&task).escrow().stake >= Rules::local().stake_floor);
    assert!(f.task(&task).escrow().stake >= f.task(&task).min_stake());
}
