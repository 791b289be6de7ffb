//! Values of several paths that meet: one expression for each cell in which they differ.

use crate::graph::{Bit, Graph, Word};

/// The guards of the paths that meet; mutually exclusive.
pub struct Merger<'g> {
    guards: &'g [Bit],
    order: Vec<(Word, usize)>,
    cases: Vec<(Bit, Word)>,
    bits: Vec<Bit>,
    /// Values looked at so far, for the budget.
    pub work: u64,
}

impl<'g> Merger<'g> {
    /// A merger of as many paths as there are guards, one at least.
    pub fn new(guards: &'g [Bit]) -> Self {
        Merger { guards, order: vec![], cases: vec![], bits: vec![], work: 0 }
    }

    /// The value of the path whose guard holds; `values` are in the order of the guards. Equal values share one case.
    pub fn word(&mut self, graph: &mut Graph, values: &[Word]) -> Word {
        debug_assert_eq!(values.len(), self.guards.len(), "one value a path");
        self.work += values.len() as u64;
        if values.iter().all(|value| *value == values[0]) {
            return values[0];
        }
        self.order.clear();
        self.order.extend(values.iter().copied().zip(0..));
        self.order.sort();
        self.cases.clear();
        for group in self.order.chunk_by(|a, b| a.0 == b.0) {
            let guard = if let [(_, path)] = group {
                self.guards[*path]
            } else {
                self.bits.clear();
                self.bits.extend(group.iter().map(|(_, path)| self.guards[*path]));
                graph.exclusive(&self.bits)
            };
            self.cases.push((guard, group[0].0));
        }
        graph.merge(&self.cases)
    }
}
