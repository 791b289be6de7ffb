//! Why nobody takes a task: what providers say, and what is no provider's to say.

use ed25519_dalek::Signer;
use serde_json::{Value, json};
use zera_abi::wire::Request;
use zera_abi::{Level, TaskId};
use zera_host::{Action, RequestBytes, decline_message};
use zera_library::range;

use crate::network::{key as key_of, *};

/// The owner asks; nobody has locked yet.
async fn asked(network: &mut Network) -> TaskId {
    let served = Served::new(range::NAME);
    network.done(OWNER, Action::Publish(served.publication())).await;
    network.done(OWNER, served.registration()).await;
    let request = RequestBytes::new(&Request {
        predicate: served.publication().id(),
        public: &range::Input { x: 42, lo: 18, hi: 99 }.encode(),
        bounty: 4_000_000_000,
        min_stake: 0,
        value_at_risk: 0,
        deadline: network.height().await + 100,
        callback_fuel: 0,
        expected: &[],
        attested: false,
        level: Level::Accepted,
    })
    .expect("a request");
    let opened = network.done(OWNER, Action::Open { request }).await;
    opened["data"].as_str().expect("an id").parse().expect("an id")
}

fn body(network: &Network, task: &TaskId, who: u8, reason: &str) -> Value {
    let signature = key_of(who).sign(&decline_message(&network.chain, task, reason)).to_bytes();
    json!({ "from": account(who).to_string(), "reason": reason, "signature": hex(&signature) })
}

/// A reason of Alice's for an open task; the path where it is told.
pub async fn told(network: &Network, task: &TaskId) -> String {
    let path = format!("/v1/tasks/{task}/declines");
    assert_eq!(network.post(&path, &body(network, task, ALICE, "underpriced")).await.0, 200);
    path
}

#[tokio::test]
async fn reasons_are_counted_by_provider_and_read_by_whoever_asked() {
    let mut network = Network::new().await;
    let task = asked(&mut network).await;
    let path = format!("/v1/tasks/{task}/declines");
    let none = json!({ "task": task.to_string(), "declines": [] });
    assert_eq!(network.ok(&path).await, none);
    for (who, reason) in [(ALICE, "underpriced"), (BOB, "underpriced"), (ALICE, "deadline"), (ALICE, "underpriced")] {
        let (status, said) = network.post(&path, &body(&network, &task, who, reason)).await;
        assert_eq!(status, 200, "{said}");
    }
    let all = json!({
        "task": task.to_string(),
        "declines": [{ "reason": "deadline", "providers": 1 }, { "reason": "underpriced", "providers": 2 }],
    });
    assert_eq!(network.ok(&path).await, all);
    // Once it is taken there is nothing to decline; what was said stays.
    network.done(ALICE, Action::Lock { task }).await;
    assert_eq!(network.post(&path, &body(&network, &task, BOB, "deadline")).await.0, 409);
    assert_eq!(network.ok(&path).await, all);
}

#[tokio::test]
async fn nobody_speaks_for_another_or_without_a_stake() {
    let mut network = Network::new().await;
    let task = asked(&mut network).await;
    let path = format!("/v1/tasks/{task}/declines");
    let good = body(&network, &task, ALICE, "underpriced");
    let changed = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    let signature = |text: &str| changed("signature", json!(text));
    for (body, expected) in [
        (changed("from", json!(account(BOB).to_string())), 403),
        (changed("reason", json!("deadline")), 403),
        (changed("reason", json!("Not A Reason")), 400),
        (changed("reason", json!("a".repeat(33))), 400),
        (changed("reason", json!("")), 400),
        (signature("00"), 400),
        (signature(&"0".repeat(128)), 403),
        // Signed, by an account that has nothing.
        (body(&network, &task, 99, "underpriced"), 403),
    ] {
        let (status, said) = network.post(&path, &body).await;
        assert_eq!(status, expected, "{body}: {said}");
    }
    let other = TaskId([9; 32]);
    let unknown = format!("/v1/tasks/{other}/declines");
    assert_eq!(network.post(&unknown, &body(&network, &other, ALICE, "underpriced")).await.0, 404);
    assert_eq!(network.get(&unknown).await.0, 404);
    assert_eq!(network.ok(&path).await["declines"], json!([]));
}
