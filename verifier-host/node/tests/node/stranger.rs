//! What a stranger may send, one test for each kind: refused with a status, nothing kept, and the node goes on.

use reqwest::Method;
use serde_json::json;
use zera_abi::{Amount, ChainId};
use zera_host::{Action, Tx};
use zera_node::{BODY_MAX, TX_BODY_MAX};

use crate::network::*;

fn pay() -> Action {
    Action::Transfer { to: account(BOB), amount: Amount::from_units(1) }
}

/// The node is as it was and takes a transaction.
async fn goes_on(mut network: Network) {
    let status = network.ok("/v1/status").await;
    assert_eq!(status["pending_txs"], 0, "nothing of it waits");
    network.sync(ALICE).await;
    let receipt = network.done(ALICE, pay()).await;
    assert_eq!(receipt["height"], status["height"].as_u64().expect("a height") + 1);
    assert_eq!(network.get("/readyz").await.0, 200);
    assert!(network.node.fault().is_none());
    network.node.shutdown().await.expect("a clean end");
}

/// A body for `POST /v1/tx` that is refused so.
async fn body(body: impl Into<reqwest::Body>, status: u16, code: &str) {
    let network = Network::new().await;
    let (got, answer) = network.post_raw("/v1/tx", body).await;
    assert_eq!((got, answer["error"]["code"].as_str()), (status, Some(code)), "{answer}");
    goes_on(network).await;
}

#[tokio::test]
async fn row_96_body_over_the_limit() {
    body(format!("{{\"tx\":\"{}\"}}", "0".repeat(TX_BODY_MAX)), 413, "E_LIMIT").await;
}

#[tokio::test]
async fn row_96_body_over_the_limit_of_a_query() {
    let network = Network::new().await;
    let path = format!("/v1/contracts/{}/query", account(BOB));
    let query = json!({ "entry": "echo", "input": "0".repeat(BODY_MAX) });
    assert_eq!(network.post(&path, &query).await.0, 413);
    goes_on(network).await;
}

#[tokio::test]
async fn row_96_bad_json() {
    for text in ["", "{", "{\"tx\":\"00\"", "{'tx':'00'}", "{\"tx\":\"00\",}", "tx=00", "\u{0}", "{\"tx\":\"\\ud800\"}"]
    {
        body(text, 400, "E_ENC").await;
    }
}

#[tokio::test]
async fn row_96_depth_1000() {
    for (open, end) in [("[", "]"), ("{\"a\":", "}")] {
        for field in ["tx", "unknown"] {
            let text = format!("{{\"{field}\":{}0{}}}", open.repeat(1_000), end.repeat(1_000));
            body(text, 400, "E_ENC").await;
        }
    }
}

#[tokio::test]
async fn row_96_duplicate_keys() {
    body("{\"tx\":\"00\",\"tx\":\"00\"}", 400, "E_ENC").await;
}

#[tokio::test]
async fn row_96_nan() {
    for text in ["NaN", "Infinity", "-Infinity", "1e999"] {
        body(format!("{{\"tx\":{text}}}"), 400, "E_ENC").await;
    }
    let network = Network::new().await;
    for path in ["/v1/tasks?limit=NaN", "/v1/blocks/NaN", "/v1/events/list?limit=NaN"] {
        assert_eq!(network.get(path).await.0, 400, "{path}");
    }
    goes_on(network).await;
}

#[tokio::test]
async fn row_96_negative_numbers() {
    body("{\"tx\":-1}", 400, "E_ENC").await;
    let network = Network::new().await;
    for path in [
        "/v1/tasks?limit=-1",
        "/v1/blocks/-1",
        "/v1/blocks/-1/txs",
        "/v1/blocks/0/txs?from=-1",
        "/v1/events/list?limit=-1",
        "/v1/events/list?since=-1:0",
        "/v1/tx/00/wait?timeout_ms=-1",
    ] {
        assert_eq!(network.get(path).await.0, 400, "{path}");
    }
    goes_on(network).await;
}

