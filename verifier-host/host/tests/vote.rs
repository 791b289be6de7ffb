//! Votes over the rules in blocks: transactions, receipts, events, a restart in the middle, and who is refused.

#[path = "support/fixture.rs"]
mod fixture;

use std::sync::Arc;

use fixture::*;

use zera_abi::{Amount, Height, Level, Status};
use zera_host::{Action, Chain, Ending, Event, Genesis, Receipt, RuleName, Verdicts};
use zera_market::ports::{MemStore, Store, Table};
use zera_market::{ProposalState, Rules, Schedule};

fn rule(name: &str) -> RuleName {
    RuleName::new(name).unwrap()
}

fn propose(f: &mut Fixture, who: u8, name: &str, value: u128) -> Receipt {
    f.one(who, Action::Propose { rule: rule(name), value })
}

fn support(f: &mut Fixture, who: u8, proposal: u64, zra: u64) -> Receipt {
    f.one(who, Action::Support { proposal, amount: Amount::from_zra(zra).unwrap() })
}

fn state(f: &Fixture, proposal: u64) -> ProposalState {
    *f.chain.market().unwrap().proposal(proposal).unwrap().state()
}

/// Events of votes, in order.
fn told(events: &[Event]) -> Vec<Event> {
    events.iter().filter(|event| event.name().starts_with("proposal_")).cloned().collect()
}

#[test]
fn a_rule_changes_by_votes_for_requests_that_come_after() {
    let mut f = Fixture::new(mem(), "");
    let before = f.ask(HOLDS, Level::Accepted);
    let report = f.block(&[(ALICE, Action::Propose { rule: rule("lock_blocks"), value: 14 })]);
    assert_eq!((report.receipts[0].ending.clone(), report.receipts[0].data.clone()), (Ending::Done, vec![0; 8]));
    let opened = Event::ProposalOpened {
        proposal: 0,
        proposer: account(ALICE),
        rule: "lock_blocks".into(),
        old: "12".into(),
        new: "14".into(),
        deposit: Schedule::local().deposit,
    };
    assert_eq!(told(&report.events), [opened]);
    let amount = Amount::from_zra(400).unwrap();
    let report = f.block(&[(BOB, Action::Support { proposal: 0, amount })]);
    assert_eq!(
        told(&report.events),
        [Event::ProposalSupported { proposal: 0, voter: account(BOB), amount, support: amount }]
    );
    // Money in votes is neither free nor a stake.
    let market = f.chain.market().unwrap();
    assert_eq!(market.account(&account(BOB)).locked, Amount::ZERO);
    assert_eq!(market.ballot(0, &account(BOB)), amount);
    assert_eq!(market.totals().voting, amount.checked_add(Schedule::local().deposit).unwrap());

    let next = f.chain.head().height.0 + 1;
    let passes = market.poll(0, Height(next)).unwrap().passes.unwrap();
    let mut events = Vec::new();
    while f.chain.head().height < passes {
        assert_eq!(state(&f, 0), ProposalState::Voting);
        events.extend(told(&f.block(&[]).events));
    }
    let executes = Height(passes.0 + Schedule::local().half_life_blocks);
    assert_eq!(state(&f, 0), ProposalState::Passed { at: passes, executes });
    while f.chain.head().height < executes {
        assert_eq!(f.chain.market().unwrap().rules().lock_blocks, 12);
        events.extend(told(&f.block(&[]).events));
    }
    assert_eq!(f.chain.market().unwrap().rules().lock_blocks, 14);
    let ended = Event::ProposalEnded {
        proposal: 0,
        state: "adopted".into(),
        version: Some(1),
        reason: None,
        deposit_returned: Schedule::local().deposit,
        burned: Amount::ZERO,
    };
    assert_eq!(events, [Event::ProposalPassed { proposal: 0, executes }, ended]);
    let after = f.ask(HOLDS, Level::Accepted);
    assert_eq!([before, after].map(|task| f.task(&task).rules().lock_blocks), [12, 14]);

    let taken = support(&mut f, BOB, 0, 0);
    assert_eq!(taken.ending, Ending::Done);
    assert_eq!(f.chain.market().unwrap().totals().voting, Amount::ZERO);
    f.chain.market().unwrap().conserved().unwrap();
}

