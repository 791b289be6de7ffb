//! Boolean logic onto cells of three inputs, on the whole graph.
//!
//! The question is that of mapping onto the lookup tables of a gate array: which nodes get a wire, so that every node that
//! is needed is a function of at most three wires, at the least cost in rows. As there, cuts are enumerated bottom up, each
//! node keeps the few best by area flow (its rows and those beneath, shared among the nodes that use them), and the cover
//! is read off from the top. Source: Mishchenko, Chatterjee, Brayton, Improvements to Technology Mapping for LUT-Based
//! FPGAs, sections III and IV.
//!
//! Costs are rows: 0 for an input or its negation, 1 for the 192 functions with a cell ([`zera_ir::cell`]) and all of two
//! inputs, 2 for the other 64.

use crate::graph::{Bit, Graph, Node, NodeId};
use zera_ir::cell;

/// Most cuts that a node keeps.
const CUTS_MAX: usize = 8;
/// Area flow of one row.
const ROW: u64 = 1 << 20;

/// A function of at most three nodes: bit `a + 2 b + 4 c` of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    leaves: [NodeId; 3],
    len: u8,
    pub(crate) table: u8,
    flow: u64,
}

impl Cut {
    /// The nodes that it reads.
    pub(crate) fn leaves(&self) -> &[NodeId] {
        &self.leaves[..usize::from(self.len)]
    }

    fn leaf(node: NodeId, flow: u64) -> Cut {
        Cut { leaves: [node, 0, 0], len: 1, table: 0xaa, flow }
    }
}

/// Rows of a function.
fn cost(table: u8) -> u64 {
    match cell::support(table).count_ones() {
        0 | 1 => 0,
        2 => 1,
        _ if cell::cell(table).is_some() => 1,
        _ => 2,
    }
}

/// The best cut of every node of logic; none of others.
pub(crate) struct Mapping {
    best: Vec<Option<Cut>>,
    /// Cuts of every node, one node after the other.
    cuts: Vec<Cut>,
    /// Start and length in `cuts`.
    ranges: Vec<(u32, u8)>,
    costs: Vec<u64>,
}

impl Mapping {
    /// The cut that computes a node; `None` for nodes that are no logic.
    pub(crate) fn cut(&self, node: NodeId) -> Option<&Cut> {
        self.best[node as usize].as_ref()
    }

    /// Maps the live logic of a graph. `uses` says how often each node is used, 0 for nodes that are not live.
    pub(crate) fn new(graph: &Graph, uses: &[u32]) -> Mapping {
        let costs: Vec<u64> = (0..=255).map(cost).collect();
        let mut best: Vec<Option<Cut>> = vec![None; uses.len()];
        let mut flows = vec![0u64; uses.len()];
        // Cuts of every node, one after the other.
        let mut cuts: Vec<Cut> = Vec::new();
        let mut ranges: Vec<(u32, u8)> = vec![(0, 0); uses.len()];
        let mut found: Vec<Cut> = Vec::new();
        for (id, node) in graph.all_nodes().iter().enumerate() {
            if uses[id] == 0 {
                continue;
            }
            found.clear();
            let of = |bit: Bit| -> Choices<'_> {
                let node = bit.node();
                let (start, len) = ranges[node as usize];
                let own = Cut::leaf(node, flows[node as usize]);
                Choices { own, others: &cuts[start as usize..][..usize::from(len)], negated: bit.is_negated() }
            };
            match *node {
                Node::And(a, b) => combine(&of(a), &of(b), &costs, &flows, &mut found, |x, y| x & y),
                Node::Xor(a, b) => combine(&of(a), &of(b), &costs, &flows, &mut found, |x, y| x ^ y),
                Node::Mux(c, a, b) => choose(&of(c), &of(a), &of(b), &costs, &flows, &mut found),
                _ => continue,
            }
            found.sort_by_key(|cut| (cut.flow, cut.len, cut.leaves));
            found.truncate(CUTS_MAX);
            let first = *found.first().expect("two or three inputs always fit");
            flows[id] = first.flow / u64::from(uses[id]);
            ranges[id] = (cuts.len() as u32, found.len() as u8);
            cuts.extend_from_slice(&found);
            best[id] = Some(first);
        }
        Mapping { best, cuts, ranges, costs }
    }

    /// Chooses again, node by node, by what each choice adds or frees in this very cover. `uses` says how often each node is
    /// used in the cover, and is kept so. On a tie the cut that reaches deeper wins: where all users of a node reach past
    /// it, it is gone.
    pub(crate) fn refine(&mut self, uses: &mut [u32]) {
        for id in 0..self.best.len() {
            let Some(current) = self.best[id].filter(|_| uses[id] > 0) else { continue };
            self.release(&current, uses);
            let (start, len) = self.ranges[id];
            let mut chosen = None;
            for at in start..start + u32::from(len) {
                let cut = self.cuts[at as usize];
                let area = self.claim(&cut, uses);
                self.release(&cut, uses);
                let depth = cut.leaves().iter().copied().max().unwrap_or(0);
                if chosen.is_none_or(|(least, deepest, _)| (area, depth) < (least, deepest)) {
                    chosen = Some((area, depth, cut));
                }
            }
            let (_, _, cut) = chosen.expect("a node of logic has a cut");
            self.claim(&cut, uses);
            self.best[id] = Some(cut);
        }
    }

    /// Takes a cut into the cover; the rows that it adds.
    fn claim(&self, cut: &Cut, uses: &mut [u32]) -> u64 {
        let mut area = self.costs[usize::from(cut.table)];
        for leaf in cut.leaves() {
            let at = *leaf as usize;
            uses[at] += 1;
            if uses[at] == 1
                && let Some(beneath) = &self.best[at]
            {
                area += self.claim(beneath, uses);
            }
        }
        area
    }

    fn release(&self, cut: &Cut, uses: &mut [u32]) {
        for leaf in cut.leaves() {
            let at = *leaf as usize;
            uses[at] -= 1;
            if uses[at] == 0
                && let Some(beneath) = &self.best[at]
            {
                self.release(beneath, uses);
            }
        }
    }
}

