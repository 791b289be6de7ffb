//! A, B and C in rows: the object that a key is made for.

use ark_bn254::Fr;
use ark_ff::{BigInteger, One, PrimeField, Zero};
use sha2::{Digest, Sha256};
use thiserror::Error;
use zera_statement::scalar_to_be;

/// Most rows.
pub const ROWS_MAX: usize = 1 << 24;
/// Most wires, wire 0 included.
pub const WIRES_MAX: usize = 1 << 25;
/// Most nonzero coefficients of one matrix.
pub const NONZEROS_MAX: usize = 1 << 27;

/// One matrix, row by row.
///
/// The terms of a row are sorted by wire, no wire occurs twice and no coefficient is zero, so equal matrices are equal
/// values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SparseMatrix {
    /// Row `i` is `starts[i]..starts[i + 1]` of the two vectors below; one more entry than rows.
    starts: Vec<u32>,
    wires: Vec<u32>,
    coefficients: Vec<Fr>,
}

/// A rank-1 constraint system: `(A z) * (B z) = C z` row by row, with `z[0] = 1`.
///
/// Made by [`Matrices::new`], which checks it; the fields are public to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Matrices {
    /// Public wires, without wire 0: wires `1..=publics`.
    pub publics: u32,
    /// All wires, with wire 0.
    pub wires: u32,
    /// Left factors.
    pub a: SparseMatrix,
    /// Right factors.
    pub b: SparseMatrix,
    /// Products.
    pub c: SparseMatrix,
}

/// Why rows are not matrices.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MatrixError {
    /// Wires of a row are not in ascending order, or one occurs twice.
    #[error("matrix row {row}: wire {wire} follows wire {previous}")]
    Order {
        /// Index of the row.
        row: usize,
        /// The wire before.
        previous: u32,
        /// The wire out of order.
        wire: u32,
    },
    /// A coefficient is zero.
    #[error("matrix row {row}: the coefficient of wire {wire} is zero")]
    Zero {
        /// Index of the row.
        row: usize,
        /// The term's wire.
        wire: u32,
    },
    /// A wire that does not exist.
    #[error("matrix: wire {wire} of {wires}")]
    Wire {
        /// The wire.
        wire: u32,
        /// How many there are.
        wires: u32,
    },
    /// A, B and C differ in length.
    #[error("matrices: a has {a} rows, b has {b}, c has {c}")]
    Rows {
        /// Rows of A.
        a: usize,
        /// Rows of B.
        b: usize,
        /// Rows of C.
        c: usize,
    },
    /// Wire 0 and the public wires do not fit the wires.
    #[error("matrices: {publics} public wires and wire 0 among {wires} wires")]
    Publics {
        /// Public wires.
        publics: u32,
        /// All wires.
        wires: u32,
    },
    /// Above a ceiling of this module.
    #[error("matrices: {count} {what}, at most {max}")]
    Limit {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// The ceiling.
        max: usize,
    },
}

/// Why an assignment does not satisfy the matrices.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Unsatisfied {
    /// Another number of values than wires.
    #[error("assignment: expected {expected} values, got {got}")]
    Length {
        /// Wires.
        expected: usize,
        /// Values.
        got: usize,
    },
    /// `z[0]` is not 1.
    #[error("assignment: wire 0 is not 1")]
    One,
    /// The first row that does not hold.
    #[error("row {row}: {a} * {b} is not {c}")]
    Row {
        /// Index of the row.
        row: usize,
        /// Value of the row of A.
        a: Fr,
        /// Value of the row of B.
        b: Fr,
        /// Value of the row of C.
        c: Fr,
    },
}

impl Unsatisfied {
    /// The first row that does not hold; `None` where the assignment has the wrong form.
    pub fn row(&self) -> Option<usize> {
        match self {
            Unsatisfied::Row { row, .. } => Some(*row),
            _ => None,
        }
    }
}

impl Default for SparseMatrix {
    fn default() -> SparseMatrix {
        SparseMatrix::new()
    }
}

impl SparseMatrix {
    /// A matrix without rows.
    pub fn new() -> SparseMatrix {
        SparseMatrix { starts: vec![0], wires: Vec::new(), coefficients: Vec::new() }
    }

