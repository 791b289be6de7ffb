//! Wires and rows for what the cover needs.

use crate::graph::{Bit, Element, Graph, Input, Lc, Node, NodeId, SpanId, emit_gadget};
use crate::lower::Live;
use crate::lower::pack::Packing;
use crate::map::Mapping;
use ark_bn254::Fr;
use std::collections::BTreeMap;
use zera_ir::{self as ir, Builder, DivisionBits, FinishError, Layout, OpenSplit, Value, Verdict, to_field};
use zera_library::gadgets::field;
use zera_r1cs::{Artefact, Manifest};

/// What a program computes.
pub struct Program<'a> {
    /// The expressions.
    pub graph: Graph,
    /// The answer, where there is one.
    pub truth: Bit,
    /// The program trapped where one of these is 1.
    pub traps: Vec<Bit>,
    /// A bound was exceeded, and nothing trapped before.
    pub exceeded: Bit,
    /// The text of a span, at most 220 bytes.
    pub place: &'a dyn Fn(SpanId) -> String,
}

/// Rows, and how many of them the program's own logic takes.
pub struct Lowered {
    /// The artefact, without the program.
    pub artefact: Artefact,
    /// Rows without input range checks and statement hashing.
    pub body_rows: usize,
}

/// Turns a program into rows.
///
/// # Errors
/// [`FinishError`] where a ceiling of the artefact is passed.
pub fn lower(mut program: Program<'_>, manifest: Manifest, program_hash: [u8; 32]) -> Result<Lowered, FinishError> {
    let trap = program.graph.any(&program.traps);
    let graph = &program.graph;
    let roots = [program.truth, trap, program.exceeded];
    let (live, mapping) = cover(graph, &roots);
    let layout = Layout {
        public_len: manifest.public_len as usize,
        private_len: manifest.private_len as usize,
        declared: manifest.declared.len(),
    };
    let packing = Packing::new(graph, &live, &mapping);
    let mut emitter = Emitter::new(graph, packing, Builder::new(layout), program.place);
    let before = emitter.builder.rows();
    emitter.builder.reserve(live.uses.iter().filter(|uses| **uses > 0).count());
    for (id, uses) in live.uses.iter().enumerate() {
        if *uses > 0 {
            emitter.node(id as NodeId, &mapping);
        }
    }
    emitter.enter(SpanId(0), "");
    let body_rows = emitter.builder.rows() - before;
    let [truth, trap, exceeded] = roots.map(|bit| emitter.bit(bit));
    let mut builder = emitter.builder;
    let declared = match manifest.commitment {
        true => vec![builder.span("statement: private commitment", Builder::private_commitment)],
        false => Vec::new(),
    };
    builder.orient();
    let artefact = builder.finish(&Verdict { truth, trap, exceeded }, &declared, manifest, program_hash)?;
    Ok(Lowered { artefact, body_rows })
}

/// Maps by area flow, then lets each node choose again in the cover.
fn cover(graph: &Graph, roots: &[Bit]) -> (Live, Mapping) {
    const PASSES: usize = 3;
    let all = Live::new(graph, roots);
    let mut mapping = Mapping::new(graph, &all.uses);
    let mut uses = Live::mapped(graph, roots, &mapping).uses;
    for _ in 0..PASSES {
        mapping.refine(&mut uses);
    }
    (Live::mapped(graph, roots, &mapping), mapping)
}

/// Of a split without digits yet.
const NOWHERE: u32 = u32::MAX;

