//! BN254's fields, eight elements at a time.
//!
//! Kernels are written once, over [`Lanes`] of a [`Backend`]: plain Rust ([`Portable`]) or AVX-512 with IFMA
//! ([`Avx512Ifma`]), which [`Cpu::detect`] finds at run time. Elements go in and come out as arkworks'.
//!
//! - [`lanes`]: what eight elements can do, and the bounds that types carry.
//! - [`backend`]: the tokens and the gate.
//! - [`mod@invert`]: one inversion.
//! - [`modulus`]: the two primes.
//! - [`pairing`]: the pairing over lanes, for verifiers.
//!
//! Everything here is variable time.

#![deny(missing_docs, unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]

pub mod backend;
pub mod invert;
pub mod lanes;
pub mod modulus;
pub mod pairing;

pub use backend::{Avx512Ifma, Backend, Cpu, CpuError, Portable, WithBackend, Work};
pub use invert::invert;
pub use lanes::{Coordinate, ExtensionLanes, LANES, Lanes, Mask, Packed, PrimeLanes};
pub use modulus::Modulus;
