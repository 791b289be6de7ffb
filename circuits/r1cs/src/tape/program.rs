//! The form in which a tape runs: one step an operation, each on the smallest values that its ranges allow.
//!
//! Made once from a checked tape by `lower`; what it computes, and where it fails, is what the plain interpreter
//! ([`super::Tape::run_reference`]) computes. No step allocates.

use super::TapeInputs;
use super::lanes::{Lane, Lanes, MONTGOMERY, Sizes, Slot, scaled};
use ark_bn254::Fr;
use ark_ff::fields::serial_batch_inversion_and_mul;
use ark_ff::{AdditiveGroup, Field, One, PrimeField};

/// The lowered tape. Step `i` is operation `i`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Program {
    pub steps: Vec<Step>,
    pub sizes: Sizes,
    /// Where each wire's value is in the end.
    pub outputs: Vec<Slot>,
    /// Wires that no operation reads and whose value is the inverse of what `outputs` says; all are inverted at once.
    pub inverses: Vec<u32>,
    /// The tape's scalars, and each times [`MONTGOMERY`], for [`scaled`].
    pub scalars: Vec<Fr>,
    pub scales: Vec<Fr>,
    pub integers: Vec<i128>,
    pub narrow: Vec<Sum<i64>>,
    pub narrow_parts: Parts<i64>,
    pub wide: Vec<Sum<i128>>,
    pub wide_parts: Parts<i128>,
    pub sums: Vec<FieldSum>,
    /// Indices into the scalars in the place of coefficients.
    pub field_parts: Parts<u32>,
}

/// One step. `u32` operands are indices in the bit lane, or where `at` is said, in a table of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing is left to do: the register stands for a value that is there.
    Nothing,
    Public {
        to: Slot,
        index: u32,
    },
    Private {
        to: Slot,
        index: u32,
    },
    Binding {
        to: Slot,
    },
    Integer {
        to: Slot,
        at: u32,
    },
    Scalar {
        to: Slot,
        at: u32,
    },
    Not {
        to: u32,
        from: u32,
    },
    And {
        to: u32,
        left: u32,
        right: u32,
    },
    /// Three operands that are bits.
    Lookup {
        to: u32,
        operands: [u32; 3],
        table: u8,
    },
    /// Operands that may not be.
    LookupChecked {
        to: u32,
        operands: [Slot; 3],
        table: u8,
    },
    NarrowSum {
        at: u32,
    },
    WideSum {
        at: u32,
    },
    FieldSum {
        at: u32,
    },
    NarrowProduct {
        to: Slot,
        left: Slot,
        right: Slot,
    },
    WideProduct {
        to: Slot,
        left: Slot,
        right: Slot,
    },
    FieldProduct {
        to: Slot,
        left: Slot,
        right: Slot,
    },
    /// Bits `first..first + len`.
    Split {
        from: Slot,
        first: u32,
        len: u32,
    },
    Inverse {
        to: Slot,
        from: Slot,
    },
    IsZero {
        to: u32,
        from: Slot,
    },
    Select {
        to: Slot,
        condition: Slot,
        then: Slot,
        otherwise: Slot,
    },
    Divide {
        quotient: Slot,
        remainder: Slot,
        dividend: Slot,
        divisor: Slot,
    },
}

/// Part of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    pub first: u32,
    pub len: u32,
}

impl Part {
    fn of<T>(self, table: &[T]) -> &[T] {
        &table[self.first as usize..][..self.len as usize]
    }
}

/// `constant + sum over runs + sum over terms`, in a type that every partial sum fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sum<C> {
    pub to: Slot,
    pub constant: C,
    pub runs: Part,
    pub terms: Part,
}

/// `integer + constant + sum over runs + sum over terms`, where the integer is a sum of the wide table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FieldSum {
    pub to: Slot,
    pub integer: Option<u32>,
    pub constant: u32,
    pub runs: Part,
    pub terms: Part,
}

/// `coefficient * (the number whose bits are first..first + len)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run<C> {
    pub first: u32,
    pub len: u32,
    pub coefficient: C,
}

/// What sums are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts<C> {
    pub runs: Vec<Run<C>>,
    pub terms: Vec<(Slot, C)>,
}

impl<C> Default for Parts<C> {
    fn default() -> Parts<C> {
        Parts { runs: Vec::new(), terms: Vec::new() }
    }
}

