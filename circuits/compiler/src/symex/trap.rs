//! Traps and exceeded bounds: the ends that are not returns.

use super::machine::{Fallible, Machine};
use crate::graph::{Bit, Word};

impl Machine<'_> {
    /// The guard of the current path, given nothing.
    pub fn absolute(&mut self) -> Bit {
        // From the innermost label whose own is known, inwards.
        let known = self.labels.iter().rposition(|label| label.absolute.is_some());
        let mut guard = known.and_then(|at| self.labels[at].absolute).unwrap_or(Bit::TRUE);
        for label in &mut self.labels[known.map_or(0, |at| at + 1)..] {
            guard = self.graph.bit_and(label.entered, guard);
            label.absolute = Some(guard);
        }
        self.graph.bit_and(guard, self.state.guard)
    }

    /// Ends the path in a trap. Nobody is said to have left the blocks around: what follows a trap is of no interest, so the
    /// paths that remain may have the guards that their blocks began with.
    pub fn trap(&mut self) {
        let guard = self.absolute();
        self.add_trap(guard);
        self.live = false;
    }

    /// Traps under a condition. The path goes on with its guard as it was: after a trap its state is of no interest.
    pub fn trap_if(&mut self, condition: Bit) {
        match condition.as_constant() {
            Some(false) => {}
            Some(true) => self.trap(),
            None => {
                let guard = self.absolute();
                let trap = self.graph.bit_and(guard, condition);
                self.add_trap(trap);
                self.graph.learn(&mut self.state.facts, condition, false);
            }
        }
    }

    fn add_trap(&mut self, trap: Bit) {
        if trap != Bit::FALSE && self.traps.last() != Some(&trap) {
            self.traps.push(trap);
        }
    }

    /// Whether some trap came before.
    fn any_trap(&mut self) -> Bit {
        if self.trapped.0 < self.traps.len() {
            let mut parts = vec![self.trapped.1];
            parts.extend_from_slice(&self.traps[self.trapped.0..]);
            self.trapped = (self.traps.len(), self.graph.any(&parts));
        }
        self.trapped.1
    }

    /// `bound(n)`: one more call since the innermost loop was entered; beyond `n` the program ends.
    pub fn bound(&mut self, n: Word) -> Fallible<()> {
        let Some(at) = self.labels.last().map(|label| label.counter) else { return Ok(()) };
        let one = self.graph.constant(32, 1);
        let count = self.graph.add(self.labels[at].count, one);
        self.labels[at].count = count;
        let beyond = self.less(n, count, false);
        let event = self.graph.bit_and(self.state.guard, beyond);
        if event == Bit::FALSE {
            return Ok(());
        }
        let rest = self.graph.without(self.state.guard, event);
        self.state.guard = event;
        let (event, trapped) = (self.absolute(), self.any_trap());
        let event = self.graph.bit_and(event, trapped.not());
        self.exceeded.push(event);
        self.state.guard = rest;
        self.graph.learn(&mut self.state.facts, beyond, false);
        if let Some(top) = self.labels.last_mut() {
            top.escape = -1;
        }
        if rest == Bit::FALSE {
            self.live = false;
        }
        Ok(())
    }
}
