//! The chain: opens a state, takes transactions, applies blocks, answers questions.

use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use zera_abi::{AccountId, Amount, ChainId, Height, KeyId, PredicateId, TaskId, TxHash};
use zera_market::Market;
use zera_market::ports::{Change, Store, Table, walk};
use zera_verifier::VerifyingKey;

use crate::admit::{Rejection, Room};
use crate::apply::{clock_callbacks, run, transaction};
use crate::codec::{Field, record};
use crate::contract::{Call, CallReport, Entry, EntryName, Runner, lend, on_guest_stack};
use crate::cost::CostSchedule;
use crate::event::Event;
use crate::genesis::Genesis;
use crate::judge::{Keys, ProofJob, Verdicts};
use crate::lane::Lanes;
use crate::overlay::{Overlay, parse};
use crate::receipt::{self, Receipt};
use crate::registry::{KeyRow, NameRow, PredicateRow};
use crate::rehearsal::{Rehearsals, Rehearsed, rehearse};
use crate::root;
use crate::state::{
    ContractRow, Delivered, InputRow, Params, State, SubmissionRow, contract_key, nonce, position, position_key,
};
use crate::tx::{Action, SignedTx};
use crate::waiting::Waiting;
use crate::world::NodeFault;

const META_CHAIN: &[u8] = b"chain_id";
const META_HEAD: &[u8] = b"head";

record! {
    /// A block's header.
    pub struct Header {
        /// Its height.
        height: Height,
        /// Hash of the header before it; zeros at genesis.
        previous: [u8; 32],
        /// SHA-256 Merkle root of the transactions' hashes.
        tx_root: [u8; 32],
        /// [`crate::receipt::root`].
        receipt_root: [u8; 32],
        /// SHA-256 of the events.
        event_root: [u8; 32],
        /// [`crate::root::advance`].
        state_root: [u8; 32],
    }
}

impl Header {
    /// The block's hash.
    pub fn hash(&self) -> [u8; 32] {
        let mut bytes = b"zera/block/v1".to_vec();
        self.put(&mut bytes);
        Sha256::digest(bytes).into()
    }
}

/// What became of a block's transactions.
#[derive(Debug)]
pub struct BlockReport {
    /// The block's header.
    pub header: Header,
    /// One receipt for each transaction that is in the block, in order.
    pub receipts: Vec<Receipt>,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// Transactions that can be in no block, with the reason.
    pub rejected: Vec<(TxHash, Rejection)>,
    /// Transactions that did not fit, or wait for an earlier nonce; for a later block.
    pub deferred: Vec<SignedTx>,
}

/// An event and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedEvent {
    /// The block.
    pub height: Height,
    /// The index within the block.
    pub index: u32,
    /// What happened.
    pub event: Event,
}

/// Why a state does not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The node's fault.
    #[error(transparent)]
    Fault(#[from] NodeFault),
    /// The data belongs to another chain.
    #[error("state: belongs to chain {found}, the genesis given is {expected}")]
    OtherChain {
        /// The genesis' chain.
        expected: ChainId,
        /// The chain of the data.
        found: ChainId,
    },
    /// The genesis is not one.
    #[error("genesis: {0}")]
    Genesis(String),
}

impl From<zera_market::ports::StoreError> for OpenError {
    fn from(error: zera_market::ports::StoreError) -> Self {
        OpenError::Fault(error.into())
    }
}

/// A chain on a store. One writer: blocks are applied through `&mut`.
pub struct Chain {
    /// Absent only after a fault, when the state in memory can no longer be trusted.
    state: Option<State>,
    runner: Runner,
    lanes: Lanes,
    head: Header,
    development: bool,
    name: String,
}

