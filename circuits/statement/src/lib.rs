//! What host and circuit must agree on, as bytes: binding, input root, ids, native Poseidon.
//!
//! The host rebuilds every public input of a proof from its own state with these functions; the circuits constrain the
//! same values. So each function here has vectors from a second implementation: `contracts/abi/vectors/statement.txt`
//! (ids, binding, input roots) and `vectors/poseidon.txt` (the hash).
//!
//! - [`poseidon`]: circomlib's Poseidon over BN254's scalar field, widths 2 to 17.
//! - [`scalar_to_be`], [`scalar_from_be`]: the canonical 32-byte form of a scalar.
//! - [`pack`], [`input_root`]: public input bytes as field elements, and their root.
//! - [`Binding`]: the context that a proof is bound to.
//! - [`task_id`], [`direct_task_id`], [`predicate_id`], [`key_id`], [`contract_address`], [`code_hash`]: 32-byte names.
//! - [`Statement`]: the public inputs in their order.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod binding;
mod id;
mod input;
pub mod poseidon;
mod scalar;
mod statement;

pub use ark_bn254::Fr;
pub use binding::Binding;
pub use id::{code_hash, contract_address, direct_task_id, key_id, predicate_id, task_id};
pub use input::{BYTES_PER_ELEMENT, ELEMENTS_PER_BLOCK, input_root, pack};
pub use scalar::{scalar_from_be, scalar_to_be};
pub use statement::Statement;
