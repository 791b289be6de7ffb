//! WASM to R1CS: ordinary compiled programs as provable predicates.
//!
//! - [`diagnostic`]: what is said about programs that can not be compiled;
//! - [`graph`]: what a program computes, as one graph of expressions;
//! - [`symex`]: execution of a module on unknown inputs, which makes that graph.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod diagnostic;
pub mod graph;
pub mod symex;
