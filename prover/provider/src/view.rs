//! What a node says, as typed values. The JSON forms are those of the node's API, version 1.
//!
//! Fields that a later node adds are ignored; a field that is missing or has another form is an error, never a default that
//! means something.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zera_abi::{AccountId, Amount, ChainId, CodeHash, Height, KeyId, Outcome, PredicateId, TaskId, TxHash};
use zera_host::CostSchedule;

use crate::json::Json;

/// `/v1/status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusView {
    /// The network's name.
    pub name: String,
    /// The chain.
    #[serde(with = "crate::json")]
    pub chain_id: ChainId,
    /// Whether development keys are taken.
    pub development: bool,
    /// Height of the last block.
    #[serde(with = "crate::json")]
    pub height: Height,
    /// Hash of the last block.
    #[serde(with = "crate::json")]
    pub block_hash: [u8; 32],
    /// Root of the state after it.
    #[serde(with = "crate::json")]
    pub state_root: [u8; 32],
    /// Milliseconds between blocks; 0 where blocks come with transactions.
    pub block_ms: u64,
    /// Units of ZRA for one unit of fuel.
    pub fuel_price: u64,
    /// Transactions that wait.
    pub pending_txs: u64,
}

/// `/version`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionView {
    /// The node's build.
    pub version: String,
    /// The version of the block rules.
    pub protocol: u32,
}

/// `/v1/blocks/{height}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderView {
    /// Its height.
    #[serde(with = "crate::json")]
    pub height: Height,
    /// Its hash.
    #[serde(with = "crate::json")]
    pub hash: [u8; 32],
    /// Hash of the block before.
    #[serde(with = "crate::json")]
    pub previous: [u8; 32],
    /// Root of its transactions.
    #[serde(with = "crate::json")]
    pub tx_root: [u8; 32],
    /// Root of their receipts.
    #[serde(with = "crate::json")]
    pub receipt_root: [u8; 32],
    /// Hash of its events.
    #[serde(with = "crate::json")]
    pub event_root: [u8; 32],
    /// Root of the state after it.
    #[serde(with = "crate::json")]
    pub state_root: [u8; 32],
}

/// The code and name of a status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusCode {
    /// The number; 1 is done.
    pub code: u32,
    /// Its name.
    pub name: String,
}

/// A transaction that is in a block: `/v1/tx/{hash}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TxResult {
    /// The transaction.
    #[serde(with = "crate::json")]
    pub hash: TxHash,
    /// Its block.
    #[serde(with = "crate::json")]
    pub height: Height,
    /// How it ended, as a status.
    pub status: StatusCode,
    /// `done`, `refused`, `aborted`, `trapped`, or `rejected` where a proof was judged and not taken.
    pub ending: String,
    /// Fuel charged.
    pub fuel_used: u64,
    /// Fee paid.
    #[serde(with = "crate::json")]
    pub fee: Amount,
    /// What the call returned, or the id that was made.
    #[serde(with = "crate::json")]
    pub data: Vec<u8>,
    /// One line for people.
    pub detail: String,
}

impl TxResult {
    /// Whether it did what it says. For a submission or a reveal this means that the proof was taken.
    pub fn is_done(&self) -> bool {
        self.status.code == 1
    }
}

/// Where a transaction is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TxState {
    /// In a block.
    Included(TxResult),
    /// It waits for a block.
    Pending,
    /// It was taken once and can be in no block.
    Rejected {
        /// The node's reason.
        reason: String,
    },
    /// The node does not know it: it never arrived, or was forgotten.
    Unknown,
}

/// `/v1/accounts/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountView {
    /// The account.
    #[serde(with = "crate::json")]
    pub id: AccountId,
    /// What it can spend.
    #[serde(with = "crate::json")]
    pub free: Amount,
    /// Stakes and deposits.
    #[serde(with = "crate::json")]
    pub locked: Amount,
    /// Votes over the rules.
    #[serde(with = "crate::json")]
    pub voting: Amount,
    /// These by proposal, the first hundred.
    pub ballots: Vec<BallotView>,
    /// Nonce of its next transaction.
    pub nonce: u64,
    /// Whether it is a contract.
    #[serde(default)]
    pub contract: bool,
    /// Its deposit and how it has done.
    pub standing: StandingView,
}

