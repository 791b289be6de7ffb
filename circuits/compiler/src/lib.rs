//! WASM to R1CS.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod diagnostic;
pub mod symex;
