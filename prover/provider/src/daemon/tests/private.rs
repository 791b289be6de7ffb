//! Private bytes: taken only where they were delivered, and never answered with what the chain would refuse unpaid.

use super::*;
use crate::decline::Decline;
use crate::private::PrivateFolder;

/// Private bytes, and what a request that fixes them expects.
const BYTES: [u8; 4] = [9, 0, 0, 0];

fn committed() -> [u8; 32] {
    root(&BYTES)
}

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
    assert_eq!(inner.market.task(&task).unwrap().answer(), Some((Outcome::True, &[root(b"1234")][..])));
}

#[tokio::test]
async fn a_fixed_commitment_finds_its_bytes_and_takes_no_others() {
    let world = reading();
    // Named by the commitment, and of another one.
    deliver(&world, &hex::encode(committed()), &[8, 0, 0, 0]);
    let task = world.chain.ask(asking(Outcome::False, vec![committed()]));
    let mut handle = world.start_with(config(&world)).await;
    let reports = until(&mut handle, |report| reason(report).is_some()).await;
    assert_eq!(reports.iter().find_map(reason), Some(Decline::InputMismatch));
    assert!(world.chain.lock().arrivals.is_empty());
    deliver(&world, &hex::encode(committed()), &[9, 0, 0, 0]);
    let _miner = world.mine();
    until(&mut handle, is_accepted).await;
    let inner = world.chain.lock();
    assert_eq!(inner.market.task(&task).unwrap().answer(), Some((Outcome::False, &[committed()][..])));
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
    deliver(&world, &hex::encode(committed()), &[9, 0, 0, 0]);
    world.chain.ask(asking(Outcome::True, vec![committed()]));
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

/// The holder's key is in a block.
async fn address(world: &World, task: &TaskId) -> zera_host::sealed::Address {
    eventually("a key", || world.chain.address(task).is_some()).await;
    world.chain.address(task).unwrap()
}

fn is_undelivered(report: &Report) -> bool {
    matches!(report, Report::Undelivered { .. })
}

fn free_of(world: &World) -> u128 {
    world.chain.lock().market.account(&world.account()).free.units()
}

#[tokio::test]
async fn bytes_that_the_requester_sends_sealed_are_opened_proved_and_written_nowhere() {
    const SECRET: [u8; 4] = *b"\xd1\x5e\xa5\xed";
    let world = reading();
    let task = world.chain.ask(asking(Outcome::False, vec![root(&SECRET)]));
    let mut handle = world.start().await;
    let _miner = world.mine();
    let to = address(&world, &task).await;
    world.chain.send(&to, &SECRET);
    let reports = until(&mut handle, is_accepted).await;
    let answer = world.chain.lock().market.task(&task).unwrap().answer().map(|(outcome, _)| outcome);
    assert_eq!(answer, Some(Outcome::False));
    assert_eq!((world.chain.included("demand"), world.chain.included("sealing_key")), (0, 1));
    let shown = format!("{reports:?}");
    assert!(!shown.contains("d15ea5ed") && !shown.contains("209, 94, 165, 237"), "{shown}");
    let book = std::fs::read(world.journal()).unwrap();
    assert!(!book.windows(4).any(|window| window == SECRET), "the bytes are in the job book");
    assert!(!book.windows(8).any(|window| window == b"d15ea5ed"), "they are there as hex");
}

#[tokio::test]
async fn bytes_that_do_not_come_are_demanded_and_their_requester_pays() {
    let world = reading();
    let task = world.chain.ask(asking(Outcome::True, vec![committed()]));
    let mut handle = world.start().await;
    let _miner = world.mine();
    // Something else, and something that does not open, is nothing.
    let to = address(&world, &task).await;
    world.chain.send(&to, &[8, 0, 0, 0]);
    let reports = until(&mut handle, is_undelivered).await;
    let told = |wanted: fn(&Report) -> bool| reports.iter().filter(|report| wanted(report)).count();
    assert_eq!(told(|report| matches!(report, Report::Demanded { .. })), 1);
    assert_eq!(told(|report| matches!(report, Report::Lost { .. })), 0, "nothing is lost");
    // 80 % of a bond of a tenth of a ZRA; fees are free here.
    assert_eq!(free_of(&world), 100 * ZRA + ZRA * 32 / 100);
    assert_eq!(world.chain.lock().market.task(&task).unwrap().reason(), 21);
    handle.stop().await.unwrap();
}

#[tokio::test]
async fn what_is_delivered_on_the_chain_is_taken_from_there() {
    let world = reading();
    let task = world.chain.ask(asking(Outcome::True, vec![committed()]));
    let mut handle = world.start().await;
    let _miner = world.mine();
    let to = address(&world, &task).await;
    eventually("a demand", || world.chain.included("demand") == 1).await;
    world.chain.deliver(&to, &BYTES);
    until(&mut handle, is_accepted).await;
    assert_eq!(world.chain.included("complain"), 0);
}

#[tokio::test]
async fn something_else_on_the_chain_is_complained_of() {
    let world = reading();
    let task = world.chain.ask(asking(Outcome::True, vec![committed()]));
    let mut handle = world.start().await;
    let _miner = world.mine();
    let to = address(&world, &task).await;
    eventually("a demand", || world.chain.included("demand") == 1).await;
    world.chain.deliver(&to, &[8, 0, 0, 0]);
    until(&mut handle, is_undelivered).await;
    assert_eq!(world.chain.included("complain"), 1);
    // The fee of the demand is the requester's: it delivered, if nothing good.
    assert_eq!(free_of(&world), 100 * ZRA + ZRA * 32 / 100 - 10_000_000);
}

/// A complaint shows a secret: a node's word alone is no reason for one.
#[tokio::test]
async fn what_nobody_signed_is_not_complained_of() {
    let world = reading();
    let task = world.chain.ask(asking(Outcome::True, vec![committed()]));
    let mut handle = world.start().await;
    let _miner = world.mine();
    let to = address(&world, &task).await;
    world.chain.claim_delivery(&to, &[8, 0, 0, 0]);
    until(&mut handle, is_undelivered).await;
    assert_eq!((world.chain.included("demand"), world.chain.arrived("complain").len()), (1, 0));
}

/// The key is made again from the account's, and nothing of the bytes has to be kept.
#[tokio::test]
async fn killed_between_key_and_bytes() {
    let world = reading();
    let task = world.chain.ask(asking(Outcome::True, vec![committed()]));
    let handle = world.start().await;
    let miner = world.mine();
    let to = address(&world, &task).await;
    drop(miner);
    world.crash(handle);
    world.chain.send(&to, &BYTES);
    let mut handle = world.start().await;
    let _miner = world.mine();
    until(&mut handle, is_accepted).await;
    assert_eq!(world.chain.included("sealing_key"), 1, "one key a lock");
}

/// What is not owed is not waited for, and not every answer is sold blindly.
#[tokio::test]
async fn nothing_is_locked_for_bytes_that_nobody_owes_or_answers_that_are_not_served() {
    let world = reading();
    world.chain.ask(asking(Outcome::True, vec![]));
    let mut handle = world.start().await;
    let reports = until(&mut handle, |report| reason(report).is_some()).await;
    assert_eq!(reports.iter().find_map(reason), Some(Decline::InputMissing));
    handle.stop().await.unwrap();

    let world = reading();
    world.chain.ask(asking(Outcome::True, vec![committed()]));
    let config = ProviderConfig { outcomes: vec![Outcome::True, Outcome::False], ..world.config() };
    let mut handle = world.start_with(config).await;
    let reports = until(&mut handle, |report| reason(report).is_some()).await;
    assert_eq!(reports.iter().find_map(reason), Some(Decline::OutcomeNotServed));
    assert!(world.chain.lock().arrivals.is_empty());
}
