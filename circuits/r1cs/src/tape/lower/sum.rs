//! Linear operations: which part of the sum is a machine integer, and which bits stand side by side in it.

use super::Lowering;
use crate::tape::lanes::{Lane, Slot};
use crate::tape::program::{FieldSum, Part, Parts, Run, Step, Sum};
use crate::tape::range::{BOUND, Range};
use ark_bn254::Fr;
use ark_ff::AdditiveGroup;

/// Fewest bits that are worth a run: below, terms one by one are as fast.
const RUN_MIN: usize = 4;
/// Fewest bits that are worth a run of scalars, which takes a product.
const FIELD_RUN_MIN: usize = 8;
/// Most bits of a run.
const RUN_MAX: usize = 64;

/// Terms of one sum, sorted apart; kept from sum to sum.
#[derive(Default)]
pub(super) struct Scratch {
    integer: Vec<(Slot, i128)>,
    field: Vec<(Slot, u32)>,
}

impl Lowering<'_> {
    pub(super) fn linear(&mut self, to: u32, constant: u32, terms: &[(u32, u32)]) -> Step {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.integer.clear();
        scratch.field.clear();
        let step = self.sorted_linear(to, constant, terms, &mut scratch);
        self.scratch = scratch;
        step
    }

    fn sorted_linear(&mut self, to: u32, constant: u32, terms: &[(u32, u32)], scratch: &mut Scratch) -> Step {
        let whole = self.integers[constant as usize];
        let start = whole.unwrap_or(0);
        // Bounds every partial sum, in whatever order.
        let mut magnitude = start.unsigned_abs();
        let mut range = Range { lo: start, hi: start };
        for &(register, scalar) in terms {
            let slot = self.slot(register);
            if self.integers[scalar as usize] == Some(0) {
                continue;
            }
            match self.bounded_term(slot, scalar, magnitude) {
                Some((coefficient, total)) => {
                    magnitude = total;
                    let sum = range.add_scaled(coefficient, &self.range(slot).expect("a bounded term has a range"));
                    range = sum.expect("the magnitudes are within the bound");
                    scratch.integer.push((slot, coefficient));
                }
                None => scratch.field.push((slot, scalar)),
            }
        }
        let Scratch { integer, field } = scratch;
        if whole.is_none() || !field.is_empty() {
            if integer.len() < RUN_MIN && integer.iter().all(|(slot, _)| slot.lane() == Lane::Bit) {
                // Adding a scalar for each set bit takes less than making a scalar of their sum.
                integer.clear();
                field.clear();
                field.extend(terms.iter().map(|&(register, scalar)| (self.slot(register), scalar)));
            }
            return self.field_linear(to, constant, integer, field);
        }
        match integer.as_slice() {
            [] => return self.integer(to, start),
            [(slot, 1)] if start == 0 => return self.alias(to, *slot),
            [(slot, -1)] if start == 1 && slot.lane() == Lane::Bit => {
                let from = slot.index();
                return Step::Not { to: self.define(to, Some(Range::BIT)).index(), from };
            }
            _ => {}
        }
        let to = self.define(to, Some(range));
        // No term's range is 0 alone, so that the magnitude bounds the coefficients as well.
        let narrow = magnitude <= i64::MAX as u128 && integer.iter().all(|(slot, _)| slot.lane() <= Lane::Small);
        if narrow {
            let narrowed = |c: i128| c as i64;
            let parts = &mut self.program.narrow_parts;
            let (runs, terms) = place(integer, RUN_MIN, doubles, narrowed, parts);
            self.program.narrow.push(Sum { to, constant: narrowed(start), runs, terms });
            Step::NarrowSum { at: self.program.narrow.len() as u32 - 1 }
        } else {
            Step::WideSum { at: self.wide_sum(to, start, integer) }
        }
    }

    /// Coefficient and new magnitude, where the term is an integer that leaves the sum within the bound.
    fn bounded_term(&self, slot: Slot, scalar: u32, magnitude: u128) -> Option<(i128, u128)> {
        let (coefficient, range) = (self.integers[scalar as usize]?, self.range(slot)?);
        let total = coefficient.unsigned_abs().checked_mul(range.magnitude())?.checked_add(magnitude)?;
        (total <= BOUND as u128).then_some((coefficient, total))
    }

    fn wide_sum(&mut self, to: Slot, constant: i128, integer: &mut [(Slot, i128)]) -> u32 {
        let (runs, terms) = place(integer, RUN_MIN, doubles, |c| c, &mut self.program.wide_parts);
        self.program.wide.push(Sum { to, constant, runs, terms });
        self.program.wide.len() as u32 - 1
    }

    fn field_linear(
        &mut self,
        to: u32,
        constant: u32,
        integer: &mut [(Slot, i128)],
        field: &mut [(Slot, u32)],
    ) -> Step {
        let to = self.define(to, None);
        let integer = (!integer.is_empty()).then(|| self.wide_sum(to, 0, integer));
        let scalars: &[Fr] = &self.program.scalars;
        let doubles = |low: u32, high: u32| scalars[high as usize] == scalars[low as usize].double();
        let (runs, terms) = place(field, FIELD_RUN_MIN, doubles, |scalar| scalar, &mut self.program.field_parts);
        self.program.sums.push(FieldSum { to, integer, constant, runs, terms });
        Step::FieldSum { at: self.program.sums.len() as u32 - 1 }
    }
}

fn doubles(low: i128, high: i128) -> bool {
    low.checked_mul(2) == Some(high)
}

/// Puts terms into the tables: bits side by side with doubling coefficients as runs, the others one by one.
fn place<C: Copy + Ord, D>(
    terms: &mut [(Slot, C)],
    run_min: usize,
    doubles: impl Fn(C, C) -> bool,
    convert: impl Fn(C) -> D,
    parts: &mut Parts<D>,
) -> (Part, Part) {
    let (first_run, first_term) = (parts.runs.len(), parts.terms.len());
    // By lane, then place: the order of a sum does not matter, and equal terms are equal.
    terms.sort_unstable();
    let mut rest = &terms[..];
    while let Some(&(slot, coefficient)) = rest.first() {
        let follows = |pair: &[(Slot, C)]| {
            let [(low, c), (high, d)] = [pair[0], pair[1]];
            high.index() == low.index() + 1 && high.lane() == low.lane() && doubles(c, d)
        };
        let len = match slot.lane() {
            Lane::Bit => 1 + rest.windows(2).take(RUN_MAX - 1).take_while(|pair| follows(pair)).count(),
            _ => 1,
        };
        if len >= run_min {
            parts.runs.push(Run { first: slot.index(), len: len as u32, coefficient: convert(coefficient) });
        } else {
            parts.terms.extend(rest[..len].iter().map(|&(slot, c)| (slot, convert(c))));
        }
        rest = &rest[len..];
    }
    let part = |first: usize, end: usize| Part { first: first as u32, len: (end - first) as u32 };
    (part(first_run, parts.runs.len()), part(first_term, parts.terms.len()))
}
