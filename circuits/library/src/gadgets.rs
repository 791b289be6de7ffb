//! Circuits that predicates share.
//!
//! What words need lives in `zera-ir`: comparison, equality, selection, compare-exchange and range checks on
//! [`Builder`](zera_ir::Builder), and [`Builder::poseidon`](zera_ir::Builder::poseidon), which the statement's own wires
//! use; its native twin is [`zera_statement::poseidon::hash`].

pub mod sorted;

pub use sorted::sorted;
