//! Splits of sums, some of whose bits have no wire.

use super::emit::Emitter;
use super::pack::{Pair, Shape, Summed, polynomial};
use crate::graph::{Lc, NodeId};
use crate::map::Mapping;
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, One};
use zera_ir::{self as ir, ProductSum, Value, to_field};

impl Emitter<'_> {
    /// The digits of a sum in `0..2^n`.
    pub(super) fn split(&mut self, id: NodeId, lc: Lc, n: u32, mapping: &Mapping) -> Vec<ir::Bit> {
        let mut sum = self.lc(lc);
        let pairs = self.packing.pairs(id).to_vec();
        let (chains, own): (Vec<Pair>, Vec<Pair>) =
            pairs.into_iter().partition(|pair| matches!(pair.shape, Shape::Chain { .. }));
        for pair in &own {
            let shared = self.pair(pair, Fr::one(), mapping);
            sum = sum.add(shared.lc());
        }
        let span = self.graph.span_of(id);
        if let Some(bits) = self.packing.open(id).map(<[Summed]>::to_vec) {
            let value = self.whole(&sum, bits.iter(), mapping);
            self.enter(span, "split");
            let open = self.builder.open_split(value, n);
            let digits = open.digits().to_vec();
            self.open.insert(id, (open, sum));
            return digits;
        }
        if let Some(earlier) = self.packing.earlier(id) {
            let (open, low) = self.open.remove(&earlier).expect("the earlier split came before");
            let base = open.base();
            let shared: Vec<ProductSum> = chains.iter().map(|pair| self.pair(pair, base, mapping)).collect();
            let value = self.whole(&sum, chains.iter().map(|pair| &pair.bits[1]), mapping);
            self.enter(span, "split");
            return self.builder.close_split(open, [&low, &sum], &shared, value, n);
        }
        self.enter(span, "split");
        self.builder.split_into(&sum, n)
    }

    /// The value of a sum with the bits that it is without.
    fn whole<'b>(&mut self, sum: &ir::Lc, bits: impl Iterator<Item = &'b Summed>, mapping: &Mapping) -> Value {
        let mut terms = vec![(self.builder.value(sum), Fr::one())];
        for bit in bits {
            terms.push((self.unwired(bit, mapping), to_field(bit.weight)));
        }
        self.builder.value_sum(Fr::ZERO, &terms)
    }

    /// The value of a bit without a wire.
    fn unwired(&mut self, bit: &Summed, mapping: &Mapping) -> Value {
        if let Some(value) = self.unwired.get(&bit.node) {
            return *value;
        }
        let cut = mapping.cut(bit.node).expect("summed bits are logic");
        let zero = ir::Lc::zero();
        let inputs = [0, 1, 2].map(|at| match cut.leaves().get(at) {
            Some(leaf) => self.builder.value(&self.value(*leaf)),
            None => self.builder.value(&zero),
        });
        let value = self.builder.value_lookup(inputs, bit.table);
        self.unwired.insert(bit.node, value);
        value
    }

    /// `1 / x`; there are few different weights.
    fn inverse(&mut self, x: Fr) -> Fr {
        *self.inverses.entry(x).or_insert_with(|| x.inverse().expect("weights are not zero"))
    }

    /// Both bits of a pair, weighted; what the second is weighted with is multiplied by `base`: one row.
    fn pair(&mut self, pair: &Pair, base: Fr, mapping: &Mapping) -> ProductSum {
        let [f, g] = &pair.bits;
        let weights = [to_field(f.weight), to_field(g.weight) * base];
        let value = [self.unwired(f, mapping), self.unwired(g, mapping)];
        let value = self.builder.value_sum(Fr::ZERO, &[(value[0], weights[0]), (value[1], weights[1])]);
        let polynomials = [f, g].map(|bit| Polynomial::new(bit, mapping));
        let terms = [(&polynomials[0], weights[0]), (&polynomials[1], weights[1])];
        let mut linear: Vec<(NodeId, Fr)> = Vec::new();
        let mut constant = Fr::ZERO;
        for (polynomial, weight) in terms {
            constant += weight * Fr::from(polynomial.coefficients[0]);
            linear.extend(polynomial.leaves().map(|(leaf, c)| (leaf, weight * Fr::from(c))));
        }
        let quadratic = |a: NodeId, b: NodeId| -> Fr {
            terms.iter().map(|(polynomial, weight)| *weight * Fr::from(polynomial.quadratic(a, b))).sum()
        };
        let half = self.inverse(Fr::from(2));
        let one = Fr::one();
        let (k, x, y) = match pair.shape {
            Shape::Factor { a, b, c } => {
                let y =
                    if b == c { vec![(b, quadratic(a, b))] } else { vec![(b, quadratic(a, b)), (c, quadratic(a, c))] };
                (one, vec![(a, one)], y)
            }
            Shape::Squares { a, b, c, d } => {
                // (x - y) (x + y) = a + v a b + (v / 2)^2 b - c + w c d - (w / 2)^2 d, with the halves:
                let [v, w] = [quadratic(a, b), quadratic(c, d)].map(|weight| weight * half);
                linear.extend([(a, -one), (b, -v * v), (c, one), (d, w * w)]);
                (one, vec![(a, one), (b, v), (c, -one), (d, w)], vec![(a, one), (b, v), (c, one), (d, -w)])
            }
            Shape::Chain { x0, x1, u, v } => {
                // (r u - 2 x1 + P) (r u - P) = r^2 u - 2 r u x1 + 2 x1 P - P^2 with P = p x0 + q v, times k.
                // Each bit's two products have one coefficient, but for the sign.
                let sign = |a: Fr, b: Fr| if a == b { one } else { -one };
                let q = -sign(quadratic(x0, v), quadratic(x0, x1));
                let k = quadratic(x1, v) * half * q;
                let r = -sign(quadratic(x1, u), quadratic(x1, v)) * q;
                let inverse = self.inverse(k);
                let p = quadratic(x0, x1) * half * inverse;
                linear.extend([(u, -k * r * r), (x0, k * p * p), (v, k * q * q)]);
                (k, vec![(u, r), (x1, -Fr::from(2)), (x0, p), (v, q)], vec![(u, r), (x0, -p), (v, -q)])
            }
        };
        self.enter(self.graph.span_of(f.node), "packed logic");
        let sum = |terms: &[(NodeId, Fr)]| {
            let values: Vec<(Fr, ir::Lc)> = terms.iter().map(|(node, c)| (*c, self.value(*node))).collect();
            ir::Lc::combine(values.iter().map(|(c, value)| (*c, value)))
        };
        let (x, y, linear) = (sum(&x), sum(&y), sum(&linear).add_constant(constant));
        let inverse = self.inverse(k);
        self.builder.product_sum(value, [&x, &y], inverse, &linear)
    }
}

/// A bit as a polynomial in its leaves.
struct Polynomial {
    leaves: Vec<NodeId>,
    coefficients: [i32; 8],
}

impl Polynomial {
    fn new(bit: &Summed, mapping: &Mapping) -> Self {
        let cut = mapping.cut(bit.node).expect("summed bits are logic");
        Polynomial { leaves: cut.leaves().to_vec(), coefficients: polynomial(bit.table) }
    }

    /// Leaves with the coefficients of their linear terms.
    fn leaves(&self) -> impl Iterator<Item = (NodeId, i32)> + '_ {
        self.leaves.iter().enumerate().map(|(at, leaf)| (*leaf, self.coefficients[1 << at]))
    }

    /// The coefficient of a product of two leaves, 0 where one is none.
    fn quadratic(&self, a: NodeId, b: NodeId) -> i32 {
        let place = |node: NodeId| self.leaves.iter().position(|leaf| *leaf == node);
        place(a).zip(place(b)).map_or(0, |(a, b)| self.coefficients[1 << a | 1 << b])
    }
}
