//! Groth16 from matrices and assignment.

#![forbid(unsafe_code)]