/// What an operand may stand as: itself, or one of its own cuts.
struct Choices<'a> {
    own: Cut,
    others: &'a [Cut],
    negated: bool,
}

impl Choices<'_> {
    fn iter(&self, most: usize) -> impl Iterator<Item = Cut> + '_ {
        let flip = if self.negated { 0xff } else { 0 };
        std::iter::once(&self.own)
            .chain(self.others.iter().take(most))
            .map(move |cut| Cut { table: cut.table ^ flip, ..*cut })
    }
}

fn combine(
    a: &Choices<'_>,
    b: &Choices<'_>,
    costs: &[u64],
    flows: &[u64],
    found: &mut Vec<Cut>,
    f: impl Fn(u8, u8) -> u8,
) {
    for x in a.iter(CUTS_MAX) {
        for y in b.iter(CUTS_MAX) {
            if let Some((leaves, len)) = union(x.leaves(), y.leaves()) {
                let table = f(spread(&x, &leaves), spread(&y, &leaves));
                push(leaves, len, table, costs, flows, found);
            }
        }
    }
}

fn choose(c: &Choices<'_>, a: &Choices<'_>, b: &Choices<'_>, costs: &[u64], flows: &[u64], found: &mut Vec<Cut>) {
    // Fewer of each, since there are three.
    const MOST: usize = 3;
    for x in c.iter(MOST) {
        for y in a.iter(MOST) {
            let Some((two, len)) = union(x.leaves(), y.leaves()) else { continue };
            for z in b.iter(MOST) {
                let Some((leaves, len)) = union(&two[..usize::from(len)], z.leaves()) else { continue };
                let [x, y, z] = [&x, &y, &z].map(|cut| spread(cut, &leaves));
                push(leaves, len, x & y | !x & z, costs, flows, found);
            }
        }
    }
}

/// Adds a cut without inputs that do not matter, unless it is there.
fn push(leaves: [NodeId; 3], len: u8, table: u8, costs: &[u64], flows: &[u64], found: &mut Vec<Cut>) {
    let mut cut = Cut { leaves: [0; 3], len: 0, table: 0, flow: costs[usize::from(table)] * ROW };
    let support = cell::support(table);
    let mut places = [0usize; 3];
    for at in 0..usize::from(len) {
        if support >> at & 1 == 1 {
            places[usize::from(cut.len)] = at;
            cut.leaves[usize::from(cut.len)] = leaves[at];
            cut.flow += flows[leaves[at] as usize];
            cut.len += 1;
        }
    }
    // The table over the places that are left.
    for x in 0..8u8 {
        let index = (0..usize::from(cut.len)).fold(0, |index, at| index | (x >> at & 1) << places[at]);
        cut.table |= (table >> index & 1) << x;
    }
    if !found.iter().any(|known| known.leaves() == cut.leaves() && known.table == cut.table) {
        found.push(cut);
    }
}

