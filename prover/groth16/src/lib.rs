//! Groth16 over BN254, from matrices and an assignment.
//!
//! The crate is generic over circuits: it takes [`zera_r1cs::Matrices`], a full assignment and a proving key in arkworks'
//! form, and asks an [`zera_kernels::Engine`] for every sum and transform. With equal blinding its proofs are arkworks'
//! proofs, bit for bit. Or it takes a key in snarkjs' form, which has the matrices in it.
//!
//! - [`prover`]: a key in an engine's form, and the proofs that are made with it.
//! - [`mod@prove`]: [`prove()`] and [`prove_with`] for a key that is used once; the blinding.
//! - [`zkey`]: the same with a key of snarkjs, of which [`rows`] are a part.
//! - [`pack`]: keys in an engine's form as files, to be used where they lie.
//! - [`plan`]: what memory a proof will take, and a refusal where there is less.
//! - [`stage`]: the stages and what each of them took.
//! - [`assignment`]: from the assignment to one value a row, or the first row that does not hold.
//! - [`peer`]: arkworks' own prover, to be measured beside ours.
//! - [`error`]: what is refused before anything costly runs.
//!
//! # Variable time
//! Proving is not constant time: products skip coefficients that are one, sums sort scalars by size, and the time of each
//! stage is reported. Whoever can time a prover, or shares its caches, learns something about the witness. A machine that
//! proves over private bytes must be the prover's own.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod assignment;
pub mod error;
pub mod pack;
pub mod peer;
pub mod plan;
pub mod prove;
pub mod prover;
pub mod rows;
pub mod stage;
pub mod zkey;

pub use error::ProveError;
pub use pack::PackError;
pub use peer::Peer;
pub use plan::{Plan, Sizes};
pub use prove::{Blinding, prove, prove_with};
pub use prover::{Prover, Watch};
pub use rows::Rows;
pub use stage::{Stage, Timings};
pub use zkey::{SnarkjsKey, SnarkjsProver, prove_snarkjs};
