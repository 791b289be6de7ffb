//! The adapter: the node's HTTP API, version 1, as typed calls. Also what the command line speaks.
//!
//! Timeouts on everything; a request that got no answer is sent again after a pause that doubles up to a cap, which is safe
//! because reading changes nothing and a transaction is named by its hash. An answer, whatever it says, is never retried.

mod sse;

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::StreamExt;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use zera_abi::{AccountId, KeyId, PredicateId, TaskId, TxHash};
use zera_host::SignedTx;

use crate::error::ClientError;
use crate::market::{EventStream, MarketClient};
use crate::view::{
    AccountView, ContractView, CostView, Cursor, DeclinesView, EventView, HeaderView, KeyView, MarketView,
    PredicateView, ProposalView, ProposalsView, QueryView, RulesView, SealedView, StatusView, TaskStage, TaskView,
    TxResult, TxState, VersionView,
};

/// Most bytes of one answer.
pub const ANSWER_MAX: usize = 16 << 20;
/// For a file to come or go.
const FILE_TIMEOUT: Duration = Duration::from_secs(60);
const FILE_KIND: &str = "application/octet-stream";
/// Tasks of one page.
const PAGE: usize = 100;
/// Most pages that are read for one list.
const PAGES_MAX: usize = 1000;
/// Most characters of the node's own words in an error.
const WORDS_MAX: usize = 300;
/// The node's longest wait for a transaction.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// Timeouts and retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// To connect.
    pub connect: Duration,
    /// For a whole answer, beside what was asked to be waited for.
    pub answer: Duration,
    /// How often a request is sent, at least once.
    pub attempts: u32,
    /// Pause before the second attempt; doubles.
    pub pause: Duration,
    /// Longest pause.
    pub pause_max: Duration,
    /// A stream of events without a byte for so long is opened anew.
    pub idle: Duration,
}

impl Limits {
    /// For a node on this machine or near it.
    pub const fn local() -> Limits {
        Limits {
            connect: Duration::from_secs(2),
            answer: Duration::from_secs(10),
            attempts: 3,
            pause: Duration::from_millis(100),
            pause_max: Duration::from_secs(2),
            idle: Duration::from_secs(60),
        }
    }
}

/// A node, by its address.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    limits: Limits,
}

#[derive(Deserialize)]
struct ErrorBody {
    error: ErrorDetail,
}

#[derive(Deserialize)]
struct ErrorDetail {
    code: String,
    message: String,
}

/// A request's body.
#[derive(Clone)]
struct Body {
    bytes: Vec<u8>,
    kind: &'static str,
    signature: Option<String>,
}

/// A request, and how much of an answer is waited for.
struct Asked<'a> {
    method: Method,
    path: &'a str,
    body: Option<Body>,
    timeout: Duration,
    answer_max: usize,
}

/// What a request said, whatever its status.
struct Answer {
    status: StatusCode,
    body: Vec<u8>,
}

