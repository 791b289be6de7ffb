//! A node in memory: the real market, blocks when the test says so, and a script of faults.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ed25519_dalek::SigningKey;
use futures_util::StreamExt;
use futures_util::stream;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use zera_abi::{AccountId, Amount, ChainId, Height, KeyId, Level, Outcome, PredicateId, Status, TaskId, TxHash};
use zera_host::sealed::{Address, SealingSecret, open, seal};
use zera_host::{Action, CostSchedule, Gadgets, SignedTx, Tx};
use zera_market::ports::{Claim, Verdict, Verify};
use zera_market::{
    Answer, Delivery, Market, MarketError, Mode, NativeRun, Note, Opening, Rules, Ruling, Score, Task, TaskState,
};
use zera_native::{Inputs, Predicate};
use zera_r1cs::Manifest;
use zera_statement::{Binding, Statement, input_root, scalar_from_be, scalar_to_be, task_id};
use zera_verifier::{PreparedKey, Proof, PublicInputs, verify};

use super::{EventStream, MarketClient};
use crate::error::ClientError;
use crate::view::{
    AccountView, CommitView, CostView, Cursor, EventView, RulesView, SealedView, StandingView, StatusCode, StatusView,
    SubmissionView, TaskStage, TaskView, TxResult, TxState, UnbondingView,
};

pub(crate) const CHAIN: ChainId = ChainId([0xc4; 32]);
pub(crate) const REQUESTER: AccountId = AccountId([0x9e; 32]);

/// Faults. Counts go down as they happen.
#[derive(Default)]
pub(crate) struct Script {
    /// Nothing is answered.
    pub(crate) offline: bool,
    /// Answers take this long.
    pub(crate) slow: Duration,
    /// Transactions of this action are taken, and the answer is lost.
    pub(crate) lose_response: BTreeMap<&'static str, u32>,
    /// Transactions of this action never arrive.
    pub(crate) lose_request: BTreeMap<&'static str, u32>,
    /// Transactions of this action are taken, answered, and forgotten.
    pub(crate) forget: BTreeMap<&'static str, u32>,
    /// Transactions of these actions wait until they expire.
    pub(crate) hold: BTreeSet<&'static str>,
    /// Every task is shown with another first input byte.
    pub(crate) lie: bool,
    /// A height that is told in place of the chain's.
    pub(crate) height: Option<Height>,
    /// A task that is shown among the open ones and is nowhere on the chain.
    pub(crate) phantom: Option<TaskView>,
    /// No event is told.
    pub(crate) mute: bool,
    /// Files of predicates.
    pub(crate) files: Vec<(PredicateId, Vec<u8>)>,
}

/// Who judges proofs.
pub(crate) enum Judge {
    /// Takes [`fake_proof`]s.
    Fake,
    /// Takes proofs that verify.
    Real(Box<PreparedKey>),
}

impl Verify for Judge {
    fn verify(&mut self, claim: &Claim, proof: &[u8; 256]) -> Verdict {
        let valid = match self {
            Judge::Fake => *proof == fake_proof(&claim.task, &claim.provider, claim.outcome),
            Judge::Real(key) => {
                let Claim { task, key: name, predicate, provider, not_after, outcome, .. } = *claim;
                let binding = Binding { chain: CHAIN, task, key: name, predicate, provider, not_after };
                let statement = Statement {
                    outcome,
                    binding: binding.to_scalar(),
                    input_root: scalar_from_be(&claim.input_root).unwrap(),
                    declared: claim.declared.iter().map(|value| scalar_from_be(value).unwrap()).collect(),
                };
                let Ok(proof) = Proof::decode(proof) else { return Verdict::Malformed };
                verify(key, &PublicInputs::from_scalars(statement.public_inputs()), &proof).is_ok()
            }
        };
        if valid { Verdict::Valid } else { Verdict::Invalid }
    }
}

