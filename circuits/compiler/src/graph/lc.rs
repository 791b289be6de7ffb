//! Integer combinations of nodes.

use super::{Graph, Node, NodeId};
use ethnum::I256;
use std::hash::{Hash, Hasher};

/// A combination, by number: equal combinations have equal numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Lc(pub(crate) u32);

/// `constant + sum coefficient * node`: terms sorted by node, one a node, none with coefficient 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LcData {
    pub(crate) constant: I256,
    pub(crate) terms: Box<[(NodeId, I256)]>,
}

impl Hash for LcData {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_integer(self.constant, state);
        for (node, c) in &self.terms {
            state.write_u32(*node);
            hash_integer(*c, state);
        }
    }
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
            sum += times(*factor, data.constant);
            all.extend(data.terms.iter().map(|(node, c)| (*node, times(*factor, *c))));
        }
        if parts.len() > 1 {
            all.sort_by_key(|(node, _)| *node);
            all.dedup_by(|(node, c), (last, total)| {
                let same = node == last;
                if same {
                    *total += *c;
                }
                same
            });
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
                let (x, y) = (saturating_times(a, *c), saturating_times(b, *c));
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
        let mut divisor = if with_constant { data.constant.abs() } else { I256::ZERO };
        for (_, c) in &data.terms {
            if divisor == I256::ONE {
                break;
            }
            divisor = greatest_divisor(divisor, c.abs());
        }
        divisor
    }

    /// `lc / by`, where every coefficient and the constant are multiples of it.
    pub(crate) fn divide_lc(&mut self, lc: Lc, by: I256) -> Lc {
        if by == I256::ONE {
            return lc;
        }
        let data = self.lc(lc);
        let terms = data.terms.iter().map(|(node, c)| (*node, quotient(*c, by))).collect();
        let data = LcData { constant: quotient(data.constant, by), terms };
        self.intern_lc(data)
    }
}

/// Bounds of a product, of a square where asked. Saturates.
pub(crate) fn product_bounds(a: (I256, I256), b: (I256, I256), square: bool) -> (I256, I256) {
    let corners = [(a.0, b.0), (a.0, b.1), (a.1, b.0), (a.1, b.1)].map(|(x, y)| saturating_times(x, y));
    let lo = corners.iter().copied().min().expect("four corners");
    let hi = corners.iter().copied().max().expect("four corners");
    (if square { lo.max(I256::ZERO) } else { lo }, hi)
}

fn greatest_divisor(mut a: I256, mut b: I256) -> I256 {
    while b != I256::ZERO {
        if let (Some(mut a), Some(mut b)) = (narrow(a), narrow(b)) {
            while b != 0 {
                (a, b) = (b, a % b);
            }
            return I256::from(a);
        }
        (a, b) = (b, a % b);
    }
    a
}

/// An integer of 64 bits, as most coefficients are: arithmetic on 256 takes many times as long.
fn narrow(value: I256) -> Option<i64> {
    let (high, low) = value.into_words();
    (high == low >> 127).then_some(low)?.try_into().ok()
}

/// `a b` of two integers of 64 bits.
fn narrow_product(a: I256, b: I256) -> Option<I256> {
    Some(I256::from(i128::from(narrow(a)?) * i128::from(narrow(b)?)))
}

fn times(a: I256, b: I256) -> I256 {
    narrow_product(a, b).unwrap_or_else(|| a * b)
}

fn saturating_times(a: I256, b: I256) -> I256 {
    narrow_product(a, b).unwrap_or_else(|| a.saturating_mul(b))
}

fn quotient(a: I256, b: I256) -> I256 {
    let narrow = narrow(a).zip(narrow(b)).and_then(|(a, b)| a.checked_div(b));
    narrow.map_or_else(|| a / b, I256::from)
}

fn hash_integer<H: Hasher>(value: I256, state: &mut H) {
    match narrow(value) {
        Some(value) => state.write_u64(value as u64),
        None => value.hash(state),
    }
}
