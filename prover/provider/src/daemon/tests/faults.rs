//! A network that loses, delays and forgets.

use super::*;

/// Story: a broker thought that its lock had failed, because the answer was lost; it had landed, and the stake was slashed.
#[tokio::test]
async fn a_lock_whose_answer_is_lost_is_not_made_twice() {
    let world = World::new();
    world.chain.lock().script.lose_response.insert("lock", 2);
    let mut handle = world.start().await;
    let _miner = world.mine();
    world.ask();
    until(&mut handle, is_accepted).await;
    assert_eq!(world.chain.included("lock"), 1);
    let names = world.chain.arrived("lock");
    assert!(!names.is_empty() && names.iter().all(|name| *name == names[0]), "{names:?}");
}

#[tokio::test]
async fn a_lock_that_never_arrived_is_sent_again_as_it_was() {
    let world = World::new();
    world.chain.lock().script.lose_request.insert("lock", 2);
    let mut handle = world.start().await;
    let _miner = world.mine();
    world.ask();
    let reports = until(&mut handle, is_accepted).await;
    assert!(reports.iter().any(|report| matches!(report, Report::Resent { .. })));
    assert_eq!(world.chain.included("lock"), 1);
}

#[tokio::test]
async fn an_answer_whose_receipt_is_lost_is_not_submitted_twice() {
    let world = World::new();
    world.chain.lock().script.lose_response.insert("submit", 3);
    let mut handle = world.start().await;
    let _miner = world.mine();
    world.ask();
    until(&mut handle, is_final).await;
    assert_eq!(world.chain.included("submit"), 1);
}

/// Story: proofs were ready and sat in a node that had forgotten them, until the lock was slashed.
#[tokio::test]
async fn a_ready_proof_is_sent_again_until_it_lands() {
    let world = World::new();
    world.chain.lock().script.forget.insert("submit", 4);
    let mut handle = world.start().await;
    let _miner = world.mine();
    world.ask();
    let reports = until(&mut handle, is_accepted).await;
    let resent = reports.iter().filter(|report| matches!(report, Report::Resent { .. })).count();
    assert!(resent >= 4, "{resent}");
    let names = world.chain.arrived("submit");
    assert!(names.len() >= 5 && names.iter().all(|name| *name == names[0]), "{names:?}");
    assert_eq!(world.chain.included("submit"), 1);
}

#[tokio::test]
async fn a_node_that_is_away_for_a_while_is_waited_for() {
    let world = World::new();
    world.prover.blocked.store(true, Ordering::SeqCst);
    let mut handle = world.start().await;
    world.ask();
    let miner = world.mine();
    until(&mut handle, is_locked).await;
    drop(miner);
    world.chain.lock().script.offline = true;
    world.prover.blocked.store(false, Ordering::SeqCst);
    until(&mut handle, |report| matches!(report, Report::Unreachable { .. })).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    world.chain.lock().script.offline = false;
    let _miner = world.mine();
    until(&mut handle, is_accepted).await;
    assert_eq!((world.chain.included("lock"), world.chain.included("submit")), (1, 1));
}

#[tokio::test]
async fn late_answers_change_nothing() {
    let world = World::new();
    world.chain.lock().script.slow = Duration::from_millis(8);
    let mut handle = world.start().await;
    let _miner = world.mine();
    world.ask();
    until(&mut handle, is_final).await;
    assert_eq!((world.chain.included("lock"), world.chain.included("submit")), (1, 1));
}

/// The first lock dies unseen; only then is a second one signed.
#[tokio::test]
async fn a_lock_that_expires_is_given_up_before_another_is_made() {
    let world = World::new();
    world.chain.lock().script.forget.insert("lock", 1_000);
    let mut handle = world.start().await;
    let _miner = world.mine();
    world.ask();
    until(&mut handle, |report| matches!(report, Report::Lost { why, .. } if why.contains("expired"))).await;
    world.chain.lock().script.forget.clear();
    until(&mut handle, is_accepted).await;
    assert_eq!(world.chain.included("lock"), 1);
}

#[tokio::test]
async fn a_fault_of_the_prover_hands_the_lock_back_while_it_can() {
    let world = World::new();
    world.prover.faulty.store(true, Ordering::SeqCst);
    let mut handle = world.start().await;
    let task = world.ask();
    eventually("handed back", || {
        if world.chain.included("lock") == 0 || !world.chain.arrived("release").is_empty() {
            world.chain.mine();
        }
        world.chain.included("release") == 1
    })
    .await;
    until(&mut handle, |report| matches!(report, Report::Lost { .. })).await;
    assert_eq!(world.chain.stage(&task), "open");
    assert!(world.chain.arrived("submit").is_empty());
}
