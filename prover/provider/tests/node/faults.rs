//! The daemon behind a connection that refuses, is silent, talks nonsense, never stops talking or breaks off: it locks
//! nothing meanwhile, and goes on by itself when the node is back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use zera_abi::TaskId;
use zera_host::Action;
use zera_library::special_price;
use zera_market::Rules;
use zera_provider::view::TaskStage;
use zera_provider::{Client, ClientError, Daemon, DaemonError, DaemonHandle, KeySource, Limits, Patience};
use zera_provider::{ProviderConfig, Report, Wallet};

use super::network::{CALL_FUEL, account, key, node_with, set_up};
use super::proxy::{Fault, Proxy};

const FAULTS: [Fault; 6] = [Fault::Refused, Fault::Silent, Fault::Noise, Fault::WrongJson, Fault::Huge, Fault::Cut];

/// Reports up to the first that `wanted` takes.
async fn until(daemon: &mut DaemonHandle, what: &str, wanted: impl Fn(&Report) -> bool) {
    loop {
        let report = tokio::time::timeout(Duration::from_secs(60), daemon.reports.recv()).await;
        let report = report.unwrap_or_else(|_| panic!("{what}: not in time")).expect("the daemon goes on");
        assert!(!matches!(report, Report::Rejected { .. }), "{what}: {report:?}");
        if wanted(&report) {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_fails_in_every_way_is_waited_for() {
    // Rounds and locks as long as the snippet's hundred blocks leave room for: no fault outlasts them.
    let rules = Rules { auction_blocks: 80, lock_blocks: 60, deadline_min_blocks: 95, ..Rules::local() };
    let node = node_with(rules, Duration::from_millis(120)).await;
    let direct = Client::new(&format!("http://{}", node.addr()), None, Limits::local()).unwrap();
    let owner = Wallet::new(key(1), Arc::new(direct.clone()), Patience::local());
    let predicate = zera_library::by_name(special_price::NAME).unwrap();
    let artefact = (predicate.artefact)();
    let id = artefact.predicate_id();
    let keys = Arc::new(zera_params::dev_keys(&artefact.matrices).unwrap());
    let contract = set_up(&owner, artefact, &keys).await;
    let public = (predicate.parse)(&serde_json::from_str(predicate.example).unwrap()).unwrap();

    let proxy = Proxy::start(node.addr()).await;
    let limits = Limits {
        answer: Duration::from_millis(400),
        attempts: 2,
        pause: Duration::from_millis(20),
        pause_max: Duration::from_millis(100),
        ..Limits::local()
    };
    let client = Client::new(&format!("http://{}", proxy.addr), None, limits).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let config = || {
        let source = KeySource::Given(BTreeMap::from([(id, Arc::clone(&keys))]));
        let mut config = ProviderConfig::local(key(2), source, dir.path().join("jobs.redb"));
        config.predicates = Some(vec![id]);
        config.patience.pause_max = Duration::from_millis(100);
        config
    };

    // It does not start on nonsense, and says why in one line.
    for fault in FAULTS {
        proxy.fault.send_replace(fault);
        let error = Daemon::start(config(), client.clone()).await.expect_err("no node");
        assert!(
            matches!(error, DaemonError::Client(ClientError::Transport { .. } | ClientError::Answer { .. })),
            "{fault:?}"
        );
        let text = error.to_string();
        assert!(text.starts_with("node: ") && text.len() < 400 && !text.contains('\n'), "{fault:?}: {text}");
    }

    proxy.fault.send_replace(Fault::None);
    let mut daemon = Daemon::start(config(), client).await.unwrap();
    let mut asked: Vec<TaskId> = Vec::new();
    for fault in FAULTS {
        proxy.fault.send_replace(fault);
        until(&mut daemon, "unreachable", |report| matches!(report, Report::Unreachable { .. })).await;
        let call = Action::Call { contract, entry: "evaluate_complex_condition".to_owned(), input: public.clone() };
        let result = owner.send(call, CALL_FUEL).await.unwrap();
        assert!(result.is_done(), "{result:?}");
        // A few blocks in which a sound node would have told of the task.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let open = direct.tasks(Some(TaskStage::Open)).await.unwrap();
        let [task] = open.as_slice() else { panic!("{fault:?}: one open task: {open:?}") };
        asked.push(task.id);
        proxy.fault.send_replace(Fault::None);
        let id = task.id;
        until(&mut daemon, "final", |report| matches!(report, Report::Finalised { task, .. } if *task == id)).await;
    }
    daemon.stop().await.unwrap();
    for task in &asked {
        let task = direct.task(task).await.unwrap().unwrap();
        assert_eq!((task.state, task.provider), (TaskStage::Final, Some(account(2))));
        assert_eq!(task.submissions.len(), 1, "proved and sent once");
    }
    let locks = direct.events_page(None, 1_000).await.unwrap();
    let locks = locks.iter().filter(|event| event.event == "task_locked").count();
    assert_eq!(locks, FAULTS.len());
    assert!(direct.account(&account(2)).await.unwrap().locked.is_zero());
    node.shutdown().await.unwrap();
}
