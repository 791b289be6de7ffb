//! Each drill does what it says.

use super::*;

#[tokio::test]
async fn idle_takes_nothing_until_it_is_over() {
    let world = World::new();
    world.drill.send_replace(Conduct::Idle);
    let mut handle = world.start().await;
    let _miner = world.mine();
    world.ask();
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert!(world.chain.lock().arrivals.is_empty());
    world.drill.send_replace(Conduct::Honest);
    until(&mut handle, is_accepted).await;
}

#[tokio::test]
async fn silent_after_lock_locks_and_is_late() {
    let world = World::new();
    world.drill.send_replace(Conduct::SilentAfterLock);
    let mut handle = world.start().await;
    let _miner = world.mine();
    let task = world.ask();
    let reports = until(&mut handle, |report| matches!(report, Report::Lost { .. })).await;
    assert_eq!(words(&reports), ["seen", "locked", "lost"]);
    assert_eq!(world.chain.stage(&task), "rescue");
    let arrivals: Vec<&str> = world.chain.lock().arrivals.iter().map(|(action, _)| *action).collect();
    assert_eq!(arrivals, ["lock"]);
    assert_eq!(world.prover.proofs.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn silence_that_ends_in_time_is_made_good() {
    let world = World::new();
    world.drill.send_replace(Conduct::SilentAfterLock);
    let mut handle = world.start().await;
    let _miner = world.mine();
    world.ask();
    until(&mut handle, is_locked).await;
    world.drill.send_replace(Conduct::Honest);
    until(&mut handle, is_accepted).await;
    assert_eq!(world.chain.included("commit"), 0);
}

#[tokio::test]
async fn corrupt_proofs_are_rejected_until_the_lock_is_lost() {
    let world = World::new();
    world.drill.send_replace(Conduct::CorruptProof);
    let mut handle = world.start().await;
    let _miner = world.mine();
    let task = world.ask();
    eventually("in rescue", || world.chain.stage(&task) == "rescue").await;
    let proofs: Vec<(bool, [u8; 256])> = {
        let inner = world.chain.lock();
        inner.submissions_of(&task).iter().map(|row| (row.accepted, *row.proof)).collect()
    };
    assert_eq!(proofs.len(), 3);
    let good = fake_proof(&task, &world.account(), Outcome::True);
    for (accepted, proof) in proofs {
        assert!(!accepted && proof != good);
        assert!(zera_verifier::Proof::decode(&proof).is_ok(), "well-formed all the same");
    }
    let mut rejected = 0;
    while let Ok(report) = handle.reports.try_recv() {
        rejected += usize::from(matches!(report, Report::Rejected { .. }));
    }
    assert_eq!(rejected, 3);
    // It does not rescue its own task while the drill lasts.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(world.chain.included("commit"), 0);
}

#[tokio::test]
async fn after_a_corrupt_proof_an_honest_one_still_counts() {
    let world = World::new();
    world.drill.send_replace(Conduct::CorruptProof);
    let mut handle = world.start().await;
    let task = world.ask();
    let first = async {
        loop {
            let is_in = world.chain.included("submit") > 0;
            if is_in {
                world.drill.send_replace(Conduct::Honest);
                return;
            }
            world.chain.mine();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    first.await;
    let _miner = world.mine();
    let reports = until(&mut handle, is_accepted).await;
    assert!(reports.iter().any(|report| matches!(report, Report::Rejected { .. })));
    assert!(matches!(world.chain.stage(&task), "accepted" | "final"));
}

#[tokio::test]
async fn a_replayed_proof_is_sent_as_it_is_and_rejected() {
    let world = World::new();
    let other = Box::new(fake_proof(&TaskId([1; 32]), &AccountId([2; 32]), Outcome::True));
    world.drill.send_replace(Conduct::ReplayProof(other.clone()));
    let mut handle = world.start().await;
    let _miner = world.mine();
    let task = world.ask();
    until(&mut handle, |report| matches!(report, Report::Rejected { .. })).await;
    let inner = world.chain.lock();
    let row = &inner.submissions_of(&task)[0];
    assert!(!row.accepted);
    assert_eq!(row.proof, other);
}

#[tokio::test]
async fn a_release_costs_a_fiftieth_and_the_task_is_left_to_others() {
    let world = World::new();
    world.drill.send_replace(Conduct::ReleaseAfterLock);
    let mut handle = world.start().await;
    // Blocks only where something waits for one: the start deadline is two blocks after the lock.
    let task = world.ask();
    eventually("handed back", || {
        if world.chain.has_pending() || world.chain.included("lock") == 0 {
            world.chain.mine();
        }
        world.chain.included("release") == 1
    })
    .await;
    let reports = until(&mut handle, |report| matches!(report, Report::Released { .. })).await;
    assert_eq!(words(&reports), ["seen", "locked", "released"]);
    assert_eq!(world.chain.stage(&task), "open");
    let Some(Report::Locked { stake, .. }) = reports.iter().find(|report| is_locked(report)) else { unreachable!() };
    let balance = world.chain.lock().market.account(&world.account());
    let burnt = Amount::from_zra(100).unwrap().checked_sub(balance.free).unwrap();
    assert_eq!((burnt, balance.locked), (Amount::from_units(stake.units() / 50), Amount::ZERO));
    world.chain.mine();
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(world.chain.included("lock"), 1, "not taken again");
    assert_eq!(world.prover.proofs.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_late_holder_rescues_itself_for_the_lock_s_price_and_pays_the_late_fee() {
    let world = World::new();
    world.drill.send_replace(Conduct::RescueItself);
    let mut handle = world.start().await;
    let _miner = world.mine();
    let task = world.ask();
    let reports = until(&mut handle, is_final).await;
    let said = words(&reports);
    assert!(said.ends_with(&["committed", "revealed", "accepted", "final"]), "{said:?}");
    assert_eq!((world.chain.included("lock"), world.chain.included("submit")), (1, 0));
    let Some(Report::Locked { price, stake, .. }) = reports.iter().find(|report| is_locked(report)) else {
        unreachable!()
    };
    let Some(Report::Finalised { paid, .. }) = reports.last() else { unreachable!() };
    assert_eq!(paid, price, "it does not climb for the offender");
    let balance = world.chain.lock().market.account(&world.account());
    let left = balance.free.checked_sub(*paid).unwrap();
    let fee = Amount::from_zra(100).unwrap().checked_sub(left).unwrap();
    assert!(fee.units() > stake.units() / 10 && fee < *stake, "{fee} of {stake}");
    assert_eq!(world.chain.stage(&task), "final");
}

/// Both have proofs before either commits; the first valid reveal wins, and coming second costs no deposit.
#[tokio::test]
async fn of_two_rescuers_one_is_paid_and_the_other_keeps_its_deposit() {
    let world = World::new();
    let other = World { chain: world.chain.clone(), key: SigningKey::from_bytes(&[4; 32]), ..World::new() };
    world.chain.fund(other.account(), 100);
    let late = AccountId([0x0f; 32]);
    world.chain.fund(late, 100);
    world.drill.send_replace(Conduct::HoldRescue);
    other.drill.send_replace(Conduct::HoldRescue);
    let task = world.ask();
    world.chain.lock_as(&task, late);
    let (mut first, mut second) = (world.start().await, other.start().await);
    let _miner = world.mine();
    until(&mut first, |report| matches!(report, Report::SelfVerified { .. })).await;
    until(&mut second, |report| matches!(report, Report::SelfVerified { .. })).await;
    assert!(world.chain.arrived("commit").is_empty(), "held back");
    world.drill.send_replace(Conduct::Honest);
    other.drill.send_replace(Conduct::Honest);
    eventually("answered and over", || world.chain.stage(&task) == "final").await;
    assert_eq!(world.chain.included("lock"), 0);
    let inner = world.chain.lock();
    let winner = *inner.market.task(&task).unwrap().provider().unwrap();
    let loser = if winner == world.account() { other.account() } else { world.account() };
    assert!([world.account(), other.account()].contains(&winner));
    let balance = inner.market.account(&loser);
    assert_eq!((balance.free, balance.locked), (Amount::from_zra(100).unwrap(), Amount::ZERO), "deposit and all");
    assert!(inner.market.account(&winner).free > Amount::from_zra(100).unwrap());
    assert_eq!(inner.submissions_of(&task).iter().filter(|row| row.accepted).count(), 1);
}
