//! The chain's state while a block is applied: the market in memory, every other row through the overlay.

use zera_abi::wire::{Reader, WireError};
use zera_abi::{AccountId, Amount, ChainId, CodeHash, Height, Level, Outcome, PredicateId, Status, TaskId};
use zera_market::ports::Table;
use zera_market::{Checkpoint, Market, Note, ProposalState, TaskState, reason};

use crate::codec::{Field, record};
use crate::cost::CostSchedule;
use crate::event::Event;
use crate::judge::{Keys, Verdicts};
use crate::overlay::{Mark, Overlay, Under};
use crate::registry::{NameRow, PredicateRow};
use crate::rehearsal::Rehearsals;
use crate::tx::{Action, SignedTx};
use crate::waiting::Waiting;
use crate::world::NodeFault;

/// Most tasks that a contract may wait for.
pub const MAX_PENDING: u64 = 256;

record! {
    /// A contract.
    pub struct ContractRow {
        /// Its code.
        code: CodeHash,
        /// Who deployed it.
        creator: AccountId,
        /// When.
        created: Height,
        /// The handle of its next task; the first is 1.
        next_handle: u64,
        /// Tasks it waits for, at most [`MAX_PENDING`].
        pending: u64,
    }
}

record! {
    /// What the host keeps of a task beside the market's record.
    pub struct InputRow {
        /// The contract's number for it.
        handle: u64,
        /// Fuel reserved and paid for the call-back.
        callback_fuel: u64,
        /// Public input bytes.
        public: Vec<u8>,
    }
}

record! {
    /// One submission for a task.
    pub struct SubmissionRow {
        /// Who sent it.
        provider: AccountId,
        /// The height of its block.
        height: Height,
        /// The outcome claimed.
        outcome: Outcome,
        /// Whether it was taken.
        accepted: bool,
        /// The proof.
        proof: [u8; 256],
    }
}

/// A transaction that delivers private bytes for a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered(SignedTx);

impl Delivered {
    /// The transaction as a delivery; `None` where it is none for `task`.
    pub fn of(tx: SignedTx, task: &TaskId) -> Option<Delivered> {
        matches!(&tx.tx().action, Action::Deliver { task: of, .. } if of == task).then_some(Delivered(tx))
    }

    /// The transaction: its signature shows who has delivered this.
    pub fn tx(&self) -> &SignedTx {
        &self.0
    }

    /// The sealed bytes.
    pub fn sealed(&self) -> &[u8] {
        match &self.0.tx().action {
            Action::Deliver { sealed, .. } => sealed,
            _ => &[],
        }
    }
}

/// The numbers of the genesis that rules read.
#[derive(Clone, Debug)]
pub(crate) struct Params {
    pub(crate) chain: ChainId,
    pub(crate) development: bool,
    pub(crate) fuel_price: u64,
    pub(crate) key_activation: zera_abi::Blocks,
    pub(crate) name_timelock: zera_abi::Blocks,
}

/// A point to go back to: before a transaction, before a call.
pub(crate) struct StateMark {
    overlay: Mark,
    market: Checkpoint,
    events: usize,
}

record! {
    /// Where a call-back goes.
    pub(crate) struct Callback {
        task: TaskId,
        contract: AccountId,
        handle: u64,
        /// Reserved and paid when the task opened.
        fuel: u64,
        what: CallbackKind,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallbackKind {
    Result(bool),
    Failed(u16),
    Revoked(u16),
}

/// A byte for the kind, then its value.
impl Field for CallbackKind {
    fn put(&self, out: &mut Vec<u8>) {
        let (kind, value) = match self {
            CallbackKind::Result(result) => (0u8, u16::from(*result)),
            CallbackKind::Failed(reason) => (1, *reason),
            CallbackKind::Revoked(reason) => (2, *reason),
        };
        kind.put(out);
        value.put(out);
    }
    fn take(from: &mut Reader<'_>) -> Result<CallbackKind, WireError> {
        Ok(match (from.u8()?, from.u16()?) {
            (0, result @ 0..=1) => CallbackKind::Result(result == 1),
            (1, reason) => CallbackKind::Failed(reason),
            (2, reason) => CallbackKind::Revoked(reason),
            _ => return Err(WireError::Flags),
        })
    }
}

pub(crate) struct State {
    pub(crate) overlay: Overlay,
    pub(crate) market: Market,
    pub(crate) keys: Keys,
    pub(crate) params: Params,
    pub(crate) cost: CostSchedule,
    /// The block being applied.
    pub(crate) height: Height,
    pub(crate) events: Vec<Event>,
    pub(crate) verdicts: Verdicts,
    /// Call-backs that a block's clock made due and that wait for room, as the rows of [`Table::Callbacks`].
    pub(crate) waiting: Waiting,
    /// Calls of the block that were run ahead of their turn.
    pub(crate) rehearsals: Rehearsals,
}

impl State {
    pub(crate) fn mark(&mut self) -> StateMark {
        StateMark { overlay: self.overlay.mark(), market: self.market.checkpoint(), events: self.events.len() }
    }