impl AccountView {
    /// Everything: free, in stakes, in its deposit and on its way back from there; `None` where it does not fit.
    pub fn owned(&self) -> Option<Amount> {
        let leaving = self.standing.unbonding.iter().map(|part| part.amount);
        let parts = [self.free, self.locked, self.standing.staked].into_iter().chain(leaving);
        parts.into_iter().try_fold(Amount::ZERO, Amount::checked_add)
    }
}

/// A provider's deposit and how it has done, as of the next block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingView {
    /// The deposit, without what backs locks.
    #[serde(with = "crate::json")]
    pub staked: Amount,
    /// Of the stakes, what came from the deposit.
    #[serde(with = "crate::json")]
    pub backing: Amount,
    /// Parts of the deposit on their way back, the first due first.
    pub unbonding: Vec<UnbondingView>,
    /// Tasks that it holds the lock of.
    pub locks: u32,
    /// The stakes at these locks.
    #[serde(with = "crate::json")]
    pub reserved: Amount,
    /// What has to be in the deposit beside them.
    #[serde(with = "crate::json")]
    pub margin: Amount,
    /// Answers that did not come, in thousandths of one, as far as they are not forgotten.
    pub liveness: u32,
    /// False answers, likewise.
    pub safety: u32,
    /// Locks given back, likewise.
    pub releases: u32,
    /// How many locks it may hold, where it missed two answers in a row.
    pub capacity: Option<u32>,
    /// No lock before this height.
    #[serde(with = "crate::json")]
    pub jailed_until: Option<Height>,
    /// Locks that have not started go at this height, unless the deposit grows.
    #[serde(with = "crate::json")]
    pub margin_call: Option<Height>,
}

/// How many providers gave each reason for not taking a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclinesView {
    /// The task.
    #[serde(with = "crate::json")]
    pub task: TaskId,
    /// In order of the reasons; [`Decline`](crate::Decline) says what they mean.
    pub declines: Vec<ReasonView>,
}

/// A reason for not taking a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonView {
    /// Its code.
    pub reason: String,
    /// How many providers gave it.
    pub providers: u64,
}

/// A commitment that was not revealed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitView {
    /// Whose it is.
    #[serde(with = "crate::json")]
    pub account: AccountId,
    /// The block that carries it.
    #[serde(with = "crate::json")]
    pub height: Height,
}

/// A part of a deposit on its way back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnbondingView {
    /// How much.
    #[serde(with = "crate::json")]
    pub amount: Amount,
    /// When it is free.
    #[serde(with = "crate::json")]
    pub due: Height,
}

/// What an account has locked for a proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BallotView {
    /// The proposal.
    pub proposal: u64,
    /// How much.
    #[serde(with = "crate::json")]
    pub amount: Amount,
}

/// How far a task has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the market's states, see zera_market::TaskState")]
pub enum TaskStage {
    Open,
    Assigned,
    Rescue,
    Attested,
    Challenged,
    Accepted,
    Final,
    Failed,
    Expired,
    Cancelled,
    Revoked,
}

impl TaskStage {
    /// Every stage.
    pub const ALL: [TaskStage; 11] = [
        TaskStage::Open,
        TaskStage::Assigned,
        TaskStage::Rescue,
        TaskStage::Attested,
        TaskStage::Challenged,
        TaskStage::Accepted,
        TaskStage::Final,
        TaskStage::Failed,
        TaskStage::Expired,
        TaskStage::Cancelled,
        TaskStage::Revoked,
    ];

    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            TaskStage::Open => "open",
            TaskStage::Assigned => "assigned",
            TaskStage::Rescue => "rescue",
            TaskStage::Attested => "attested",
            TaskStage::Challenged => "challenged",
            TaskStage::Accepted => "accepted",
            TaskStage::Final => "final",
            TaskStage::Failed => "failed",
            TaskStage::Expired => "expired",
            TaskStage::Cancelled => "cancelled",
            TaskStage::Revoked => "revoked",
        }
    }

    /// Whether nothing follows.
    pub const fn is_terminal(self) -> bool {
        matches!(
            self,
            TaskStage::Final | TaskStage::Failed | TaskStage::Expired | TaskStage::Cancelled | TaskStage::Revoked
        )
    }
}

