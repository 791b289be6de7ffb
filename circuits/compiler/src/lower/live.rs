//! What an answer depends on.

use crate::graph::{Bit, Element, Graph, Lc, Node, NodeId};
use crate::map::{Cut, Mapping};

/// How often each node is used by live ones, and each combination; 0 for the others.
pub(crate) struct Live {
    pub(crate) uses: Vec<u32>,
    pub(crate) sums: Vec<u32>,
}

impl Live {
    /// Everything beneath some bits.
    pub(crate) fn new(graph: &Graph, roots: &[Bit]) -> Live {
        Live::through(graph, roots, |_| None)
    }

    /// What is beneath some bits in the cover that a mapping gives.
    pub(crate) fn mapped(graph: &Graph, roots: &[Bit], mapping: &Mapping) -> Live {
        Live::through(graph, roots, |node| mapping.cut(node))
    }

    fn through<'a>(graph: &Graph, roots: &[Bit], cut: impl Fn(NodeId) -> Option<&'a Cut>) -> Live {
        let mut uses = vec![0u32; graph.nodes()];
        let mut open: Vec<NodeId> = Vec::new();
        let mut seen = vec![false; graph.nodes()];
        let mut sums = vec![0u32; graph.combinations()];
        for root in roots {
            uses[root.node() as usize] += 1;
            open.push(root.node());
        }
        while let Some(id) = open.pop() {
            if std::mem::replace(&mut seen[id as usize], true) {
                continue;
            }
            let mut need = |node: NodeId| {
                uses[node as usize] = uses[node as usize].saturating_add(1);
                open.push(node);
            };
            match cut(id) {
                Some(cut) => cut.leaves().iter().for_each(|leaf| need(*leaf)),
                None => dependencies(graph, id, &mut sums, &mut need),
            }
            graph.companions_of(id).iter().for_each(|companion| need(*companion));
        }
        Live { uses, sums }
    }
}

/// The nodes that a node mentions. A combination's terms are mentioned once, however often it is used.
fn dependencies(graph: &Graph, id: NodeId, sums: &mut [u32], need: &mut impl FnMut(NodeId)) {
    let mut terms = |lc: Lc, need: &mut dyn FnMut(NodeId)| {
        // Combinations are shared; each is walked once.
        let sum = &mut sums[lc.0 as usize];
        *sum = sum.saturating_add(1);
        if *sum == 1 {
            graph.lc(lc).terms.iter().for_each(|(node, _)| need(*node));
        }
    };
    match graph.node_at(id) {
        Node::One | Node::Input { .. } => {}
        Node::Split { lc, .. } | Node::Sum { lc } => terms(*lc, need),
        Node::SplitBit { split, .. } => need(*split),
        Node::Zero { factors } => factors.iter().for_each(|lc| terms(*lc, need)),
        Node::And(a, b) | Node::Xor(a, b) => [a, b].iter().for_each(|bit| need(bit.node())),
        Node::Mux(c, a, b) => [c, a, b].iter().for_each(|bit| need(bit.node())),
        Node::Bits { bits } => bits.iter().filter(|bit| bit.as_constant().is_none()).for_each(|bit| need(bit.node())),
        Node::Product { a, b } => {
            terms(*a, need);
            terms(*b, need);
        }
        Node::Call { bits, elements, .. } => {
            let inner = elements.iter().flat_map(|element| match element {
                Element::Result(_) => &[][..],
                Element::Bits(bits) => &bits[..],
            });
            bits.iter().chain(inner).filter(|bit| bit.as_constant().is_none()).for_each(|bit| need(bit.node()));
            for element in elements {
                if let Element::Result(node) = element {
                    need(*node);
                }
            }
        }
        Node::ResultBit { call, .. } | Node::ResultElement { call, .. } => need(*call),
        Node::Quotient { dividend, divisor } => {
            terms(*dividend, need);
            terms(*divisor, need);
        }
    }
}
