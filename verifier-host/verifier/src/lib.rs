//! Bytes to verdict: strict codec, checked keys, single and batch verification of Groth16 proofs over BN254.
//!
//! Every verdict is a pure function of its bytes: no threads, no clock, no randomness, no environment. What instructions the
//! processor has is asked, and changes the time alone. Bytes of strangers become [`Proof`], [`PublicInputs`] and
//! [`VerifyingKey`] only through `decode`, which accepts one encoding per value; arkworks' own decoders are not canonical and
//! are not used. Layouts: [`zera_abi::wire`].
//!
//! ```
//! use zera_verifier::{KeyError, VerifyingKey};
//! // A stranger's key is refused with the reason, never with a panic.
//! assert!(matches!(VerifyingKey::decode(&[0; 704]), Err(KeyError::Identity { .. })));
//! ```

#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]

mod batch; // many proofs of one key
mod error; // why bytes are refused
mod inputs; // canonical scalars
mod key; // a key and the checks that admit it
mod point; // coordinates, their order and their faults
mod prepared; // what is computed once per key
mod proof; // three points
mod verify; // one proof

pub use batch::{BATCH_MAX, verify_batch, verify_bytes_batch};
pub use error::{Coordinate, InputsError, KeyError, KeySlot, ProofError, ProofSlot, SelfTestStep, VerifyError};
pub use inputs::PublicInputs;
pub use key::{DEV_ALPHA, MULTIPLE_MAX, VerifyingKey};
pub use prepared::PreparedKey;
pub use proof::Proof;
pub use verify::{verify, verify_bytes};

pub use ark_bn254::{Fr, G1Affine, G2Affine};