impl fmt::Display for TaskStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `/v1/tasks/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskView {
    /// The task.
    #[serde(with = "crate::json")]
    pub id: TaskId,
    /// Who asks.
    #[serde(with = "crate::json")]
    pub contract: AccountId,
    /// The asker's number for it.
    pub handle: u64,
    /// What is asked.
    #[serde(with = "crate::json")]
    pub predicate: PredicateId,
    /// The key that an answer's proof must verify under.
    #[serde(with = "crate::json")]
    pub key: KeyId,
    /// Public input bytes.
    #[serde(with = "crate::json")]
    pub public: Vec<u8>,
    /// Their root.
    #[serde(with = "crate::json")]
    pub input_root: [u8; 32],
    /// What the first declared values of the answer must be.
    #[serde(default, with = "crate::json::list")]
    pub expected: Vec<[u8; 32]>,
    /// Outcome 1 alone is an answer.
    #[serde(default)]
    pub witness_only: bool,
    /// The requester owes private bytes to whoever holds the lock.
    #[serde(default)]
    pub delivers: bool,
    /// What an answer has to come with: `proved` or `attested`.
    #[serde(default)]
    pub mode: String,
    /// Height of opening.
    #[serde(with = "crate::json")]
    pub opened: Height,
    /// Last height at which an answer is taken.
    #[serde(with = "crate::json")]
    pub deadline: Height,
    /// The same, as it stands in the binding.
    #[serde(with = "crate::json")]
    pub not_after: Height,
    /// How far it has come.
    pub state: TaskStage,
    /// The level of its answer.
    pub level: String,
    /// The level that the requester waits for.
    #[serde(default)]
    pub level_asked: String,
    /// How it ended without one.
    pub end: String,
    /// Why it ended.
    pub reason: u16,
    /// Greatest price.
    #[serde(with = "crate::json")]
    pub bounty_max: Amount,
    /// Least stake that the requester asked for.
    #[serde(with = "crate::json")]
    pub min_stake: Amount,
    /// What a lock, or a rescue by another, is paid in the next block.
    #[serde(default, with = "crate::json")]
    pub price: Option<Amount>,
    /// The stake of a lock in the next block.
    #[serde(default, with = "crate::json")]
    pub stake_required: Option<Amount>,
    /// The holder, offender or payee.
    #[serde(default, with = "crate::json")]
    pub provider: Option<AccountId>,
    /// What the lock's holder is paid, from the lock on.
    #[serde(default, with = "crate::json")]
    pub locked_price: Option<Amount>,
    /// Last height at which the holder may answer.
    #[serde(default, with = "crate::json")]
    pub lock_deadline: Option<Height>,
    /// What private bytes are sealed to, once the holder has said so.
    #[serde(default, with = "crate::json")]
    pub sealing_key: Option<[u8; 32]>,
    /// First height at which the holder may demand them.
    #[serde(default, with = "crate::json")]
    pub demand_from: Option<Height>,
    /// Last height at which it may.
    #[serde(default, with = "crate::json")]
    pub demand_until: Option<Height>,
    /// Last height at which the requester may deliver on the chain what was demanded.
    #[serde(default, with = "crate::json")]
    pub deliver_until: Option<Height>,
    /// They were delivered on the chain.
    #[serde(default)]
    pub delivered: bool,
    /// Last height of a reveal, while in rescue.
    #[serde(default, with = "crate::json")]
    pub rescue_expires: Option<Height>,
    /// Last height at which a challenge may be committed to, while attested.
    #[serde(default, with = "crate::json")]
    pub challenge_until: Option<Height>,
    /// Commitments to a rescue or a challenge that were not revealed yet.
    #[serde(default)]
    pub commits: Vec<CommitView>,
    /// Who challenged.
    #[serde(default, with = "crate::json")]
    pub challenger: Option<AccountId>,
    /// What the challenger says the outcome is.
    #[serde(default, with = "crate::json")]
    pub claimed: Option<Outcome>,
    /// Last height of a proof that settles the challenge.
    #[serde(default, with = "crate::json")]
    pub respond_until: Option<Height>,
    /// The answer.
    #[serde(default, with = "crate::json")]
    pub outcome: Option<Outcome>,
    /// The money it holds, by purpose.
    #[serde(default)]
    pub escrow: BTreeMap<String, Value>,
    /// What was submitted, in order.
    #[serde(default)]
    pub submissions: Vec<SubmissionView>,
}

impl TaskView {
    /// Whether `account` holds the lock.
    pub fn held_by(&self, account: &AccountId) -> bool {
        self.state == TaskStage::Assigned && self.provider.as_ref() == Some(account)
    }

    /// Whether an answer of `account` was taken.
    pub fn answered_by(&self, account: &AccountId) -> bool {
        // A requester that did not deliver has failed, and nobody has answered.
        matches!(self.state, TaskStage::Accepted | TaskStage::Final | TaskStage::Failed)
            && self.reason != zera_market::reason::INPUT_UNAVAILABLE
            && self.provider.as_ref() == Some(account)
    }
}

/// `/v1/tasks/{id}/sealed`: private bytes for the holder of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedView {
    /// The task.
    #[serde(with = "crate::json")]
    pub task: TaskId,
    /// Who holds it.
    #[serde(with = "crate::json")]
    pub provider: AccountId,
    /// The holder's key.
    #[serde(with = "crate::json")]
    pub sealing_key: [u8; 32],
    /// The sealed bytes.
    #[serde(with = "crate::json")]
    pub sealed: Vec<u8>,
    /// The signed transaction, where they were delivered on the chain rather than left with the node.
    #[serde(default, with = "crate::json")]
    pub tx: Option<Vec<u8>>,
}

/// One submission for a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmissionView {
    /// Who sent it.
    #[serde(with = "crate::json")]
    pub provider: AccountId,
    /// Its block.
    #[serde(with = "crate::json")]
    pub height: Height,
    /// The outcome claimed.
    #[serde(with = "crate::json")]
    pub outcome: Outcome,
    /// Whether it was taken.
    pub accepted: bool,
    /// The proof.
    #[serde(with = "crate::json")]
    pub proof: Box<[u8; 256]>,
}

/// `/v1/contracts/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractView {
    /// Its address.
    #[serde(with = "crate::json")]
    pub id: AccountId,
    /// Hash of its module.
    #[serde(with = "crate::json")]
    pub code_hash: CodeHash,
    /// Who deployed it.
    #[serde(with = "crate::json")]
    pub creator: AccountId,
    /// When.
    #[serde(with = "crate::json")]
    pub created: Height,
    /// How many tasks it opened.
    pub tasks: u64,
    /// How many of them it waits for.
    pub pending: u64,
}

