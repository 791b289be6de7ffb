//! What the engine's compiler pays for, counted before it sees a module.
//!
//! Compiling is linear in straight code and not in control flow: nested loops, joins where many locals meet, and tables of
//! branches cost time that grows with products. These limits hold any module of 256 KiB to a few seconds; without them, one
//! of 5,000 bytes (512 locals that change in 128 nested loops) takes minutes. Programs from rustc, clang and asc stay far
//! below them: SHA-256 in C has 522 joins at -O0 and 27 at -O2; a forest of nested conditions in 2 KB has a flow of 9,120.

use std::collections::BTreeSet;

use wasmparser::{BlockType, Operator};

/// Most loops around an instruction. Allocating registers is fast up to 64 of them, and takes 30 times as long at 128.
pub const LOOP_DEPTH_MAX: u64 = 32;
/// Most blocks, loops and ifs around an instruction.
pub const NESTING_MAX: u64 = 512;
/// Most targets of a `br_table`.
pub const TARGETS_MAX: u64 = 16_384;
/// Most joins of a module: for each block, loop and if, the locals that change in it, its parameters and its results. About
/// 40 microseconds each.
pub const JOINS_MAX: u64 = 1 << 15;
/// Most work on control flow of a module: the sum over its functions of `n * (n + m)`, of n blocks, loops and ifs and m
/// branch targets. About a tenth of a microsecond each.
pub const FLOW_MAX: u64 = 1 << 24;

/// What there is too much of: its name, how much, and how much there may be.
pub(super) type Excess = (&'static str, u64, u64);

/// What a module has cost so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Total {
    pub(super) joins: u64,
    pub(super) flow: u64,
}

/// The structure of one body, read operator by operator.
#[derive(Debug)]
pub(super) struct Structure {
    total: Total,
    frames: Vec<Frame>,
    constructs: u64,
    targets: u64,
}

#[derive(Debug)]
struct Frame {
    changed: BTreeSet<u32>,
    loops: u64,
    arity: u64,
}

impl Structure {
    pub(super) fn new(total: Total) -> Structure {
        let frame = Frame { changed: BTreeSet::new(), loops: 0, arity: 0 };
        Structure { total, frames: vec![frame], constructs: 0, targets: 0 }
    }

    /// Counts an operator. `arity` gives the parameters and results of a type by its index; `is_bound` says which functions
    /// are counted, because a count is one local more.
    pub(super) fn operator(
        &mut self,
        operator: &Operator<'_>,
        arity: impl Fn(u32) -> u64,
        is_bound: impl Fn(u32) -> bool,
    ) -> Result<(), Excess> {
        match operator {
            Operator::Block { blockty } | Operator::If { blockty } => self.enter(*blockty, arity, 0),
            Operator::Loop { blockty } => self.enter(*blockty, arity, 1),
            Operator::End => self.leave(),
            Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
                self.change(*local_index);
                Ok(())
            }
            Operator::Call { function_index } if is_bound(*function_index) => {
                self.change(u32::MAX);
                Ok(())
            }
            Operator::Br { .. } | Operator::BrIf { .. } | Operator::Return => {
                self.targets += 1;
                Ok(())
            }
            Operator::BrTable { targets } => {
                let len = u64::from(targets.len());
                self.targets += len;
                within("targets of a br_table", len, TARGETS_MAX)
            }
            _ => Ok(()),
        }
    }

    /// What the module has cost, this body included.
    pub(super) fn finish(self) -> Result<Total, Excess> {
        let flow = self.constructs.saturating_mul(self.constructs + self.targets);
        let flow = self.total.flow.saturating_add(flow);
        within("work on control flow", flow, FLOW_MAX)?;
        Ok(Total { joins: self.total.joins, flow })
    }

    fn enter(&mut self, ty: BlockType, arity: impl Fn(u32) -> u64, loops: u64) -> Result<(), Excess> {
        let arity = match ty {
            BlockType::Empty => 0,
            BlockType::Type(_) => 1,
            BlockType::FuncType(index) => arity(index),
        };
        let loops = self.frames.last().map_or(0, |frame| frame.loops) + loops;
        self.constructs += 1;
        self.frames.push(Frame { changed: BTreeSet::new(), loops, arity });
        within("nested loops", loops, LOOP_DEPTH_MAX)?;
        within("nested blocks", self.frames.len() as u64 - 1, NESTING_MAX)
    }

    /// The smaller set moves into the larger one, so that all moves together are few.
    fn leave(&mut self) -> Result<(), Excess> {
        let Some(mut frame) = self.frames.pop() else { return Ok(()) };
        let Some(outer) = self.frames.last_mut() else { return Ok(()) };
        self.total.joins += frame.changed.len() as u64 + frame.arity;
        if frame.changed.len() > outer.changed.len() {
            std::mem::swap(&mut frame.changed, &mut outer.changed);
        }
        outer.changed.extend(frame.changed);
        within("joins of locals and blocks", self.total.joins, JOINS_MAX)
    }

    fn change(&mut self, local: u32) {
        if let Some(frame) = self.frames.last_mut() {
            frame.changed.insert(local);
        }
    }
}

fn within(what: &'static str, got: u64, most: u64) -> Result<(), Excess> {
    if got > most { Err((what, got, most)) } else { Ok(()) }
}
