//! Contracts under wasmtime, and the deterministic application of a block.

#![forbid(unsafe_code)]
