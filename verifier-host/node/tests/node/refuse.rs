//! Inputs that must be refused, each with its status.

use serde_json::{Value, json};
use zera_abi::{Amount, ChainId, Height};
use zera_host::{Action, MAX_TX_LEN, Tx};
use zera_node::{BODY_MAX, PER_SENDER_MAX, TX_BODY_MAX};

use crate::network::*;

fn pay() -> Action {
    Action::Transfer { to: account(BOB), amount: Amount::from_units(1) }
}

async fn refused(network: &Network, tx: Tx, seed: u8) -> (u16, String) {
    let tx = tx.sign(&key(seed)).expect("its own key");
    let (status, body) = network.send(&tx).await;
    (status, body["error"]["code"].as_str().unwrap_or("none").to_owned())
}

#[tokio::test]
async fn bodies_that_are_no_request() {
    let network = Network::new().await;
    let deep = format!("{{\"tx\":{}{}}}", "[".repeat(1_000), "]".repeat(1_000));
    let deep_unknown = format!("{{\"a\":{}1{}}}", "{\"a\":".repeat(1_000), "}".repeat(1_000));
    let bodies: [(&str, &str); 18] = [
        ("empty", ""),
        ("cut off", "{\"tx\":\"00"),
        ("not JSON", "tx=00"),
        ("no object", "\"00\""),
        ("an array of the fields", "[\"00\"]"),
        ("null", "null"),
        ("field missing", "{}"),
        ("field unknown", "{\"tx\":\"00\",\"more\":1}"),
        ("field twice", "{\"tx\":\"00\",\"tx\":\"00\"}"),
        ("another type", "{\"tx\":-1}"),
        ("NaN", "{\"tx\":NaN}"),
        ("bytes after", "{\"tx\":\"00\"}}"),
        ("hex odd", "{\"tx\":\"000\"}"),
        ("hex in capitals", "{\"tx\":\"AB\"}"),
        ("not hex", "{\"tx\":\"zz\"}"),
        ("no transaction", "{\"tx\":\"01\"}"),
        ("deep", &deep),
        ("deep and unknown", &deep_unknown),
    ];
    for (what, body) in bodies {
        let (status, answer) = network.post_raw("/v1/tx", body.to_owned()).await;
        assert_eq!((status, &answer["error"]["code"]), (400, &json!("E_ENC")), "{what}: {answer}");
    }
    let (status, answer) = network.post_raw("/v1/tx", b"{\"tx\":\"\xff\xfe\"}".to_vec()).await;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!("E_ENC")), "not UTF-8");
    // Numbers where a query takes them.
    for bad in ["limit=0", "limit=-1", "limit=101", "limit=NaN", "limit=1&limit=2", "more=1", "state=lost", "after=00"]
    {
        assert_eq!(network.get(&format!("/v1/tasks?{bad}")).await.0, 400, "{bad}");
    }
    for bad in ["since=1", "since=-1:0", "since=01:0", "limit=1001", "limit=1e3"] {
        assert_eq!(network.get(&format!("/v1/events/list?{bad}")).await.0, 400, "{bad}");
    }
    assert_eq!(network.get("/v1/events/list?since=1:0").await.0, 409, "beyond the head");
    network.node.shutdown().await.expect("a clean end");
}

#[tokio::test]
async fn bodies_too_large_and_of_another_type() {
    let network = Network::new().await;
    let largest = format!("{{\"tx\":\"{}\"}}", "0".repeat(TX_BODY_MAX - 9));
    assert_eq!(largest.len(), TX_BODY_MAX);
    let (status, answer) = network.post_raw("/v1/tx", largest.clone()).await;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!("E_ENC")), "read, and odd: {answer}");
    for more in [1, 2_000_000] {
        let body = format!("{largest}{}", " ".repeat(more));
        let (status, answer) = network.post_raw("/v1/tx", body).await;
        assert_eq!((status, &answer["error"]["code"]), (413, &json!("E_LIMIT")), "{more} more");
    }
    // The length is counted, not believed: a body without one is refused at the same size.
    let chunks: Vec<Result<Vec<u8>, std::io::Error>> = (0..8).map(|_| Ok(vec![b' '; TX_BODY_MAX / 7])).collect();
    let stream = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
    assert_eq!(network.post_raw("/v1/tx", stream).await.0, 413);
    let long = json!({ "tx": "00".repeat(MAX_TX_LEN + 1) });
    assert_eq!(network.post("/v1/tx", &long).await.0, 413, "a transaction is at most {MAX_TX_LEN} bytes");
    let contract = account(BOB);
    let query = json!({ "entry": "e", "input": "0".repeat(BODY_MAX) });
    assert_eq!(network.post(&format!("/v1/contracts/{contract}/query"), &query).await.0, 413);
    for kind in ["text/plain", "application/x-www-form-urlencoded", ""] {
        let request = network.http.post(network.url("/v1/tx")).header("content-type", kind).body("{\"tx\":\"00\"}");
        assert_eq!(request.send().await.expect("an answer").status(), 415, "{kind}");
    }
    network.node.shutdown().await.expect("a clean end");
}

