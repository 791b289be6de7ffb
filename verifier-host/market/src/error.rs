//! Why the market refused.

use zera_abi::{AccountId, Amount, Height, KeyId, Level, Outcome, Status, TaskId};

use crate::vote::VoteError;

/// Why a transition was refused; nothing changed. The sender is told the [`status`](MarketError::status).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the message of each variant says what its fields are")]
pub enum MarketError {
    #[error("task: level {level} is not offered")]
    Level { level: Level },
    #[error("task: attested mode is not offered for {what}")]
    Mode { what: &'static str },
    #[error("task: nobody owes {what}")]
    Delivery { what: &'static str },
    #[error("task {task}: {what}")]
    NotOwed { task: TaskId, what: &'static str },
    #[error("task {task}: outcome `{outcome}` can not be attested")]
    NotAttestable { task: TaskId, outcome: Outcome },
    #[error("task {task}: an answer has to come with a proof")]
    ProofRequired { task: TaskId },
    #[error("task {task}: `{outcome}` is what was attested")]
    SameOutcome { task: TaskId, outcome: Outcome },
    #[error("task {task}: outcome `{outcome}` is no answer where only a witness is asked for")]
    WitnessOnly { task: TaskId, outcome: Outcome },
    #[error("task {task}: unknown")]
    UnknownTask { task: TaskId },
    #[error("task {task}: already open")]
    TaskExists { task: TaskId },
    #[error("task {task}: {provider} has a commitment in its window")]
    CommitExists { task: TaskId, provider: AccountId },
    #[error("task {task}: {state}, can not {event}")]
    State { task: TaskId, state: &'static str, event: &'static str },
    #[error("task {task}: too early to {event}, at {now}, from {from}")]
    Early { task: TaskId, event: &'static str, now: Height, from: Height },
    #[error("task {task}: too late to {event}, at {now}, until {until}")]
    Late { task: TaskId, event: &'static str, now: Height, until: Height },
    #[error("task: deadline {deadline} at {now}, expected {min} to {max}")]
    Deadline { deadline: Height, now: Height, min: Height, max: Height },
    #[error("task {task}: {account} is not its {role}")]
    Unauthorized { task: TaskId, account: AccountId, role: &'static str },
    #[error("task {task}: the reveal of {provider} is not what it committed to")]
    Reveal { task: TaskId, provider: AccountId },
    #[error("account {account}: needs {need} ZRA, has {have}")]
    Funds { account: AccountId, need: Amount, have: Amount },
    #[error("account {account}: the deposit has to hold {need} ZRA, and holds {have}")]
    Deposit { account: AccountId, need: Amount, have: Amount },
    #[error("account {account}: takes no locks at {now}, until {until}: an answer of it did not come")]
    Jailed { account: AccountId, now: Height, until: Height },
    #[error("task: opening fee is {need} ZRA, offered {offered}")]
    Fee { need: Amount, offered: Amount },
    #[error("{what}: {got}, expected {min} to {max}")]
    Range { what: &'static str, got: Amount, min: Amount, max: Amount },
    #[error("{what}: {got}, at most {max}")]
    Limit { what: &'static str, got: u64, max: u64 },
    #[error("key {key}: already bonded")]
    KeyExists { key: KeyId },
    #[error("key {key}: already withdrawn")]
    KeyWithdrawnBefore { key: KeyId },
    #[error("key {key}: {what}")]
    KeyState { key: KeyId, what: &'static str },
    #[error("key {key}: {account} is not its owner")]
    NotKeyOwner { key: KeyId, account: AccountId },
    #[error("key {key}: unknown")]
    UnknownKey { key: KeyId },
    #[error("key {key}: withdrawn, its tasks are revoked")]
    KeyWithdrawn { key: KeyId },
    #[error("key {key}: released, takes no more tasks")]
    KeyReleased { key: KeyId },
    #[error("declared values: expected {expected}, got {got}")]
    Count { expected: usize, got: usize },
    #[error("declared value {index} is not the commitment that the request fixed")]
    Commitment { index: usize },
    #[error(transparent)]
    Vote(#[from] VoteError),
}

impl MarketError {
    /// The status that a contract or a receipt carries.
    pub const fn status(&self) -> Status {
        match self {
            MarketError::Level { .. }
            | MarketError::Mode { .. }
            | MarketError::Delivery { .. }
            | MarketError::NotOwed { .. }
            | MarketError::NotAttestable { .. }
            | MarketError::ProofRequired { .. }
            | MarketError::SameOutcome { .. }
            | MarketError::WitnessOnly { .. } => Status::Unsupported,
            MarketError::UnknownTask { .. } => Status::NotFound,
            MarketError::TaskExists { .. }
            | MarketError::CommitExists { .. }
            | MarketError::KeyExists { .. }
            | MarketError::KeyWithdrawnBefore { .. } => Status::Duplicate,
            MarketError::State { .. }
            | MarketError::Early { .. }
            | MarketError::KeyState { .. }
            | MarketError::Jailed { .. } => Status::State,
            MarketError::Late { .. } | MarketError::Deadline { .. } => Status::Deadline,
            MarketError::Unauthorized { .. } | MarketError::Reveal { .. } | MarketError::NotKeyOwner { .. } => {
                Status::Unauthorized
            }
            MarketError::Funds { .. } | MarketError::Fee { .. } | MarketError::Deposit { .. } => Status::Funds,
            MarketError::Range { .. } | MarketError::Limit { .. } => Status::Limit,
            MarketError::UnknownKey { .. } | MarketError::KeyWithdrawn { .. } | MarketError::KeyReleased { .. } => {
                Status::Key
            }
            MarketError::Count { .. } | MarketError::Commitment { .. } => Status::Count,
            MarketError::Vote(error) => error.status(),
        }
    }
}
