//! From the graph to rows.
//!
//! 1. What the answer depends on is live, everything else is dropped ([`Live`]).
//! 2. Live logic is mapped onto cells ([`crate::map`]), twice: the second time with the uses that the first cover has.
//! 3. What the cover needs becomes wires and rows, in the graph's order ([`emit`]).

mod emit;
mod live;

pub use emit::{Lowered, Program, lower};
pub(crate) use live::Live;
