//! The steps, one after the other.

use crate::Report;
use crate::digits::{Digits, Equation, determine};
use crate::error::{CheckError, Reason};
use crate::facts::{Around, Facts, two_valued};
use crate::form::Form;
use crate::range::{Range, in_bounds};
use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};
use ethnum::I256;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use zera_r1cs::{Matrices, Step};

/// Most products of two terms that are multiplied out for one row.
const MONOMIALS_MAX: usize = 1024;

/// What is known of a wire's value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// No step determined it yet.
    Pending,
    /// One of the inputs.
    Given,
    /// By `Solve`, `IsZero` or an assumption.
    Determined,
    /// As a digit, so the row that keeps it in its range refuses no input.
    Digit,
    /// A don't-care.
    Free,
}

pub(crate) struct Replay<'a> {
    matrices: &'a Matrices,
    facts: Facts<'a>,
    states: Vec<State>,
    /// Rows that have a solution whatever the inputs.
    total: Vec<bool>,
    /// How many steps are still to come that find digits in a row. That there are digits for every input must not follow
    /// from the row itself, nor from one whose digits come later.
    later: BTreeMap<u32, usize>,
    /// Rows that bound a wire, and the wire.
    bounded: BTreeSet<(u32, u32)>,
    /// For a row that keeps a remainder below its divisor, `d - 1 - r`, not negative wherever the division is right.
    not_negative: BTreeMap<u32, Form>,
    free: Vec<u32>,
    assumed: Vec<u32>,
}

impl<'a> Replay<'a> {
    /// Wire 0, values and bits are given; each of the bits needs a row that says that it is one.
    pub(crate) fn new(
        matrices: &'a Matrices,
        values: &[u32],
        bits: std::ops::Range<u32>,
        steps: &[Step],
    ) -> Result<Self, CheckError> {
        let mut later = BTreeMap::new();
        for step in steps {
            if let Step::Digits { row, .. } | Step::Joint { row, .. } = step {
                *later.entry(*row).or_default() += 1;
            }
        }
        let facts = Facts::new(matrices);
        let mut states = vec![State::Pending; matrices.wires as usize];
        for wire in [0].into_iter().chain(values.iter().copied()).chain(bits.clone()) {
            let boolean = facts.range_of(wire) == Some(Range::BOOLEAN);
            match states.get_mut(wire as usize) {
                Some(state) if boolean || !bits.contains(&wire) => *state = State::Given,
                _ => return Err(CheckError::InputBit { wire }),
            }
        }
        let total = vec![false; matrices.rows()];
        Ok(Replay {
            matrices,
            facts,
            states,
            total,
            later,
            bounded: BTreeSet::new(),
            not_negative: BTreeMap::new(),
            free: Vec::new(),
            assumed: Vec::new(),
        })
    }

    pub(crate) fn run(mut self, steps: &[Step]) -> Result<Report, CheckError> {
        for (index, step) in steps.iter().enumerate() {
            self.step(step).map_err(|reason| {
                let (rows, wires) = named(step);
                let first = |list: &[u32]| list.first().copied().unwrap_or_default();
                CheckError::Step { step: index, row: first(&rows), wire: first(&wires), reason }
            })?;
        }
        self.finish(steps.len())
    }

    fn step(&mut self, step: &Step) -> Result<(), Reason> {
        let (rows, wires) = named(step);
        let (count, size) = (self.matrices.rows(), self.matrices.wires);
        if rows.iter().any(|row| *row as usize >= count) {
            return Err(Reason::NoRow { rows: count });
        }
        for &wire in &wires {
            match self.states.get(wire as usize) {
                None => return Err(Reason::NoWire { wires: size }),
                Some(State::Pending) => {}
                Some(_) => return Err(Reason::Again { wire }),
            }
        }
        match step {
            Step::Solve { row, wire } => self.solve(*row, *wire),
            Step::Digits { row, wires } => self.digits(*row, wires, &[]),
            Step::Joint { row, wires, products } => self.digits(*row, wires, products),
            Step::IsZero { rows, inverse, zero } => self.is_zero(*rows, *inverse, *zero),
            Step::Bounded { row, wire } => self.bounded(*row, *wire),
            Step::Divide { rows, wires } => self.divide(*rows, wires),
            Step::Assumed { wires } => {
                if let Some(&wire) = wires.iter().find(|wire| **wire <= self.matrices.publics) {
                    return Err(Reason::Public { wire });
                }
                self.assumed.extend(wires);
                self.determine(wires, State::Determined)
            }
        }
    }

