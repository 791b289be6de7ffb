//! Hand-made gadgets and built-in predicates over zera-ir.

#![forbid(unsafe_code)]
