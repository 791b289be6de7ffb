//! Contracts under wasmtime, and the deterministic application of a block.
//!
//! A runtime embeds this crate: it gives [`Chain`] a store and a genesis, verifies proofs ahead of a block where it likes
//! ([`Chain::proof_jobs`], [`verify_in_lanes`]), and applies blocks in order. The same genesis and transactions give the same
//! state root everywhere, whatever was verified ahead and on however many threads.
//!
//! Invariants:
//! 1. A block is applied whole and committed in one step, or not at all.
//! 2. The public inputs of a proof are rebuilt from the chain's own state; a submitter sends outcome, declared values
//!    and proof, and nothing else.
//! 3. A contract that asks is called back in the block that accepts the answer; its fuel was reserved when it asked.
//! 4. A predicate is run here only by its own program, named by its id, on the input that the chain holds, and with the gadgets
//!    whose circuits a proof of it is made of.
//! 5. A call that traps or aborts, and a transaction that is refused, leave nothing but fee and nonce.
//! 6. How many [`Lanes`] verify and settle changes no verdict, receipt, event or row. What is run ahead stands only where
//!    everything that it was answered is what it would be answered in its turn.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]
#![deny(missing_docs)]

// Contracts: one call under the engine.
pub mod budget;
pub mod contract;
pub mod cost;
mod decline;
mod dispatch;
pub mod engine;
mod functions;
pub mod intrinsics;
mod memory;
pub mod validate;
pub mod world;
// The chain: transactions, state, blocks.
mod action;
mod admit;
mod apply;
pub mod chain;
pub mod codec;
pub mod event;
pub mod genesis;
mod judge;
mod lane;
mod overlay;
pub mod receipt;
pub mod registry;
mod rehearsal;
pub mod root;
pub mod sealed;
mod session;
mod state;
pub mod tx;
mod waiting;

pub use action::NATIVE_FUEL_MAX;
pub use admit::{BLOCK_FUEL, BLOCK_VERIFICATIONS, Rejection};
pub use chain::{BlockReport, Chain, Header, OpenError, PlacedEvent};
pub use contract::{Call, CallEnd, CallReport, Entry, EntryError, EntryName, Runner, TrapKind};
pub use cost::CostSchedule;
pub use decline::{REASON_LEN_MAX, decline_message};
pub use event::{Event, EventValue};
pub use genesis::Genesis;
pub use intrinsics::Gadgets;
pub use judge::{MEMO_MAX, Memo, ProofJob, VerdictId, Verdicts, verify_in_lanes, verify_jobs};
pub use lane::Lanes;
pub use receipt::{Ending, Receipt};
pub use registry::{KeyRow, NameRow, PredicateRow, Publication};
pub use rehearsal::Rehearsed;
pub use state::{ContractRow, Delivered, InputRow, MAX_PENDING, SubmissionRow};
pub use tx::{
    Action, ConfigEntry, DecodeError, Exhibit, MAX_RULE, MAX_TX_LEN, RequestBytes, RuleName, SignedTx, Tx, is_signed_by,
};
pub use world::{Denied, NodeFault, TaskStatus, World};
