//! A question, from asking to the last event, and everything that the node tells about it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use zera_abi::{Amount, Outcome, Status};
use zera_host::Action;
use zera_library::special_price;
use zera_provider::view::{TaskStage, TxState};
use zera_provider::{Client, Daemon, KeySource, Limits, Patience, ProviderConfig, Report, Wallet};

use super::network::{CALL_FUEL, account, key, node, set_up};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_published_contract_is_answered() {
    let node = node().await;
    let base = format!("http://{}", node.addr());
    let client = Client::new(&base, None, Limits::local()).unwrap();
    let owner = Wallet::new(key(1), Arc::new(client.clone()), Patience::local());

    let predicate = zera_library::by_name(special_price::NAME).unwrap();
    let artefact = (predicate.artefact)();
    let id = artefact.predicate_id();
    let keys = Arc::new(zera_params::dev_keys(&artefact.matrices).unwrap());
    let contract = set_up(&owner, artefact, &keys).await;

    let dir = tempfile::tempdir().unwrap();
    let source = KeySource::Given(BTreeMap::from([(id, Arc::clone(&keys))]));
    let mut config = ProviderConfig::local(key(2), source, dir.path().join("jobs.redb"));
    config.predicates = Some(vec![id]);
    let mut daemon = Daemon::start(config, client.clone()).await.unwrap();

    let public = (predicate.parse)(&serde_json::from_str(predicate.example).unwrap()).unwrap();
    let call = Action::Call { contract, entry: "evaluate_complex_condition".to_owned(), input: public.clone() };
    let asked = owner.send(call, CALL_FUEL).await.unwrap();
    assert!(asked.is_done(), "{asked:?}");

    let mut words = Vec::new();
    let paid = loop {
        let report = tokio::time::timeout(Duration::from_secs(60), daemon.reports.recv()).await;
        match report.expect("in time").expect("the daemon goes on") {
            Report::Finalised { paid, .. } => break paid,
            Report::Locked { .. } => words.push("locked"),
            Report::SelfVerified { .. } => words.push("verified"),
            Report::Accepted { outcome, .. } => {
                assert_eq!(outcome, Outcome::True);
                words.push("accepted");
            }
            Report::Lost { why, .. } | Report::Rejected { detail: why, .. } => panic!("{why}"),
            _ => {}
        }
    };
    assert_eq!(words, ["locked", "verified", "accepted"]);
    daemon.stop().await.unwrap();

    // The contract has acted on the answer.
    assert_eq!(client.storage(&contract, b"state").await.unwrap(), Some(vec![1]));
    let state = client.query(&contract, None, "query", &[]).await.unwrap();
    assert_eq!((state.end.as_str(), state.data), ("done", vec![1]));

    // And everything that the node tells reads back.
    let tasks = client.tasks(None).await.unwrap();
    let [task] = tasks.as_slice() else { panic!("one task: {tasks:?}") };
    assert_eq!((task.state, task.provider, task.outcome), (TaskStage::Final, Some(account(2)), Some(Outcome::True)));
    assert_eq!((task.contract, task.public.as_slice(), task.predicate), (contract, public.as_slice(), id));
    assert_eq!(task.key, keys.verifying.id());
    let [submission] = task.submissions.as_slice() else { panic!("one submission") };
    assert!(submission.accepted && zera_verifier::Proof::decode(submission.proof.as_slice()).is_ok());
    assert_eq!(client.task(&task.id).await.unwrap().as_ref(), Some(task));
    assert_eq!(client.tasks(Some(TaskStage::Final)).await.unwrap().len(), 1);
    assert_eq!(client.tasks(Some(TaskStage::Open)).await.unwrap().len(), 0);
    assert_eq!(client.task(&zera_abi::TaskId([0; 32])).await.unwrap(), None);

    let named = client.predicate(special_price::NAME).await.unwrap().unwrap();
    assert_eq!((named.id, named.key, named.owner), (id, Some(keys.verifying.id()), account(1)));
    assert_eq!(client.predicates().await.unwrap(), [named]);
    assert_eq!(client.key(&keys.verifying.id()).await.unwrap().unwrap().bytes, keys.verifying.encode());
    assert_eq!(client.contract(&contract).await.unwrap().tasks, 1);

    let market = client.market().await.unwrap();
    assert!(market.conserved);
    assert_eq!(market.rules.number("lock_blocks"), Some(60));
    let (status, version) = (client.status().await.unwrap(), client.version().await.unwrap());
    assert_eq!((status.name.as_str(), status.block_ms, version.protocol), ("test", 150, zera_abi::PROTOCOL_VERSION));
    assert!(client.is_ready().await.unwrap());
    assert_eq!(client.block(asked.height.0).await.unwrap().height, asked.height);
    assert!(matches!(client.tx(&asked.hash).await, Ok(TxState::Included(found)) if found == asked));
    assert!(matches!(client.tx(&zera_abi::TxHash([0; 32])).await, Ok(TxState::Unknown)));
    assert!(client.dev_block().await.is_err(), "this network has a clock");

    let events = client.events_page(None, 1_000).await.unwrap();
    let about: Vec<&str> =
        events.iter().filter(|event| event.task() == Some(task.id)).map(|event| event.event.as_str()).collect();
    assert_eq!(about, ["task_opened", "task_locked", "task_accepted", "callback", "task_final"]);
    let last = events.last().unwrap();
    assert_eq!(last.amount("paid"), Some(paid));
    assert_eq!(client.account(&account(2)).await.unwrap().locked, Amount::ZERO);

    // What the rules refuse is a result; what can be in no block is an error.
    let again = owner.send(Action::Lock { task: task.id }, CALL_FUEL).await.unwrap();
    assert_eq!(again.status.code, Status::State.code());
    assert!(owner.send(Action::Lock { task: task.id }, 1).await.is_err());
    node.shutdown().await.unwrap();
}
