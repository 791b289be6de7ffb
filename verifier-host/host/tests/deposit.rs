//! Deposits and standings as transactions, over blocks and restarts.

#[path = "support/fixture.rs"]
mod fixture;

use fixture::*;
use zera_abi::{Amount, Level, Status};
use zera_host::{Action, BlockReport, Chain, Ending, Event};
use zera_market::Rules;

fn zra(zra: u64) -> Amount {
    Amount::from_zra(zra).unwrap()
}

fn free(chain: &Chain, who: u8) -> Amount {
    chain.market().unwrap().account(&account(who)).free
}

fn staked(chain: &Chain, who: u8) -> Amount {
    chain.market().unwrap().standing(&account(who)).map_or(Amount::ZERO, |standing| standing.staked)
}

/// Events that are of deposits and standings.
fn told(report: &BlockReport) -> Vec<&Event> {
    let ours = |event: &&Event| {
        matches!(
            event,
            Event::Staked { .. }
                | Event::Unstaking { .. }
                | Event::Unbonded { .. }
                | Event::Jailed { .. }
                | Event::Braked { .. }
                | Event::MarginCalled { .. }
                | Event::DepositSlashed { .. }
        )
    };
    report.events.iter().filter(ours).collect()
}

#[test]
fn a_deposit_is_staked_backs_a_lock_and_comes_back_after_its_time() {
    let store = mem();
    let mut f = Fixture::new(store.clone(), "");
    let report = f.block(&[(ALICE, Action::Stake { amount: zra(20) })]);
    assert_eq!(told(&report), [&Event::Staked { account: account(ALICE), amount: zra(20) }]);
    let task = f.ask(HOLDS, Level::Accepted);
    let before = free(&f.chain, ALICE);
    let receipt = f.one(ALICE, Action::Lock { task });
    assert_eq!(receipt.ending, Ending::Done);
    // The stake came out of the deposit: only the fee left free money.
    assert_eq!(before.checked_sub(free(&f.chain, ALICE)), Some(receipt.fee));
    let stake = f.task(&task).escrow().stake;
    assert_eq!(zra(20).checked_sub(staked(&f.chain, ALICE)), Some(stake));
    let answer = f.answer(ALICE, &task);
    assert_eq!(f.one(ALICE, Action::Submit { task, answer }).ending, Ending::Done);
    for _ in 0..Rules::local().final_blocks {
        f.block(&[]);
    }
    assert_eq!(staked(&f.chain, ALICE), zra(20));

    let report = f.block(&[(ALICE, Action::Unstake { amount: zra(8) })]);
    let due = report.header.height.0 + Rules::local().unbond_blocks;
    assert!(matches!(told(&report)[..], [Event::Unstaking { due: d, .. }] if d.0 == due));
    // A restart in between keeps the promise and its height.
    drop(f.chain);
    f.chain = Fixture::open(store);
    let before = free(&f.chain, ALICE);
    loop {
        let report = f.block(&[]);
        if report.header.height.0 < due {
            assert!(told(&report).is_empty());
            assert_eq!(free(&f.chain, ALICE), before);
            continue;
        }
        assert_eq!(report.header.height.0, due);
        assert_eq!(told(&report), [&Event::Unbonded { account: account(ALICE), amount: zra(8) }]);
        break;
    }
    assert_eq!(free(&f.chain, ALICE).checked_sub(before), Some(zra(8)));
}

#[test]
fn what_is_not_there_is_neither_staked_nor_asked_back() {
    let mut f = Fixture::new(mem(), "");
    for (action, status) in [
        (Action::Stake { amount: Amount::ZERO }, Status::Limit),
        (Action::Stake { amount: zra(1_000_000) }, Status::Funds),
        (Action::Stake { amount: Amount::MAX }, Status::Funds),
        (Action::Unstake { amount: Amount::ZERO }, Status::Limit),
        (Action::Unstake { amount: Amount::from_units(1) }, Status::Funds),
        (Action::Unstake { amount: Amount::MAX }, Status::Funds),
    ] {
        let before = free(&f.chain, ALICE);
        let receipt = f.one(ALICE, action);
        assert_eq!(receipt.ending, Ending::Refused(status), "{}", receipt.detail);
        assert_eq!(before.checked_sub(free(&f.chain, ALICE)), Some(receipt.fee), "the fee and nothing else");
    }
}

#[test]
fn who_does_not_answer_takes_no_locks_for_a_while_and_every_node_knows() {
    let store = mem();
    let mut f = Fixture::new(store.clone(), "");
    let task = f.ask(HOLDS, Level::Accepted);
    assert_eq!(f.one(ALICE, Action::Lock { task }).ending, Ending::Done);
    let mut heard = Vec::new();
    while !f.task(&task).state().is_terminal() {
        let report = f.block(&[]);
        heard.extend(told(&report).into_iter().cloned());
    }
    let Some(Event::Jailed { provider, until }) = heard.last().cloned() else { panic!("{heard:?}") };
    assert_eq!(provider, account(ALICE));
    drop(f.chain);
    f.chain = Fixture::open(store);
    let again = f.ask(HOLDS, Level::Accepted);
    let receipt = f.one(ALICE, Action::Lock { task: again });
    assert_eq!(receipt.ending, Ending::Refused(Status::State), "{}", receipt.detail);
    assert!(receipt.detail.contains("an answer of it did not come"), "{}", receipt.detail);
    let report = loop {
        let report = f.block(&[]);
        if report.header.height.0 + 1 >= until.0 {
            break report;
        }
    };
    assert!(report.header.height < until || told(&report).is_empty());
    // Free again; what a stake counts for now has to lie in a deposit.
    let receipt = f.one(ALICE, Action::Lock { task: again });
    assert_eq!(receipt.ending, Ending::Refused(Status::Funds), "{}", receipt.detail);
    assert_eq!(f.one(ALICE, Action::Stake { amount: zra(40) }).ending, Ending::Done);
    assert_eq!(f.one(ALICE, Action::Lock { task: again }).ending, Ending::Done);
}
