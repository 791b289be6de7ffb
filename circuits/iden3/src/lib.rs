//! .r1cs, .wtns and .zkey files of circom and snarkjs, read and written.
//!
//! - [`r1cs`]: rank-1 constraint systems, version 1: [`R1cs`], [`write_r1cs`], [`read_r1cs`].
//! - [`wtns`]: assignments, version 2: [`write_wtns`], [`read_wtns`].
//! - [`zkey`]: Groth16 proving keys, version 1: [`Zkey`], [`write_zkey`], [`read_zkey`].
//! - [`map`]: a file seen as bytes.
//!
//! All are files of sections ([`FileError`]), little-endian throughout, over BN254 alone. Readers take a
//! stranger's bytes: they never panic, and memory is in proportion to the bytes, whatever the bytes claim.
//!
//! Source: <https://github.com/iden3/r1csfile/blob/master/doc/r1cs_bin_format.md>; snarkjs 0.7.6, `wtns_utils.js`,
//! `zkey_utils.js`.

#![deny(missing_docs, unsafe_code, unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]

mod file;
pub mod map;
pub mod r1cs;
mod scalar;
pub mod wtns;
pub mod zkey;

pub use file::FileError;
pub use map::Map;
pub use r1cs::{R1cs, R1csError, read_r1cs, write_r1cs};
pub use wtns::{WtnsError, read_wtns, write_wtns};
pub use zkey::{Zkey, ZkeyError, ZkeyParts, read_zkey, write_zkey};
