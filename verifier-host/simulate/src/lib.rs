//! The market driven by agents: what its rules promise, measured on the state machine itself.
//!
//! A [`Scenario`] says who acts and what is expected; [`run`] plays it on `zera-market` under as many seeds as asked and gives an
//! [`Outcome`]: tables, figures with the expected line drawn in, and checks that hold or do not. Proofs are toys that the judge
//! accepts for the claim that they were made for, and nobody can make one of a false answer without a broken key. What running
//! and proving costs is charged to agents beside the market, since the market knows nothing of it.
//!
//! The same seed gives the same tables, whatever the machine and its threads. Floats are used here and never in the market.
//!
//! A new scenario is a file in `study/`, a line in [`scenario::Study`] and a file in `scenarios/`.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

// What is played.
pub mod error;
pub mod scenario;
// Who plays.
pub mod agent;
mod dispute;
mod judge;
pub mod world;
// The plays, one a file.
mod study;
// What comes of it.
pub mod outcome;
mod plot;
pub mod report;
mod stats;

pub use error::SimulateError;
pub use outcome::{Check, Figure, Outcome, Table};
pub use scenario::{Scenario, Study};
pub use study::{Stage, run};
