//! Real proofs, judged by the real verifier.

use super::*;
use crate::prove::Groth16;
use zera_library::range;

#[tokio::test]
async fn a_range_is_proved_and_a_corrupt_proof_of_it_is_not() {
    let predicate = zera_library::by_name(range::NAME).unwrap();
    let artefact = (predicate.artefact)();
    let id = artefact.predicate_id();
    let keys = Arc::new(zera_params::dev_keys(&artefact.matrices).unwrap());
    let key = keys.verifying.id();
    let chain = Double::new(Judge::Real(Box::new(keys.verifying.prepare())), 0);
    let world = World { chain, ..World::new() };
    world.chain.fund(world.account(), 100);

    let source = KeySource::Given([(id, keys)].into());
    let prover = Arc::new(Groth16::load(&source, Some(&[id]), &[]).unwrap());
    let mut config = world.config();
    config.threads = 2;
    let mut handle = Daemon::start_with(config, world.chain.clone(), prover.clone()).await.unwrap();
    let mut last = None;
    // Blocks only while something waits for one: proving time is then no matter of blocks.
    let step = || {
        if world.chain.has_pending() {
            world.chain.mine();
        }
    };
    for (x, expected) in [(42, Outcome::True), (100, Outcome::False)] {
        let public = range::Input { x, lo: 18, hi: 99 }.encode().to_vec();
        let task = world.chain.ask(Ask { predicate: id, key, public, ..ask() });
        eventually("answered", || {
            step();
            world.chain.stage(&task) == "accepted"
        })
        .await;
        let inner = world.chain.lock();
        let (outcome, _) = inner.market.task(&task).unwrap().answer().unwrap();
        assert_eq!(outcome, expected);
        last = Some(inner.submissions_of(&task)[0].proof.clone());
    }
    let reports = until(&mut handle, |report| matches!(report, Report::SelfVerified { .. })).await;
    assert!(reports.iter().any(|report| matches!(report, Report::Rows { rows, .. } if *rows > 100)));

    for conduct in [Conduct::CorruptProof, Conduct::ReplayProof(last.unwrap())] {
        world.drill.send_replace(conduct.clone());
        let public = range::Input { x: 7, lo: 7, hi: 7 }.encode().to_vec();
        let task = world.chain.ask(Ask { predicate: id, key, public, ..ask() });
        eventually("lost its lock", || {
            step();
            world.chain.stage(&task) == "rescue"
        })
        .await;
        let inner = world.chain.lock();
        let rows = inner.submissions_of(&task);
        assert_eq!(rows.len(), 3, "{}", conduct.name());
        assert!(rows.iter().all(|row| !row.accepted), "{}", conduct.name());
    }
}

#[test]
fn other_bytes_than_the_root_s_are_not_proved() {
    let predicate = zera_library::by_name(range::NAME).unwrap();
    let artefact = (predicate.artefact)();
    let keys = Arc::new(zera_params::dev_keys(&artefact.matrices).unwrap());
    let id = artefact.predicate_id();
    let binding = zera_statement::Binding {
        chain: crate::market::double::CHAIN,
        task: TaskId([1; 32]),
        key: keys.verifying.id(),
        predicate: id,
        provider: AccountId([2; 32]),
        not_after: zera_abi::Height(9),
    };
    let prover = Groth16::load(&KeySource::Given([(id, keys)].into()), None, &[]).unwrap();
    assert_eq!(prover.predicates(), [id]);
    let order = Order { binding, public: prover.sample(&id), private: vec![].into(), input_root: [0; 32] };
    assert!(matches!(prover.prove(&order, &mut |_| ()), Err(ProveFault::Root)));
    let foreign = Order { binding: zera_statement::Binding { key: KEY, ..binding }, ..order };
    assert!(matches!(prover.prove(&foreign, &mut |_| ()), Err(ProveFault::NotServed(_))));
}
