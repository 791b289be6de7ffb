//! Events as a stream: each exactly once, whatever happens to the connection.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use serde_json::{Value, json};
use zera_abi::AccountId;
use zera_host::Action;
use zera_node::{BlockMode, STREAMS_MAX};

use crate::network::*;

/// The reading side of one connection.
struct Stream {
    bytes: BoxStream<'static, reqwest::Result<Vec<u8>>>,
    text: String,
}

struct Frame {
    id: String,
    event: String,
    data: Value,
}

impl Stream {
    async fn open(network: &Network, since: Option<&str>, last: Option<&str>) -> Stream {
        let query = since.map(|since| format!("?since={since}")).unwrap_or_default();
        let mut request = network.http.get(network.url(&format!("/v1/events{query}")));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let bytes = response.bytes_stream().map(|chunk| chunk.map(|chunk| chunk.to_vec()));
        Stream { bytes: bytes.boxed(), text: String::new() }
    }

    /// The next event; `None` where the node ends the stream.
    async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some((frame, rest)) = self.text.split_once("\n\n") {
                let (frame, rest) = (frame.to_owned(), rest.to_owned());
                self.text = rest;
                // Keep-alive comments have no fields.
                if !frame.starts_with(':') {
                    let field = |name: &str| {
                        let line = frame.lines().find_map(|line| line.strip_prefix(name));
                        line.expect("every event has all three").trim().to_owned()
                    };
                    let data = serde_json::from_str(&field("data:")).expect("JSON");
                    return Some(Frame { id: field("id:"), event: field("event:"), data });
                }
                continue;
            }
            match self.bytes.next().await {
                Some(Ok(chunk)) => self.text.push_str(&String::from_utf8(chunk).expect("ASCII")),
                _ => return None,
            }
        }
    }
}

async fn emit(network: &mut Network, contract: AccountId) -> Value {
    network.done(ALICE, Action::Call { contract, entry: "emit".to_owned(), input: vec![] }).await
}

#[tokio::test]
async fn a_reader_that_comes_back_sees_every_event_once_while_blocks_go_on() {
    const CALLS: usize = 40;
    let mut settings = config(mem());
    settings.block = BlockMode::Every(Duration::from_millis(5));
    let mut network = Network::start(settings).await;
    let contract = network.deploy(emitter(), vec![]).await;
    let total = 1 + CALLS * 8;
    let reader = async {
        // Breaks off after 1, 2, 3 .. events, so the seam lies everywhere: within a block, between two, at the head.
        let (mut seen, mut last, mut patience) = (Vec::new(), None::<String>, 0);
        while seen.len() < total {
            patience += 1;
            // The header counts where both are given.
            let since = last.as_ref().map(|_| "0:0");
            let mut stream = Stream::open(&network, since, last.as_deref()).await;
            for _ in 0..patience.min(total - seen.len()) {
                let frame = stream.next().await.expect("the node lives");
                assert_eq!(frame.id, format!("{}:{}", frame.data["height"], frame.data["index"]));
                assert_eq!(frame.data["event"], frame.event.as_str());
                last = Some(frame.id.clone());
                seen.push(frame.data);
            }
        }
        seen
    };
    let mut writer = Writer::of(&network);
    let (seen, ()) = tokio::join!(reader, async {
        for _ in 0..CALLS {
            writer.emit(contract).await;
        }
    });
    let all = network.events(7).await;
    assert_eq!(all.len(), total);
    assert_eq!(seen, all, "the pages say the same");
    let places: Vec<(u64, u64)> = all
        .iter()
        .map(|event| (event["height"].as_u64().expect("a height"), event["index"].as_u64().expect("an index")))
        .collect();
    assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "in order, none twice");
    network.node.shutdown().await.expect("a clean end");
}

/// Sends beside a reader.
struct Writer {
    http: reqwest::Client,
    url: String,
    chain: zera_abi::ChainId,
    nonce: u64,
}

impl Writer {
    fn of(network: &Network) -> Writer {
        let http = network.http.clone();
        Writer { http, url: network.url("/v1/tx"), chain: network.chain, nonce: network.nonce(ALICE) }
    }

    async fn emit(&mut self, contract: AccountId) {
        let action = Action::Call { contract, entry: "emit".to_owned(), input: vec![] };
        let tx = zera_host::Tx {
            chain: self.chain,
            sender: account(ALICE),
            nonce: self.nonce,
            expiry: zera_abi::Height(1_000_000),
            fuel_limit: FUEL,
            action,
        };
        self.nonce += 1;
        let tx = tx.sign(&key(ALICE)).expect("its own key");
        let body = json!({ "tx": hex(&tx.encode()) });
        let sent = self.http.post(&self.url).json(&body).send().await.expect("an answer");
        assert_eq!(sent.status(), 202);
        let wait = format!("{}/{}/wait?timeout_ms=20000", self.url, tx.hash());
        assert_eq!(self.http.get(wait).send().await.expect("an answer").status(), 200);
    }
}

#[tokio::test]
async fn a_reader_that_does_not_read_loses_nothing() {
    let mut network = Network::new().await;
    let contract = network.deploy(emitter(), vec![]).await;
    let mut stream = Stream::open(&network, None, None).await;
    let first = stream.next().await.expect("the node lives");
    assert_eq!(first.event, "contract_deployed");
    // More than a page and than what the system buffers at once.
    for _ in 0..100 {
        emit(&mut network, contract).await;
    }
    let all = network.events(1000).await;
    assert_eq!(all.len(), 801);
    for expected in &all[1..] {
        assert_eq!(&stream.next().await.expect("the node lives").data, expected);
    }
    // And it follows from there.
    emit(&mut network, contract).await;
    assert_eq!(stream.next().await.expect("the node lives").data["index"], 0);
    network.node.shutdown().await.expect("a clean end");
}

#[tokio::test]
async fn cursors_that_are_none_and_streams_beyond_the_most() {
    let network = Network::new().await;
    let status = |since: &'static str, last: &'static str| {
        let mut request = network.http.get(network.url(&format!("/v1/events{since}")));
        if !last.is_empty() {
            request = request.header("last-event-id", last);
        }
        async move { request.send().await.expect("an answer") }
    };
    for (since, last, expected) in [
        ("?since=x", "", 400),
        ("?since=1", "", 400),
        ("?since=0:0&since=0:0", "", 400),
        ("?from=0:0", "", 400),
        ("", "-1:0", 400),
        ("?since=0:0", "7", 400),
        ("?since=1:0", "", 409),
        ("?since=0:0", "1:0", 409),
    ] {
        assert_eq!(status(since, last).await.status(), expected, "{since} {last}");
    }
    let mut open = Vec::new();
    for _ in 0..STREAMS_MAX {
        let response = status("", "").await;
        assert_eq!(response.status(), 200);
        open.push(response);
    }
    let full = status("", "").await;
    assert_eq!(full.status(), 503);
    assert!(full.headers().contains_key("retry-after"));
    // Streams do not keep requests out, and a place that is left is free.
    network.ok("/v1/status").await;
    open.pop();
    let mut patience = 100;
    while status("", "").await.status() != 200 {
        patience -= 1;
        assert!(patience > 0, "the place of a reader that left is free");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    network.node.shutdown().await.expect("a clean end");
}
