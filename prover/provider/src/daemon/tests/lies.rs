//! A node that says what is not so: nothing is lost to it, and work goes on when it tells the truth again.

use super::*;
use crate::decline::Decline;
use crate::market::MarketClient;
use crate::market::double::{CHAIN, REQUESTER};
use crate::view::{TaskStage, TaskView};
use zera_abi::Height;
use zera_statement::task_id;

/// An open task as the node shows it.
async fn shown(world: &World) -> TaskView {
    world.chain.tasks(TaskStage::Open).await.unwrap().remove(0)
}

fn declined(reports: &[Report]) -> Vec<Decline> {
    let reason = |report: &Report| match report {
        Report::Declined { declined, .. } => Some(declined.reason),
        _ => None,
    };
    reports.iter().filter_map(reason).collect()
}

/// The chain refuses the lock: nothing is staked, it is tried a few times and then left alone, and true tasks are served.
#[tokio::test]
async fn a_task_that_does_not_exist_costs_no_stake() {
    let world = World::new();
    let real = world.ask();
    let mut phantom = shown(&world).await;
    phantom.handle = 999;
    phantom.id = task_id(&CHAIN, &REQUESTER, 999);
    world.chain.lock().script.phantom = Some(phantom.clone());
    let mut handle = world.start().await;
    let _miner = world.mine();
    eventually("the true one is answered", || matches!(world.chain.stage(&real), "accepted" | "final")).await;
    let lost = |report: &Report| matches!(report, Report::Lost { task, .. } if *task == phantom.id);
    for _ in 0..3 {
        until(&mut handle, lost).await;
    }
    let before = world.chain.included("lock");
    tokio::time::sleep(Duration::from_millis(4 * BLOCK_MS)).await;
    assert_eq!(world.chain.included("lock"), before, "left alone after three times");
    let inner = world.chain.lock();
    assert_eq!(inner.included.iter().filter(|(action, _, done)| *action == "lock" && *done).count(), 1);
    assert!(inner.market.task(&phantom.id).is_none());
}

/// A name that does not follow from the terms, or terms that do not go together: nothing is sent.
#[tokio::test]
async fn a_task_under_another_name_is_declined() {
    let tweaks: [fn(&mut TaskView); 4] = [
        |task| task.id = TaskId([7; 32]),
        |task| task.handle += 1,
        |task| task.contract = AccountId([7; 32]),
        |task| task.not_after = Height(task.not_after.0 + 1),
    ];
    for (at, tweak) in tweaks.into_iter().enumerate() {
        let world = World::new();
        let task = world.ask();
        let mut phantom = shown(&world).await;
        tweak(&mut phantom);
        // The true one is out of sight.
        let other = AccountId([0x0f; 32]);
        world.chain.fund(other, 100);
        world.chain.lock_as(&task, other);
        world.chain.lock().script.phantom = Some(phantom);
        let mut handle = world.start().await;
        let reports = until(&mut handle, |report| matches!(report, Report::Declined { .. })).await;
        assert_eq!(declined(&reports), [Decline::IdMismatch], "tweak {at}");
        assert!(world.chain.lock().arrivals.is_empty(), "tweak {at}");
    }
}

/// Whatever the height that is told, nothing is locked that could not be delivered by it; afterwards all is as before.
#[tokio::test]
async fn heights_that_jump_and_go_back_are_survived() {
    for lie in [u64::MAX, u64::MAX - 1, 0] {
        let world = World::new();
        let mut handle = world.start().await;
        world.chain.lock().script.height = Some(Height(lie));
        world.ask();
        tokio::time::sleep(Duration::from_millis(60)).await;
        if lie > 0 {
            assert_eq!(world.chain.lock().market.account(&world.account()).locked, Amount::ZERO, "{lie}");
        }
        world.chain.lock().script.height = None;
        let _miner = world.mine();
        until(&mut handle, is_final).await;
        assert_eq!(world.chain.lock().market.account(&world.account()).locked, Amount::ZERO);
        handle.stop().await.unwrap();
    }
}

/// Not one event arrives, after a height that was a lie: what became of an answer is asked for.
#[tokio::test]
async fn without_events_state_is_asked_for() {
    let world = World::new();
    world.chain.lock().script.mute = true;
    let mut handle = world.start().await;
    world.chain.lock().script.height = Some(Height(1 << 40));
    tokio::time::sleep(Duration::from_millis(40)).await;
    world.chain.lock().script.height = None;
    let _miner = world.mine();
    world.ask();
    let reports = until(&mut handle, is_final).await;
    let Some(Report::Finalised { paid, .. }) = reports.last() else { unreachable!() };
    assert!(!paid.is_zero());
}

/// The node came back with another genesis between two looks: what is signed is for our chain alone, so nothing is.
#[tokio::test]
async fn after_a_change_of_genesis_nothing_is_signed() {
    let world = World::new();
    let mut config = world.config();
    config.poll = Duration::from_secs(60);
    let mut handle = world.start_with(config).await;
    // After its first look, the next one is a minute away.
    tokio::time::sleep(Duration::from_millis(60)).await;
    world.chain.move_to_chain(zera_abi::ChainId([1; 32]));
    // An event makes it look before the height does.
    world.ask();
    let reports = until(&mut handle, |report| matches!(report, Report::Lost { .. })).await;
    let Some(Report::Lost { why, .. }) = reports.last() else { unreachable!() };
    assert!(why.contains("is on chain"), "{why}");
    assert!(world.chain.lock().arrivals.is_empty());
}
