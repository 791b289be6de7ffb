//! Predicates that trap or exceed a bound: proved and paid by the rules, or not taken at all, and never a corner.

use super::*;

/// 80 % of a bond of 10 % of a bounty of 1 ZRA.
const FEE: u128 = ZRA * 32 / 100;

fn ends_in(outcome: Outcome) -> Ask {
    Ask { public: vec![outcome.code(), 2, 3, 4], ..ask() }
}

fn paid(reports: &[Report]) -> Amount {
    match reports.last() {
        Some(Report::Finalised { paid, .. }) => *paid,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_trap_and_an_exceeded_bound_are_proved_and_paid_the_fee() {
    for outcome in [Outcome::Trap, Outcome::BoundExceeded] {
        let world = World::new();
        let mut handle = world.start().await;
        let _miner = world.mine();
        let task = world.chain.ask(ends_in(outcome));
        let reports = until(&mut handle, is_final).await;
        let said = words(&reports);
        assert!(said.ends_with(&["submitted", "accepted", "final"]), "{said:?}");
        assert_eq!(paid(&reports), Amount::from_units(FEE));
        assert_eq!(world.chain.stage(&task), "failed");
        // The fee on top of everything that was there before, and nothing is left in a lock.
        let balance = world.chain.lock().market.account(&world.account());
        assert_eq!((balance.free.units(), balance.locked), (100 * ZRA + FEE, Amount::ZERO));
        handle.stop().await.unwrap();
    }
}

/// The floor is what an answer is sold for; nobody bids for a fee, so only its cost counts.
#[tokio::test]
async fn a_floor_is_no_reason_against_a_fee_that_covers_the_cost() {
    let world = World::new();
    let mut config = world.config();
    config.price.floor = Amount::from_units(2 * ZRA);
    config.price.per_job = Amount::from_units(FEE);
    let mut handle = world.start_with(config).await;
    let _miner = world.mine();
    world.chain.ask(ends_in(Outcome::Trap));
    assert_eq!(paid(&until(&mut handle, is_final).await), Amount::from_units(FEE));
}

/// A lock is there, whoever decided on it and whatever is on sale: the trap is proved rather than the stake lost.
#[tokio::test]
async fn a_lock_on_a_trap_is_proved_also_where_traps_are_not_served() {
    let world = World::new();
    let task = world.chain.ask(ends_in(Outcome::Trap));
    world.chain.lock_as(&task, world.account());
    let mut config = world.config();
    config.outcomes = vec![Outcome::False, Outcome::True];
    config.price.per_job = Amount::MAX;
    let mut handle = world.start_with(config).await;
    let _miner = world.mine();
    until(&mut handle, is_final).await;
    assert_eq!(world.chain.stage(&task), "failed");
    let balance = world.chain.lock().market.account(&world.account());
    assert_eq!((balance.free.units(), balance.locked), (100 * ZRA + FEE, Amount::ZERO));
}

/// From a rescue, the fee and the hero's share of the lapsed stake.
#[tokio::test]
async fn a_trap_behind_a_lapsed_lock_is_rescued() {
    let late = AccountId([0x0f; 32]);
    let world = World::new();
    world.chain.fund(late, 100);
    let task = world.chain.ask(ends_in(Outcome::Trap));
    world.chain.lock_as(&task, late);
    let stake = world.chain.lock().market.account(&late).locked;
    let mut handle = world.start().await;
    let _miner = world.mine();
    until(&mut handle, is_final).await;
    assert_eq!(world.chain.stage(&task), "failed");
    let free = world.chain.lock().market.account(&world.account()).free.units();
    assert_eq!(free, 100 * ZRA + FEE + stake.units() * 35 / 100);
}

/// What the event would have told is read from state where the daemon was away when it came.
#[tokio::test]
async fn a_fee_that_came_during_a_restart_is_told() {
    let world = World::new();
    let task = world.chain.ask(ends_in(Outcome::Trap));
    let mut handle = world.start().await;
    // Blocks until the answer is in; then the daemon dies before it can hear of it.
    eventually("submitted", || {
        if world.chain.included("submit") == 0 {
            world.chain.mine();
        }
        !world.chain.arrived("submit").is_empty()
    })
    .await;
    until(&mut handle, |report| matches!(report, Report::Submitted { .. })).await;
    world.crash(handle);
    eventually("failed", || {
        world.chain.mine();
        world.chain.stage(&task) == "failed"
    })
    .await;
    let mut handle = world.start().await;
    let _miner = world.mine();
    assert_eq!(paid(&until(&mut handle, is_final).await), Amount::from_units(FEE));
}
