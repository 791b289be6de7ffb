//! Serialisable twins of domain types. What the API shows is decided here and nowhere else.

mod market;
mod proposal;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use zera_abi::{AccountId, Amount, ChainId, Height, KeyId, Level, Outcome, PredicateId, Status, TaskId, TxHash};
use zera_host::{
    CallEnd, CallReport, Chain, ContractRow, EventValue, Header, KeyRow, NameRow, NodeFault, PlacedEvent, PredicateRow,
    Receipt, SignedTx, SubmissionRow,
};
use zera_market::{Commit, Delivery, Escrow, KeyBond, Market, Score, Standing, Task, TaskState};

use crate::api::PROPOSALS_PAGE_MAX;
use crate::artefact::ArtefactStore;
use crate::record::ending;
use crate::shared::next;

pub(crate) use market::{CostView, MarketView, RulesVersionView};
pub(crate) use proposal::{BallotView, ProposalView, ScheduleView};

/// Bytes as lower-case hex.
pub(crate) struct Hex<B>(pub(crate) B);

impl<B: AsRef<[u8]>> Serialize for Hex<B> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.0))
    }
}

/// Money as a decimal string of smallest units.
pub(crate) struct Units(pub(crate) Amount);

impl Serialize for Units {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.units())
    }
}

/// An id, or anything else by its text.
pub(crate) struct Text<T>(pub(crate) T);

impl<T: std::fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// The network and its head.
#[derive(Serialize)]
pub(crate) struct StatusView {
    name: String,
    chain_id: Text<ChainId>,
    development: bool,
    height: u64,
    block_hash: Hex<[u8; 32]>,
    state_root: Hex<[u8; 32]>,
    block_ms: u64,
    fuel_price: u64,
    pending_txs: usize,
}

impl StatusView {
    pub(crate) fn new(chain: &Chain, block_ms: u64, pending_txs: usize) -> Result<StatusView, NodeFault> {
        let head = chain.head();
        Ok(StatusView {
            name: chain.name().to_owned(),
            chain_id: Text(chain.chain_id()?),
            development: chain.is_development(),
            height: head.height.0,
            block_hash: Hex(head.hash()),
            state_root: Hex(head.state_root),
            block_ms,
            fuel_price: chain.fuel_price()?,
            pending_txs,
        })
    }
}

/// A block's header.
#[derive(Serialize)]
pub(crate) struct HeaderView {
    height: u64,
    hash: Hex<[u8; 32]>,
    previous: Hex<[u8; 32]>,
    tx_root: Hex<[u8; 32]>,
    receipt_root: Hex<[u8; 32]>,
    event_root: Hex<[u8; 32]>,
    state_root: Hex<[u8; 32]>,
}

impl From<&Header> for HeaderView {
    fn from(header: &Header) -> Self {
        HeaderView {
            height: header.height.0,
            hash: Hex(header.hash()),
            previous: Hex(header.previous),
            tx_root: Hex(header.tx_root),
            receipt_root: Hex(header.receipt_root),
            event_root: Hex(header.event_root),
            state_root: Hex(header.state_root),
        }
    }
}

#[derive(Serialize)]
struct TxView {
    hash: Text<TxHash>,
    bytes: Hex<Vec<u8>>,
}

/// Transactions of a block in order, from an index on.
#[derive(Serialize)]
pub(crate) struct BlockTxsView {
    height: u64,
    txs: Vec<TxView>,
    next: Option<usize>,
}

impl BlockTxsView {
    /// At least one of those from the index `from` on, and no more after `len_max` bytes; `next` is the index to go on at.
    pub(crate) fn new(
        height: Height,
        all: Vec<Vec<u8>>,
        from: usize,
        len_max: usize,
    ) -> Result<BlockTxsView, NodeFault> {
        let count = all.len();
        let (mut txs, mut len) = (Vec::new(), 0usize);
        for bytes in all.into_iter().skip(from) {
            len = len.saturating_add(bytes.len());
            if len > len_max && !txs.is_empty() {
                break;
            }
            let damaged = |error| NodeFault::State { what: format!("a transaction does not read back: {error}") };
            let hash = SignedTx::decode(&bytes).map_err(damaged)?.hash();
            txs.push(TxView { hash: Text(hash), bytes: Hex(bytes) });
        }
        let next = from.saturating_add(txs.len());
        Ok(BlockTxsView { height: height.0, txs, next: (next < count).then_some(next) })
    }
}

/// A status code.
#[derive(Serialize)]
struct CodeView {
    code: u32,
    name: &'static str,
}