    pub(crate) fn rollback(&mut self, mark: StateMark) {
        self.overlay.rollback(mark.overlay);
        self.market.rollback(mark.market);
        self.events.truncate(mark.events);
    }

    /// The price of `fuel` in ZRA.
    pub(crate) fn fee(&self, fuel: u64) -> Amount {
        // Two factors below 2^64 each: the product fits.
        Amount::from_units(u128::from(fuel).saturating_mul(u128::from(self.params.fuel_price)))
    }

    pub(crate) fn contract(&self, id: &AccountId) -> Result<Option<ContractRow>, NodeFault> {
        self.overlay.contract(id)
    }

    pub(crate) fn predicate(&self, id: &PredicateId) -> Result<Option<PredicateRow>, NodeFault> {
        self.overlay.row(Table::Predicates, id.as_bytes())
    }

    pub(crate) fn name(&self, name: &[u8]) -> Result<Option<NameRow>, NodeFault> {
        self.overlay.row(Table::Names, name)
    }

    pub(crate) fn input(&self, task: &TaskId) -> Result<Option<InputRow>, NodeFault> {
        self.overlay.row(Table::Inputs, task.as_bytes())
    }

    /// Turns what the market did since the last call into events, and says which contracts are to be called back.
    pub(crate) fn settle_notes(&mut self) -> Result<Vec<Callback>, NodeFault> {
        let mut callbacks = Vec::new();
        for note in self.market.drain_notes() {
            let (task, what) = match &note {
                Note::Attested { task, .. } => (*task, self.answer_due(task, Level::Attested)),
                Note::Accepted { task, .. } => (*task, self.accepted_due(task)),
                Note::Finalised { task, confirmed, .. } => {
                    // An answer that nobody challenged was never accepted.
                    let first = if *confirmed { self.answer_due(task, Level::Accepted) } else { None };
                    (*task, first.or_else(|| self.answer_due(task, Level::Final)))
                }
                Note::Settled { task, upheld: false, .. } => (*task, self.fallen(task, reason::OVERTURNED)),
                Note::Voided { task, .. } => (*task, self.fallen(task, reason::UNSETTLED)),
                Note::Failed { task, .. } | Note::Expired { task, .. } | Note::Undelivered { task, .. } => {
                    (*task, self.market.task(task).map(|task| CallbackKind::Failed(task.reason())))
                }
                Note::Revoked { task, .. } => {
                    (*task, self.market.task(task).map(|task| CallbackKind::Revoked(task.reason())))
                }
                _ => (TaskId([0; 32]), None),
            };
            if let Some(what) = what {
                let callback = self.callback(task, what)?;
                if let (Note::Settled { .. } | Note::Voided { .. }, Some(callback)) = (&note, &callback) {
                    self.wait_again(&callback.contract, callback.handle)?;
                }
                callbacks.extend(callback);
            }
            self.forget_delivery(&note)?;
            let event = self.event(note)?;
            self.events.push(event);
        }
        Ok(callbacks)
    }

    /// What was delivered for a lock is of no use once the lock is over.
    fn forget_delivery(&mut self, note: &Note) -> Result<(), NodeFault> {
        let over = match note {
            Note::Accepted { task, .. }
            | Note::Attested { task, .. }
            | Note::Failed { task, .. }
            | Note::Released { task, .. }
            | Note::RescueOpened { task, .. }
            | Note::Undelivered { task, .. }
            | Note::Revoked { task, .. } => task,
            _ => return Ok(()),
        };
        if self.delivered(over)?.is_some() {
            self.overlay.write(Table::Sealed, over.as_bytes(), None);
        }
        Ok(())
    }

