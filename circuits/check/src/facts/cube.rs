//! Enumeration: forms of few bits, or of wires that are functions of few bits.

use super::{Around, Facts};
use crate::form::Form;
use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};
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
    /// The values that the forms have together, one entry a point, if `accept` takes each.
    ///
    /// The points are those of the cube over the forms' symbols, all of them known to be 0 or 1. While `accept` refuses
    /// one, the wire that was solved last is replaced by its row, which leaves out points that no assignment has:
    /// `a + b - 2 p` is 2 or -2 somewhere, but not where `p = a b`. Points with no assignment are never a reason to
    /// accept, so leaving some in is safe.
    pub(super) fn values(&self, forms: &[&Form], accept: impl Fn(&[Fr]) -> bool) -> Option<Vec<Vec<Fr>>> {
        let forms: Vec<Form> = forms.iter().map(|form| self.reduce(form, false)).collect();
        let mut leaves: BTreeSet<u32> = forms.iter().flat_map(Form::symbols).collect();
        // By the time they were solved: each depends on leaves and on those before it.
        let mut functions: BTreeMap<u32, (u32, Around)> = BTreeMap::new();
        let mut points = 0;
        for _ in 0..=FUNCTIONS_MAX {
            if leaves.len() > SYMBOLS_MAX {
                return None;
            }
            if leaves.len() <= BITS_MAX && leaves.iter().all(|leaf| self.is_boolean_symbol(*leaf)) {
                points += 1 << leaves.len();
                if points > POINTS_MAX {
                    return None;
                }
                if let Some(values) = enumerate(&leaves, &functions, &forms, &accept) {
                    return Some(values);
                }
            }
            let solved = |leaf: &u32| self.solved.get(*leaf as usize).copied().flatten().map(|at| (at.1, at.0, *leaf));
            let (time, row, wire) = leaves.iter().filter_map(solved).max()?;
            leaves.remove(&wire);
            let mut around = Around::new(&self.row(row), wire);
            around.forms = around.forms.map(|form| self.reduce(&form, false));
            leaves.extend(around.forms.iter().flat_map(Form::symbols));
            functions.insert(time, (wire, around));
        }
        None
    }
}

/// Values of the forms at all points; `None` where one is refused, or has no value because a slope vanishes there.
fn enumerate(
    leaves: &BTreeSet<u32>,
    functions: &BTreeMap<u32, (u32, Around)>,
    forms: &[Form],
    accept: impl Fn(&[Fr]) -> bool,
) -> Option<Vec<Vec<Fr>>> {
    // The constant one, the leaves, then the functions: where a symbol's value stands.
    let solved = functions.values().map(|(wire, _)| wire);
    let slots: BTreeMap<u32, usize> = [0].iter().chain(leaves).chain(solved).copied().zip(0..).collect();
    let place = |form: &Form| -> Option<Vec<(usize, Fr)>> {
        form.terms().iter().map(|(symbol, c)| Some((*slots.get(symbol)?, *c))).collect()
    };
    let placed = |forms: &[Form]| forms.iter().map(place).collect::<Option<Vec<_>>>();
    let forms = placed(forms)?;
    let functions = functions
        .values()
        .map(|(_, around)| Some((placed(&around.forms)?, around.slopes)))
        .collect::<Option<Vec<_>>>()?;

    let mut all = Vec::with_capacity(1 << leaves.len());
    let mut values = Vec::with_capacity(slots.len());
    for point in 0..1u32 << leaves.len() {
        values.clear();
        values.push(Fr::one());
        values.extend((0..leaves.len()).map(|i| Fr::from(point >> i & 1)));
        for (forms, slopes) in &functions {
            let [a, b, c] = [0, 1, 2].map(|i| evaluate(&forms[i], &values));
            let (a, b, c) = (a?, b?, c?);
            let slope = slopes[0] * b + slopes[1] * a - slopes[2];
            values.push(if slope == -Fr::one() { a * b - c } else { (c - a * b) * slope.inverse()? });
        }
        let here = forms.iter().map(|form| evaluate(form, &values)).collect::<Option<Vec<Fr>>>()?;
        if !accept(&here) {
            return None;
        }
        all.push(here);
    }
    Some(all)
}

/// `None` where a symbol has no value yet.
fn evaluate(form: &[(usize, Fr)], values: &[Fr]) -> Option<Fr> {
    form.iter().try_fold(Fr::zero(), |sum, (slot, c)| {
        let value = values.get(*slot)?;
        Some(if c.is_one() { sum + value } else { sum + *c * value })
    })
}
