//! The Store port on redb: one block, one transaction.

#![forbid(unsafe_code)]
