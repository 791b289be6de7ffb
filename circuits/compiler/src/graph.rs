//! What a program computes, as one graph of expressions: decided before any row is.
//!
//! Two kinds of values, both without rows of their own:
//! - a [`Bit`] is a boolean expression, an edge into the graph that may negate;
//! - a [`Word`] is a machine word: an integer combination of nodes, known to lie within an interval, of which the word is
//!   the residue modulo `2^width`. Sums, differences and multiples make no node; reduction is made only where bits are
//!   asked for.
//!
//! Nodes are hash-consed and ordered: a node mentions lower ones only. What a circuit costs is decided afterwards, on the
//! whole graph, by [`crate::lower`].
//!
//! # Correctness
//! A word's integer lies within its interval for every input, on every path (what holds on one path only lives in
//! [`Facts`] and enters words only masked by them). All bounds stay below `2^250`, so that an integer
//! and its image in the field name each other.

mod arith;
mod bits;
mod compare;
mod divide;
mod eval;
mod facts;
mod gadget;
mod int;
pub(crate) mod intern;
mod lc;
mod merge;
mod shift;
mod table;
mod word;

pub use bits::Bit;
pub use eval::Evaluation;
pub use facts::Facts;
pub(crate) use gadget::emit as emit_gadget;
pub use gadget::{Element, Gadget};
pub(crate) use int::Int;
pub(crate) use lc::{Lc, LcData};
pub use word::Word;

use intern::{Interner, Table};
use std::collections::BTreeMap;
use word::WordData;

/// Which input a byte belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Input {
    /// The bytes that the statement's root fixes.
    Public,
    /// The bytes that only the prover knows.
    Private,
}

/// A place in the source, by number; 0 is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId(pub u32);

/// Index of a node.
pub(crate) type NodeId = u32;

/// One node. Bits are 0 or 1; the others are integers, or parts of others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    /// The bit 1; node 0.
    One,
    /// Bit `index` of an input, least first within each byte.
    Input { input: Input, index: u32 },
    /// No value: the `n` binary digits of an integer in `0..2^n`.
    Split { lc: Lc, n: u32 },
    /// Digit `at` of a split.
    SplitBit { split: NodeId, at: u32 },
    /// The bit that says whether one of the combinations is 0.
    Zero { factors: Box<[Lc]> },
    /// A combination that is 0 or 1 for every input.
    Sum { lc: Lc },
    /// `a & b`, the smaller edge first.
    And(Bit, Bit),
    /// `a ^ b`, without negations, the smaller edge first.
    Xor(Bit, Bit),
    /// `c ? a : b`, `c` and `b` without negation.
    Mux(Bit, Bit, Bit),
    /// The integer `sum 2^i bits_i`.
    Bits { bits: Box<[Bit]> },
    /// The integer `a b`.
    Product { a: Lc, b: Lc },
    /// The integer `dividend / divisor`, rounded down; the divisor is at least 1. Its companions bound it.
    Quotient { dividend: Lc, divisor: Lc },
    /// No value: a hand-made circuit and its operands.
    Call { gadget: Gadget, bits: Box<[Bit]>, elements: Box<[Element]> },
    /// A bit that a call gives.
    ResultBit { call: NodeId, at: u32 },
    /// A field element that a call gives; no integer, and an operand of calls only.
    ResultElement { call: NodeId, at: u32 },
}

/// The graph.
pub struct Graph {
    nodes: Interner<Node>,
    spans: Vec<SpanId>,
    span: SpanId,
    lcs: Interner<LcData>,
    /// Terms of all combinations.
    terms: usize,
    /// Bounds of each combination.
    bounds: Vec<(ethnum::I256, ethnum::I256)>,
    words: Interner<WordData>,
    /// Bits of `combination mod 2^width`, where they were asked for.
    bits: Table<(Lc, u32), Box<[Bit]>>,
    /// The sum with this term that was split last for this width.
    latest_split: Table<(NodeId, u32), Int>,
    /// The bit `node` says `difference >= 0`.
    comparisons: Table<NodeId, Int>,
    /// `combination = c ? a : b`.
    selections: Table<(Lc, u32), (Bit, Word, Word)>,
    /// By the entries of a table that was read: how many of the index's bits choose within a row of it.
    cheapest: Table<Vec<ethnum::I256>, u32>,
    /// Splits that must stand where a node stands.
    companions: BTreeMap<NodeId, Vec<NodeId>>,
}

impl Graph {
    /// A graph of the bit 1.
    #[expect(clippy::new_without_default, reason = "no settings are better than others, there are none")]
    pub fn new() -> Self {
        let mut graph = Graph {
            nodes: Interner::new(),
            spans: Vec::new(),
            span: SpanId(0),
            lcs: Interner::new(),
            terms: 0,
            bounds: Vec::new(),
            words: Interner::new(),
            bits: Table::new(),
            latest_split: Table::new(),
            comparisons: Table::new(),
            selections: Table::new(),
            cheapest: Table::new(),
            companions: BTreeMap::new(),
        };
        graph.node(Node::One);
        graph
    }

    /// Nodes made from here on belong to this place.
    pub fn set_span(&mut self, span: SpanId) {
        self.span = span;
    }

    /// The place that new nodes belong to.
    pub fn span(&self) -> SpanId {
        self.span
    }

    /// Nodes so far: a measure of memory, not of rows.
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Nodes and terms of combinations so far: what time and memory are in proportion to.
    pub fn size(&self) -> usize {
        self.nodes.len() + self.terms
    }

    /// Distinct combinations so far.
    pub(crate) fn combinations(&self) -> usize {
        self.lcs.len()
    }

    pub(crate) fn node(&mut self, node: Node) -> NodeId {
        let (id, new) = self.nodes.intern(node);
        if new {
            self.spans.push(self.span);
        }
        id
    }

    pub(crate) fn node_at(&self, id: NodeId) -> &Node {
        self.nodes.get(id)
    }

    pub(crate) fn all_nodes(&self) -> &[Node] {
        self.nodes.items()
    }

    pub(crate) fn span_of(&self, id: NodeId) -> SpanId {
        self.spans[id as usize]
    }

    /// Splits that stand for the sake of another node.
    pub(crate) fn companions(&self) -> impl Iterator<Item = NodeId> {
        self.companions.values().flatten().copied()
    }

    pub(crate) fn companions_of(&self, id: NodeId) -> &[NodeId] {
        self.companions.get(&id).map_or(&[], Vec::as_slice)
    }

    /// A bit of the input.
    pub(crate) fn input_bit(&mut self, input: Input, index: u32) -> Bit {
        let node = self.node(Node::Input { input, index });
        Bit::of(node)
    }

    /// Byte `index` of an input as a 32-bit word.
    pub fn input_byte(&mut self, input: Input, index: u32) -> Word {
        let bits: Vec<Bit> = (0..8).map(|at| self.input_bit(input, 8 * index + at)).collect();
        self.from_bits(32, &bits)
    }
}
