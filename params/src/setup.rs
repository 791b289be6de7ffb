//! The set-up: matrices and secrets to keys, by libsnark's reduction or snarkjs'.
//!
//! With `H = {w^i}` the domain of `n` points and `L_i` its Lagrange polynomials, column `j` of A at tau is
//! `u_j = sum_i A[i][j] L_i(tau)`, and likewise `v_j` of B and `w_j` of C. Behind the rows stands one more for wire 0 and
//! each public wire, with that wire in A alone: `u_j += L_{rows + j}(tau)` for `j <= publics`. They keep the public columns
//! independent. arkworks' keys are the same, point by point, for the same secrets and generators.

use ark_bn254::{Bn254, Fr, G1Projective, G2Projective};
use ark_ec::scalar_mul::BatchMulPreprocessing;
use ark_ec::{CurveGroup, PrimeGroup};
use ark_ff::{FftField, Field, Zero, batch_inversion};
use ark_groth16::{ProvingKey, VerifyingKey};
use rayon::prelude::*;
use zera_abi::wire::MAX_PUBLIC_INPUTS;
use zera_r1cs::{Matrices, SparseMatrix};

use crate::error::SetupError;
use crate::keys::Shape;

/// What must be forgotten for the keys to mean anything.
pub(crate) struct Secrets {
    pub alpha: Fr,
    pub beta: Fr,
    pub gamma: Fr,
    pub delta: Fr,
    pub tau: Fr,
}

/// What the list `h_query` is multiplied with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reduction {
    /// The `n - 1` coefficients of h: arkworks' keys.
    Libsnark,
    /// The `n` values of `A B - C` over the odd coset: snarkjs' keys.
    Snarkjs,
}

/// The columns at tau, one scalar a wire, and what else depends on tau alone.
struct Columns {
    u: Vec<Fr>,
    v: Vec<Fr>,
    w: Vec<Fr>,
    /// `tau^n - 1`.
    vanishing: Fr,
    n: usize,
}

/// The verifying key alone: field arithmetic over the coefficients and a few multiplications of points.
pub(crate) fn verifying_key(matrices: &Matrices, secrets: &Secrets) -> Result<VerifyingKey<Bn254>, SetupError> {
    let columns = columns(matrices, secrets)?;
    verifying_key_of(&columns, matrices.publics as usize + 1, secrets)
}

/// Both keys. About `3 wires + n` multiplications in G1 and `wires` in G2, all of fixed bases.
pub(crate) fn proving_key(
    matrices: &Matrices,
    secrets: &Secrets,
    reduction: Reduction,
) -> Result<ProvingKey<Bn254>, SetupError> {
    let columns = columns(matrices, secrets)?;
    let statement = matrices.publics as usize + 1;
    let vk = verifying_key_of(&columns, statement, secrets)?;
    let Columns { u, v, w, vanishing, n } = columns;
    let over_delta = secrets.delta.inverse().ok_or(SetupError::Degenerate)?;

    // L: (beta u_j + alpha v_j + w_j) / delta of the private wires.
    let l: Vec<Fr> = (statement..u.len())
        .into_par_iter()
        .map(|j| (secrets.beta * u[j] + secrets.alpha * v[j] + w[j]) * over_delta)
        .collect();
    let mut h = match reduction {
        Reduction::Libsnark => successors(vanishing, secrets.tau, n - 1),
        Reduction::Snarkjs => odd_lagrange(secrets.tau, vanishing, n)?,
    };
    h.par_iter_mut().for_each(|scalar| *scalar *= over_delta);

    let g1 = BatchMulPreprocessing::new(G1Projective::generator(), 3 * u.len() + n);
    let g2 = BatchMulPreprocessing::new(G2Projective::generator(), v.len());
    Ok(ProvingKey {
        vk,
        beta_g1: (G1Projective::generator() * secrets.beta).into_affine(),
        delta_g1: (G1Projective::generator() * secrets.delta).into_affine(),
        a_query: g1.batch_mul(&u),
        b_g1_query: g1.batch_mul(&v),
        b_g2_query: g2.batch_mul(&v),
        h_query: g1.batch_mul(&h),
        l_query: g1.batch_mul(&l),
    })
}

fn verifying_key_of(columns: &Columns, statement: usize, secrets: &Secrets) -> Result<VerifyingKey<Bn254>, SetupError> {
    let over_gamma = secrets.gamma.inverse().ok_or(SetupError::Degenerate)?;
    let ic = (0..statement)
        .map(|j| (secrets.beta * columns.u[j] + secrets.alpha * columns.v[j] + columns.w[j]) * over_gamma)
        .map(|scalar| (G1Projective::generator() * scalar).into_affine())
        .collect();
    let g2 = |scalar: Fr| (G2Projective::generator() * scalar).into_affine();
    Ok(VerifyingKey {
        alpha_g1: (G1Projective::generator() * secrets.alpha).into_affine(),
        beta_g2: g2(secrets.beta),
        gamma_g2: g2(secrets.gamma),
        delta_g2: g2(secrets.delta),
        gamma_abc_g1: ic,
    })
}

