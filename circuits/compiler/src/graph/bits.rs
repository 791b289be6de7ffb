//! Boolean expressions.

use super::{Graph, Lc, Node, NodeId};

/// A boolean expression: a node of the graph, or its negation.
///
/// Equal expressions that simplification recognises are equal values.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Bit(u32);

impl Bit {
    /// Always 1.
    pub const TRUE: Bit = Bit(0);
    /// Always 0.
    pub const FALSE: Bit = Bit(1);

    /// A known bit.
    pub fn constant(value: bool) -> Bit {
        Bit(u32::from(!value))
    }

    /// The negation, free.
    #[expect(clippy::should_implement_trait, reason = "an operator would hide that no node is made")]
    pub fn not(self) -> Bit {
        Bit(self.0 ^ 1)
    }

    /// The value, where it is known.
    pub fn as_constant(self) -> Option<bool> {
        (self.0 < 2).then_some(self.0 == 0)
    }

    pub(crate) fn of(node: NodeId) -> Bit {
        Bit(node << 1)
    }

    pub(crate) fn node(self) -> NodeId {
        self.0 >> 1
    }

    pub(crate) fn is_negated(self) -> bool {
        self.0 & 1 == 1
    }

    fn negated_if(self, negate: bool) -> Bit {
        Bit(self.0 ^ u32::from(negate))
    }
}

impl Graph {
    /// `a & b`.
    pub fn bit_and(&mut self, a: Bit, b: Bit) -> Bit {
        let (a, b) = if a <= b { (a, b) } else { (b, a) };
        match (a, b) {
            (Bit::TRUE, _) => return b,
            (Bit::FALSE, _) => return Bit::FALSE,
            _ if a == b => return a,
            _ if a == b.not() => return Bit::FALSE,
            _ => {}
        }
        // (x & y) & x, and the like: what one side implies of the other.
        if let Some(known) = self.implied(a, b).or_else(|| self.implied(b, a)) {
            return known;
        }
        if let Some(both) = self.both_zero(a, b).or_else(|| self.both_zero(b, a)) {
            return both;
        }
        Bit::of(self.node(Node::And(a, b)))
    }

    /// `x = 0` and `y = 0` are one test, `x + 2^k y = 0`, where `|x| < 2^k` and the sum stays below the limit: two rows for
    /// as many words as fit, in place of two for each. `a` may be a conjunction that ends in such a test.
    fn both_zero(&mut self, a: Bit, b: Bit) -> Option<Bit> {
        use ethnum::I256;
        let test = |graph: &Graph, bit: Bit| match graph.node_at(bit.node()) {
            Node::Zero { factors } if factors.len() == 1 && !bit.is_negated() => Some(factors[0]),
            _ => None,
        };
        let y = test(self, b)?;
        if let Node::And(p, q) = *self.node_at(a.node())
            && !a.is_negated()
        {
            let merged = self.both_zero(q, b).filter(|_| test(self, q).is_some());
            return merged.map(|merged| self.bit_and(p, merged));
        }
        let x = test(self, a)?;
        let (x_lo, x_hi) = self.bounds(x);
        let (y_lo, y_hi) = self.bounds(y);
        let weight = I256::ONE << super::int::bit_length(x_hi.max(-x_lo));
        let limit = I256::ONE << super::int::LIMIT_BITS;
        let most = y_hi.max(-y_lo).checked_mul(weight)?.checked_add(weight)?;
        if most >= limit {
            return None;
        }
        let sum = self.combine(I256::ZERO, &[(I256::ONE, x), (weight, y)]);
        Some(self.is_zero(&[sum]))
    }

    /// `a & b` where `b` is a conjunction that `a` is part of, or refutes.
    fn implied(&self, a: Bit, b: Bit) -> Option<Bit> {
        let Node::And(x, y) = *self.node_at(b.node()) else { return None };
        match b.is_negated() {
            false if a == x || a == y => Some(b),
            false if a == x.not() || a == y.not() => Some(Bit::FALSE),
            // a & !(x & y) where a refutes x is a.
            true if a == x.not() || a == y.not() => Some(a),
            _ => None,
        }
    }

