//! Answers without a proof: given where task and operator take them, and proved when somebody challenges.

use super::*;
use zera_abi::Height;
use zera_market::{Mode, challenge_digest, commit_digest};

const CHALLENGER: AccountId = AccountId([0x77; 32]);
const SALT: [u8; 32] = [9; 32];

fn world() -> World {
    let world = World::new();
    world.chain.lock().mode = Mode::Attested;
    world.chain.fund(CHALLENGER, 10);
    world
}

fn attesting(world: &World) -> ProviderConfig {
    ProviderConfig { attest: true, ..world.config() }
}

/// Somebody says that the answer is wrong: now, and in the next block.
fn challenge(chain: &Double, task: &TaskId, claimed: Outcome) {
    let digest = commit_digest(&SALT, &CHALLENGER, task, &challenge_digest(claimed));
    let now = {
        let mut inner = chain.lock();
        let now = inner.height;
        inner.market.commit(now, task, CHALLENGER, digest).unwrap();
        now
    };
    chain.mine();
    let mut inner = chain.lock();
    assert!(inner.height >= Height(now.0 + 1));
    let now = inner.height;
    inner.market.challenge(now, task, CHALLENGER, SALT, claimed).unwrap();
}

fn owned(world: &World) -> Amount {
    let balance = world.chain.lock().market.account(&world.account());
    balance.free.checked_add(balance.locked).unwrap()
}

#[tokio::test]
async fn an_answer_is_attested_and_nobody_proves_it() {
    let world = world();
    let mut handle = world.start_with(attesting(&world)).await;
    let _miner = world.mine();
    let task = world.ask();
    let reports = until(&mut handle, is_final).await;
    assert_eq!(words(&reports), ["seen", "locked", "accepted", "final"]);
    assert!(reports.contains(&Report::Attested { task, outcome: Outcome::True }));
    assert_eq!((world.chain.stage(&task), world.prover.proofs.load(Ordering::SeqCst)), ("final", 0));
    let Some(Report::Finalised { paid, .. }) = reports.last() else { unreachable!() };
    assert!(!paid.is_zero());
    assert_eq!(owned(&world), Amount::from_zra(100).unwrap().checked_add(*paid).unwrap());
    handle.stop().await.unwrap();
}

#[tokio::test]
async fn a_task_that_asks_for_a_proof_and_an_operator_who_did_not_say_so_get_one() {
    for (mode, attest) in [(Mode::Proved, true), (Mode::Attested, false)] {
        let world = world();
        world.chain.lock().mode = mode;
        let mut handle = world.start_with(ProviderConfig { attest, ..world.config() }).await;
        let _miner = world.mine();
        let task = world.ask();
        until(&mut handle, is_final).await;
        assert_eq!((world.chain.included("attest"), world.chain.included("submit")), (0, 1));
        assert_eq!(world.chain.stage(&task), "final");
        handle.stop().await.unwrap();
    }
}

#[tokio::test]
async fn what_ends_a_task_without_an_answer_is_proved() {
    let world = world();
    let mut handle = world.start_with(attesting(&world)).await;
    let _miner = world.mine();
    let task = world.chain.ask(Ask { public: vec![2, 0, 0, 0], ..ask() });
    until(&mut handle, is_final).await;
    assert_eq!((world.chain.included("attest"), world.chain.stage(&task)), (0, "failed"));
    handle.stop().await.unwrap();
}

#[tokio::test]
async fn a_challenge_is_answered_by_a_proof_in_time() {
    let world = world();
    let mut handle = world.start_with(attesting(&world)).await;
    let miner = world.mine();
    let task = world.ask();
    until(&mut handle, |report| matches!(report, Report::Attested { .. })).await;
    drop(miner);
    challenge(&world.chain, &task, Outcome::False);
    let _miner = world.mine();
    let reports = until(&mut handle, is_final).await;
    assert!(reports.contains(&Report::Challenged { task, challenger: Some(CHALLENGER) }), "{reports:?}");
    assert_eq!((world.chain.included("settle"), world.chain.stage(&task)), (1, "final"));
    // The price, and half of a bond that is as large as the bounty.
    let Some(Report::Finalised { paid, .. }) = reports.last() else { unreachable!() };
    let gained = owned(&world).checked_sub(Amount::from_zra(100).unwrap()).unwrap();
    assert_eq!(gained, paid.checked_add(Amount::from_units(ZRA / 2)).unwrap());
    handle.stop().await.unwrap();
}

/// Killed while its answer stands, and challenged before it is back.
#[tokio::test]
async fn a_restart_goes_on_where_the_chain_is() {
    let world = world();
    let mut handle = world.start_with(attesting(&world)).await;
    let miner = world.mine();
    let task = world.ask();
    until(&mut handle, |report| matches!(report, Report::Attested { .. })).await;
    drop(miner);
    world.crash(handle);
    challenge(&world.chain, &task, Outcome::False);
    // Even an operator who attests no more stands by what was said.
    let mut handle = world.start().await;
    let _miner = world.mine();
    let reports = until(&mut handle, is_final).await;
    assert!(reports.contains(&Report::Resumed { task, stage: "staked" }), "{reports:?}");
    assert_eq!((world.chain.included("attest"), world.chain.included("settle")), (1, 1));
    assert_eq!(world.chain.stage(&task), "final");
    handle.stop().await.unwrap();
}

/// A drill: the lie is attested and left alone when it is challenged.
#[tokio::test]
async fn a_lie_is_never_proved_and_costs_the_stake() {
    let world = world();
    world.drill.send_replace(Conduct::AttestFalsely);
    let mut handle = world.start_with(attesting(&world)).await;
    let miner = world.mine();
    let task = world.ask();
    let reports = until(&mut handle, |report| matches!(report, Report::Attested { .. })).await;
    assert!(reports.contains(&Report::Attested { task, outcome: Outcome::False }));
    drop(miner);
    challenge(&world.chain, &task, Outcome::True);
    let _miner = world.mine();
    until(&mut handle, |report| matches!(report, Report::Lost { .. })).await;
    assert_eq!((world.chain.included("settle"), world.prover.proofs.load(Ordering::SeqCst)), (0, 0));
    assert_eq!(owned(&world), Amount::from_zra(98).unwrap(), "twice the bounty");
    handle.stop().await.unwrap();
}