pub(super) struct Emitter<'a> {
    pub(super) graph: &'a Graph,
    pub(super) packing: Packing,
    pub(super) builder: Builder,
    place: &'a dyn Fn(SpanId) -> String,
    /// Values of nodes: combinations of wires.
    values: Vec<Option<ir::Lc>>,
    /// Digits of splits.
    digits: Vec<Vec<ir::Bit>>,
    /// Where in `digits` a split's digits are.
    split_at: Vec<u32>,
    /// Bits and elements that calls gave.
    results: BTreeMap<NodeId, (Vec<ir::Lc>, Vec<ir::Lc>)>,
    /// Splits that wait for the later one of two, and what their sums are without the bits that wait too.
    pub(super) open: BTreeMap<NodeId, (OpenSplit, ir::Lc)>,
    /// Values of bits without a wire.
    pub(super) unwired: BTreeMap<NodeId, Value>,
    /// Inverses of weights.
    pub(super) inverses: BTreeMap<Fr, Fr>,
    span: Option<(SpanId, &'static str)>,
}

impl<'a> Emitter<'a> {
    fn new(graph: &'a Graph, packing: Packing, builder: Builder, place: &'a dyn Fn(SpanId) -> String) -> Self {
        let nodes = graph.nodes();
        Emitter {
            graph,
            packing,
            builder,
            place,
            values: vec![None; nodes],
            digits: Vec::new(),
            split_at: vec![NOWHERE; nodes],
            results: BTreeMap::new(),
            open: BTreeMap::new(),
            unwired: BTreeMap::new(),
            inverses: BTreeMap::new(),
            span: None,
        }
    }

    /// Rows from here on come from this place and are of this kind.
    pub(super) fn enter(&mut self, span: SpanId, kind: &'static str) {
        if self.span == Some((span, kind)) {
            return;
        }
        if self.span.is_some_and(|(_, kind)| !kind.is_empty()) {
            self.builder.pop_span();
        }
        self.span = Some((span, kind));
        if !kind.is_empty() {
            self.builder.push_span(&format!("{}|{kind}", (self.place)(span)));
        }
    }

