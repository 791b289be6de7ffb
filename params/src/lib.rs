//! Making, naming and loading Groth16 keys.
//!
//! - [`keys`]: a pair of keys, the sizes they are for, and where they come from.
//! - [`dev`]: development keys, a function of the matrices; one public alpha gives them away.
//! - [`mod@load`]: bytes and an expected id to a checked key, or the reason in one line.
//! - [`mod@save`]: a pair of keys to a folder.
//! - [`manifest`]: the file that says what is in the folder.
//! - [`cache`]: development keys that are made once.
//!
//! # A folder of keys
//! ```text
//! manifest.toml   format, predicate, key_id, proving_key_sha256, origin, rows, wires, publics   at most 4 KiB
//! vk.bin          the canonical verifying key (zera_abi::wire)                                  448 + 64 (n + 1) bytes
//! pk.bin          the proving key, arkworks uncompressed                                        a length that the sizes fix
//! ```
//! Keys load only by the id that the caller expects. `pk.bin` is read only where its length is the one that the manifest's
//! sizes give, and decoded only after its SHA-256 matched; then its points are checked and its verifying key compared.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod cache;
pub mod dev;
pub mod error;
pub mod keys;
pub mod load;
pub mod manifest;
pub mod save;
mod setup; // matrices and secrets to keys

#[cfg(test)]
#[path = "../tests/support/circuit.rs"]
mod circuit; // random circuits

pub use cache::dev_keys_cached;
pub use dev::{dev_keys, dev_snarkjs_key, dev_verifying_key};
pub use error::{KeysError, SetupError};
pub use keys::{Keys, Origin, Shape, origin};
pub use load::{load, load_manifest, load_verifying_key};
pub use manifest::Manifest;
pub use save::save;