impl From<Status> for CodeView {
    fn from(status: Status) -> Self {
        CodeView { code: status.code(), name: status.name() }
    }
}

/// What became of a transaction.
#[derive(Serialize)]
pub(crate) struct ReceiptView {
    hash: Text<TxHash>,
    height: u64,
    status: CodeView,
    ending: &'static str,
    fuel_used: u64,
    fee: Units,
    data: Hex<Vec<u8>>,
    detail: String,
}

impl ReceiptView {
    pub(crate) fn new(height: Height, receipt: Receipt) -> ReceiptView {
        ReceiptView {
            hash: Text(receipt.tx),
            height: height.0,
            status: receipt.status().into(),
            ending: ending(&receipt.ending),
            fuel_used: receipt.fuel_used,
            fee: Units(receipt.fee),
            data: Hex(receipt.data),
            detail: receipt.detail,
        }
    }
}

/// An account.
#[derive(Serialize)]
pub(crate) struct AccountView {
    id: Text<AccountId>,
    free: Units,
    locked: Units,
    voting: Units,
    ballots: Vec<BallotView>,
    nonce: u64,
    contract: bool,
    standing: StandingView,
}

impl AccountView {
    pub(crate) fn new(id: AccountId, market: &Market, now: Height, nonce: u64, contract: bool) -> AccountView {
        let balance = market.account(&id);
        let votes = market.ballots(&id);
        let voting = votes.fold(Amount::ZERO, |sum, (_, part)| sum.checked_add(part).unwrap_or(Amount::MAX));
        AccountView {
            id: Text(id),
            free: Units(balance.free),
            locked: Units(balance.locked),
            voting: Units(voting),
            ballots: market.ballots(&id).take(PROPOSALS_PAGE_MAX).map(BallotView::new).collect(),
            nonce,
            contract,
            standing: StandingView::new(&id, market, now),
        }
    }
}

/// A commitment that was not revealed yet: of a rescue, or of a challenge.
#[derive(Serialize)]
struct CommitView {
    account: Text<AccountId>,
    height: u64,
}

impl CommitView {
    fn new(commit: &Commit) -> CommitView {
        CommitView { account: Text(commit.provider), height: commit.height.0 }
    }
}

/// What a provider has at stake and how it has done, as of the next block.
#[derive(Serialize)]
struct StandingView {
    /// The deposit, without what backs locks.
    staked: Units,
    /// Of the stakes, what came from the deposit.
    backing: Units,
    unbonding: Vec<UnbondingView>,
    locks: u32,
    /// The stakes at these locks.
    reserved: Units,
    /// What has to be in the deposit beside them.
    margin: Units,
    /// Offences, in thousandths, as far as they are not forgotten.
    liveness: u32,
    safety: u32,
    releases: u32,
    /// How many locks it may hold, where it missed two answers in a row.
    capacity: Option<u32>,
    jailed_until: Option<u64>,
    margin_call: Option<u64>,
}

#[derive(Serialize)]
struct UnbondingView {
    amount: Units,
    due: u64,
}

impl StandingView {
    fn new(id: &AccountId, market: &Market, now: Height) -> StandingView {
        let none = Standing::default();
        let standing = market.standing(id).unwrap_or(&none);
        let (rules, (locks, reserved)) = (market.rules(), market.locks(id));
        let score = |score: Score| score.at(now, rules.offence_half_life_blocks);
        let unbonding = standing.unbonding.iter();
        StandingView {
            staked: Units(standing.staked),
            backing: Units(standing.backing()),
            unbonding: unbonding.map(|part| UnbondingView { amount: Units(part.amount), due: part.due.0 }).collect(),
            locks,
            reserved: Units(reserved),
            margin: Units(standing.margin(reserved, rules, now).unwrap_or(Amount::MAX)),
            liveness: score(standing.liveness),
            safety: score(standing.safety),
            releases: score(standing.releases),
            capacity: standing.capacity,
            jailed_until: Some(standing.jailed_until).filter(|until| now < *until).map(|until| until.0),
            margin_call: standing.called.map(|until| until.0),
        }
    }
}

#[derive(Serialize)]
struct EscrowView {
    bounty: Units,
    stake: Units,
    bond: Units,
    hold: Units,
    deposit: Units,
    challenge: Units,
}

impl From<&Escrow> for EscrowView {
    fn from(escrow: &Escrow) -> Self {
        EscrowView {
            bounty: Units(escrow.bounty),
            stake: Units(escrow.stake),
            bond: Units(escrow.bond),
            hold: Units(escrow.hold),
            deposit: Units(escrow.deposit),
            challenge: Units(escrow.challenge),
        }
    }
}