impl Client {
    /// A client for the node at `base`, such as `http://127.0.0.1:8700`; `token` is sent with what changes something.
    ///
    /// # Errors
    /// [`ClientError::Answer`] where `base` is no address of this kind: TLS ends in front of the node, not here.
    pub fn new(base: &str, token: Option<String>, limits: Limits) -> Result<Client, ClientError> {
        let refuse = |what: String| ClientError::Answer { what };
        let url = reqwest::Url::parse(base).map_err(|error| refuse(format!("address {base:?}: {error}")))?;
        if url.scheme() != "http" || url.host_str().is_none() {
            return Err(refuse(format!("address {base:?}: expected http://host:port")));
        }
        let mut builder = reqwest::Client::builder().connect_timeout(limits.connect);
        // A proxy of the environment does not reach this machine.
        if matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]")) {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| refuse(format!("http: {error}")))?;
        Ok(Client { http, base: base.trim_end_matches('/').to_owned(), token, limits })
    }

    /// `/v1/status`.
    ///
    /// # Errors
    /// [`ClientError`]; so for every method.
    pub async fn status(&self) -> Result<StatusView, ClientError> {
        self.get("/v1/status").await
    }

    /// `/version`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn version(&self) -> Result<VersionView, ClientError> {
        self.get("/version").await
    }

    /// `/readyz`: whether the node makes blocks.
    ///
    /// # Errors
    /// [`ClientError::Transport`].
    pub async fn is_ready(&self) -> Result<bool, ClientError> {
        Ok(self.ask(Method::GET, "/readyz", None, self.limits.answer).await?.status.is_success())
    }

    /// `/v1/blocks/{height}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn block(&self, height: u64) -> Result<HeaderView, ClientError> {
        self.get(&format!("/v1/blocks/{height}")).await
    }

    /// `POST /v1/tx`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn submit_tx(&self, tx: &SignedTx) -> Result<TxHash, ClientError> {
        #[derive(Deserialize)]
        struct Taken {
            #[serde(with = "crate::json")]
            hash: TxHash,
        }
        let taken: Taken = self.post("/v1/tx", &json!({ "tx": hex::encode(tx.encode()) })).await?;
        if taken.hash != tx.hash() {
            let what = format!("took transaction {} under the name {}", tx.hash(), taken.hash);
            return Err(ClientError::Answer { what });
        }
        Ok(taken.hash)
    }

    /// `/v1/tx/{hash}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn tx(&self, hash: &TxHash) -> Result<TxState, ClientError> {
        tx_state(self.ask(Method::GET, &format!("/v1/tx/{hash}"), None, self.limits.answer).await?, hash)
    }

    /// `/v1/tx/{hash}/wait`: returns when it is in a block or rejected, or after `timeout` (at most 30 s).
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn wait_tx(&self, hash: &TxHash, timeout: Duration) -> Result<TxState, ClientError> {
        let timeout = timeout.min(WAIT_MAX);
        let path = format!("/v1/tx/{hash}/wait?timeout_ms={}", timeout.as_millis());
        tx_state(self.ask(Method::GET, &path, None, self.limits.answer.saturating_add(timeout)).await?, hash)
    }

    /// `/v1/accounts/{id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn account(&self, id: &AccountId) -> Result<AccountView, ClientError> {
        self.get(&format!("/v1/accounts/{id}")).await
    }

    /// `/v1/tasks/{id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn task(&self, id: &TaskId) -> Result<Option<TaskView>, ClientError> {
        let found: Option<TaskView> = self.get_optional(&format!("/v1/tasks/{id}")).await?;
        match found {
            Some(task) if task.id != *id => {
                Err(ClientError::Answer { what: format!("gave task {} where {id} was asked for", task.id) })
            }
            found => Ok(found),
        }
    }

    /// `/v1/tasks/{id}/sealed`: private bytes that wait for the holder of a task.
    ///
    /// # Errors
    /// [`ClientError`]. Where nobody holds it, or no key was given, nothing waits.
    pub async fn sealed(&self, id: &TaskId) -> Result<Option<SealedView>, ClientError> {
        match self.get_optional(&format!("/v1/tasks/{id}/sealed")).await {
            Err(ClientError::Api { status: 409, .. }) => Ok(None),
            found => found,
        }
    }

    /// `POST /v1/tasks/{id}/sealed`: leaves private bytes with the node, sealed to the key of the task's holder, signed by `from`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn send_sealed(
        &self,
        id: &TaskId,
        from: &AccountId,
        sealed: &[u8],
        signature: &[u8; 64],
    ) -> Result<(), ClientError> {
        let body = serde_json::json!({
            "sealed": hex::encode(sealed),
            "from": from.to_string(),
            "signature": hex::encode(signature),
        });
        self.post::<serde_json::Value>(&format!("/v1/tasks/{id}/sealed"), &body).await.map(drop)
    }

    /// `/v1/tasks/{id}/declines`: how many providers gave each reason for not taking a task.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn declines(&self, id: &TaskId) -> Result<DeclinesView, ClientError> {
        self.get(&format!("/v1/tasks/{id}/declines")).await
    }

    /// `POST /v1/tasks/{id}/declines`: tells why `from` does not take a task, signed over [`zera_host::decline_message`].
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn send_decline(
        &self,
        id: &TaskId,
        from: &AccountId,
        reason: &str,
        signature: &[u8; 64],
    ) -> Result<(), ClientError> {
        let body =
            serde_json::json!({ "from": from.to_string(), "reason": reason, "signature": hex::encode(signature) });
        self.post::<serde_json::Value>(&format!("/v1/tasks/{id}/declines"), &body).await.map(drop)
    }

    /// `/v1/tasks`, all pages: tasks in `state`, or all.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn tasks(&self, state: Option<TaskStage>) -> Result<Vec<TaskView>, ClientError> {
        #[derive(Deserialize)]
        struct Page {
            tasks: Vec<TaskView>,
            #[serde(default, with = "crate::json")]
            next: Option<TaskId>,
        }
        let state = state.map(|state| format!("&state={state}")).unwrap_or_default();
        let mut all: Vec<TaskView> = Vec::new();
        let (mut after, mut seen) = (String::new(), BTreeSet::new());
        for _ in 0..PAGES_MAX {
            let Page { tasks, next } = self.get(&format!("/v1/tasks?limit={PAGE}{state}{after}")).await?;
            if tasks.len() > PAGE {
                let what = format!("/v1/tasks: {} tasks on a page of {PAGE}", tasks.len());
                return Err(ClientError::Answer { what });
            }
            all.extend(tasks);
            match next {
                None => return Ok(all),
                // A list that runs in circles has no end.
                Some(next) if !seen.insert(next) => {
                    return Err(ClientError::Answer { what: format!("/v1/tasks: page {next} comes twice") });
                }
                Some(next) => after = format!("&after={next}"),
            }
        }
        Err(ClientError::Answer { what: format!("more than {} tasks in one list", PAGE * PAGES_MAX) })
    }

    /// `/v1/contracts/{id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn contract(&self, id: &AccountId) -> Result<ContractView, ClientError> {
        self.get(&format!("/v1/contracts/{id}")).await
    }

    /// `/v1/contracts/{id}/storage/{key}`; `None` where there is no entry.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn storage(&self, contract: &AccountId, key: &[u8]) -> Result<Option<Vec<u8>>, ClientError> {
        #[derive(Deserialize)]
        struct Entry {
            #[serde(with = "crate::json")]
            value: Vec<u8>,
        }
        let path = format!("/v1/contracts/{contract}/storage/{}", hex::encode(key));
        Ok(self.get_optional::<Entry>(&path).await?.map(|entry| entry.value))
    }

    /// `POST /v1/contracts/{id}/query`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn query(
        &self,
        contract: &AccountId,
        caller: Option<&AccountId>,
        entry: &str,
        input: &[u8],
    ) -> Result<QueryView, ClientError> {
        let mut body = json!({ "entry": entry, "input": hex::encode(input) });
        if let Some(caller) = caller {
            body["caller"] = caller.to_string().into();
        }
        self.post(&format!("/v1/contracts/{contract}/query"), &body).await
    }

    /// `/v1/predicates`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn predicates(&self) -> Result<Vec<PredicateView>, ClientError> {
        self.get("/v1/predicates").await
    }

    /// `/v1/predicates/{id or name}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn predicate(&self, id_or_name: &str) -> Result<Option<PredicateView>, ClientError> {
        let plain = id_or_name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        if !plain || id_or_name.is_empty() {
            return Ok(None);
        }
        self.get_optional(&format!("/v1/predicates/{id_or_name}")).await
    }

    /// `GET /v1/artefacts/{sha256}`: a file of at most `len_max` bytes; its SHA-256 is checked here.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn artefact(&self, sha256: &[u8; 32], len_max: usize) -> Result<Option<Vec<u8>>, ClientError> {
        let path = format!("/v1/artefacts/{}", hex::encode(sha256));
        let asked = Asked { method: Method::GET, path: &path, body: None, timeout: FILE_TIMEOUT, answer_max: len_max };
        match success(self.ask_for(asked).await?) {
            Ok(answer) if <[u8; 32]>::from(Sha256::digest(&answer.body)) == *sha256 => Ok(Some(answer.body)),
            Ok(_) => Err(ClientError::Answer { what: format!("{path}: other bytes than were asked for") }),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// `PUT /v1/artefacts/{sha256}`: stores a file of a published predicate, with its owner's signature.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn put_artefact(
        &self,
        predicate: &PredicateId,
        signature: &[u8; 64],
        bytes: &[u8],
    ) -> Result<(), ClientError> {
        let path = format!("/v1/artefacts/{}?predicate={predicate}", hex::encode(Sha256::digest(bytes)));
        let body = Body { bytes: bytes.to_vec(), kind: FILE_KIND, signature: Some(hex::encode(signature)) };
        let (method, body) = (Method::PUT, Some(body));
        let asked = Asked { method, path: &path, body, timeout: FILE_TIMEOUT, answer_max: ANSWER_MAX };
        success(self.ask_for(asked).await?).map(drop)
    }

    /// `/v1/keys/{id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn key(&self, id: &KeyId) -> Result<Option<KeyView>, ClientError> {
        self.get_optional(&format!("/v1/keys/{id}")).await
    }

    /// `/v1/market`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn market(&self) -> Result<MarketView, ClientError> {
        self.get("/v1/market").await
    }

    /// `/v1/proposals/{id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn proposal(&self, id: u64) -> Result<Option<ProposalView>, ClientError> {
        self.get_optional(&format!("/v1/proposals/{id}")).await
    }

    /// `/v1/proposals`, all pages: proposals in `state`, a word of letters, or all.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn proposals(&self, state: Option<&str>) -> Result<ProposalsView, ClientError> {
        let state = state.map(|state| format!("&state={state}")).unwrap_or_default();
        let mut all: ProposalsView = self.get(&format!("/v1/proposals?limit=100{state}")).await?;
        while let Some(after) = all.next {
            // Pages go forward, or a node could keep us here.
            if all.proposals.last().is_none_or(|last| last.id != after) {
                return Err(ClientError::Answer { what: format!("a page of proposals that does not end at {after}") });
            }
            let page: ProposalsView = self.get(&format!("/v1/proposals?limit=100&after={after}{state}")).await?;
            if page.proposals.iter().any(|proposal| proposal.id <= after) {
                return Err(ClientError::Answer { what: format!("a page of proposals that goes back before {after}") });
            }
            all = ProposalsView { proposals: [all.proposals, page.proposals].concat(), ..page };
        }
        Ok(all)
    }

    /// `/v1/cost`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn cost(&self) -> Result<CostView, ClientError> {
        self.get("/v1/cost").await
    }

    /// `/v1/events/list`: one page of events after `after`, oldest first.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn events_page(&self, after: Option<Cursor>, limit: usize) -> Result<Vec<EventView>, ClientError> {
        #[derive(Deserialize)]
        struct Page {
            events: Vec<EventView>,
        }
        let since = after.map(|cursor| format!("&since={cursor}")).unwrap_or_default();
        Ok(self.get::<Page>(&format!("/v1/events/list?limit={limit}{since}")).await?.events)
    }

    /// `/v1/events`: events after `after`, or all that are kept, and then as they come. Reconnects by itself and goes on after
    /// the last event that it gave.
    pub fn events(&self, after: Option<Cursor>) -> EventStream {
        sse::stream(self.clone(), after)
    }

    /// `POST /v1/dev/block`: one more block, on a development network without a clock.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn dev_block(&self) -> Result<(), ClientError> {
        self.post::<serde_json::Value>("/v1/dev/block", &json!({})).await.map(drop)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        read(success(self.ask(Method::GET, path, None, self.limits.answer).await?)?, path)
    }

    async fn get_optional<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, ClientError> {
        match self.get(path).await {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, ClientError> {
        let body = serde_json::to_vec(body).map_err(|error| ClientError::Answer { what: format!("body: {error}") })?;
        read(success(self.ask(Method::POST, path, Some(body), self.limits.answer).await?)?, path)
    }

    /// Asks until there is an answer or the attempts are used up.
    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        timeout: Duration,
    ) -> Result<Answer, ClientError> {
        let body = body.map(|bytes| Body { bytes, kind: "application/json", signature: None });
        self.ask_for(Asked { method, path, body, timeout, answer_max: ANSWER_MAX }).await
    }

    async fn ask_for(&self, asked: Asked<'_>) -> Result<Answer, ClientError> {
        let mut pause = self.limits.pause;
        let mut attempt = 1;
        loop {
            match self.ask_once(&asked).await {
                Err(error) if error.is_transport() && attempt < self.limits.attempts => {
                    tokio::time::sleep(pause).await;
                    pause = pause.saturating_mul(2).min(self.limits.pause_max);
                    attempt += 1;
                }
                done => return done,
            }
        }
    }

    async fn ask_once(&self, asked: &Asked<'_>) -> Result<Answer, ClientError> {
        let Asked { method, path, body, timeout, answer_max } = asked;
        let lost =
            |error: reqwest::Error| ClientError::Transport { what: format!("{method} {path}: {}", root(&error)) };
        let mut request = self.request(method.clone(), path).timeout(*timeout);
        if let Some(body) = body {
            request = request.header("content-type", body.kind).body(body.bytes.clone());
            if let Some(signature) = &body.signature {
                request = request.header("zera-signature", signature);
            }
        }
        let response = request.send().await.map_err(lost)?;
        collect(response, path, *answer_max, lost).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}

/// The whole answer, as far as an answer may be long.
async fn collect(
    response: Response,
    path: &str,
    answer_max: usize,
    lost: impl Fn(reqwest::Error) -> ClientError,
) -> Result<Answer, ClientError> {
    let status = response.status();
    let mut bytes = response.bytes_stream();
    let mut body = Vec::new();
    while let Some(chunk) = bytes.next().await {
        let chunk = chunk.map_err(&lost)?;
        if body.len() + chunk.len() > answer_max {
            return Err(ClientError::Answer { what: format!("{path}: more than {answer_max} bytes") });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, body })
}

/// A stranger's words as one line of bounded length without control characters: they go to terminals and logs.
fn line(words: &str) -> String {
    words.chars().take(WORDS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The innermost cause: reqwest's own words name the address and little else.
fn root(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// The answer, where its status is one of success.
fn success(answer: Answer) -> Result<Answer, ClientError> {
    if answer.status.is_success() {
        return Ok(answer);
    }
    let (code, message) = match serde_json::from_slice::<ErrorBody>(&answer.body) {
        Ok(body) => (line(&body.error.code), line(&body.error.message)),
        Err(_) => ("E_HTTP".to_owned(), answer.status.to_string()),
    };
    Err(ClientError::Api { status: answer.status.as_u16(), code, message })
}

fn read<T: DeserializeOwned>(answer: Answer, path: &str) -> Result<T, ClientError> {
    let what = |error: serde_json::Error| ClientError::Answer { what: format!("{path}: {}", line(&error.to_string())) };
    serde_json::from_slice(&answer.body).map_err(what)
}

/// 200 in a block, 202 pending, 404 unknown, 409 rejected.
fn tx_state(answer: Answer, hash: &TxHash) -> Result<TxState, ClientError> {
    match answer.status {
        StatusCode::ACCEPTED => Ok(TxState::Pending),
        StatusCode::OK => {
            let result: TxResult = read(answer, "transaction")?;
            if result.hash != *hash {
                return Err(ClientError::Answer { what: format!("gave transaction {} for {hash}", result.hash) });
            }
            Ok(TxState::Included(result))
        }
        _ => match success(answer) {
            Err(ClientError::Api { status: 404, .. }) => Ok(TxState::Unknown),
            Err(ClientError::Api { status: 409, message: reason, .. }) => Ok(TxState::Rejected { reason }),
            Err(error) => Err(error),
            Ok(answer) => Err(ClientError::Answer { what: format!("transaction: http {}", answer.status) }),
        },
    }
}

impl MarketClient for Client {
    async fn status(&self) -> Result<StatusView, ClientError> {
        Client::status(self).await
    }

    async fn cost(&self) -> Result<CostView, ClientError> {
        Client::cost(self).await
    }

    async fn rules(&self) -> Result<RulesView, ClientError> {
        Ok(self.market().await?.rules)
    }

    fn events(&self, after: Option<Cursor>) -> EventStream {
        Client::events(self, after)
    }

    async fn task(&self, id: &TaskId) -> Result<Option<TaskView>, ClientError> {
        Client::task(self, id).await
    }

    async fn sealed(&self, id: &TaskId) -> Result<Option<SealedView>, ClientError> {
        Client::sealed(self, id).await
    }

    async fn decline(
        &self,
        id: &TaskId,
        from: &AccountId,
        reason: &str,
        signature: &[u8; 64],
    ) -> Result<(), ClientError> {
        self.send_decline(id, from, reason, signature).await
    }

    async fn artefacts(&self, predicate: &PredicateId) -> Result<Vec<[u8; 32]>, ClientError> {
        let found = Client::predicate(self, &predicate.to_string()).await?;
        Ok(found.filter(|found| found.id == *predicate).map(|found| found.artefacts).unwrap_or_default())
    }

    async fn artefact(&self, sha256: &[u8; 32], len_max: usize) -> Result<Option<Vec<u8>>, ClientError> {
        Client::artefact(self, sha256, len_max).await
    }

    async fn tasks(&self, state: TaskStage) -> Result<Vec<TaskView>, ClientError> {
        Client::tasks(self, Some(state)).await
    }

    async fn account(&self, id: &AccountId) -> Result<AccountView, ClientError> {
        Client::account(self, id).await
    }

    async fn submit_tx(&self, tx: &SignedTx) -> Result<(), ClientError> {
        Client::submit_tx(self, tx).await.map(drop)
    }

    async fn tx(&self, hash: &TxHash) -> Result<TxState, ClientError> {
        Client::tx(self, hash).await
    }

    async fn wait_tx(&self, hash: &TxHash, timeout: Duration) -> Result<TxState, ClientError> {
        Client::wait_tx(self, hash, timeout).await
    }
}

#[cfg(test)]
mod tests;
