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
