//! What a ZERA contract is written with.
//!
//! A contract asks a question whose answer is a boolean, a provider computes it off-chain, and the host calls back with
//! the answer. [`snippet`] has the names of ZERA's published example; the other modules have the same functions with all
//! that the snippet leaves out. Link the crate, invoke [`contract!`] once, and export functions with `#[no_mangle]`:
//!
//! ```text
//! use zera_contract_sdk as zera_api;
//!
//! zera_api::contract!();
//!
//! #[no_mangle]
//! pub extern "C" fn ask() {
//!     let data = zera_api::get_current_context_data();
//!     // ..
//! }
//! ```
//!
//! Rust 1.63, no dependency but `zera-abi`. A module for the host: `--target wasm32-unknown-unknown --crate-type cdylib
//! -C panic=abort -C link-arg=-zstack-size=16384 -C link-arg=--max-memory=1048576` (the host wants a declared maximum).
//!
//! - [`snippet`]: the published names; what goes wrong there aborts the call with a message.
//! - [`context`]: input, height, caller, origin, configuration.
//! - [`storage`], [`event`]: what a call leaves behind.
//! - [`task`]: ask, look, cancel. [`proof`]: verify a proof that the contract was given itself.
//! - [`exit`]: return data, abort, debug lines.

#![no_std]
#![deny(missing_docs)]
#![deny(unsafe_op_in_unsafe_fn)]
#![cfg_attr(not(target_arch = "wasm32"), allow(dead_code))]

extern crate alloc;

pub mod context;
pub mod event;
pub mod exit;
#[cfg(target_arch = "wasm32")]
mod heap;
mod imports;
pub mod money;
pub mod proof;
pub mod snippet;
pub mod storage;
pub mod task;

pub use snippet::{
    amount_from_config, clear_pending_computation, get_current_block_number, get_current_context_data,
    is_computation_verified, request_offchain_computation, store_pending_computation, update_contract_state_false,
    update_contract_state_true,
};
pub use zera_abi as abi;

/// Exports the marker by which the host knows the version of the interface. Once in a contract.
#[macro_export]
macro_rules! contract {
    () => {
        /// The marker of a contract of interface version 1; the host never calls it.
        #[no_mangle]
        pub extern "C" fn zera_abi_1() {}
    };
}
