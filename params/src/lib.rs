//! Making, naming and loading keys.

#![forbid(unsafe_code)]
