//! The rule on private bytes: either a request fixes the declared value that commits to them, or outcome 1 alone is an
//! answer and every other one is refused unjudged and unpaid. The key is one that proves anything, so that nothing but the
//! rule stands between a provider who feeds the predicate garbage and the bounty.

#[path = "support/fixture.rs"]
mod fixture;
#[path = "support/forger.rs"]
mod forger;

use fixture::*;
use forger::{Broken, binding_of};
use zera_abi::wire::{Claim, Request};
use zera_abi::{AccountId, Amount, End, Height, Level, Outcome, Status, TaskId};
use zera_host::{Action, Ending, Event, Exhibit, Publication, RequestBytes};
use zera_market::Answer;
use zera_statement::{Binding, direct_task_id, input_root, scalar_to_be};

/// Two declared values: a commitment, and an output.
const FIXED: [[u8; 32]; 2] = [[5; 32], [6; 32]];
const OTHERS: [Outcome; 3] = [Outcome::False, Outcome::Trap, Outcome::BoundExceeded];
const PUBLIC: &[u8] = b"what is asked";

fn predicate(commitment: Option<u8>) -> Publication {
    Publication {
        name: "Private".to_owned(),
        matrices_digest: [1; 32],
        program_hash: [2; 32],
        manifest_hash: [3; 32],
        public_len: PUBLIC.len() as u32,
        private_len: 8,
        declared: 2,
        commitment,
    }
}

/// A chain with a predicate that reads private bytes and two values, the commitment among them or not.
fn chain(commitment: Option<u8>) -> (Fixture, Broken) {
    chain_of(predicate(commitment))
}

fn chain_of(publication: Publication) -> (Fixture, Broken) {
    let (mut f, broken) = (Fixture::new(mem(), ""), Broken::new(2));
    f.predicate = publication.id();
    let register = Action::RegisterKey { predicate: f.predicate, key: broken.key().encode() };
    for action in [Action::Publish(publication), register] {
        let receipt = f.one(OWNER, action);
        assert_eq!(receipt.ending, Ending::Done, "{}", receipt.detail);
    }
    f.key = broken.key().id();
    (f, broken)
}

fn ask<'a>(f: &Fixture, expected: &'a [u8]) -> Request<'a> {
    Request {
        predicate: f.predicate,
        public: PUBLIC,
        bounty: 4_000_000_000,
        min_stake: 0,
        value_at_risk: 0,
        deadline: f.chain.head().height.0 + 100,
        callback_fuel: 0,
        expected,
        attested: false,
        level: Level::Accepted,
    }
}

fn request(f: &Fixture, expected: &[u8]) -> Vec<u8> {
    let request = Request { min_stake: 1_000_000_000, callback_fuel: 2_000_000, ..ask(f, expected) };
    let mut bytes = vec![0; request.encoded_len()];
    request.encode(&mut bytes).unwrap();
    bytes
}

/// A contract asks, and Alice locks.
fn held(f: &mut Fixture, expected: &[[u8; 32]]) -> TaskId {
    let request = request(f, &expected.concat());
    let receipt = f.call("ask", request);
    assert_eq!(receipt.ending, Ending::Done, "{}", receipt.detail);
    let task = *f.chain.market().unwrap().tasks().next_back().unwrap().id();
    assert_eq!(f.task(&task).expected(), expected);
    assert_eq!(f.one(ALICE, Action::Lock { task }).ending, Ending::Done);
    task
}

fn answer(f: &Fixture, broken: &Broken, who: u8, task: &TaskId, outcome: Outcome, declared: [[u8; 32]; 2]) -> Answer {
    let record = f.task(task);
    let binding = binding_of(f, account(who), *task, record.not_after());
    let proof = broken.prove(binding, record.input_root(), outcome, &declared);
    Answer { outcome, declared: declared.to_vec(), proof: Box::new(proof) }
}

fn free(f: &Fixture, who: u8) -> Amount {
    f.chain.market().unwrap().account(&account(who)).free
}

/// Alice submits what is refused: she pays the fee of the transaction and nothing else, and still holds the task.
fn refused(f: &mut Fixture, task: TaskId, answer: Answer, status: Status) {
    let (before, escrow) = (free(f, ALICE), *f.task(&task).escrow());
    let report = f.block(&[(ALICE, Action::Submit { task, answer })]);
    let receipt = &report.receipts[0];
    assert_eq!(receipt.ending, Ending::Refused(status), "{}", receipt.detail);
    assert_eq!(before.checked_sub(free(f, ALICE)), Some(receipt.fee));
    assert_eq!((f.task(&task).state().name(), *f.task(&task).escrow()), ("assigned", escrow));
    assert_eq!(f.chain.submissions(&task).unwrap().len(), 0, "not judged");
}