impl Program {
    /// The wires, or the operation that failed and the number of bits that its value did not fit. The lengths of the
    /// inputs were checked.
    pub(super) fn run(&self, inputs: &TapeInputs<'_>) -> Result<Vec<Fr>, (usize, u32)> {
        let mut lanes = Lanes::new(self.sizes);
        // Wire 0.
        lanes.bits[0] = 1;
        for (at, step) in self.steps.iter().enumerate() {
            self.step(step, inputs, &mut lanes).map_err(|bits| (at, bits))?;
        }
        let mut z: Vec<Fr> = self.outputs.iter().map(|&slot| lanes.scalar(slot)).collect();
        let mut inverses: Vec<Fr> = self.inverses.iter().map(|&wire| z[wire as usize]).collect();
        // Leaves zeros as they are.
        serial_batch_inversion_and_mul(&mut inverses, &Fr::ONE);
        for (&wire, inverse) in self.inverses.iter().zip(inverses) {
            z[wire as usize] = inverse;
        }
        Ok(z)
    }

    #[inline(always)]
    fn step(&self, step: &Step, inputs: &TapeInputs<'_>, lanes: &mut Lanes) -> Result<(), u32> {
        match *step {
            Step::Nothing => {}
            Step::Public { to, index } => lanes.put_small(to, inputs.public[index as usize].into()),
            Step::Private { to, index } => lanes.put_small(to, inputs.private[index as usize].into()),
            Step::Binding { to } => lanes.put_field(to, inputs.binding),
            Step::Integer { to, at } => lanes.put_integer(to, self.integers[at as usize]),
            Step::Scalar { to, at } => lanes.put_field(to, self.scalars[at as usize]),
            Step::Not { to, from } => lanes.bits[to as usize] = lanes.bits[from as usize] ^ 1,
            Step::And { to, left, right } => {
                lanes.bits[to as usize] = lanes.bits[left as usize] & lanes.bits[right as usize];
            }
            Step::Lookup { to, operands, table } => {
                let [a, b, c] = operands.map(|operand| lanes.bits[operand as usize]);
                lanes.bits[to as usize] = table >> (a | b << 1 | c << 2) & 1;
            }
            Step::LookupChecked { to, operands, table } => {
                lanes.bits[to as usize] = table >> checked_index(lanes, operands)? & 1;
            }
            Step::NarrowSum { at } => {
                let sum = &self.narrow[at as usize];
                let value = self.narrow_sum(sum, lanes);
                lanes.put_small(sum.to, value);
            }
            Step::WideSum { at } => {
                let sum = &self.wide[at as usize];
                let value = self.wide_sum(sum, lanes);
                lanes.put_integer(sum.to, value);
            }
            Step::FieldSum { at } => {
                let sum = &self.sums[at as usize];
                let value = self.field_sum(sum, lanes);
                lanes.put_field(sum.to, value);
            }
            Step::NarrowProduct { to, left, right } => {
                let product = lanes.small(left) * lanes.small(right);
                lanes.put_small(to, product);
            }
            Step::WideProduct { to, left, right } => {
                let product = lanes.integer(left) * lanes.integer(right);
                lanes.put_integer(to, product);
            }
            Step::FieldProduct { to, left, right } => {
                let product = match (left.lane(), right.lane()) {
                    (Lane::Bit, _) if lanes.is_zero(left) => Fr::ZERO,
                    (Lane::Bit, _) => lanes.scalar(right),
                    (_, Lane::Bit) if lanes.is_zero(right) => Fr::ZERO,
                    (_, Lane::Bit) => lanes.scalar(left),
                    _ => lanes.scalar(left) * lanes.scalar(right),
                };
                lanes.put_field(to, product);
            }
            Step::Split { from, first, len } => split(lanes, from, first, len)?,
            Step::Inverse { to, from } => {
                let inverse = lanes.scalar(from).inverse().unwrap_or(Fr::ZERO);
                lanes.put_field(to, inverse);
            }
            Step::IsZero { to, from } => lanes.bits[to as usize] = lanes.is_zero(from).into(),
            Step::Select { to, condition, then, otherwise } => {
                let chosen = if lanes.is_zero(condition) { otherwise } else { then };
                match to.lane() {
                    Lane::Bit | Lane::Small => lanes.put_small(to, lanes.small(chosen)),
                    Lane::Wide => lanes.put_integer(to, lanes.integer(chosen)),
                    Lane::Field => lanes.put_field(to, lanes.scalar(chosen)),
                }
            }
            Step::Divide { quotient, remainder, dividend, divisor } => {
                let dividend = lanes.unsigned(dividend).ok_or(128u32)?;
                let divisor = lanes.unsigned(divisor).ok_or(128u32)?;
                lanes.put_unsigned(quotient, dividend.checked_div(divisor).unwrap_or(0));
                lanes.put_unsigned(remainder, dividend.checked_rem(divisor).unwrap_or(dividend));
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn narrow_sum(&self, sum: &Sum<i64>, lanes: &Lanes) -> i64 {
        let mut value = sum.constant;
        for run in sum.runs.of(&self.narrow_parts.runs) {
            value += lanes.pack(run.first, run.len) as i64 * run.coefficient;
        }
        for &(slot, coefficient) in sum.terms.of(&self.narrow_parts.terms) {
            value += lanes.small(slot) * coefficient;
        }
        value
    }

    fn wide_sum(&self, sum: &Sum<i128>, lanes: &Lanes) -> i128 {
        let mut value = sum.constant;
        for run in sum.runs.of(&self.wide_parts.runs) {
            value += i128::from(lanes.pack(run.first, run.len)) * run.coefficient;
        }
        for &(slot, coefficient) in sum.terms.of(&self.wide_parts.terms) {
            value += lanes.integer(slot) * coefficient;
        }
        value
    }

    fn field_sum(&self, sum: &FieldSum, lanes: &Lanes) -> Fr {
        let mut value = self.scalars[sum.constant as usize];
        if let Some(at) = sum.integer {
            value += scaled(self.wide_sum(&self.wide[at as usize], lanes), &MONTGOMERY);
        }
        for run in sum.runs.of(&self.field_parts.runs) {
            value += scaled(lanes.pack(run.first, run.len).into(), &self.scales[run.coefficient as usize]);
        }
        for &(slot, scalar) in sum.terms.of(&self.field_parts.terms) {
            match (slot.lane(), scalar) {
                (Lane::Field, 0) => value += lanes.scalar(slot),
                (Lane::Field, 1) => value -= lanes.scalar(slot),
                (Lane::Field, _) => value += lanes.scalar(slot) * self.scalars[scalar as usize],
                // Most values are bits, and most bits of small numbers are 0.
                _ if lanes.is_zero(slot) => {}
                (Lane::Bit, _) => value += self.scalars[scalar as usize],
                _ => value += scaled(lanes.integer(slot), &self.scales[scalar as usize]),
            }
        }
        value
    }
}

/// `a + 2 b + 4 c`, or 1 bit, which one of them does not fit.
fn checked_index(lanes: &Lanes, operands: [Slot; 3]) -> Result<u8, u32> {
    let mut index = 0;
    for (place, operand) in operands.into_iter().enumerate() {
        let is_one = match operand.lane() {
            Lane::Field => lanes.scalar(operand).is_one(),
            _ => lanes.integer(operand) == 1,
        };
        if is_one {
            index |= 1 << place;
        } else if !lanes.is_zero(operand) {
            return Err(1);
        }
    }
    Ok(index)
}

/// The bits of the canonical integer, or their number where they are too few.
#[inline(always)]
fn split(lanes: &mut Lanes, from: Slot, first: u32, len: u32) -> Result<(), u32> {
    let limbs = match from.lane() {
        Lane::Field => lanes.scalar(from).into_bigint().0,
        _ => match u128::try_from(lanes.integer(from)) {
            Ok(value) => [value as u64, (value >> 64) as u64, 0, 0],
            // r - |n|.
            Err(_) => lanes.scalar(from).into_bigint().0,
        },
    };
    if !fits(&limbs, len) {
        return Err(len);
    }
    for (limb, start) in limbs.into_iter().zip((0..len).step_by(64)) {
        lanes.unpack(first + start, (len - start).min(64), limb);
    }
    Ok(())
}

/// Whether all bits from `len` on are 0.
#[inline(always)]
fn fits(limbs: &[u64; 4], len: u32) -> bool {
    limbs.iter().enumerate().all(|(at, limb)| {
        let below = len.saturating_sub(at as u32 * 64);
        below >= 64 || limb >> below == 0
    })
}
