//! Wires, the operations that compute them, and the rows that pin them.

use crate::statement::Input;
use crate::{Bit, FinishError, Layout, Lc, Verdict, Wire, cell};
use ark_bn254::Fr;
use ark_ff::One;
use std::ops::Range;
use std::rc::Rc;
use std::sync::OnceLock;
use zera_r1cs::hash::Table;
use zera_r1cs::{
    Artefact, Booleans, Manifest, Matrices, MatrixError, Register, Span, Spans, SparseMatrix, Step, Tape, TapeBuilder,
    certificate,
};

/// The first wires of every statement.
const OUTCOME: Wire = 1;
const BINDING: Wire = 2;
const INPUT_ROOT: Wire = 3;
const DECLARED: Wire = 4;

/// Builds one predicate: see the crate's rules for how wires come into being.
///
/// Rows stand in the order in which they were added, wires in the order of the tape, and nothing depends on anything but
/// the calls made, so equal calls give equal artefacts. Products, splits and zero tests of the same combination are made
/// once.
pub struct Builder {
    layout: Layout,
    next: Wire,
    /// A, B and C.
    pub(crate) rows: [SparseMatrix; 3],
    /// Why the last rows could not be added.
    beyond: Option<MatrixError>,
    booleans: Vec<Wire>,
    steps: Vec<Step>,
    /// Steps in front of those from an index on.
    earlier: Vec<(usize, Vec<Step>)>,
    tape: TapeBuilder,
    /// Combinations by number, for the tables below.
    numbers: Table<Lc, Number>,
    /// Where the tape holds a combination.
    registers: Table<Number, Register>,
    /// The smaller number first.
    products: Table<(Number, Number), Lc>,
    zeros: Table<Number, Bit>,
    pub(crate) splits: Table<(Number, u32), Vec<Bit>>,
    pub(crate) public_bits: Vec<Bit>,
    pub(crate) private_bits: Vec<Bit>,
    span_stack: Vec<Rc<str>>,
    spans: Vec<(Range<u32>, Rc<str>)>,
    /// Rows in the making, kept from one to the next.
    scratch: [Vec<(Wire, Fr)>; 3],
}

/// A combination, by number: equal combinations have equal numbers.
pub(crate) type Number = u32;

impl Builder {
    /// The statement's wires with what holds them: eight boolean rows an input byte, the root of the public bytes
    /// (about 41 rows per 31 bytes), and one row for the binding.
    ///
    /// # Panics
    /// Where a length of the layout does not fit 32 bits.
    pub fn new(layout: Layout) -> Self {
        let len = |len: usize| u32::try_from(len).expect("input lengths fit 32 bits");
        let mut builder = Builder {
            layout,
            next: DECLARED + len(layout.declared),
            rows: Default::default(),
            beyond: None,
            booleans: Vec::new(),
            steps: Vec::new(),
            earlier: Vec::new(),
            tape: TapeBuilder::new(len(layout.public_len), len(layout.private_len)),
            numbers: Table::default(),
            registers: Table::default(),
            products: Table::default(),
            zeros: Table::default(),
            splits: Table::default(),
            public_bits: Vec::new(),
            private_bits: Vec::new(),
            span_stack: Vec::new(),
            spans: Vec::new(),
            scratch: Default::default(),
        };
        builder.span("statement", |builder| {
            builder.span("public bytes", |builder| {
                builder.public_bits =
                    (0..layout.public_len).flat_map(|i| builder.read_byte(Input::Public, i)).collect();
            });
            builder.span("private bytes", |builder| {
                let bits = (0..layout.private_len).flat_map(|i| builder.read_byte(Input::Private, i)).collect();
                builder.private_bits = bits;
            });
            builder.span("input root", |builder| {
                let root = builder.input_root();
                builder.define(INPUT_ROOT, &root);
            });
            // A public wire in no row would be malleable: its point in the key would be the identity.
            builder.span("binding", |builder| {
                builder.tape.binding(Register::Wire(BINDING));
                builder.mul(&Lc::wire(BINDING), &Lc::wire(BINDING));
            });
        });
        builder
    }

