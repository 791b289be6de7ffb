//! Paths that meet.

use super::int::Int;
use super::{Bit, Graph, Word};
use ethnum::I256;

impl Graph {
    /// The word of the case whose guard is 1: a row for each distinct word but one. Guards exclude each other; where none
    /// is 1 the value is one of the words.
    ///
    /// # Panics
    /// Without cases.
    pub fn merge(&mut self, cases: &[(Bit, Word)]) -> Word {
        // Equal words share a guard, which is a sum.
        let mut classes: Vec<(Vec<Bit>, Word)> = Vec::new();
        for (guard, word) in cases {
            match guard.as_constant() {
                Some(true) => return *word,
                Some(false) => continue,
                None => {}
            }
            let same =
                |other: Word, graph: &Graph| other == *word || graph.data(other).int.lc == graph.data(*word).int.lc;
            match classes.iter_mut().find(|(_, other)| same(*other, self)) {
                Some((guards, _)) => guards.push(*guard),
                None => classes.push((vec![*guard], *word)),
            }
        }
        let mut classes: Vec<(Bit, Word)> =
            classes.into_iter().map(|(guards, word)| (self.exclusive(&guards), word)).collect();
        match classes.as_slice() {
            [] => return cases.first().expect("at least one case").1,
            [(_, word)] => return *word,
            [(c, a), (_, b)] => {
                // The guard with fewer terms decides.
                let (c, a, b) = if self.guard_terms(classes[1].0) < self.guard_terms(*c) {
                    (classes[1].0, *b, *a)
                } else {
                    (*c, *a, *b)
                };
                return self.select(c, a, b);
            }
            _ => {}
        }
        // The class with the longest guard is the one that the others differ from.
        let base = (0..classes.len()).max_by_key(|at| self.guard_terms(classes[*at].0)).expect("three or more");
        let (_, base) = classes.remove(base);
        let width = self.width(base);
        if let Some(bit) = self.merge_bits(&classes, base) {
            return self.from_bit(width, bit);
        }
        let start = self.compact(base);
        let mut sum = start;
        let (mut lo, mut hi) = (start.lo, start.hi);
        for (guard, word) in classes {
            let int = self.compact(word);
            (lo, hi) = (lo.min(int.lo), hi.max(int.hi));
            let difference = self.combine(I256::ZERO, &[(I256::ONE, int.lc), (I256::MINUS_ONE, start.lc)]);
            let guard = self.bit_lc(guard);
            let product = self.scaled_product(guard, difference);
            let lc = self.combine(I256::ZERO, &[(I256::ONE, sum.lc), (I256::ONE, product)]);
            sum = Int { lc, ..sum };
        }
        let int = self.int_within(sum.lc, lo, hi);
        self.word(width, int)
    }

    /// Words of 0 and 1, where all but the base are known: the sum of the guards that set it.
    fn merge_bits(&mut self, classes: &[(Bit, Word)], base: Word) -> Option<Bit> {
        let mut bit = self.as_bit(base).filter(|bit| bit.as_constant().is_none())?;
        let known: Option<Vec<(Bit, bool)>> = classes
            .iter()
            .map(|(guard, word)| Some((*guard, self.as_constant(*word).filter(|value| *value < 2)? == 1)))
            .collect();
        for (guard, value) in known? {
            bit = if value { self.bit_or(guard, bit) } else { self.bit_and(guard.not(), bit) };
        }
        Some(bit)
    }

    fn guard_terms(&mut self, guard: Bit) -> usize {
        let lc = self.bit_lc(guard);
        self.lc(lc).terms.len()
    }
}
