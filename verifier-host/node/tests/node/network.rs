//! A node with its clients, and what it takes to prove for it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};
use zera_abi::wire::Request;
use zera_abi::{AccountId, Amount, Blocks, ChainId, Height, Level, TaskId, TxHash};
use zera_host::{Action, ConfigEntry, Genesis, Publication, SignedTx, Tx};
use zera_kernels::Arkworks;
use zera_library::Predicate;
use zera_market::ports::{MemStore, Store};
use zera_market::{Answer, Rules, Schedule};
use zera_node::{ArtefactLimits, ArtefactPlace, BlockMode, Node, NodeConfig, RateLimits};
use zera_params::Keys;
use zera_r1cs::TapeInputs;
use zera_statement::Binding;

use crate::openapi::{self, Asked};

pub const OWNER: u8 = 1;
pub const ALICE: u8 = 2;
pub const BOB: u8 = 3;
/// Without money.
pub const POOR: u8 = 4;

/// More than any action of these tests needs, and less than a call may ask for.
pub const FUEL: u64 = 20_000_000;
const DEPLOY_FUEL: u64 = 200_000_000;

pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub fn account(seed: u8) -> AccountId {
    AccountId(key(seed).verifying_key().to_bytes())
}

pub fn genesis() -> Genesis {
    Genesis {
        name: "test".to_owned(),
        development: true,
        rules: Rules::local(),
        voting: Schedule::local(),
        fuel_price: 1,
        key_activation: Blocks(0),
        name_timelock: Blocks(5),
        accounts: [OWNER, ALICE, BOB].map(|seed| (account(seed), Amount::from_zra(10_000).expect("fits"))).to_vec(),
    }
}

pub fn mem() -> Arc<dyn Store> {
    Arc::new(MemStore::default())
}

pub fn config(store: Arc<dyn Store>) -> NodeConfig {
    NodeConfig {
        genesis: genesis(),
        store,
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        block: BlockMode::Instant,
        verify_threads: 2,
        artefacts: (ArtefactPlace::Memory, ArtefactLimits::standard()),
        token: None,
    }
}

/// An answer: status and body.
pub type Answered = (u16, Value);

pub struct Network {
    pub node: Node,
    pub http: reqwest::Client,
    pub chain: ChainId,
    nonces: BTreeMap<u8, u64>,
}

impl Network {
    pub async fn new() -> Network {
        Network::start(config(mem())).await
    }

    pub async fn start(config: NodeConfig) -> Network {
        Network::limited(config, RateLimits::standard()).await
    }

    pub async fn limited(config: NodeConfig, rates: RateLimits) -> Network {
        let chain = config.genesis.chain_id();
        let node = Node::start_limited(config, rates).await.expect("the node starts");
        let http = reqwest::Client::builder().timeout(Duration::from_secs(60)).build().expect("a client");
        Network { node, http, chain, nonces: BTreeMap::new() }
    }

