//! The machine: one path at a time, instructions in order; the others wait at labels.

use std::rc::Rc;

use super::control::Flow;
use super::memory::{Cell, Memory};
use super::module::{Function, Module, Op, Scalar};
use super::span::Contexts;
use super::state::{Frame, Label, State};
use super::{Limits, Options};
use crate::diagnostic::{Diagnostic, Place};
use crate::graph::{Bit, Facts, Graph, Input, SpanId, Word};

pub type Fallible<T> = Result<T, Box<Diagnostic>>;

/// From a byte offset of the module to its place.
pub type Places<'m> = &'m dyn Fn(u32) -> Option<Place>;

/// Symbolic execution of one module.
pub struct Machine<'m> {
    pub module: &'m Module,
    /// The place of a byte offset.
    places: Places<'m>,
    pub options: &'m Options,
    pub graph: Graph,
    /// The module's constants.
    constants: Vec<Word>,
    /// The constants 0 of 32 and 64 bits.
    pub zeros: [Word; 2],
    /// Locals and operands of all frames.
    pub stack: Vec<Word>,
    pub frames: Vec<Frame>,
    pub labels: Vec<Label>,
    /// The path that is executed, if `live`.
    pub state: State,
    pub live: bool,
    pub pc: u32,
    pub function: &'m Function,
    /// Conditions under which the program traps.
    pub traps: Vec<Bit>,
    /// The first so many traps are in this bit.
    pub trapped: (usize, Bit),
    /// Conditions under which a bound is exceeded before any trap.
    pub exceeded: Vec<Bit>,
    pub contexts: Contexts,
    steps: u64,
}

impl<'m> Machine<'m> {
    /// A machine before its first instruction: memory and globals are as the module says.
    pub fn new(module: &'m Module, places: Places<'m>, options: &'m Options) -> Fallible<Self> {
        let mut graph = Graph::new();
        let constant = |graph: &mut Graph, (ty, value): &(Scalar, u64)| graph.constant(ty.width(), *value);
        let constants = module.constants.iter().map(|c| constant(&mut graph, c)).collect();
        let globals = module.globals.iter().map(|c| constant(&mut graph, c)).collect();
        let zeros = [graph.constant(32, 0), graph.constant(64, 0)];
        let mut memory = Memory::new(zeros[0], module.memory.map_or(0, |memory| memory.0));
        let bytes: Vec<Word> = (0..256).map(|byte| graph.constant(32, byte)).collect();
        for (address, data) in &module.data {
            for (byte, at) in data.iter().zip(*address..) {
                memory.set(at, Cell { word: bytes[usize::from(*byte)], byte: 0 });
            }
        }
        let Some(function) = module.functions.first() else {
            return Err(Box::new(Diagnostic::new("entry", "the module has no function")));
        };
        Ok(Machine {
            module,
            places,
            options,
            graph,
            constants,
            zeros,
            stack: vec![],
            frames: vec![],
            labels: vec![],
            state: State { guard: Bit::TRUE, facts: Facts::none(), globals: Rc::new(globals), memory },
            live: true,
            pc: 0,
            function,
            traps: vec![],
            trapped: (0, Bit::FALSE),
            exceeded: vec![],
            contexts: Contexts::default(),
            steps: 0,
        })
    }