/// `/v1/contracts/{id}/query`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryView {
    /// How the call ended: `done`, `aborted`, `trapped` or `no_entry`.
    pub end: String,
    /// The entry's own number.
    #[serde(default)]
    pub code: i32,
    /// What it returned.
    #[serde(with = "crate::json")]
    pub data: Vec<u8>,
    /// One line for people.
    #[serde(default)]
    pub detail: String,
    /// Fuel that it would cost.
    pub fuel_used: u64,
}

/// `/v1/predicates/{id or name}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PredicateView {
    /// The version.
    #[serde(with = "crate::json")]
    pub id: PredicateId,
    /// Its name.
    pub name: String,
    /// Who published it.
    #[serde(with = "crate::json")]
    pub owner: AccountId,
    /// Public input bytes.
    pub public_len: u32,
    /// Private input bytes.
    pub private_len: u32,
    /// Declared values.
    pub declared: u8,
    /// Index of the declared value that commits to all private bytes.
    #[serde(default)]
    pub commitment: Option<u8>,
    /// Digest of the matrices.
    #[serde(with = "crate::json")]
    pub matrices_digest: [u8; 32],
    /// Hash of the program.
    #[serde(with = "crate::json")]
    pub program_hash: [u8; 32],
    /// Hash of the manifest.
    #[serde(with = "crate::json")]
    pub manifest_hash: [u8; 32],
    /// The key that new tasks are pinned to.
    #[serde(default, with = "crate::json")]
    pub key: Option<KeyId>,
    /// SHA-256 of the files that the node has of it.
    #[serde(default, with = "crate::json::list")]
    pub artefacts: Vec<[u8; 32]>,
}

