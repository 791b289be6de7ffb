//! Everything that a contract can see or change: the port that the host functions are written over.
//!
//! A call works on a [`World`] that it is given and gives back. The world is the caller's to roll back: after
//! [`CallEnd::Aborted`](crate::CallEnd::Aborted), [`CallEnd::Trapped`](crate::CallEnd::Trapped) or a [`NodeFault`] every
//! write, event and task of the call must be undone by whoever lent the world, for instance with a checkpoint.

use zera_abi::wire::{Claim, PROOF_LEN, Request};
use zera_abi::{AccountId, Amount, ChainId, End, Height, KeyId, Level, Outcome, PredicateId, Status, TaskId};
use zera_market::ports::StoreError;

/// The node failed, not the contract: the block is abandoned, nothing of it is kept, and no receipt says anything.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeFault {
    /// The store can not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// State that this node wrote does not read back as what was written.
    #[error("state: {what}")]
    State {
        /// Which row, and what is wrong with it.
        what: String,
    },
    /// The engine refused what validation had passed, or failed in a way that no contract can cause.
    #[error("engine: {what}: {message}")]
    Engine {
        /// The step that failed.
        what: &'static str,
        /// The engine's words.
        message: String,
    },
    /// The native stack ran out before the fuel: the depth rule of [`validate`](crate::validate) does not hold.
    #[error("engine: call stack exhausted before fuel in contract code {code}")]
    StackOverflow {
        /// The module that did it.
        code: zera_abi::CodeHash,
    },
    /// The thread that runs guests can not be started.
    #[error("guest thread")]
    Thread(#[source] std::io::Error),
    /// Code of ours panicked: a host function, or a lane.
    #[error("a host function or a lane panicked: {message}")]
    Panic {
        /// The panic's message.
        message: String,
    },
}

impl NodeFault {
    /// The fault of a caught panic.
    pub(crate) fn panic(payload: &(dyn std::any::Any + Send)) -> NodeFault {
        let text = payload.downcast_ref::<&str>().copied().map(str::to_owned);
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        NodeFault::Panic { message: text.unwrap_or_else(|| "not a text".to_owned()) }
    }
}

/// Why the world does not do something: a decision of the rules, which the guest sees, or a failure, which it does not.
#[derive(Debug, thiserror::Error)]
pub enum Denied {
    /// The guest is told this status.
    #[error("{0}")]
    Status(Status),
    /// The block is abandoned.
    #[error(transparent)]
    Fault(#[from] NodeFault),
}

impl From<Status> for Denied {
    fn from(status: Status) -> Denied {
        Denied::Status(status)
    }
}

/// How far a task has come, as `task_status` reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskStatus {
    /// The level reached.
    pub level: Level,
    /// How it ended, if it ended without a final answer.
    pub end: End,
    /// The reason of the end; 0 for none.
    pub reason: u16,
}

/// What contracts see of the chain. One call at a time; every method is deterministic.
///
/// Sizes and formats that depend on the bytes alone are checked by the host functions before they come here; what depends
/// on state (balances, states of tasks, caps per contract) is the world's to decide. `contract` is always the contract
/// that runs.
pub trait World {
    /// The chain's id.
    fn chain_id(&self) -> ChainId;

    /// Height of the block being built.
    fn height(&self) -> Height;

    /// A configured amount of the contract; `None` where it was never configured.
    ///
    /// # Errors
    /// [`NodeFault`] where the state can not be read; so for every method.
    fn config_amount(&mut self, contract: &AccountId, key: &[u8]) -> Result<Option<Amount>, NodeFault>;

    /// The value under `key` in the contract's storage.
    ///
    /// # Errors
    /// [`NodeFault`].
    fn storage_get(&mut self, contract: &AccountId, key: &[u8]) -> Result<Option<Vec<u8>>, NodeFault>;

    /// Writes `key = value`; lengths are within the limits.
    ///
    /// # Errors
    /// [`NodeFault`].
    fn storage_set(&mut self, contract: &AccountId, key: &[u8], value: &[u8]) -> Result<(), NodeFault>;

    /// Removes `key`; whether it was there.
    ///
    /// # Errors
    /// [`NodeFault`].
    fn storage_remove(&mut self, contract: &AccountId, key: &[u8]) -> Result<bool, NodeFault>;

    /// Records an event of the contract; lengths and count are within the limits.
    fn emit(&mut self, contract: &AccountId, topic: &[u8], data: &[u8]);