    /// What was delivered on the chain to the holder of a task.
    pub(crate) fn delivered(&self, task: &TaskId) -> Result<Option<Delivered>, NodeFault> {
        if !self.market.task(task).is_some_and(zera_market::Task::delivers) {
            return Ok(None);
        }
        let Some(bytes) = self.overlay.read(Table::Sealed, task.as_bytes())? else { return Ok(None) };
        let damaged = |what: String| NodeFault::State { what: format!("the delivery of task {task}: {what}") };
        let tx = SignedTx::decode(&bytes).map_err(|error| damaged(error.to_string()))?;
        Delivered::of(tx, task).map(Some).ok_or_else(|| damaged("is none".to_owned()))
    }

    /// The result to call back with where `reached` is the level that the contract asked for.
    fn answer_due(&self, task: &TaskId, reached: Level) -> Option<CallbackKind> {
        let task = self.market.task(task)?;
        if task.minimum_level() != reached {
            return None;
        }
        task.answer().and_then(|(outcome, _)| outcome.as_bool()).map(CallbackKind::Result)
    }

    /// An accepted answer is news, unless it upholds an attested one that was told.
    fn accepted_due(&self, task: &TaskId) -> Option<CallbackKind> {
        let told = match self.market.task(task)?.state() {
            TaskState::Accepted { dispute: Some(dispute), .. } => dispute.upheld,
            _ => false,
        };
        let attested = if told { None } else { self.answer_due(task, Level::Attested) };
        attested.or_else(|| self.answer_due(task, Level::Accepted))
    }

    /// An attested answer is none any more: told where it was enough to act on.
    fn fallen(&self, task: &TaskId, reason: u16) -> Option<CallbackKind> {
        (self.market.task(task)?.minimum_level() == Level::Attested).then_some(CallbackKind::Revoked(reason))
    }

    pub(crate) fn callback(&self, task: TaskId, what: CallbackKind) -> Result<Option<Callback>, NodeFault> {
        let Some(contract) = self.market.task(&task).map(|task| *task.requester()) else { return Ok(None) };
        // An account that asked for itself has no entry to be called.
        if self.contract(&contract)?.is_none() {
            return Ok(None);
        }
        Ok(self.input(&task)?.map(|input| Callback {
            task,
            contract,
            handle: input.handle,
            fuel: input.callback_fuel,
            what,
        }))
    }

