//! From operations to steps: ranges of all registers, and the lane that follows from each.
//!
//! A register with a range holds, in every run that reaches it, the scalar of an integer within that range:
//! - an input byte lies in 0..=255; targets of Bits, IsZero and Lookup are 0 or 1;
//! - of sums and products the ends are those of the operands' intervals, as long as no partial sum leaves
//!   [`BOUND`](super::range::BOUND);
//! - a choice lies in the union of both ranges; quotient and remainder are not negative and bounded by what they are of.
//!
//! Any other register is a scalar.

mod sum;

use super::lanes::{Lane, Slot};
use super::program::{Program, Step};
use super::range::{self, BOUND, Range};
use super::{Operation, Tape};
use ark_bn254::Fr;
use ark_ff::{BigInt, PrimeField};

/// The integers of scalars between `-BOUND` and `BOUND`.
fn small_integer(scalar: &Fr) -> Option<i128> {
    let below = |scalar: &Fr| match scalar.into_bigint() {
        BigInt([low, high, 0, 0]) => i128::try_from(u128::from(high) << 64 | u128::from(low)).ok(),
        _ => None,
    };
    let integer = below(scalar).or_else(|| below(&-*scalar).map(|negated| -negated))?;
    (integer.unsigned_abs() <= BOUND as u128).then_some(integer)
}

/// What is known of the registers while the tape is read once.
struct Lowering<'a> {
    tape: &'a Tape,
    program: Program,
    /// Where the value of each register is.
    slots: Vec<Slot>,
    /// Ranges of the small and the wide lane, by index; those of the bit lane are all the same.
    small: Vec<(i64, i64)>,
    wide: Vec<Range>,
    /// The tape's scalars as integers.
    integers: Vec<Option<i128>>,
    /// Registers that an operation reads.
    read: Vec<bool>,
    scratch: sum::Scratch,
}

/// Lowers a checked tape. Time and memory are proportional to it.
pub(super) fn lower(tape: &Tape) -> Program {
    let scalars = tape.scalars.clone();
    let scales = scalars.iter().map(|scalar| scalar * &super::lanes::MONTGOMERY).collect();
    let mut lowering = Lowering {
        tape,
        program: Program { scalars, scales, ..Program::default() },
        slots: vec![Slot::new(Lane::Bit, 0); tape.registers()],
        small: Vec::new(),
        wide: Vec::new(),
        integers: tape.scalars.iter().map(small_integer).collect(),
        read: registers_read(tape),
        scratch: sum::Scratch::default(),
    };
    // Wire 0.
    lowering.slots[0] = lowering.program.sizes.slot(Lane::Bit);
    lowering.program.steps.reserve_exact(tape.operations.len());
    for operation in &tape.operations {
        let step = lowering.step(operation);
        lowering.program.steps.push(step);
    }
    let Lowering { mut program, mut slots, .. } = lowering;
    slots.truncate(tape.wires as usize);
    program.outputs = slots;
    program
}

fn registers_read(tape: &Tape) -> Vec<bool> {
    let mut read = vec![false; tape.registers()];
    let mut mark = |registers: &[u32]| registers.iter().for_each(|&register| read[register as usize] = true);
    for operation in &tape.operations {
        match *operation {
            Operation::PublicByte { .. }
            | Operation::PrivateByte { .. }
            | Operation::Binding { .. }
            | Operation::Constant { .. } => {}
            Operation::Linear { first, len, .. } => {
                tape.terms(first, len).iter().for_each(|&(register, _)| mark(&[register]));
            }
            Operation::Multiply { left, right, .. } => mark(&[left, right]),
            Operation::Bits { from, .. } | Operation::InverseOrZero { from, .. } | Operation::IsZero { from, .. } => {
                mark(&[from]);
            }
            Operation::Select { condition, then, otherwise, .. } => mark(&[condition, then, otherwise]),
            Operation::Divide { dividend, divisor, .. } => mark(&[dividend, divisor]),
            Operation::Lookup { operands, .. } => mark(&operands),
        }
    }
    read
}

