//! WASM to R1CS: ordinary compiled programs as provable predicates.
//!
//! - [`mod@compile`]: a module and its manifest to an artefact;
//! - [`diagnostic`]: what is said about programs that can not be compiled;
//! - [`symex`]: execution of a module on unknown inputs, which makes the graph;
//! - [`graph`]: what a program computes, as one graph of expressions;
//! - [`mod@lower`]: the graph as rows; logic onto cells in `map`.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod compile;
pub mod diagnostic;
pub mod graph;
pub mod lower;
mod map;
pub mod symex;

pub use compile::{Compiled, Options, compile};
pub use diagnostic::Diagnostic;