    fn event(&self, note: Note) -> Result<Event, NodeFault> {
        Ok(match note {
            Note::Opened { task } => {
                let missing = || NodeFault::State { what: format!("task {task} was opened and is not there") };
                let input = self.input(&task)?.ok_or_else(missing)?;
                let record = self.market.task(&task).ok_or_else(missing)?;
                Event::TaskOpened {
                    task,
                    contract: *record.requester(),
                    handle: input.handle,
                    predicate: *record.predicate(),
                    key: *record.key(),
                    bounty: record.bounty_max(),
                    min_stake: record.min_stake(),
                    deadline: record.not_after(),
                    public_len: u64::try_from(input.public.len()).unwrap_or(u64::MAX),
                }
            }
            Note::Reauctioned { task, round, ceiling } => Event::TaskReauctioned { task, round, ceiling },
            Note::Cancelled { task } => Event::TaskCancelled { task },
            Note::Locked { task, provider, price, stake, lock_deadline } => {
                Event::TaskLocked { task, provider, price, stake, lock_deadline }
            }
            Note::Released { task, provider, burned } => Event::TaskReleased { task, provider, burned },
            Note::ProofRejected { task, provider, attempt, burned } => {
                Event::ProofRejected { task, provider, attempt, burned }
            }
            Note::RescueOpened { task, provider, late, expires } => {
                Event::RescueOpened { task, provider, late, expires }
            }
            Note::RescueCommitted { task, provider } => Event::RescueCommitted { task, provider },
            Note::DepositBurned { task, provider, burned } => Event::DepositBurned { task, provider, burned },
            Note::Slashed { task, provider, burned, hero, hero_paid, requester_paid, insurance_paid } => {
                Event::StakeSlashed { task, provider, burned, hero, hero_paid, requester_paid, insurance_paid }
            }
            Note::Accepted { task, provider, outcome, price } => Event::TaskAccepted { task, provider, outcome, price },
            Note::Failed { task, provider, outcome, paid } => Event::TaskFailed { task, provider, outcome, paid },
            Note::Attested { task, provider, outcome, until } => Event::TaskAttested { task, provider, outcome, until },
            Note::ChallengeCommitted { task, challenger } => Event::ChallengeCommitted { task, challenger },
            Note::Challenged { task, challenger, claimed, bond, until } => {
                Event::TaskChallenged { task, challenger, claimed, bond, until }
            }
            Note::Settled { task, settler, outcome, upheld, native } => {
                Event::ChallengeSettled { task, settler, outcome, upheld, native }
            }
            Note::Voided { task, challenger, bond_returned, reopened } => {
                Event::ChallengeVoided { task, challenger, bond_returned, reopened }
            }
            Note::ChallengeLost { task, challenger, burned, settler, settler_paid } => {
                Event::ChallengeLost { task, challenger, burned, settler, settler_paid }
            }
            Note::AttestationSlashed { task, attester, burned, challenger_paid, settler_paid, requester_paid } => {
                Event::AttestationSlashed { task, attester, burned, challenger_paid, settler_paid, requester_paid }
            }
            Note::Finalised { task, provider, paid, stake_returned, .. } => {
                Event::TaskFinal { task, provider, paid, stake_returned }
            }
            Note::Expired { task } => Event::TaskExpired { task },
            Note::Staked { account, amount } => Event::Staked { account, amount },
            Note::Unstaking { account, amount, due } => Event::Unstaking { account, amount, due },
            Note::Unbonded { account, amount } => Event::Unbonded { account, amount },
            Note::DepositSlashed { task, provider, burned } => Event::DepositSlashed { task, provider, burned },
            Note::MarginCalled { provider, need, have, until } => Event::MarginCalled { provider, need, have, until },
            Note::Jailed { provider, until } => Event::Jailed { provider, until },
            Note::Braked { provider, capacity } => Event::Braked { provider, capacity: u64::from(capacity) },
            Note::KeyWithdrawn { key, reporter, reward } => Event::KeyWithdrawn { key, reporter, reward },
            Note::Revoked { task, requester_paid, stake_returned, deposits_returned } => {
                Event::TaskRevoked { task, requester_paid, stake_returned, deposits_returned }
            }
            Note::ProposalOpened { proposal, proposer, rule, old, new, deposit } => Event::ProposalOpened {
                proposal,
                proposer,
                rule: rule.to_owned(),
                old: old.to_string(),
                new: new.to_string(),
                deposit,
            },
            Note::ProposalSupported { proposal, voter, amount, support } => {
                Event::ProposalSupported { proposal, voter, amount, support }
            }
            Note::ProposalPassed { proposal, executes } => Event::ProposalPassed { proposal, executes },
            Note::ProposalLapsed { proposal } => Event::ProposalLapsed { proposal },
            Note::ProposalEnded { proposal, state, deposit_returned, burned } => {
                let (version, reason) = match state {
                    ProposalState::Adopted { version, .. } => (Some(u64::from(version)), None),
                    ProposalState::Overtaken { why, .. } => (None, Some(why.as_str().to_owned())),
                    _ => (None, None),
                };
                let state = state.name().to_owned();
                Event::ProposalEnded { proposal, state, version, reason, deposit_returned, burned }
            }
            Note::Keyed { task, provider, key } => Event::SealingKeyGiven { task, provider, sealing_key: key },
            Note::Demanded { task, provider, fee, until } => Event::DeliveryDemanded { task, provider, fee, until },
            Note::DemandClosed { task, provider, delivered, fee_paid, lock_deadline } => {
                Event::DemandClosed { task, provider, delivered, fee_paid, lock_deadline }
            }
            Note::Undelivered { task, provider, wrong, paid, burned, stake_returned, fee_returned } => {
                Event::InputUnavailable { task, provider, wrong, paid, burned, stake_returned, fee_returned }
            }
            note => return Err(NodeFault::State { what: format!("a note of the market has no event: {note:?}") }),
        })
    }
}

/// A pending row: the contract waits.
pub(crate) const WAITING: u8 = 1;
/// A pending row: cleared, for good.
pub(crate) const CLEARED: u8 = 2;

/// The rows of a contract, which a rehearsal keeps as a block does.
impl<U: Under> Overlay<U> {
    pub(crate) fn contract(&self, id: &AccountId) -> Result<Option<ContractRow>, NodeFault> {
        self.row(Table::Contracts, id.as_bytes())
    }

