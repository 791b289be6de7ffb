//! From the graph to rows.
//!
//! 1. What the answer depends on is live, everything else is dropped (`live`).
//! 2. Live logic is mapped onto cells by area flow; then each node chooses again by what its choice adds or frees (`map`).
//! 3. Bits that only one sum needs share rows by twos (`pack`).
//! 4. What the cover needs becomes wires and rows, in the graph's order (`emit`); sums split with packed bits are in `sum`.
//! 5. Each row's factors are put where they cost less ([`zera_ir::Builder::orient`]).
//!
//! Linear results never have a wire of their own, so there is nothing to eliminate afterwards.

mod emit;
mod live;
mod pack;
mod sum;

pub use emit::{Lowered, Program, lower};
pub(crate) use live::Live;
