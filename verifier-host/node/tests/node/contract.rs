//! The main job over HTTP, with ZERA's published snippet as the contract.

use serde_json::json;
use zera_abi::Amount;
use zera_host::{Action, ConfigEntry};
use zera_library::special_price;
use zera_market::Rules;

use crate::network::*;

fn configured() -> Vec<ConfigEntry> {
    let zra = |zra| Amount::from_zra(zra).expect("fits");
    let entry = |key: &str, amount| ConfigEntry { key: key.to_owned(), amount };
    vec![
        entry("OFFCHAIN_COMP_MIN_STAKE", zra(10)),
        entry("OFFCHAIN_COMP_BOUNTY", zra(20)),
        entry("OFFCHAIN_COMP_CALLBACK_FUEL", Amount::from_units(5_000_000)),
    ]
}

#[tokio::test]
async fn the_snippet_asks_and_acts_in_the_block_that_carries_the_proof() {
    let mut network = Network::new().await;
    let served = Served::new(special_price::NAME);
    let wasm = include_bytes!("../../../../contracts/prebuilt/special_price.wasm").to_vec();
    let contract = network.serve(&served, wasm, configured()).await;
    let input = special_price::Input { threshold: 100, max_spread_bps: 500, quotes: vec![101, 104, 102] };
    let input = input.encode().expect("well-formed").to_vec();
    let ask = Action::Call { contract, entry: "evaluate_complex_condition".to_owned(), input: input.clone() };
    let asked = network.done(OWNER, ask).await["height"].as_u64().expect("a height");

    let tasks = network.ok("/v1/tasks?state=open").await;
    let task = &tasks["tasks"][0];
    assert_eq!((task["opened"].clone(), task["deadline"].clone()), (json!(asked), json!(asked + 100)));
    assert_eq!(task["public"], hex(&input));
    assert_eq!(task["contract"], contract.to_string());
    assert_eq!(task["key"], served.keys.verifying.id().to_string());
    assert_eq!(task["bounty_max"], "20000000000");
    let id = task["id"].as_str().expect("an id").parse().expect("an id");
    let state = format!("/v1/contracts/{contract}/storage/{}", hex(b"state"));
    assert_eq!(network.get(&state).await.0, 404, "not answered yet");

    // The lock is at the price that was shown for it.
    let (price, stake) = (task["price"].clone(), task["stake_required"].clone());
    network.done(ALICE, Action::Lock { task: id }).await;
    let locked = network.task(&id).await;
    assert_eq!(
        (locked["state"].clone(), locked["provider"].clone()),
        (json!("assigned"), json!(account(ALICE).to_string()))
    );
    assert_eq!((locked["locked_price"].clone(), locked["escrow"]["stake"].clone()), (price.clone(), stake));
    assert!(locked["price"].is_null());

    let answer = served.answer(network.chain, ALICE, &locked);
    let submitted = network.done(ALICE, Action::Submit { task: id, answer }).await;
    assert_eq!(network.ok(&state).await["value"], "01", "the contract acted");
    let accepted = network.task(&id).await;
    assert_eq!((accepted["level"].clone(), accepted["outcome"].clone()), (json!("accepted"), json!("true")));
    assert_eq!(accepted["submissions"][0]["height"], submitted["height"]);
    assert_eq!(accepted["submissions"][0]["accepted"], true);
    assert_eq!(network.ok(&format!("/v1/contracts/{contract}")).await["pending"], 0, "cleared");

    // Accepted and called back at the same height, in this order.
    let events = network.events(3).await;
    let place = |name: &str| {
        let event = events.iter().find(|event| event["event"] == name).expect("told");
        (event["height"].as_u64().expect("a height"), event["index"].as_u64().expect("an index"))
    };
    let height = submitted["height"].as_u64().expect("a height");
    assert_eq!(place("task_accepted").0, height);
    assert_eq!(place("callback").0, height);
    assert!(place("task_accepted") < place("callback"));
    assert_eq!(place("task_opened").0, asked);
    let callback = events.iter().find(|event| event["event"] == "callback").expect("told");
    assert_eq!(
        (callback["done"].clone(), callback["entry"].clone()),
        (json!(true), json!("process_verified_condition_result"))
    );

    // Money at final, not before.
    let before = network.ok(&format!("/v1/accounts/{}", account(ALICE))).await;
    for _ in 0..Rules::local().final_blocks {
        network.block().await;
    }
    let end = network.task(&id).await;
    assert_eq!(
        (end["state"].clone(), end["level"].clone(), end["end"].clone()),
        (json!("final"), json!("final"), json!("none"))
    );
    let after = network.ok(&format!("/v1/accounts/{}", account(ALICE))).await;
    let units = |value: &serde_json::Value| value.as_str().expect("a string").parse::<u128>().expect("a number");
    assert_eq!(units(&after["locked"]), 0);
    assert_eq!(units(&after["free"]), units(&before["free"]) + units(&before["locked"]) + units(&price));
    assert_eq!(network.ok("/v1/market").await["conserved"], true);
    network.node.shutdown().await.expect("a clean end");
}

#[tokio::test]
async fn a_query_runs_and_keeps_nothing() {
    let mut network = Network::new().await;
    let contract = network.deploy(asker(), vec![]).await;
    let before = network.ok("/v1/status").await;
    let query = |entry: &str, input: &str| json!({ "entry": entry, "input": input });
    let path = format!("/v1/contracts/{contract}/query");
    let (status, echo) = network.post(&path, &query("echo", "00ff17")).await;
    assert_eq!((status, &echo["end"], &echo["data"]), (200, &json!("done"), &json!("00ff17")));
    assert!(echo["fuel_used"].as_u64().is_some_and(|fuel| fuel > 0));
    assert_eq!(network.post(&path, &query("echo", "00ff17")).await.1, echo, "the same again");
    let (_, fail) = network.post(&path, &query("fail", "")).await;
    assert_eq!((&fail["end"], &fail["code"], &fail["detail"]), (&json!("aborted"), &json!(7), &json!("state")));
    assert_eq!(network.post(&path, &query("spin", "")).await.1["end"], "trapped");
    assert_eq!(network.post(&path, &query("nothing", "")).await.1["end"], "no_entry");
    // What only the host calls.
    assert_eq!(network.post(&path, &query("process_verified_condition_result", "")).await.0, 403);
    for bad in [
        query("echo", "0"),
        query("echo", "AB"),
        json!({ "entry": "echo" }),
        json!({ "entry": "echo", "input": "", "caller": "1" }),
    ] {
        assert_eq!(network.post(&path, &bad).await.0, 400, "{bad}");
    }
    assert_eq!(network.ok("/v1/status").await, before);
    assert_eq!(network.get(&format!("/v1/contracts/{contract}/storage/{}", hex(b"state"))).await.0, 404);
    // The chain goes on.
    network.done(ALICE, Action::Call { contract, entry: "echo".to_owned(), input: vec![1] }).await;
    assert_eq!(network.ok(&format!("/v1/contracts/{contract}/storage/{}", hex(b"state"))).await["value"], "01");
    network.node.shutdown().await.expect("a clean end");
}
