//! The native court: the host runs a predicate's program on the input that it holds, and that settles a challenge, or shows that a
//! proof which was taken is false. The key here proves anything, as whoever holds a set-up's secrets could.

#[path = "support/court.rs"]
mod court;
#[path = "support/fixture.rs"]
mod fixture;
#[path = "support/forger.rs"]
mod forger;

use court::*;
use fixture::*;
use forger::forged;
use zera_abi::{Amount, End, Level, Outcome, Status, TaskId};
use zera_host::{Action, BlockReport, CostSchedule, Ending, Event, NATIVE_FUEL_MAX, Publication, Tx};
use zera_market::{Rules, reason};
use zera_r1cs::Manifest;

/// Holds, by an implementation in Python (`contracts/predicates/cases/prices.json`).
const AT_BOTH_BOUNDS: &str = "680000006500000000000000670000006b00000069000000660000006a000000ffffffff6800000068000000";
/// Does not, by the same.
const BELOW_THE_MEAN: &str = "680000006500000000000000670000006b00000069000000660000006a000000ffffffff6900000068000000";

fn free(f: &Fixture, who: u8) -> Amount {
    f.chain.market().unwrap().account(&account(who)).free
}

fn entries(report: &BlockReport) -> Vec<String> {
    let entry = |event: &Event| match event {
        Event::Callback { entry, done: true, .. } => Some(entry.clone()),
        _ => None,
    };
    report.events.iter().filter_map(entry).collect()
}

#[test]
fn a_false_answer_falls_by_the_program_alone() {
    let mut court = Court::prices();
    let public = hex::decode(AT_BOTH_BOUNDS).unwrap();
    let task = court.challenged(&public, Outcome::False, Outcome::True);
    let stake = court.f.chain.market().unwrap().account(&account(ALICE)).locked;
    let zera_market::TaskState::Challenged { price, .. } = court.f.task(&task).state() else { panic!("challenged") };
    let price = *price;
    let before = free(&court.f, OWNER);
    // Anyone may ask, whoever it is that is right.
    let (receipt, report) = court.settle(OWNER, task, ENOUGH);
    assert_eq!(receipt.ending, Ending::Done, "{}", receipt.detail);
    assert_eq!(free(&court.f, OWNER), before.checked_sub(receipt.fee).unwrap());
    let ran = |event: &Event| match event {
        Event::NativeRun { task: of, settler, outcome, fuel_used, fee } => {
            Some((*of, *settler, *outcome, *fuel_used, *fee))
        }
        _ => None,
    };
    let [(of, settler, outcome, fuel_used, fee)] = report.events.iter().filter_map(ran).collect::<Vec<_>>()[..] else {
        panic!("{:?}", report.events)
    };
    assert_eq!((of, settler, outcome, fee), (task, account(OWNER), Outcome::True, receipt.fee));
    assert!((500..50_000).contains(&fuel_used), "{fuel_used}");
    assert_eq!(entries(&report), ["on_result_revoked", "process_verified_condition_result"]);
    assert_eq!(court.f.state_byte(), Some(vec![1]));
    let end = court.finish(&task);
    let rules = Rules::local();
    let hero = stake.share(rules.hero_share);
    let challenger_part = stake.share(rules.challenger_share);
    let slashed = end.iter().find(|event| matches!(event, Event::AttestationSlashed { .. })).unwrap();
    let requester_paid = stake.share(rules.requester_share);
    let paid = challenger_part.checked_add(fee).and_then(|sum| sum.checked_add(requester_paid)).unwrap();
    assert!(fee < hero.checked_sub(challenger_part).unwrap(), "a run is cheap against a stake");
    assert_eq!(
        *slashed,
        Event::AttestationSlashed {
            task,
            attester: account(ALICE),
            burned: stake.checked_sub(paid).unwrap(),
            challenger_paid: challenger_part,
            settler_paid: fee,
            requester_paid,
        }
    );
    // The run is paid back to the unit, and the price to who asked.
    assert_eq!(free(&court.f, OWNER), before);
    let closed = end.iter().find(|event| matches!(event, Event::TaskFinal { .. })).unwrap();
    assert!(!price.is_zero() && matches!(closed, Event::TaskFinal { paid: Amount::ZERO, .. }), "{closed:?}");
    court.f.chain.market().unwrap().conserved().unwrap();
}

