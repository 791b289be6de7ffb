//! The one deterministic wasmtime configuration.

#![forbid(unsafe_code)]
