//! Bytes to verdict: strict codec, checked keys, single and batch verification.

#![forbid(unsafe_code)]
