//! Start, restart, faults and the end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use zera_abi::Amount;
use zera_host::{Action, OpenError};
use zera_ledger::Ledger;
use zera_market::ports::{Change, MemStore, Row, Store, StoreError, Table};
use zera_node::{BlockMode, Fault, Node, NodeError};

use crate::network::*;

fn pay(units: u128) -> Action {
    Action::Transfer { to: account(BOB), amount: Amount::from_units(units) }
}

#[tokio::test]
async fn a_restart_on_the_same_ledger_goes_on_where_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.redb");
    let open = || Arc::new(Ledger::open(&path).expect("the ledger is free")) as Arc<dyn Store>;
    let mut network = Network::start(config(open())).await;
    let contract = network.deploy(emitter(), vec![]).await;
    network.done(ALICE, Action::Call { contract, entry: "emit".to_owned(), input: vec![] }).await;
    let old = network.sign(ALICE, pay(5));
    assert_eq!(network.send(&old).await.0, 202);
    let receipt = network.wait(&old.hash()).await;
    let (status, events) = (network.ok("/v1/status").await, network.events(100).await);
    network.node.shutdown().await.expect("a clean end");

    for threads in [1, 2] {
        let mut settings = config(open());
        settings.verify_threads = threads;
        let network = Network::start(settings).await;
        assert_eq!(network.ok("/v1/status").await, status, "height, hash and root");
        assert_eq!(network.events(100).await, events);
        assert_eq!(network.wait(&old.hash()).await, receipt);
        assert_eq!(network.send(&old).await.0, 200, "it is in a block already");
        network.node.shutdown().await.expect("a clean end");
    }
    let mut network = Network::start(config(open())).await;
    network.sync(ALICE).await;
    let height = status["height"].as_u64().expect("a height");
    assert_eq!(network.done(ALICE, pay(6)).await["height"], height + 1);
    assert_eq!(network.ok(&format!("/v1/blocks/{}", height + 1)).await["previous"], status["block_hash"]);
    network.node.shutdown().await.expect("a clean end");

    // The ledger of another chain is not touched.
    let mut settings = config(open());
    settings.genesis.fuel_price = 2;
    match Node::start(settings).await {
        Err(NodeError::Open(OpenError::OtherChain { .. })) => {}
        other => panic!("{:?}", other.err()),
    }
}

#[tokio::test]
async fn a_damaged_ledger_is_refused_without_a_crash() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.redb");
    let store = Arc::new(Ledger::open(&path).expect("a new ledger"));
    let mut network = Network::start(config(store)).await;
    network.done(ALICE, pay(5)).await;
    network.node.shutdown().await.expect("a clean end");
    let whole = std::fs::read(&path).expect("the file");
    for keep in [0, 1, whole.len() / 2] {
        std::fs::write(&path, &whole[..keep]).expect("written");
        assert!(Ledger::open(&path).is_err(), "{keep} bytes");
    }
    // Rows that do not read back are as bad as none.
    let store = Arc::new(MemStore::default());
    let node = Node::start(config(store.clone())).await.expect("the node starts");
    node.shutdown().await.expect("a clean end");
    let head = Change { table: Table::Meta, key: b"head".to_vec(), value: Some(vec![1, 2, 3]) };
    store.commit(&[head]).expect("written");
    assert!(matches!(Node::start(config(store)).await, Err(NodeError::Open(OpenError::Fault(_)))));
}

/// A store whose writes fail once told to.
#[derive(Default)]
struct Failing {
    store: MemStore,
    fails: AtomicBool,
    panics: AtomicBool,
}

impl Store for Failing {
    fn read(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.read(table, key)
    }

