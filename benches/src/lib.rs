//! Criterion benches and workloads.

#![forbid(unsafe_code)]