    /// Makes room for about as many more rows, so that they are not moved as they grow.
    pub fn reserve(&mut self, rows: usize) {
        // Room that is not used costs nothing, but is asked for; terms are few in the usual row.
        let rows = rows.min(1 << 18);
        self.rows.iter_mut().for_each(|matrix| matrix.reserve(rows, 4 * rows));
    }

    /// Rows so far.
    pub fn rows(&self) -> usize {
        self.rows[0].rows()
    }

    /// Wires so far, wire 0 included.
    pub fn wires(&self) -> usize {
        self.next as usize
    }

    /// Runs `f` with its rows under `text`, within the spans that are open.
    pub fn span<T>(&mut self, text: &str, f: impl FnOnce(&mut Builder) -> T) -> T {
        self.push_span(text);
        let result = f(self);
        self.pop_span();
        result
    }

    /// Opens a span: rows from here on belong to `text`, within the spans that are open.
    pub fn push_span(&mut self, text: &str) {
        match self.span_stack.last() {
            Some(outer) => self.span_stack.push(format!("{outer}: {text}").into()),
            None => self.span_stack.push(text.into()),
        }
    }

    /// Closes the span opened last.
    pub fn pop_span(&mut self) {
        self.span_stack.pop();
    }

    /// `a * b`: one row with a new wire (Mul), none where a factor is constant or the product is known.
    ///
    /// The shorter factor stands in B, whose wires cost most when proving.
    pub fn mul(&mut self, a: &Lc, b: &Lc) -> Lc {
        if let Some(factor) = a.as_constant() {
            return b.scale(factor);
        }
        if let Some(factor) = b.as_constant() {
            return a.scale(factor);
        }
        let key = self.product_key(a, b);
        if let Some(product) = self.products.get(&key) {
            return product.clone();
        }
        let wire = self.wire();
        let (left, right) = (self.register(a), self.register(b));
        self.tape.multiply(Register::Wire(wire), left, right);
        let product = Lc::wire(wire);
        self.pin(wire, a, b, &product);
        self.products.insert(key, product.clone());
        product
    }

    /// `bit ? a : b`: one row with a new wire (Mux), none where `bit` or `a - b` is constant.
    pub fn select(&mut self, bit: &Bit, a: &Lc, b: &Lc) -> Lc {
        let difference = a.sub(b);
        match (bit.as_constant(), difference.as_constant()) {
            (Some(true), _) => return a.clone(),
            (Some(false), _) => return b.clone(),
            (None, Some(step)) => return b.add_scaled(bit.lc(), step),
            (None, None) => {}
        }
        let key = self.product_key(&difference, bit.lc());
        if let Some(product) = self.products.get(&key) {
            return b.add(product);
        }
        let wire = self.wire();
        let [condition, then, otherwise] = [bit.lc(), a, b].map(|lc| self.register(lc));
        self.tape.select(Register::Wire(wire), condition, then, otherwise);
        let chosen = Lc::wire(wire);
        let product = chosen.sub(b);
        self.pin(wire, &difference, bit.lc(), &product);
        self.products.insert(key, product);
        chosen
    }

    /// Whether `x = 0`: two rows, two wires (IsZero), none where `x` is constant or was tested before.
    pub fn is_zero(&mut self, x: &Lc) -> Bit {
        if let Some(value) = x.as_constant() {
            return Bit::constant(value == Fr::from(0));
        }
        let key = self.number(x);
        if let Some(bit) = self.zeros.get(&key) {
            return bit.clone();
        }
        let (inverse, zero) = (self.wire(), self.wire());
        let from = self.register(x);
        self.tape.inverse_or_zero(Register::Wire(inverse), from);
        self.tape.is_zero(Register::Wire(zero), from);
        let bit = Bit::assume_boolean(Lc::wire(zero));
        self.assert_product(x, &Lc::wire(inverse), bit.not().lc());
        self.assert_product(x, bit.lc(), &Lc::zero());
        let row = self.last_row();
        self.certify(Step::IsZero { rows: [row - 1, row], inverse, zero });
        self.booleans.push(zero);
        self.zeros.insert(key, bit.clone());
        bit
    }

