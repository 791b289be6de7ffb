//! What is taken, what is not, and the reasons.

use super::*;
use crate::decline::Decline;
use crate::market::double::REQUESTER;

fn first_decline(reports: &[Report]) -> Decline {
    let found = reports.iter().find_map(|report| match report {
        Report::Declined { declined, .. } => Some(declined.reason),
        _ => None,
    });
    found.expect("a task was declined")
}

type Tweak = fn(&mut World, &mut ProviderConfig, &mut Ask);

#[tokio::test]
async fn every_reason_is_told_and_nothing_is_sent() {
    let cases: &[(Decline, Tweak)] = &[
        (Decline::Underpriced, |_, config, _| config.price.floor = Amount::from_units(2 * ZRA)),
        (Decline::Underpriced, |_, config, _| config.price.per_second = Amount::MAX),
        (Decline::UnknownPredicate, |_, _, ask| ask.predicate = PredicateId([1; 32])),
        (Decline::UnknownPredicate, |_, config, _| config.predicates = Some(vec![])),
        (Decline::UnknownKey, |_, _, ask| ask.key = KeyId([1; 32])),
        (Decline::TooLarge, |_, config, _| config.public_len_max = 3),
        (Decline::TooLarge, |_, config, _| config.rows_max = 99),
        (Decline::InputMissing, |_, _, ask| ask.public.truncate(3)),
        (Decline::OutcomeNotServed, |_, config, ask| {
            ask.public[0] = Outcome::Trap.code();
            config.outcomes = vec![Outcome::False, Outcome::True];
        }),
        (Decline::FeeBelowCost, |_, config, ask| {
            // One unit above the fee: 80 % of a bond of 40 % of the bounty.
            ask.public[0] = Outcome::BoundExceeded.code();
            config.price.per_job = Amount::from_units(ZRA * 32 / 100 + 1);
        }),
        (Decline::OutcomeNotServed, |_, config, _| config.outcomes = vec![Outcome::False]),
        (Decline::DenyListed, |_, config, _| config.deny = vec![REQUESTER]),
        (Decline::CollateralLow, |_, config, _| config.max_stake = Amount::from_units(1)),
        (Decline::CollateralLow, |world, config, _| {
            // Nobody has given this account anything.
            world.key = SigningKey::from_bytes(&[99; 32]);
            config.key = world.key.clone();
        }),
        (Decline::Deadline, |world, _, _| {
            // Ten of twelve blocks are left for the work.
            let sample_delay = Duration::from_millis(10 * BLOCK_MS + 10);
            world.prover = Arc::new(FakeProver { sample_delay, ..FakeProver::default() });
        }),
        (Decline::InputMismatch, |world, _, _| world.chain.lock().script.lie = true),
        (Decline::OutOfFuel, |_, _, ask| ask.public[0] = ENDLESS),
    ];
    for (expected, tweak) in cases {
        let mut world = World::new();
        let (mut config, mut ask) = (world.config(), ask());
        tweak(&mut world, &mut config, &mut ask);
        let task = world.chain.ask(ask);
        let mut handle = world.start_with(config).await;
        let reports = until(&mut handle, |report| matches!(report, Report::Declined { .. })).await;
        assert_eq!(first_decline(&reports), *expected);
        world.chain.mine();
        world.chain.mine();
        tokio::time::sleep(Duration::from_millis(30)).await;
        // Once, however often it was looked at.
        assert_eq!(handle.declines().into_iter().collect::<Vec<_>>(), [(*expected, 1)], "{expected}");
        assert!(world.chain.lock().arrivals.is_empty(), "{expected}");
        assert_eq!(world.chain.stage(&task), "open");
        // And the node is told, for whoever asks.
        assert_eq!(world.chain.lock().declined, [(task, expected.code().to_owned())], "{expected}");
        if *expected == Decline::OutOfFuel {
            let previews = world.prover.previews.load(Ordering::SeqCst);
            assert_eq!(previews, 1, "what is dear is not computed for every block again");
        }
    }
}

#[tokio::test]
async fn declines_are_counted_across_restarts() {
    let world = World::new();
    let mut config = world.config();
    config.public_len_max = 0;
    world.ask();
    let mut handle = world.start_with(config.clone()).await;
    until(&mut handle, |report| matches!(report, Report::Declined { .. })).await;
    handle.stop().await.unwrap();
    drop(handle);
    let mut handle = world.start_with(config).await;
    until(&mut handle, |report| matches!(report, Report::Declined { .. })).await;
    assert_eq!(handle.declines().get(&Decline::TooLarge), Some(&2));
}

/// The clock of a round climbs, and each round's ceiling is a quarter above the last one's.
#[tokio::test]
async fn an_underpriced_task_is_taken_when_the_clock_has_climbed() {
    let world = World::new();
    let mut config = world.config();
    let floor = Amount::from_units(ZRA * 7 / 10);
    config.price.floor = floor;
    let task = world.ask();
    let mut handle = world.start_with(config).await;
    let _miner = world.mine();
    let reports = until(&mut handle, is_accepted).await;
    assert_eq!(first_decline(&reports), Decline::Underpriced);
    assert_eq!(handle.declines().get(&Decline::Underpriced), Some(&1));
    let Some(Report::Locked { price, .. }) = reports.iter().find(|report| is_locked(report)) else { unreachable!() };
    assert!(*price >= floor, "{price}");
    // Not in the first round, whose ceiling is 0.64.
    let inner = world.chain.lock();
    let opened = inner.market.task(&task).unwrap().opened().0;
    assert!(inner.included[0].1.0 >= opened + 12);
}

#[tokio::test]
async fn what_fits_alone_but_not_beside_what_is_held_waits() {
    // Ten blocks, proofs of six: one at a time.
    let time = Duration::from_millis(6 * BLOCK_MS);
    let world = World::with(FakeProver { delay: time, sample_delay: time, ..FakeProver::default() });
    let mut handle = world.start().await;
    let (first, second) = (world.ask(), world.ask());
    let _miner = world.mine();
    let reports = until(&mut handle, |report| matches!(report, Report::Declined { .. })).await;
    assert_eq!(first_decline(&reports), Decline::OverCapacity);
    eventually("both answered", || {
        [first, second].iter().all(|task| matches!(world.chain.stage(task), "accepted" | "final"))
    })
    .await;
    assert_eq!((world.chain.included("lock"), world.chain.included("submit")), (2, 2));
}

#[tokio::test]
async fn a_limit_of_jobs_is_kept() {
    let world = World::new();
    world.prover.blocked.store(true, Ordering::SeqCst);
    let mut config = world.config();
    config.max_jobs = 1;
    let mut handle = world.start_with(config).await;
    world.ask();
    let miner = world.mine();
    until(&mut handle, is_locked).await;
    world.ask();
    let reports = until(&mut handle, |report| matches!(report, Report::Declined { .. })).await;
    assert_eq!(first_decline(&reports), Decline::OverCapacity);
    assert_eq!(world.chain.included("lock"), 1);
    drop(miner);
    world.prover.blocked.store(false, Ordering::SeqCst);
}