/// `/v1/keys/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyView {
    /// Its name.
    #[serde(with = "crate::json")]
    pub id: KeyId,
    /// The predicate it proves.
    #[serde(with = "crate::json")]
    pub predicate: PredicateId,
    /// Who registered it.
    #[serde(with = "crate::json")]
    pub owner: AccountId,
    /// First height at which tasks may be pinned to it.
    #[serde(with = "crate::json")]
    pub activates: Height,
    /// `waiting`, `active`, `released` by its owner, or `withdrawn` because it was broken.
    pub state: String,
    /// What its owner answers with.
    #[serde(with = "crate::json")]
    pub deposit: Amount,
    /// Canonical bytes.
    #[serde(with = "crate::json")]
    pub bytes: Vec<u8>,
}

/// `/v1/cost`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostView {
    /// The schedule's number.
    pub version: u32,
    /// Units of ZRA for one unit of fuel.
    pub fuel_price: u64,
    /// Every price by its name.
    pub prices: BTreeMap<String, u64>,
}

impl CostView {
    /// The schedule; `None` where the node has prices that this program does not know.
    pub fn schedule(&self) -> Option<CostSchedule> {
        let mut entries: Vec<(String, u64)> = self.prices.clone().into_iter().collect();
        entries.push(("version".to_owned(), u64::from(self.version)));
        CostSchedule::from_entries(&entries)
    }

    /// What `fuel` costs.
    pub fn fee(&self, fuel: u64) -> Amount {
        // Two factors below 2^64 each: the product fits.
        Amount::from_units(u128::from(fuel).saturating_mul(u128::from(self.fuel_price)))
    }
}

/// All money of a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the market's buckets, see zera_market::Totals")]
pub struct TotalsView {
    #[serde(with = "crate::json")]
    pub free: Amount,
    #[serde(with = "crate::json")]
    pub escrowed: Amount,
    #[serde(with = "crate::json")]
    pub staked: Amount,
    #[serde(with = "crate::json")]
    pub key_deposits: Amount,
    #[serde(with = "crate::json")]
    pub voting: Amount,
    #[serde(with = "crate::json")]
    pub insurance: Amount,
    #[serde(with = "crate::json")]
    pub treasury: Amount,
    #[serde(with = "crate::json")]
    pub burned: Amount,
    #[serde(with = "crate::json")]
    pub minted: Amount,
}

/// `/v1/market`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketView {
    /// All money.
    pub totals: TotalsView,
    /// Whether it adds up.
    pub conserved: bool,
    /// Their version, from 0.
    pub rules_version: u32,
    /// The governed numbers of the next task, by name.
    pub rules: RulesView,
}

/// The governed numbers, by name: JSON numbers or decimal strings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RulesView(pub BTreeMap<String, Value>);

impl RulesView {
    /// A number by the name it has in `zera_market::Rules`.
    pub fn number(&self, name: &str) -> Option<u64> {
        match self.0.get(name)? {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }
}

/// `/v1/proposals/{id}`, as it stands in the next block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalView {
    /// Its number.
    pub id: u64,
    /// Who put up the deposit.
    #[serde(with = "crate::json")]
    pub proposer: AccountId,
    /// The rule.
    pub rule: String,
    /// Its value when this was proposed; in smallest units, so for `new`.
    pub old: String,
    /// The value proposed.
    pub new: String,
    /// When.
    #[serde(with = "crate::json")]
    pub opened: Height,
    /// Last height at which it may pass.
    #[serde(with = "crate::json")]
    pub expires: Height,
    /// What it cost to propose.
    #[serde(with = "crate::json")]
    pub deposit: Amount,
    /// `ordinary`, `safety` or `raise`.
    pub pace: String,
    /// Blocks in which conviction comes half of the way to the votes.
    pub half_life_blocks: u64,
    /// `voting`, `passed`, `adopted`, `overtaken` or `expired`.
    pub state: String,
    /// Its votes.
    #[serde(with = "crate::json")]
    pub support: Amount,
    /// Its conviction.
    #[serde(with = "crate::json")]
    pub conviction: Amount,
    /// The conviction that it needs; absent where no votes are enough, or it has ended.
    #[serde(with = "crate::json")]
    pub need: Option<Amount>,
    /// What both are measured against.
    #[serde(with = "crate::json")]
    pub effective: Amount,
    /// The block in which it passes if no vote changes.
    #[serde(with = "crate::json")]
    pub passes: Option<Height>,
    /// The block in which it is adopted, of one that passed.
    #[serde(with = "crate::json")]
    pub executes: Option<Height>,
    /// When it ended.
    #[serde(with = "crate::json")]
    pub ended: Option<Height>,
    /// The version of the rules that it became.
    pub version: Option<u32>,
    /// Why it ended otherwise.
    pub reason: Option<String>,
}