#[test]
fn a_publication_says_what_commits_to_its_private_bytes() {
    let mut f = Fixture::new(mem(), "");
    let long = Publication { private_len: (1 << 24) + 1, ..predicate(None) };
    for (publication, status) in [(predicate(Some(2)), Status::Count), (long, Status::Limit)] {
        let receipt = f.one(OWNER, Action::Publish(publication));
        assert_eq!(receipt.ending, Ending::Refused(status), "{}", receipt.detail);
    }
    for commitment in [None, Some(0), Some(1)] {
        let publication = Publication { manifest_hash: [commitment.map_or(9, |at| at); 32], ..predicate(commitment) };
        let receipt = f.one(OWNER, Action::Publish(publication.clone()));
        assert_eq!(receipt.ending, Ending::Done, "{}", receipt.detail);
        assert_eq!(f.chain.predicate(&publication.id()).unwrap().unwrap().publication, publication);
    }
}

#[test]
fn without_a_fixed_commitment_only_a_witness_is_an_answer() {
    // Nothing commits, whatever is fixed; or something does and is not fixed.
    for (commitment, fixed) in [(None, 0), (None, 2), (Some(0), 0), (Some(1), 1)] {
        let (mut f, broken) = chain(commitment);
        let task = held(&mut f, &FIXED[..fixed]);
        assert!(f.task(&task).witness_only());
        for outcome in OTHERS {
            let bad = answer(&f, &broken, ALICE, &task, outcome, FIXED);
            refused(&mut f, task, bad, Status::Unsupported);
        }
        let good = answer(&f, &broken, ALICE, &task, Outcome::True, FIXED);
        let report = f.block(&[(ALICE, Action::Submit { task, answer: good })]);
        assert_eq!(report.receipts[0].ending, Ending::Done, "{}", report.receipts[0].detail);
        assert_eq!(f.state_byte(), Some(vec![1]), "the contract acts");
        f.chain.market().unwrap().conserved().unwrap();
    }
}

#[test]
fn a_fixed_commitment_makes_every_outcome_an_answer_and_no_other_bytes_do() {
    for (commitment, fixed) in [(0, 1), (0, 2), (1, 2)] {
        for outcome in [Outcome::True].into_iter().chain(OTHERS) {
            let (mut f, broken) = chain(Some(commitment));
            let task = held(&mut f, &FIXED[..fixed]);
            assert!(!f.task(&task).witness_only());
            // Garbage in private has another commitment.
            for at in 0..fixed {
                let mut declared = FIXED;
                declared[at] = [7; 32];
                let bad = answer(&f, &broken, ALICE, &task, outcome, declared);
                refused(&mut f, task, bad, Status::Count);
            }
            // What is not fixed is the answer's to say.
            let mut declared = FIXED;
            declared[fixed..].fill([8; 32]);
            let paid = free(&f, ALICE);
            let good = answer(&f, &broken, ALICE, &task, outcome, declared);
            let receipt = f.one(ALICE, Action::Submit { task, answer: good });
            assert_eq!(receipt.ending, Ending::Done, "{outcome}: {}", receipt.detail);
            if outcome.as_bool().is_some() {
                assert_eq!(f.task(&task).answer(), Some((outcome, &declared[..])));
            } else {
                assert_eq!(f.task(&task).end(), End::Failed);
                assert!(free(&f, ALICE) > paid, "paid from the bond, and the stake is back");
            }
        }
    }
}

#[test]
fn a_rescue_is_under_the_same_rule() {
    let (mut f, broken) = chain(None);
    let task = held(&mut f, &[]);
    while f.task(&task).state().name() == "assigned" {
        f.block(&[]);
    }
    for (outcome, ending) in [(Outcome::False, Ending::Refused(Status::Unsupported)), (Outcome::True, Ending::Done)] {
        let who = if outcome == Outcome::True { BOB } else { OWNER };
        let answer = answer(&f, &broken, who, &task, outcome, FIXED);
        let (salt, digest) = ([4; 32], answer.digest());
        let digest = zera_market::commit_digest(&[4; 32], &account(who), &task, &digest);
        assert_eq!(f.one(who, Action::Commit { task, digest }).ending, Ending::Done);
        let receipt = f.one(who, Action::Reveal { task, salt, answer });
        assert_eq!(receipt.ending, ending, "{}", receipt.detail);
    }
    assert_eq!(f.task(&task).answer().map(|(outcome, _)| outcome), Some(Outcome::True));
}

#[test]
fn what_a_request_fixes_must_be_values_that_can_be_declared() {
    let (mut f, _) = chain(Some(0));
    let cases: [(&[u8], Status); 2] = [(&[5; 96], Status::Count), (&[0xff; 32], Status::Encoding)];
    for (expected, status) in cases {
        let bytes = RequestBytes::new(&ask(&f, expected)).unwrap();
        let receipt = f.one(OWNER, Action::Open { request: bytes });
        assert_eq!(receipt.ending, Ending::Refused(status), "{}", receipt.detail);
        let asked = self::request(&f, expected);
        let code = i32::try_from(status.code()).unwrap();
        assert_eq!(f.call("ask", asked).ending, Ending::Aborted { code, message: "state".into() });
    }
}

