//! The log: whatever happens to a task is found under its id.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Mutex, OnceLock};

use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use zera_abi::ChainId;
use zera_host::{Action, Tx};
use zera_library::range::{self, Input};
use zera_market::{Answer, Rules};

use crate::network::*;

type Line = BTreeMap<String, String>;

/// Keeps every line of the node.
struct Capture(&'static Mutex<Vec<Line>>);

impl<S: Subscriber> Layer<S> for Capture {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.target().starts_with("zera_node")
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields(Line::new());
        event.record(&mut fields);
        self.0.lock().expect("no panic").push(fields.0);
    }
}

struct Fields(Line);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

/// The lines of all nodes of this process, from the first call on.
fn lines() -> &'static Mutex<Vec<Line>> {
    static LINES: OnceLock<Mutex<Vec<Line>>> = OnceLock::new();
    static STARTED: OnceLock<()> = OnceLock::new();
    let lines = LINES.get_or_init(Mutex::default);
    STARTED.get_or_init(|| {
        let subscriber = tracing_subscriber::registry().with(Capture(lines));
        tracing::subscriber::set_global_default(subscriber).expect("the only one");
    });
    lines
}

#[tokio::test]
async fn a_task_is_found_by_its_id_from_its_opening_to_its_end() {
    lines();
    let mut settings = config(mem());
    // Ids of its own among the tests that run beside this one.
    settings.genesis.name = "logged".to_owned();
    let mut network = Network::start(settings).await;
    let served = Served::new(range::NAME);
    let contract = network.serve(&served, asker(), vec![]).await;
    let public = Input { x: 50, lo: 20, hi: 80 }.encode();
    let ask = Action::Call { contract, entry: "ask".to_owned(), input: served.request(&public, 100) };
    let asked = network.done(OWNER, ask).await;
    let task = zera_statement::task_id(&network.chain, &contract, 1);
    // Refused at the door, with the reason.
    let foreign = Tx { chain: ChainId([1; 32]), ..network.tx(BOB, 0, Action::Lock { task }) };
    let foreign = foreign.sign(&key(BOB)).expect("its own key");
    assert_eq!(network.send(&foreign).await.0, 422);
    let locked = network.done(ALICE, Action::Lock { task }).await;
    // Refused in a block: it is another's.
    let refused = network.run(BOB, Action::Release { task }).await;
    assert_eq!(refused["ending"], "refused");
    let honest = served.answer(network.chain, ALICE, &network.task(&task).await);
    let bad = Answer { proof: Box::new([0xff; 256]), ..honest.clone() };
    let rejected = network.run(ALICE, Action::Submit { task, answer: bad }).await;
    let accepted = network.done(ALICE, Action::Submit { task, answer: honest }).await;
    for _ in 0..Rules::local().final_blocks {
        network.block().await;
    }
    assert_eq!(network.task(&task).await["state"], "final");
    network.node.shutdown().await.expect("a clean end");

    let mine: Vec<Line> = {
        let lines = lines().lock().expect("no panic");
        lines.iter().filter(|line| line.get("task") == Some(&task.to_string())).cloned().collect()
    };
    let of = |line: &Line, field: &str| line.get(field).cloned().unwrap_or_default();
    let (alice, bob) = (account(ALICE).to_string(), account(BOB).to_string());
    let text = |receipt: &serde_json::Value, field: &str| {
        receipt[field].as_str().map_or_else(|| receipt[field].to_string(), str::to_owned)
    };

    // The market's events, each with its place, its contract, its provider and the transaction that made it.
    let events: Vec<&Line> = mine.iter().filter(|line| line["message"] == "event").collect();
    let expected = [
        ("task_opened", "", Some(&asked)),
        ("task_locked", &alice, Some(&locked)),
        ("proof_rejected", &alice, Some(&rejected)),
        ("task_accepted", &alice, Some(&accepted)),
        ("callback", "", None),
        ("task_final", &alice, None),
    ];
    let names: Vec<String> = events.iter().map(|line| of(line, "event")).collect();
    assert_eq!(names, expected.map(|(name, ..)| name));
    for (line, (name, provider, receipt)) in events.iter().zip(expected) {
        assert_eq!(of(line, "contract"), contract.to_string(), "{name}");
        assert_eq!(of(line, "provider"), *provider, "{name}");
        assert_eq!(of(line, "tx"), receipt.map(|receipt| text(receipt, "hash")).unwrap_or_default(), "{name}");
        if let Some(receipt) = receipt {
            assert_eq!(of(line, "height"), text(receipt, "height"), "{name}");
        }
    }
    assert_eq!(of(events[2], "reason"), "the proof does not verify");

    // The transactions about it, in blocks and not, with what the operator is told and a contract is not.
    let txs: Vec<&Line> = mine.iter().filter(|line| line["message"] == "transaction").collect();
    let expected = [
        ("lock", &alice, &locked, "OK", ""),
        ("release", &bob, &refused, &text(&refused["status"], "name"), ""),
        ("submit", &alice, &rejected, "E_ENC", "flags"),
        ("submit", &alice, &accepted, "OK", "none"),
    ];
    assert_eq!(txs.len(), expected.len(), "{txs:?}");
    for (line, (action, provider, receipt, status, proof)) in txs.iter().zip(expected) {
        assert_eq!((of(line, "action"), of(line, "provider")), (action.to_owned(), provider.clone()));
        assert_eq!((of(line, "status"), of(line, "proof")), (status.to_owned(), proof.to_owned()), "{action}");
        for (field, shown) in [("tx", "hash"), ("height", "height"), ("reason", "detail"), ("ending", "ending")] {
            assert_eq!(of(line, field), text(receipt, shown), "{action}: {field}");
        }
        assert_eq!(of(line, "contract"), contract.to_string(), "{action}");
        assert_eq!(of(line, "fuel"), text(receipt, "fuel_used"), "{action}");
    }
    let not_taken: Vec<&Line> = mine.iter().filter(|line| line["message"] == "transaction not taken").collect();
    assert_eq!(not_taken.len(), 1);
    assert_eq!((of(not_taken[0], "tx"), of(not_taken[0], "provider")), (foreign.hash().to_string(), bob));
    assert_eq!(of(not_taken[0], "reason"), "transaction: signed for another chain");
    assert_eq!(mine.len(), events.len() + txs.len() + not_taken.len(), "nothing else names it");
}