#[derive(Serialize)]
struct SubmissionView {
    provider: Text<AccountId>,
    height: u64,
    outcome: Text<Outcome>,
    accepted: bool,
    proof: Hex<[u8; 256]>,
}

impl From<SubmissionRow> for SubmissionView {
    fn from(row: SubmissionRow) -> Self {
        SubmissionView {
            provider: Text(row.provider),
            height: row.height.0,
            outcome: Text(row.outcome),
            accepted: row.accepted,
            proof: Hex(row.proof),
        }
    }
}

/// A task: what was asked, how far it has come, and what the next block would make of it.
#[derive(Serialize)]
pub(crate) struct TaskView {
    id: Text<TaskId>,
    contract: Text<AccountId>,
    handle: u64,
    predicate: Text<PredicateId>,
    key: Text<KeyId>,
    public: Hex<Vec<u8>>,
    input_root: Hex<[u8; 32]>,
    expected: Vec<Hex<[u8; 32]>>,
    witness_only: bool,
    delivers: bool,
    mode: &'static str,
    reopens: u8,
    opened: u64,
    deadline: u64,
    not_after: u64,
    state: &'static str,
    level: Text<Level>,
    level_asked: Text<Level>,
    end: Text<zera_abi::End>,
    reason: u16,
    bounty_max: Units,
    min_stake: Units,
    rules_version: u32,
    price: Option<Units>,
    stake_required: Option<Units>,
    provider: Option<Text<AccountId>>,
    locked_price: Option<Units>,
    lock_deadline: Option<u64>,
    sealing_key: Option<Hex<[u8; 32]>>,
    demand_from: Option<u64>,
    demand_until: Option<u64>,
    deliver_until: Option<u64>,
    delivered: bool,
    rescue_expires: Option<u64>,
    challenge_until: Option<u64>,
    commits: Vec<CommitView>,
    challenger: Option<Text<AccountId>>,
    claimed: Option<Text<Outcome>>,
    respond_until: Option<u64>,
    outcome: Option<Text<Outcome>>,
    declared: Option<Vec<Hex<[u8; 32]>>>,
    escrow: EscrowView,
    submissions: Vec<SubmissionView>,
}

impl TaskView {
    /// Reads what belongs to `task` beside the market's record.
    pub(crate) fn new(chain: &Chain, task: &Task) -> Result<TaskView, NodeFault> {
        let missing = || NodeFault::State { what: format!("the input of task {} is missing", task.id()) };
        let input = chain.input(task.id())?.ok_or_else(missing)?;
        let submissions = chain.submissions(task.id())?;
        let now = next(chain.head().height);
        let lock_deadline = task.lock_deadline_at(now).map(|height| height.0);
        let (locked_price, rescue_expires) = match task.state() {
            TaskState::Assigned { price, .. } => (Some(*price), None),
            TaskState::Rescue { price, expires, .. } => (Some(*price), Some(expires.0)),
            TaskState::Accepted { price, .. }
            | TaskState::Attested { price, .. }
            | TaskState::Challenged { price, .. } => (Some(*price), None),
            _ => (None, None),
        };
        let (delivery, demand) = (task.delivery(), task.demand_window());
        let deliver_until = match delivery {
            Delivery::Demanded { until, .. } => Some(until.0),
            _ => None,
        };
        let challenge_until = match task.state() {
            TaskState::Attested { until, .. } => Some(until.0),
            _ => None,
        };
        let (claimed, respond_until) = match task.state() {
            TaskState::Challenged { claimed, until, .. } => (Some(Text(*claimed)), Some(until.0)),
            _ => (None, None),
        };
        let outcome = match task.state() {
            TaskState::Failed { outcome, .. } => Some(*outcome),
            _ => task.answer().map(|(outcome, _)| outcome),
        };
        Ok(TaskView {
            id: Text(*task.id()),
            contract: Text(*task.requester()),
            handle: input.handle,
            predicate: Text(*task.predicate()),
            key: Text(*task.key()),
            public: Hex(input.public),
            input_root: Hex(*task.input_root()),
            expected: task.expected().iter().copied().map(Hex).collect(),
            witness_only: task.witness_only(),
            delivers: task.delivers(),
            mode: task.mode().name(),
            reopens: task.reopens(),
            opened: task.opened().0,
            deadline: task.not_after().0,
            not_after: task.not_after().0,
            state: task.state().name(),
            level: Text(task.level()),
            level_asked: Text(task.minimum_level()),
            end: Text(task.end()),
            reason: task.reason(),
            bounty_max: Units(task.bounty_max()),
            min_stake: Units(task.min_stake()),
            rules_version: task.rules_version(),
            price: task.price_at(now).map(Units),
            stake_required: task.stake_required_at(now).map(Units),
            provider: task.provider().map(|provider| Text(*provider)),
            locked_price: locked_price.map(Units),
            lock_deadline,
            sealing_key: delivery.key().copied().map(Hex),
            demand_from: demand.map(|(from, _)| from.0),
            demand_until: demand.map(|(_, until)| until.0),
            deliver_until,
            delivered: matches!(delivery, Delivery::Delivered { .. }),
            rescue_expires,
            challenge_until,
            commits: task.state().commits().iter().map(CommitView::new).collect(),
            challenger: task.state().challenger().map(|challenger| Text(*challenger)),
            claimed,
            respond_until,
            outcome: outcome.map(Text),
            declared: task.answer().map(|(_, declared)| declared.iter().copied().map(Hex).collect()),
            escrow: task.escrow().into(),
            submissions: submissions.into_iter().map(SubmissionView::from).collect(),
        })
    }
}