    /// A matrix with these rows of `(wire, coefficient)`; an empty row is zero.
    ///
    /// # Errors
    /// As [`Self::push_row`].
    pub fn from_rows<R>(rows: impl IntoIterator<Item = R>) -> Result<SparseMatrix, MatrixError>
    where
        R: IntoIterator<Item = (u32, Fr)>,
    {
        let mut matrix = SparseMatrix::new();
        for row in rows {
            matrix.push_row(row)?;
        }
        Ok(matrix)
    }

    /// Makes room for more rows and their terms, so that they are not moved as the matrix grows.
    pub fn reserve(&mut self, rows: usize, nonzeros: usize) {
        self.starts.reserve(rows);
        self.wires.reserve(nonzeros);
        self.coefficients.reserve(nonzeros);
    }

    /// Appends one row of `(wire, coefficient)`, sorted by wire, without zeros. After an error the matrix is as before.
    ///
    /// # Errors
    /// [`MatrixError::Order`], [`MatrixError::Zero`], [`MatrixError::Limit`].
    pub fn push_row(&mut self, terms: impl IntoIterator<Item = (u32, Fr)>) -> Result<(), MatrixError> {
        let start = self.wires.len();
        let pushed = self.push_terms(start, terms);
        if pushed.is_err() {
            self.wires.truncate(start);
            self.coefficients.truncate(start);
        }
        pushed
    }

    fn push_terms(&mut self, start: usize, terms: impl IntoIterator<Item = (u32, Fr)>) -> Result<(), MatrixError> {
        let row = self.rows();
        if row >= ROWS_MAX {
            return Err(MatrixError::Limit { what: "rows", count: row + 1, max: ROWS_MAX });
        }
        for (wire, coefficient) in terms {
            if let Some(&previous) = self.wires[start..].last()
                && previous >= wire
            {
                return Err(MatrixError::Order { row, previous, wire });
            }
            if coefficient.is_zero() {
                return Err(MatrixError::Zero { row, wire });
            }
            if self.wires.len() >= NONZEROS_MAX {
                return Err(MatrixError::Limit { what: "nonzeros", count: NONZEROS_MAX + 1, max: NONZEROS_MAX });
            }
            self.wires.push(wire);
            self.coefficients.push(coefficient);
        }
        self.starts.push(self.wires.len() as u32);
        Ok(())
    }

    /// This matrix with the rows of `other` in the places that are marked.
    ///
    /// # Panics
    /// Unless both have as many rows as there are marks.
    pub fn with_rows_of(&self, other: &SparseMatrix, marks: &[bool]) -> SparseMatrix {
        assert!(self.rows() == marks.len() && other.rows() == marks.len(), "matrices: {} marks", marks.len());
        let mut mixed = SparseMatrix::new();
        mixed.reserve(self.rows(), self.nonzeros());
        for (row, marked) in marks.iter().enumerate() {
            let (wires, coefficients) = if *marked { other.row(row) } else { self.row(row) };
            mixed.wires.extend_from_slice(wires);
            mixed.coefficients.extend_from_slice(coefficients);
            mixed.starts.push(mixed.wires.len() as u32);
        }
        mixed
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// Number of terms over all rows.
    pub fn nonzeros(&self) -> usize {
        self.wires.len()
    }

    /// Wires and coefficients of row `i`, of equal length.
    ///
    /// # Panics
    /// Where `i >= rows()`.
    pub fn row(&self, i: usize) -> (&[u32], &[Fr]) {
        let range = self.starts[i] as usize..self.starts[i + 1] as usize;
        (&self.wires[range.clone()], &self.coefficients[range])
    }

    /// `sum_j M[i][j] z[j]`.
    ///
    /// # Panics
    /// Where `i >= rows()`, or `z` lacks a wire of the row.
    pub fn dot(&self, i: usize, z: &[Fr]) -> Fr {
        let (wires, coefficients) = self.row(i);
        let mut sum = Fr::zero();
        for (&wire, coefficient) in wires.iter().zip(coefficients) {
            let value = &z[wire as usize];
            if coefficient.is_one() {
                sum += value;
            } else {
                sum += *coefficient * value;
            }
        }
        sum
    }

    /// `M z`, one value a row.
    ///
    /// # Panics
    /// Where `z` lacks a wire.
    pub fn mul(&self, z: &[Fr]) -> Vec<Fr> {
        (0..self.rows()).map(|i| self.dot(i, z)).collect()
    }
}

impl Matrices {
    /// Three matrices over the same wires.
    ///
    /// # Errors
    /// [`MatrixError`]: unequal numbers of rows, a wire that does not exist, more publics than wires, a ceiling.
    pub fn new(
        publics: u32,
        wires: u32,
        a: SparseMatrix,
        b: SparseMatrix,
        c: SparseMatrix,
    ) -> Result<Matrices, MatrixError> {
        if wires as usize > WIRES_MAX {
            return Err(MatrixError::Limit { what: "wires", count: wires as usize, max: WIRES_MAX });
        }
        if publics >= wires {
            return Err(MatrixError::Publics { publics, wires });
        }
        if a.rows() != b.rows() || b.rows() != c.rows() {
            return Err(MatrixError::Rows { a: a.rows(), b: b.rows(), c: c.rows() });
        }
        for matrix in [&a, &b, &c] {
            if let Some(&wire) = matrix.wires.iter().find(|&&wire| wire >= wires) {
                return Err(MatrixError::Wire { wire, wires });
            }
        }
        Ok(Matrices { publics, wires, a, b, c })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.a.rows()
    }

