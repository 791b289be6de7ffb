//! WASM to R1CS: ordinary compiled programs as provable predicates.
//!
//! - [`graph`]: what a program computes, as one graph of expressions.
//! - [`mod@lower`]: the graph as rows; logic onto cells in `map`.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod graph;
pub mod lower;
mod map;
