//! How a compiler or a gadget writes a tape.

use super::program::Program;
use super::{InvalidTape, Operation, Register, Tape, implicit_scalars};
use crate::codec::PoolWriter;
use ark_bn254::Fr;
use ark_ff::Zero;

/// Marks a temporary while the number of wires is not known.
const TEMPORARY: u32 = 1 << 31;

/// Collects operations in the order in which they run.
///
/// A register may be used after the operation that defines it. Mistakes of the caller come out of [`Self::finish`].
pub struct TapeBuilder {
    public_len: u32,
    private_len: u32,
    temporaries: u32,
    pool: PoolWriter,
    operations: Vec<Operation>,
    terms: Vec<(u32, u32)>,
    targets: Vec<u32>,
}

impl TapeBuilder {
    /// An empty tape over this many input bytes.
    pub fn new(public_len: u32, private_len: u32) -> TapeBuilder {
        let mut pool = PoolWriter::default();
        for scalar in &implicit_scalars() {
            pool.index(scalar);
        }
        let (operations, terms, targets) = (Vec::new(), Vec::new(), Vec::new());
        TapeBuilder { public_len, private_len, temporaries: 0, pool, operations, terms, targets }
    }

    /// A fresh register above the wires.
    pub fn temporary(&mut self) -> Register {
        self.temporaries += 1;
        Register::Temporary(self.temporaries - 1)
    }

    /// `to = public[index]`.
    pub fn public_byte(&mut self, to: Register, index: u32) {
        self.operations.push(Operation::PublicByte { to: raw(to), index });
    }

    /// `to = private[index]`.
    pub fn private_byte(&mut self, to: Register, index: u32) {
        self.operations.push(Operation::PrivateByte { to: raw(to), index });
    }

    /// `to = binding`.
    pub fn binding(&mut self, to: Register) {
        self.operations.push(Operation::Binding { to: raw(to) });
    }

    /// `to = value`.
    pub fn constant(&mut self, to: Register, value: Fr) {
        let scalar = self.pool.index(&value);
        self.operations.push(Operation::Constant { to: raw(to), scalar });
    }

    /// `to = constant + sum of coefficient * register`; zero coefficients are left out.
    pub fn linear(&mut self, to: Register, constant: Fr, terms: impl IntoIterator<Item = (Register, Fr)>) {
        let constant = self.pool.index(&constant);
        let first = self.terms.len() as u32;
        for (register, coefficient) in terms {
            if !coefficient.is_zero() {
                self.terms.push((raw(register), self.pool.index(&coefficient)));
            }
        }
        let len = self.terms.len() as u32 - first;
        self.operations.push(Operation::Linear { to: raw(to), constant, first, len });
    }

    /// `to = left * right`.
    pub fn multiply(&mut self, to: Register, left: Register, right: Register) {
        self.operations.push(Operation::Multiply { to: raw(to), left: raw(left), right: raw(right) });
    }

    /// `from = sum of 2^i * to[i]`, each 0 or 1: the canonical integer's bits, lowest first. Running fails where the
    /// integer does not fit `to.len()` bits, which is 1 to 254.
    pub fn bits(&mut self, to: &[Register], from: Register) {
        let first = self.targets.len() as u32;
        self.targets.extend(to.iter().map(|&register| raw(register)));
        self.operations.push(Operation::Bits { from: raw(from), first, len: to.len() as u32 });
    }

    /// `to = 1 / from`, or 0 where `from` is 0.
    pub fn inverse_or_zero(&mut self, to: Register, from: Register) {
        self.operations.push(Operation::InverseOrZero { to: raw(to), from: raw(from) });
    }

    /// `to = 1` where `from` is 0, else 0.
    pub fn is_zero(&mut self, to: Register, from: Register) {
        self.operations.push(Operation::IsZero { to: raw(to), from: raw(from) });
    }

    /// `to = then` where `condition` is not 0, else `otherwise`.
    pub fn select(&mut self, to: Register, condition: Register, then: Register, otherwise: Register) {
        let [to, condition, then, otherwise] = [to, condition, then, otherwise].map(raw);
        self.operations.push(Operation::Select { to, condition, then, otherwise });
    }

    /// Integer division: `dividend = quotient * divisor + remainder` with `remainder < divisor`; for a zero divisor the
    /// quotient is 0 and the remainder the dividend. Running fails where dividend or divisor is 2^128 or above.
    pub fn divide(&mut self, quotient: Register, remainder: Register, dividend: Register, divisor: Register) {
        let [quotient, remainder, dividend, divisor] = [quotient, remainder, dividend, divisor].map(raw);
        self.operations.push(Operation::Divide { quotient, remainder, dividend, divisor });
    }

    /// `to` = bit `a + 2 b + 4 c` of `table`, where the operands are 0 or 1. Running fails where one is neither.
    pub fn lookup(&mut self, to: Register, [a, b, c]: [Register; 3], table: u8) {
        self.operations.push(Operation::Lookup { to: raw(to), operands: [raw(a), raw(b), raw(c)], table });
    }

    /// The tape, with temporaries placed after `wires` wires.
    ///
    /// # Errors
    /// [`InvalidTape`]: an operand without a definition before it, a register defined twice or never, an index beyond
    /// the input, a ceiling.
    pub fn finish(self, wires: u32) -> Result<Tape, InvalidTape> {
        let place = |register: &mut u32| {
            if *register & TEMPORARY != 0 {
                *register = (*register & !TEMPORARY).saturating_add(wires);
            } else if *register >= wires {
                // Never taken for a temporary: there is no such register.
                *register = u32::MAX;
            }
        };
        let TapeBuilder { public_len, private_len, temporaries, pool, mut operations, mut terms, mut targets } = self;
        operations.iter_mut().flat_map(Operation::registers_mut).for_each(place);
        terms.iter_mut().map(|(register, _)| register).for_each(place);
        targets.iter_mut().for_each(place);
        let scalars = pool.into_scalars();
        let program = Program::default();
        Tape { wires, temporaries, public_len, private_len, scalars, operations, terms, targets, program }.checked()
    }
}

/// A register while the number of wires is not known.
fn raw(register: Register) -> u32 {
    match register {
        // Beyond every ceiling either way, so that `finish` refuses it.
        Register::Wire(wire) => wire.min(TEMPORARY - 1),
        Register::Temporary(temporary) => temporary | TEMPORARY,
    }
}

impl Operation {
    /// The registers that stand in the operation itself, not in its terms or targets.
    fn registers_mut(&mut self) -> impl Iterator<Item = &mut u32> {
        let registers = match self {
            Operation::PublicByte { to, .. }
            | Operation::PrivateByte { to, .. }
            | Operation::Binding { to }
            | Operation::Constant { to, .. }
            | Operation::Linear { to, .. } => [Some(to), None, None, None],
            Operation::Bits { from, .. } => [Some(from), None, None, None],
            Operation::Multiply { to, left, right } => [Some(to), Some(left), Some(right), None],
            Operation::InverseOrZero { to, from } | Operation::IsZero { to, from } => {
                [Some(to), Some(from), None, None]
            }
            Operation::Select { to, condition, then, otherwise } => {
                [Some(to), Some(condition), Some(then), Some(otherwise)]
            }
            Operation::Divide { quotient, remainder, dividend, divisor } => {
                [Some(quotient), Some(remainder), Some(dividend), Some(divisor)]
            }
            Operation::Lookup { to, operands: [a, b, c], .. } => [Some(to), Some(a), Some(b), Some(c)],
        };
        registers.into_iter().flatten()
    }
}
