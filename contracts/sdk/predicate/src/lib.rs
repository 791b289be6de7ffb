//! What a ZERA predicate is written with.
//!
//! A predicate is a function from public and private bytes to a boolean. It is compiled to WASM, runs natively under
//! wasmtime, and the same bytes are compiled to a circuit, so that its answer can be proved:
//!
//! ```text
//! #![no_std]
//! use zera_predicate_sdk::{inputs, predicate};
//!
//! inputs! {
//!     /// What everybody sees.
//!     pub struct Offer { price: u64, limit: u64 }
//! }
//!
//! predicate! {
//!     fn predicate(offer: Offer) -> bool { offer.price <= offer.limit }
//! }
//! ```
//!
//! - [`inputs!`], [`Value`]: structs of fixed little-endian layout, without gaps. [`Public`], [`Private`]: where they come from.
//! - [`predicate!`]: the entry.
//! - [`assume`], [`bound!`], [`trap`]: control. [`sha256`], [`keccak256`]: hashes of bytes.
//! - [`Field`]: cells of the scalar field; [`poseidon`], [`merkle_root`], [`eddsa_verify`] over them.
//! - `testing` (not in WASM): an author's `cargo test` runs the entry on given inputs.
//!
//! What costs: constants, copies, additions and multiplications by constants cost no rows, a product one or two, a
//! comparison one for each bit of its operands' range. So small integer types are cheap. Integers only: no floats.
//!
//! Rust 1.63, `no_std`, no heap. A panic (an index out of range, an `unwrap` of nothing) is a trap, outcome 2, and links no
//! formatting. Build for `wasm32-unknown-unknown` as a `cdylib` with `-C panic=abort -C opt-level=2 -C lto=fat`.

#![cfg_attr(target_arch = "wasm32", no_std)]
#![deny(missing_docs)]
#![deny(unsafe_op_in_unsafe_fn)]

mod control;
mod entry;
mod field;
mod hash;
#[cfg(target_arch = "wasm32")]
mod imports;
mod input;
#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

pub use control::{assume, bound, trap};
pub use field::{eddsa_verify, merkle_root, poseidon, Field, Signature};
pub use hash::{keccak256, sha256};
pub use input::{Private, Public, Source, Value};
#[cfg(not(target_arch = "wasm32"))]
use native as imports;

/// A predicate says nothing on its way out: no message is formatted, none is linked.
#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