fn columns(matrices: &Matrices, secrets: &Secrets) -> Result<Columns, SetupError> {
    let Secrets { alpha, beta, gamma, delta, tau } = secrets;
    if matrices.publics == 0 || matrices.publics as usize > MAX_PUBLIC_INPUTS {
        return Err(SetupError::Publics { got: matrices.publics });
    }
    if [alpha, beta, gamma, delta, tau].iter().any(|secret| secret.is_zero()) {
        return Err(SetupError::Degenerate);
    }
    let n = Shape::of(matrices).domain();
    let (rows, statement, wires) = (matrices.rows(), matrices.publics as usize + 1, matrices.wires as usize);
    let vanishing = tau.pow([n]) - Fr::ONE;
    let lagrange = lagrange(*tau, vanishing, n, rows + statement)?;

    let mut u = column_sums(&matrices.a, &lagrange, wires);
    for (u, l) in u.iter_mut().zip(&lagrange[rows..]) {
        *u += l;
    }
    let v = column_sums(&matrices.b, &lagrange, wires);
    let w = column_sums(&matrices.c, &lagrange, wires);
    Ok(Columns { u, v, w, vanishing, n: n as usize })
}

/// `L_i(tau) = w^i Z(tau) / (n (tau - w^i))` for `i < count`.
fn lagrange(tau: Fr, vanishing: Fr, n: u64, count: usize) -> Result<Vec<Fr>, SetupError> {
    if vanishing.is_zero() {
        return Err(SetupError::Degenerate);
    }
    let root = Fr::get_root_of_unity(n).expect("at most 2^24 rows and 17 more, below the field's 2^28");
    let factor = vanishing * Fr::from(n).inverse().expect("n is a power of two below r");
    Ok(shares(tau, factor, successors(Fr::ONE, root, count)))
}

/// `M_(2i+1)(tau) = w^(2i+1) (tau^(2n) - 1) / (2 n (tau - w^(2i+1)))` for `i < n`, with w of order `2 n`.
///
/// `tau^(2n) - 1 = (tau^n - 1) (tau^n + 1)`; where the second factor is zero, tau is one of the points.
fn odd_lagrange(tau: Fr, vanishing: Fr, n: usize) -> Result<Vec<Fr>, SetupError> {
    let both = vanishing * (vanishing + Fr::from(2u64));
    if both.is_zero() {
        return Err(SetupError::Degenerate);
    }
    let order = 2 * n as u64;
    let root = Fr::get_root_of_unity(order).expect("at most 2^24 rows and 17 more, below the field's 2^28");
    let factor = both * Fr::from(order).inverse().expect("2 n is a power of two below r");
    Ok(shares(tau, factor, successors(root, root.square(), n)))
}

/// `point factor / (tau - point)` for every point, none of which is tau.
fn shares(tau: Fr, factor: Fr, points: Vec<Fr>) -> Vec<Fr> {
    let mut values: Vec<Fr> = points.par_iter().map(|point| tau - point).collect();
    batch_inversion(&mut values);
    values.par_iter_mut().zip(points).for_each(|(value, point)| *value *= point * factor);
    values
}

/// `first ratio^i` for `i < count`.
fn successors(first: Fr, ratio: Fr, count: usize) -> Vec<Fr> {
    std::iter::successors(Some(first), |last| Some(*last * ratio)).take(count).collect()
}

