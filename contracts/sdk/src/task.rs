//! Asking for an answer, and looking how far it has come.

use alloc::vec;
use alloc::vec::Vec;

use zera_abi::wire::{Request, WireError, MAX_DECLARED};
use zera_abi::{End, Level, Outcome, PredicateId, Status, TaskId};

use crate::exit::done;
use crate::imports;

/// The contract's own number of a task.
pub type Handle = u64;

/// A request being put together. What is not set is nothing: no stake, no value at risk, no call-back fuel.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    request: Request<'a>,
}

impl<'a> Ask<'a> {
    /// Asks one version of a predicate about `public`, for an answer that is proved (level [`Level::Accepted`]).
    pub const fn new(predicate: PredicateId, public: &'a [u8]) -> Ask<'a> {
        Ask {
            request: Request {
                predicate,
                public,
                bounty: 0,
                min_stake: 0,
                value_at_risk: 0,
                deadline: 0,
                callback_fuel: 0,
                expected: &[],
                attested: false,
                level: Level::Accepted,
            },
        }
    }

    /// Most that the answer may cost, in units.
    #[must_use]
    pub const fn bounty(mut self, units: u128) -> Ask<'a> {
        self.request.bounty = units;
        self
    }

    /// Least stake that a provider must lock, in units.
    #[must_use]
    pub const fn min_stake(mut self, units: u128) -> Ask<'a> {
        self.request.min_stake = units;
        self
    }

    /// What a false answer could cost, in units; gates answers without a proof.
    #[must_use]
    pub const fn value_at_risk(mut self, units: u128) -> Ask<'a> {
        self.request.value_at_risk = units;
        self
    }

    /// Takes an answer without a proof, too: a provider stakes for it, and anyone may challenge it. [`level`](Self::level) says
    /// whether it is enough at once ([`Level::Attested`]), or once nobody has challenged it ([`Level::Final`]).
    #[must_use]
    pub const fn attested(mut self) -> Ask<'a> {
        self.request.attested = true;
        self
    }

    /// Last height at which an answer is taken.
    #[must_use]
    pub const fn deadline(mut self, height: u64) -> Ask<'a> {
        self.request.deadline = height;
        self
    }

    /// Fuel for the call-back; paid with the request.
    #[must_use]
    pub const fn callback_fuel(mut self, fuel: u64) -> Ask<'a> {
        self.request.callback_fuel = fuel;
        self
    }

    /// Commitments that the first declared values must equal: 32 bytes each, big-endian, one after the other.
    ///
    /// Where the predicate reads private bytes, fix the value that commits to them: without it anyone can prove false over
    /// bytes of their own, so true alone is an answer then.
    #[must_use]
    pub const fn expected(mut self, commitments: &'a [u8]) -> Ask<'a> {
        self.request.expected = commitments;
        self
    }

    /// The level that is enough.
    #[must_use]
    pub const fn level(mut self, level: Level) -> Ask<'a> {
        self.request.level = level;
        self
    }

    /// The request's bytes.
    ///
    /// # Errors
    /// [`WireError::Limit`] where the input or the commitments are too long.
    pub fn encode(&self) -> Result<Vec<u8>, WireError> {
        let mut bytes = vec![0; self.request.encoded_len()];
        self.request.encode(&mut bytes)?;
        Ok(bytes)
    }

    /// Opens the task.
    ///
    /// # Errors
    /// The host's status: `E_NOT_FOUND`, `E_DEADLINE`, `E_FUNDS`, `E_LIMIT`, `E_KEY`, `E_COUNT`, `E_ENC`.
    pub fn send(&self) -> Result<Handle, Status> {
        let bytes = self.encode().map_err(|_| Status::Limit)?;
        let mut handle = [0; 8];
        done(imports::request_offchain_computation(&bytes, &mut handle))?;
        Ok(u64::from_le_bytes(handle))
    }
}

/// How far a task has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskState {
    /// The level reached.
    pub level: Level,
    /// How it ended, if it ended without a final answer.
    pub end: End,
    /// The reason of the end.
    pub reason: u16,
}

impl TaskState {
    /// Reads `level u8, end u8, reason u16 LE`; `None` for codes that this version does not know.
    pub fn decode(bytes: [u8; 4]) -> Option<TaskState> {
        let [level, end, low, high] = bytes;
        let (level, end) = (Level::from_code(level)?, End::from_code(end)?);
        Some(TaskState { level, end, reason: u16::from_le_bytes([low, high]) })
    }
}

/// An answer with its declared values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The outcome.
    pub outcome: Outcome,
    /// Declared values: 32 bytes each, big-endian.
    pub declared: Vec<[u8; 32]>,
}