/// A contract.
#[derive(Serialize)]
pub(crate) struct ContractView {
    id: Text<AccountId>,
    code_hash: Text<zera_abi::CodeHash>,
    creator: Text<AccountId>,
    created: u64,
    tasks: u64,
    pending: u64,
}

impl ContractView {
    pub(crate) fn new(id: AccountId, row: &ContractRow) -> ContractView {
        ContractView {
            id: Text(id),
            code_hash: Text(row.code),
            creator: Text(row.creator),
            created: row.created.0,
            // Handles count from 1.
            tasks: row.next_handle.saturating_sub(1),
            pending: row.pending,
        }
    }
}

/// What a query gave.
#[derive(Serialize)]
pub(crate) struct QueryView {
    end: &'static str,
    code: i32,
    data: Hex<Vec<u8>>,
    detail: String,
    fuel_used: u64,
}

impl From<CallReport> for QueryView {
    fn from(report: CallReport) -> Self {
        let (end, code, data, detail) = match report.end {
            CallEnd::Done { code, data } => ("done", code, data, String::new()),
            CallEnd::Aborted { code, message } => ("aborted", code, Vec::new(), message),
            CallEnd::Trapped { what } => ("trapped", 0, Vec::new(), what.to_string()),
            CallEnd::NoEntry => ("no_entry", 0, Vec::new(), "the contract has no such entry".to_owned()),
        };
        QueryView { end, code, data: Hex(data), detail, fuel_used: report.fuel_used }
    }
}

/// A published predicate, with the key that a task opened in the next block would be pinned to.
#[derive(Serialize)]
pub(crate) struct PredicateView {
    id: Text<PredicateId>,
    name: String,
    owner: Text<AccountId>,
    public_len: u32,
    private_len: u32,
    declared: u8,
    commitment: Option<u8>,
    matrices_digest: Hex<[u8; 32]>,
    program_hash: Hex<[u8; 32]>,
    manifest_hash: Hex<[u8; 32]>,
    key: Option<Text<KeyId>>,
    artefacts: Vec<Hex<[u8; 32]>>,
}

impl PredicateView {
    pub(crate) fn new(row: PredicateRow, next: Height, artefacts: &ArtefactStore) -> PredicateView {
        let (id, key) = (row.publication.id(), row.key_at(next));
        let publication = row.publication;
        PredicateView {
            id: Text(id),
            name: publication.name,
            owner: Text(row.owner),
            public_len: publication.public_len,
            private_len: publication.private_len,
            declared: publication.declared,
            commitment: publication.commitment,
            matrices_digest: Hex(publication.matrices_digest),
            program_hash: Hex(publication.program_hash),
            manifest_hash: Hex(publication.manifest_hash),
            key: key.map(Text),
            artefacts: artefacts.of(&id).into_iter().map(Hex).collect(),
        }
    }
}

/// A registered name: what it means in the next block, and what it will mean from a height on.
#[derive(Serialize)]
pub(crate) struct NameView {
    name: String,
    owner: Text<AccountId>,
    active: Text<PredicateId>,
    next: Option<Text<PredicateId>>,
    next_height: Option<u64>,
}

impl NameView {
    pub(crate) fn new(name: String, row: &NameRow, now: Height) -> NameView {
        let next = row.next.filter(|(_, from)| *from > now);
        NameView {
            name,
            owner: Text(row.owner),
            active: Text(row.at(now)),
            next: next.map(|(predicate, _)| Text(predicate)),
            next_height: next.map(|(_, from)| from.0),
        }
    }
}

