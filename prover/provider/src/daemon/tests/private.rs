//! Private bytes: taken only where they were delivered, and never answered with what the chain would refuse unpaid.

use super::*;
use crate::decline::Decline;
use crate::private::PrivateFolder;

/// What a request that fixes the commitment to bytes beginning with 9 expects.
const COMMITTED: [u8; 32] = [9; 32];

fn reading() -> World {
    World::with(FakeProver { private_len: 4, ..FakeProver::default() })
}

fn asking(outcome: Outcome, expected: Vec<[u8; 32]>) -> Ask {
    let witness_only = expected.is_empty();
    Ask { public: vec![outcome.code(), 2, 3, 4], declared: 1, expected, witness_only, ..ask() }
}

fn config(world: &World) -> ProviderConfig {
    ProviderConfig { private: Some(PrivateFolder(world.dir.path().join("private"))), ..world.config() }
}

fn deliver(world: &World, name: &str, bytes: &[u8]) {
    let folder = world.dir.path().join("private");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(name), bytes).unwrap();
}

fn reason(report: &Report) -> Option<Decline> {
    match report {
        Report::Declined { declined, .. } => Some(declined.reason),
        _ => None,
    }
}

#[tokio::test]
async fn bytes_that_nobody_delivered_are_waited_for() {
    let world = reading();
    let task = world.chain.ask(asking(Outcome::True, vec![]));
    for config in [world.config(), config(&world)] {
        let mut handle = world.start_with(config).await;
        let reports = until(&mut handle, |report| reason(report).is_some()).await;
        assert_eq!(reports.iter().find_map(reason), Some(Decline::InputMissing));
        handle.stop().await.unwrap();
        assert!(world.chain.lock().arrivals.is_empty());
    }
    // What has another length is not what was meant, and what comes later is taken.
    deliver(&world, &task.to_string(), b"123");
    let mut handle = world.start_with(config(&world)).await;
    let reports = until(&mut handle, |report| reason(report).is_some()).await;
    assert_eq!(reports.iter().find_map(reason), Some(Decline::InputMissing));
    deliver(&world, &task.to_string(), b"1234");
    let _miner = world.mine();
    until(&mut handle, is_accepted).await;
    let inner = world.chain.lock();
    assert_eq!(inner.market.task(&task).unwrap().answer(), Some((Outcome::True, &[[b'1'; 32]][..])));
}

#[tokio::test]
async fn a_fixed_commitment_finds_its_bytes_and_takes_no_others() {
    let world = reading();
    // Named by the commitment, and of another one.
    deliver(&world, &hex::encode(COMMITTED), &[8, 0, 0, 0]);
    let task = world.chain.ask(asking(Outcome::False, vec![COMMITTED]));
    let mut handle = world.start_with(config(&world)).await;
    let reports = until(&mut handle, |report| reason(report).is_some()).await;
    assert_eq!(reports.iter().find_map(reason), Some(Decline::InputMismatch));
    assert!(world.chain.lock().arrivals.is_empty());
    deliver(&world, &hex::encode(COMMITTED), &[9, 0, 0, 0]);
    let _miner = world.mine();
    until(&mut handle, is_accepted).await;
    let inner = world.chain.lock();
    assert_eq!(inner.market.task(&task).unwrap().answer(), Some((Outcome::False, &[COMMITTED][..])));
}

#[tokio::test]
async fn without_a_fixed_commitment_nothing_but_true_is_sold() {
    for outcome in [Outcome::False, Outcome::Trap, Outcome::BoundExceeded] {
        let world = reading();
        let task = world.chain.ask(asking(outcome, vec![]));
        deliver(&world, &task.to_string(), b"1234");
        let mut handle = world.start_with(config(&world)).await;
        let _miner = world.mine();
        let reports = until(&mut handle, |report| reason(report).is_some()).await;
        assert_eq!(reports.iter().find_map(reason), Some(Decline::OutcomeRefused), "{outcome}");
        tokio::time::sleep(Duration::from_millis(3 * BLOCK_MS)).await;
        assert!(world.chain.lock().arrivals.is_empty(), "{outcome}");
    }
}

/// Whatever happens between decision and proof: what would be refused unpaid is not sent, and the lock goes back.
#[tokio::test]
async fn an_answer_that_the_chain_would_refuse_is_never_sent() {
    let world = World::with(FakeProver { private_len: 4, forgetful: true, ..FakeProver::default() });
    deliver(&world, &hex::encode(COMMITTED), &[9, 0, 0, 0]);
    world.chain.ask(asking(Outcome::True, vec![COMMITTED]));
    let mut handle = world.start_with(config(&world)).await;
    let _miner = world.mine();
    let reports = until(&mut handle, |report| matches!(report, Report::Lost { .. })).await;
    let why = reports.iter().find_map(|report| match report {
        Report::Lost { why, .. } => Some(why.as_str()),
        _ => None,
    });
    assert_eq!(why, Some("declared value 0 is not the one that the request fixes"));
    assert_eq!((world.chain.included("lock") > 0, world.chain.included("submit")), (true, 0));
    assert_eq!(world.chain.included("lock"), world.chain.included("release"));
}