/// An answer without a proof is never given over private bytes, whatever the request fixes and however many they are: nobody else could
/// look at it. Of more bytes than go on a chain the market knows nothing, so there the host alone says so.
#[test]
fn no_answer_about_private_bytes_goes_unproved() {
    let fixed = FIXED.concat();
    let longest = zera_market::Rules::local().delivery_len_max;
    for (private_len, expected) in [(8, &[][..]), (8, &fixed), (longest + 1, &[]), (longest + 1, &fixed)] {
        let (mut f, _) = chain_of(Publication { private_len, ..predicate(Some(0)) });
        for (attested, ending) in [(true, Ending::Refused(Status::Unsupported)), (false, Ending::Done)] {
            let request = RequestBytes::new(&Request { attested, ..ask(&f, expected) }).unwrap();
            let receipt = f.one(OWNER, Action::Open { request });
            assert_eq!(receipt.ending, ending, "{private_len}: {}", receipt.detail);
            assert_eq!(receipt.detail.contains("private bytes"), attested, "{}", receipt.detail);
        }
    }
}

/// Two honest witnesses differ in their private bytes and may differ in their answer: that breaks no key.
#[test]
fn a_contradiction_needs_the_same_commitment_in_both_proofs() {
    let root = [3; 32];
    let exhibit = |f: &Fixture, broken: &Broken, outcome, declared: &[[u8; 32]]| -> Exhibit {
        broken.exhibit(binding_of(f, account(BOB), TaskId([9; 32]), Height(77)), &root, outcome, declared)
    };
    let report = |f: &mut Fixture, first: Exhibit, second: Exhibit| {
        let action = Action::Contradict { key: f.key, input_root: root, exhibits: Box::new([first, second]) };
        f.block(&[(BOB, action)])
    };
    let (mut f, broken) = chain(None);
    let (yes, no) = (exhibit(&f, &broken, Outcome::True, &FIXED), exhibit(&f, &broken, Outcome::False, &FIXED));
    let told = report(&mut f, yes, no);
    assert_eq!(told.receipts[0].ending, Ending::Refused(Status::Unsupported));
    assert!(!f.chain.market().unwrap().key_is_withdrawn(&f.key));

    let (mut f, broken) = chain(Some(0));
    let yes = exhibit(&f, &broken, Outcome::True, &FIXED);
    let other = exhibit(&f, &broken, Outcome::False, &[[7; 32], FIXED[1]]);
    let told = report(&mut f, yes.clone(), other);
    assert_eq!(told.receipts[0].ending, Ending::Refused(Status::Count), "another witness");
    let no = exhibit(&f, &broken, Outcome::False, &FIXED);
    let told = report(&mut f, yes, no);
    assert_eq!(told.receipts[0].ending, Ending::Done, "{}", told.receipts[0].detail);
    assert!(told.events.iter().any(|event| matches!(event, Event::KeyWithdrawn { .. })));
    assert!(f.chain.market().unwrap().key_is_withdrawn(&f.key));
}

/// A contract that checks a claim itself and aborts with what it is told.
const CHECKER: &str = r#"(module
  (import "zera1" "input_len" (func $input_len (result i32)))
  (import "zera1" "input_read" (func $input_read (param i32 i32 i32) (result i32)))
  (import "zera1" "verify_statement" (func $verify (param i32 i32 i32 i32) (result i32)))
  (import "zera1" "abort" (func $abort (param i32 i32 i32)))
  (memory (export "memory") 1 1)
  (func (export "zera_abi_1"))
  (func (export "check")
    (drop (call $input_read (i32.const 0) (i32.const 0) (call $input_len)))
    (call $abort
      (call $verify (i32.const 0) (i32.const 288) (i32.sub (call $input_len) (i32.const 288)) (i32.const 32))
      (i32.const 0) (i32.const 0))))"#;

#[test]
fn a_claim_over_private_bytes_that_nothing_commits_to_is_true_or_nothing() {
    for commitment in [None, Some(0)] {
        let (mut f, broken) = chain(commitment);
        let deploy = Action::Deploy { wasm: wat::parse_str(CHECKER).unwrap(), config: vec![], endowment: Amount::ZERO };
        f.contract = AccountId(f.one(OWNER, deploy).data.as_slice().try_into().unwrap());
        for outcome in [Outcome::True].into_iter().chain(OTHERS) {
            let (context, not_after) = ([8; 32], f.chain.head().height.0 + 50);
            let binding: Binding =
                binding_of(&f, account(ALICE), direct_task_id(&f.contract, &context), Height(not_after));
            let root = scalar_to_be(&input_root(PUBLIC));
            let proof = broken.prove(binding, &root, outcome, &FIXED);
            let declared = FIXED.concat();
            let claim =
                Claim { outcome, provider: account(ALICE), not_after, context, public: PUBLIC, declared: &declared };
            let mut bytes = vec![0; 1000];
            let len = claim.encode(&mut bytes).unwrap();
            let input = [f.key.0.as_slice(), &proof, &bytes[..len]].concat();
            let receipt = f.call("check", input);
            let status = if commitment.is_some() || outcome == Outcome::True { Status::Ok } else { Status::No };
            let code = i32::try_from(status.code()).unwrap();
            assert_eq!(receipt.ending, Ending::Aborted { code, message: String::new() }, "{outcome}");
        }
    }
}