/// `sum_i M[i][j] l[i]` for every wire `j`.
fn column_sums(matrix: &SparseMatrix, l: &[Fr], wires: usize) -> Vec<Fr> {
    let mut sums = vec![Fr::zero(); wires];
    for (row, l) in (0..matrix.rows()).zip(l) {
        let (row_wires, coefficients) = matrix.row(row);
        for (&wire, coefficient) in row_wires.iter().zip(coefficients) {
            sums[wire as usize] += *coefficient * l;
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use ark_ff::UniformRand;
    use ark_groth16::Groth16;
    use ark_relations::gr1cs::{
        ConstraintSynthesizer, ConstraintSystemRef, LinearCombination, SynthesisError, Variable,
    };
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::circuit;

    /// Our rows, handed to arkworks in their order, with our wires in their order.
    struct Rows<'a>(&'a Matrices);

    impl ConstraintSynthesizer<Fr> for Rows<'_> {
        fn generate_constraints(self, system: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
            let mut variables = vec![Variable::one()];
            for wire in 1..self.0.wires {
                variables.push(if wire <= self.0.publics {
                    system.new_input_variable(|| Err(SynthesisError::AssignmentMissing))?
                } else {
                    system.new_witness_variable(|| Err(SynthesisError::AssignmentMissing))?
                });
            }
            for row in 0..self.0.rows() {
                let combination = |matrix: &SparseMatrix| {
                    let (wires, coefficients) = matrix.row(row);
                    let terms = coefficients.iter().zip(wires).map(|(c, &wire)| (*c, variables[wire as usize]));
                    LinearCombination(terms.collect())
                };
                let [a, b, c] = [&self.0.a, &self.0.b, &self.0.c].map(combination);
                system.enforce_r1cs_constraint(|| a, || b, || c)?;
            }
            Ok(())
        }
    }

    /// arkworks draws tau from the generator that it is given, so a copy of the generator tells it.
    #[test]
    fn keys_are_those_of_arkworks_point_by_point() {
        for (seed, rows, publics) in [(1, 1, 1), (2, 6, 1), (3, 7, 1), (4, 12, 3), (5, 13, 3), (6, 200, 16)] {
            let (matrices, _) = circuit::random(seed, rows, publics);
            let rng = &mut ChaCha8Rng::seed_from_u64(seed);
            let [alpha, beta, gamma, delta] = [(); 4].map(|()| Fr::rand(rng));
            let secrets = Secrets { alpha, beta, gamma, delta, tau: Fr::rand(&mut rng.clone()) };
            let (g1, g2) = (G1Projective::generator(), G2Projective::generator());
            let theirs =
                Groth16::<Bn254>::generate_parameters_with_qap(Rows(&matrices), alpha, beta, gamma, delta, g1, g2, rng)
                    .expect("arkworks' set-up");
            let ours = proving_key(&matrices, &secrets, Reduction::Libsnark).expect("our set-up");
            assert!(ours == theirs, "{rows} rows, {publics} public wires");
            assert_eq!(verifying_key(&matrices, &secrets).as_ref(), Ok(&theirs.vk));
        }
    }

    /// The two keys differ in H alone, and both lists give `h(tau) Z(tau) / delta` for any P that is zero over the domain.
    #[test]
    fn reductions_differ_in_one_list() {
        let (matrices, _) = circuit::random(1, 6, 1);
        let rng = &mut ChaCha8Rng::seed_from_u64(1);
        let [alpha, beta, gamma, delta, tau] = [(); 5].map(|()| Fr::rand(rng));
        let secrets = Secrets { alpha, beta, gamma, delta, tau };
        let [libsnark, snarkjs] = [Reduction::Libsnark, Reduction::Snarkjs]
            .map(|reduction| proving_key(&matrices, &secrets, reduction).expect("a key"));
        let n = 8;
        let h: Vec<Fr> = (0..n - 1).map(|_| Fr::rand(rng)).collect();
        let root = Fr::get_root_of_unity(2 * n).expect("2 n divides r - 1");
        // (h Z)(x) at the odd points, where Z is -2.
        let odd = (0..n).map(|i| root.pow([2 * i + 1])).map(|x| {
            let value = h.iter().rev().fold(Fr::zero(), |sum, coefficient| sum * x + coefficient);
            value * (x.pow([n]) - Fr::ONE)
        });
        let sum = |points: &[ark_bn254::G1Affine], scalars: Vec<Fr>| {
            assert_eq!(points.len(), scalars.len());
            points.iter().zip(scalars).map(|(point, scalar)| *point * scalar).sum::<G1Projective>()
        };
        assert_eq!(sum(&libsnark.h_query, h.clone()), sum(&snarkjs.h_query, odd.collect()));
        assert!(ProvingKey { h_query: libsnark.h_query.clone(), ..snarkjs } == libsnark);
    }

    #[test]
    fn useless_secrets_are_refused() {
        let (matrices, _) = circuit::random(1, 6, 1);
        let good = || {
            let rng = &mut ChaCha8Rng::seed_from_u64(1);
            [(); 5].map(|()| Fr::rand(rng))
        };
        let attempt = |[alpha, beta, gamma, delta, tau]: [Fr; 5]| {
            let secrets = Secrets { alpha, beta, gamma, delta, tau };
            let keys = [Reduction::Libsnark, Reduction::Snarkjs]
                .map(|reduction| proving_key(&matrices, &secrets, reduction).map(|_| ()));
            assert_eq!(keys[0], keys[1]);
            (keys[0].clone(), verifying_key(&matrices, &secrets).map(|_| ()))
        };
        assert_eq!(attempt(good()), (Ok(()), Ok(())));
        for zero in 0..5 {
            let mut secrets = good();
            secrets[zero] = Fr::zero();
            assert_eq!(attempt(secrets), (Err(SetupError::Degenerate), Err(SetupError::Degenerate)), "secret {zero}");
        }
        let mut secrets = good();
        secrets[4] = Fr::get_root_of_unity(8).expect("8 divides r - 1");
        assert_eq!(attempt(secrets), (Err(SetupError::Degenerate), Err(SetupError::Degenerate)));
        // An odd one of the 16th roots, which only snarkjs' list has a point for.
        secrets[4] = Fr::get_root_of_unity(16).expect("16 divides r - 1");
        let [alpha, beta, gamma, delta, tau] = secrets;
        let secrets = Secrets { alpha, beta, gamma, delta, tau };
        assert!(proving_key(&matrices, &secrets, Reduction::Libsnark).is_ok());
        assert_eq!(proving_key(&matrices, &secrets, Reduction::Snarkjs).map(|_| ()), Err(SetupError::Degenerate));
    }
}
