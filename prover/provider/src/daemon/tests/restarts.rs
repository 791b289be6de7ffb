//! A kill at each state, and what the next start makes of the job book.

use super::*;

fn resumed(stage: &'static str) -> impl Fn(&Report) -> bool {
    move |report| matches!(report, Report::Resumed { stage: at, .. } if *at == stage)
}

fn all_same<T: PartialEq>(names: &[T]) -> bool {
    names.windows(2).all(|pair| pair[0] == pair[1])
}

#[tokio::test]
async fn killed_before_its_lock_landed() {
    let world = World::new();
    world.chain.lock().script.hold.insert("lock");
    let handle = world.start().await;
    world.ask();
    eventually("the lock is sent", || !world.chain.arrived("lock").is_empty()).await;
    world.crash(handle);
    world.chain.lock().script.hold.clear();
    let mut handle = world.start().await;
    until(&mut handle, resumed("offered")).await;
    let _miner = world.mine();
    until(&mut handle, is_accepted).await;
    assert_eq!(world.chain.included("lock"), 1);
    assert!(all_same(&world.chain.arrived("lock")));
}

#[tokio::test]
async fn killed_and_its_lock_landed_meanwhile() {
    let world = World::new();
    world.chain.lock().script.hold.insert("lock");
    let handle = world.start().await;
    world.ask();
    eventually("the lock is sent", || !world.chain.arrived("lock").is_empty()).await;
    world.crash(handle);
    world.chain.lock().script.hold.clear();
    world.chain.mine();
    let sent = world.chain.arrived("lock").len();
    let mut handle = world.start().await;
    let _miner = world.mine();
    until(&mut handle, is_accepted).await;
    assert_eq!((world.chain.included("lock"), world.chain.arrived("lock").len()), (1, sent));
}

#[tokio::test]
async fn killed_and_its_lock_died_meanwhile() {
    let world = World::new();
    world.chain.lock().script.forget.insert("lock", 1_000);
    let handle = world.start().await;
    world.ask();
    eventually("the lock is sent", || !world.chain.arrived("lock").is_empty()).await;
    world.crash(handle);
    (0..6).for_each(|_| world.chain.mine());
    world.chain.lock().script.forget.clear();
    let first = world.chain.arrived("lock");
    let mut handle = world.start().await;
    let _miner = world.mine();
    // The dead one is given up, and the task is offered anew.
    let reports = until(&mut handle, is_accepted).await;
    assert!(reports.iter().any(|report| matches!(report, Report::Lost { .. })));
    assert_eq!(world.chain.included("lock"), 1);
    assert_ne!(world.chain.arrived("lock").last(), first.first());
}

#[tokio::test]
async fn killed_while_proving() {
    let world = World::new();
    world.prover.blocked.store(true, Ordering::SeqCst);
    let mut handle = world.start().await;
    let miner = world.mine();
    world.ask();
    until(&mut handle, |report| matches!(report, Report::Native { .. })).await;
    drop(miner);
    world.crash(handle);
    world.prover.blocked.store(false, Ordering::SeqCst);
    let mut handle = world.start().await;
    until(&mut handle, resumed("staked")).await;
    let _miner = world.mine();
    until(&mut handle, is_accepted).await;
    assert_eq!((world.chain.included("lock"), world.chain.included("submit")), (1, 1));
}

#[tokio::test]
async fn killed_before_its_answer_landed() {
    let world = World::new();
    world.chain.lock().script.hold.insert("submit");
    let handle = world.start().await;
    let miner = world.mine();
    world.ask();
    eventually("the answer is sent", || !world.chain.arrived("submit").is_empty()).await;
    drop(miner);
    world.crash(handle);
    world.chain.lock().script.hold.clear();
    let proofs = world.prover.proofs.load(Ordering::SeqCst);
    let mut handle = world.start().await;
    until(&mut handle, resumed("proved")).await;
    let _miner = world.mine();
    until(&mut handle, is_accepted).await;
    assert_eq!((world.chain.included("lock"), world.chain.included("submit")), (1, 1));
    assert!(all_same(&world.chain.arrived("submit")));
    assert_eq!(world.prover.proofs.load(Ordering::SeqCst), proofs, "not proved again");
}

#[tokio::test]
async fn killed_and_its_answer_landed_meanwhile() {
    let world = World::new();
    world.chain.lock().script.hold.insert("submit");
    let handle = world.start().await;
    let miner = world.mine();
    world.ask();
    eventually("the answer is sent", || !world.chain.arrived("submit").is_empty()).await;
    drop(miner);
    world.crash(handle);
    world.chain.lock().script.hold.clear();
    world.chain.mine();
    let sent = world.chain.arrived("submit").len();
    let mut handle = world.start().await;
    let _miner = world.mine();
    until(&mut handle, is_final).await;
    assert_eq!((world.chain.included("submit"), world.chain.arrived("submit").len()), (1, sent));
}

#[tokio::test]
async fn killed_after_acceptance() {
    let world = World::new();
    let mut handle = world.start().await;
    let miner = world.mine();
    world.ask();
    until(&mut handle, is_accepted).await;
    drop(miner);
    world.crash(handle);
    // It becomes final while nobody looks.
    (0..12).for_each(|_| world.chain.mine());
    let mut handle = world.start().await;
    let reports = until(&mut handle, is_final).await;
    assert!(reports.iter().any(resumed("submitted")));
    let Some(Report::Finalised { paid, .. }) = reports.last() else { unreachable!() };
    assert!(!paid.is_zero());
    // And the book has forgotten it.
    handle.stop().await.unwrap();
    drop(handle);
    let mut handle = world.start().await;
    let reports = until(&mut handle, |report| matches!(report, Report::Started { .. })).await;
    assert!(matches!(reports.last(), Some(Report::Started { resumed: 0, .. })));
}

#[tokio::test]
async fn killed_between_commitment_and_reveal() {
    let other = AccountId([0x0f; 32]);
    let world = World::new();
    world.chain.fund(other, 100);
    let task = world.ask();
    world.chain.lock_as(&task, other);
    world.chain.lock().script.hold.insert("commit");
    let handle = world.start().await;
    let miner = world.mine();
    eventually("the commitment is sent", || !world.chain.arrived("commit").is_empty()).await;
    drop(miner);
    world.crash(handle);
    world.chain.lock().script.hold.clear();
    world.chain.mine();
    let mut handle = world.start().await;
    until(&mut handle, resumed("proved")).await;
    let _miner = world.mine();
    until(&mut handle, is_accepted).await;
    assert_eq!((world.chain.included("commit"), world.chain.included("reveal")), (1, 1));
    assert!(all_same(&world.chain.arrived("commit")));
}

/// Story: the job book was on a disk that is gone. The stake is not.
#[tokio::test]
async fn locks_that_the_job_book_does_not_know_are_taken_up() {
    let world = World::new();
    let before = world.ask();
    world.chain.lock_as(&before, world.account());
    let mut handle = world.start().await;
    until(&mut handle, resumed("adopted")).await;
    let miner = world.mine();
    until(&mut handle, is_accepted).await;
    drop(miner);
    // And while it runs: one that was given up, and that somebody sent again.
    world.drill.send_replace(Conduct::Idle);
    let after = world.ask();
    world.chain.lock_as(&after, world.account());
    until(&mut handle, resumed("adopted")).await;
    let _miner = world.mine();
    until(&mut handle, is_accepted).await;
    assert_eq!(world.chain.included("lock"), 0);
    assert_eq!(world.chain.included("submit"), 2);
}