    fn node(&mut self, id: NodeId, mapping: &Mapping) {
        let graph = self.graph;
        let span = graph.span_of(id);
        let value = match graph.node_at(id) {
            Node::One => Some(ir::Lc::constant(Fr::from(1))),
            Node::Input { input, index } => {
                let (byte, bit) = (*index as usize / 8, *index as usize % 8);
                let byte = match input {
                    Input::Public => self.builder.public_byte(byte),
                    Input::Private => self.builder.private_byte(byte),
                };
                Some(byte[bit].lc().clone())
            }
            Node::Split { lc, n } => {
                if self.split_at[id as usize] == NOWHERE {
                    let digits = self.split(id, *lc, *n, mapping);
                    self.keep_digits(id, digits);
                }
                None
            }
            Node::SplitBit { split, at } => {
                let digits = &self.digits[self.split_at[*split as usize] as usize];
                Some(digits[*at as usize].lc().clone())
            }
            Node::Zero { factors } => {
                self.enter(span, "zero test");
                let factors: Vec<ir::Lc> = factors.iter().map(|lc| self.lc(*lc)).collect();
                let product = factors.into_iter().reduce(|product, factor| self.builder.mul(&product, &factor));
                let zero = self.builder.is_zero(&product.expect("at least one factor"));
                Some(zero.lc().clone())
            }
            Node::Sum { lc } => Some(self.lc(*lc)),
            Node::And(..) | Node::Xor(..) | Node::Mux(..) if self.packing.is_packed(id) => Some(ir::Lc::zero()),
            Node::And(..) | Node::Xor(..) | Node::Mux(..) => {
                self.enter(span, "logic");
                let cut = mapping.cut(id).expect("live logic is mapped");
                let leaves = [0, 1, 2].map(|at| match cut.leaves().get(at) {
                    Some(leaf) => ir::Bit::assume_boolean(self.value(*leaf)),
                    None => ir::Bit::constant(false),
                });
                let bit = self.builder.lookup(leaves.each_ref(), cut.table);
                Some(bit.lc().clone())
            }
            Node::Bits { bits } => {
                // Packed bits are added where the sum is.
                let packed = |bit: &Bit| bit.as_constant().is_none() && self.packing.is_packed(bit.node());
                let part = |bit: &Bit| if packed(bit) { ir::Bit::constant(false) } else { self.bit(*bit) };
                let parts: Vec<ir::Bit> = bits.iter().map(part).collect();
                Some(ir::Int::from_bits(&parts).rep().clone())
            }
            Node::Product { a, b } => {
                self.enter(span, "product");
                let (a, b) = (self.lc(*a), self.lc(*b));
                Some(self.builder.mul(&a, &b))
            }
            Node::Call { gadget, bits, elements } => {
                self.enter(span, gadget.name());
                let bits: Vec<ir::Bit> = bits.iter().map(|bit| self.bit(*bit)).collect();
                let elements: Vec<ir::Lc> = elements.iter().map(|element| self.element(element)).collect();
                let results = emit_gadget(&mut self.builder, *gadget, &bits, &elements);
                let bits = results.bits.into_iter().map(|bit| bit.lc().clone());
                self.results.insert(id, (bits.collect(), results.elements));
                None
            }
            Node::ResultBit { call, at } => Some(self.results[call].0[*at as usize].clone()),
            Node::ResultElement { call, at } => Some(self.results[call].1[*at as usize].clone()),
            Node::Quotient { dividend, divisor } => {
                self.enter(span, "division");
                let mut widths = graph.companions_of(id).iter().map(|companion| match graph.node_at(*companion) {
                    Node::Split { n, .. } => *n,
                    other => unreachable!("a companion is a split, not {other:?}"),
                });
                let mut width = || widths.next().expect("quotient and remainder are bounded");
                let (quotient, remainder) = (width(), width());
                let bits = DivisionBits { quotient, remainder, slack: widths.next() };
                let (dividend, divisor) = (self.lc(*dividend), self.lc(*divisor));
                let (quotient, remainder) = self.builder.divide_into(&dividend, &divisor, bits);
                let room = divisor.sub(remainder.rep()).add_constant(-Fr::from(1));
                // The companions' rows are there.
                let parts = [Some((quotient.rep(), bits.quotient)), Some((remainder.rep(), bits.remainder))];
                let parts = parts.into_iter().chain([bits.slack.map(|n| (&room, n))]).flatten();
                for (companion, (lc, n)) in graph.companions_of(id).iter().zip(parts) {
                    let digits = self.builder.split_into(lc, n);
                    self.keep_digits(*companion, digits);
                }
                Some(quotient.rep().clone())
            }
        };
        self.values[id as usize] = value;
    }

    fn element(&self, element: &Element) -> ir::Lc {
        match element {
            Element::Result(node) => self.value(*node),
            Element::Bits(bits) => {
                let bits: Vec<ir::Bit> = bits.iter().map(|bit| self.bit(*bit)).collect();
                field::compose(&bits)
            }
        }
    }

    fn keep_digits(&mut self, split: NodeId, digits: Vec<ir::Bit>) {
        self.split_at[split as usize] = self.digits.len() as u32;
        self.digits.push(digits);
    }

    pub(super) fn value(&self, node: NodeId) -> ir::Lc {
        self.values[node as usize].clone().expect("nodes mention lower ones, which are emitted before")
    }

    fn bit(&self, bit: Bit) -> ir::Bit {
        if let Some(value) = bit.as_constant() {
            return ir::Bit::constant(value);
        }
        let value = ir::Bit::assume_boolean(self.value(bit.node()));
        if bit.is_negated() { value.not() } else { value }
    }

    pub(super) fn lc(&self, lc: Lc) -> ir::Lc {
        let data = self.graph.lc(lc);
        let values = data.terms.iter().map(|(node, c)| {
            let value = self.values[*node as usize].as_ref().expect("nodes mention lower ones");
            (to_field(*c), value)
        });
        let sum = ir::Lc::combine(values);
        if data.constant == ethnum::I256::ZERO { sum } else { sum.add_constant(to_field(data.constant)) }
    }
}
