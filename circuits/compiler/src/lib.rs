//! WASM to R1CS: ordinary compiled programs as provable predicates.
//!
//! - [`graph`]: what a program computes, as one graph of expressions.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod graph;
