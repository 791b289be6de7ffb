//! The chain as others follow it: every block's transactions, applied again elsewhere, give the same blocks.

use std::sync::Arc;

use serde_json::json;
use zera_abi::Height;
use zera_host::{Action, Chain, CostSchedule, Publication, SignedTx, Verdicts};
use zera_library::range::{self, Input};
use zera_market::ports::MemStore;

use crate::network::*;

#[tokio::test]
async fn blocks_are_made_again_from_what_the_api_gives() {
    let mut network = Network::new().await;
    let served = Served::new(range::NAME);
    let contract = network.serve(&served, asker(), vec![]).await;
    let asks = (0..4).map(|n| {
        let public = Input { x: n * 30, lo: 20, hi: 80 }.encode();
        Action::Call { contract, entry: "ask".to_owned(), input: served.request(&public, 100) }
    });
    network.in_one_block(OWNER, asks.collect()).await;
    let task = network.ok("/v1/tasks").await["tasks"][0]["id"].as_str().expect("an id").parse().expect("an id");
    network.done(ALICE, Action::Lock { task }).await;
    let answer = served.answer(network.chain, ALICE, &network.task(&task).await);
    network.done(ALICE, Action::Submit { task, answer }).await;
    network.block().await;

    let mut chain = Chain::open(Arc::new(MemStore::default()), &genesis()).expect("a new chain");
    assert_eq!(network.ok("/v1/blocks/0/txs").await, json!({ "height": 0, "txs": [], "next": null }));
    let mut most = 0;
    for height in 1..=network.height().await {
        let page = network.ok(&format!("/v1/blocks/{height}/txs")).await;
        assert!(page["next"].is_null());
        let found = page["txs"].as_array().expect("a list");
        most = most.max(found.len());
        let txs = found.iter().map(|tx| {
            let decoded = SignedTx::decode(&bytes(tx["bytes"].as_str().expect("hex"))).expect("as it was signed");
            assert_eq!(tx["hash"], decoded.hash().to_string());
            decoded
        });
        let report = chain.apply(txs.collect(), Verdicts::default()).expect("applied");
        assert_eq!(report.receipts.len(), found.len(), "all of them");
        let header = network.ok(&format!("/v1/blocks/{height}")).await;
        assert_eq!(header["hash"], hex(&report.header.hash()), "block {height}");
        assert_eq!(header["state_root"], hex(&report.header.state_root));
        // From an index on, and beyond the end.
        let rest = network.ok(&format!("/v1/blocks/{height}/txs?from=1")).await;
        assert_eq!(rest["txs"].as_array().expect("a list").as_slice(), found.get(1..).unwrap_or_default());
        let none = network.ok(&format!("/v1/blocks/{height}/txs?from=18446744073709551615")).await;
        assert_eq!(none, json!({ "height": height, "txs": [], "next": null }));
    }
    assert_eq!((most, chain.head().height), (4, Height(network.height().await)));
    let beyond = network.height().await + 1;
    assert_eq!(network.get(&format!("/v1/blocks/{beyond}/txs")).await.0, 404);
    network.node.shutdown().await.expect("a clean end");
}

#[tokio::test]
async fn a_name_says_what_it_means_and_what_it_will() {
    let mut network = Network::new().await;
    let first = Served::new(range::NAME).publication();
    let second = Publication { manifest_hash: [7; 32], ..first.clone() };
    let path = format!("/v1/names/{}", first.name);
    assert_eq!(network.get(&path).await.0, 404);
    network.done(OWNER, Action::Publish(first.clone())).await;
    let owner = account(OWNER).to_string();
    let name = |active: &Publication, next: serde_json::Value, height: serde_json::Value| {
        let active = active.id().to_string();
        json!({ "name": first.name, "owner": owner, "active": active, "next": next, "next_height": height })
    };
    assert_eq!(network.ok(&path).await, name(&first, json!(null), json!(null)));
    let published = network.done(OWNER, Action::Publish(second.clone())).await["height"].as_u64().expect("a height");
    let from = published + genesis().name_timelock.0;
    while network.height().await + 1 < from {
        assert_eq!(network.ok(&path).await, name(&first, json!(second.id().to_string()), json!(from)));
        network.block().await;
    }
    // It holds from the next block on.
    assert_eq!(network.ok(&path).await, name(&second, json!(null), json!(null)));
    let by_name = network.ok(&format!("/v1/predicates/{}", first.name)).await;
    assert_eq!(by_name["id"], second.id().to_string(), "both routes say the same");
    network.node.shutdown().await.expect("a clean end");
}

#[tokio::test]
async fn prices_are_those_that_are_charged() {
    let mut network = Network::new().await;
    let cost = network.ok("/v1/cost").await;
    let schedule = CostSchedule::v1();
    assert_eq!((cost["version"].clone(), cost["fuel_price"].clone()), (json!(1), json!(genesis().fuel_price)));
    assert_eq!(
        cost["prices"].as_object().expect("prices").len(),
        schedule.entries().len() - 1,
        "the version stands by itself"
    );
    assert_eq!(cost["prices"]["verify_base"], schedule.verify_base);
    // A transfer costs its floor, its bytes and two rows at least, as the table says.
    let transfer = Action::Transfer { to: account(BOB), amount: zera_abi::Amount::from_units(1) };
    let tx = network.sign(ALICE, transfer);
    assert_eq!(network.send(&tx).await.0, 202);
    let fuel = network.wait(&tx.hash()).await.1["fuel_used"].as_u64().expect("a number");
    let price = |name: &str| cost["prices"][name].as_u64().expect("a price");
    let len = u64::try_from(tx.encode().len()).expect("small");
    assert!(fuel >= price("tx_floor") + price("tx_byte") * len, "{fuel}");
    network.node.shutdown().await.expect("a clean end");
}