    /// A line for the operator's log; no part of the state.
    fn log(&mut self, contract: &AccountId, text: &[u8]) {
        let _ = (contract, text);
    }

    /// The active version behind a registered name.
    ///
    /// # Errors
    /// [`NodeFault`].
    fn predicate_by_name(&mut self, name: &[u8]) -> Result<Option<PredicateId>, NodeFault>;

    /// Opens a task and gives it the contract's next handle.
    ///
    /// Refuses with `E_NOT_FOUND` (predicate), `E_KEY`, `E_DEADLINE`, `E_FUNDS`, `E_LIMIT`.
    ///
    /// # Errors
    /// [`Denied`].
    fn request(&mut self, contract: &AccountId, request: &Request<'_>) -> Result<u64, Denied>;

    /// Marks a task as waited for: `OK`, `E_NOT_FOUND`, `E_STATE` where it is marked, `E_LIMIT` above 256.
    ///
    /// # Errors
    /// [`NodeFault`].
    fn store_pending(&mut self, contract: &AccountId, handle: u64) -> Result<Status, NodeFault>;

    /// `OK` where the answer stands at the asked level, else `NO` or `E_NOT_FOUND`.
    ///
    /// # Errors
    /// [`NodeFault`].
    fn is_verified(&mut self, contract: &AccountId, handle: u64) -> Result<Status, NodeFault>;

    /// Consumes a pending task exactly once: `OK`, `E_NOT_FOUND`, `E_STATE`.
    ///
    /// # Errors
    /// [`NodeFault`].
    fn clear_pending(&mut self, contract: &AccountId, handle: u64) -> Result<Status, NodeFault>;

    /// The task behind one of the contract's handles.
    ///
    /// # Errors
    /// [`NodeFault`].
    fn task_id(&mut self, contract: &AccountId, handle: u64) -> Result<Option<TaskId>, NodeFault>;

    /// The contract's handle of a task; refuses with `E_NOT_FOUND`, or `E_UNAUTH` where it is another's.
    ///
    /// # Errors
    /// [`Denied`].
    fn task_handle(&mut self, contract: &AccountId, task: &TaskId) -> Result<u64, Denied>;

    /// How far a task has come.
    ///
    /// # Errors
    /// [`NodeFault`].
    fn task_status(&mut self, contract: &AccountId, handle: u64) -> Result<Option<TaskStatus>, NodeFault>;

    /// Outcome and declared values once the asked level is reached; refuses with `NO`, `E_NOT_FOUND`.
    ///
    /// # Errors
    /// [`Denied`].
    fn task_outcome(&mut self, contract: &AccountId, handle: u64) -> Result<(Outcome, Vec<[u8; 32]>), Denied>;

    /// Cancels before the lock: `OK`, `E_NOT_FOUND`, `E_STATE`.
    ///
    /// # Errors
    /// [`NodeFault`].
    fn cancel(&mut self, contract: &AccountId, handle: u64) -> Result<Status, NodeFault>;

    /// The contract's free balance.
    fn balance(&mut self, contract: &AccountId) -> Amount;

    /// Moves free money of the contract: `OK`, `E_FUNDS`.
    fn transfer(&mut self, contract: &AccountId, to: &AccountId, amount: Amount) -> Status;

    /// The number of public inputs of a key in force; `None` for one that is unknown, not yet active, frozen or withdrawn.
    ///
    /// # Errors
    /// [`NodeFault`].
    fn key_inputs(&mut self, key: &KeyId) -> Result<Option<usize>, NodeFault>;

    /// Judges a proof on the caller's public inputs (`n * 32` bytes, `n` is the key's): `OK`, `NO`, `E_ENC`, `E_KEY`.
    ///
    /// # Errors
    /// [`NodeFault`].
    fn verify_raw(&mut self, key: &KeyId, inputs: &[u8], proof: &[u8; PROOF_LEN]) -> Result<Status, NodeFault>;

    /// Judges a proof on a claim whose statement is derived here: `OK`, `NO`, `E_ENC`, `E_KEY`.
    ///
    /// # Errors
    /// [`NodeFault`].
    fn verify_claim(
        &mut self,
        contract: &AccountId,
        key: &KeyId,
        claim: &Claim<'_>,
        proof: &[u8; PROOF_LEN],
    ) -> Result<Status, NodeFault>;
}
