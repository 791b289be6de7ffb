//! One command a file.

pub mod account;
pub mod bench;
pub mod contract;
pub mod demo;
pub mod key;
pub mod node;
pub mod predicate;
pub mod prove;
pub mod prover;
pub mod provider;
pub mod setup;
pub mod simulate;
pub mod task;
pub mod verify;
pub mod vote;
pub mod watch;