    fn scan(&self, table: Table, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        self.store.scan(table, prefix, from, limit)
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StoreError> {
        assert!(!self.panics.load(Ordering::SeqCst), "the store is on fire");
        if self.fails.load(Ordering::SeqCst) {
            return Err(StoreError { message: "disk full".to_owned(), source: None });
        }
        self.store.commit(changes)
    }
}

#[tokio::test]
async fn a_fault_stops_the_blocks_and_is_told() {
    for panics in [false, true] {
        let store = Arc::new(Failing::default());
        let mut network = Network::start(config(store.clone())).await;
        network.done(ALICE, pay(1)).await;
        assert_eq!(network.get("/readyz").await.0, 200);
        assert!(network.node.fault().is_none());
        let flag = if panics { &store.panics } else { &store.fails };
        flag.store(true, Ordering::SeqCst);
        let tx = network.sign(ALICE, pay(2));
        assert_eq!(network.send(&tx).await.0, 202);
        let fault = tokio::time::timeout(Duration::from_secs(10), network.node.failed()).await.expect("it fails");
        match &fault {
            Fault::Chain(why) => assert!(!panics && why.to_string().contains("disk full"), "{why}"),
            Fault::Writer { message } => assert!(panics && message.contains("on fire"), "{message}"),
            other => panic!("{other}"),
        }
        let (status, why) = network.get("/readyz").await;
        assert_eq!(status, 503);
        assert!(why.as_str().is_some_and(|why| why.contains("the chain stopped")), "{why}");
        assert_eq!(network.get("/livez").await.0, 200, "the process lives");
        let (status, body) = network.get("/v1/status").await;
        assert_eq!((status, &body["error"]["code"]), (500, &json!("E_NODE")));
        // Never a height that was not written.
        assert_eq!(network.node.height().0, 1);
        let (status, _) = network.post("/v1/dev/block", &json!({})).await;
        assert!(status >= 500, "{status}");
        assert!(matches!(network.node.shutdown().await, Err(NodeError::Fault(_))));
        // What is in the store is the block before the fault.
        flag.store(false, Ordering::SeqCst);
        let network = Network::start(config(store)).await;
        assert_eq!(network.height().await, 1);
        network.node.shutdown().await.expect("a clean end");
    }
}

fn everywhere() -> SocketAddr {
    SocketAddr::from(([0, 0, 0, 0], 0))
}

#[tokio::test]
async fn configurations_that_are_not_safe_are_refused() {
    let refused = |change: fn(&mut zera_node::NodeConfig)| async move {
        let mut settings = config(mem());
        change(&mut settings);
        Node::start(settings).await.err().expect("refused")
    };
    assert!(matches!(
        refused(|config| config.listen = everywhere()).await,
        NodeError::Public { address } if address == everywhere()
    ));
    assert!(matches!(
        refused(|config| config.listen = "[::]:0".parse().expect("an address")).await,
        NodeError::Public { .. }
    ));
    // The words name the address and what is missing; with a token the same address is taken.
    let why = refused(|config| config.listen = everywhere()).await.to_string();
    assert_eq!(why, "listen: 0.0.0.0:0 is not a loopback address; listening there needs a token");
    let mut settings = config(mem());
    (settings.listen, settings.token) = (everywhere(), Some("0123456789abcdef".to_owned()));
    Node::start(settings).await.expect("with a token").shutdown().await.expect("a clean end");
    assert!(matches!(refused(|config| config.token = Some("short".to_owned())).await, NodeError::Token { .. }));
    assert!(matches!(refused(|config| config.verify_threads = 0).await, NodeError::Threads { got: 0, .. }));
    assert!(matches!(refused(|config| config.block = BlockMode::Every(Duration::ZERO)).await, NodeError::Interval));
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let mut settings = config(mem());
    settings.listen = taken.local_addr().expect("an address");
    assert!(matches!(Node::start(settings).await, Err(NodeError::Bind { .. })));
}

#[tokio::test]
async fn a_token_is_asked_for_where_something_changes() {
    let token = "a token with none of these".replace(' ', "-");
    let mut settings = config(mem());
    settings.listen = SocketAddr::from(([0, 0, 0, 0], 0));
    settings.token = Some(token.clone());
    let mut network = Network::start(settings).await;
    let url = format!("http://127.0.0.1:{}", network.node.addr().port());
    let tx = json!({ "tx": hex(&network.sign(ALICE, pay(1)).encode()) });
    for shown in
        [None, Some("Bearer wrong-wrong-wrong-wrong".to_owned()), Some(token.clone()), Some(format!("Bearer {token}x"))]
    {
        let mut request = network.http.post(format!("{url}/v1/tx")).json(&tx);
        if let Some(shown) = &shown {
            request = request.header("authorization", shown);
        }
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 401, "{shown:?}");
        assert_eq!(answer.headers()["www-authenticate"], "Bearer");
    }
    assert_eq!(network.http.get(format!("{url}/v1/status")).send().await.expect("an answer").status(), 200);
    let sent = network.http.post(format!("{url}/v1/tx")).bearer_auth(&token).json(&tx).send().await;
    assert_eq!(sent.expect("an answer").status(), 202);
    network.node.shutdown().await.expect("a clean end");
}

#[tokio::test]
async fn pages_of_another_origin_change_nothing() {
    let network = Network::new().await;
    let own = format!("http://{}", network.node.addr());
    for (origin, expected) in [(own.as_str(), 200), ("http://evil.example", 403), ("null", 403)] {
        let request = network.http.post(network.url("/v1/dev/block")).header("origin", origin);
        assert_eq!(request.send().await.expect("an answer").status(), expected, "{origin}");
    }
    network.node.shutdown().await.expect("a clean end");
}

#[tokio::test]
async fn the_end_waits_for_nobody_and_frees_the_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.redb");
    let store = Arc::new(Ledger::open(&path).expect("a new ledger"));
    let mut settings = config(store);
    settings.block = BlockMode::Every(Duration::from_millis(10));
    let mut network = Network::start(settings).await;
    network.done(ALICE, pay(1)).await;
    let address = network.node.addr();
    // A stream, a request that waits, one that never comes to its end, and an idle connection.
    let stream = network.http.get(network.url("/v1/events")).send().await.expect("an answer");
    let gap = network.tx(BOB, 1, pay(1)).sign(&key(BOB)).expect("its own key");
    assert_eq!(network.send(&gap).await.0, 202);
    let waiting =
        tokio::spawn(network.http.get(network.url(&format!("/v1/tx/{}/wait?timeout_ms=30000", gap.hash()))).send());
    let _idle = tokio::net::TcpStream::connect(address).await.expect("a connection");
    tokio::time::sleep(Duration::from_millis(100)).await;
    let start = Instant::now();
    network.node.shutdown().await.expect("a clean end");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(waiting.await.expect("no panic").expect("an answer").status(), 202, "it was told before the end");
    drop(stream.text().await);
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens");
    Ledger::open(&path).expect("the ledger is free");
}
