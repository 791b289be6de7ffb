//! A local network: blocks, API, events.
//!
//! A [`Node`] owns one [`zera_host::Chain`]. Transactions come in over HTTP and wait in a bounded pool; the proofs among
//! them are verified in parallel while the chain can still be read; then the block is applied by one writer. Everything
//! that a reader sees comes from the chain, so a restart on the same store changes no answer but that of a transaction
//! that was still waiting.
//!
//! Invariants:
//! 1. What is answered 202 is in a block, waits, or has a reason that `GET /v1/tx/{hash}` gives.
//! 2. The order of a block's transactions is a function of what has come since the block before it, not of who came first:
//!    older ones go first, among one sender's the nonce decides, and senders take turns in an order that the hash of the
//!    block before draws. Neither the number of threads nor the order in which they finish changes a block.
//! 3. A panic of ours is never a verdict: the node stops making blocks and says so on `/readyz`.
//! 4. Locks are taken in the order pool, then chain, and never held across an await.
//! 5. Every queue, list, body and stream has a named maximum.
//!
//! 6. What is logged or counted never changes a block.
//!
//! The endpoints are in `docs/api.md`, and for machines in `docs/openapi.json`.
#![doc = include_str!("../docs/api.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

// The node: configuration, life, faults, what it keeps beside the chain and tells its operator.
mod artefact;
mod decline;
mod error;
mod mailbox;
mod metrics;
mod node;
mod reason;
// Blocks: what waits, who makes them.
mod block;
mod pool;
mod record;
mod shared;
// The API: connections, routes, streams, words.
mod api;
mod rate;
mod serve;
mod sse;
mod token;
mod view;

pub use api::{
    BLOCK_TXS_LEN_MAX, BODY_MAX, EVENTS_MAX, OPENAPI, REQUESTS_MAX, ROUTES, STREAMS_MAX, TASKS_MAX, TX_BODY_MAX,
    UPLOADS_MAX, WAITS_MAX,
};
pub use artefact::{ArtefactLimits, ArtefactPlace, artefact_message, publication};
pub use error::{Fault, NodeError};
pub use node::{BlockMode, Node, NodeConfig, VERIFY_THREADS_MAX};
pub use pool::{PER_SENDER_MAX, POOL_LEN_MAX, POOL_MAX};
pub use rate::{CLIENTS_MAX, Rate, RateLimits};
