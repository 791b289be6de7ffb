//! Structured control flow: paths split at conditions, wait at labels and are merged there.

use std::rc::Rc;

use super::machine::{Fallible, Machine};
use super::memory::Memory;
use super::merge::Merger;
use super::module::{Callee, Op};
use super::state::{Frame, Kind, Label, NO_ESCAPE, Saved, State};
use crate::graph::{Bit, Word};

/// Calls inside one another.
pub const DEPTH_MAX: usize = 64;
/// Functions that a `call_indirect` with an unknown index may mean.
const CANDIDATES_MAX: usize = 16;

/// Where a branch goes.
#[derive(Clone, Copy)]
pub enum Flow {
    /// That many labels out.
    Depth(u32),
    /// The end of the function.
    Return,
}

impl Machine<'_> {
    /// The index of the label that a branch means.
    fn target(&self, flow: Flow) -> usize {
        match flow {
            Flow::Depth(depth) => self.labels.len() - 1 - depth as usize,
            Flow::Return => self.frames.last().map_or(0, |frame| frame.label),
        }
    }

    fn enter(&mut self, kind: Kind, start: u32, end: u32, params: usize, results: usize) {
        let index = self.labels.len();
        let counter = match kind {
            Kind::Block => self.labels.last().map_or(0, |label| label.counter),
            Kind::Loop | Kind::Call => index,
        };
        self.labels.push(Label {
            kind,
            end,
            start,
            height: self.stack.len() - params,
            params,
            results,
            entered: std::mem::replace(&mut self.state.guard, Bit::TRUE),
            absolute: None,
            facts: self.state.facts.clone(),
            arrived: vec![],
            back: vec![],
            other: None,
            escape: NO_ESCAPE,
            counter,
            count: self.zeros[0],
            iterations: 0,
        });
    }

    /// Executes an instruction of structure.
    pub fn structure(&mut self, op: Op) -> Fallible<()> {
        match op {
            Op::Block { end, params, results } => {
                self.enter(Kind::Block, self.pc, end, params.into(), results.into());
            }
            Op::Loop { end, params, results } => self.enter(Kind::Loop, self.pc, end, params.into(), results.into()),
            Op::If { other, end, block } => {
                let condition = self.pop();
                let condition = self.condition(condition);
                let (params, results) = self.function.blocks[block as usize];
                self.enter(Kind::Block, other + 1, end, params.into(), results.into());
                match condition.as_constant() {
                    Some(true) => {}
                    Some(false) => self.pc = if other == end { end } else { other + 1 },
                    None => {
                        self.state.guard = condition.not();
                        let mut saved = self.save(self.labels.len() - 1, params.into())?;
                        self.graph.learn(&mut saved.state.facts, condition, false);
                        self.state.guard = condition;
                        self.graph.learn(&mut self.state.facts, condition, true);
                        let label = self.innermost();
                        if other == end {
                            label.arrived.push(saved);
                        } else {
                            label.other = Some(Box::new(saved));
                        }
                    }
                }
            }
            Op::Else => {
                let top = self.labels.len() - 1;
                if self.labels[top].other.is_some() {
                    let saved = self.save(top, self.labels[top].results)?;
                    self.labels[top].arrived.push(saved);
                    self.live = false;
                } else {
                    self.pc = self.labels[top].end;
                }
            }
            _ => self.end()?,
        }
        Ok(())
    }

    fn innermost(&mut self) -> &mut Label {
        self.labels.last_mut().expect("code runs inside the label of its function")
    }

    /// After a path ended: on to the next one that waits, at the end of the innermost block at the latest.
    pub fn skip(&mut self) {
        let Some(label) = self.labels.last_mut() else { return };
        match label.other.take() {
            Some(saved) => {
                self.pc = label.start;
                self.restore(*saved);
            }
            None => self.pc = label.end,
        }
    }

    /// The path as it would arrive at a label, with the top `values` operands.
    fn save(&mut self, target: usize, values: usize) -> Fallible<Saved> {
        let frame = self.frames[self.frames.len() - 1];
        let label = &self.labels[target];
        let locals = match label.kind {
            Kind::Call => vec![],
            _ => self.stack[frame.base..frame.base + self.function.local_count as usize].to_vec(),
        };
        let counter = self.counter_around(target);
        let work = 1 + (locals.len() + values) as u64 / 4;
        let saved = Saved {
            state: self.state.clone(),
            locals,
            values: self.stack[self.stack.len() - values..].to_vec(),
            count: self.labels[counter].count,
        };
        self.charge(work)?;
        Ok(saved)
    }

    /// The label that counts for the code after a label's end, or after a loop's start.
    fn counter_around(&self, target: usize) -> usize {
        let label = &self.labels[target];
        match label.kind {
            Kind::Loop => target,
            Kind::Block | Kind::Call => label.counter,
        }
    }

    /// Makes a path that waited at the innermost label the one that is executed.
    fn restore(&mut self, saved: Saved) {
        let top = self.labels.len() - 1;
        self.restore_at(top, saved);
    }

    fn restore_at(&mut self, index: usize, saved: Saved) {
        let label = &self.labels[index];
        let (height, counter) = (label.height, label.counter);
        if label.kind != Kind::Call {
            let base = self.frames[self.frames.len() - 1].base;
            self.stack[base..base + saved.locals.len()].copy_from_slice(&saved.locals);
        }
        self.stack.truncate(height);
        self.stack.extend_from_slice(&saved.values);
        self.labels[counter].count = saved.count;
        self.state = saved.state;
        self.live = true;
    }

    /// The end of the innermost block.
    fn end(&mut self) -> Fallible<()> {
        let index = self.labels.len() - 1;
        let label = &self.labels[index];
        let waits = !label.arrived.is_empty();
        if self.live && (waits || !label.back.is_empty()) {
            let saved = self.save(index, label.results)?;
            self.labels[index].arrived.push(saved);
        }
        if !self.labels[index].back.is_empty() {
            return self.again(index);
        }
        if waits {
            let arrived = std::mem::take(&mut self.labels[index].arrived);
            let saved = self.merge(index, arrived)?;
            self.restore(saved);
        }
        let Some(label) = self.labels.pop() else { return Ok(()) };
        if self.live {
            let inside = if label.escape < index as i64 { self.state.guard } else { Bit::TRUE };
            self.state.guard = self.graph.bit_and(label.entered, inside);
        }
        if let Some(around) = self.labels.last_mut() {
            around.escape = around.escape.min(label.escape);
        }
        if label.kind == Kind::Call {
            self.leave(&label);
        }
        Ok(())
    }

    /// Begins the next iteration of the loop at `index` with the paths that came back.
    fn again(&mut self, index: usize) -> Fallible<()> {
        let back = std::mem::take(&mut self.labels[index].back);
        let all = self.labels[index].arrived.is_empty() && self.labels[index].escape >= index as i64;
        let mut saved = self.merge(index, back)?;
        if all {
            // Who did not come back has trapped.
            saved.state.guard = Bit::TRUE;
        }
        self.restore(saved);
        self.iterate(index)
    }

    /// Counts an iteration and jumps to the start of a loop.
    fn iterate(&mut self, index: usize) -> Fallible<()> {
        let label = &mut self.labels[index];
        self.pc = label.start;
        if self.state.guard != Bit::TRUE {
            label.iterations += 1;
            let most = self.limits().iterations;
            if self.labels[index].iterations > most {
                let message = format!("this loop is still running on some inputs after {most} iterations");
                let help = "limit it by a constant, or call zera.bound(n) first thing inside it: the program then ends \
                            with outcome 3 on inputs that need more than n iterations";
                return Err(self.error("loop", message, help));
            }
        }
        Ok(())
    }

    /// The paths that meet at a label as one. Its guard is given that the label was entered.
    fn merge(&mut self, index: usize, mut paths: Vec<Saved>) -> Fallible<Saved> {
        if paths.len() == 1 {
            return Ok(paths.swap_remove(0));
        }
        let cells = paths[0].locals.len() + paths[0].values.len() + paths[0].state.globals.len();
        self.charge(1 + (cells * paths.len()) as u64 / 4)?;
        if paths.iter().any(|path| path.state.memory.pages != paths[0].state.memory.pages) {
            let help = "grow the memory before the program looks at its input";
            return Err(self.error("memory-grow", "the size of the memory depends on the input", help));
        }
        let guards: Vec<Bit> = paths.iter().map(|path| path.state.guard).collect();
        let graph = &mut self.graph;
        let mut merger = Merger::new(&guards);
        let mut values = Vec::with_capacity(paths.len());
        let mut word = |merger: &mut Merger<'_>, of: &dyn Fn(&Saved) -> Word| {
            values.clear();
            values.extend(paths.iter().map(of));
            merger.word(graph, &values)
        };
        let locals = (0..paths[0].locals.len()).map(|at| word(&mut merger, &|path| path.locals[at])).collect();
        let operands = (0..paths[0].values.len()).map(|at| word(&mut merger, &|path| path.values[at])).collect();
        let globals = if paths.iter().all(|path| Rc::ptr_eq(&path.state.globals, &paths[0].state.globals)) {
            Rc::clone(&paths[0].state.globals)
        } else {
            let count = paths[0].state.globals.len();
            Rc::new((0..count).map(|at| word(&mut merger, &|path| path.state.globals[at])).collect())
        };
        let count = word(&mut merger, &|path| path.count);
        let memories: Vec<&Memory> = paths.iter().map(|path| &path.state.memory).collect();
        let memory = Memory::merge(&mut self.graph, &mut merger, &memories);
        let work = merger.work / 4;
        let guard = self.graph.exclusive(&guards);
        self.charge(work)?;
        let facts = self.labels[index].facts.clone();
        Ok(Saved { state: State { guard, facts, globals, memory }, locals, values: operands, count })
    }

    /// Sends the whole path to a label.
    pub fn branch(&mut self, flow: Flow) -> Fallible<()> {
        let target = self.target(flow);
        let inner = &self.labels[target + 1..];
        let waits = |label: &Label| !(label.arrived.is_empty() && label.back.is_empty()) || label.other.is_some();
        let to = &self.labels[target];
        if inner.iter().any(waits) || !to.back.is_empty() || to.other.is_some() {
            let facts = self.state.facts.clone();
            self.depart(target, self.state.guard, facts)?;
            self.live = false;
            return Ok(());
        }
        // Nobody else is inside: the path simply goes there.
        let mut escape = to.escape;
        for label in self.labels.drain(target + 1..).rev() {
            self.state.guard = self.graph.bit_and(self.state.guard, label.entered);
            escape = escape.min(label.escape);
        }
        let label = &mut self.labels[target];
        label.escape = escape;
        let values = if label.kind == Kind::Loop { label.params } else { label.results };
        let (height, from) = (label.height, self.stack.len() - values);
        self.stack.copy_within(from.., height);
        self.stack.truncate(height + values);
        if label.kind == Kind::Loop {
            if label.arrived.is_empty() && escape >= target as i64 {
                self.state.guard = Bit::TRUE;
            }
            return self.iterate(target);
        }
        self.pc = label.end;
        Ok(())
    }

    /// Leaves a copy of the path at a label, with a guard that is given the innermost label.
    fn depart(&mut self, target: usize, guard: Bit, facts: crate::graph::Facts) -> Fallible<()> {
        let label = &self.labels[target];
        let values = if label.kind == Kind::Loop { label.params } else { label.results };
        let mut saved = self.save(target, values)?;
        saved.state.guard = guard;
        saved.state.facts = facts;
        for at in (target + 1..self.labels.len()).rev() {
            saved.state.guard = self.graph.bit_and(saved.state.guard, self.labels[at].entered);
        }
        let top = self.innermost();
        top.escape = top.escape.min(target as i64);
        let label = &mut self.labels[target];
        match label.kind {
            Kind::Loop => label.back.push(saved),
            _ => label.arrived.push(saved),
        }
        Ok(())
    }

    /// Splits the path: the part under `condition` goes to a label, the rest goes on.
    fn depart_if(&mut self, target: usize, condition: Bit) -> Fallible<()> {
        let taken = self.graph.bit_and(self.state.guard, condition);
        if taken == Bit::FALSE {
            return Ok(());
        }
        let mut facts = self.state.facts.clone();
        self.graph.learn(&mut facts, condition, true);
        self.depart(target, taken, facts)?;
        self.state.guard = self.graph.without(self.state.guard, taken);
        self.graph.learn(&mut self.state.facts, condition, false);
        if self.state.guard == Bit::FALSE {
            self.live = false;
        }
        Ok(())
    }

    pub fn branch_if(&mut self, depth: u32) -> Fallible<()> {
        let condition = self.pop();
        let condition = self.condition(condition);
        match condition.as_constant() {
            Some(false) => Ok(()),
            Some(true) => self.branch(Flow::Depth(depth)),
            None => self.depart_if(self.target(Flow::Depth(depth)), condition),
        }
    }

    pub fn branch_table(&mut self, first: u32, count: u32) -> Fallible<()> {
        let index = self.pop();
        let targets = &self.function.targets[first as usize..(first + count) as usize];
        let (last, known) = targets.split_last().expect("a br_table has a default");
        if let Some(value) = self.graph.as_constant(index) {
            let depth = known.get(value as usize).unwrap_or(last);
            return self.branch(Flow::Depth(*depth));
        }
        let (lo, hi) = self.graph.range_under(&self.state.facts, index);
        // By target: the indices that mean it. What is left over goes to the default.
        let mut groups: Vec<(u32, Vec<u64>)> = Vec::new();
        for value in lo..=hi.min(known.len() as u64 - u64::from(!known.is_empty())) {
            let Some(depth) = known.get(value as usize) else { break };
            match groups.iter_mut().find(|group| group.0 == *depth) {
                Some(group) => group.1.push(value),
                None => groups.push((*depth, vec![value])),
            }
        }
        if hi >= known.len() as u64 {
            groups.retain(|group| group.0 != *last);
            groups.push((*last, vec![]));
        }
        self.charge(hi.min(known.len() as u64) - lo.min(known.len() as u64))?;
        let Some((rest, _)) = groups.pop() else { return self.branch(Flow::Depth(*last)) };
        for (depth, values) in groups {
            let mut bits = Vec::with_capacity(values.len());
            for value in values {
                let value = self.graph.constant(32, value);
                bits.push(self.equal(index, value));
            }
            let condition = self.graph.exclusive(&bits);
            if condition == Bit::TRUE {
                return self.branch(Flow::Depth(depth));
            }
            self.depart_if(self.target(Flow::Depth(depth)), condition)?;
            if !self.live {
                return Ok(());
            }
        }
        self.branch(Flow::Depth(rest))
    }

    /// Enters a function; its arguments are on the stack.
    pub fn call(&mut self, index: u32) -> Fallible<()> {
        let module = self.module;
        let function = &module.functions[index as usize];
        if self.frames.len() >= DEPTH_MAX {
            let message = format!("function {} is called {DEPTH_MAX} calls deep", module.names[index as usize]);
            let help =
                "the depth of a recursion must not depend on the input: use a loop, or decide the depth by constants";
            return Err(self.error("recursion", message, help));
        }
        let instructions = function.code.len() as u32;
        let parent = self.frames.last().map(|frame| (frame.context, self.pc - 1));
        if !self.contexts.has_room(instructions) {
            return Err(self.error(
                "calls",
                "there are more than 2^32 ways to reach an instruction",
                "call less deeply",
            ));
        }
        let (context, span) = self.contexts.enter(parent, index, instructions);
        self.charge(u64::from(function.local_count) / 4)?;
        let base = self.stack.len() - function.params as usize;
        for (count, ty) in &function.locals {
            let zero = self.zeros[usize::from(ty.width() == 64)];
            self.stack.resize(self.stack.len() + *count as usize, zero);
        }
        self.frames.push(Frame { function: index, base, back: self.pc, label: self.labels.len(), context, span });
        self.function = function;
        self.pc = 0;
        self.enter(Kind::Call, 0, instructions - 1, 0, function.results as usize);
        Ok(())
    }

    /// Back to the caller, from the label of a call that has been popped.
    fn leave(&mut self, label: &Label) {
        let Some(frame) = self.frames.pop() else { return };
        if self.live {
            let from = self.stack.len() - label.results;
            self.stack.copy_within(from.., frame.base);
            self.stack.truncate(frame.base + label.results);
        }
        self.pc = frame.back;
        if let Some(caller) = self.frames.last() {
            let module = self.module;
            self.function = &module.functions[caller.function as usize];
        }
    }

    /// Calls through the table. An unknown index may mean a few functions: each is called under its condition.
    pub fn call_indirect(&mut self, ty: u32) -> Fallible<()> {
        let index = self.pop();
        let module = self.module;
        let callee = |value: u64| {
            let function = module.table.get(usize::try_from(value).ok()?).copied().flatten()?;
            let (callee, its) = &module.callees[function as usize];
            (*its == ty).then_some(callee)
        };
        let Some(value) = self.graph.as_constant(index) else {
            return self.call_one_of(index, ty);
        };
        match callee(value) {
            Some(Callee::Defined(index)) => self.call(*index),
            Some(Callee::Import(intrinsic)) => self.intrinsic(*intrinsic),
            None => {
                self.trap();
                Ok(())
            }
        }
    }

    /// Calls the dispatcher of the type, which branches on the index.
    fn call_one_of(&mut self, index: Word, ty: u32) -> Fallible<()> {
        let module = self.module;
        let (lo, hi) = self.graph.range_under(&self.state.facts, index);
        let elements = module.table.iter().skip(lo as usize).take((hi - lo).saturating_add(1) as usize);
        let mut candidates: Vec<u32> =
            elements.flatten().copied().filter(|function| module.callees[*function as usize].1 == ty).collect();
        candidates.sort_unstable();
        candidates.dedup();
        match module.dispatchers.get(&ty) {
            Some(dispatcher) if candidates.len() <= CANDIDATES_MAX => {
                self.stack.push(index);
                self.call(*dispatcher)
            }
            _ => {
                let message = format!("the input decides which of {} functions is called here", candidates.len());
                let help =
                    format!("at most {CANDIDATES_MAX} are possible: narrow the index, or use `match` or `switch`");
                Err(self.error("indirect-call", message, help))
            }
        }
    }
}
