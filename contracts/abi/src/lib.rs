//! The words that guest and host share.
//!
//! `no_std`, no dependencies, no allocation, Rust 1.63: a contract, the host, the circuits and the command line all read
//! the same definitions. Everything here is append-only once released; what changes a byte goes into `CHANGELOG.md`.
//!
//! - [`id`]: 32-byte names of tasks, predicates, keys, accounts, chains and code.
//! - [`amount`]: money in the smallest unit of ZRA, checked arithmetic only, and basis points.
//! - [`height`]: a block's height and a distance in blocks.
//! - [`status`]: the status codes that a contract sees.
//! - [`outcome`]: the four outcomes of a predicate, the levels and ends of an answer.
//! - [`wire`]: byte layouts of proof, key, statement, request and claim.
//! - [`table`]: every host function once, as a macro table.

#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod amount;
pub mod height;
pub mod id;
pub mod outcome;
pub mod status;
pub mod table;
pub mod wire;

pub use amount::{Amount, Bps};
pub use height::{Blocks, Height};
pub use id::{AccountId, ChainId, CodeHash, KeyId, PredicateId, TaskId, TxHash};
pub use outcome::{End, Level, Outcome};
pub use status::Status;

/// Major version of the contract interface; the digit in the import module's name `zera1`.
pub const ABI_VERSION: u32 = 1;
/// Version of the block rules of this build.
pub const PROTOCOL_VERSION: u32 = 1;
