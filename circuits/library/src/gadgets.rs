//! Circuits that predicates share, each beside its native twin.
//!
//! What words need lives in `zera-ir`: comparison, equality, selection, compare-exchange and range checks on
//! [`Builder`](zera_ir::Builder), and [`Builder::poseidon`](zera_ir::Builder::poseidon), which the statement's own wires
//! use; its native twin is [`zera_statement::poseidon::hash`].
//!
//! Native twins are pure functions on bytes; a `None` of theirs is a trap of the program that called them.

pub mod eddsa;
pub mod field;
pub mod keccak;
pub mod merkle;
pub mod poseidon;
pub mod sha256;
pub mod sorted;

pub use sorted::sorted;