#[test]
fn a_right_answer_stands_and_the_challenger_pays_for_the_run() {
    let mut court = Court::prices();
    let public = hex::decode(BELOW_THE_MEAN).unwrap();
    let task = court.challenged(&public, Outcome::False, Outcome::True);
    let bond = court.f.chain.market().unwrap().account(&account(BOB)).locked;
    let (alice, bob) = (free(&court.f, ALICE), free(&court.f, BOB));
    let (receipt, report) = court.settle(ALICE, task, ENOUGH);
    assert_eq!((receipt.ending, entries(&report)), (Ending::Done, Vec::<String>::new()));
    assert_eq!((court.f.task(&task).level(), court.f.state_byte()), (Level::Accepted, Some(vec![0])));
    let end = court.finish(&task);
    let lost = Event::ChallengeLost {
        task,
        challenger: account(BOB),
        burned: bond.checked_sub(receipt.fee).unwrap(),
        settler: account(ALICE),
        settler_paid: receipt.fee,
    };
    assert!(end.contains(&lost), "{end:?}");
    assert_eq!(free(&court.f, BOB), bob, "the bond is gone");
    assert!(free(&court.f, ALICE) > alice, "the price is the attester's");
    court.f.chain.market().unwrap().conserved().unwrap();
}

#[test]
fn a_challenger_who_was_wrong_is_not_paid_back_for_its_own_run() {
    let mut court = Court::ends();
    let task = court.challenged(&[1], Outcome::True, Outcome::False);
    let bob = free(&court.f, BOB);
    let (receipt, _) = court.settle(BOB, task, ENOUGH);
    assert_eq!(receipt.ending, Ending::Done);
    court.finish(&task);
    assert_eq!(free(&court.f, BOB), bob.checked_sub(receipt.fee).unwrap());
}

#[test]
fn a_run_that_traps_or_exceeds_a_bound_ends_the_task() {
    for (how, outcome, why) in [
        (2, Outcome::Trap, reason::TRAP),
        (3, Outcome::BoundExceeded, reason::BOUND_EXCEEDED),
        (4, Outcome::Trap, reason::TRAP),
    ] {
        let mut court = Court::ends();
        let task = court.challenged(&[how], Outcome::True, outcome);
        let (receipt, report) = court.settle(BOB, task, ENOUGH);
        assert_eq!(receipt.ending, Ending::Done, "{}", receipt.detail);
        let record = court.f.task(&task);
        assert_eq!((record.end(), record.reason()), (End::Failed, why), "{how}");
        assert_eq!(entries(&report), ["on_result_revoked", "on_result_failed"]);
        court.f.chain.market().unwrap().conserved().unwrap();
    }
}

/// Everything but the fee is as it was, and the challenge can still be settled.
#[track_caller]
fn refused(court: &mut Court, task: TaskId, action: Action, status: Status) -> String {
    let before = (free(&court.f, OWNER), court.f.task(&task).state().clone());
    let receipt = court.f.one(OWNER, action);
    assert_eq!(receipt.ending, Ending::Refused(status), "{}", receipt.detail);
    assert!(!receipt.fee.is_zero(), "a run that settles nothing is paid for");
    let after = (before.0.checked_sub(receipt.fee).unwrap(), before.1);
    assert_eq!((free(&court.f, OWNER), court.f.task(&task).state().clone()), after, "{}", receipt.detail);
    receipt.detail
}

#[test]
fn other_bytes_than_the_predicate_s_are_not_run() {
    let mut court = Court::ends();
    let task = court.challenged(&[1], Outcome::False, Outcome::True);
    let right = court.brought.clone();
    let mut other = right.clone();
    *other.program.last_mut().unwrap() ^= 1;
    assert!(refused(&mut court, task, other.run(task, ENOUGH), Status::Encoding).contains("program"));
    let other = Brought { program: PRICES.to_vec(), ..right.clone() };
    refused(&mut court, task, other.run(task, ENOUGH), Status::Encoding);
    let other = Brought::new(right.program.clone(), &manifest(2));
    assert!(refused(&mut court, task, other.run(task, ENOUGH), Status::Encoding).contains("manifest"));
    let other = Brought { program: vec![], manifest: vec![] };
    refused(&mut court, task, other.run(task, ENOUGH), Status::Encoding);
    let unknown = court.f.one(OWNER, right.run(TaskId([9; 32]), ENOUGH));
    assert_eq!(unknown.ending, Ending::Refused(Status::NotFound));
    assert_eq!(court.settle(BOB, task, ENOUGH).0.ending, Ending::Done);
}