/// Well-formed points that only one provider can have for one task and outcome.
pub(crate) fn fake_proof(task: &TaskId, provider: &AccountId, outcome: Outcome) -> [u8; 256] {
    let mark = Binding {
        chain: CHAIN,
        task: *task,
        key: KeyId([0; 32]),
        predicate: PredicateId([0; 32]),
        provider: *provider,
        not_after: Height(outcome.code().into()),
    };
    let a = (G1Affine::generator() * mark.to_scalar()).into_affine();
    Proof::from_points(a, G2Affine::generator(), (G1Affine::generator() * Fr::from(5)).into_affine()).unwrap().encode()
}

/// What a task asks in a test.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) predicate: PredicateId,
    pub(crate) key: KeyId,
    pub(crate) public: Vec<u8>,
    pub(crate) bounty: Amount,
    pub(crate) blocks: u64,
    pub(crate) declared: u8,
    pub(crate) expected: Vec<[u8; 32]>,
    pub(crate) witness_only: bool,
}

pub(crate) struct Inner {
    pub(crate) market: Market,
    pub(crate) height: Height,
    pub(crate) script: Script,
    pub(crate) block_ms: u64,
    /// What tasks that are opened from now on take.
    pub(crate) mode: Mode,
    /// Every transaction that arrived, in order, with its action.
    pub(crate) arrivals: Vec<(&'static str, TxHash)>,
    /// Reasons that were told, in order.
    pub(crate) declined: Vec<(TaskId, String)>,
    /// Every transaction that is in a block, in order: action, height, whether it was done.
    pub(crate) included: Vec<(&'static str, Height, bool)>,
    chain: ChainId,
    judge: Judge,
    nonces: BTreeMap<AccountId, u64>,
    publics: BTreeMap<TaskId, (u64, Vec<u8>)>,
    submissions: BTreeMap<TaskId, Vec<SubmissionView>>,
    /// What waits for holders, with the transaction where it was delivered on the chain.
    mail: BTreeMap<TaskId, (Vec<u8>, Option<Vec<u8>>)>,
    results: BTreeMap<TxHash, TxResult>,
    rejected: BTreeMap<TxHash, String>,
    pool: Vec<SignedTx>,
    events: Vec<EventView>,
    indices: u32,
}

/// The node and its client at once; clones share the chain.
#[derive(Clone)]
pub(crate) struct Double {
    inner: Arc<Mutex<Inner>>,
    changed: watch::Sender<u64>,
}

impl Double {
    pub(crate) fn new(judge: Judge, block_ms: u64) -> Double {
        let mut market = Market::new(Rules::local()).unwrap();
        market.mint(REQUESTER, Amount::from_zra(1_000_000).unwrap()).unwrap();
        let inner = Inner {
            market,
            height: Height(1),
            script: Script::default(),
            block_ms,
            mode: Mode::Proved,
            arrivals: vec![],
            declined: vec![],
            included: vec![],
            chain: CHAIN,
            judge,
            nonces: BTreeMap::new(),
            publics: BTreeMap::new(),
            submissions: BTreeMap::new(),
            mail: BTreeMap::new(),
            results: BTreeMap::new(),
            rejected: BTreeMap::new(),
            pool: vec![],
            events: vec![],
            indices: 0,
        };
        Double { inner: Arc::new(Mutex::new(inner)), changed: watch::channel(0).0 }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    pub(crate) fn fund(&self, account: AccountId, zra: u64) {
        self.lock().market.mint(account, Amount::from_zra(zra).unwrap()).unwrap();
    }

    pub(crate) fn move_to_chain(&self, chain: ChainId) {
        let mut inner = self.lock();
        inner.chain = chain;
        inner.height.0 += 1;
    }

    /// Opens a task now.
    pub(crate) fn ask(&self, ask: Ask) -> TaskId {
        let mut inner = self.lock();
        let handle = inner.publics.len() as u64 + 1;
        let task = task_id(&CHAIN, &REQUESTER, handle);
        let (now, deadline) = (inner.height, Height(inner.height.0 + ask.blocks));
        let opening = Opening {
            task,
            requester: REQUESTER,
            predicate: ask.predicate,
            key: ask.key,
            input_root: scalar_to_be(&input_root(&ask.public)),
            declared: ask.declared,
            expected: ask.expected,
            bounty_max: ask.bounty,
            min_stake: Amount::ZERO,
            value_at_risk: Amount::ZERO,
            deadline,
            level: Level::Accepted,
            fee: Rules::local().opening_fee(ask.bounty),
            witness_only: ask.witness_only,
            mode: inner.mode,
            delivers: !ask.witness_only && ask.declared > 0,
        };
        inner.market.open(now, opening).unwrap();
        inner.publics.insert(task, (handle, ask.public));
        inner.tell();
        drop(inner);
        self.changed.send_modify(|count| *count += 1);
        task
    }

    /// Whom private bytes for a task are sealed to, once its holder has said so.
    pub(crate) fn address(&self, task: &TaskId) -> Option<Address> {
        let inner = self.lock();
        let record = inner.market.task(task)?;
        let key = *record.delivery().key()?;
        Some(Address { chain: CHAIN, task: *task, provider: *record.provider()?, key })
    }

    /// The requester leaves bytes with the node, sealed.
    pub(crate) fn send(&self, to: &Address, bytes: &[u8]) {
        let sealed = seal(to, bytes, &[9; 32]).unwrap();
        self.lock().mail.insert(to.task, (sealed, None));
    }

    /// The requester delivers on the chain.
    pub(crate) fn deliver(&self, to: &Address, bytes: &[u8]) {
        let sealed = seal(to, bytes, &[9; 32]).unwrap();
        let mut inner = self.lock();
        let now = inner.height;
        inner.market.deliver(now, &to.task, REQUESTER).unwrap();
        // The creator's, as the requester is shown as a contract.
        let key = SigningKey::from_bytes(&[0xce; 32]);
        let sender = AccountId(key.verifying_key().to_bytes());
        let action = Action::Deliver { task: to.task, sealed: sealed.clone() };
        let tx = Tx { chain: CHAIN, sender, nonce: 0, expiry: now, fuel_limit: 0, action }.sign(&key).unwrap();
        inner.mail.insert(to.task, (sealed, Some(tx.encode())));
        inner.tell();
    }

    /// The node says that something was delivered on the chain, and has no signature to show for it.
    pub(crate) fn claim_delivery(&self, to: &Address, bytes: &[u8]) {
        let sealed = seal(to, bytes, &[9; 32]).unwrap();
        self.lock().mail.insert(to.task, (sealed, Some(vec![1, 2, 3])));
    }

    /// Somebody else locks now.
    pub(crate) fn lock_as(&self, task: &TaskId, provider: AccountId) {
        let mut inner = self.lock();
        let now = inner.height;
        inner.market.lock(now, task, provider).unwrap();
        inner.tell();
        drop(inner);
        self.changed.send_modify(|count| *count += 1);
    }

    pub(crate) fn stage(&self, task: &TaskId) -> &'static str {
        self.lock().market.task(task).unwrap().state().name()
    }

    /// Makes a block.
    pub(crate) fn mine(&self) {
        let mut inner = self.lock();
        inner.height.0 += 1;
        let now = inner.height;
        inner.indices = 0;
        inner.market.tick(now);
        inner.tell();
        for tx in std::mem::take(&mut inner.pool) {
            if !inner.script.hold.contains(tx.tx().action.name()) {
                inner.apply(now, &tx);
            } else if tx.tx().expiry > now {
                inner.pool.push(tx);
            } else {
                inner.rejected.insert(tx.hash(), "expired".to_owned());
            }
        }
        inner.market.conserved().unwrap();
        drop(inner);
        self.changed.send_modify(|count| *count += 1);
    }

    /// Blocks at an interval, until the guard is dropped.
    pub(crate) fn mine_every(&self, interval: Duration) -> Miner {
        let chain = self.clone();
        Miner(tokio::spawn(async move {
            loop {
                tokio::time::sleep(interval).await;
                chain.mine();
            }
        }))
    }

    /// How many transactions of this action are in blocks, done or not.
    pub(crate) fn included(&self, action: &str) -> usize {
        self.lock().included.iter().filter(|(name, ..)| *name == action).count()
    }

    /// The names under which transactions of this action arrived.
    pub(crate) fn arrived(&self, action: &str) -> Vec<TxHash> {
        self.lock().arrivals.iter().filter(|(name, _)| *name == action).map(|(_, hash)| *hash).collect()
    }

    pub(crate) fn has_pending(&self) -> bool {
        !self.lock().pool.is_empty()
    }

    async fn answer<T>(&self, read: impl FnOnce(&mut Inner) -> Result<T, ClientError>) -> Result<T, ClientError> {
        let slow = self.lock().script.slow;
        if !slow.is_zero() {
            tokio::time::sleep(slow).await;
        }
        let mut inner = self.lock();
        if inner.script.offline { Err(lost("offline")) } else { read(&mut inner) }
    }
}

pub(crate) struct Miner(tokio::task::JoinHandle<()>);

impl Drop for Miner {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn lost(what: &str) -> ClientError {
    ClientError::Transport { what: what.to_owned() }
}

fn refused(code: &str, message: &str) -> ClientError {
    ClientError::Api { status: 409, code: code.to_owned(), message: message.to_owned() }
}

/// Counts one fault of this action down.
fn strike(faults: &mut BTreeMap<&'static str, u32>, action: &str) -> bool {
    match faults.get_mut(action) {
        Some(left) if *left > 0 => {
            *left -= 1;
            true
        }
        _ => false,
    }
}

impl Inner {
    /// Notes to events.
    fn tell(&mut self) {
        for note in self.market.drain_notes() {
            let (event, fields) = match note {
                Note::Opened { task } => ("task_opened", json!({ "task": task.to_string() })),
                Note::Reauctioned { task, .. } => ("task_reauctioned", json!({ "task": task.to_string() })),
                Note::Locked { task, provider, .. } => {
                    ("task_locked", json!({ "task": task.to_string(), "provider": provider.to_string() }))
                }
                Note::Released { task, .. } => ("task_released", json!({ "task": task.to_string() })),
                Note::RescueOpened { task, .. } => ("rescue_opened", json!({ "task": task.to_string() })),
                Note::Finalised { task, provider, paid, .. } => (
                    "task_final",
                    json!({ "task": task.to_string(), "provider": provider.to_string(), "paid": paid.units().to_string() }),
                ),
                Note::Failed { task, provider, paid, .. } => (
                    "task_failed",
                    json!({ "task": task.to_string(), "provider": provider.to_string(), "paid": paid.units().to_string() }),
                ),
                Note::Settled { task, settler, outcome, upheld, .. } => (
                    "challenge_settled",
                    json!({ "task": task.to_string(), "settler": settler.to_string(), "outcome": outcome.to_string(), "upheld": upheld }),
                ),
                Note::ChallengeLost { task, challenger, burned, settler, settler_paid } => (
                    "challenge_lost",
                    json!({
                        "task": task.to_string(),
                        "challenger": challenger.to_string(),
                        "burned": burned.units().to_string(),
                        "settler": settler.to_string(),
                        "settler_paid": settler_paid.units().to_string(),
                    }),
                ),
                Note::AttestationSlashed { task, attester, challenger_paid, settler_paid, .. } => (
                    "attestation_slashed",
                    json!({
                        "task": task.to_string(),
                        "attester": attester.to_string(),
                        "challenger_paid": challenger_paid.units().to_string(),
                        "settler_paid": settler_paid.units().to_string(),
                    }),
                ),
                Note::KeyWithdrawn { key, reporter, reward } => (
                    "key_withdrawn",
                    json!({
                        "key": key.to_string(),
                        "reporter": reporter.to_string(),
                        "reward": reward.units().to_string(),
                    }),
                ),
                _ => continue,
            };
            let Value::Object(fields) = fields else { unreachable!() };
            let event = EventView { height: self.height, index: self.indices, event: event.to_owned(), fields };
            self.indices += 1;
            self.events.push(event);
        }
    }

    fn apply(&mut self, now: Height, tx: &SignedTx) {
        let body = tx.tx();
        let expected = self.nonces.get(&body.sender).copied().unwrap_or(0);
        let refused = if body.expiry < now {
            Some(format!("expired at height {}, the next block is {now}", body.expiry))
        } else if body.nonce != expected {
            Some(format!("nonce {}, the next one is {expected}", body.nonce))
        } else {
            None
        };
        if let Some(reason) = refused {
            self.rejected.insert(tx.hash(), reason);
            return;
        }
        self.nonces.insert(body.sender, expected + 1);
        let (market, judge, sender) = (&mut self.market, &mut self.judge, body.sender);
        let done = |result: Result<(), MarketError>| match result {
            Ok(()) => (Status::Ok, "done", String::new()),
            Err(error) => (error.status(), "refused", error.to_string()),
        };
        let ruled = |result: Result<Ruling, MarketError>| match result {
            Ok(ruling @ Ruling::Rejected(_)) => (ruling.status(), "rejected", "the proof does not verify".to_owned()),
            Ok(ruling) => (ruling.status(), "done", String::new()),
            Err(error) => (error.status(), "refused", error.to_string()),
        };
        let (status, ending, detail) = match body.action.clone() {
            Action::Lock { task } => done(market.lock(now, &task, sender)),
            Action::Release { task } => done(market.release(now, &task, sender)),
            Action::Commit { task, digest } => done(market.commit(now, &task, sender, digest)),
            Action::Transfer { to, amount } => done(market.transfer(sender, to, amount)),
            Action::SealingKey { task, key } => done(market.give_key(now, &task, sender, key)),
            Action::Demand { task } => done(market.demand(now, &task, sender)),
            Action::Complain { task, secret } => {
                let secret = SealingSecret::from_bytes(&secret).unwrap();
                let to = Address { chain: CHAIN, task, provider: sender, key: secret.key() };
                let record = market.task(&task).unwrap();
                assert_eq!(record.delivery().key(), Some(&to.key));
                let right = open(&to, &secret, &self.mail[&task].0)
                    .is_ok_and(|bytes| record.expected()[0] == scalar_to_be(&input_root(&bytes)));
                assert!(!right, "a complaint of the right bytes");
                done(market.complain(now, &task, sender))
            }
            Action::Submit { task, answer } => {
                let ruling = market.submit(now, &task, sender, answer.clone(), judge);
                self.submitted(task, sender, now, &answer, &ruling);
                ruled(ruling)
            }
            Action::Reveal { task, salt, answer } => {
                let ruling = market.reveal(now, &task, sender, salt, answer.clone(), judge);
                self.submitted(task, sender, now, &answer, &ruling);
                ruled(ruling)
            }
            Action::Attest { task, outcome, declared } => done(market.attest(now, &task, sender, outcome, declared)),
            Action::Challenge { task, salt, claimed } => done(market.challenge(now, &task, sender, salt, claimed)),
            Action::Settle { task, answer } => ruled(market.settle(now, &task, sender, answer, judge)),
            Action::SettleNatively { task, fuel, program, manifest } => {
                let public = self.publics.get(&task).map(|(_, public)| public.clone()).unwrap_or_default();
                let entry = Manifest::from_bytes(&manifest).unwrap().entry;
                let program = Predicate::load_plain(&program, &entry, Arc::new(Gadgets)).unwrap();
                match program.run(&Inputs { public: &public, private: &[] }, fuel) {
                    // A proof of something else withdraws its key.
                    Ok(ran) if matches!(market.task(&task).map(Task::state), Some(TaskState::Accepted { .. })) => {
                        let (key, said) = market.task(&task).map(|task| (*task.key(), task.answer())).unwrap();
                        match said.is_some_and(|(outcome, _)| outcome != ran.outcome) {
                            true => done(market.withdraw_key(key, sender).map(drop)),
                            false => (Status::No, "refused", "as the proof says".to_owned()),
                        }
                    }
                    Ok(ran) => {
                        let run = NativeRun { outcome: ran.outcome, fee: Amount::ZERO };
                        ruled(market.settle_natively(now, &task, sender, run))
                    }
                    Err(error) => (Status::Limit, "refused", error.to_string()),
                }
            }
            other => panic!("the double does not know {}", other.name()),
        };
        self.included.push((body.action.name(), now, status == Status::Ok));
        let result = TxResult {
            hash: tx.hash(),
            height: now,
            status: StatusCode { code: status.code(), name: status.name().to_owned() },
            ending: ending.to_owned(),
            fuel_used: 0,
            fee: Amount::ZERO,
            data: vec![],
            detail,
        };
        self.results.insert(tx.hash(), result);
        self.tell();
    }

    fn submitted(
        &mut self,
        task: TaskId,
        provider: AccountId,
        height: Height,
        answer: &Answer,
        ruling: &Result<Ruling, MarketError>,
    ) {
        let Ok(ruling) = ruling else { return };
        let accepted = !matches!(ruling, Ruling::Rejected(_));
        let (outcome, proof) = (answer.outcome, answer.proof.clone());
        let row = SubmissionView { provider, height, outcome, accepted, proof };
        self.submissions.entry(task).or_default().push(row);
    }

    pub(crate) fn submissions_of(&self, task: &TaskId) -> &[SubmissionView] {
        self.submissions.get(task).map_or(&[], Vec::as_slice)
    }

    fn state(&self, hash: &TxHash) -> TxState {
        if let Some(result) = self.results.get(hash) {
            TxState::Included(result.clone())
        } else if self.pool.iter().any(|tx| tx.hash() == *hash) {
            TxState::Pending
        } else if let Some(reason) = self.rejected.get(hash) {
            TxState::Rejected { reason: reason.clone() }
        } else {
            TxState::Unknown
        }
    }

    fn submit(&mut self, tx: &SignedTx) -> Result<(), ClientError> {
        let (action, hash) = (tx.tx().action.name(), tx.hash());
        if strike(&mut self.script.lose_request, action) {
            return Err(lost("the request was lost"));
        }
        self.arrivals.push((action, hash));
        match self.state(&hash) {
            TxState::Included(_) | TxState::Pending => {}
            _ => {
                let expected = self.nonces.get(&tx.tx().sender).copied().unwrap_or(0);
                if tx.tx().nonce < expected {
                    return Err(refused("E_DUP", "transaction: nonce was used"));
                }
                if tx.tx().nonce > expected {
                    return Err(refused("E_STATE", "transaction: nonce leaves a gap"));
                }
                if tx.tx().expiry <= self.height {
                    return Err(refused("E_DEADLINE", "transaction: expired"));
                }
                let taken = |held: &SignedTx| held.tx().sender == tx.tx().sender && held.tx().nonce == tx.tx().nonce;
                if self.pool.iter().any(taken) {
                    return Err(refused("E_DUP", "pool: another transaction waits with this nonce"));
                }
                if !strike(&mut self.script.forget, action) {
                    self.pool.push(tx.clone());
                }
            }
        }
        if strike(&mut self.script.lose_response, action) {
            return Err(lost("the answer was lost"));
        }
        Ok(())
    }

    fn view(&self, id: &TaskId) -> Option<TaskView> {
        let task = self.market.task(id)?;
        let (handle, mut public) = self.publics.get(id)?.clone();
        if self.script.lie {
            public[0] ^= 1;
        }
        let next = Height(self.height.0 + 1);
        let (locked_price, lock_deadline, rescue_expires) = match task.state() {
            TaskState::Assigned { price, .. } => (Some(*price), task.lock_deadline_at(next), None),
            TaskState::Rescue { price, expires, .. } => (Some(*price), None, Some(*expires)),
            TaskState::Accepted { price, .. }
            | TaskState::Attested { price, .. }
            | TaskState::Challenged { price, .. } => (Some(*price), None, None),
            _ => (None, None, None),
        };
        let escrow: Map<String, Value> =
            [("stake".to_owned(), json!(task.escrow().stake.units().to_string()))].into_iter().collect();
        Some(TaskView {
            id: *id,
            contract: *task.requester(),
            handle,
            predicate: *task.predicate(),
            key: *task.key(),
            public,
            input_root: *task.input_root(),
            expected: task.expected().to_vec(),
            witness_only: task.witness_only(),
            delivers: task.delivers(),
            mode: task.mode().name().to_owned(),
            opened: task.opened(),
            deadline: task.not_after(),
            not_after: task.not_after(),
            state: TaskStage::ALL.into_iter().find(|stage| stage.as_str() == task.state().name()).unwrap(),
            level: task.level().to_string(),
            level_asked: task.minimum_level().to_string(),
            end: task.end().to_string(),
            reason: task.reason(),
            bounty_max: task.bounty_max(),
            min_stake: task.min_stake(),
            price: task.price_at(next),
            stake_required: task.stake_required_at(next),
            provider: task.provider().copied(),
            locked_price,
            lock_deadline,
            sealing_key: task.delivery().key().copied(),
            demand_from: task.demand_window().map(|(from, _)| from),
            demand_until: task.demand_window().map(|(_, until)| until),
            deliver_until: match task.delivery() {
                Delivery::Demanded { until, .. } => Some(until),
                _ => None,
            },
            delivered: matches!(task.delivery(), Delivery::Delivered { .. }),
            rescue_expires,
            commits: task
                .state()
                .commits()
                .iter()
                .map(|commit| CommitView { account: commit.provider, height: commit.height })
                .collect(),
            challenge_until: match task.state() {
                TaskState::Attested { until, .. } => Some(*until),
                _ => None,
            },
            challenger: task.state().challenger().copied(),
            claimed: match task.state() {
                TaskState::Challenged { claimed, .. } => Some(*claimed),
                _ => None,
            },
            respond_until: match task.state() {
                TaskState::Challenged { until, .. } => Some(*until),
                _ => None,
            },
            outcome: task.answer().map(|(outcome, _)| outcome),
            escrow: escrow.into_iter().collect(),
            submissions: self.submissions.get(id).cloned().unwrap_or_default(),
        })
    }
}

impl MarketClient for Double {
    async fn status(&self) -> Result<StatusView, ClientError> {
        self.answer(|inner| {
            Ok(StatusView {
                name: "double".to_owned(),
                chain_id: inner.chain,
                development: true,
                height: inner.script.height.unwrap_or(inner.height),
                block_hash: [0; 32],
                state_root: [0; 32],
                block_ms: inner.block_ms,
                fuel_price: 0,
                pending_txs: inner.pool.len() as u64,
            })
        })
        .await
    }

    async fn cost(&self) -> Result<CostView, ClientError> {
        self.answer(|_| {
            let entries = CostSchedule::v1().entries().into_iter().filter(|(name, _)| *name != "version");
            let prices = entries.map(|(name, value)| (name.to_owned(), value)).collect();
            Ok(CostView { version: 1, fuel_price: 0, prices })
        })
        .await
    }

    async fn rules(&self) -> Result<RulesView, ClientError> {
        self.answer(|inner| {
            let entries = inner.market.rules().entries().into_iter();
            Ok(RulesView(entries.map(|(name, value, ..)| (name.to_owned(), json!(value.to_string()))).collect()))
        })
        .await
    }

    fn events(&self, after: Option<Cursor>) -> EventStream {
        let state = (self.clone(), self.changed.subscribe(), after);
        stream::unfold(state, |(chain, mut changed, after)| async move {
            loop {
                changed.borrow_and_update();
                let next = {
                    let inner = chain.lock();
                    let mut told = inner.events.iter().filter(|_| !inner.script.mute);
                    told.find(|event| after.is_none_or(|after| event.cursor() > after)).cloned()
                };
                if let Some(event) = next {
                    let cursor = event.cursor();
                    return Some((Ok(event), (chain, changed, Some(cursor))));
                }
                changed.changed().await.ok()?;
            }
        })
        .boxed()
    }

    async fn task(&self, id: &TaskId) -> Result<Option<TaskView>, ClientError> {
        self.answer(|inner| Ok(inner.view(id))).await
    }

    async fn decline(
        &self,
        id: &TaskId,
        from: &AccountId,
        reason: &str,
        signature: &[u8; 64],
    ) -> Result<(), ClientError> {
        self.answer(|inner| {
            let key = ed25519_dalek::VerifyingKey::from_bytes(&from.0).unwrap();
            let message = zera_host::decline_message(&CHAIN, id, reason);
            key.verify_strict(&message, &ed25519_dalek::Signature::from_bytes(signature)).unwrap();
            inner.declined.push((*id, reason.to_owned()));
            Ok(())
        })
        .await
    }

    async fn sealed(&self, id: &TaskId) -> Result<Option<SealedView>, ClientError> {
        let to = self.address(id);
        self.answer(|inner| {
            let found = to.zip(inner.mail.get(id).cloned());
            Ok(found.map(|(Address { task, provider, key: sealing_key, .. }, (sealed, tx))| SealedView {
                task,
                provider,
                sealing_key,
                sealed,
                tx,
            }))
        })
        .await
    }

    async fn artefacts(&self, predicate: &PredicateId) -> Result<Vec<[u8; 32]>, ClientError> {
        self.answer(|inner| {
            let files = inner.script.files.iter().filter(|(id, _)| id == predicate);
            Ok(files.map(|(_, bytes)| Sha256::digest(bytes).into()).collect())
        })
        .await
    }

    async fn artefact(&self, sha256: &[u8; 32], _: usize) -> Result<Option<Vec<u8>>, ClientError> {
        self.answer(|inner| {
            let found = inner.script.files.iter().find(|(_, bytes)| Sha256::digest(bytes).as_slice() == sha256);
            Ok(found.map(|(_, bytes)| bytes.clone()))
        })
        .await
    }

    async fn tasks(&self, state: TaskStage) -> Result<Vec<TaskView>, ClientError> {
        self.answer(|inner| {
            let ids: Vec<TaskId> = inner.market.tasks().map(|task| *task.id()).collect();
            let phantom = inner.script.phantom.clone().into_iter();
            let all = ids.iter().filter_map(|id| inner.view(id)).chain(phantom);
            Ok(all.filter(|view| view.state == state).collect())
        })
        .await
    }

    async fn account(&self, id: &AccountId) -> Result<AccountView, ClientError> {
        self.answer(|inner| {
            let balance = inner.market.account(id);
            let nonce = inner.nonces.get(id).copied().unwrap_or(0);
            let standing = standing(&inner.market, id, Height(inner.height.0 + 1));
            Ok(AccountView {
                id: *id,
                free: balance.free,
                locked: balance.locked,
                voting: Amount::ZERO,
                ballots: Vec::new(),
                nonce,
                contract: *id == REQUESTER,
                standing,
            })
        })
        .await
    }

    async fn submit_tx(&self, tx: &SignedTx) -> Result<(), ClientError> {
        self.answer(|inner| inner.submit(tx)).await
    }

    async fn tx(&self, hash: &TxHash) -> Result<TxState, ClientError> {
        self.answer(|inner| Ok(inner.state(hash))).await
    }

    async fn wait_tx(&self, hash: &TxHash, timeout: Duration) -> Result<TxState, ClientError> {
        let mut changed = self.changed.subscribe();
        let until = tokio::time::Instant::now() + timeout;
        loop {
            changed.borrow_and_update();
            let state = self.tx(hash).await?;
            if state != TxState::Pending {
                return Ok(state);
            }
            tokio::select! {
                _ = changed.changed() => {}
                () = tokio::time::sleep_until(until) => return Ok(state),
            }
        }
    }
}

fn standing(market: &Market, id: &AccountId, next: Height) -> StandingView {
    let standing = market.standing(id).cloned().unwrap_or_default();
    let (rules, (locks, reserved)) = (market.rules(), market.locks(id));
    let score = |score: Score| score.at(next, rules.offence_half_life_blocks);
    let unbonding = standing.unbonding.iter();
    StandingView {
        staked: standing.staked,
        backing: standing.backing(),
        unbonding: unbonding.map(|part| UnbondingView { amount: part.amount, due: part.due }).collect(),
        locks,
        reserved,
        margin: standing.margin(reserved, rules, next).unwrap_or(Amount::MAX),
        liveness: score(standing.liveness),
        safety: score(standing.safety),
        releases: score(standing.releases),
        capacity: standing.capacity,
        jailed_until: Some(standing.jailed_until).filter(|until| next < *until),
        margin_call: standing.called,
    }
}
