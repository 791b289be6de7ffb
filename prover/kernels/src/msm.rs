//! Sums of many multiples: signed-digit Pippenger with affine buckets.
#![doc = include_str!("../docs/msm.md")]

mod add;
mod bases;
mod digits;
mod fold;
mod sum;
mod tree;
pub mod window;

pub use bases::Table;
pub use sum::{sum, sum_at};
