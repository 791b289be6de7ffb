//! What holds in every assignment that satisfies the rows: ranges of wires, forms of two values.

mod cube;

use crate::form::Form;
use crate::range::{Range, integer};
use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};
use ethnum::I256;
use std::collections::BTreeMap;
use zera_r1cs::Matrices;

/// Attempts at naming a part of a form, see [`Facts::reduce`].
const REDUCE_TRIES: usize = 16;
/// A range that is wider is no truth value in disguise.
const NARROW: i128 = 64;

/// Facts, each derived from rows and from facts before it; whether wires are determined plays no part.
pub(crate) struct Facts<'a> {
    matrices: &'a Matrices,
    ranges: Vec<Option<Range>>,
    /// Rows of the form `q(w) = 0` with `q(0) = q(1) = 0`.
    bool_rows: Vec<(u32, u32)>,
    /// `form / size` is symbol `wires + index`; but for those of a zero test, it is 0 or 1.
    twos: Vec<Two>,
    /// For a wire the first of the `twos` made of rows `L (L - s) = 0` that holds it, and those made when it was solved.
    splits: BTreeMap<u32, u32>,
    products: BTreeMap<u32, Vec<u32>>,
    /// For a wire the row that it is a function of the others by, and when that was shown.
    solved: Vec<Option<(u32, u32)>>,
    clock: u32,
}

struct Two {
    form: Form,
    size: Fr,
    range: Range,
    /// The row that says so, if any.
    row: Option<u32>,
}

/// A row with what multiplies one of its wires apart: `(A + a w) (B + b w) = C + c w`.
pub(crate) struct Around {
    pub(crate) forms: [Form; 3],
    pub(crate) slopes: [Fr; 3],
}

impl Around {
    pub(crate) fn new([a, b, c]: &[Form; 3], wire: u32) -> Around {
        let rest = |form: &Form| form.filter(|symbol| symbol != wire);
        Around { forms: [rest(a), rest(b), rest(c)], slopes: [a, b, c].map(|form| form.coefficient(wire)) }
    }

    /// `a B + b A - c`: by how much `A B - C` moves with the wire, where `a b = 0`.
    pub(crate) fn slope(&self) -> Form {
        let ([a, b, _], [x, y, z]) = (&self.forms, self.slopes);
        b.scale(x).add_scaled(a, y).add_scaled(&Form::constant(z), -Fr::one())
    }
}

