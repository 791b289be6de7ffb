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

/// What is asked of tables, for each of the 256.
struct Tables {
    /// Area flow of the rows.
    rows: [u64; 256],
    support: [u8; 256],
    /// By the places that the inputs take among three, as a set, in order: the table over all three.
    spread: [[u8; 256]; 8],
    /// By the places of the inputs that are kept: the table over these alone.
    squeezed: [[u8; 256]; 8],
}

impl Tables {
    fn new() -> Tables {
        let mut tables = Tables { rows: [0; 256], support: [0; 256], spread: [[0; 256]; 8], squeezed: [[0; 256]; 8] };
        for table in 0..=255u8 {
            tables.rows[usize::from(table)] = cost(table) * ROW;
            tables.support[usize::from(table)] = cell::support(table);
            for set in 0..8usize {
                let places = (0..3).filter(|place| set >> place & 1 == 1);
                // Reads the inputs' values off `x`, an index over all three; and the other way round.
                let packed = |x: u8| places.clone().enumerate().fold(0, |to, (at, from)| to | (x >> from & 1) << at);
                let placed = |x: u8| places.clone().enumerate().fold(0, |to, (at, from)| to | (x >> at & 1) << from);
                for x in 0..8u8 {
                    tables.spread[set][usize::from(table)] |= (table >> packed(x) & 1) << x;
                    tables.squeezed[set][usize::from(table)] |= (table >> placed(x) & 1) << x;
                }
            }
        }
        tables
    }
}

/// The best cut of every node of logic; none of others.
pub(crate) struct Mapping {
    best: Vec<Option<Cut>>,
    /// Cuts of every node, one node after the other.
    cuts: Vec<Cut>,
    /// Start and length in `cuts`.
    ranges: Vec<(u32, u8)>,
    tables: Tables,
    /// By node: the rows that would be freed with it, as last counted; by area flow before that.
    areas: Vec<u64>,
}

impl Mapping {
    /// The cut that computes a node; `None` for nodes that are no logic.
    pub(crate) fn cut(&self, node: NodeId) -> Option<&Cut> {
        self.best[node as usize].as_ref()
    }