/// `/v1/proposals`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalsView {
    /// In order of opening.
    pub proposals: Vec<ProposalView>,
    /// The proposal to go on after.
    pub next: Option<u64>,
    /// Deposit of the next proposal.
    #[serde(with = "crate::json")]
    pub deposit: Amount,
    /// The numbers of voting itself.
    pub schedule: RulesView,
}

/// Where an event stands: `height:index`. Reading goes on after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// The block.
    pub height: Height,
    /// The index within the block.
    pub index: u32,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.height, self.index)
    }
}

impl FromStr for Cursor {
    type Err = String;
    fn from_str(text: &str) -> Result<Cursor, String> {
        let parts = text.split_once(':').and_then(|(height, index)| Some((height.parse().ok()?, index.parse().ok()?)));
        let (height, index) = parts.ok_or_else(|| format!("cursor: expected height:index, got {text:?}"))?;
        Ok(Cursor { height: Height(height), index })
    }
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventView {
    /// The block.
    #[serde(with = "crate::json")]
    pub height: Height,
    /// The index within the block.
    pub index: u32,
    /// Its name, such as `task_opened`.
    pub event: String,
    /// Its fields.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

impl EventView {
    /// Where it stands.
    pub fn cursor(&self) -> Cursor {
        Cursor { height: self.height, index: self.index }
    }

    /// The task that it concerns.
    pub fn task(&self) -> Option<TaskId> {
        self.text("task")?.parse().ok()
    }

    /// A field that is a text.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field)?.as_str()
    }

    /// A field that is an amount.
    pub fn amount(&self, field: &str) -> Option<Amount> {
        Amount::read(self.text(field)?.to_owned()).ok()
    }

    /// The key that it concerns.
    pub fn key(&self) -> Option<KeyId> {
        self.text("key")?.parse().ok()
    }

    /// A field that is an account.
    pub fn account(&self, field: &str) -> Option<AccountId> {
        self.text(field)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_has_one_spelling() {
        let cursor = Cursor { height: Height(12), index: 3 };
        assert_eq!(cursor.to_string(), "12:3");
        assert_eq!("12:3".parse(), Ok(cursor));
        for bad in ["12", "12:", ":3", "a:3", "12:-1", "12:4294967296"] {
            assert!(bad.parse::<Cursor>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_event_keeps_its_fields_and_reads_them_by_kind() {
        let text = format!(
            r#"{{"height":9,"index":1,"event":"task_final","task":"{}","provider":"{}","paid":"750000000"}}"#,
            "11".repeat(32),
            "22".repeat(32)
        );
        let event: EventView = serde_json::from_str(&text).unwrap();
        assert_eq!(event.cursor().to_string(), "9:1");
        assert_eq!(event.task(), Some(TaskId([0x11; 32])));
        assert_eq!(event.account("provider"), Some(AccountId([0x22; 32])));
        assert_eq!(event.amount("paid"), Some(Amount::from_units(750_000_000)));
        assert_eq!(event.amount("provider"), None);
    }

    #[test]
    fn rules_may_be_numbers_or_strings() {
        let rules: RulesView = serde_json::from_str(r#"{"lock_blocks":12,"stake_floor":"10000000","x":null}"#).unwrap();
        assert_eq!(rules.number("lock_blocks"), Some(12));
        assert_eq!(rules.number("stake_floor"), Some(10_000_000));
        assert_eq!(rules.number("x"), None);
        assert_eq!(rules.number("y"), None);
    }
}
