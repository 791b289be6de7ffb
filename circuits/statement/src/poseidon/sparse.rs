//! The same permutation with sparse matrices in the partial rounds.
//!
//! Two rewritings, neither of which changes the function:
//! 1. In a partial round the S-box sees only element 0. A constant on the other elements passes it untouched, so it moves
//!    through the matrix into the next round's constants; every partial round keeps one constant.
//! 2. Write the round's matrix as `M = [[m, v], [w, N]]`. Then `M = S D` with `S = [[m, v N^-1], [w, 1]]` and
//!    `D = diag(1, N)`. `D` leaves element 0 alone, so it commutes with the S-box before it and joins the matrix of the
//!    round before, whose product `D M` is split in turn. The last `D` ends in the last full round of the first half.
//!
//! A partial round then costs `2 t - 1` multiplications for its matrix instead of `t^2`.

use super::{FULL_ROUNDS, Parameters, WIDTH_MAX, sbox};
use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};

/// Half of the full rounds: those before the partial ones, and those after.
const HALF: usize = FULL_ROUNDS / 2;

/// Precomputed rounds.
pub(super) struct Schedule {
    t: usize,
    /// Constants of the full rounds, `t` each, in order.
    full: Vec<Fr>,
    /// Matrix of the full rounds, except for the round before the partial ones.
    mds: Vec<Fr>,
    /// Matrix of the full round before the partial ones.
    joint: Vec<Fr>,
    partial: Vec<PartialRound>,
}

struct PartialRound {
    constant: Fr,
    /// Row 0 of the sparse matrix, `t` elements.
    row: Vec<Fr>,
    /// Column 0 below row 0, `t - 1` elements.
    column: Vec<Fr>,
}

impl Schedule {
    /// Rewrites the parameters of one instance.
    pub(super) fn new(parameters: &Parameters) -> Schedule {
        let Parameters { t, full_rounds, partial_rounds, constants, mds } = parameters;
        let t = *t;
        assert_eq!(*full_rounds, FULL_ROUNDS);

        // Rewriting 1: push constants of elements 1.. forward through the matrix.
        let rounds: Vec<&[Fr]> = constants.chunks(t).collect();
        let mut carry = vec![Fr::zero(); t];
        let mut scalars = Vec::with_capacity(*partial_rounds);
        for round in &rounds[HALF..HALF + partial_rounds] {
            let mut pending: Vec<Fr> = round.iter().zip(&carry).map(|(c, k)| *c + k).collect();
            scalars.push(pending[0]);
            pending[0] = Fr::zero();
            carry = multiply_vector(mds, &pending);
        }
        let mut full: Vec<Fr> = rounds[..HALF].concat();
        full.extend(rounds[HALF + partial_rounds].iter().zip(&carry).map(|(c, k)| *c + k));
        full.extend(rounds[HALF + partial_rounds + 1..].concat());

        // Rewriting 2: split matrices from the last partial round backwards.
        let mut dense = mds.clone();
        let mut partial = Vec::with_capacity(*partial_rounds);
        for constant in scalars.into_iter().rev() {
            let minor: Vec<Fr> = dense[t..].chunks(t).flat_map(|row| row[1..].to_vec()).collect();
            let inverse = invert(&minor, t - 1);
            let mut row = vec![dense[0]];
            row.extend((0..t - 1).map(|j| (0..t - 1).map(|i| dense[1 + i] * inverse[i * (t - 1) + j]).sum::<Fr>()));
            let column = dense[t..].chunks(t).map(|row| row[0]).collect();
            partial.push(PartialRound { constant, row, column });
            // D M: row 0 of M, then the minor times the rows below.
            dense = mds[..t].to_vec();
            for minor_row in minor.chunks(t - 1) {
                dense.extend(
                    (0..t).map(|j| minor_row.iter().zip(mds[t..].chunks(t)).map(|(d, row)| *d * row[j]).sum::<Fr>()),
                );
            }
        }
        partial.reverse();
        Schedule { t, full, mds: mds.clone(), joint: dense, partial }
    }

    /// Permutes a state of `t` elements.
    pub(super) fn permute(&self, state: &mut [Fr]) {
        let (before, after) = self.full.split_at(HALF * self.t);
        for (r, constants) in before.chunks(self.t).enumerate() {
            full_round(state, constants, if r + 1 == HALF { &self.joint } else { &self.mds });
        }
        for PartialRound { constant, row, column } in &self.partial {
            state[0] += constant;
            sbox(&mut state[0]);
            let first = state[0];
            state[0] = row.iter().zip(&*state).map(|(m, x)| *m * x).sum();
            for (x, w) in state[1..].iter_mut().zip(column) {
                *x += *w * first;
            }
        }
        for constants in after.chunks(self.t) {
            full_round(state, constants, &self.mds);
        }
    }
}

fn full_round(state: &mut [Fr], constants: &[Fr], matrix: &[Fr]) {
    let t = state.len();
    let mut old = [Fr::zero(); WIDTH_MAX];
    for ((old, x), c) in old.iter_mut().zip(&*state).zip(constants) {
        *old = *x + c;
        sbox(old);
    }
    for (x, row) in state.iter_mut().zip(matrix.chunks(t)) {
        *x = row.iter().zip(&old).map(|(m, x)| *m * x).sum();
    }
}

fn multiply_vector(matrix: &[Fr], vector: &[Fr]) -> Vec<Fr> {
    matrix.chunks(vector.len()).map(|row| row.iter().zip(vector).map(|(m, x)| *m * x).sum()).collect()
}

/// Gauss and Jordan on an `n * n` matrix. Minors of a Cauchy matrix, and products of such, are invertible.
fn invert(matrix: &[Fr], n: usize) -> Vec<Fr> {
    let mut left: Vec<Vec<Fr>> = matrix.chunks(n).map(<[Fr]>::to_vec).collect();
    let mut right: Vec<Vec<Fr>> =
        (0..n).map(|i| (0..n).map(|j| if i == j { Fr::one() } else { Fr::zero() }).collect()).collect();
    for pivot in 0..n {
        let found = (pivot..n).find(|&i| !left[i][pivot].is_zero()).expect("a Cauchy matrix is regular");
        left.swap(pivot, found);
        right.swap(pivot, found);
        let scale = left[pivot][pivot].inverse().expect("chosen to be nonzero");
        left[pivot].iter_mut().chain(right[pivot].iter_mut()).for_each(|x| *x *= scale);
        let (pivot_left, pivot_right) = (left[pivot].clone(), right[pivot].clone());
        for i in (0..n).filter(|&i| i != pivot) {
            let factor = left[i][pivot];
            for (x, p) in left[i].iter_mut().zip(&pivot_left).chain(right[i].iter_mut().zip(&pivot_right)) {
                *x -= factor * p;
            }
        }
    }
    right.concat()
}