impl Answer {
    /// Reads `outcome u8 | values`; `None` where that is not what the bytes are.
    pub fn decode(bytes: &[u8]) -> Option<Answer> {
        let (outcome, values) = bytes.split_first()?;
        let outcome = Outcome::from_code(*outcome)?;
        let mut declared = Vec::new();
        for value in values.chunks(32) {
            let mut scalar = [0; 32];
            if value.len() != scalar.len() {
                return None;
            }
            scalar.copy_from_slice(value);
            declared.push(scalar);
        }
        Some(Answer { outcome, declared })
    }
}

/// The active version behind a registered name.
///
/// # Errors
/// [`Status::NotFound`].
pub fn predicate(name: &str) -> Result<PredicateId, Status> {
    let mut id = [0; 32];
    done(imports::predicate_id(name.as_bytes(), &mut id))?;
    Ok(PredicateId(id))
}

/// Marks a task as waited for.
///
/// # Errors
/// [`Status::NotFound`], [`Status::State`] where it is marked, [`Status::Limit`].
pub fn store_pending(handle: Handle) -> Result<(), Status> {
    done(imports::store_pending_computation(handle))
}

/// Consumes a pending task, exactly once, when its answer is there or it has ended.
///
/// # Errors
/// [`Status::NotFound`], [`Status::State`].
pub fn clear_pending(handle: Handle) -> Result<(), Status> {
    done(imports::clear_pending_computation(handle))
}

/// Whether the answer stands at the level that was asked for.
pub fn is_verified(handle: Handle) -> bool {
    imports::is_computation_verified(handle) == Status::Ok
}

/// The task behind a handle.
///
/// # Errors
/// [`Status::NotFound`].
pub fn id(handle: Handle) -> Result<TaskId, Status> {
    let mut id = [0; 32];
    done(imports::task_id(handle, &mut id))?;
    Ok(TaskId(id))
}

/// The handle of a task.
///
/// # Errors
/// [`Status::NotFound`], [`Status::Unauthorized`] where it is another contract's.
pub fn handle(task: &TaskId) -> Result<Handle, Status> {
    let mut handle = [0; 8];
    done(imports::task_handle(&task.0, &mut handle))?;
    Ok(u64::from_le_bytes(handle))
}

/// How far a task has come.
///
/// # Errors
/// [`Status::NotFound`]; [`Status::Unsupported`] for a level or end of a later version.
pub fn status(handle: Handle) -> Result<TaskState, Status> {
    let mut bytes = [0; 4];
    done(imports::task_status(handle, &mut bytes))?;
    TaskState::decode(bytes).ok_or(Status::Unsupported)
}

/// Outcome and declared values.
///
/// # Errors
/// [`Status::No`] before the asked level is reached, [`Status::NotFound`].
pub fn outcome(handle: Handle) -> Result<Answer, Status> {
    let mut bytes = [0; 1 + 32 * MAX_DECLARED];
    let mut len = [0; 4];
    done(imports::task_outcome(handle, &mut bytes, &mut len))?;
    let answer = bytes.get(..u32::from_le_bytes(len) as usize).and_then(Answer::decode);
    answer.ok_or(Status::Unsupported)
}

/// Cancels a task before its lock.
///
/// # Errors
/// [`Status::NotFound`], [`Status::State`].
pub fn cancel(handle: Handle) -> Result<(), Status> {
    done(imports::cancel_task(handle))
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn an_ask_is_the_request_it_says() {
        let predicate = PredicateId([7; 32]);
        let ask = Ask::new(predicate, b"in").bounty(5).min_stake(6).value_at_risk(1).deadline(100);
        let bytes = ask.callback_fuel(9).expected(&[3; 32]).level(Level::Final).encode().unwrap();
        let expected = Request {
            predicate,
            public: b"in",
            bounty: 5,
            min_stake: 6,
            value_at_risk: 1,
            deadline: 100,
            callback_fuel: 9,
            expected: &[3; 32],
            attested: false,
            level: Level::Final,
        };
        assert_eq!(Request::decode(&bytes), Ok(expected));
        assert_eq!(Ask::new(predicate, b"").expected(&[3; 31]).encode(), Err(WireError::Limit));
    }

    #[test]
    fn answers_have_whole_values() {
        let mut bytes = vec![1];
        bytes.extend([9; 64]);
        let answer = Answer { outcome: Outcome::True, declared: vec![[9; 32], [9; 32]] };
        assert_eq!(Answer::decode(&bytes), Some(answer));
        assert_eq!(Answer::decode(&bytes[..64]), None);
        assert_eq!(Answer::decode(&[4]), None);
        assert_eq!(Answer::decode(&[]), None);
    }

    #[test]
    fn task_states_have_known_codes() {
        let state = TaskState { level: Level::Accepted, end: End::Revoked, reason: 0x0102 };
        assert_eq!(TaskState::decode([2, 2, 2, 1]), Some(state));
        assert_eq!(TaskState::decode([4, 0, 0, 0]), None);
        assert_eq!(TaskState::decode([0, 5, 0, 0]), None);
    }
}
