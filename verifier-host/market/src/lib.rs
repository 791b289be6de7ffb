//! The micro-stake state machine: no clock, no disk, no floats, no randomness.
//!
//! A [`Market`] is a value: accounts, tasks and totals, changed by transitions that either apply wholly or leave it as it
//! was. Heights and proofs' verdicts come from outside; [`ports`] is all that it asks of the world. This build knows rows
//! T1-T9d, T11-T17 and T20-T22 of the transition table. Amounts and choices that the table leaves open are
//! in `docs/rules.md`, votes over the rules in `docs/vote.md`, the rows on disk in `docs/rows.md`, what the tests notice in
//! `docs/mutants.md`.
//!
//! A key that was proven broken is withdrawn at once and for good, without a frozen state before: nothing more happens to its
//! tasks but a refund.
//!
//! Invariants, asserted after every transition (a failure is our bug and stops the node):
//! 1. Conservation: free balances, escrows, deposits, deposits of keys, money in votes, insurance, treasury and what was burnt add up
//!    to what was minted.
//! 2. A task that has ended holds no escrow.
//! 3. An account's locked balance is the sum of its stakes and commit deposits ([`Market::conserved`], full scan).
//! 4. An answer is accepted only on a [`Verified`] claim, whose provider is paid unless it upholds what another attested, or on a
//!    native run; paid once.
//! 5. A task is judged by the rules of the height that opened it.
//! 6. A proposal's votes are the sum of the money that accounts have locked for it.
//! 7. A task of a withdrawn key that has not ended is revoked, and nothing else; final stays final.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]
#![deny(missing_docs)]

// What the world provides.
pub mod ports;
// Words: rules, tasks, answers, notes, errors.
pub mod claim;
pub mod error;
pub mod fixed;
pub mod note;
pub mod price;
pub mod rules;
pub mod task;
pub mod vote;
// The machine.
mod ahead;
mod audit;
mod coins;
mod index;
mod key;
mod market;
mod numbers;
mod restore;
mod row;
mod rows;
mod standing;
mod transition;
mod undo;

pub use ahead::READ_AHEAD;
pub use audit::Unbalanced;
pub use claim::{Answer, Ruling, Verified, answer_digest, challenge_digest, commit_digest};
pub use error::MarketError;
pub use key::KeyBond;
pub use market::{Balance, Market, Totals};
pub use note::Note;
pub use restore::RestoreError;
pub use rules::{Rules, RulesError};
pub use standing::{Decayed, Score, Standing, UNBONDINGS_MAX, Unbonding, doubled};
pub use task::{Clock, Commit, Delivery, Dispute, Escrow, Mode, Opening, Task, TaskState, reason};
pub use transition::{NativeRun, REVOCATIONS_MAX};
pub use undo::Checkpoint;
pub use vote::{Pace, Poll, Proposal, ProposalState, Schedule, VoteError};
