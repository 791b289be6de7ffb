#![doc = include_str!("../docs/format.md")]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]
#![deny(missing_docs)]

mod error;
pub mod export;
mod migrate;
// A file is read through this before it may be written.
mod overlay;
mod store;
mod tables;

pub use error::LedgerError;
pub use redb::StorageBackend;
pub use redb::backends::InMemoryBackend;
pub use store::Ledger;
pub use tables::SCHEMA;
