//! Number-theoretic transforms in lanes.
#![doc = include_str!("../docs/ntt.md")]

mod domain;
mod pass;
mod quotient;

pub use domain::{Domain, MIN_LOG_N, Scale, scrambled};
pub use quotient::Quotient;
