//! Hand-made gadgets and built-in predicates over `zera-ir`.
//!
//! - [`gadgets`]: circuits that predicates share, each beside its native twin.
//! - [`predicates`]: one module a predicate: input layout, native answer, circuit.
//! - [`mod@registry`]: name or id -> [`Predicate`], one row each.
//! - [`json`]: fields of a JSON object as input bytes, with errors that name the field.
//!
//! A predicate's native answer ([`Predicate::evaluate`]) is plain Rust over the input bytes and shares no code with its
//! circuit, so that each is the other's test.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod error;
pub mod gadgets;
pub mod json;
pub mod predicates;
pub mod registry;

pub use error::InputError;
pub use predicates::{collateral_ratio, compound_growth, range, special_price};
pub use registry::{Predicate, by_id, by_name, program_hash, registry};
