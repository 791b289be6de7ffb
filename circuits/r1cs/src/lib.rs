//! The proved object: sparse matrices in canonical order, witness tape, .zpred.

#![forbid(unsafe_code)]
