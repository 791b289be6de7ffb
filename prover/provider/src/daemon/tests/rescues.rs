//! Tasks whose lock has lapsed, ours or another's.

use super::*;

const OTHER: AccountId = AccountId([0x0f; 32]);

#[tokio::test]
async fn another_s_lapsed_lock_is_rescued_by_commitment_and_reveal() {
    let world = World::new();
    world.chain.fund(OTHER, 100);
    let task = world.ask();
    world.chain.lock_as(&task, OTHER);
    let mut handle = world.start().await;
    let _miner = world.mine();
    let reports = until(&mut handle, is_final).await;
    assert_eq!(
        words(&reports),
        ["seen", "native", "witness", "rows", "proved", "verified", "committed", "revealed", "accepted", "final"]
    );
    let (commit, reveal) = {
        let inner = world.chain.lock();
        let at = |action| inner.included.iter().find(|(name, ..)| *name == action).map(|(_, height, _)| height.0);
        (at("commit").unwrap(), at("reveal").unwrap())
    };
    assert!((1..=2).contains(&(reveal - commit)), "committed at {commit}, revealed at {reveal}");
    // The price, and a third of the other's stake.
    let Some(Report::Finalised { paid, .. }) = reports.last() else { unreachable!() };
    let price = world.chain.lock().market.task(&task).map(|task| task.bounty_max()).unwrap();
    assert!(*paid > Amount::from_units(price.units() / 4), "{paid}");
    assert_eq!(world.chain.included("lock"), 0);
    assert_eq!(world.chain.lock().market.account(&world.account()).locked, Amount::ZERO);
}

#[tokio::test]
async fn rescues_can_be_left_to_others() {
    let world = World::new();
    world.chain.fund(OTHER, 100);
    let task = world.ask();
    world.chain.lock_as(&task, OTHER);
    let mut config = world.config();
    config.rescue = false;
    let _handle = world.start_with(config).await;
    let _miner = world.mine();
    eventually("expired", || world.chain.stage(&task) == "expired").await;
    assert!(world.chain.lock().arrivals.is_empty());
}

/// A proof that could not land in time is not thrown away: the same job goes on by the other way.
#[tokio::test]
async fn our_own_lapsed_lock_is_rescued_with_the_proof_that_was_ready() {
    let world = World::new();
    world.chain.lock().script.hold.insert("submit");
    let mut handle = world.start().await;
    let _miner = world.mine();
    let task = world.ask();
    let reports = until(&mut handle, is_accepted).await;
    let said = words(&reports);
    assert!(said.ends_with(&["committed", "revealed", "accepted"]), "{said:?}");
    assert_eq!(world.chain.included("lock"), 1);
    assert_eq!(world.prover.proofs.load(Ordering::SeqCst), 1);
    assert!(matches!(world.chain.stage(&task), "accepted" | "final"));
}

/// The deposit burns, and a new commitment is made in what is left of the window.
#[tokio::test]
async fn a_reveal_that_missed_its_window_is_committed_to_again() {
    let world = World::new();
    world.chain.fund(OTHER, 100);
    let task = world.ask();
    world.chain.lock_as(&task, OTHER);
    world.chain.lock().script.hold.insert("reveal");
    let mut handle = world.start().await;
    let _miner = world.mine();
    until(&mut handle, |report| matches!(report, Report::Revealed { .. })).await;
    eventually("a second commitment", || {
        let again = world.chain.included("commit") >= 1 && world.chain.arrived("commit").len() >= 2;
        if again {
            world.chain.lock().script.hold.clear();
        }
        again
    })
    .await;
    until(&mut handle, is_accepted).await;
}