/// A registered key.
#[derive(Serialize)]
pub(crate) struct KeyView {
    id: Text<KeyId>,
    predicate: Text<PredicateId>,
    owner: Text<AccountId>,
    activates: u64,
    state: &'static str,
    deposit: Units,
    bytes: Hex<Vec<u8>>,
}

impl KeyView {
    /// A key as it stands at the height `now`.
    pub(crate) fn new(id: KeyId, row: &KeyRow, bond: KeyBond, bytes: Vec<u8>, now: Height) -> KeyView {
        let state = match bond {
            KeyBond::Withdrawn { .. } => "withdrawn",
            KeyBond::Released { .. } => "released",
            KeyBond::None | KeyBond::Bonded { .. } if row.activates <= now => "active",
            KeyBond::None | KeyBond::Bonded { .. } => "waiting",
        };
        KeyView {
            state,
            deposit: Units(bond.deposit()),
            id: Text(id),
            predicate: Text(row.predicate),
            owner: Text(row.owner),
            activates: row.activates.0,
            bytes: Hex(bytes),
        }
    }
}

struct ValueView<'a>(&'a EventValue);

impl Serialize for ValueView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            EventValue::Id(id) => Hex(id).serialize(serializer),
            EventValue::Amount(amount) => Units(*amount).serialize(serializer),
            EventValue::Number(number) => serializer.serialize_u64(*number),
            EventValue::Flag(flag) => serializer.serialize_bool(*flag),
            EventValue::Text(text) => serializer.serialize_str(text),
            EventValue::Bytes(bytes) => Hex(bytes).serialize(serializer),
            EventValue::Absent => serializer.serialize_none(),
        }
    }
}

/// An event: where it stands, its name, its fields.
pub(crate) struct EventView<'a>(pub(crate) &'a PlacedEvent);

impl Serialize for EventView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let PlacedEvent { height, index, event } = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("height", &height.0)?;
        map.serialize_entry("index", index)?;
        map.serialize_entry("event", event.name())?;
        for (name, value) in event.fields() {
            map.serialize_entry(name, &ValueView(&value))?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zera_host::Event;

    #[test]
    fn a_page_of_a_block_has_one_transaction_at_least_and_no_more_than_fit() {
        let key = ed25519_dalek::SigningKey::from_bytes(&[1; 32]);
        let sender = AccountId(key.verifying_key().to_bytes());
        let txs: Vec<Vec<u8>> = (0..5)
            .map(|nonce| {
                let action = zera_host::Action::Transfer { to: sender, amount: Amount::ZERO };
                let (chain, expiry) = (ChainId([0; 32]), Height(1));
                let tx = zera_host::Tx { chain, sender, nonce, expiry, fuel_limit: 0, action };
                tx.sign(&key).expect("its own key").encode()
            })
            .collect();
        let len = txs[0].len();
        for (len_max, page) in [(0, 1), (len - 1, 1), (len, 1), (2 * len - 1, 1), (2 * len, 2), (5 * len, 5)] {
            let (mut found, mut from) = (Vec::new(), Some(0));
            while let Some(start) = from {
                let view = BlockTxsView::new(Height(1), txs.clone(), start, len_max).expect("they read back");
                assert!(view.txs.len() == page || view.next.is_none(), "{len_max}");
                found.extend(view.txs.into_iter().map(|tx| tx.bytes.0));
                from = view.next;
            }
            assert_eq!(found, txs, "{len_max}");
        }
        assert!(BlockTxsView::new(Height(1), vec![vec![1, 2]], 0, 10).is_err(), "a damaged row is a fault");
    }

    #[test]
    fn an_event_shows_its_place_and_fields() {
        let event = Event::StakeSlashed {
            task: TaskId([1; 32]),
            provider: AccountId([2; 32]),
            burned: Amount::from_units(u128::MAX),
            hero: None,
            hero_paid: Amount::ZERO,
            requester_paid: Amount::from_units(5),
            insurance_paid: Amount::ZERO,
        };
        let placed = PlacedEvent { height: Height(7), index: 3, event };
        let json = serde_json::to_value(EventView(&placed)).expect("plain JSON");
        assert_eq!(json["height"], 7);
        assert_eq!(json["index"], 3);
        assert_eq!(json["event"], "stake_slashed");
        assert_eq!(json["task"], "01".repeat(32));
        assert_eq!(json["burned"], "340282366920938463463374607431768211455");
        assert!(json["hero"].is_null());
    }
}