    /// Maps the live logic of a graph. `uses` says how often each node is used, 0 for nodes that are not live.
    pub(crate) fn new(graph: &Graph, uses: &[u32]) -> Mapping {
        let tables = Tables::new();
        let mut best: Vec<Option<Cut>> = vec![None; uses.len()];
        let mut flows = vec![0u64; uses.len()];
        // Cuts of every node, one after the other.
        let mut cuts: Vec<Cut> = Vec::new();
        let mut ranges: Vec<(u32, u8)> = vec![(0, 0); uses.len()];
        let mut found: Vec<Cut> = Vec::with_capacity(CUTS_MAX + 1);
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
            let mut search = Search { tables: &tables, flows: &flows, found: &mut found };
            match *node {
                Node::And(a, b) => search.combine(&of(a), &of(b), |x, y| x & y),
                Node::Xor(a, b) => search.combine(&of(a), &of(b), |x, y| x ^ y),
                Node::Mux(c, a, b) => search.choose(&of(c), &of(a), &of(b)),
                _ => continue,
            }
            let first = *found.first().expect("two or three inputs always fit");
            flows[id] = first.flow / u64::from(uses[id]);
            ranges[id] = (cuts.len() as u32, found.len() as u8);
            cuts.extend_from_slice(&found);
            best[id] = Some(first);
        }
        Mapping { best, cuts, ranges, tables, areas: flows }
    }

    /// Chooses again, node by node, by what each choice adds or frees in this very cover. `uses` says how often each node is
    /// used in the cover, and is kept so. On a tie the cut that reaches deeper wins: where all users of a node reach past
    /// it, it is gone.
    pub(crate) fn refine(&mut self, uses: &mut [u32]) {
        let mut scratch = Scratch::default();
        for id in 0..self.best.len() {
            let Some(current) = self.best[id].filter(|_| uses[id] > 0) else { continue };
            let (start, len) = self.ranges[id];
            if len == 1 {
                let alone = current.leaves().iter().filter(|leaf| uses[**leaf as usize] == 1);
                let own = self.tables.rows[usize::from(current.table)];
                self.areas[id] = alone.fold(own, |area, leaf| area.saturating_add(self.areas[*leaf as usize]));
                continue;
            }
            self.release(&current, uses, DEPTH_MAX, &mut scratch);
            let without = scratch.changed.len();
            let mut chosen = None;
            for at in start..start + u32::from(len) {
                let cut = self.cuts[at as usize];
                let area = self.claim(&cut, uses, DEPTH_MAX, &mut scratch);
                scratch.changed.drain(without..).for_each(|at| uses[at as usize] -= 1);
                let depth = cut.leaves().iter().copied().max().unwrap_or(0);
                if chosen.is_none_or(|(least, deepest, _)| (area, depth) < (least, deepest)) {
                    chosen = Some((area, depth, cut));
                }
            }
            scratch.changed.drain(..).for_each(|at| uses[at as usize] += 1);
            let (area, _, cut) = chosen.expect("a node of logic has a cut");
            self.areas[id] = area;
            if cut != current {
                // In this order, so that what both stand on is not walked.
                self.claim(&cut, uses, u32::MAX, &mut scratch);
                self.release(&current, uses, u32::MAX, &mut scratch);
                scratch.changed.clear();
                self.best[id] = Some(cut);
            }
        }
    }

    /// Takes a cut into the cover, for so many levels beneath; the rows that it adds, counted that far.
    fn claim(&self, cut: &Cut, uses: &mut [u32], depth_max: u32, scratch: &mut Scratch) -> u64 {
        let Scratch { open, changed } = scratch;
        let mut area = self.tables.rows[usize::from(cut.table)];
        open.extend(cut.leaves().iter().map(|leaf| (*leaf, 0)));
        while let Some((at, depth)) = open.pop() {
            changed.push(at);
            uses[at as usize] += 1;
            match &self.best[at as usize] {
                Some(beneath) if uses[at as usize] == 1 && depth < depth_max => {
                    area = area.saturating_add(self.tables.rows[usize::from(beneath.table)]);
                    open.extend(beneath.leaves().iter().map(|leaf| (*leaf, depth + 1)));
                }
                // What two of them share counts twice.
                Some(_) if uses[at as usize] == 1 => area = area.saturating_add(self.areas[at as usize]),
                _ => {}
            }
        }
        area
    }

    fn release(&self, cut: &Cut, uses: &mut [u32], depth_max: u32, scratch: &mut Scratch) {
        let Scratch { open, changed } = scratch;
        open.extend(cut.leaves().iter().map(|leaf| (*leaf, 0)));
        while let Some((at, depth)) = open.pop() {
            changed.push(at);
            uses[at as usize] -= 1;
            if uses[at as usize] == 0
                && depth < depth_max
                && let Some(beneath) = &self.best[at as usize]
            {
                open.extend(beneath.leaves().iter().map(|leaf| (*leaf, depth + 1)));
            }
        }
    }
}

/// Levels beneath a cut that a choice walks: whole programs can be a single chain. What is further beneath counts as it
/// did when it was chosen.
const DEPTH_MAX: u32 = 64;

/// What walks of the cover keep from one to the next.
#[derive(Default)]
struct Scratch {
    open: Vec<(NodeId, u32)>,
    /// Nodes of which a use was added or taken, once for each.
    changed: Vec<NodeId>,
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

/// The best cuts of one node so far, at most [`CUTS_MAX`], the best first.
struct Search<'a> {
    tables: &'a Tables,
    flows: &'a [u64],
    found: &'a mut Vec<Cut>,
}

