//! The transition table, a file for each phase. Checks run first, in the order of the status codes except that a task of a
//! withdrawn key answers with that alone; then nothing fails.
//!
#![doc = include_str!("../docs/transitions.md")]

mod auction;
mod delivery;
mod dispute;
mod lock;
mod rescue;
mod revoke;
mod settle;
mod tick;
mod vote;

pub use dispute::NativeRun;
pub use revoke::REVOCATIONS_MAX;

use zera_abi::{AccountId, Outcome, TaskId};

use crate::claim::Answer;
use crate::error::MarketError;
use crate::market::Market;
use crate::ports::Claim;
use crate::task::{Task, TaskState};

impl Market {
    /// The claim that [`submit`](Market::submit) or [`reveal`](Market::reveal) would put to the judge, for judging ahead of time.
    ///
    /// It does not say that `provider` may answer: that is [`may_answer`](Market::may_answer), and depends on the block.
    ///
    /// # Errors
    /// [`MarketError::UnknownTask`], [`KeyWithdrawn`](MarketError::KeyWithdrawn), [`WitnessOnly`](MarketError::WitnessOnly),
    /// [`Count`](MarketError::Count), [`Commitment`](MarketError::Commitment).
    pub fn claim(&self, task: &TaskId, provider: AccountId, answer: &Answer) -> Result<Claim, MarketError> {
        claim(self.task_at(self.find_in_force(task)?), provider, answer)
    }

    /// Whether `provider` holds the task's lock, or has a commitment in its rescue, or the answer is challenged, which anyone may
    /// settle, and the key is in force: who else answers is refused unjudged.
    pub fn may_answer(&self, task: &TaskId, provider: &AccountId) -> bool {
        match self.task(task).filter(|task| !self.is_frozen(task)).map(Task::state) {
            Some(TaskState::Assigned { provider: holder, .. }) => holder == provider,
            Some(TaskState::Rescue { commits, .. }) => commits.iter().any(|commit| commit.provider == *provider),
            Some(TaskState::Challenged { .. }) => true,
            _ => false,
        }
    }
}

fn claim(task: &Task, provider: AccountId, answer: &Answer) -> Result<Claim, MarketError> {
    let terms = &task.terms;
    check_answer(task, answer.outcome, &answer.declared)?;
    Ok(Claim {
        task: terms.id,
        key: terms.key,
        predicate: terms.predicate,
        provider,
        not_after: terms.deadline,
        input_root: terms.input_root,
        outcome: answer.outcome,
        declared: answer.declared.clone(),
    })
}

/// Whether an answer is one that the request takes.
fn check_answer(task: &Task, outcome: Outcome, declared: &[[u8; 32]]) -> Result<(), MarketError> {
    let terms = &task.terms;
    if terms.witness_only && outcome != Outcome::True {
        return Err(MarketError::WitnessOnly { task: terms.id, outcome });
    }
    let expected = usize::from(terms.declared);
    if declared.len() != expected {
        return Err(MarketError::Count { expected, got: declared.len() });
    }
    let differs = terms.expected.iter().zip(declared).position(|(fixed, declared)| fixed != declared);
    match differs {
        Some(index) => Err(MarketError::Commitment { index }),
        None => Ok(()),
    }
}

/// The error of an event that the task's state does not know.
fn wrong_state(task: &Task, event: &'static str) -> MarketError {
    MarketError::State { task: task.terms.id, state: task.live.state.name(), event }
}