#[test]
fn refusals_have_a_status_and_change_nothing_but_the_fee() {
    let mut f = Fixture::new(mem(), "");
    let refused = [
        (propose(&mut f, ALICE, "no_such_rule", 1), Status::NotFound),
        (propose(&mut f, ALICE, "lock_blocks", 12), Status::Duplicate),
        (propose(&mut f, ALICE, "lock_blocks", 18), Status::Limit),
        (propose(&mut f, ALICE, "lock_blocks", u128::MAX), Status::Limit),
        (propose(&mut f, ALICE, "burn_share", 5_100), Status::Unsupported),
        (support(&mut f, ALICE, 0, 1), Status::NotFound),
    ];
    for (receipt, status) in refused {
        assert_eq!(receipt.ending, Ending::Refused(status), "{}", receipt.detail);
        assert!(!receipt.detail.is_empty() && !receipt.detail.contains('\n'), "{}", receipt.detail);
    }
    assert_eq!(propose(&mut f, ALICE, "lock_blocks", 13).ending, Ending::Done);
    assert_eq!(propose(&mut f, BOB, "lock_blocks", 13).ending, Ending::Refused(Status::Duplicate));
    assert_eq!(support(&mut f, ALICE, 0, 2_000).ending, Ending::Refused(Status::Funds));
    let dust = Action::Support { proposal: 0, amount: Amount::from_units(1) };
    assert_eq!(f.one(ALICE, dust).ending, Ending::Refused(Status::Limit));
    assert_eq!(f.chain.market().unwrap().totals().voting, Schedule::local().deposit);
    for bad in ["", "Lock", "a b", "stake\u{e9}", &"x".repeat(65)] {
        assert!(RuleName::new(bad).is_err(), "{bad}");
    }
    assert!(RuleName::new(&"x".repeat(64)).is_ok());
}

/// A chain that is opened again in every block ends as the one that is not.
#[test]
fn a_restart_in_the_middle_changes_nothing() {
    let store = mem();
    let mut f = Fixture::new(Arc::clone(&store), "");
    propose(&mut f, ALICE, "open_fee", 1_100_000);
    propose(&mut f, BOB, "open_fee", 1_050_000);
    support(&mut f, ALICE, 0, 200);
    support(&mut f, BOB, 1, 150);
    support(&mut f, BOB, 0, 150);
    let mut restarts = 0;
    while !state(&f, 1).is_ended() {
        f.block(&[]);
        f.chain = Fixture::open(Arc::clone(&store));
        restarts += 1;
    }
    support(&mut f, BOB, 1, 0);
    assert!(restarts > 20);
    assert_eq!((state(&f, 0).name(), state(&f, 1).name()), ("adopted", "overtaken"));
    // The same blocks without a restart.
    let other = mem();
    let mut replay = Fixture::open(Arc::clone(&other));
    for txs in &f.log {
        replay.apply(txs.clone(), Verdicts::default()).unwrap();
    }
    assert_eq!(replay.head(), f.chain.head());
    for &table in Table::ALL {
        let rows = |store: &dyn Store| store.scan(table, &[], &[], usize::MAX).unwrap();
        assert_eq!(rows(store.as_ref()), rows(other.as_ref()), "{}", table.name());
    }
    let votes = store.scan(Table::Ballots, &[], &[], 10).unwrap();
    assert_eq!(votes.len(), 2, "Bob's vote that was taken back has no row");
}

/// Two networks that vote differently are two chains; and one whose numbers are out of bounds is none.
#[test]
fn the_schedule_is_part_of_the_genesis() {
    let other = Genesis { voting: Schedule { half_life_blocks: 21, ..Schedule::local() }, ..genesis() };
    assert_ne!(other.chain_id(), genesis().chain_id());
    let bad = Genesis { voting: Schedule { half_life_blocks: 7, ..Schedule::local() }, ..genesis() };
    let error = Chain::open(Arc::new(MemStore::default()), &bad).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("half_life_blocks"), "{error}");
    let chain = Chain::open(Arc::new(MemStore::default()), &other).unwrap();
    assert_eq!(chain.market().unwrap().schedule().half_life_blocks, 21);
    assert_eq!(chain.market().unwrap().rules(), &Rules::local());
}
