//! Enumeration: forms of few bits, or of wires that are functions of few bits.

use super::{Around, Facts};
use crate::form::Form;
use crate::range::{Range, integer};
use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};
use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Most bits that are enumerated.
const BITS_MAX: usize = 8;
/// Most points that are visited for one question.
const POINTS_MAX: usize = 2048;
/// Most wires that are replaced by the row that they are functions by.
const FUNCTIONS_MAX: usize = 40;
/// Most bits at any time.
const SYMBOLS_MAX: usize = 64;

impl Facts<'_> {
    /// Whether `accept` takes the values that the forms have together, whatever the assignment.
    ///
    /// The points are those of the cube over the forms' symbols, all of them known to be 0 or 1. While `accept` refuses
    /// one, wires are replaced by their rows one by one, which leaves out points that no assignment has:
    /// `a + b - 2 p` is 2 or -2 somewhere, but not where `p = a b`. Points with no assignment are never a reason to
    /// accept, so leaving some in is safe.
    pub(super) fn always(&self, forms: &[&Form], accept: impl Fn(&[Fr]) -> bool) -> Option<()> {
        let forms: Vec<Form> = forms.iter().map(|form| self.reduce(form, false)).collect();
        let mut leaves: BTreeSet<u32> = forms.iter().flat_map(Form::symbols).collect();
        // By the time they were solved: each depends on leaves and on those before it.
        let mut functions: BTreeMap<u32, (u32, Around)> = BTreeMap::new();
        let mut candidates: BTreeMap<u32, (u32, Around)> = BTreeMap::new();
        let mut points = 0;
        for _ in 0..=FUNCTIONS_MAX {
            if leaves.len() > SYMBOLS_MAX {
                return None;
            }
            if leaves.len() <= BITS_MAX && leaves.iter().all(|leaf| self.is_boolean_symbol(*leaf)) {
                if self.enumerate(&leaves, &functions, &forms, &mut points, &accept).is_some() {
                    return Some(());
                }
                if points > POINTS_MAX {
                    return None;
                }
            }
            // A form of two values excludes points once all its wires are there.
            let known = |wire: u32| leaves.contains(&wire) || functions.values().any(|function| function.0 == wire);
            let missing = leaves.iter().filter_map(|leaf| self.splits.get(leaf)).find_map(|index| {
                let form = Some(&self.twos[*index as usize].form).filter(|form| form.len() <= BITS_MAX)?;
                let missing: Vec<u32> = form.symbols().filter(|wire| !known(*wire)).collect();
                let fits = leaves.len() + missing.len() <= BITS_MAX && !missing.is_empty();
                (fits && missing.iter().all(|wire| self.is_boolean_symbol(*wire))).then_some(missing)
            });
            if let Some(missing) = missing {
                leaves.extend(missing);
                continue;
            }
            // The wire whose row brings the fewest new symbols; of several the one solved last.
            let brings = |(wire, (time, around)): (&u32, &(u32, Around))| {
                let all: BTreeSet<u32> = around.forms.iter().flat_map(Form::symbols).collect();
                (all.into_iter().filter(|symbol| !known(*symbol)).count(), Reverse(*time), *wire)
            };
            for leaf in &leaves {
                if let Some(Some((row, time))) = self.solved.get(*leaf as usize)
                    && !candidates.contains_key(leaf)
                {
                    let mut around = Around::new(&self.row(*row), *leaf);
                    around.forms = around.forms.map(|form| self.reduce(&form, false));
                    candidates.insert(*leaf, (*time, around));
                }
            }
            let (_, _, wire) = candidates.iter().map(brings).min()?;
            let (time, around) = candidates.remove(&wire)?;
            leaves.extend(around.forms.iter().flat_map(Form::symbols));
            functions.insert(time, (wire, around));
            functions.values().for_each(|(wire, _)| _ = leaves.remove(wire));
        }
        None
    }

    /// The least range with all values of `k (A B - C)`, where these are forms of few bits.
    pub(super) fn hull(&self, forms: &[Form; 3], k: Fr) -> Option<Range> {
        let forms = forms.each_ref().map(|form| self.reduce(form, false));
        let leaves: BTreeSet<u32> = forms.iter().flat_map(Form::symbols).collect();
        if leaves.len() > BITS_MAX || !leaves.iter().all(|leaf| self.is_boolean_symbol(*leaf)) {
            return None;
        }
        let hull: Cell<Option<Range>> = Cell::new(None);
        let accept = |v: &[Fr]| {
            let point = integer(k * (v[0] * v[1] - v[2])).and_then(|value| Range::new(value, value));
            hull.set(point.map(|point| hull.get().map_or(point, |hull| hull.hull(point))));
            point.is_some()
        };
        self.enumerate(&leaves, &BTreeMap::new(), &forms, &mut 0, accept)?;
        hull.get()
    }

    /// Visits all points where two-valued forms have one of their values; `None` where one is refused, or has no value
    /// because a slope vanishes there.
    fn enumerate(
        &self,
        leaves: &BTreeSet<u32>,
        functions: &BTreeMap<u32, (u32, Around)>,
        forms: &[Form],
        points: &mut usize,
        accept: impl Fn(&[Fr]) -> bool,
    ) -> Option<()> {
        // The constant one, the leaves, then the functions: where a symbol's value stands.
        let solved = functions.values().map(|(wire, _)| wire);
        let slots: BTreeMap<u32, usize> = [0].iter().chain(leaves).chain(solved).copied().zip(0..).collect();
        let place = |form: &Form| -> Option<Vec<(usize, Fr)>> {
            form.terms().iter().map(|(symbol, c)| Some((*slots.get(symbol)?, *c))).collect()
        };
        let placed = |forms: &[Form]| forms.iter().map(place).collect::<Option<Vec<_>>>();
        let wires = self.matrices.wires;
        let indices = |symbol: &u32| self.splits.get(symbol).copied().or(symbol.checked_sub(wires));
        let twos: BTreeSet<u32> = slots.keys().filter_map(indices).collect();
        let twos = twos.into_iter().map(|index| (&self.twos[index as usize], slots.get(&(wires + index))));
        let twos: Vec<_> = twos
            .filter(|(two, _)| two.form.len() <= slots.len())
            .filter_map(|(two, slot)| Some((place(&two.form)?, two.size, slot.copied())))
            .collect();
        let forms = placed(forms)?;
        let functions = functions
            .values()
            .map(|(_, around)| Some((placed(&around.forms)?, around.slopes)))
            .collect::<Option<Vec<_>>>()?;

        let mut values = Vec::with_capacity(slots.len());
        // Few slopes differ, and inverses take longest.
        let mut inverses: Vec<(Fr, Fr)> = Vec::new();
        for point in 0..1u32 << leaves.len() {
            *points += 1;
            values.clear();
            values.push(Fr::one());
            values.extend((0..leaves.len()).map(|i| Fr::from(point >> i & 1)));
            for (forms, slopes) in &functions {
                let [a, b, c] = [0, 1, 2].map(|i| evaluate(&forms[i], &values));
                let (a, b, c) = (a?, b?, c?);
                let slope = slopes[0] * b + slopes[1] * a - slopes[2];
                let inverse = inverses.iter().find(|(other, _)| *other == slope).map(|(_, inverse)| *inverse);
                let inverse = inverse.or_else(|| {
                    inverses.push((slope, slope.inverse()?));
                    inverses.last().map(|(_, inverse)| *inverse)
                })?;
                values.push((c - a * b) * inverse);
            }
            let excluded = |(form, size, slot): &(Vec<(usize, Fr)>, Fr, Option<usize>)| {
                let Some(value) = evaluate(form, &values) else { return false };
                let named = slot.and_then(|slot| values.get(slot)).map(|bit| *size * bit);
                named.map_or(!value.is_zero() && value != *size, |named| value != named)
            };
            if twos.iter().any(excluded) {
                continue;
            }
            let here = forms.iter().map(|form| evaluate(form, &values)).collect::<Option<Vec<Fr>>>()?;
            if !accept(&here) {
                return None;
            }
        }
        Some(())
    }
}

/// `None` where a symbol has no value yet.
fn evaluate(form: &[(usize, Fr)], values: &[Fr]) -> Option<Fr> {
    form.iter().try_fold(Fr::zero(), |sum, (slot, c)| {
        let value = values.get(*slot)?;
        Some(if c.is_one() { sum + value } else { sum + *c * value })
    })
}