impl<'a> Facts<'a> {
    /// The facts that single rows say on their own: one pass.
    pub(crate) fn new(matrices: &'a Matrices) -> Facts<'a> {
        let wires = matrices.wires as usize;
        let mut facts = Facts {
            matrices,
            ranges: vec![None; wires],
            bool_rows: Vec::new(),
            twos: Vec::new(),
            splits: BTreeMap::new(),
            products: BTreeMap::new(),
            solved: vec![None; wires],
            clock: 0,
        };
        for row in 0..matrices.rows() {
            let count = [&matrices.a, &matrices.b, &matrices.c].map(|matrix| matrix.row(row).0.len());
            if count[0].abs_diff(count[1]) > 1 || count[2] > 2 {
                continue;
            }
            let forms = facts.row(row as u32);
            if let Some(wire) = boolean_row(&forms) {
                facts.ranges[wire as usize] = Some(Range::BOOLEAN);
                facts.bool_rows.push((row as u32, wire));
            } else if let Some((form, size)) = two_valued(&forms) {
                if let [(wire, coefficient)] = form.terms()
                    && let Some(range) = Range::zero_or(size / coefficient)
                {
                    facts.bound(*wire, range);
                }
                let index = facts.twos.len() as u32;
                form.symbols().for_each(|wire| _ = facts.splits.entry(wire).or_insert(index));
                facts.twos.push(Two { form, size, range: Range::BOOLEAN, row: Some(row as u32) });
            }
        }
        facts
    }

    pub(crate) fn row(&self, row: u32) -> [Form; 3] {
        let matrices = self.matrices;
        [&matrices.a, &matrices.b, &matrices.c].map(|matrix| Form::row(matrix, row as usize))
    }

    /// Rows that say of a wire that it is 0 or 1.
    pub(crate) fn bool_rows(&self) -> &[(u32, u32)] {
        &self.bool_rows
    }

    /// What is known of a symbol.
    pub(crate) fn range_of(&self, symbol: u32) -> Option<Range> {
        match self.ranges.get(symbol as usize) {
            _ if symbol == 0 => Some(Range { lo: I256::ONE, hi: I256::ONE }),
            Some(range) => *range,
            None => self.twos.get(symbol as usize - self.ranges.len()).map(|two| two.range),
        }
    }

    fn is_boolean_symbol(&self, symbol: u32) -> bool {
        self.range_of(symbol).is_some_and(|range| range.within(Range::BOOLEAN))
    }

    /// Adds a fact about a wire.
    pub(crate) fn bound(&mut self, wire: u32, range: Range) {
        let known = &mut self.ranges[wire as usize];
        *known = Some(known.map_or(range, |known| known.meet(range)));
    }

    /// The integers that a form can be.
    pub(crate) fn range(&self, form: &Form) -> Option<Range> {
        self.range_without(form, |_| false)
    }

    /// The same where some rows are not believed to be two-valued.
    pub(crate) fn range_without(&self, form: &Form, doubted: impl Fn(u32) -> bool) -> Option<Range> {
        let sum = self.sum(form);
        let believed = |two: &Two| !two.row.is_some_and(&doubted);
        let reduced = self.reduce_by(form, true, &believed);
        match (sum, self.sum(&reduced)) {
            (Some(a), Some(b)) => Some(a.meet(b)),
            (a, b) => a.or(b).or_else(|| self.sum(&self.integral(form, believed))),
        }
    }

    /// A form with fewer coefficients that are no integers, where two-valued forms say how: half of an even number is
    /// the sum of its upper digits.
    fn integral(&self, form: &Form, believed: impl Fn(&Two) -> bool) -> Form {
        let fractions = |form: &Form| form.terms().iter().filter(|(_, c)| integer(*c).is_none()).count();
        let mut form = form.clone();
        if form.len() > REDUCE_TRIES {
            return form;
        }
        let better = |form: &Form, (wire, c): &(u32, Fr)| {
            let index = self.splits.get(wire).filter(|_| integer(*c).is_none())?;
            let Two { form: two, size, .. } = Some(&self.twos[*index as usize]).filter(|two| believed(two))?;
            let ratio = *c / two.coefficient(*wire);
            let symbol = Form::term(self.matrices.wires + index, ratio * size);
            Some(form.add_scaled(two, -ratio).add_scaled(&symbol, Fr::one()))
                .filter(|next| fractions(next) < fractions(form))
        };
        while let Some(next) = form.terms().iter().find_map(|term| better(&form, term)) {
            form = next;
        }
        form
    }

    fn sum(&self, form: &Form) -> Option<Range> {
        form.terms().iter().try_fold(Range { lo: I256::ZERO, hi: I256::ZERO }, |sum, (symbol, coefficient)| {
            sum.add(self.range_of(*symbol)?.scale(*coefficient)?)
        })
    }

    /// Whether a form can only be 0 or 1.
    fn is_boolean(&self, form: &Form) -> bool {
        let Some(range) = self.range(form) else { return false };
        range.within(Range::BOOLEAN)
            || (range.width() <= NARROW && self.always(&[form], |values| truth(&values[0])).is_some())
    }

    /// Names parts of a form: where it holds a multiple of a two-valued form, that becomes one symbol, as long as this
    /// makes the form shorter.
    ///
    /// The top bit of a split, `(x - sum_i 2^i b_i) / 2^(n-1)`, and with `products` the sum modulo 2 of two bits come
    /// back as bits.
    fn reduce(&self, form: &Form, products: bool) -> Form {
        self.reduce_by(form, products, &|_| true)
    }

    fn reduce_by(&self, form: &Form, products: bool, believed: &dyn Fn(&Two) -> bool) -> Form {
        let mut form = form.clone();
        let mut tries = 0;
        while let Some(next) = self.shorter(&form, products, believed, &mut tries) {
            form = next;
        }
        form
    }

    fn shorter(&self, form: &Form, products: bool, believed: &dyn Fn(&Two) -> bool, tries: &mut usize) -> Option<Form> {
        let none = Vec::new();
        for (wire, coefficient) in form.terms().iter().rev() {
            let of_product = if products { self.products.get(wire).unwrap_or(&none) } else { &none };
            for index in self.splits.get(wire).into_iter().chain(of_product) {
                let fact = &self.twos[*index as usize];
                let Two { form: two, size, .. } = fact;
                let fits = two.len() <= 2 * form.len() && *tries < REDUCE_TRIES;
                if !fits || !proportional(form, two, *wire) || !believed(fact) {
                    continue;
                }
                let ratio = *coefficient / two.coefficient(*wire);
                let symbol = Form::term(self.matrices.wires + index, ratio * size);
                let next = form.add_scaled(two, -ratio).add_scaled(&symbol, Fr::one());
                if next.len() < form.len() {
                    return Some(next);
                }
                *tries += 1;
            }
        }
        None
    }

    /// Records that a row makes a wire a function of the row's other wires, and what that says about its range.
    /// `None` where the slope may be zero.
    pub(crate) fn solve(&mut self, row: u32, wire: u32, around: &Around) -> Option<()> {
        let slope = around.slope();
        let range = match slope.as_constant() {
            Some(slope) => self.solved_range(around, -slope.inverse()?),
            None => {
                let [a, b, c] = &around.forms;
                let not_zero = |values: &[Fr]| !values[0].is_zero();
                let bit = |v: &[Fr]| not_zero(v) && (v[1] * v[2] == v[3] || v[0] == v[3] - v[1] * v[2]);
                let apart = || self.range(&slope).is_some_and(|range| !range.contains(I256::ZERO));
                if self.always(&[&slope, a, b, c], bit).is_some() {
                    Some(Range::BOOLEAN)
                } else if self.always(&[&slope], not_zero).is_some() || apart() {
                    None
                } else {
                    return None;
                }
            }
        };
        if let Some(range) = range {
            self.bound(wire, range);
        }
        self.clock += 1;
        self.solved[wire as usize] = Some((row, self.clock));
        self.name_products(wire, around);
        Some(())
    }

    /// The range of `w = k (A B - C)`.
    fn solved_range(&self, around: &Around, k: Fr) -> Option<Range> {
        let [a, b, c] = &around.forms;
        let rest = c.scale(-k);
        let (constant, factor) = if b.as_constant().is_some() { (b, a) } else { (a, b) };
        if let Some(constant) = constant.as_constant() {
            return self.range(&rest.add_scaled(factor, constant * k));
        }
        let otherwise = self.range(&rest);
        let mut range = None;
        for (bit, item) in [(b, a), (a, b)] {
            if range.is_none() && self.is_boolean(bit) {
                let chosen = self.range(&rest.add_scaled(item, k));
                range = chosen.zip(otherwise).map(|(chosen, otherwise)| chosen.hull(otherwise));
            }
        }
        let range = range.or_else(|| {
            let product = self.range(a)?.mul(self.range(b)?)?;
            product.scale(k)?.add(otherwise?)
        });
        if range.is_some_and(|range| range.within(Range::BOOLEAN)) {
            return range;
        }
        let bit = |v: &[Fr]| truth(&(k * (v[0] * v[1] - v[2])));
        if range.is_some_and(|range| range.width() <= NARROW) && self.always(&[a, b, c], bit).is_some() {
            return Some(Range::BOOLEAN);
        }
        self.hull(&around.forms, k).or(range)
    }

    /// With `p = x y` of two bits: `x + y - 2 p`, `x - p` and `y - p` are bits.
    fn name_products(&mut self, wire: u32, around: &Around) {
        let [a, b, c] = &around.forms;
        let short = |form: &Form| form.len() <= 4;
        if around.slopes != [Fr::zero(), Fr::zero(), Fr::one()] || c.len() != 0 || !short(a) || !short(b) || a == b {
            return;
        }
        if a.as_constant().or(b.as_constant()).is_some() || !self.is_boolean(a) || !self.is_boolean(b) {
            return;
        }
        let product = Form::term(wire, Fr::one());
        let forms = [
            a.add_scaled(b, Fr::one()).add_scaled(&product, -Fr::from(2)),
            a.add_scaled(&product, -Fr::one()),
            b.add_scaled(&product, -Fr::one()),
        ];
        forms.into_iter().for_each(|form| self.name(wire, form, Range::BOOLEAN));
    }

    fn name(&mut self, wire: u32, form: Form, range: Range) {
        let index = self.twos.len() as u32;
        self.twos.push(Two { form, size: Fr::one(), range, row: None });
        self.products.entry(wire).or_default().push(index);
    }

    /// `zero` is 1 where `x` is 0, else 0; with `x >= 0`, `x + zero >= 1`.
    pub(crate) fn zero_test(&mut self, x: &Form, zero: u32) {
        self.bound(zero, Range::BOOLEAN);
        if let Some(Range { lo, hi }) = self.range(x).filter(|range| range.lo >= I256::ZERO) {
            let range = Range { lo: lo.max(I256::ONE), hi: hi.max(I256::ONE) };
            self.name(zero, x.add_scaled(&Form::term(zero, Fr::one()), Fr::one()), range);
        }
    }
}

fn truth(value: &Fr) -> bool {
    value.is_zero() || value.is_one()
}

/// Whether at `wire` and at the term beside it `form` is one multiple of `two`.
fn proportional(form: &Form, two: &Form, wire: u32) -> bool {
    let Ok(at) = two.terms().binary_search_by_key(&wire, |(other, _)| *other) else { return false };
    let beside = if at > 0 { at - 1 } else { at + 1 };
    let Some((other, coefficient)) = two.terms().get(beside) else { return true };
    form.coefficient(wire) * coefficient == form.coefficient(*other) * two.terms()[at].1
}

/// The wire of a row that says that it is 0 or 1, whatever the scale.
fn boolean_row([a, b, c]: &[Form; 3]) -> Option<u32> {
    let wire = a.symbols().next()?;
    if [a, b, c].iter().any(|form| form.symbols().any(|other| other != wire)) {
        return None;
    }
    let quadratic = !(a.coefficient(wire) * b.coefficient(wire)).is_zero();
    let at = |value: Fr| {
        let [a, b, c] = [a, b, c].map(|form| form.coefficient(0) + value * form.coefficient(wire));
        a * b == c
    };
    (quadratic && at(Fr::zero()) && at(Fr::one())).then_some(wire)
}

/// `L` and `s` of a row `L (L - s) = 0`.
pub(crate) fn two_valued([a, b, c]: &[Form; 3]) -> Option<(Form, Fr)> {
    if c.len() != 0 || a.as_constant().is_some() {
        return None;
    }
    let size = a.add_scaled(b, -Fr::one()).as_constant()?;
    // The form without a constant is the one that is named elsewhere.
    let (form, size) = if a.len() <= b.len() { (a, size) } else { (b, -size) };
    (!size.is_zero() && integer(size).is_some()).then(|| (form.clone(), size))
}