    /// `a | b`.
    pub fn bit_or(&mut self, a: Bit, b: Bit) -> Bit {
        self.bit_and(a.not(), b.not()).not()
    }

    /// `a ^ b`.
    pub fn bit_xor(&mut self, a: Bit, b: Bit) -> Bit {
        let negate = a.is_negated() != b.is_negated();
        let (a, b) = (a.negated_if(a.is_negated()), b.negated_if(b.is_negated()));
        let (a, b) = if a <= b { (a, b) } else { (b, a) };
        let sum = match (a, b) {
            (Bit::TRUE, _) => b.not(),
            _ if a == b => Bit::FALSE,
            _ => Bit::of(self.node(Node::Xor(a, b))),
        };
        sum.negated_if(negate)
    }

    /// `c ? a : b`.
    pub fn bit_mux(&mut self, c: Bit, a: Bit, b: Bit) -> Bit {
        match c.as_constant() {
            Some(true) => return a,
            Some(false) => return b,
            None if a == b => return a,
            None if a == b.not() => return self.bit_xor(c, b),
            None => {}
        }
        let (c, a, b) = if c.is_negated() { (c.not(), b, a) } else { (c, a, b) };
        match (a.as_constant(), b.as_constant()) {
            (Some(true), _) => return self.bit_or(c, b),
            (Some(false), _) => return self.bit_and(c.not(), b),
            (_, Some(true)) => return self.bit_or(c.not(), a),
            (_, Some(false)) => return self.bit_and(c, a),
            _ if a == c => return self.bit_or(c, b),
            _ if a == c.not() => return self.bit_and(c.not(), b),
            _ if b == c => return self.bit_and(c, a),
            _ if b == c.not() => return self.bit_or(c.not(), a),
            _ => {}
        }
        let negate = b.is_negated();
        let mux = self.node(Node::Mux(c, a.negated_if(negate), b.negated_if(negate)));
        Bit::of(mux).negated_if(negate)
    }

    /// Whether one of the bits is 1: two rows from four bits on.
    pub fn any(&mut self, parts: &[Bit]) -> Bit {
        let mut parts: Vec<Bit> = parts.iter().copied().filter(|bit| *bit != Bit::FALSE).collect();
        parts.sort_unstable();
        parts.dedup();
        if parts.contains(&Bit::TRUE) || parts.windows(2).any(|pair| pair[0] == pair[1].not()) {
            return Bit::TRUE;
        }
        if parts.len() <= 3 {
            return parts.into_iter().fold(Bit::FALSE, |any, bit| self.bit_or(any, bit));
        }
        let sum = self.sum_of_bits(&parts);
        self.is_zero(&[sum]).not()
    }

    /// The integer `sum bits_i`.
    pub(crate) fn sum_of_bits(&mut self, bits: &[Bit]) -> Lc {
        let lcs: Vec<_> = bits.iter().map(|bit| (ethnum::I256::ONE, self.bit_lc(*bit))).collect();
        self.combine(ethnum::I256::ZERO, &lcs)
    }

    /// `g & !part`, where `part` implies `g`: free.
    pub fn without(&mut self, g: Bit, part: Bit) -> Bit {
        if part == Bit::FALSE {
            return g;
        }
        if g == Bit::TRUE {
            return part.not();
        }
        let (g, part) = (self.bit_lc(g), self.bit_lc(part));
        let difference = self.combine(ethnum::I256::ZERO, &[(ethnum::I256::ONE, g), (ethnum::I256::MINUS_ONE, part)]);
        self.bit_from_lc(difference)
    }

    /// Whether one of the bits is 1, where no two of them ever are: free.
    pub fn exclusive(&mut self, parts: &[Bit]) -> Bit {
        match parts {
            [] => Bit::FALSE,
            [bit] => *bit,
            _ => {
                let sum = self.sum_of_bits(parts);
                self.bit_from_lc(sum)
            }
        }
    }