impl Search<'_> {
    fn combine(&mut self, a: &Choices<'_>, b: &Choices<'_>, f: impl Fn(u8, u8) -> u8) {
        for x in a.iter(CUTS_MAX) {
            for y in b.iter(CUTS_MAX) {
                if let Some(union) = Union::new(x.leaves(), y.leaves()) {
                    let table = f(self.spread(&x, union.left), self.spread(&y, union.right));
                    self.push(&union, table);
                }
            }
        }
    }

    fn choose(&mut self, c: &Choices<'_>, a: &Choices<'_>, b: &Choices<'_>) {
        // Fewer of each, since there are three.
        const MOST: usize = 3;
        for x in c.iter(MOST) {
            for y in a.iter(MOST) {
                let Some(two) = Union::new(x.leaves(), y.leaves()) else { continue };
                let [x, y] = [(&x, two.left), (&y, two.right)].map(|(cut, set)| self.spread(cut, set));
                for z in b.iter(MOST) {
                    let Some(union) = Union::new(two.leaves(), z.leaves()) else { continue };
                    let [x, y] = [x, y].map(|table| self.tables.spread[union.left][usize::from(table)]);
                    let z = self.spread(&z, union.right);
                    self.push(&union, x & y | !x & z);
                }
            }
        }
    }

    /// The table of a cut over three leaves, of which its own stand at these places.
    fn spread(&self, cut: &Cut, set: usize) -> u8 {
        self.tables.spread[set][usize::from(cut.table)]
    }

    /// Adds a cut without inputs that do not matter, unless it is there or as many better ones are; after its equals.
    fn push(&mut self, union: &Union, table: u8) {
        let support = self.tables.support[usize::from(table)];
        let mut cut = Cut { leaves: [0; 3], len: 0, table: 0, flow: self.tables.rows[usize::from(table)] };
        for (at, leaf) in union.leaves().iter().enumerate() {
            if support >> at & 1 == 1 {
                cut.leaves[usize::from(cut.len)] = *leaf;
                cut.flow += self.flows[*leaf as usize];
                cut.len += 1;
            }
        }
        cut.table = self.tables.squeezed[usize::from(support)][usize::from(table)];
        let key = |cut: &Cut| (cut.flow, cut.len, cut.leaves);
        let place = self.found.partition_point(|known| key(known) <= key(&cut));
        // Equal cuts have equal keys.
        let equals = self.found[..place].iter().rev().take_while(|known| key(known) == key(&cut));
        if place == CUTS_MAX || equals.into_iter().any(|known| known.table == cut.table) {
            return;
        }
        self.found.truncate(CUTS_MAX - 1);
        self.found.insert(place, cut);
    }
}

/// Leaves of two cuts in order, and where each cut's own stand among them.
struct Union {
    leaves: [NodeId; 3],
    len: usize,
    left: usize,
    right: usize,
}

impl Union {
    /// `None` where there are more than three.
    fn new(a: &[NodeId], b: &[NodeId]) -> Option<Union> {
        let mut union = Union { leaves: [0; 3], len: 0, left: 0, right: 0 };
        let (mut i, mut j) = (0, 0);
        while i < a.len() || j < b.len() {
            let (x, y) = (a.get(i).copied().unwrap_or(NodeId::MAX), b.get(j).copied().unwrap_or(NodeId::MAX));
            let next = x.min(y);
            *union.leaves.get_mut(union.len)? = next;
            if x == next {
                union.left |= 1 << union.len;
                i += 1;
            }
            if y == next {
                union.right |= 1 << union.len;
                j += 1;
            }
            union.len += 1;
        }
        Some(union)
    }

    fn leaves(&self) -> &[NodeId] {
        &self.leaves[..self.len]
    }
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

    /// A chain as long as programs can be: choosing takes no stack, and no time for what lies far beneath.
    #[test]
    fn long_chains_are_refined() {
        let mut graph = Graph::new();
        let bits = inputs(&mut graph, 200_001);
        let parity = bits.iter().fold(Bit::FALSE, |sum, bit| graph.bit_xor(sum, *bit));
        let live = crate::lower::Live::new(&graph, &[parity]);
        let mut mapping = Mapping::new(&graph, &live.uses);
        let mut uses = crate::lower::Live::mapped(&graph, &[parity], &mapping).uses;
        mapping.refine(&mut uses);
        assert_eq!(crate::lower::Live::mapped(&graph, &[parity], &mapping).uses, uses);
        let rows = (0..).zip(&uses).filter(|(id, uses)| **uses > 0 && mapping.cut(*id).is_some()).count();
        assert_eq!(rows, 100_000);
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