impl Chain {
    /// Opens the chain of `genesis` on `store`, or starts it there.
    ///
    /// # Errors
    /// [`OpenError`] where the store holds another chain, does not read back, or does not conserve money.
    pub fn open(store: Arc<dyn Store>, genesis: &Genesis) -> Result<Chain, OpenError> {
        let chain = genesis.chain_id();
        let params = Params {
            chain,
            development: genesis.development,
            fuel_price: genesis.fuel_price,
            key_activation: genesis.key_activation,
            name_timelock: genesis.name_timelock,
        };
        match store.read(Table::Meta, META_CHAIN)? {
            None => start(store.as_ref(), genesis, &chain)?,
            Some(bytes) => {
                let found = ChainId::parse(&bytes)
                    .map_err(|error| NodeFault::State { what: format!("chain id does not read back: {error}") })?;
                if found != chain {
                    return Err(OpenError::OtherChain { expected: chain, found });
                }
            }
        }
        let head_bytes = store
            .read(Table::Meta, META_HEAD)?
            .ok_or_else(|| NodeFault::State { what: "the head of the chain is missing".to_owned() })?;
        let head: Header = parse(Table::Meta, &head_bytes)?;
        let waiting = Waiting::restore(store.as_ref())?;
        let market = Market::restore(store.as_ref())
            .map_err(|error| NodeFault::State { what: format!("the market does not read back: {error}") })?;
        market.conserved().map_err(|error| NodeFault::State { what: error.to_string() })?;
        let keys = prepare_keys(store.as_ref())?;
        let cost = CostSchedule::v1();
        let runner = Runner::new(cost.clone())?;
        let state = State {
            overlay: Overlay::new(store),
            market,
            keys,
            params,
            cost,
            height: next(head.height)?,
            events: Vec::new(),
            verdicts: Verdicts::default(),
            waiting,
            rehearsals: Rehearsals::default(),
        };
        let (development, name) = (genesis.development, genesis.name.clone());
        Ok(Chain { state: Some(state), runner, lanes: Lanes::ONE, head, development, name })
    }

    /// Settles blocks in `lanes` from now on; a chain opens with one. It changes no block: contract calls of different
    /// contracts are run ahead beside each other, and stand where they would have done the same in their turn.
    pub fn set_lanes(&mut self, lanes: Lanes) {
        self.lanes = lanes;
    }

    /// How many calls lanes have taken ahead since the chain was opened.
    ///
    /// # Errors
    /// [`NodeFault`] after an earlier fault.
    pub fn rehearsed(&self) -> Result<Rehearsed, NodeFault> {
        Ok(self.state()?.rehearsals.count)
    }

    fn state(&self) -> Result<&State, NodeFault> {
        self.state.as_ref().ok_or_else(stopped)
    }

    /// Whether a transaction can be in the next block. A nonce that leaves a gap is told apart, so that a pool may keep it.
    ///
    /// # Errors
    /// [`Rejection`].
    pub fn admit(&self, tx: &SignedTx) -> Result<(), Rejection> {
        if self.position_of(&tx.hash())?.is_some() {
            return Err(Rejection::Duplicate);
        }
        self.state()?.check(tx)
    }

    /// The proofs that `txs` would have judged in the next block, to be verified ahead of it.
    ///
    /// # Errors
    /// [`NodeFault`] after an earlier fault.
    pub fn proof_jobs(&self, txs: &[SignedTx]) -> Result<Vec<ProofJob>, NodeFault> {
        let state = self.state()?;
        Ok(txs
            .iter()
            .filter_map(|tx| match &tx.tx().action {
                // Who may not answer now is most likely refused unjudged; if not, the proof is judged in the block.
                Action::Submit { task, answer }
                | Action::Reveal { task, answer, .. }
                | Action::Settle { task, answer }
                    if state.market.may_answer(task, &tx.tx().sender) =>
                {
                    let claim = state.market.claim(task, tx.tx().sender, answer).ok()?;
                    ProofJob::new(&state.params.chain, &state.keys, &claim, &answer.proof)
                }
                _ => None,
            })
            .collect())
    }

