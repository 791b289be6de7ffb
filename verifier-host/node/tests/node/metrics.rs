//! The metrics against what happened.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use zera_abi::ChainId;
use zera_host::{Action, Tx};
use zera_library::range::{self, Input};
use zera_market::Answer;

use crate::network::*;

/// An exposition: series with their values.
struct Text(BTreeMap<String, f64>);

impl Text {
    async fn of(network: &Network) -> Text {
        let (status, text) = network.get("/metrics").await;
        assert_eq!(status, 200);
        Text::parse(text.as_str().expect("text"))
    }

    fn parse(text: &str) -> Text {
        assert!(text.ends_with("# EOF\n"));
        let (mut found, mut families) = (BTreeMap::new(), Vec::new());
        for line in text.lines() {
            if let Some(comment) = line.strip_prefix("# ") {
                let words: Vec<&str> = comment.splitn(3, ' ').collect();
                match words[0] {
                    "TYPE" => families.push(words[1].to_owned()),
                    "HELP" | "UNIT" | "EOF" => {}
                    other => panic!("{other}"),
                }
                continue;
            }
            let (series, value) = line.rsplit_once(' ').expect("a series and its value");
            let name = series.split('{').next().expect("a name");
            assert!(families.iter().any(|family| name.starts_with(family.as_str())), "{name} has no type");
            assert!(name.starts_with("zera_") && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
            let before = found.insert(series.to_owned(), value.parse().expect("a number"));
            assert!(before.is_none(), "{series} twice");
        }
        Text(found)
    }

    fn at(&self, series: &str) -> f64 {
        self.0.get(series).copied().unwrap_or(0.0)
    }

    /// The sum of all series of a name.
    fn sum(&self, name: &str) -> f64 {
        self.0.iter().filter(|(series, _)| series.split('{').next() == Some(name)).map(|(_, value)| value).sum()
    }

    /// The count of a histogram, whose buckets must add up to it.
    fn count(&self, name: &str) -> f64 {
        let mut buckets: Vec<(f64, f64)> = Vec::new();
        for (series, value) in &self.0 {
            if let Some(bound) = series.strip_prefix(&format!("{name}_bucket{{le=\"")) {
                let bound = bound.strip_suffix("\"}").expect("one label").replace("+Inf", "inf");
                buckets.push((bound.parse().expect("a bound"), *value));
            }
        }
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(buckets.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{name}: {buckets:?}");
        let count = self.at(&format!("{name}_count"));
        assert_eq!(buckets.last().map(|(bound, count)| (*bound, *count)), Some((f64::INFINITY, count)), "{name}");
        assert!(count == 0.0 || self.at(&format!("{name}_sum")) > 0.0, "{name}");
        count
    }
}

#[tokio::test]
async fn the_metrics_say_what_happened() {
    let mut network = Network::new().await;
    let before = Text::of(&network).await;
    assert_eq!(before.at("zera_build_info{version=\"0.1.0\",protocol=\"1\"}"), 1.0);
    assert_eq!((before.at("zera_height"), before.at("zera_ready")), (0.0, 1.0));
    // One predicate answered rightly after two bad proofs, and one task that waits.
    let served = Served::new(range::NAME);
    let contract = network.serve(&served, asker(), vec![]).await;
    let asks = (0..2).map(|n| {
        let public = Input { x: 50 + n, lo: 20, hi: 80 }.encode();
        Action::Call { contract, entry: "ask".to_owned(), input: served.request(&public, 100) }
    });
    network.in_one_block(OWNER, asks.collect()).await;
    let task = zera_statement::task_id(&network.chain, &contract, 1);
    network.done(ALICE, Action::Lock { task }).await;
    let honest = served.answer(network.chain, ALICE, &network.task(&task).await);
    let flags = Answer { proof: Box::new([0xff; 256]), ..honest.clone() };
    // Canonical points that satisfy nothing: A in the place of C.
    let mut swapped = honest.clone();
    swapped.proof.copy_within(..64, 192);
    for (answer, ending) in [(flags, "rejected"), (swapped, "rejected"), (honest, "done")] {
        assert_eq!(network.run(ALICE, Action::Submit { task, answer }).await["ending"], ending);
    }
    assert_eq!(network.run(BOB, Action::Lock { task }).await["ending"], "refused");
    let call = |entry: &str| Action::Call { contract, entry: entry.to_owned(), input: vec![] };
    assert_eq!(network.run(BOB, call("fail")).await["ending"], "aborted");
    assert_eq!(network.run(BOB, call("spin")).await["ending"], "trapped");
    // One that waits, one from elsewhere, a body that is too long.
    let gap = network.tx(ALICE, network.nonce(ALICE) + 1, call("echo")).sign(&key(ALICE)).expect("its own key");
    assert_eq!(network.send(&gap).await.0, 202);
    let foreign = Tx { chain: ChainId([1; 32]), ..network.tx(BOB, 9, call("echo")) };
    assert_eq!(network.send(&foreign.sign(&key(BOB)).expect("its own key")).await.0, 422);
    assert_eq!(network.post("/v1/tx", &json!({ "tx": "zz" })).await.0, 400);
    assert_eq!(network.post_raw("/v1/tx", " ".repeat(zera_node::TX_BODY_MAX + 1)).await.0, 413);
    let stream = network.http.get(network.url("/v1/events")).send().await.expect("an answer");
    assert_eq!(stream.status(), 200);

    let text = Text::of(&network).await;
    let height = network.height().await as f64;
    assert_eq!((text.at("zera_height"), text.at("zera_blocks_total")), (height, height));
    assert_eq!(text.count("zera_block_apply_seconds"), height);
    assert_eq!(text.count("zera_ledger_commit_seconds"), height + 1.0, "and the genesis");
    assert_eq!((text.count("zera_verification_seconds"), text.at("zera_proofs_verified_ahead_total")), (3.0, 3.0));

    // What the chain itself says: its transactions' receipts, its events, its tasks.
    let (mut endings, mut refusals, mut fuel) = (BTreeMap::new(), BTreeMap::new(), 0.0);
    for height in 1..=network.height().await {
        let page = network.ok(&format!("/v1/blocks/{height}/txs")).await;
        for tx in page["txs"].as_array().expect("a list") {
            let decoded = zera_host::SignedTx::decode(&bytes(tx["bytes"].as_str().expect("hex"))).expect("signed");
            let receipt = network.ok(&format!("/v1/tx/{}", decoded.hash())).await;
            let word = |value: &Value| value.as_str().expect("a word").to_owned();
            let (action, ending) = (decoded.tx().action.name(), word(&receipt["ending"]));
            fuel += receipt["fuel_used"].as_u64().expect("a number") as f64;
            if ending != "done" {
                let status = word(&receipt["status"]["name"]);
                let series = format!("zera_transactions_refused_total{{action=\"{action}\",status=\"{status}\"}}");
                *refusals.entry(series).or_insert(0.0) += 1.0;
            }
            let series = format!("zera_transactions_total{{action=\"{action}\",ending=\"{ending}\"}}");
            *endings.entry(series).or_insert(0.0) += 1.0;
        }
    }
    for (name, expected) in [("zera_transactions_total", &endings), ("zera_transactions_refused_total", &refusals)] {
        assert_eq!(text.sum(name), expected.values().sum::<f64>(), "{name}");
        for (series, count) in expected {
            assert_eq!(text.at(series), *count, "{series}");
        }
    }
    assert!(endings.len() >= 8, "{endings:?}");
    assert_eq!(text.at("zera_fuel_used_total"), fuel);
    let events = network.events(1000).await;
    assert_eq!(text.sum("zera_events_total"), events.len() as f64);
    assert_eq!(text.at("zera_events_total{event=\"proof_rejected\"}"), 2.0);
    for (labels, count) in [
        ("verdict=\"verified\",reason=\"none\"", 1.0),
        ("verdict=\"refused\",reason=\"flags\"", 1.0),
        ("verdict=\"refused\",reason=\"equation\"", 1.0),
    ] {
        assert_eq!(text.at(&format!("zera_proofs_total{{{labels}}}")), count, "{labels}");
    }
    assert_eq!(text.sum("zera_proofs_total"), 3.0);
    for (state, count) in [("open", 1.0), ("accepted", 1.0), ("assigned", 0.0), ("final", 0.0)] {
        assert_eq!(text.at(&format!("zera_tasks{{state=\"{state}\"}}")), count, "{state}");
    }

    // What never came to a block.
    assert_eq!(text.at("zera_pool_transactions"), 1.0);
    assert_eq!(text.at("zera_pool_bytes"), gap.encode().len() as f64);
    assert_eq!(text.at("zera_transactions_not_taken_total{stage=\"admission\",reason=\"chain\"}"), 1.0);
    assert_eq!(text.sum("zera_transactions_not_taken_total"), 1.0, "what is not hex is no transaction");
    assert_eq!(text.at("zera_limited_total{limit=\"body\"}"), 1.0);
    assert_eq!(text.at("zera_event_streams"), 1.0);
    for (status, count) in [(400, 1.0), (413, 1.0), (422, 1.0)] {
        let series = format!("zera_http_requests_total{{method=\"post\",route=\"/v1/tx\",status=\"{status}\"}}");
        assert_eq!(text.at(&series), count, "{series}");
    }
    network.node.shutdown().await.expect("a clean end");
}

#[tokio::test]
async fn nobody_makes_up_a_series() {
    let network = Network::new().await;
    let ask = async |n: u32| {
        for path in [format!("/{n}"), format!("/v1/tx/{n}"), format!("/v1/blocks/{n}"), format!("/v1/{n}/status")] {
            network.get(&path).await;
            let method = reqwest::Method::from_bytes(format!("M{n}").as_bytes()).expect("a token");
            answered(network.http.request(method, network.url(&path))).await;
        }
    };
    ask(1).await;
    network.get("/metrics").await;
    let first = Text::of(&network).await;
    for n in 2..40 {
        ask(n).await;
    }
    let second = Text::of(&network).await;
    assert_eq!(first.0.keys().collect::<Vec<_>>(), second.0.keys().collect::<Vec<_>>());
    let unknown = "zera_http_requests_total{method=\"get\",route=\"other\",status=\"404\"}";
    assert_eq!((first.at(unknown), second.at(unknown)), (2.0, 78.0));
    let shown = "zera_http_requests_total{method=\"get\",route=\"/v1/tx/{hash}\",status=\"400\"}";
    assert_eq!(second.at(shown), 39.0);
    let other = "zera_http_requests_total{method=\"other\",route=\"/v1/tx/{hash}\",status=\"405\"}";
    assert_eq!(second.at(other), 39.0);
    network.node.shutdown().await.expect("a clean end");
}
