//! What the graph says for one input: the slow model that tests compare rows and programs with.

use super::gadget::{self, Results};
use super::{Bit, Element, Graph, Input, Lc, Node, NodeId, Word, word::WordData, word::residue};
use ark_bn254::Fr;
use ethnum::I256;
use std::collections::BTreeMap;

/// Values of all nodes for one input.
pub struct Evaluation<'a> {
    graph: &'a Graph,
    values: Vec<I256>,
    /// What calls gave, in their order.
    results: BTreeMap<NodeId, Results<bool, Fr>>,
}

impl Graph {
    /// Evaluates every node; missing input bytes are 0.
    pub fn eval(&self, public: &[u8], private: &[u8]) -> Evaluation<'_> {
        let mut evaluation =
            Evaluation { graph: self, values: Vec::with_capacity(self.nodes()), results: BTreeMap::new() };
        for node in self.all_nodes() {
            let value = evaluation.node(node, public, private);
            evaluation.values.push(value);
        }
        evaluation
    }
}

impl Evaluation<'_> {
    /// Value of a bit.
    pub fn bit(&self, bit: Bit) -> bool {
        (self.values[bit.node() as usize] == I256::ONE) != bit.is_negated()
    }

    /// Value of a word, in `0..2^width`.
    pub fn word(&self, word: Word) -> u64 {
        let WordData { width, int } = self.graph.data(word);
        residue(self.lc(int.lc), width).as_u64()
    }

    pub(crate) fn lc(&self, lc: Lc) -> I256 {
        let data = self.graph.lc(lc);
        data.terms.iter().fold(data.constant, |sum, (node, c)| sum + *c * self.values[*node as usize])
    }

    /// The first bound that a value breaks, as text: bounds must hold for every input.
    pub fn broken_bound(&self) -> Option<String> {
        (0..self.graph.lcs.len() as u32).map(Lc).find_map(|lc| {
            // Combinations of nodes that came later are none.
            let (lo, hi) = self.graph.bounds(lc);
            let value = self.lc(lc);
            (value < lo || value > hi)
                .then(|| format!("{lc:?} = {:?}: {value} is not within {lo}..={hi}", self.graph.lc(lc)))
        })
    }

    fn element(&self, element: &Element) -> Fr {
        match element {
            Element::Result(node) => gadget::from_integer(self.values[*node as usize]),
            Element::Bits(bits) => {
                let bits: Vec<bool> = bits.iter().map(|bit| self.bit(*bit)).collect();
                gadget::from_bits(&bits)
            }
        }
    }

    fn node(&mut self, node: &Node, public: &[u8], private: &[u8]) -> I256 {
        let bit = |value: bool| if value { I256::ONE } else { I256::ZERO };
        match node {
            Node::One => I256::ONE,
            Node::Input { input, index } => {
                let bytes = match input {
                    Input::Public => public,
                    Input::Private => private,
                };
                let byte = bytes.get(*index as usize / 8).copied().unwrap_or(0);
                bit(byte >> (index % 8) & 1 == 1)
            }
            Node::Split { lc, .. } => self.lc(*lc),
            Node::SplitBit { split, at } => self.values[*split as usize] >> *at & I256::ONE,
            Node::Zero { factors } => bit(factors.iter().any(|lc| self.lc(*lc) == I256::ZERO)),
            Node::Sum { lc } => self.lc(*lc),
            Node::And(a, b) => bit(self.bit(*a) && self.bit(*b)),
            Node::Xor(a, b) => bit(self.bit(*a) != self.bit(*b)),
            Node::Mux(c, a, b) => bit(if self.bit(*c) { self.bit(*a) } else { self.bit(*b) }),
            Node::Bits { bits } => bits
                .iter()
                .enumerate()
                .filter(|(_, bit)| self.bit(**bit))
                .fold(I256::ZERO, |sum, (at, _)| sum + (I256::ONE << at as u32)),
            Node::Product { a, b } => self.lc(*a) * self.lc(*b),
            Node::Quotient { dividend, divisor } => self.lc(*dividend) / self.lc(*divisor),
            Node::Call { gadget, bits, elements } => {
                let bits: Vec<bool> = bits.iter().map(|bit| self.bit(*bit)).collect();
                let elements: Vec<Fr> = elements.iter().map(|element| self.element(element)).collect();
                let results = gadget::evaluate(*gadget, &bits, &elements);
                self.results.insert(self.values.len() as NodeId, results);
                I256::ZERO
            }
            Node::ResultBit { call, at } => bit(self.results[call].bits[*at as usize]),
            Node::ResultElement { call, at } => gadget::to_integer(&self.results[call].elements[*at as usize]),
        }
    }
}