/// Leaves of both in order, where they are no more than three.
fn union(a: &[NodeId], b: &[NodeId]) -> Option<([NodeId; 3], u8)> {
    let mut out = [0; 3];
    let (mut i, mut j, mut len) = (0, 0, 0);
    while i < a.len() || j < b.len() {
        if len == 3 {
            return None;
        }
        let next = match (a.get(i), b.get(j)) {
            (Some(x), Some(y)) if x == y => {
                (i, j) = (i + 1, j + 1);
                *x
            }
            (Some(x), Some(y)) if x < y => {
                i += 1;
                *x
            }
            (_, Some(y)) => {
                j += 1;
                *y
            }
            (Some(x), None) => {
                i += 1;
                *x
            }
            (None, None) => break,
        };
        out[len] = next;
        len += 1;
    }
    Some((out, len as u8))
}

/// The table of a cut over a set of leaves that holds its own.
fn spread(cut: &Cut, leaves: &[NodeId; 3]) -> u8 {
    const MASKS: [u8; 3] = [0xaa, 0xcc, 0xf0];
    let mut table = 0;
    let own = cut.leaves();
    let mut variables = [0u8; 3];
    for (variable, leaf) in variables.iter_mut().zip(own) {
        let at = leaves.iter().position(|other| other == leaf).expect("the union holds every leaf");
        *variable = MASKS[at];
    }
    for x in 0..1u8 << own.len() {
        if cut.table >> x & 1 == 1 {
            let mut minterm = 0xff;
            for (at, variable) in variables.iter().enumerate().take(own.len()) {
                minterm &= if x >> at & 1 == 1 { *variable } else { !*variable };
            }
            table |= minterm;
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Input;

    fn inputs(graph: &mut Graph, n: u32) -> Vec<Bit> {
        (0..n).map(|index| graph.input_bit(Input::Public, index)).collect()
    }

    /// Rows of the cover of some roots, where everything is used once per mention.
    fn rows(graph: &Graph, roots: &[Bit]) -> u64 {
        let live = crate::lower::Live::new(graph, roots);
        let mapping = Mapping::new(graph, &live.uses);
        let mut needed: Vec<NodeId> = roots.iter().map(|bit| bit.node()).collect();
        let (mut total, mut seen) = (0, std::collections::BTreeSet::new());
        while let Some(node) = needed.pop() {
            if seen.insert(node)
                && let Some(cut) = mapping.cut(node)
            {
                total += cost(cut.table);
                needed.extend(cut.leaves());
            }
        }
        total
    }

    #[test]
    fn choices_majorities_and_sums_are_one_row() {
        let mut graph = Graph::new();
        let [a, b, c] = inputs(&mut graph, 3)[..] else { unreachable!() };
        // c ^ (a & (b ^ c)), the choice as C programs write it.
        let inner = graph.bit_xor(b, c);
        let masked = graph.bit_and(a, inner);
        let choice = graph.bit_xor(c, masked);
        assert_eq!(rows(&graph, &[choice]), 1);
        // (a & b) ^ (a & c) ^ (b & c)
        let [x, y, z] = [(a, b), (a, c), (b, c)].map(|(p, q)| graph.bit_and(p, q));
        let sum = graph.bit_xor(x, y);
        let majority = graph.bit_xor(sum, z);
        assert_eq!(rows(&graph, &[majority]), 1);
        let two = graph.bit_xor(a, b);
        let three = graph.bit_xor(two, c);
        assert_eq!(rows(&graph, &[three]), 1);
        let all = graph.bit_and(a, b);
        let all = graph.bit_and(all, c);
        assert_eq!(rows(&graph, &[all]), 2);
    }

    #[test]
    fn five_inputs_to_a_sum_are_two_rows_and_shared_parts_are_paid_once() {
        let mut graph = Graph::new();
        let bits = inputs(&mut graph, 6);
        let parity = bits[..5].iter().fold(Bit::FALSE, |sum, bit| graph.bit_xor(sum, *bit));
        assert_eq!(rows(&graph, &[parity]), 2);
        let more = graph.bit_xor(parity, bits[5]);
        let also = graph.bit_and(parity, bits[5]);
        assert_eq!(rows(&graph, &[more, also]), 4);
    }
}
