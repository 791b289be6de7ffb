//! All assignments that satisfy some rows, by search in the field itself: no facts, no ranges, no certificate.

use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};
use std::collections::BTreeSet;
use zera_r1cs::{Matrices, SparseMatrix};

/// What the search says of given inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// No assignment.
    None,
    /// One, but for don't-cares.
    One,
    /// Two that differ in this wire.
    Two(u32),
    /// The search gave up.
    Unknown,
}

/// Values that a wire is tried with where no row says which it may have.
const GUESSES: [u64; 4] = [0, 1, 2, 77];

struct Search<'a> {
    matrices: &'a Matrices,
    free: &'a BTreeSet<u32>,
    found: Option<Vec<Option<Fr>>>,
    answer: Option<u32>,
    guessed: bool,
    budget: usize,
}

/// Searches the assignments with these values given.
pub fn search(matrices: &Matrices, given: &[(u32, Fr)], free: &BTreeSet<u32>) -> Answer {
    let mut z = vec![None; matrices.wires as usize];
    z[0] = Some(Fr::one());
    given.iter().for_each(|(wire, value)| z[*wire as usize] = Some(*value));
    let mut search = Search { matrices, free, found: None, answer: None, guessed: false, budget: 1000 };
    search.extend(z);
    match (search.answer, search.found) {
        (Some(wire), _) => Answer::Two(wire),
        _ if search.guessed || search.budget == 0 => Answer::Unknown,
        (None, Some(_)) => Answer::One,
        (None, None) => Answer::None,
    }
}

/// What a row says, given the values so far.
enum Says {
    Nothing,
    Contradiction,
    Roots(u32, Vec<Fr>),
    Undecided,
}

impl Search<'_> {
    fn says(&self, row: usize, z: &[Option<Fr>]) -> Says {
        let part = |matrix: &SparseMatrix| {
            let (wires, coefficients) = matrix.row(row);
            let (mut known, mut open) = (Fr::zero(), Vec::new());
            for (wire, c) in wires.iter().zip(coefficients) {
                match z[*wire as usize] {
                    Some(value) => known += value * c,
                    None => open.push((*wire, *c)),
                }
            }
            (known, open)
        };
        let [mut a, mut b, c] = [&self.matrices.a, &self.matrices.b, &self.matrices.c].map(part);
        // A factor that is zero silences the other.
        let silent = |part: &(Fr, Vec<(u32, Fr)>)| part.0.is_zero() && part.1.is_empty();
        if silent(&a) {
            b = (Fr::zero(), Vec::new());
        } else if silent(&b) {
            a = (Fr::zero(), Vec::new());
        }
        let Some((wire, _)) = a.1.first().or(b.1.first()).or(c.1.first()).copied() else {
            return if a.0 * b.0 == c.0 { Says::Nothing } else { Says::Contradiction };
        };
        if [&a, &b, &c].iter().any(|part| part.1.iter().any(|(other, _)| *other != wire)) {
            return Says::Undecided;
        }
        let [x, y, w] = [&a, &b, &c].map(|part| part.1.first().map_or(Fr::zero(), |(_, c)| *c));
        let (a, b, c) = (a.0, b.0, c.0);
        let (square, linear, constant) = (x * y, a * y + b * x - w, a * b - c);
        let roots = if square.is_zero() {
            match linear.inverse() {
                Some(inverse) => vec![-constant * inverse],
                None if constant.is_zero() => return Says::Nothing,
                None => vec![],
            }
        } else {
            let half = (square + square).inverse().unwrap();
            let root = (linear * linear - Fr::from(4) * square * constant).sqrt();
            root.map_or(vec![], |root| vec![(root - linear) * half, (-root - linear) * half])
        };
        Says::Roots(wire, roots)
    }

    fn extend(&mut self, mut z: Vec<Option<Fr>>) {
        if self.answer.is_some() || self.budget == 0 {
            return;
        }
        self.budget -= 1;
        let (branch, stuck) = loop {
            let (mut moved, mut branch, mut stuck) = (false, None, false);
            for row in 0..self.matrices.rows() {
                match self.says(row, &z) {
                    Says::Contradiction => return,
                    Says::Roots(_, roots) if roots.is_empty() => return,
                    Says::Roots(wire, roots) if roots.len() == 1 || roots[0] == roots[1] => {
                        z[wire as usize] = Some(roots[0]);
                        moved = true;
                    }
                    Says::Roots(wire, roots) => branch = branch.or(Some((wire, roots))),
                    Says::Undecided => stuck = true,
                    Says::Nothing => {}
                }
            }
            if !moved {
                break (branch, stuck);
            }
        };
        if let Some((wire, roots)) = branch {
            for root in roots {
                z[wire as usize] = Some(root);
                self.extend(z.clone());
            }
            return;
        }
        let open = (0u32..).zip(&z).find(|(wire, value)| value.is_none() && !self.free.contains(wire));
        if let Some((wire, _)) = open.filter(|_| stuck) {
            self.guessed = true;
            for guess in GUESSES {
                z[wire as usize] = Some(Fr::from(guess));
                self.extend(z.clone());
            }
            return;
        }
        if stuck {
            self.guessed = true;
            return;
        }
        // An assignment; what is open may be anything.
        self.answer = open.map(|(wire, _)| wire);
        let differs = |other: &Vec<Option<Fr>>| {
            (0u32..).zip(z.iter().zip(other)).find(|(wire, (a, b))| a != b && !self.free.contains(wire)).map(|(w, _)| w)
        };
        self.answer = self.answer.or(self.found.as_ref().and_then(differs));
        self.found = Some(z);
    }
}
