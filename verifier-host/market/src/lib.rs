//! The micro-stake state machine: no clock, no disk, no floats, no randomness.

#![forbid(unsafe_code)]
pub mod ports;
