//! Bits that are only ever summed, two to a row.
//!
//! A bit that stands in one sum alone, and in nothing else, needs no wire of its own: what is asked for is the sum. The
//! function of a bit, over the integers, is a polynomial in its leaves; where two of them, weighted, have quadratic parts
//! that together are one product of linear combinations, one row makes both ([`Pair`]). Source: xJsnark and zk.golf pack
//! the like by hand; the identities are in `zera_ir`'s style, checked on the whole cube by the tests.
//!
//! - Products `a b` and `c d` of one sum: `(x - y) (x + y)` with `x = a + (v / 2) b` and `y = c - (w / 2) d`, since bits
//!   are their own squares; where they share a factor, `a (v b + w c)`.
//! - Choices `f = x1 ? v : u` and `g = x0 ? x1 : v`, the same two wires in both: SHA-256's Ch in one round and in the next,
//!   which stand in two sums, of which the second needs digits of the first. So the two are split by one equation
//!   ([`zera_ir::OpenSplit`]).

use super::Live;
use crate::graph::{Bit, Graph, Lc, Node, NodeId};
use crate::map::{Cut, Mapping};
use ethnum::I256;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use zera_ir::cell;

/// Most digits of two sums that are split together.
const DIGITS_MAX: u32 = 240;
/// Most nodes between two splits that are looked at before they are split together.
const BETWEEN_MAX: usize = 4096;

/// Which bits have no wire of their own, and what makes their sums.
pub(crate) struct Packing {
    /// Bits without a wire.
    packed: Vec<bool>,
    /// Pairs in the sum of a split; of two splits, at the later one.
    pairs: BTreeMap<NodeId, Vec<Pair>>,
    /// For the later of two splits the earlier one.
    earlier: BTreeMap<NodeId, NodeId>,
    /// For the earlier of two splits the bits that its sum is without.
    open: BTreeMap<NodeId, Vec<Summed>>,
}

/// A bit in a sum.
#[derive(Clone, Debug)]
pub(crate) struct Summed {
    /// The bit's node.
    pub(crate) node: NodeId,
    /// Its function of the leaves of its cut, negated where the sum negates it.
    pub(crate) table: u8,
    /// What it is multiplied by.
    pub(crate) weight: I256,
}

/// Two bits of one row.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) bits: [Summed; 2],
    pub(crate) shape: Shape,
}

/// Quadratic parts with one product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `a b` and `c d`.
    Squares { a: NodeId, b: NodeId, c: NodeId, d: NodeId },
    /// `a b` and `a c`.
    Factor { a: NodeId, b: NodeId, c: NodeId },
    /// `x1 v`, `x1 u` and `x0 x1`, `x0 v`, in two sums.
    Chain { x0: NodeId, x1: NodeId, u: NodeId, v: NodeId },
}

/// The coefficient of each product of leaves: bit `k` of the index says whether leaf `k` is in it.
pub(crate) fn polynomial(table: u8) -> [i32; 8] {
    let mut coefficients: [i32; 8] = std::array::from_fn(|x| i32::from(table >> x & 1));
    for leaf in 0..3 {
        for x in 0..8 {
            if x >> leaf & 1 == 1 {
                coefficients[x] -= coefficients[x ^ 1 << leaf];
            }
        }
    }
    coefficients
}

/// Leaves of a quadratic part.
#[derive(Clone, Copy)]
enum Kind {
    Product([NodeId; 2]),
    Choice { by: NodeId, arms: [NodeId; 2] },
}

fn kind(cut: &Cut, table: u8) -> Option<Kind> {
    let coefficients = polynomial(table);
    if coefficients[7] != 0 {
        return None;
    }
    let leaf = |at: usize| cut.leaves()[at];
    match [coefficients[3] != 0, coefficients[5] != 0, coefficients[6] != 0] {
        [true, false, false] => Some(Kind::Product([leaf(0), leaf(1)])),
        [false, true, false] => Some(Kind::Product([leaf(0), leaf(2)])),
        [false, false, true] => Some(Kind::Product([leaf(1), leaf(2)])),
        [true, true, false] => Some(Kind::Choice { by: leaf(0), arms: [leaf(1), leaf(2)] }),
        [true, false, true] => Some(Kind::Choice { by: leaf(1), arms: [leaf(0), leaf(2)] }),
        [false, true, true] => Some(Kind::Choice { by: leaf(2), arms: [leaf(0), leaf(1)] }),
        _ => None,
    }
}