impl Lowering<'_> {
    fn step(&mut self, operation: &Operation) -> Step {
        match *operation {
            Operation::PublicByte { to, index } => Step::Public { to: self.define(to, Some(Range::BYTE)), index },
            Operation::PrivateByte { to, index } => Step::Private { to: self.define(to, Some(Range::BYTE)), index },
            Operation::Binding { to } => Step::Binding { to: self.define(to, None) },
            Operation::Constant { to, scalar } => match self.integers[scalar as usize] {
                Some(value) => self.integer(to, value),
                None => Step::Scalar { to: self.define(to, None), at: scalar },
            },
            Operation::Linear { to, constant, first, len } => self.linear(to, constant, self.tape.terms(first, len)),
            Operation::Multiply { to, left, right } => self.multiply(to, left, right),
            Operation::Bits { from, first, len } => {
                let from = self.slot(from);
                // Side by side, as nothing else is defined in between.
                let slots = self.tape.targets(first, len).iter().map(|&to| self.define(to, Some(Range::BIT)).index());
                let first = slots.reduce(|first, _| first).expect("validation refuses splits into no bits");
                Step::Split { from, first, len }
            }
            Operation::InverseOrZero { to, from } => {
                let from = self.slot(from);
                if from.lane() == Lane::Bit {
                    // 1 / 1 = 1.
                    self.alias(to, from)
                } else if self.read[to as usize] {
                    Step::Inverse { to: self.define(to, None), from }
                } else {
                    if to < self.tape.wires {
                        self.program.inverses.push(to);
                    }
                    self.alias(to, from)
                }
            }
            Operation::IsZero { to, from } => {
                let (from, to) = (self.slot(from), self.define(to, Some(Range::BIT)).index());
                match from.lane() {
                    Lane::Bit => Step::Not { to, from: from.index() },
                    _ => Step::IsZero { to, from },
                }
            }
            Operation::Select { to, condition, then, otherwise } => {
                let [condition, then, otherwise] = [condition, then, otherwise].map(|register| self.slot(register));
                let range = self.range(then).zip(self.range(otherwise)).map(|(a, b)| a.union(&b));
                Step::Select { to: self.define(to, range), condition, then, otherwise }
            }
            Operation::Divide { quotient, remainder, dividend, divisor } => {
                let [dividend, divisor] = [dividend, divisor].map(|register| self.slot(register));
                let (above, below) = range::divide(self.range(dividend), self.range(divisor));
                let (quotient, remainder) = (self.define(quotient, above), self.define(remainder, below));
                Step::Divide { quotient, remainder, dividend, divisor }
            }
            Operation::Lookup { to, operands, table } => {
                let operands = operands.map(|register| self.slot(register));
                let to = self.define(to, Some(Range::BIT)).index();
                if operands.iter().all(|operand| operand.lane() == Lane::Bit) {
                    Step::Lookup { to, operands: operands.map(Slot::index), table }
                } else {
                    Step::LookupChecked { to, operands, table }
                }
            }
        }
    }

    fn multiply(&mut self, to: u32, left: u32, right: u32) -> Step {
        let (left, right) = (self.slot(left), self.slot(right));
        let range = self.range(left).zip(self.range(right)).and_then(|(a, b)| a.multiply(&b));
        let to = self.define(to, range);
        match (left.lane().max(right.lane()), to.lane()) {
            (_, Lane::Field) => Step::FieldProduct { to, left, right },
            (Lane::Bit, _) => Step::And { to: to.index(), left: left.index(), right: right.index() },
            (Lane::Small, Lane::Bit | Lane::Small) => Step::NarrowProduct { to, left, right },
            _ => Step::WideProduct { to, left, right },
        }
    }

    fn integer(&mut self, to: u32, value: i128) -> Step {
        let at = self.program.integers.len() as u32;
        self.program.integers.push(value);
        Step::Integer { to: self.define(to, Range::new(value, value)), at }
    }

    fn slot(&self, register: u32) -> Slot {
        self.slots[register as usize]
    }

    fn range(&self, slot: Slot) -> Option<Range> {
        match slot.lane() {
            Lane::Bit => Some(Range::BIT),
            Lane::Small => {
                let (lo, hi) = self.small[slot.index() as usize];
                Some(Range { lo: lo.into(), hi: hi.into() })
            }
            Lane::Wide => Some(self.wide[slot.index() as usize]),
            Lane::Field => None,
        }
    }

    /// A new value with this range.
    fn define(&mut self, to: u32, range: Option<Range>) -> Slot {
        let slot = self.program.sizes.slot(Lane::of(range));
        match (slot.lane(), range) {
            (Lane::Small, Some(range)) => self.small.push((range.lo as i64, range.hi as i64)),
            (Lane::Wide, Some(range)) => self.wide.push(range),
            _ => {}
        }
        self.slots[to as usize] = slot;
        slot
    }

    /// A register whose value is there already.
    fn alias(&mut self, to: u32, slot: Slot) -> Step {
        self.slots[to as usize] = slot;
        Step::Nothing
    }
}