    pub fn limits(&self) -> &'m Limits {
        &self.options.limits
    }

    /// A diagnostic at the instruction that is executed, in the program's words.
    pub fn error(&self, code: &'static str, message: impl Into<String>, help: impl Into<String>) -> Box<Diagnostic> {
        let offset = self.function.offsets.get((self.pc as usize).saturating_sub(1)).copied();
        let place = offset.and_then(|offset| (self.places)(offset));
        Box::new(Diagnostic::new(code, message).help(help).at(place))
    }

    /// Counts work against the budget.
    pub fn charge(&mut self, steps: u64) -> Fallible<()> {
        self.steps += steps;
        if self.steps > self.limits().instructions {
            let message = format!("the program executes more than {} instructions", self.limits().instructions);
            let help = "an endless loop, or one whose end does not depend on the input alone: limit it by a constant, or \
                        call zera.bound(n) inside it";
            return Err(self.error("instructions", message, help));
        }
        if self.graph.size() > self.limits().expressions {
            let message = format!("the program needs more than {} expressions", self.limits().expressions);
            return Err(self.error("expressions", message, "compile a smaller program, or raise the limit"));
        }
        Ok(())
    }

    /// Runs a function to its end. The result, if it has one and some path returns, is left on the stack.
    pub fn run(&mut self, function_index: u32) -> Fallible<()> {
        let module = self.module;
        let depth = self.frames.len();
        match module.callees[function_index as usize].0 {
            super::module::Callee::Import(intrinsic) => return self.intrinsic(intrinsic),
            super::module::Callee::Defined(index) => self.call(index)?,
        }
        while self.frames.len() > depth {
            let pc = self.pc as usize;
            let op = self.function.code[pc];
            let span = self.frames.last().map_or(0, |frame| frame.span).saturating_add(self.pc);
            self.graph.set_span(SpanId(span));
            self.pc += 1;
            self.charge(1)?;
            self.step(op)?;
        }
        Ok(())
    }

    fn step(&mut self, op: Op) -> Fallible<()> {
        match op {
            Op::LocalGet(index) => {
                let value = self.stack[self.local(index)];
                self.stack.push(value);
            }
            Op::LocalSet(index) => {
                let (value, at) = (self.pop(), self.local(index));
                self.stack[at] = value;
            }
            Op::LocalTee(index) => {
                let (value, at) = (self.top(), self.local(index));
                self.stack[at] = value;
            }
            Op::Const(index) => self.stack.push(self.constants[index as usize]),
            Op::Binary(op) => {
                let (b, a) = (self.pop(), self.pop());
                let value = self.binary(op, a, b);
                self.push(value);
            }
            Op::Compare(op) => {
                let (b, a) = (self.pop(), self.pop());
                let bit = self.compare(op, a, b);
                let value = self.graph.from_bit(32, bit);
                self.stack.push(value);
            }
            Op::Unary(op) => {
                let a = self.pop();
                let value = self.unary(op, a);
                self.stack.push(value);
            }
            Op::Load { load, offset } => {
                let base = self.pop();
                let value = self.load(load, base, offset)?;
                self.push(value);
            }
            Op::Store { bytes, offset } => {
                let (value, base) = (self.pop(), self.pop());
                self.store(bytes, base, offset, value)?;
            }
            Op::GlobalGet(index) => {
                let value = self.state.globals[index as usize];
                self.stack.push(value);
            }
            Op::GlobalSet(index) => {
                let value = self.pop();
                Rc::make_mut(&mut self.state.globals)[index as usize] = value;
            }
            Op::Drop => drop(self.pop()),
            Op::Select => {
                let (condition, b, a) = (self.pop(), self.pop(), self.pop());
                let condition = self.condition(condition);
                let value = self.graph.select(condition, a, b);
                self.stack.push(value);
            }
            Op::MemorySize => {
                let pages = u64::from(self.state.memory.pages);
                let value = self.graph.constant(32, pages);
                self.stack.push(value);
            }
            Op::MemoryGrow => self.grow()?,
            Op::MemoryCopy => self.copy()?,
            Op::MemoryFill => self.fill()?,
            Op::Intrinsic(intrinsic) => self.intrinsic(intrinsic)?,
            Op::Call(index) => self.call(index)?,
            Op::CallIndirect(ty) => self.call_indirect(ty)?,
            Op::Unreachable => self.trap(),
            Op::Block { .. } | Op::Loop { .. } | Op::If { .. } | Op::Else | Op::End => self.structure(op)?,
            Op::Br(depth) => self.branch(Flow::Depth(depth))?,
            Op::Return => self.branch(Flow::Return)?,
            Op::BrIf(depth) => self.branch_if(depth)?,
            Op::BrTable { first, count } => self.branch_table(first, count)?,
        }
        if !self.live {
            self.skip();
        }
        Ok(())
    }

    fn local(&self, index: u32) -> usize {
        self.frames.last().map_or(0, |frame| frame.base) + index as usize
    }

    pub fn pop(&mut self) -> Word {
        self.stack.pop().expect("a valid module never takes more operands than there are")
    }

    /// The operand stays.
    fn top(&self) -> Word {
        *self.stack.last().expect("a valid module never takes more operands than there are")
    }

    /// Pushes the result of an instruction that may have ended the path.
    pub fn push(&mut self, value: Word) {
        if self.live {
            self.stack.push(value);
        }
    }

    /// Bytes of the public input become the parameters of the entry, in order.
    pub fn parameters(&mut self, types: &[Scalar]) -> Fallible<()> {
        let mut at = 0;
        for ty in types {
            let len = ty.width() / 8;
            if at + len > self.options.public_len {
                let message = format!(
                    "the entry's parameters take {} bytes of public input, of which there are {}",
                    types.iter().map(|ty| ty.width() / 8).sum::<u32>(),
                    self.options.public_len
                );
                return Err(Box::new(Diagnostic::new("input-length", message).help("declare more public bytes")));
            }
            let bytes: Vec<(Word, u32)> =
                (at..at + len).map(|index| (self.graph.input_byte(Input::Public, index), 0)).collect();
            let value = self.graph.concat(ty.width(), &bytes);
            self.stack.push(value);
            at += len;
        }
        Ok(())
    }
}