/// Choices of one split.
type Choices = Vec<(Summed, NodeId, [NodeId; 2])>;

impl Packing {
    /// Packs what a cover leaves to be packed.
    pub(crate) fn new(graph: &Graph, live: &Live, mapping: &Mapping) -> Packing {
        let mut packing = Packing {
            packed: vec![false; graph.nodes()],
            pairs: BTreeMap::new(),
            earlier: BTreeMap::new(),
            open: BTreeMap::new(),
        };
        let companions: BTreeSet<NodeId> = graph.companions().collect();
        let mut choices: BTreeMap<NodeId, Choices> = BTreeMap::new();
        for (id, node) in (0..).zip(graph.all_nodes()) {
            let Node::Split { lc, n } = node else { continue };
            if live.uses[id as usize] == 0 || companions.contains(&id) || live.sums[lc.0 as usize] != 1 {
                continue;
            }
            let mut products: Vec<(Summed, [NodeId; 2])> = Vec::new();
            for bit in summed(graph, live, mapping, *lc) {
                let cut = mapping.cut(bit.node).expect("summed bits are logic");
                if !cut.leaves().iter().all(|leaf| is_wire(graph, mapping, *leaf)) {
                    continue;
                }
                match kind(cut, bit.table) {
                    Some(Kind::Product(factors)) => products.push((bit, factors)),
                    Some(Kind::Choice { by, arms }) if *n <= DIGITS_MAX / 2 => {
                        choices.entry(id).or_default().push((bit, by, arms));
                    }
                    _ => {}
                }
            }
            for two in products.chunks_exact(2) {
                let [(f, x), (g, y)] = two else { unreachable!("chunks of two") };
                packing.add(id, Pair { bits: [f.clone(), g.clone()], shape: of_products(*x, *y) });
            }
        }
        packing.join(graph, mapping, &choices);
        packing
    }

    /// Whether a bit has no wire of its own.
    pub(crate) fn is_packed(&self, node: NodeId) -> bool {
        self.packed[node as usize]
    }

    /// Pairs to be added to a split's sum.
    pub(crate) fn pairs(&self, split: NodeId) -> &[Pair] {
        self.pairs.get(&split).map_or(&[], Vec::as_slice)
    }

    /// The split that is closed together with this later one.
    pub(crate) fn earlier(&self, split: NodeId) -> Option<NodeId> {
        self.earlier.get(&split).copied()
    }

    /// Bits that an earlier split's sum is without until the later one closes it.
    pub(crate) fn open(&self, split: NodeId) -> Option<&[Summed]> {
        self.open.get(&split).map(Vec::as_slice)
    }

    fn add(&mut self, split: NodeId, pair: Pair) {
        pair.bits.iter().for_each(|bit| self.packed[bit.node as usize] = true);
        self.pairs.entry(split).or_default().push(pair);
    }

    /// Splits by twos, each with the later one that shares most rows with it.
    fn join(&mut self, graph: &Graph, mapping: &Mapping, choices: &BTreeMap<NodeId, Choices>) {
        // Where a choice with this selector, and this among its arms, stands: split and place.
        let mut by_arm: BTreeMap<NodeId, Vec<(NodeId, usize)>> = BTreeMap::new();
        for (split, list) in choices {
            for (at, (_, _, arms)) in list.iter().enumerate() {
                arms.iter().for_each(|arm| by_arm.entry(*arm).or_default().push((*split, at)));
            }
        }
        let mut taken: BTreeSet<NodeId> = BTreeSet::new();
        for (&split, list) in choices {
            if taken.contains(&split) {
                continue;
            }
            // Later splits with the matches they would have.
            let mut found: BTreeMap<NodeId, Vec<(usize, usize, Shape)>> = BTreeMap::new();
            for (at, (_, x1, f_arms)) in list.iter().enumerate() {
                for &(later, place) in by_arm.get(x1).into_iter().flatten() {
                    if later <= split || taken.contains(&later) {
                        continue;
                    }
                    let (_, x0, g_arms) = &choices[&later][place];
                    let other = if g_arms[0] == *x1 { g_arms[1] } else { g_arms[0] };
                    let Some(v) = f_arms.iter().position(|arm| *arm == other) else { continue };
                    let u = f_arms[1 - v];
                    let matches = found.entry(later).or_default();
                    let free = matches.iter().all(|(f, g, _)| *f != at && *g != place);
                    if *x0 != u && free {
                        matches.push((at, place, Shape::Chain { x0: *x0, x1: *x1, u, v: other }));
                    }
                }
            }
            let most = found
                .into_iter()
                .filter(|(later, matches)| !matches.is_empty() && follows_in_cells(graph, mapping, split, *later));
            let Some((later, matches)) = most.max_by_key(|(later, matches)| (matches.len(), Reverse(*later))) else {
                continue;
            };
            taken.insert(split);
            taken.insert(later);
            let first = matches.iter().map(|(at, ..)| list[*at].0.clone()).collect();
            for (f, g, shape) in matches {
                self.add(later, Pair { bits: [list[f].0.clone(), choices[&later][g].0.clone()], shape });
            }
            self.open.insert(split, first);
            self.earlier.insert(later, split);
        }
    }
}