    /// `a & b`: one row, none where one is known.
    pub fn and(&mut self, a: &Bit, b: &Bit) -> Bit {
        if a == b {
            return a.clone();
        }
        let product = self.mul(a.lc(), b.lc());
        self.booleans.extend(product.as_wire());
        Bit::assume_boolean(product)
    }

    /// `a | b = a + b - a b`: one row, none where one is known.
    pub fn or(&mut self, a: &Bit, b: &Bit) -> Bit {
        self.and(&a.not(), &b.not()).not()
    }

    /// `a ^ b = a + b - 2 a b`: one row, none where one is known.
    pub fn xor(&mut self, a: &Bit, b: &Bit) -> Bit {
        let both = self.and(a, b);
        Bit::assume_boolean(a.lc().add(b.lc()).add_scaled(both.lc(), -Fr::from(2)))
    }

    /// Bit `a + 2 b + 4 c` of `table`: one row with a new wire (Lookup) for 192 of the 256 functions, two for the others,
    /// none where it does not depend on more than one input.
    pub fn lookup(&mut self, inputs: [&Bit; 3], table: u8) -> Bit {
        let mut table = table;
        for (at, input) in inputs.iter().enumerate() {
            if let Some(value) = input.as_constant() {
                table = cell::cofactor(table, at as u32, value);
            }
        }
        match (cell::support(table), table & 1 == 1) {
            (0, value) => return Bit::constant(value),
            (support @ (1 | 2 | 4), not) => {
                let input = inputs[support.trailing_zeros() as usize];
                return if not { input.not() } else { input.clone() };
            }
            _ => {}
        }
        let Some(cell) = cell::cell(table) else { return self.lookup_in_two(inputs, table) };
        let wire = self.wire();
        let registers = inputs.map(|bit| self.register(bit.lc()));
        self.tape.lookup(Register::Wire(wire), registers, table);
        let one = Lc::wire(0);
        let z = Lc::wire(wire);
        let parts = [&one, inputs[0].lc(), inputs[1].lc(), inputs[2].lc(), &z];
        let mut row = std::mem::take(&mut self.scratch);
        for (terms, coefficients) in row.iter_mut().zip([&cell.a, &cell.b, &cell.c]) {
            let used = coefficients.iter().zip(parts).filter(|(k, _)| **k != 0);
            Lc::combine_into(used.map(|(k, lc)| (small(*k), lc)), terms);
        }
        self.push_row(&row[0], &row[1], &row[2]);
        self.scratch = row;
        self.certify(Step::Solve { row: self.last_row(), wire });
        self.booleans.push(wire);
        Bit::assume_boolean(z)
    }

    /// A function without a cell: `f = x ? f1 : f0`, where one cofactor is constant and the other has two inputs.
    fn lookup_in_two(&mut self, inputs: [&Bit; 3], table: u8) -> Bit {
        for at in 0..3 {
            let [low, high] = [false, true].map(|value| cell::cofactor(table, at, value));
            let (other, fixed) = if cell::support(low) == 0 { (high, low) } else { (low, high) };
            if cell::support(fixed) != 0 {
                continue;
            }
            let inner = self.lookup(inputs, other);
            let input = inputs[at as usize];
            // Where the input selects the constant cofactor, the value is that constant.
            let selects = if fixed == low { input.not() } else { input.clone() };
            return if fixed & 1 == 1 { self.or(&selects, &inner) } else { self.and(&selects.not(), &inner) };
        }
        unreachable!("each of the 64 functions without a cell has a constant cofactor")
    }

    /// Asserts `a b = c`: one row, no wire. The longer factor stands in A.
    pub fn assert_product(&mut self, a: &Lc, b: &Lc, c: &Lc) {
        self.push_row(a.terms(), b.terms(), c.terms());
    }