    /// Applies the next block: as many of `txs` as fit, in order, and commits it in one step.
    ///
    /// # Errors
    /// [`NodeFault`]: nothing of the block is kept, and the chain stops until it is opened again.
    pub fn apply(&mut self, txs: Vec<SignedTx>, verdicts: Verdicts) -> Result<BlockReport, NodeFault> {
        // All of a block's calls, and whatever is between them, on one thread.
        on_guest_stack(|| self.apply_here(txs, verdicts))?.unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn apply_here(&mut self, txs: Vec<SignedTx>, verdicts: Verdicts) -> Result<BlockReport, NodeFault> {
        let mut state = self.state.take().ok_or_else(stopped)?;
        state.verdicts = verdicts;
        state.events.clear();
        let height = state.height;
        state.market.tick(height);
        let (mut state, set_aside) = clock_callbacks(state, &self.runner, self.lanes)?;
        state.rehearsals.clear();
        if self.lanes != Lanes::ONE {
            let foreseen = state.foresee(&txs, Room::after(set_aside))?;
            state = rehearse(state, &self.runner, self.lanes, foreseen)?;
        }
        let (mut receipts, mut included) = (Vec::new(), Vec::new());
        let (mut rejected, mut deferred) = (Vec::new(), Vec::new());
        let mut waiting: BTreeSet<AccountId> = BTreeSet::new();
        let mut room = Room::after(set_aside);
        for tx in txs {
            let sender = tx.tx().sender;
            if waiting.contains(&sender) {
                deferred.push(tx);
                continue;
            }
            match state.check(&tx) {
                Err(Rejection::NonceGap { .. }) => {
                    waiting.insert(sender);
                    deferred.push(tx);
                    continue;
                }
                Err(reason) => {
                    rejected.push((tx.hash(), reason));
                    continue;
                }
                Ok(()) => {}
            }
            if !room.take(&state, &tx)? {
                waiting.insert(sender);
                deferred.push(tx);
                continue;
            }
            let (back, receipt) = transaction(state, &self.runner, &tx);
            state = back;
            receipts.push(receipt?);
            included.push(tx);
        }
        state.rehearsals.clear();
        let totals = state.market.totals();
        if totals.sum() != Some(totals.minted) {
            return Err(NodeFault::State { what: format!("block {height}: money is not conserved: {totals:?}") });
        }
        let events = std::mem::take(&mut state.events);
        let header = self.commit(&mut state, &included, &receipts, &events)?;
        state.height = next(height)?;
        state.verdicts = Verdicts::default();
        self.head = header.clone();
        self.state = Some(state);
        Ok(BlockReport { header, receipts, events, rejected, deferred })
    }

    /// Writes everything that the block changed, in one commit.
    fn commit(
        &self,
        state: &mut State,
        txs: &[SignedTx],
        receipts: &[Receipt],
        events: &[Event],
    ) -> Result<Header, NodeFault> {
        let height = state.height;
        let mut changes = state.overlay.drain();
        changes.extend(state.market.take_changes());
        let mut event_bytes = b"zera/events/v1".to_vec();
        for event in events {
            event.put(&mut event_bytes);
        }
        let header = Header {
            height,
            previous: self.head.hash(),
            tx_root: root::merkle(txs.iter().map(|tx| tx.hash().0).collect()),
            receipt_root: receipt::root(receipts),
            event_root: Sha256::digest(event_bytes).into(),
            state_root: root::advance(&self.head.state_root, &changes),
        };
        let mut row = |table, key: Vec<u8>, value: Vec<u8>| changes.push(Change { table, key, value: Some(value) });
        for (index, (tx, receipt)) in (0u32..).zip(txs.iter().zip(receipts)) {
            let key = position_key(height, index);
            row(Table::Txs, key.clone(), tx.encode());
            row(Table::Receipts, key.clone(), receipt.bytes());
            row(Table::TxIndex, tx.hash().0.to_vec(), key);
        }
        for (index, event) in (0u32..).zip(events) {
            row(Table::Events, position_key(height, index), event.bytes());
        }
        row(Table::Blocks, height.0.to_be_bytes().to_vec(), header.bytes());
        row(Table::Meta, META_HEAD.to_vec(), header.bytes());
        state.overlay.store().commit(&changes)?;
        Ok(header)
    }

    /// Runs a contract's entry on the state as it is, for a reader: nothing is kept and nothing is charged.
    ///
    /// `None` where `contract` is not one.
    ///
    /// # Errors
    /// [`NodeFault`].
    pub fn query(
        &mut self,
        contract: AccountId,
        caller: AccountId,
        entry: EntryName,
        input: &[u8],
    ) -> Result<Option<CallReport>, NodeFault> {
        let mut state = self.state.take().ok_or_else(stopped)?;
        let mark = state.mark();
        let fuel_limit = state.cost.call_fuel_max;
        let call = Call { contract, caller, entry: Entry::User(entry), input: input.to_vec(), fuel_limit };
        let (mut state, report) = lend(state, |slot| {
            let called = on_guest_stack(|| {
                let (back, report) = run(slot.take().ok_or_else(stopped)?, &self.runner, call);
                *slot = Some(back);
                report
            });
            called?.unwrap_or_else(|panic| resume_unwind(panic))
        });
        // The notes of what is undone are of no interest; those of the last block were told at its end.
        state.rollback(mark);
        state.market.drain_notes();
        self.state = Some(state);
        report
    }

    /// The chain's id.
    ///
    /// # Errors
    /// [`NodeFault`] after an earlier fault; so for every reader below, beside a store that can not be read.
    pub fn chain_id(&self) -> Result<ChainId, NodeFault> {
        Ok(self.state()?.params.chain)
    }

    /// The network's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether development keys are taken.
    pub fn is_development(&self) -> bool {
        self.development
    }

    /// The last block's header.
    pub fn head(&self) -> &Header {
        &self.head
    }

    /// Units of ZRA for one unit of fuel.
    ///
    /// # Errors
    /// [`NodeFault`].
    pub fn fuel_price(&self) -> Result<u64, NodeFault> {
        Ok(self.state()?.params.fuel_price)
    }

    /// Prices in fuel.
    ///
    /// # Errors
    /// [`NodeFault`].
    pub fn cost(&self) -> Result<&CostSchedule, NodeFault> {
        Ok(&self.state()?.cost)
    }

    /// The market: accounts, tasks, totals, rules.
    ///
    /// # Errors
    /// [`NodeFault`].
    pub fn market(&self) -> Result<&Market, NodeFault> {
        Ok(&self.state()?.market)
    }

    /// The next nonce of an account.
    ///
    /// # Errors
    /// [`NodeFault`].
    pub fn nonce(&self, account: &AccountId) -> Result<u64, NodeFault> {
        nonce(&self.state()?.overlay, account)
    }

    /// Fuel that a transaction costs before it does anything.
    ///
    /// # Errors
    /// [`NodeFault`].
    pub fn intrinsic_fuel(&self, tx: &SignedTx) -> Result<u64, NodeFault> {
        Ok(self.state()?.cost.intrinsic(tx.tx(), tx.len()))
    }

    /// A contract's record.
    ///
    /// # Errors
    /// [`NodeFault`].
    pub fn contract(&self, id: &AccountId) -> Result<Option<ContractRow>, NodeFault> {
        self.state()?.contract(id)
    }

    /// An entry of a contract's storage.
    ///
    /// # Errors
    /// [`NodeFault`].
    pub fn storage(&self, contract: &AccountId, key: &[u8]) -> Result<Option<Vec<u8>>, NodeFault> {
        self.state()?.overlay.read(Table::Kv, &contract_key(contract, key))
    }

    /// A published predicate.
    ///
    /// # Errors
    /// [`NodeFault`].
    pub fn predicate(&self, id: &PredicateId) -> Result<Option<PredicateRow>, NodeFault> {
        self.state()?.predicate(id)
    }

    /// Every published predicate, by id.
    ///
    /// # Errors
    /// [`NodeFault`].
    pub fn predicates(&self) -> Result<Vec<PredicateRow>, NodeFault> {
        let mut found = Vec::new();
        walk(self.state()?.overlay.store().as_ref(), Table::Predicates, &[], |(_, value)| {
            found.push(parse(Table::Predicates, &value)?);
            Ok::<_, NodeFault>(())
        })?;
        Ok(found)
    }

    /// A registered name.
    ///
    /// # Errors
    /// [`NodeFault`].
    pub fn predicate_name(&self, name: &str) -> Result<Option<NameRow>, NodeFault> {
        self.state()?.name(name.as_bytes())
    }

    /// A registered key: its record and canonical bytes.
    ///
    /// # Errors
    /// [`NodeFault`].
    pub fn key(&self, id: &KeyId) -> Result<Option<(KeyRow, Vec<u8>)>, NodeFault> {
        let overlay = &self.state()?.overlay;
        let Some(row) = overlay.row(Table::KeyMeta, id.as_bytes())? else { return Ok(None) };
        Ok(overlay.read(Table::Keys, id.as_bytes())?.map(|bytes| (row, bytes)))
    }

    /// What the host keeps of a task beside the market's record.
    ///
    /// # Errors
    /// [`NodeFault`].
    pub fn input(&self, task: &TaskId) -> Result<Option<InputRow>, NodeFault> {
        self.state()?.input(task)
    }

    /// What was delivered on the chain to the holder of a task, while it holds the task.
    ///
    /// # Errors
    /// [`NodeFault`].
    pub fn delivered(&self, task: &TaskId) -> Result<Option<Delivered>, NodeFault> {
        self.state()?.delivered(task)
    }

    /// The submissions for a task, in order.
    ///
    /// # Errors
    /// [`NodeFault`].
    pub fn submissions(&self, task: &TaskId) -> Result<Vec<SubmissionRow>, NodeFault> {
        let mut found = Vec::new();
        walk(self.state()?.overlay.store().as_ref(), Table::Submissions, task.as_bytes(), |(_, value)| {
            found.push(parse(Table::Submissions, &value)?);
            Ok::<_, NodeFault>(())
        })?;
        Ok(found)
    }

    /// A block's header.
    ///
    /// # Errors
    /// [`NodeFault`].
    pub fn header(&self, height: Height) -> Result<Option<Header>, NodeFault> {
        self.state()?.overlay.row(Table::Blocks, &height.0.to_be_bytes())
    }

    fn position_of(&self, tx: &TxHash) -> Result<Option<Vec<u8>>, NodeFault> {
        self.state()?.overlay.read(Table::TxIndex, tx.as_bytes())
    }

    /// A transaction's receipt and the height of its block.
    ///
    /// # Errors
    /// [`NodeFault`].
    pub fn receipt(&self, tx: &TxHash) -> Result<Option<(Height, Receipt)>, NodeFault> {
        let Some(key) = self.position_of(tx)? else { return Ok(None) };
        let Some((height, _)) = position(&key) else {
            return Err(NodeFault::State { what: format!("the index of transaction {tx} does not read back") });
        };
        Ok(self.state()?.overlay.row(Table::Receipts, &key)?.map(|receipt| (height, receipt)))
    }

    /// A signed transaction's bytes.
    ///
    /// # Errors
    /// [`NodeFault`].
    pub fn transaction(&self, tx: &TxHash) -> Result<Option<Vec<u8>>, NodeFault> {
        let Some(key) = self.position_of(tx)? else { return Ok(None) };
        self.state()?.overlay.read(Table::Txs, &key)
    }

    /// The bytes of a block's signed transactions, in order; none where there is no such block.
    ///
    /// # Errors
    /// [`NodeFault`].
    pub fn block_transactions(&self, height: Height) -> Result<Vec<Vec<u8>>, NodeFault> {
        let mut found = Vec::new();
        walk(self.state()?.overlay.store().as_ref(), Table::Txs, &height.0.to_be_bytes(), |(_, bytes)| {
            found.push(bytes);
            Ok::<_, NodeFault>(())
        })?;
        Ok(found)
    }

    /// Up to `limit` events that stand after `after`, or from the first one on.
    ///
    /// # Errors
    /// [`NodeFault`].
    pub fn events(&self, after: Option<(Height, u32)>, limit: usize) -> Result<Vec<PlacedEvent>, NodeFault> {
        let from = match after {
            None => Vec::new(),
            Some((height, index)) => {
                let mut key = position_key(height, index);
                key.push(0);
                key
            }
        };
        let rows = self.state()?.overlay.store().scan(Table::Events, &[], &from, limit)?;
        rows.into_iter()
            .map(|(key, value)| {
                let (height, index) = position(&key)
                    .ok_or_else(|| NodeFault::State { what: "an event's key does not read back".to_owned() })?;
                Ok(PlacedEvent { height, index, event: parse(Table::Events, &value)? })
            })
            .collect()
    }
}

fn stopped() -> NodeFault {
    NodeFault::State { what: "the chain stopped after a fault; open it again".to_owned() }
}

fn next(height: Height) -> Result<Height, NodeFault> {
    height
        .checked_add(zera_abi::Blocks(1))
        .ok_or_else(|| NodeFault::State { what: "the greatest height is reached".to_owned() })
}

/// Writes block 0: the first balances.
fn start(store: &dyn Store, genesis: &Genesis, chain: &ChainId) -> Result<(), OpenError> {
    let mut market = Market::with_schedule(genesis.rules.clone(), genesis.voting.clone())
        .map_err(|error| OpenError::Genesis(error.to_string()))?;
    let mut supply = Amount::ZERO;
    for (account, amount) in &genesis.accounts {
        supply = supply.checked_add(*amount).ok_or_else(|| OpenError::Genesis("the supply does not fit".to_owned()))?;
        market.mint(*account, *amount).map_err(|error| OpenError::Genesis(error.to_string()))?;
    }
    let mut changes = market.take_changes();
    let header = Header {
        height: Height(0),
        previous: [0; 32],
        tx_root: root::merkle(Vec::new()),
        receipt_root: receipt::root(&[]),
        event_root: Sha256::digest(b"zera/events/v1").into(),
        state_root: root::advance(&chain.0, &changes),
    };
    let rows = [
        (Table::Blocks, 0u64.to_be_bytes().to_vec(), header.bytes()),
        (Table::Meta, META_HEAD.to_vec(), header.bytes()),
        (Table::Meta, META_CHAIN.to_vec(), chain.bytes()),
    ];
    changes.extend(rows.into_iter().map(|(table, key, value)| Change { table, key, value: Some(value) }));
    Ok(store.commit(&changes)?)
}

/// Every registered key, checked again and prepared, so that no verification ever pays for it.
fn prepare_keys(store: &dyn Store) -> Result<Keys, NodeFault> {
    let mut keys = Keys::new();
    walk(store, Table::Keys, &[], |(id, bytes)| {
        let damaged = |what: String| NodeFault::State { what: format!("key row does not read back: {what}") };
        let key = VerifyingKey::decode(&bytes).map_err(|error| damaged(error.to_string()))?;
        if key.id().as_bytes().as_slice() != id.as_slice() {
            return Err(damaged(format!("{} stands under another id", key.id())));
        }
        keys.insert(key.id(), Arc::new(key.prepare()));
        Ok::<_, NodeFault>(())
    })?;
    Ok(keys)
}