    /// Forgets nothing that the chain knows: nonces of accounts that were used before a restart.
    pub async fn sync(&mut self, who: u8) {
        let (_, account) = self.get(&format!("/v1/accounts/{}", account(who))).await;
        self.nonces.insert(who, account["nonce"].as_u64().expect("a nonce"));
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.node.addr())
    }

    pub async fn get(&self, path: &str) -> Answered {
        answered(self.http.get(self.url(path))).await
    }

    pub async fn ok(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answered {
        answered(self.http.post(self.url(path)).json(body)).await
    }

    /// A body as it stands.
    pub async fn post_raw(&self, path: &str, body: impl Into<reqwest::Body>) -> Answered {
        answered(self.http.post(self.url(path)).header("content-type", "application/json").body(body)).await
    }

    pub async fn height(&self) -> u64 {
        self.ok("/v1/status").await["height"].as_u64().expect("a height")
    }

    pub fn nonce(&self, who: u8) -> u64 {
        self.nonces.get(&who).copied().unwrap_or(0)
    }

    pub fn tx(&self, who: u8, nonce: u64, action: Action) -> Tx {
        let fuel_limit = if matches!(action, Action::Deploy { .. }) { DEPLOY_FUEL } else { FUEL };
        Tx { chain: self.chain, sender: account(who), nonce, expiry: Height(1_000_000), fuel_limit, action }
    }

    /// The sender's next transaction.
    pub fn sign(&mut self, who: u8, action: Action) -> SignedTx {
        let nonce = self.nonce(who);
        self.nonces.insert(who, nonce + 1);
        self.tx(who, nonce, action).sign(&key(who)).expect("its own key")
    }

    pub async fn send(&self, tx: &SignedTx) -> Answered {
        self.post("/v1/tx", &json!({ "tx": hex(&tx.encode()) })).await
    }

    pub async fn wait(&self, hash: &TxHash) -> Answered {
        self.get(&format!("/v1/tx/{hash}/wait?timeout_ms=20000")).await
    }

    /// Sends and waits for the receipt.
    pub async fn run(&mut self, who: u8, action: Action) -> Value {
        let tx = self.sign(who, action);
        let (status, body) = self.send(&tx).await;
        assert_eq!(status, 202, "{body}");
        let (status, receipt) = self.wait(&tx.hash()).await;
        assert_eq!(status, 200, "{receipt}");
        receipt
    }

    /// [`Network::run`] for what has to be done.
    pub async fn done(&mut self, who: u8, action: Action) -> Value {
        let receipt = self.run(who, action).await;
        assert_eq!(receipt["ending"], "done", "{receipt}");
        receipt
    }

    /// All of one sender's in one block, at most 16: the first comes last, so the others wait for it.
    pub async fn in_one_block(&mut self, who: u8, actions: Vec<Action>) -> Vec<Value> {
        let txs: Vec<SignedTx> = actions.into_iter().map(|action| self.sign(who, action)).collect();
        for tx in txs.iter().skip(1).chain(txs.first()) {
            let (status, body) = self.send(tx).await;
            assert_eq!(status, 202, "{body}");
        }
        let mut receipts = Vec::new();
        for tx in &txs {
            let (status, receipt) = self.wait(&tx.hash()).await;
            assert_eq!(status, 200, "{receipt}");
            receipts.push(receipt);
        }
        assert!(receipts.iter().all(|receipt| receipt["height"] == receipts[0]["height"]), "one block");
        receipts
    }

    /// Makes a block now.
    pub async fn block(&self) -> u64 {
        let (status, body) = self.post("/v1/dev/block", &json!({})).await;
        assert_eq!(status, 200, "{body}");
        body["height"].as_u64().expect("a height")
    }

    /// Publishes a predicate, registers its development key, and deploys a contract: its address.
    pub async fn serve(&mut self, served: &Served, wasm: Vec<u8>, config: Vec<ConfigEntry>) -> AccountId {
        self.done(OWNER, Action::Publish(served.publication())).await;
        self.done(OWNER, served.registration()).await;
        self.deploy(wasm, config).await
    }

    pub async fn deploy(&mut self, wasm: Vec<u8>, config: Vec<ConfigEntry>) -> AccountId {
        let endowment = Amount::from_zra(1_000).expect("fits");
        let receipt = self.done(OWNER, Action::Deploy { wasm, config, endowment }).await;
        receipt["data"].as_str().expect("an address").parse().expect("an address")
    }

    /// Every event so far, through pages of `limit`.
    pub async fn events(&self, limit: usize) -> Vec<Value> {
        let (mut events, mut since) = (Vec::new(), String::new());
        loop {
            let page = self.ok(&format!("/v1/events/list?limit={limit}{since}")).await;
            let found = page["events"].as_array().expect("a list").clone();
            if found.is_empty() {
                return events;
            }
            since = format!("&since={}", page["next"].as_str().expect("a cursor"));
            events.extend(found);
        }
    }

    pub async fn task(&self, task: &TaskId) -> Value {
        self.ok(&format!("/v1/tasks/{task}")).await
    }
}

