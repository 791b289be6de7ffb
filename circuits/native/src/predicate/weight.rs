//! What a module takes of whoever runs it, told from its bytes alone: for those who must price it before they look closer.

use super::structure::Total;
use crate::{CALL_COST, WASM_STACK_LEN};

/// Most native stack that a chain of calls within its fuel may fill: half of what there is.
pub const FRAMES_LEN_MAX: u64 = WASM_STACK_LEN as u64 / 2;

/// The weight of a module that is a predicate.
///
/// # The depth rule
/// Compiled without optimisation, a value lives no longer than the module says. So a native frame has at most
/// `16 * (locals + greatest operand height + greatest parameters and results of a type) + 256` bytes: a spill slot has 8, what
/// is passed to a call or returned lies on the stack beside them, and the rest covers saved registers and alignment. A call
/// costs [`CALL_COST`], so that a run with [`Weight::fuel_max`] or less never fills [`FRAMES_LEN_MAX`], on any machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Weight {
    /// Functions of its own.
    pub functions: u32,
    /// Most pages of memory that it may have.
    pub memory_pages: u32,
    /// Greatest native frame by the depth rule, in bytes.
    pub frame: u64,
    /// Values that meet where blocks end; about 40 microseconds of compiling each.
    pub joins: u64,
    /// Work on control flow; about a tenth of a microsecond of compiling each.
    pub flow: u64,
}

impl Weight {
    pub(super) fn new(functions: u32, memory_pages: u32, values: u64, total: Total) -> Weight {
        let frame = values.saturating_mul(16).saturating_add(256);
        Weight { functions, memory_pages, frame, joins: total.joins, flow: total.flow }
    }

    /// Most fuel of a run that ends the same on every machine, whatever it recurses into.
    pub fn fuel_max(&self) -> u64 {
        // The entry and the start function are called without a price.
        (FRAMES_LEN_MAX / self.frame.max(1)).saturating_sub(2).saturating_mul(u64::from(CALL_COST))
    }
}
