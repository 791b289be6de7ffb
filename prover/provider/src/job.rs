//! A job and how far it has come: a type for each state in one process, an enum across a restart.
//!
//! ```text
//! Job<Offered> --lock--> Job<Staked> --prove--> Job<Proved> --submit--> Job<Submitted>
//!      `----------------- rescue: prove without a lock ----^
//! ```

use std::sync::Arc;

use zera_abi::{AccountId, Amount, ChainId, Height, KeyId, Outcome, PredicateId, TaskId};
use zera_host::SignedTx;
use zera_market::Answer;
use zera_statement::{Binding, input_root, scalar_to_be};

use crate::decline::{Decline, Declined};
use crate::predicate::Preview;
use crate::view::TaskView;

/// What a task asks. Fixed when it opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The chain.
    pub chain: ChainId,
    /// The task.
    pub task: TaskId,
    /// What is asked.
    pub predicate: PredicateId,
    /// The key that the proof must verify under.
    pub key: KeyId,
    /// Root of the public bytes, a canonical big-endian scalar.
    pub input_root: [u8; 32],
    /// Last height at which an answer counts; inside the binding.
    pub not_after: Height,
    /// Public input bytes.
    pub public: Vec<u8>,
    /// What the first declared values of the answer must be.
    pub expected: Vec<[u8; 32]>,
    /// Outcome 1 alone is an answer.
    pub witness_only: bool,
    /// The requester owes private bytes to whoever holds the lock.
    pub delivers: bool,
}

impl Terms {
    /// The terms that a node tells.
    pub fn of(chain: ChainId, view: &TaskView) -> Terms {
        Terms {
            chain,
            task: view.id,
            predicate: view.predicate,
            key: view.key,
            input_root: view.input_root,
            not_after: view.not_after,
            public: view.public.clone(),
            expected: view.expected.clone(),
            witness_only: view.witness_only,
            delivers: view.delivers,
        }
    }

    /// Why the chain would refuse this answer unjudged and unpaid, if it would.
    ///
    /// # Errors
    /// The reason, and its facts.
    pub fn takes(&self, answer: &Preview) -> Result<(), Declined> {
        if self.witness_only && answer.outcome != Outcome::True {
            let what = format!(
                "the answer is {}, and true alone is one over private bytes that nothing fixes",
                answer.outcome
            );
            return Err(Declined::new(Decline::OutcomeRefused, what));
        }
        let differs = (0..self.expected.len()).find(|at| self.expected.get(*at) != answer.declared.get(*at));
        match differs {
            None => Ok(()),
            Some(at) => {
                let what = format!("declared value {at} is not the one that the request fixes");
                Err(Declined::new(Decline::InputMismatch, what))
            }
        }
    }

    /// The context of our proof.
    pub fn binding(&self, provider: AccountId) -> Binding {
        Binding {
            chain: self.chain,
            task: self.task,
            key: self.key,
            predicate: self.predicate,
            provider,
            not_after: self.not_after,
        }
    }

    /// Whether the bytes are those that the root commits to. The chain judges by the root: a proof over other bytes would
    /// cost the stake.
    pub fn root_holds(&self) -> bool {
        scalar_to_be(&input_root(&self.public)) == self.input_root
    }
}

/// One job in state `S`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job<S> {
    /// What is asked.
    pub terms: Arc<Terms>,
    /// How far it has come.
    pub state: S,
}

/// Decided on; nothing is at stake yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// By a lock, or by rescue.
    pub by: Way,
    /// The price when it was decided.
    pub price: Amount,
    /// The stake when it was decided; the deposit of a rescue.
    pub stake: Amount,
    /// The signed lock, from just before it was first sent.
    pub sent: Option<SignedTx>,
}

/// How a task is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// With a lock, then a submission.
    Lock,
    /// After somebody's lock has lapsed: with a commitment, then a reveal.
    Rescue,
}

/// Our stake holds the task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staked {
    /// What an answer in time is paid.
    pub price: Amount,
    /// What is lost without one.
    pub stake: Amount,
    /// Height of the lock.
    pub locked: Height,
    /// Last height at which we may answer.
    pub lock_deadline: Height,
}

/// There is a proof and it verifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved {
    /// What an answer is paid, as far as known.
    pub price: Amount,
    /// The answer.
    pub answer: Answer,
    /// What was sent last, if anything.
    pub sent: Option<Sent>,
}

/// What a job with a proof has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The answer, by the lock's holder.
    Submit(SignedTx),
    /// A commitment of a rescue.
    Commit {
        /// The transaction.
        tx: SignedTx,
        /// The salt that opens it.
        salt: [u8; 32],
    },
    /// The reveal of a rescue.
    Reveal {
        /// The transaction.
        tx: SignedTx,
        /// The salt that opens it.
        salt: [u8; 32],
    },
}

/// The answer was taken; the payment is held until the task is final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// What it is paid, as far as known.
    pub price: Amount,
    /// The answer.
    pub outcome: Outcome,
}

impl Job<Offered> {
    /// The lock landed.
    pub fn stake(self, staked: Staked) -> Job<Staked> {
        Job { terms: self.terms, state: staked }
    }

    /// A rescue needs no lock.
    pub fn prove(self, answer: Answer) -> Job<Proved> {
        Job { terms: self.terms, state: Proved { price: self.state.price, answer, sent: None } }
    }
}

impl Job<Staked> {
    /// The proof is made and verifies.
    pub fn prove(self, answer: Answer) -> Job<Proved> {
        Job { terms: self.terms, state: Proved { price: self.state.price, answer, sent: None } }
    }
}

impl Job<Proved> {
    /// The answer was taken.
    pub fn submit(self, outcome: Outcome) -> Job<Submitted> {
        Job { terms: self.terms, state: Submitted { price: self.state.price, outcome } }
    }
}

/// A job in whatever state: what the job book holds, and what a restart begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named after the states")]
pub enum AnyJob {
    Offered(Job<Offered>),
    Staked(Job<Staked>),
    Proved(Job<Proved>),
    Submitted(Job<Submitted>),
}

impl AnyJob {
    /// What is asked.
    pub fn terms(&self) -> &Arc<Terms> {
        match self {
            AnyJob::Offered(job) => &job.terms,
            AnyJob::Staked(job) => &job.terms,
            AnyJob::Proved(job) => &job.terms,
            AnyJob::Submitted(job) => &job.terms,
        }
    }

    /// The state's word.
    pub const fn stage(&self) -> &'static str {
        match self {
            AnyJob::Offered(_) => "offered",
            AnyJob::Staked(_) => "staked",
            AnyJob::Proved(_) => "proved",
            AnyJob::Submitted(_) => "submitted",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_bytes_or_another_length_break_the_root() {
        let public = vec![1, 2, 3];
        let mut terms = Terms {
            chain: ChainId([1; 32]),
            task: TaskId([2; 32]),
            predicate: PredicateId([3; 32]),
            key: KeyId([4; 32]),
            input_root: scalar_to_be(&input_root(&public)),
            not_after: Height(9),
            public,
            expected: vec![],
            witness_only: false,
            delivers: false,
        };
        assert!(terms.root_holds());
        terms.public[1] ^= 1;
        assert!(!terms.root_holds());
        terms.public = vec![1, 2, 3, 0];
        assert!(!terms.root_holds());
    }
}
