//! Transactions from their signature to their receipt.

use std::time::Duration;

use serde_json::json;
use zera_abi::Amount;
use zera_host::Action;
use zera_node::BlockMode;

use crate::network::*;

fn pay(to: u8, zra: u64) -> Action {
    Action::Transfer { to: account(to), amount: Amount::from_zra(zra).expect("fits") }
}

#[tokio::test]
async fn a_transfer_moves_money_and_is_found_under_its_hash() {
    let mut network = Network::new().await;
    let before = network.ok("/v1/status").await;
    assert_eq!(before["height"], 0);
    assert_eq!(before["chain_id"], network.chain.to_string());
    assert_eq!((before["block_ms"].clone(), before["development"].clone()), (json!(0), json!(true)));
    let receipt = network.done(ALICE, pay(BOB, 25)).await;
    assert_eq!(receipt["height"], 1);
    assert_eq!(receipt["status"], json!({ "code": 1, "name": "OK" }));
    let fee: u128 = receipt["fee"].as_str().expect("a string").parse().expect("a number");
    assert_eq!(u128::from(receipt["fuel_used"].as_u64().expect("a number")), fee, "one unit a unit of fuel");
    let zra = |zra: u128| zra * 1_000_000_000;
    let alice = network.ok(&format!("/v1/accounts/{}", account(ALICE))).await;
    assert_eq!(alice["free"], (zra(9_975) - fee).to_string());
    assert_eq!((alice["nonce"].clone(), alice["contract"].clone()), (json!(1), json!(false)));
    assert_eq!(network.ok(&format!("/v1/accounts/{}", account(BOB))).await["free"], zra(10_025).to_string());
    let market = network.ok("/v1/market").await;
    assert_eq!(market["totals"]["treasury"], fee.to_string());
    assert_eq!(market["conserved"], true);
    // The block names the one before it.
    let after = network.ok("/v1/status").await;
    let block = network.ok("/v1/blocks/1").await;
    assert_eq!(block["hash"], after["block_hash"]);
    assert_eq!(block["previous"], before["block_hash"]);
    assert_eq!(block["state_root"], after["state_root"]);
    assert_eq!(network.ok("/version").await["protocol"], 1);
    network.node.shutdown().await.expect("a clean end");
}

#[tokio::test]
async fn the_same_transaction_sent_again_is_one_transaction() {
    let mut network = Network::new().await;
    let tx = network.sign(ALICE, pay(BOB, 1));
    assert_eq!(network.send(&tx).await.0, 202);
    assert_eq!(network.wait(&tx.hash()).await.0, 200);
    let hash = json!({ "hash": tx.hash().to_string() });
    assert_eq!(network.send(&tx).await, (200, hash));
    // Another transaction with the same nonce is no repetition.
    let other = network.tx(ALICE, 0, pay(BOB, 2)).sign(&key(ALICE)).expect("its own key");
    let (status, body) = network.send(&other).await;
    assert_eq!((status, &body["error"]["code"]), (409, &json!("E_DUP")));
    assert_eq!(network.ok(&format!("/v1/accounts/{}", account(ALICE))).await["nonce"], 1);
    network.node.shutdown().await.expect("a clean end");
}

#[tokio::test]
async fn a_nonce_gap_waits_and_is_filled_in_order() {
    let mut network = Network::new().await;
    let first = network.sign(ALICE, pay(BOB, 1));
    let second = network.sign(ALICE, pay(BOB, 2));
    let third = network.sign(ALICE, pay(BOB, 3));
    for tx in [&third, &second] {
        assert_eq!(network.send(tx).await.0, 202);
    }
    // Sent again while it waits.
    assert_eq!(network.send(&third).await.0, 202);
    let rival = network.tx(ALICE, 2, pay(BOB, 9)).sign(&key(ALICE)).expect("its own key");
    assert_eq!(network.send(&rival).await.1["error"]["code"], "E_DUP");
    let pending = json!({ "hash": third.hash().to_string(), "pending": true });
    assert_eq!(network.get(&format!("/v1/tx/{}", third.hash())).await, (202, pending.clone()));
    assert_eq!(network.get(&format!("/v1/tx/{}/wait?timeout_ms=50", third.hash())).await, (202, pending));
    // Nothing that can be applied: no block.
    let status = network.ok("/v1/status").await;
    assert_eq!((status["height"].clone(), status["pending_txs"].clone()), (json!(0), json!(2)));
    assert_eq!(network.send(&first).await.0, 202);
    for tx in [&first, &second, &third] {
        let (status, receipt) = network.wait(&tx.hash()).await;
        assert_eq!((status, &receipt["height"]), (200, &json!(1)), "one block for all three: {receipt}");
    }
    assert_eq!(network.ok("/v1/status").await["pending_txs"], 0);
    network.node.shutdown().await.expect("a clean end");
}

#[tokio::test]
async fn blocks_come_by_the_clock_with_nothing_in_them_and_waiting_ends_with_the_block() {
    let mut settings = config(mem());
    settings.block = BlockMode::Every(Duration::from_millis(20));
    let mut network = Network::start(settings).await;
    assert_eq!(network.ok("/v1/status").await["block_ms"], 20);
    let start = network.height().await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(network.height().await >= start + 3, "empty blocks");
    let receipt = network.done(ALICE, pay(BOB, 1)).await;
    assert!(receipt["height"].as_u64().is_some_and(|height| height > start));
    assert_eq!(network.get("/readyz").await, (200, "ok".into()));
    // Only a network without a clock makes blocks when asked.
    assert_eq!(network.post("/v1/dev/block", &json!({})).await.0, 403);
    network.node.shutdown().await.expect("a clean end");
}

#[tokio::test]
async fn a_transaction_that_expires_while_it_waits_says_so() {
    let mut network = Network::new().await;
    let mut tx = network.tx(ALICE, 1, pay(BOB, 1));
    tx.expiry = zera_abi::Height(3);
    let tx = tx.sign(&key(ALICE)).expect("its own key");
    assert_eq!(network.send(&tx).await.0, 202);
    for _ in 0..2 {
        network.block().await;
    }
    assert_eq!(network.get(&format!("/v1/tx/{}", tx.hash())).await.0, 202);
    network.block().await;
    let (status, body) = network.get(&format!("/v1/tx/{}", tx.hash())).await;
    assert_eq!((status, &body["error"]["code"]), (409, &json!("E_DEADLINE")));
    // The nonce is free for another.
    let first = network.sign(ALICE, pay(BOB, 1));
    let second = network.sign(ALICE, pay(BOB, 2));
    assert_eq!((network.send(&second).await.0, network.send(&first).await.0), (202, 202));
    assert_eq!(network.wait(&second.hash()).await.0, 200);
    network.node.shutdown().await.expect("a clean end");
}