/// What the publisher says beside the id is not believed: here it hides private bytes, or declared values.
#[test]
fn private_bytes_and_declared_values_are_not_the_court_s() {
    let program = wat::parse_str(ENDS).unwrap();
    let entry = |manifest: Manifest| manifest.with_entry("predicate").unwrap();
    let private = entry(Manifest::new("court", 1, 1, 8, vec![]).unwrap());
    let declares = entry(Manifest::new("court", 1, 1, 0, vec!["sum".to_owned()]).unwrap());
    let longer = entry(Manifest::new("court", 1, 2, 0, vec![]).unwrap());
    let without = Manifest::new("court", 1, 1, 0, vec![]).unwrap();
    for (manifest, what) in
        [(private, "private"), (declares, "declares"), (longer, "2 public"), (without, "no program")]
    {
        let publication = Publication { private_len: 0, declared: 0, public_len: 1, ..published(&program, &manifest) };
        let mut court = Court::publishing(publication, Brought::new(program.clone(), &manifest));
        let task = court.challenged(&[1], Outcome::False, Outcome::True);
        let run = court.brought.run(task, ENOUGH);
        let detail = refused(&mut court, task, run, Status::Unsupported);
        assert!(detail.contains(what), "{detail}");
    }
}

#[test]
fn what_is_no_program_of_ours_is_not_run() {
    for program in [b"circom".to_vec(), wat::parse_str("(module)").unwrap(), b"\0asm\x01\0\0\0\x07\xff".to_vec()] {
        let manifest = manifest(1);
        let mut court = Court::new(program, &manifest);
        let task = court.challenged(&[1], Outcome::False, Outcome::True);
        let run = court.brought.run(task, ENOUGH);
        refused(&mut court, task, run, Status::Unsupported);
    }
    // More parameters than there are public bytes: there is nothing to call it with.
    let needs =
        "(module (memory (export \"memory\") 1 1) (func (export \"predicate\") (param i64) (result i32) i32.const 1))";
    let mut court = Court::new(wat::parse_str(needs).unwrap(), &manifest(1));
    let task = court.challenged(&[1], Outcome::False, Outcome::True);
    let run = court.brought.run(task, ENOUGH);
    assert!(refused(&mut court, task, run, Status::Unsupported).contains("parameters"));
}

#[test]
fn out_of_fuel_settles_nothing_and_is_paid_for() {
    let mut court = Court::ends();
    let task = court.challenged(&[5], Outcome::True, Outcome::False);
    let run = court.brought.run(task, ENOUGH);
    assert!(refused(&mut court, task, run, Status::Limit).contains("did not last"));
    let tx = court.f.sign(OWNER, court.brought.run(task, NATIVE_FUEL_MAX + 1)).tx().clone();
    let receipt =
        court.f.apply(vec![Tx { fuel_limit: 200_000_000, ..tx }.sign(&key(OWNER)).unwrap()]).receipts[0].clone();
    assert_eq!(receipt.ending, Ending::Refused(Status::Limit));
    assert!(receipt.detail.contains("at most"), "{}", receipt.detail);
    // One that ends needs what it needs and no more.
    let mut court = Court::prices();
    let public = hex::decode(AT_BOTH_BOUNDS).unwrap();
    let task = court.challenged(&public, Outcome::False, Outcome::True);
    let run = court.brought.run(task, 100);
    refused(&mut court, task, run, Status::Limit);
    let (receipt, report) = court.settle(BOB, task, ENOUGH);
    assert_eq!(receipt.ending, Ending::Done);
    let used = report.events.iter().find_map(|event| match event {
        Event::NativeRun { fuel_used, .. } => Some(*fuel_used),
        _ => None,
    });
    let used = used.unwrap();
    for (fuel, ending) in [(used / 2, Ending::Refused(Status::Limit)), (used, Ending::Done)] {
        let mut court = Court::prices();
        let task = court.challenged(&public, Outcome::False, Outcome::True);
        assert_eq!(court.settle(BOB, task, fuel).0.ending, ending, "{fuel} of {used}");
    }
}