fn of_products([a, b]: [NodeId; 2], [c, d]: [NodeId; 2]) -> Shape {
    match () {
        _ if a == c => Shape::Factor { a, b, c: d },
        _ if a == d => Shape::Factor { a, b, c },
        _ if b == c => Shape::Factor { a: b, b: a, c: d },
        _ if b == d => Shape::Factor { a: b, b: a, c },
        _ => Shape::Squares { a, b, c, d },
    }
}

/// The bits of logic that stand in a sum and nowhere else.
fn summed(graph: &Graph, live: &Live, mapping: &Mapping, lc: Lc) -> Vec<Summed> {
    let mut found = Vec::new();
    let mut take = |bit: Bit, weight: I256| {
        let node = bit.node();
        if live.uses[node as usize] == 1
            && let Some(cut) = mapping.cut(node)
        {
            let table = if bit.is_negated() { !cut.table } else { cut.table };
            found.push(Summed { node, table, weight });
        }
    };
    for (node, weight) in &graph.lc(lc).terms {
        match graph.node_at(*node) {
            Node::Bits { bits } if live.uses[*node as usize] == 1 => {
                (0u32..).zip(bits).for_each(|(at, bit)| take(*bit, *weight << at));
            }
            _ => take(Bit::of(*node), *weight),
        }
    }
    found
}

/// Whether all in the sum of the later split that may depend on the digits of the earlier one is cells of digits, and none
/// of those digits is in the sum itself: what the certificate needs to tell the two sums apart. Such cells have rows that
/// bound their wires before anything is determined.
fn follows_in_cells(graph: &Graph, mapping: &Mapping, earlier: NodeId, later: NodeId) -> bool {
    let Node::Split { lc, .. } = graph.node_at(later) else { return false };
    // With whether it is in the sum itself.
    let mut open: Vec<(NodeId, bool)> = graph.lc(*lc).terms.iter().map(|(node, _)| (*node, true)).collect();
    let mut seen = BTreeSet::new();
    while let Some((node, summed)) = open.pop() {
        if node < earlier || !seen.insert((node, summed)) {
            continue;
        }
        match graph.node_at(node) {
            Node::Bits { bits } => open.extend(bits.iter().map(|bit| (bit.node(), summed))),
            Node::And(..) | Node::Xor(..) | Node::Mux(..) => match mapping.cut(node) {
                Some(cut) => open.extend(cut.leaves().iter().map(|leaf| (*leaf, false))),
                None => return false,
            },
            Node::SplitBit { split, .. } if is_wire(graph, mapping, node) && !(summed && *split == earlier) => {}
            _ => return false,
        }
        if seen.len() > BETWEEN_MAX {
            return false;
        }
    }
    true
}

/// Whether a bit's value is a wire, and no combination of several.
fn is_wire(graph: &Graph, mapping: &Mapping, node: NodeId) -> bool {
    match graph.node_at(node) {
        Node::Input { .. } | Node::Zero { .. } => true,
        Node::SplitBit { split, at } => matches!(graph.node_at(*split), Node::Split { n, .. } if at + 1 < *n),
        Node::And(..) | Node::Xor(..) | Node::Mux(..) => {
            mapping.cut(node).is_some_and(|cut| cell::cell(cut.table).is_some())
        }
        _ => false,
    }
}
