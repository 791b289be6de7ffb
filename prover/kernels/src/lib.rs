//! BN254 multi-scalar multiplication and number-theoretic transform behind one port.
//!
//! The crate knows no Groth16: it sums points and transforms vectors. A prover holds a `&dyn` [`Engine`] and does not ask
//! what is behind it.
//!
//! - [`engine`]: the port, the transform that it takes and what it refuses.
//! - [`cpu`]: the engine on this crate's own kernels, on all threads of the current rayon pool.
//!   - [`msm`]: sums of points. [`ntt`]: transforms and quotients.
//! - [`arkworks`]: the engine on arkworks' algorithms, a second opinion. [`plain`]: what it and others are made of.
//! - [`store`]: values that are held, or lie in a file.
//! - [`naive`]: double-and-add and the O(n^2) transform: the oracle.
//! - `conformance`: the suite that every engine must pass (cargo feature `conformance`).
//!
//! Everything here is variable time: it leaks its scalars to whoever can time it or share its caches.

#![deny(missing_docs, unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]

pub mod arkworks;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod cpu;
pub mod engine;
pub mod error;
pub mod msm;
pub mod naive;
pub mod ntt;
pub mod plain;
pub mod store;

pub use arkworks::Arkworks;
pub use cpu::CpuEngine;
pub use engine::{Bases, Direction, Engine, Parts, Quotients, Transform};
pub use error::{FormError, LengthMismatch, NttError};
pub use naive::Naive;
pub use plain::{PlainBases, PlainQuotients};
pub use store::{Slice, Store};
pub use zera_field::{Cpu, CpuError};