/// Frames so large that the fuel would outlast the native stack.
#[test]
fn a_run_that_could_fill_the_stack_is_refused_on_every_node_alike() {
    let deep = format!(
        "(module (memory (export \"memory\") 1 1)
            (func $deep (param i32) (result i32) (local {}) (call $deep (local.get 0)))
            (func (export \"predicate\") (result i32) (call $deep (i32.const 1))))",
        "i64 ".repeat(2_000)
    );
    let mut court = Court::new(wat::parse_str(&deep).unwrap(), &manifest(1));
    let task = court.challenged(&[1], Outcome::False, Outcome::True);
    let most = 255 * ((256 << 20) / (16 * 2_004 + 256) - 2);
    let run = court.brought.run(task, most + 1);
    assert!(refused(&mut court, task, run, Status::Limit).contains(&format!("at most {most} fuel")));
    let run = court.brought.run(task, most);
    assert!(refused(&mut court, task, run, Status::Limit).contains("did not last"));
}

#[test]
fn the_last_block_counts_and_the_one_after_it_does_not() {
    for late in [-1_i64, 0, 1] {
        let mut court = Court::ends();
        let task = court.challenged(&[1], Outcome::False, Outcome::True);
        let until = court.f.chain.head().height.0 + Rules::local().respond_blocks;
        while court.f.chain.head().height.0 + 1 < until.saturating_add_signed(late) {
            court.f.block(&[]);
        }
        let (receipt, _) = court.settle(OWNER, task, ENOUGH);
        let ending = if late > 0 { Ending::Refused(Status::State) } else { Ending::Done };
        assert_eq!(receipt.ending, ending, "{late}: {}", receipt.detail);
        let level = if late > 0 { Level::Pending } else { Level::Accepted };
        assert_eq!(court.f.task(&task).level(), level, "silence reopens it");
    }
}

#[test]
fn only_a_challenge_or_a_proof_is_decided() {
    let mut court = Court::ends();
    let task = court.open(&[1], true);
    let run = court.brought.run(task, ENOUGH);
    refused(&mut court, task, run.clone(), Status::State);
    let attest = Action::Attest { task, outcome: Outcome::False, declared: vec![] };
    assert_eq!(court.f.one(ALICE, attest).ending, Ending::Done);
    refused(&mut court, task, run.clone(), Status::State);
    // Settled by a run once; what a run has said is not run again, and then it is final.
    let task = court.challenged(&[1], Outcome::False, Outcome::True);
    assert_eq!(court.settle(BOB, task, ENOUGH).0.ending, Ending::Done);
    let run = court.brought.run(task, ENOUGH);
    refused(&mut court, task, run.clone(), Status::State);
    court.finish(&task);
    refused(&mut court, task, run, Status::State);
}

#[test]
fn a_proof_that_the_program_contradicts_withdraws_its_key() {
    let mut court = Court::ends();
    let (lie, other) = (court.proved(&[0], Outcome::True), court.open(&[1], false));
    let deposit = Rules::local().key_deposit;
    let before = free(&court.f, BOB);
    let (receipt, report) = court.settle(BOB, lie, ENOUGH);
    assert_eq!(receipt.ending, Ending::Done, "{}", receipt.detail);
    let gained = before.checked_add(deposit).unwrap().checked_sub(receipt.fee).unwrap();
    assert_eq!(free(&court.f, BOB), gained, "the key's own deposit is the reward");
    let told = Event::KeyContradicted {
        task: lie,
        key: court.f.key,
        reporter: account(BOB),
        proved: Outcome::True,
        native: Outcome::False,
    };
    assert!(report.events.contains(&told), "{:?}", report.events);
    let withdrawn = Event::KeyWithdrawn { key: court.f.key, reporter: account(BOB), reward: deposit };
    assert!(report.events.contains(&withdrawn), "{:?}", report.events);
    let report = court.f.block(&[]);
    let revoked = report.events.iter().filter(|event| matches!(event, Event::TaskRevoked { .. })).count();
    assert_eq!((revoked, court.f.task(&lie).end(), court.f.task(&other).end()), (2, End::Revoked, End::Revoked));
    court.f.chain.market().unwrap().conserved().unwrap();
    let again = court.settle(BOB, lie, ENOUGH).0;
    assert_eq!(again.ending, Ending::Refused(Status::State), "{}", again.detail);
}

#[test]
fn a_proof_that_the_program_agrees_with_stays() {
    let mut court = Court::ends();
    let task = court.proved(&[1], Outcome::True);
    let run = court.brought.run(task, ENOUGH);
    assert!(refused(&mut court, task, run, Status::No).contains("as the proof does"));
    court.finish(&task);
    assert_eq!(court.f.task(&task).answer().map(|(outcome, _)| outcome), Some(Outcome::True));
}

/// A proof that settled a challenge is a proof like any other.
#[test]
fn a_false_proof_of_a_dispute_is_contradicted_too() {
    let mut court = Court::ends();
    let task = court.challenged(&[0], Outcome::False, Outcome::True);
    let answer = forged(&court.f, &court.broken, BOB, &task, Outcome::True);
    assert_eq!(court.f.one(BOB, Action::Settle { task, answer }).ending, Ending::Done);
    let stake = court.f.chain.market().unwrap().account(&account(ALICE)).locked;
    assert!(!stake.is_zero());
    let (receipt, _) = court.settle(OWNER, task, ENOUGH);
    assert_eq!(receipt.ending, Ending::Done, "{}", receipt.detail);
    court.f.block(&[]);
    // The honest attester has its stake back.
    assert!(court.f.chain.market().unwrap().account(&account(ALICE)).locked.is_zero());
    assert_eq!(court.f.task(&task).end(), End::Revoked);
}

#[test]
fn a_run_costs_what_it_may_use() {
    let cost = CostSchedule::v1();
    let mut court = Court::prices();
    let task = court.challenged(&hex::decode(AT_BOTH_BOUNDS).unwrap(), Outcome::False, Outcome::True);
    let tx = court.f.sign(OWNER, court.brought.run(task, 10_000));
    let weight = zera_native::Predicate::weigh(PRICES, "predicate").unwrap();
    let intrinsic = court.f.chain.intrinsic_fuel(&tx).unwrap();
    assert_eq!(intrinsic, cost.transaction(tx.len()) + cost.native(PRICES.len(), court.brought.manifest.len(), 10_000));
    let whole = intrinsic + cost.native_module(&weight);
    // A limit that the module exceeds is charged whole, and nothing is run.
    let short = Tx { fuel_limit: whole - 1, ..tx.tx().clone() }.sign(&key(OWNER)).unwrap();
    let report = court.f.apply(vec![short]);
    let receipt = &report.receipts[0];
    assert_eq!(
        (&receipt.ending, receipt.fuel_used),
        (&Ending::Refused(Status::Limit), whole - 1),
        "{}",
        receipt.detail
    );
    assert!(!report.events.iter().any(|event| matches!(event, Event::NativeRun { .. })));
    let next = Tx { nonce: tx.tx().nonce + 1, fuel_limit: whole, ..tx.tx().clone() }.sign(&key(OWNER)).unwrap();
    let receipt = court.f.apply(vec![next]).receipts[0].clone();
    assert_eq!((receipt.ending, receipt.fuel_used), (Ending::Done, whole));
}

/// Two runs of nearly a whole block's fuel are in two blocks; the second one has nothing left to settle.
#[test]
fn a_block_has_room_for_so_much_running() {
    let mut court = Court::ends();
    let task = court.challenged(&[1], Outcome::False, Outcome::True);
    let sign = |court: &mut Court, who| {
        let action = court.brought.run(task, ENOUGH);
        let tx = court.f.sign(who, action).tx().clone();
        Tx { fuel_limit: 250_000_000, ..tx }.sign(&key(who)).unwrap()
    };
    let both = vec![sign(&mut court, OWNER), sign(&mut court, BOB)];
    let report = court.f.apply(both);
    assert_eq!((report.receipts.len(), report.deferred.len()), (1, 1));
    assert_eq!(report.receipts[0].ending, Ending::Done);
    let report = court.f.apply(report.deferred);
    assert_eq!(report.receipts[0].ending, Ending::Refused(Status::State));
}

#[test]
fn the_same_blocks_give_the_same_state_elsewhere() {
    let mut court = Court::prices();
    let task = court.challenged(&hex::decode(AT_BOTH_BOUNDS).unwrap(), Outcome::False, Outcome::True);
    court.settle(BOB, task, 100);
    court.settle(BOB, task, ENOUGH);
    court.finish(&task);
    let mut other = Fixture::open(mem());
    for txs in &court.f.log {
        other.apply(txs.clone(), zera_host::Verdicts::default()).unwrap();
    }
    assert_eq!(other.head(), court.f.chain.head());
}