    /// A boolean-valued combination as a bit: the caller answers for that.
    pub(crate) fn bit_from_lc(&mut self, lc: Lc) -> Bit {
        use ethnum::I256;
        let data = self.lc(lc);
        let single = match &*data.terms {
            [] => return Bit::constant(data.constant != I256::ZERO),
            [(node, coefficient)] => Some((*node, *coefficient)),
            _ => None,
        };
        if let Some((node, coefficient)) = single.filter(|(node, _)| self.is_bit(*node)) {
            if data.constant == I256::ZERO && coefficient == I256::ONE {
                return Bit::of(node);
            }
            if data.constant == I256::ONE && coefficient == I256::MINUS_ONE {
                return Bit::of(node).not();
            }
        }
        // The one of `lc` and `1 - lc` with the smaller constant stands for both.
        if data.constant == I256::ZERO {
            return Bit::of(self.node(Node::Sum { lc }));
        }
        let complement = self.combine(I256::ONE, &[(I256::MINUS_ONE, lc)]);
        if self.lc(complement).constant == I256::ZERO {
            Bit::of(self.node(Node::Sum { lc: complement })).not()
        } else {
            Bit::of(self.node(Node::Sum { lc }))
        }
    }

    /// The bit as a combination.
    pub(crate) fn bit_lc(&mut self, bit: Bit) -> Lc {
        use ethnum::I256;
        if let Some(value) = bit.as_constant() {
            return self.constant_lc(I256::from(u8::from(value)));
        }
        let inner = match *self.node_at(bit.node()) {
            Node::Sum { lc } => lc,
            _ => self.node_lc(bit.node()),
        };
        if bit.is_negated() { self.combine(I256::ONE, &[(I256::MINUS_ONE, inner)]) } else { inner }
    }

    pub(crate) fn is_bit(&self, node: NodeId) -> bool {
        use Node::*;
        matches!(
            self.node_at(node),
            One | Input { .. }
                | SplitBit { .. }
                | Zero { .. }
                | Sum { .. }
                | And(..)
                | Xor(..)
                | Mux(..)
                | ResultBit { .. }
        )
    }
}

/// The truth tables of the six variables of a cone.
const VARIABLES: [u64; 6] = [
    0xaaaa_aaaa_aaaa_aaaa,
    0xcccc_cccc_cccc_cccc,
    0xf0f0_f0f0_f0f0_f0f0,
    0xff00_ff00_ff00_ff00,
    0xffff_0000_ffff_0000,
    0xffff_ffff_0000_0000,
];

impl Graph {
    /// Whether `a & b` is 0 whatever the few bits beneath them are: a sufficient test.
    pub(crate) fn exclude(&self, a: Bit, b: Bit) -> bool {
        (1..=3).any(|depth| {
            let mut leaves = Vec::with_capacity(6);
            let tables = self.truth(a, depth, &mut leaves).zip(self.truth(b, depth, &mut leaves));
            tables.is_some_and(|(a, b)| a & b == 0)
        })
    }

    /// The table of a bit over at most six leaves; nodes below `depth` levels of logic are leaves.
    fn truth(&self, bit: Bit, depth: u32, leaves: &mut Vec<NodeId>) -> Option<u64> {
        if let Some(value) = bit.as_constant() {
            return Some(if value { u64::MAX } else { 0 });
        }
        let inner = depth.wrapping_sub(1);
        let table = match *self.node_at(bit.node()) {
            Node::And(a, b) if depth > 0 => self.truth(a, inner, leaves)? & self.truth(b, inner, leaves)?,
            Node::Xor(a, b) if depth > 0 => self.truth(a, inner, leaves)? ^ self.truth(b, inner, leaves)?,
            Node::Mux(c, a, b) if depth > 0 => {
                let c = self.truth(c, inner, leaves)?;
                c & self.truth(a, inner, leaves)? | !c & self.truth(b, inner, leaves)?
            }
            _ => {
                let at = leaves.iter().position(|leaf| *leaf == bit.node()).unwrap_or_else(|| {
                    leaves.push(bit.node());
                    leaves.len() - 1
                });
                *VARIABLES.get(at)?
            }
        };
        Some(if bit.is_negated() { !table } else { table })
    }
}