    fn pending(&self, wire: u32) -> bool {
        matches!(self.states[wire as usize], State::Pending | State::Free)
    }

    /// All wires of the forms but these are determined.
    fn settled(&self, forms: &[Form], but: &[u32]) -> Result<(), Reason> {
        let wires = forms.iter().flat_map(Form::symbols);
        wires
            .filter(|wire| self.pending(*wire) && !but.contains(wire))
            .try_for_each(|wire| Err(Reason::Pending { wire }))
    }

    fn determine(&mut self, wires: &[u32], state: State) -> Result<(), Reason> {
        for &wire in wires {
            if self.states[wire as usize] != State::Pending {
                return Err(Reason::Again { wire });
            }
            self.states[wire as usize] = state;
        }
        Ok(())
    }

    /// `A B - C` is linear in the wire, all else is determined, and the slope is zero nowhere.
    fn solve(&mut self, row: u32, wire: u32) -> Result<(), Reason> {
        self.settled(&self.facts.row(row), &[wire])?;
        self.function(row, wire)?;
        self.total[row as usize] = true;
        self.bounded.remove(&(row, wire));
        self.determine(&[wire], State::Determined)
    }

    /// A fact: the row makes the wire a function of the others.
    fn function(&mut self, row: u32, wire: u32) -> Result<(), Reason> {
        let around = Around::new(&self.facts.row(row), wire);
        let [a, b, c] = around.slopes;
        if [a, b, c].iter().all(Zero::is_zero) {
            return Err(Reason::Absent { wire });
        }
        if !(a * b).is_zero() {
            return Err(Reason::NotLinear);
        }
        self.facts.solve(row, wire, &around).ok_or(Reason::Slope)
    }

    /// See [`determine`]. Each product's wire is replaced by what it is, in the equation too.
    fn digits(&mut self, row: u32, wires: &[u32], products: &[u32]) -> Result<(), Reason> {
        let mut equation = Equation::new(&self.facts.row(row), |wire| self.pending(wire))?;
        let mut monomials = Vec::new();
        for &product in products {
            let forms = self.facts.row(product);
            let other = |wire: &u32| !wires.contains(wire) && !equation.unknown.coefficient(*wire).is_zero();
            let [wire] = forms[2].symbols().filter(other).collect::<Vec<u32>>()[..] else { return Err(Reason::Form) };
            let weight = equation.unknown.coefficient(wire);
            monomials.extend(self.monomials(&forms, wire)?.map(|coefficient| weight * coefficient));
            equation.unknown = equation.unknown.filter(|other| other != wire);
            equation.known = None;
        }
        let range = |form: &Form| self.facts.range_without(form, |row| self.later.contains_key(&row));
        let total = determine(&self.facts, &equation, &monomials, wires, range, self.not_negative.get(&row))?;
        if let Entry::Occupied(mut count) = self.later.entry(row) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
        self.total[row as usize] |= total;
        self.determine(wires, State::Digit)
    }

    /// The undetermined part of the wire of a row `A B = C + c w`: coefficients of bits and of products of two bits.
    /// A bit is its own square.
    fn monomials(&self, forms: &[Form; 3], wire: u32) -> Result<impl Iterator<Item = Fr> + use<>, Reason> {
        let Around { forms: [a, b, c], slopes: [x, y, slope] } = Around::new(forms, wire);
        let inverse = slope.inverse().filter(|_| x.is_zero() && y.is_zero()).ok_or(Reason::NotLinear)?;
        if a.len() * b.len() > MONOMIALS_MAX {
            return Err(Reason::Form);
        }
        let c = c.filter(|wire| self.pending(wire));
        let mut bits = a.symbols().chain(b.symbols()).chain(c.symbols());
        if let Some(wire) =
            bits.find(|wire| !self.facts.range_of(*wire).is_some_and(|range| range.within(Range::BOOLEAN)))
        {
            return Err(Reason::NotBoolean { wire });
        }
        let mut sum: BTreeMap<[u32; 2], Fr> = BTreeMap::new();
        for (i, p) in a.terms() {
            for (j, q) in b.terms() {
                let key = if i == j { [0, *i] } else { [*i.min(j), *i.max(j)] };
                *sum.entry(key).or_default() += inverse * p * q;
            }
        }
        for (i, p) in c.terms() {
            *sum.entry([0, *i]).or_default() -= inverse * p;
        }
        sum.retain(|key, _| key.iter().any(|wire| self.pending(*wire)));
        Ok(sum.into_values())
    }