#[tokio::test]
async fn row_96_odd_hex() {
    body("{\"tx\":\"000\"}", 400, "E_ENC").await;
    let network = Network::new().await;
    for path in [
        format!("/v1/tx/{}", "a".repeat(63)),
        format!("/v1/accounts/{}", "a".repeat(65)),
        format!("/v1/contracts/{}/storage/000", account(BOB)),
    ] {
        assert_eq!(network.get(&path).await.0, 400, "{path}");
    }
    goes_on(network).await;
}

#[tokio::test]
async fn row_96_hex_in_capitals() {
    let network = Network::new().await;
    // A transaction that would be taken, were it written as it should be.
    let tx = network.tx(ALICE, 0, pay()).sign(&key(ALICE)).expect("its own key");
    let (status, answer) = network.post("/v1/tx", &json!({ "tx": hex(&tx.encode()).to_uppercase() })).await;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!("E_ENC")));
    assert_eq!(network.get(&format!("/v1/accounts/{}", account(ALICE).to_string().to_uppercase())).await.0, 400);
    goes_on(network).await;
}

#[tokio::test]
async fn row_96_replayed_transaction() {
    let mut network = Network::new().await;
    let tx = network.sign(ALICE, pay());
    assert_eq!(network.send(&tx).await.0, 202);
    let (_, receipt) = network.wait(&tx.hash()).await;
    let balance = network.ok(&format!("/v1/accounts/{}", account(BOB))).await;
    for _ in 0..3 {
        assert_eq!(network.send(&tx).await.0, 200, "told to be in a block already");
        network.block().await;
    }
    assert_eq!(network.wait(&tx.hash()).await.1, receipt, "once, where it was");
    assert_eq!(network.ok(&format!("/v1/accounts/{}", account(BOB))).await, balance, "paid once");
    // The same nonce under another hash.
    let other = Action::Transfer { to: account(BOB), amount: Amount::from_units(2) };
    let other = network.tx(ALICE, 0, other).sign(&key(ALICE)).expect("its own key");
    let (status, answer) = network.send(&other).await;
    assert_eq!((status, &answer["error"]["code"]), (409, &json!("E_DUP")));
    goes_on(network).await;
}

#[tokio::test]
async fn row_96_another_chain() {
    let network = Network::new().await;
    let tx = Tx { chain: ChainId([7; 32]), ..network.tx(ALICE, 0, pay()) };
    let (status, answer) = network.send(&tx.sign(&key(ALICE)).expect("its own key")).await;
    assert_eq!((status, &answer["error"]["code"]), (422, &json!("E_UNSUPPORTED")));
    goes_on(network).await;
}

#[tokio::test]
async fn row_96_another_content_type() {
    let network = Network::new().await;
    for kind in ["", "text/plain", "text/json", "application/x-www-form-urlencoded", "multipart/form-data", "\u{e4}"] {
        let request = network.http.post(network.url("/v1/tx")).header("content-type", kind).body("{\"tx\":\"00\"}");
        assert_eq!(answered(request).await.0, 415, "{kind}");
    }
    goes_on(network).await;
}

#[tokio::test]
async fn row_96_unknown_method() {
    let network = Network::new().await;
    for (method, path) in [
        ("GET", "/v1/tx"),
        ("POST", "/v1/status"),
        ("PUT", "/v1/tx"),
        ("DELETE", "/v1/events"),
        ("TRACE", "/livez"),
        ("PATCH", "/metrics"),
        ("BREW", "/v1/market"),
    ] {
        let method = Method::from_bytes(method.as_bytes()).expect("a token");
        let (status, answer) = answered(network.http.request(method, network.url(path))).await;
        assert_eq!((status, &answer["error"]["code"]), (405, &json!("E_METHOD")), "{path}");
    }
    goes_on(network).await;
}