#[tokio::test]
async fn transactions_that_can_be_in_no_block() {
    let mut network = Network::new().await;
    network.block().await;
    let good = |nonce| network.tx(ALICE, nonce, pay());
    let cases = [
        ("another chain", Tx { chain: ChainId([9; 32]), ..good(0) }, ALICE, 422, "E_UNSUPPORTED"),
        ("expired", Tx { expiry: Height(1), ..good(0) }, ALICE, 422, "E_DEADLINE"),
        ("too little fuel", Tx { fuel_limit: 1, ..good(0) }, ALICE, 422, "E_LIMIT"),
        ("too much fuel", Tx { fuel_limit: u64::MAX, ..good(0) }, ALICE, 422, "E_LIMIT"),
        ("no money", network.tx(POOR, 0, pay()), POOR, 422, "E_FUNDS"),
        // What waits for an earlier nonce could pay.
        ("no money, later", network.tx(POOR, 1, pay()), POOR, 422, "E_FUNDS"),
        ("too little fuel, later", Tx { fuel_limit: 1, ..good(1) }, ALICE, 422, "E_LIMIT"),
        ("far ahead", good(u64::try_from(PER_SENDER_MAX).expect("small")), ALICE, 422, "E_STATE"),
        ("farthest ahead", good(u64::MAX), ALICE, 422, "E_STATE"),
    ];
    for (what, tx, seed, status, code) in cases {
        assert_eq!(refused(&network, tx, seed).await, (status, code.to_owned()), "{what}");
    }
    // Damaged and foreign signatures.
    let mut signed = good(0).sign(&key(ALICE)).expect("its own key").encode();
    *signed.last_mut().expect("not empty") ^= 1;
    let (status, body) = network.post("/v1/tx", &json!({ "tx": hex(&signed) })).await;
    assert_eq!((status, &body["error"]["code"]), (403, &json!("E_UNAUTH")));
    // Replayed: another transaction on a nonce that was used.
    network.done(ALICE, pay()).await;
    let replay = network.tx(ALICE, 0, Action::Transfer { to: account(BOB), amount: Amount::from_units(2) });
    assert_eq!(refused(&network, replay, ALICE).await, (409, "E_DUP".to_owned()));
    assert_eq!(network.ok("/v1/status").await["pending_txs"], 0, "none of them waits");
    // One sender's share of the pool: what would be a 17th is the sixteenth ahead.
    for ahead in 1..PER_SENDER_MAX {
        let tx = network.tx(BOB, u64::try_from(ahead).expect("small"), pay()).sign(&key(BOB)).expect("its own key");
        assert_eq!(network.send(&tx).await.0, 202, "{ahead}");
    }
    assert_eq!(network.ok("/v1/status").await["pending_txs"], PER_SENDER_MAX - 1);
    network.node.shutdown().await.expect("a clean end");
}

#[tokio::test]
async fn what_is_not_there() {
    let network = Network::new().await;
    let id = "ab".repeat(32);
    for path in [
        format!("/v1/tx/{id}"),
        format!("/v1/tx/{id}/wait?timeout_ms=1000"),
        format!("/v1/tasks/{id}"),
        format!("/v1/tasks?after={id}"),
        format!("/v1/contracts/{id}"),
        format!("/v1/contracts/{id}/storage/00"),
        format!("/v1/keys/{id}"),
        format!("/v1/predicates/{id}"),
        "/v1/predicates/Nobody".to_owned(),
        "/v1/blocks/1".to_owned(),
        "/v2".to_owned(),
        "/v1/tx/".to_owned(),
    ] {
        let (status, body) = network.get(&path).await;
        assert_eq!((status, &body["error"]["code"]), (404, &json!("E_NOT_FOUND")), "{path}: {body}");
    }
    for path in ["/v1/tx/00", "/v1/tasks/AB", "/v1/accounts/x", "/v1/keys/%ff", "/v1/blocks/-1", "/v1/blocks/1.5"] {
        let (status, body) = network.get(path).await;
        assert_eq!((status, &body["error"]["code"]), (400, &json!("E_ENC")), "{path}: {body}");
    }
    for path in [format!("/v1/contracts/{id}/storage/0"), format!("/v1/blocks/{}", "9".repeat(40))] {
        assert_eq!(network.get(&path).await.0, 400, "{path}");
    }
    let query = json!({ "entry": "ask", "input": "" });
    assert_eq!(network.post(&format!("/v1/contracts/{id}/query"), &query).await.0, 404);
    // An account that never was has nothing.
    let nobody = network.ok(&format!("/v1/accounts/{id}")).await;
    let standing = json!({
        "staked": "0", "backing": "0", "unbonding": [], "locks": 0, "reserved": "0", "margin": "0", "liveness": 0, "safety": 0,
        "releases": 0, "capacity": null, "jailed_until": null, "margin_call": null,
    });
    let nothing: Value = json!({
        "id": id, "free": "0", "locked": "0", "voting": "0", "ballots": [], "nonce": 0, "contract": false, "standing": standing,
    });
    assert_eq!(nobody, nothing);
    for (path, method) in [("/v1/tx", "GET"), ("/v1/status", "POST"), ("/v1/events", "DELETE")] {
        let method = method.parse().expect("a method");
        let answer = network.http.request(method, network.url(path)).send().await.expect("an answer");
        assert_eq!(answer.status(), 405, "{path}");
    }
    network.node.shutdown().await.expect("a clean end");
}