    /// SHA-256 of the matrices, the first part of a predicate's id.
    ///
    /// ```text
    /// 0    12   "zera/r1cs/v1"
    /// 12   32   modulus of the scalar field (big-endian)
    /// 44   4    publics (u32 LE, this and the next five)
    /// 48   4    wires
    /// 52   4    rows
    /// 56   4    nonzeros of A
    /// 60   4    nonzeros of B
    /// 64   4    nonzeros of C
    /// 68   ..   row by row; within a row A, then B, then C:
    ///             4    number of terms n (u32 LE)
    ///             36 n wire (u32 LE), coefficient (32, big-endian)
    /// ```
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"zera/r1cs/v1");
        hash.update(Fr::MODULUS.to_bytes_be());
        let counts = [
            self.publics,
            self.wires,
            self.rows() as u32,
            self.a.nonzeros() as u32,
            self.b.nonzeros() as u32,
            self.c.nonzeros() as u32,
        ];
        for count in counts {
            hash.update(count.to_le_bytes());
        }
        for row in 0..self.rows() {
            for matrix in [&self.a, &self.b, &self.c] {
                let (wires, coefficients) = matrix.row(row);
                hash.update((wires.len() as u32).to_le_bytes());
                for (wire, coefficient) in wires.iter().zip(coefficients) {
                    hash.update(wire.to_le_bytes());
                    hash.update(scalar_to_be(coefficient));
                }
            }
        }
        hash.finalize().into()
    }

    /// Whether `z` satisfies every row.
    ///
    /// # Errors
    /// [`Unsatisfied`]: the length, `z[0]`, or the first row that does not hold, with its three values.
    pub fn check(&self, z: &[Fr]) -> Result<(), Unsatisfied> {
        if z.len() != self.wires as usize {
            return Err(Unsatisfied::Length { expected: self.wires as usize, got: z.len() });
        }
        if !z[0].is_one() {
            return Err(Unsatisfied::One);
        }
        for row in 0..self.rows() {
            let [a, b, c] = [&self.a, &self.b, &self.c].map(|matrix| matrix.dot(row, z));
            if a * b != c {
                return Err(Unsatisfied::Row { row, a, b, c });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: &[&[(u32, u64)]]) -> SparseMatrix {
        SparseMatrix::from_rows(rows.iter().map(|row| row.iter().map(|&(wire, c)| (wire, Fr::from(c))))).unwrap()
    }

    /// `x * y = z` and `2 x + 3 = w`, over wires 1, x, y, z, w.
    fn example() -> Matrices {
        let a = matrix(&[&[(1, 1)], &[(0, 3), (1, 2)]]);
        let b = matrix(&[&[(2, 1)], &[(0, 1)]]);
        let c = matrix(&[&[(3, 1)], &[(4, 1)]]);
        Matrices::new(1, 5, a, b, c).unwrap()
    }

    fn scalars<const N: usize>(values: [u64; N]) -> Vec<Fr> {
        values.map(Fr::from).to_vec()
    }

    #[test]
    fn check_names_the_first_row_that_does_not_hold_and_its_values() {
        let matrices = example();
        assert_eq!(matrices.check(&scalars([1, 5, 7, 35, 13])), Ok(()));
        let [a, b, c] = [5, 7, 36].map(Fr::from);
        assert_eq!(matrices.check(&scalars([1, 5, 7, 36, 99])), Err(Unsatisfied::Row { row: 0, a, b, c }));
        let [a, b, c] = [13, 1, 99].map(Fr::from);
        let error = matrices.check(&scalars([1, 5, 7, 35, 99])).unwrap_err();
        assert_eq!(error, Unsatisfied::Row { row: 1, a, b, c });
        assert_eq!(error.row(), Some(1));
        assert_eq!(error.to_string(), "row 1: 13 * 1 is not 99");
    }

    #[test]
    fn an_assignment_has_one_value_a_wire_and_starts_with_one() {
        let matrices = example();
        assert_eq!(matrices.check(&scalars([1, 5, 7, 35])), Err(Unsatisfied::Length { expected: 5, got: 4 }));
        assert_eq!(matrices.check(&scalars([1, 5, 7, 35, 13, 0])), Err(Unsatisfied::Length { expected: 5, got: 6 }));
        assert_eq!(matrices.check(&[]), Err(Unsatisfied::Length { expected: 5, got: 0 }));
        // All rows hold for a zero assignment of homogeneous rows; wire 0 must still be 1.
        assert_eq!(matrices.check(&scalars([0; 5])), Err(Unsatisfied::One));
    }

    #[test]
    fn rows_are_sorted_without_zeros_and_failed_rows_leave_no_trace() {
        let mut matrix = matrix(&[&[(3, 4)]]);
        let before = matrix.clone();
        let one = Fr::one();
        let order = |previous, wire| Err(MatrixError::Order { row: 1, previous, wire });
        assert_eq!(matrix.push_row([(1, one), (1, one)]), order(1, 1));
        assert_eq!(matrix.push_row([(1, one), (7, one), (2, one)]), order(7, 2));
        assert_eq!(matrix.push_row([(1, one), (2, Fr::zero())]), Err(MatrixError::Zero { row: 1, wire: 2 }));
        assert_eq!(matrix, before);
        // Order counts within a row alone.
        assert_eq!(matrix.push_row([(0, one), (u32::MAX, one)]), Ok(()));
        assert_eq!(matrix.push_row([]), Ok(()));
        assert_eq!((matrix.rows(), matrix.nonzeros()), (3, 3));
        assert_eq!(matrix.row(1), (&[0, u32::MAX][..], &[one, one][..]));
        assert_eq!(matrix.row(2), (&[][..], &[][..]));
    }

    #[test]
    fn matrices_share_rows_and_wires() {
        let row = || matrix(&[&[(4, 1)]]);
        let none = SparseMatrix::new;
        assert_eq!(Matrices::new(0, 4, row(), row(), row()), Err(MatrixError::Wire { wire: 4, wires: 4 }));
        assert_eq!(Matrices::new(5, 5, row(), row(), row()), Err(MatrixError::Publics { publics: 5, wires: 5 }));
        assert_eq!(Matrices::new(0, 0, none(), none(), none()), Err(MatrixError::Publics { publics: 0, wires: 0 }));
        assert_eq!(Matrices::new(0, 5, row(), row(), none()), Err(MatrixError::Rows { a: 1, b: 1, c: 0 }));
        assert_eq!(Matrices::new(0, 5, none(), row(), row()), Err(MatrixError::Rows { a: 0, b: 1, c: 1 }));
        assert!(matches!(Matrices::new(0, u32::MAX, none(), none(), none()), Err(MatrixError::Limit { .. })));
        assert!(Matrices::new(4, 5, row(), row(), row()).is_ok());
    }

    #[test]
    fn products_are_dot_products() {
        let matrix = matrix(&[&[], &[(0, 3), (2, 1)], &[(1, 10)]]);
        assert_eq!(matrix.mul(&scalars([1, 5, 7])), scalars([0, 10, 50]));
    }

    /// What moves between counts or matrices moves the digest.
    #[test]
    fn digests_tell_systems_apart() {
        let none = SparseMatrix::new;
        let (row, zero) = (|| matrix(&[&[(1, 1)]]), || matrix(&[&[]]));
        let systems = [
            Matrices::new(0, 2, none(), none(), none()),
            Matrices::new(1, 2, none(), none(), none()),
            Matrices::new(0, 3, none(), none(), none()),
            Matrices::new(0, 2, zero(), zero(), zero()),
            Matrices::new(0, 2, row(), zero(), zero()),
            Matrices::new(0, 2, zero(), row(), zero()),
            Matrices::new(0, 2, zero(), zero(), row()),
        ];
        let digests: std::collections::BTreeSet<[u8; 32]> = systems.map(|m| m.unwrap().digest()).into();
        assert_eq!(digests.len(), 7);
    }
}