    /// `x v = k (1 - z)` and `x z = 0`. Where `x = 0` the first says `z = 1`; where not, the second says `z = 0` and
    /// the first what `v` is. That `v` is in no other row is seen at the end.
    fn is_zero(&mut self, rows: [u32; 2], inverse: u32, zero: u32) -> Result<(), Reason> {
        let [first, second] = rows.map(|row| self.facts.row(row));
        // The factor beside a factor that is a multiple of one wire.
        let beside = |[a, b, _]: &[Form; 3], wire: u32| match (a.terms(), b.terms()) {
            (_, [(only, _)]) if *only == wire => Some(a.clone()),
            ([(only, _)], _) if *only == wire => Some(b.clone()),
            _ => None,
        };
        let x = beside(&first, inverse).ok_or(Reason::Form)?;
        let again = beside(&second, zero).ok_or(Reason::Form)?;
        self.settled(&[x.clone(), again.clone()], &[])?;
        let [.., c] = &first;
        let k = c.coefficient(0);
        let complement = Form::constant(k).add_scaled(&Form::term(zero, k), -Fr::one());
        if k.is_zero() || *c != complement || second[2].len() != 0 || !multiples(&x, &again) || inverse == zero {
            return Err(Reason::Form);
        }
        if inverse <= self.matrices.publics {
            return Err(Reason::Public { wire: inverse });
        }
        self.facts.zero_test(&x, zero);
        rows.iter().for_each(|row| self.total[*row as usize] = true);
        self.free.push(inverse);
        self.determine(&[inverse], State::Free)?;
        self.determine(&[zero], State::Determined)
    }

    /// Nothing is determined: the row says what the wire is, given the rest, and the rest is bounded.
    fn bounded(&mut self, row: u32, wire: u32) -> Result<(), Reason> {
        let forms = self.facts.row(row);
        let range = match two_valued(&forms) {
            Some((form, size)) => {
                let inverse = form.coefficient(wire).inverse().ok_or(Reason::Absent { wire })?;
                let rest = form.filter(|other| other != wire).scale(-inverse);
                self.facts.range(&rest).zip(Range::zero_or(size * inverse)).and_then(|(rest, slack)| rest.add(slack))
            }
            None => {
                self.function(row, wire)?;
                self.facts.range_of(wire)
            }
        };
        self.facts.bound(wire, range.ok_or(Reason::Wraps)?);
        self.bounded.insert((row, wire));
        Ok(())
    }

    /// `q d = a - r` with `0 <= r < d`.
    ///
    /// # Correctness
    /// Two solutions differ by `(q - q') d = r' - r`. Both sides stay below `2^250`, so this holds over the integers.
    /// The right side is less than `d` in absolute value and a multiple of it, so both are zero; then their digits agree.
    fn divide(&mut self, [product, below]: [u32; 2], wires: &[u32]) -> Result<(), Reason> {
        let [a, b, c] = self.facts.row(product);
        let part = |form: &Form| form.filter(|wire| self.pending(wire));
        let (quotient, divisor) = if part(&a).len() > 0 { (&a, &b) } else { (&b, &a) };
        self.settled(std::slice::from_ref(divisor), &[])?;
        let (q, r) = (part(quotient), part(&c).scale(-Fr::one()));
        let mut named = wires.to_vec();
        named.sort_unstable();
        let mut all: Vec<u32> = q.symbols().chain(r.symbols()).collect();
        all.sort_unstable();
        // Also refuses a wire that is in both.
        if named != all || q.len() == 0 || r.len() == 0 {
            return Err(Reason::Form);
        }
        let digits = |form: &Form| Digits::new(&self.facts, form, &form.symbols().collect::<Vec<u32>>(), None);
        let (q_digits, r_digits) = (digits(&q)?, digits(&r)?);
        q_digits.unique()?;
        r_digits.unique()?;
        let range = |form: &Form| self.facts.range(form).ok_or(Reason::Wraps);
        let (q_range, r_range, d_range) = (range(&q)?, range(&r)?, range(divisor)?);
        let most = d_range.hi.max(-d_range.lo);
        let moved = q_range.width().checked_mul(most).filter(|moved| in_bounds(*moved)).ok_or(Reason::Wraps)?;
        if !in_bounds(moved + r_range.width()) {
            return Err(Reason::Wraps);
        }
        // d - r = k L + y with L in {0, s}: at least 1 if y and the slack are.
        let room = divisor.add_scaled(&r, -Fr::one());
        let equation = Equation::new(&self.facts.row(below), |_| true)?;
        let first = r.symbols().next().unwrap_or_default();
        let inverse = equation.unknown.coefficient(first).inverse().ok_or(Reason::Remainder)?;
        let k = room.coefficient(first) * inverse;
        let form = equation.unknown.add_scaled(&equation.known.unwrap_or_default(), Fr::one());
        let mut least = range(&room.add_scaled(&form, -k))?;
        if let Some(size) = equation.slack {
            least = least.add(Range::zero_or(size * k).ok_or(Reason::Wraps)?).ok_or(Reason::Wraps)?;
        }
        range(&room)?;
        if r_range.lo < I256::ZERO || least.lo < I256::ONE {
            return Err(Reason::Remainder);
        }
        // Each dividend has digits: a >= 0, d >= 1, q up to a / d, r up to d - 1.
        let complete = |digits: &Digits, form: &Form| digits.complete().filter(|_| form.terms()[0].1.is_one());
        let dividend = c.add_scaled(&r, Fr::one());
        let whole = |form: &Form| self.facts.range_without(form, |row| self.later.contains_key(&row));
        if let (Some(a), Some(q_range), Some(r_range)) =
            (whole(&dividend), complete(&q_digits, &q), complete(&r_digits, &r))
            && (quotient.len() == q.len() && a.lo >= I256::ZERO && d_range.lo >= I256::ONE)
            && (q_range.hi >= a.hi / d_range.lo && r_range.hi >= d_range.hi - I256::ONE)
        {
            self.total[product as usize] = true;
            self.not_negative.insert(below, room.add_scaled(&Form::constant(Fr::one()), -Fr::one()));
        }
        self.determine(wires, State::Digit)
    }