    /// The task behind a contract's handle.
    pub(crate) fn handle(&self, contract: &AccountId, handle: u64) -> Result<Option<TaskId>, NodeFault> {
        self.row(Table::Handles, &handle_key(contract, handle))
    }

    /// [`WAITING`], [`CLEARED`], or 0 for a task that was never waited for.
    pub(crate) fn pending(&self, contract: &AccountId, handle: u64) -> Result<u8, NodeFault> {
        Ok(self.row(Table::Pending, &handle_key(contract, handle))?.unwrap_or(0))
    }

    /// Marks a task as waited for, or as cleared: `OK`, or `E_LIMIT` above [`MAX_PENDING`].
    pub(crate) fn set_pending(&mut self, contract: &AccountId, handle: u64, mark: u8) -> Result<Status, NodeFault> {
        let Some(mut row) = self.contract(contract)? else { return Ok(Status::Unauthorized) };
        let count = if mark == WAITING { row.pending.checked_add(1) } else { row.pending.checked_sub(1) };
        match count {
            Some(count) if count <= MAX_PENDING => row.pending = count,
            _ => return Ok(Status::Limit),
        }
        self.put(Table::Contracts, contract.as_bytes(), &row);
        self.put(Table::Pending, &handle_key(contract, handle), &mark);
        Ok(Status::Ok)
    }

    /// [`World::store_pending`](crate::World::store_pending).
    pub(crate) fn store_pending(&mut self, contract: &AccountId, handle: u64) -> Result<Status, NodeFault> {
        if self.handle(contract, handle)?.is_none() {
            return Ok(Status::NotFound);
        }
        if self.pending(contract, handle)? != 0 {
            return Ok(Status::State);
        }
        self.set_pending(contract, handle, WAITING)
    }

    /// [`World::clear_pending`](crate::World::clear_pending) of a known task; `ready`: it has its answer, or has ended.
    pub(crate) fn clear_pending(
        &mut self,
        contract: &AccountId,
        handle: u64,
        ready: bool,
    ) -> Result<Status, NodeFault> {
        if !ready || self.pending(contract, handle)? != WAITING {
            return Ok(Status::State);
        }
        self.set_pending(contract, handle, CLEARED)
    }
}

/// `contract, handle (big-endian)`.
pub(crate) fn handle_key(contract: &AccountId, handle: u64) -> Vec<u8> {
    [contract.as_bytes().as_slice(), &handle.to_be_bytes()].concat()
}

/// `contract, key`.
pub(crate) fn contract_key(contract: &AccountId, key: &[u8]) -> Vec<u8> {
    [contract.as_bytes().as_slice(), key].concat()
}

/// `height, index`, both big-endian, so that rows sort by time.
pub(crate) fn position_key(height: Height, index: u32) -> Vec<u8> {
    [height.0.to_be_bytes().as_slice(), &index.to_be_bytes()].concat()
}

/// Reads what [`position_key`] writes.
pub(crate) fn position(key: &[u8]) -> Option<(Height, u32)> {
    let (height, index) = (key.get(..8)?, key.get(8..)?);
    Some((Height(u64::from_be_bytes(height.try_into().ok()?)), u32::from_be_bytes(index.try_into().ok()?)))
}

/// The nonce row of an account.
pub(crate) fn nonce(overlay: &Overlay, account: &AccountId) -> Result<u64, NodeFault> {
    Ok(overlay.row(Table::Nonces, account.as_bytes())?.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_sort_by_time_and_read_back() {
        let early = position_key(Height(1), u32::MAX);
        let late = position_key(Height(256), 0);
        assert!(early < late);
        assert_eq!(position(&late), Some((Height(256), 0)));
        assert_eq!(position(&late[..11]), None);
        let row = InputRow { handle: 1, callback_fuel: 2, public: vec![3] };
        assert_eq!(InputRow::parse(&row.bytes()), Ok(row));
    }
}
