//! The tape's section of an artefact; the layout stands in [`crate::tape`].

use super::program::Program;
use super::{InvalidTape, Operation, REGISTERS_MAX, Tape, implicit_scalars};
use crate::codec::{NUMBER_MAX, count, number, put_number, put_scalars, scalars};
use zera_abi::wire::Reader;

/// First byte of every tape of this layout.
const LAYOUT: u8 = 1;

impl Tape {
    /// At least as many bytes as the section has: an operation is an opcode, at most four numbers and a table.
    pub(crate) fn len_bound(&self) -> u64 {
        let numbers = 5 + 4 * self.operations.len() + 2 * self.terms.len() + self.targets.len();
        (1 + 2 * self.operations.len() + 32 * self.scalars.len()) as u64 + NUMBER_MAX * numbers as u64
    }

    /// Appends the section.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(LAYOUT);
        for number in [self.wires, self.temporaries, self.public_len, self.private_len] {
            put_number(out, number);
        }
        put_scalars(out, &self.scalars[implicit_scalars().len()..]);
        for operation in &self.operations {
            self.encode_operation(operation, out);
        }
    }

    fn encode_operation(&self, operation: &Operation, out: &mut Vec<u8>) {
        let mut put = |opcode: u8, numbers: &[u32]| {
            out.push(opcode);
            numbers.iter().for_each(|&number| put_number(out, number));
        };
        match *operation {
            Operation::PublicByte { to, index } => put(1, &[to, index]),
            Operation::PrivateByte { to, index } => put(2, &[to, index]),
            Operation::Binding { to } => put(3, &[to]),
            Operation::Constant { to, scalar } => put(4, &[to, scalar]),
            Operation::Linear { to, constant, first, len } => {
                put(5, &[to, constant, len]);
                for &(register, scalar) in self.terms(first, len) {
                    put_number(out, register);
                    put_number(out, scalar);
                }
            }
            Operation::Multiply { to, left, right } => put(6, &[to, left, right]),
            Operation::Bits { from, first, len } => {
                put(7, &[from, len]);
                self.targets(first, len).iter().for_each(|&to| put_number(out, to));
            }
            Operation::InverseOrZero { to, from } => put(8, &[to, from]),
            Operation::IsZero { to, from } => put(9, &[to, from]),
            Operation::Select { to, condition, then, otherwise } => put(10, &[to, condition, then, otherwise]),
            Operation::Divide { quotient, remainder, dividend, divisor } => {
                put(11, &[quotient, remainder, dividend, divisor]);
            }
            Operation::Lookup { to, operands: [a, b, c], table } => {
                put(12, &[to, a, b, c]);
                out.push(table);
            }
        }
    }

    /// Reads what [`Self::encode`] writes, to the end of `bytes`, and validates it. Allocates in proportion to `bytes`.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Tape, InvalidTape> {
        let mut reader = Reader::new(bytes);
        let layout = reader.u8().map_err(crate::CodecError::from)?;
        if layout != LAYOUT {
            return Err(InvalidTape::Layout { got: layout });
        }
        // A definition takes at least one byte, so there are no more registers than bytes; wire 0 is a register for
        // nothing, but the header is longer than it.
        let wires = count(&mut reader, "wires", 1, REGISTERS_MAX)? as u32;
        let temporaries = count(&mut reader, "temporaries", 1, REGISTERS_MAX)? as u32;
        let (public_len, private_len) = (number(&mut reader)?, number(&mut reader)?);
        let mut pool = implicit_scalars().to_vec();
        pool.append(&mut scalars(&mut reader)?);
        let (operations, terms, targets) = (Vec::new(), Vec::new(), Vec::new());
        let (scalars, program) = (pool, Program::default());
        let mut tape =
            Tape { wires, temporaries, public_len, private_len, scalars, operations, terms, targets, program };
        while reader.remaining() > 0 {
            let operation = tape.decode_operation(&mut reader)?;
            tape.operations.push(operation);
        }
        tape.checked()
    }

    fn decode_operation(&mut self, reader: &mut Reader<'_>) -> Result<Operation, InvalidTape> {
        let opcode = reader.u8().map_err(crate::CodecError::from)?;
        let mut next = || number(reader);
        Ok(match opcode {
            1 => Operation::PublicByte { to: next()?, index: next()? },
            2 => Operation::PrivateByte { to: next()?, index: next()? },
            3 => Operation::Binding { to: next()? },
            4 => Operation::Constant { to: next()?, scalar: next()? },
            5 => {
                let (to, constant) = (next()?, next()?);
                let len = count(reader, "terms", 2, usize::MAX)? as u32;
                let first = self.terms.len() as u32;
                for _ in 0..len {
                    self.terms.push((number(reader)?, number(reader)?));
                }
                Operation::Linear { to, constant, first, len }
            }
            6 => Operation::Multiply { to: next()?, left: next()?, right: next()? },
            7 => {
                let from = next()?;
                let len = count(reader, "bits", 1, usize::MAX)? as u32;
                let first = self.targets.len() as u32;
                for _ in 0..len {
                    self.targets.push(number(reader)?);
                }
                Operation::Bits { from, first, len }
            }
            8 => Operation::InverseOrZero { to: next()?, from: next()? },
            9 => Operation::IsZero { to: next()?, from: next()? },
            10 => Operation::Select { to: next()?, condition: next()?, then: next()?, otherwise: next()? },
            11 => Operation::Divide { quotient: next()?, remainder: next()?, dividend: next()?, divisor: next()? },
            12 => {
                let (to, operands) = (next()?, [next()?, next()?, next()?]);
                Operation::Lookup { to, operands, table: reader.u8().map_err(crate::CodecError::from)? }
            }
            _ => return Err(InvalidTape::Opcode { operation: self.operations.len(), opcode }),
        })
    }
}
