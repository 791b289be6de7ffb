//! Sparse linear forms over symbols: wires, and past them the two-valued forms of [`crate::facts`].

use ark_bn254::Fr;
use ark_ff::Zero;
use zera_r1cs::SparseMatrix;

/// Terms sorted by symbol, none with a zero coefficient; symbol 0 is the constant one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Form(Vec<(u32, Fr)>);

impl Form {
    /// A row of a matrix.
    pub(crate) fn row(matrix: &SparseMatrix, row: usize) -> Form {
        let (wires, coefficients) = matrix.row(row);
        Form(wires.iter().copied().zip(coefficients.iter().copied()).collect())
    }

    pub(crate) fn constant(value: Fr) -> Form {
        Form::term(0, value)
    }

    pub(crate) fn term(symbol: u32, coefficient: Fr) -> Form {
        if coefficient.is_zero() { Form::default() } else { Form(vec![(symbol, coefficient)]) }
    }

    pub(crate) fn terms(&self) -> &[(u32, Fr)] {
        &self.0
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Symbols other than the constant.
    pub(crate) fn symbols(&self) -> impl Iterator<Item = u32> {
        self.0.iter().map(|(symbol, _)| *symbol).filter(|symbol| *symbol != 0)
    }

    /// The value of a form without symbols.
    pub(crate) fn as_constant(&self) -> Option<Fr> {
        match self.0.as_slice() {
            [] => Some(Fr::zero()),
            [(0, value)] => Some(*value),
            _ => None,
        }
    }

    /// The coefficient of a symbol, zero where it does not occur.
    pub(crate) fn coefficient(&self, symbol: u32) -> Fr {
        self.0.binary_search_by_key(&symbol, |(other, _)| *other).map_or(Fr::zero(), |at| self.0[at].1)
    }

    /// The terms whose symbols pass.
    pub(crate) fn filter(&self, mut keep: impl FnMut(u32) -> bool) -> Form {
        Form(self.0.iter().copied().filter(|(symbol, _)| keep(*symbol)).collect())
    }

    pub(crate) fn scale(&self, factor: Fr) -> Form {
        if factor.is_zero() {
            return Form::default();
        }
        Form(self.0.iter().map(|(symbol, c)| (*symbol, *c * factor)).collect())
    }

    /// `self + factor * other`.
    pub(crate) fn add_scaled(&self, other: &Form, factor: Fr) -> Form {
        let mut terms = Vec::with_capacity(self.len() + other.len());
        let (mut left, mut right) = (self.0.as_slice(), other.0.as_slice());
        loop {
            let term = match (left, right) {
                ([(i, a), l @ ..], [(j, b), r @ ..]) if i == j => {
                    (left, right) = (l, r);
                    (*i, *a + *b * factor)
                }
                ([first, l @ ..], [(j, _), ..]) if first.0 < *j => {
                    left = l;
                    *first
                }
                (_, [(j, b), r @ ..]) => {
                    right = r;
                    (*j, *b * factor)
                }
                ([first, l @ ..], []) => {
                    left = l;
                    *first
                }
                ([], []) => return Form(terms),
            };
            if !term.1.is_zero() {
                terms.push(term);
            }
        }
    }
}
