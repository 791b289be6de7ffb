//! What must hold before a tape runs.

use super::{BITS_MAX, Operation, REGISTERS_MAX, Register, Tape};
use crate::codec::CodecError;
use crate::matrices::WIRES_MAX;
use thiserror::Error;

/// Why operations are not a tape.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidTape {
    /// Bytes that are not the fields of a tape.
    #[error("tape: {0}")]
    Codec(#[from] CodecError),
    /// Another layout than this build reads.
    #[error("tape: layout {got}, this build reads 1")]
    Layout {
        /// The first byte.
        got: u8,
    },
    /// A byte that names no operation.
    #[error("tape operation {operation}: unknown opcode {opcode}")]
    Opcode {
        /// Index of the operation.
        operation: usize,
        /// The byte.
        opcode: u8,
    },
    /// An operand that nothing before has defined.
    #[error("tape operation {operation}: {register:?} is used before it is defined")]
    Undefined {
        /// Index of the operation.
        operation: usize,
        /// The operand.
        register: Register,
    },
    /// A register that is defined already.
    #[error("tape operation {operation}: {register:?} is defined twice")]
    Redefined {
        /// Index of the operation.
        operation: usize,
        /// The target.
        register: Register,
    },
    /// A register beyond the file.
    #[error("tape operation {operation}: no such register")]
    Register {
        /// Index of the operation.
        operation: usize,
    },
    /// A register that no operation defines.
    #[error("tape: {register:?} is never defined")]
    Missing {
        /// The first such register.
        register: Register,
    },
    /// An input byte beyond the input.
    #[error("tape operation {operation}: input byte {index} of {len}")]
    Input {
        /// Index of the operation.
        operation: usize,
        /// The byte asked for.
        index: u32,
        /// Bytes there are.
        len: u32,
    },
    /// A split into no bits, or into more than a scalar has.
    #[error("tape operation {operation}: a split into {bits} bits, 1 to {BITS_MAX} are possible")]
    Bits {
        /// Index of the operation.
        operation: usize,
        /// The bits asked for.
        bits: u32,
    },
    /// Too many wires or registers, or no wire 0.
    #[error(
        "tape: {wires} wires and {temporaries} temporaries, 1 to {WIRES_MAX} and {REGISTERS_MAX} together are possible"
    )]
    Limit {
        /// Wires.
        wires: u32,
        /// Temporaries.
        temporaries: u32,
    },
}

impl Tape {
    /// Checks that registers, scalars and input bytes exist, operands are defined before use, and every register is
    /// defined exactly once.
    pub(super) fn validate(&self) -> Result<(), InvalidTape> {
        let (wires, temporaries) = (self.wires, self.temporaries);
        if wires == 0 || wires as usize > WIRES_MAX || self.registers() > REGISTERS_MAX {
            return Err(InvalidTape::Limit { wires, temporaries });
        }
        let mut definitions = Definitions { tape: self, operation: 0, defined: vec![false; self.registers()] };
        definitions.defined[0] = true;
        for (at, operation) in self.operations.iter().enumerate() {
            definitions.operation = at;
            definitions.take(operation)?;
        }
        match definitions.defined.iter().position(|&defined| !defined) {
            Some(missing) => Err(InvalidTape::Missing { register: self.register(missing as u32) }),
            None => Ok(()),
        }
    }
}

struct Definitions<'a> {
    tape: &'a Tape,
    operation: usize,
    defined: Vec<bool>,
}

impl Definitions<'_> {
    fn take(&mut self, operation: &Operation) -> Result<(), InvalidTape> {
        let tape = self.tape;
        match *operation {
            Operation::PublicByte { to, index } => {
                self.input(index, tape.public_len)?;
                self.define(to)
            }
            Operation::PrivateByte { to, index } => {
                self.input(index, tape.private_len)?;
                self.define(to)
            }
            Operation::Binding { to } => self.define(to),
            Operation::Constant { to, scalar } => {
                self.scalar(scalar)?;
                self.define(to)
            }
            Operation::Linear { to, constant, first, len } => {
                self.scalar(constant)?;
                for &(register, scalar) in tape.terms(first, len) {
                    self.operand(register)?;
                    self.scalar(scalar)?;
                }
                self.define(to)
            }
            Operation::Multiply { to, left, right } => {
                self.operand(left)?;
                self.operand(right)?;
                self.define(to)
            }
            Operation::Bits { from, first, len } => {
                if !(1..=BITS_MAX).contains(&(len as usize)) {
                    return Err(InvalidTape::Bits { operation: self.operation, bits: len });
                }
                self.operand(from)?;
                tape.targets(first, len).iter().try_for_each(|&to| self.define(to))
            }
            Operation::InverseOrZero { to, from } | Operation::IsZero { to, from } => {
                self.operand(from)?;
                self.define(to)
            }
            Operation::Select { to, condition, then, otherwise } => {
                [condition, then, otherwise].into_iter().try_for_each(|register| self.operand(register))?;
                self.define(to)
            }
            Operation::Divide { quotient, remainder, dividend, divisor } => {
                self.operand(dividend)?;
                self.operand(divisor)?;
                self.define(quotient)?;
                self.define(remainder)
            }
            Operation::Lookup { to, operands, .. } => {
                operands.into_iter().try_for_each(|register| self.operand(register))?;
                self.define(to)
            }
        }
    }

    fn operand(&self, index: u32) -> Result<(), InvalidTape> {
        let operation = self.operation;
        match self.defined.get(index as usize) {
            None => Err(InvalidTape::Register { operation }),
            Some(false) => Err(InvalidTape::Undefined { operation, register: self.tape.register(index) }),
            Some(true) => Ok(()),
        }
    }

    fn define(&mut self, index: u32) -> Result<(), InvalidTape> {
        let operation = self.operation;
        match self.defined.get_mut(index as usize) {
            None => Err(InvalidTape::Register { operation }),
            Some(true) => Err(InvalidTape::Redefined { operation, register: self.tape.register(index) }),
            Some(defined) => {
                *defined = true;
                Ok(())
            }
        }
    }

    fn scalar(&self, index: u32) -> Result<(), InvalidTape> {
        let len = self.tape.scalars.len();
        if (index as usize) < len { Ok(()) } else { Err(CodecError::Pool { index, len }.into()) }
    }

    fn input(&self, index: u32, len: u32) -> Result<(), InvalidTape> {
        if index < len { Ok(()) } else { Err(InvalidTape::Input { operation: self.operation, index, len }) }
    }
}
