//! Independent checker of the uniqueness certificate on the final matrices.

#![forbid(unsafe_code)]
#![deny(missing_docs)]
