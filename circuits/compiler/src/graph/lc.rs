//! Integer combinations of nodes.

use super::{Graph, Node, NodeId};
use ethnum::I256;

/// A combination, by number: equal combinations have equal numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Lc(pub(crate) u32);

/// `constant + sum coefficient * node`: terms sorted by node, one a node, none with coefficient 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LcData {
    pub(crate) constant: I256,
    pub(crate) terms: Box<[(NodeId, I256)]>,
}

impl Graph {
    pub(crate) fn lc(&self, lc: Lc) -> &LcData {
        self.lcs.get(lc.0)
    }

    /// Bounds of a combination, for every input.
    pub(crate) fn bounds(&self, lc: Lc) -> (I256, I256) {
        self.bounds[lc.0 as usize]
    }

    pub(crate) fn constant_lc(&mut self, value: I256) -> Lc {
        self.intern_lc(LcData { constant: value, terms: Box::new([]) })
    }

    pub(crate) fn node_lc(&mut self, node: NodeId) -> Lc {
        self.intern_lc(LcData { constant: I256::ZERO, terms: Box::new([(node, I256::ONE)]) })
    }

    pub(crate) fn term_lc(&mut self, node: NodeId, coefficient: I256, constant: I256) -> Lc {
        self.intern_lc(LcData { constant, terms: Box::new([(node, coefficient)]) })
    }

    /// `constant + sum factor * lc`.
    pub(crate) fn combine(&mut self, constant: I256, parts: &[(I256, Lc)]) -> Lc {
        let mut sum = constant;
        let mut all: Vec<(NodeId, I256)> = Vec::new();
        for (factor, lc) in parts {
            let data = self.lcs.get(lc.0);
            sum += *factor * data.constant;
            all.extend(data.terms.iter().map(|(node, c)| (*node, *factor * *c)));
        }
        if parts.len() > 1 {
            all.sort_by_key(|(node, _)| *node);
            let mut terms: Vec<(NodeId, I256)> = Vec::with_capacity(all.len());
            for (node, c) in all {
                match terms.last_mut() {
                    Some((last, total)) if *last == node => *total += c,
                    _ => terms.push((node, c)),
                }
            }
            all = terms;
        }
        all.retain(|(_, c)| *c != I256::ZERO);
        self.intern_lc(LcData { constant: sum, terms: all.into_boxed_slice() })
    }

    fn intern_lc(&mut self, data: LcData) -> Lc {
        let (id, new) = self.lcs.intern(data);
        if new {
            let data = self.lcs.get(id);
            self.terms += data.terms.len();
            let (mut lo, mut hi) = (data.constant, data.constant);
            for (node, c) in &data.terms {
                let (a, b) = self.node_bounds(*node);
                let (x, y) = (a.saturating_mul(*c), b.saturating_mul(*c));
                lo = lo.saturating_add(x.min(y));
                hi = hi.saturating_add(x.max(y));
            }
            self.bounds.push((lo, hi));
        }
        Lc(id)
    }

    /// Bounds of a node's value.
    pub(crate) fn node_bounds(&self, node: NodeId) -> (I256, I256) {
        match self.node_at(node) {
            Node::Bits { bits } => {
                let lo = bits.iter().enumerate().filter(|(_, bit)| bit.as_constant() == Some(true));
                let lo = lo.fold(I256::ZERO, |sum, (at, _)| sum + (I256::ONE << at as u32));
                let hi = bits.iter().enumerate().filter(|(_, bit)| bit.as_constant() != Some(false));
                (lo, hi.fold(I256::ZERO, |sum, (at, _)| sum + (I256::ONE << at as u32)))
            }
            Node::Product { a, b } => product_bounds(self.bounds(*a), self.bounds(*b), a == b),
            Node::Quotient { dividend, divisor } => {
                let (_, most) = self.bounds(*dividend);
                let (least, _) = self.bounds(*divisor);
                (I256::ZERO, most / least.max(I256::ONE))
            }
            Node::Split { .. } | Node::Call { .. } | Node::ResultElement { .. } => (I256::ZERO, I256::ZERO),
            _ => (I256::ZERO, I256::ONE),
        }
    }

    /// Tightens what is known of a combination for every input.
    pub(crate) fn known(&mut self, lc: Lc, lo: I256, hi: I256) {
        let bounds = &mut self.bounds[lc.0 as usize];
        *bounds = (bounds.0.max(lo), bounds.1.min(hi));
        debug_assert!(bounds.0 <= bounds.1, "bounds of {lc:?} are empty");
    }

    /// Greatest common divisor of the coefficients, of the constant too where asked; 0 for the combination 0.
    pub(crate) fn content(&self, lc: Lc, with_constant: bool) -> I256 {
        let data = self.lc(lc);
        let start = if with_constant { data.constant.abs() } else { I256::ZERO };
        data.terms.iter().fold(start, |gcd, (_, c)| greatest_divisor(gcd, c.abs()))
    }

    /// `lc / by`, where every coefficient and the constant are multiples of it.
    pub(crate) fn divide_lc(&mut self, lc: Lc, by: I256) -> Lc {
        let data = self.lc(lc);
        let terms = data.terms.iter().map(|(node, c)| (*node, *c / by)).collect();
        let data = LcData { constant: data.constant / by, terms };
        self.intern_lc(data)
    }
}

/// Bounds of a product, of a square where asked. Saturates.
pub(crate) fn product_bounds(a: (I256, I256), b: (I256, I256), square: bool) -> (I256, I256) {
    let corners = [(a.0, b.0), (a.0, b.1), (a.1, b.0), (a.1, b.1)].map(|(x, y)| x.saturating_mul(y));
    let lo = corners.iter().copied().min().expect("four corners");
    let hi = corners.iter().copied().max().expect("four corners");
    (if square { lo.max(I256::ZERO) } else { lo }, hi)
}

fn greatest_divisor(mut a: I256, mut b: I256) -> I256 {
    // Powers of two are the usual case.
    while b != I256::ZERO {
        (a, b) = (b, a % b);
    }
    a
}