    fn push_row(&mut self, a: &[(Wire, Fr)], b: &[(Wire, Fr)], c: &[(Wire, Fr)]) {
        let (a, b) = if a.len() < b.len() { (b, a) } else { (a, b) };
        for (matrix, terms) in self.rows.iter_mut().zip([a, b, c]) {
            if let Err(error) = matrix.push_row(terms.iter().copied()) {
                self.beyond.get_or_insert(error);
            }
        }
        let Some(text) = self.span_stack.last() else { return };
        let row = self.last_row();
        match self.spans.last_mut() {
            Some((rows, known)) if rows.end == row && (Rc::ptr_eq(known, text) || known == text) => rows.end += 1,
            _ => self.spans.push((row..row + 1, Rc::clone(text))),
        }
    }

    /// Asserts `a b = c`, by which `wire` is determined wherever the rest of the row is (Solve).
    fn pin(&mut self, wire: Wire, a: &Lc, b: &Lc, c: &Lc) {
        self.assert_product(a, b, c);
        let row = self.last_row();
        self.certify(Step::Solve { row, wire });
    }

    /// Records a step of the certificate, for callers with rows of their own ([`Builder::assert_product`], numbered from
    /// 0). What it names must be there; whether it is right is seen by `zera-check`.
    pub fn certify(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// The steps recorded so far, without those of [`Builder::certify_before`].
    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Records steps in front of those from index `at` on: for wires that later rows determine, and steps before those
    /// rows need.
    pub(crate) fn certify_before(&mut self, at: usize, steps: impl IntoIterator<Item = Step>) {
        self.earlier.push((at, steps.into_iter().collect()));
    }

    /// Index of the row added last.
    pub(crate) fn last_row(&self) -> u32 {
        self.rows() as u32 - 1
    }

    /// Asserts `a = b`: one row `(a - b) 1 = 0`, none where they are the same combination.
    pub fn assert_equal(&mut self, a: &Lc, b: &Lc) {
        if a != b {
            self.assert_product(&a.sub(b), &Lc::constant(Fr::one()), &Lc::zero());
        }
    }

    /// Asserts that a combination is 0 or `size`: `l (l - size) = 0`.
    pub(crate) fn assert_zero_or(&mut self, lc: &Lc, size: Fr) {
        self.booleans.extend(lc.as_wire().filter(|_| size.is_one()));
        if lc.as_wire().is_some_and(|wire| wire > 0) {
            // The usual case, without a combination of its own.
            let minus = [(0, -size), lc.terms()[0]];
            return self.push_row(&minus, lc.terms(), &[]);
        }
        self.assert_product(lc, &lc.add_constant(-size), &Lc::zero());
    }

    /// The number of a combination.
    pub(crate) fn number(&mut self, lc: &Lc) -> Number {
        if let Some(number) = self.numbers.get(lc) {
            return *number;
        }
        let number = Number::try_from(self.numbers.len()).expect("fewer than 2^32 combinations");
        self.numbers.insert(lc.clone(), number);
        number
    }

    /// Equal for equal products, whichever factor comes first.
    fn product_key(&mut self, a: &Lc, b: &Lc) -> (Number, Number) {
        let (a, b) = (self.number(a), self.number(b));
        (a.min(b), a.max(b))
    }

    /// A new wire; the caller adds the operation and the rows.
    pub(crate) fn wire(&mut self) -> Wire {
        self.next = self.next.checked_add(1).expect("fewer than 2^32 wires");
        self.next - 1
    }

    /// Where the tape holds the value of a combination.
    pub(crate) fn register(&mut self, lc: &Lc) -> Register {
        if let Some(wire) = lc.as_wire() {
            return Register::Wire(wire);
        }
        let key = self.number(lc);
        if let Some(register) = self.registers.get(&key) {
            return *register;
        }
        let register = self.tape.temporary();
        self.linear(register, lc);
        self.registers.insert(key, register);
        register
    }

    /// The tape itself, for operations on temporaries.
    pub(crate) fn tape(&mut self) -> &mut TapeBuilder {
        &mut self.tape
    }

    /// Wires for all bits of `from` but the highest of `n`, computed by the tape; no rows.
    pub(crate) fn allocate_split(&mut self, from: &Lc, n: u32) -> Vec<Wire> {
        let from = self.register(from);
        let wires: Vec<Wire> = (1..n).map(|_| self.wire()).collect();
        let mut registers: Vec<Register> = wires.iter().copied().map(Register::Wire).collect();
        registers.push(self.tape.temporary());
        self.tape.bits(&registers, from);
        wires
    }

    /// Wires for the bits of an input byte, computed by the tape; no rows.
    pub(crate) fn allocate_byte(&mut self, input: Input, index: usize) -> Vec<Wire> {
        let byte = self.tape.temporary();
        // `new` checked that the lengths fit.
        match input {
            Input::Public => self.tape.public_byte(byte, index as u32),
            Input::Private => self.tape.private_byte(byte, index as u32),
        }
        let wires: Vec<Wire> = (0..8).map(|_| self.wire()).collect();
        let registers: Vec<Register> = wires.iter().copied().map(Register::Wire).collect();
        self.tape.bits(&registers, byte);
        wires
    }

    /// Computes a public wire and pins it to a combination: `lc 1 = wire` (Equal).
    fn define(&mut self, wire: Wire, lc: &Lc) {
        self.linear(Register::Wire(wire), lc);
        self.pin(wire, lc, &Lc::constant(Fr::one()), &Lc::wire(wire));
    }

    fn linear(&mut self, to: Register, lc: &Lc) {
        let mut constant = Fr::from(0);
        let mut terms = Vec::with_capacity(lc.terms().len());
        for (wire, coefficient) in lc.terms() {
            match wire {
                0 => constant = *coefficient,
                _ => terms.push((Register::Wire(*wire), *coefficient)),
            }
        }
        self.tape.linear(to, constant, terms);
    }

    /// Pins outcome and declared values, and puts the parts together.
    ///
    /// # Errors
    /// [`FinishError`].
    pub fn finish(
        mut self,
        verdict: &Verdict,
        declared: &[Lc],
        manifest: Manifest,
        program_hash: [u8; 32],
    ) -> Result<Artefact, FinishError> {
        if declared.len() != self.layout.declared {
            return Err(FinishError::Declared { expected: self.layout.declared, got: declared.len() });
        }
        self.span("statement", |builder| {
            builder.span("outcome", |builder| {
                let outcome = builder.outcome(verdict);
                builder.define(OUTCOME, &outcome);
            });
            builder.span("declared values", |builder| {
                for (wire, value) in (DECLARED..).zip(declared) {
                    builder.define(wire, value);
                }
            });
        });
        let publics = INPUT_ROOT + declared.len() as u32;
        if let Some(error) = self.beyond {
            return Err(error.into());
        }
        let [a, b, c] = self.rows;
        let matrices = Matrices::new(publics, self.next, a, b, c)?;
        let tape: Tape = self.tape.finish(self.next)?;
        let mut booleans = Booleans::new(self.next);
        self.booleans.iter().for_each(|wire| booleans.set(*wire));
        let spans = self.spans.iter().map(|(rows, text)| Span { rows: rows.clone(), text: text.to_string() });
        let spans = Spans::new(spans.collect())?;
        let steps = certificate::encode(&ordered(self.steps, self.earlier));
        Ok(Artefact::new(manifest, program_hash, matrices, tape, steps, spans, booleans)?)
    }
}

/// All steps in their order.
fn ordered(steps: Vec<Step>, mut earlier: Vec<(usize, Vec<Step>)>) -> Vec<Step> {
    earlier.sort_by_key(|(at, _)| *at);
    let mut earlier = earlier.into_iter().peekable();
    let mut all = Vec::with_capacity(steps.len());
    for (at, step) in steps.into_iter().enumerate() {
        while let Some((_, before)) = earlier.next_if(|(before, _)| *before <= at) {
            all.extend(before);
        }
        all.push(step);
    }
    all.extend(earlier.flat_map(|(_, before)| before));
    all
}

/// An integer as a scalar. Those of cells are below 64 in absolute value.
fn small(value: i32) -> Fr {
    const MOST: i32 = 64;
    static SMALL: OnceLock<Vec<Fr>> = OnceLock::new();
    let table = SMALL.get_or_init(|| (-MOST..=MOST).map(Fr::from).collect());
    table.get((value + MOST) as usize).copied().unwrap_or_else(|| Fr::from(value))
}