    fn finish(self, steps: usize) -> Result<Report, CheckError> {
        if let Some(wire) = self.states.iter().position(|state| *state == State::Pending) {
            return Err(CheckError::Undetermined { wire: wire as u32 });
        }
        self.free_is_unused()?;
        let mut total = self.total;
        for (row, wire) in self.facts.bool_rows() {
            total[*row as usize] |= matches!(self.states[*wire as usize], State::Given | State::Digit);
        }
        // A bound that its row does not see to is a claim of that row.
        for (row, wire) in &self.bounded {
            total[*row as usize] &= self.states[*wire as usize] == State::Digit;
        }
        let asserted = (0..).zip(&total).filter(|(_, total)| !**total).map(|(row, _)| row).collect();
        let Matrices { wires, .. } = self.matrices;
        Ok(Report { wires: *wires, rows: total.len(), steps, free: self.free, assumed: self.assumed, asserted })
    }

    fn free_is_unused(&self) -> Result<(), CheckError> {
        let mut rows = vec![0u32; self.states.len()];
        for row in 0..self.matrices.rows() {
            let forms = [&self.matrices.a, &self.matrices.b, &self.matrices.c].map(|matrix| matrix.row(row).0);
            let free = |wire: &&u32| self.states[**wire as usize] == State::Free;
            forms.into_iter().flatten().filter(free).for_each(|wire| rows[*wire as usize] += 1);
        }
        match self.free.iter().find(|wire| rows[**wire as usize] != 1) {
            Some(&wire) => Err(CheckError::FreeUsed { wire, rows: rows[wire as usize] }),
            None => Ok(()),
        }
    }
}

/// Rows and wires of a step.
fn named(step: &Step) -> (Vec<u32>, Vec<u32>) {
    match step {
        Step::Solve { row, wire } => (vec![*row], vec![*wire]),
        Step::Digits { row, wires } => (vec![*row], wires.clone()),
        Step::IsZero { rows, inverse, zero } => (rows.to_vec(), vec![*inverse, *zero]),
        Step::Bounded { row, wire } => (vec![*row], vec![*wire]),
        Step::Divide { rows, wires } => (rows.to_vec(), wires.clone()),
        Step::Assumed { wires } => (Vec::new(), wires.clone()),
        Step::Joint { row, wires, products } => ([&[*row], products.as_slice()].concat(), wires.clone()),
    }
}

/// Whether one form is the other times a number that is not zero.
fn multiples(x: &Form, y: &Form) -> bool {
    match (x.terms().first(), y.terms().first()) {
        (Some((_, a)), Some((_, b))) => x.scale(*b) == y.scale(*a),
        (None, None) => true,
        _ => false,
    }
}