/// Sends a request, and checks its answer with the API's description.
pub async fn answered(request: reqwest::RequestBuilder) -> Answered {
    let (client, request) = request.build_split();
    let request = request.expect("a request");
    let asked = Asked {
        method: request.method().as_str().to_ascii_lowercase(),
        path: request.url().path().to_owned(),
        query: request.url().query_pairs().into_owned().collect(),
        body: request.body().and_then(reqwest::Body::as_bytes).and_then(|body| serde_json::from_slice(body).ok()),
    };
    let response = client.execute(request).await.expect("an answer");
    let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let answer = openapi::Answer {
        status: response.status().as_u16(),
        kind: kind.to_owned(),
        headers: response.headers().keys().map(|name| name.as_str().to_owned()).collect(),
        text: response.text().await.expect("a body"),
    };
    openapi::check(&asked, &answer);
    let body = serde_json::from_str(&answer.text).unwrap_or(Value::String(answer.text));
    if answer.status >= 400 && body.is_object() {
        let message = body["error"]["message"].as_str().expect("a message");
        assert!(!message.contains('\n') && body["error"]["code"].as_str().is_some_and(|code| code.starts_with("E_")));
    }
    (answer.status, body)
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A predicate with its development keys.
pub struct Served {
    pub predicate: &'static Predicate,
    pub keys: Keys,
}

impl Served {
    pub fn new(name: &str) -> Served {
        let predicate = zera_library::by_name(name).expect("built in");
        let keys = zera_params::dev_keys(&(predicate.artefact)().matrices).expect("keys");
        Served { predicate, keys }
    }

    pub fn publication(&self) -> Publication {
        let artefact = (self.predicate.artefact)();
        Publication {
            name: artefact.manifest.name.clone(),
            matrices_digest: artefact.matrices.digest(),
            program_hash: artefact.program_hash,
            manifest_hash: artefact.manifest.hash(),
            public_len: artefact.manifest.public_len,
            private_len: artefact.manifest.private_len,
            declared: 0,
            commitment: None,
        }
    }

    pub fn registration(&self) -> Action {
        let predicate = (self.predicate.artefact)().predicate_id();
        Action::RegisterKey { predicate, key: self.keys.verifying.encode() }
    }

    /// A request for the asker.
    pub fn request(&self, public: &[u8], deadline: u64) -> Vec<u8> {
        let request = Request {
            predicate: (self.predicate.artefact)().predicate_id(),
            public,
            bounty: 4_000_000_000,
            min_stake: 1_000_000_000,
            value_at_risk: 0,
            deadline,
            callback_fuel: 2_000_000,
            expected: &[],
            attested: false,
            level: Level::Accepted,
        };
        let mut bytes = vec![0; request.encoded_len()];
        request.encode(&mut bytes).expect("fits");
        bytes
    }

    /// An honest answer by `who` to a task as the API shows it.
    pub fn answer(&self, chain: ChainId, who: u8, task: &Value) -> Answer {
        let id = |field: &str| task[field].as_str().expect("an id");
        let public = bytes(id("public"));
        let binding = Binding {
            chain,
            task: id("id").parse().expect("an id"),
            key: id("key").parse().expect("an id"),
            predicate: id("predicate").parse().expect("an id"),
            provider: account(who),
            not_after: Height(task["not_after"].as_u64().expect("a height")),
        };
        let artefact = (self.predicate.artefact)();
        let inputs = TapeInputs { binding: binding.to_scalar(), public: &public, private: &[] };
        let z = artefact.tape.run(&inputs).expect("a witness");
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let proved = zera_prover::prove(&Arkworks, &self.keys.proving, &artefact.matrices, &z, &mut rng);
        let (proof, _) = proved.expect("a proof");
        let proof = zera_verifier::Proof::from_points(proof.a, proof.b, proof.c).expect("points");
        let outcome = (self.predicate.evaluate)(&public, &[]);
        Answer { outcome, declared: vec![], proof: Box::new(proof.encode()) }
    }
}

pub fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
    (0..hex.len()).step_by(2).map(digit).collect()
}

/// A contract that asks with its input as the request and keeps the answer under "state".
pub fn asker() -> Vec<u8> {
    wat::parse_str(include_str!("asker.wat")).expect("well-formed")
}

/// A contract that emits 8 events of 256 bytes a call.
pub fn emitter() -> Vec<u8> {
    wat::parse_str(include_str!("emitter.wat")).expect("well-formed")
}
