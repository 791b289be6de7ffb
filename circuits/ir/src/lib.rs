//! What compiler and library build with: linear combinations, bits, integers and words with intervals, statement wires.
//!
//! - [`Lc`]: a sparse linear combination of wires. [`Bit`]: one that is 0 or 1. [`Int`]: one that is an integer within an
//!   [`Interval`]. [`Word`]: an integer modulo `2^width`.
//! - [`Builder`]: allocates wires together with the tape operation that computes them and the rows that pin them, under
//!   source spans; ends as a [`zera_r1cs::Artefact`].
//! - [`Layout`], [`Verdict`]: what the statement's wires need to know.
//!
//! # Correctness
//! Rows pin wires: for every input there is exactly one assignment of all wires but the inverses below that satisfies
//! the rows. [`Builder`] records as it adds them which row pins which wire, the artefact's certificate, and `zera-check`
//! replays it on the finished matrices. A wire comes into being under one of these rules, with the row that pins it:
//!
//! | rule | rows | why |
//! | --- | --- | --- |
//! | Input | the statement's three | outcome, binding and root are given; the root fixes the bytes (collision resistance) |
//! | Bool | `l (l - 1) = 0` | on every input bit |
//! | Split | Bool on `n - 1` bits and `L (L - 2^(n-1)) = 0`, `L = x - sum_i 2^i b_i` | binary digits are unique below `2^250 < r` |
//! | Mul | `a b = w` | |
//! | Mux | `(a - b) c = w - b` | |
//! | IsZero | `x v = 1 - z`, `x z = 0` | `z = 0` would need `x != 0`; `v` is free where `x = 0`, and used nowhere else |
//! | Lookup | [`cell`] | each pins its wire to 0 or 1 wherever its inputs are 0 or 1 |
//! | Equal | `lc 1 = w` | declared values |
//! | Divide | Bool on the bits, `q d = a - r`, Split of `d - 1 - r` | `(q - q') d = r' - r` is below `d` on the right |
//! | Joint | [`OpenSplit`]: Bool on the digits, one equation for two sums | both sides are integers below `2^250` |
//! | Advice | the caller's | [`Builder::assume_sorted`] and [`raw`], named `assume` for that |

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod bit;
mod builder;
pub mod cell;
mod compare;
mod divide;
mod error;
mod int;
mod interval;
mod joint;
mod lc;
mod orient;
mod poseidon;
pub mod raw;
mod sort;
mod statement;
mod word;

pub use bit::Bit;
pub use builder::Builder;
pub use divide::DivisionBits;
pub use error::FinishError;
pub use int::Int;
pub use interval::{BOUND_BITS, Interval, to_field};
pub use joint::{OpenSplit, ProductSum};
pub use lc::Lc;
pub use raw::Value;
pub use statement::{Layout, Verdict};
pub use word::Word;

/// The integers that intervals are made of.
pub use ethnum::I256;

/// Index of a wire: 0 is the constant one, then the statement's public wires, then private ones.
pub type Wire = u32;
